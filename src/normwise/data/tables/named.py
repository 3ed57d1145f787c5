"""Tables with a name: inside scikit-learn, and on OpenML."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from normwise.data.errors import InputError
from normwise.data.tables.messages import gist, listed, meant
from normwise.data.tables.table import Raw, split_target

SKLEARN_TABLES = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")


def load_sklearn(name: str, target: str | None) -> Raw:
    """Load a table that scikit-learn carries."""
    from sklearn import datasets

    if name not in SKLEARN_TABLES:
        raise InputError(
            f"scikit-learn holds no table {name!r}{meant(name, SKLEARN_TABLES)}; give one of "
            f"{listed(SKLEARN_TABLES)}"
        )
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    answers = pd.DataFrame(bunch.target)  # linnerud has three
    if answers.shape[1] == 1:
        target = target or answers.columns[0]
        if "target_names" in bunch:
            # classes, also where their names are numbers
            answers = answers.map(bunch.target_names.__getitem__).astype("category")
    return Raw(bunch.data, tuple(bunch.data.columns), split_target(answers, target).target)


def load_openml(name: str, target: str | None) -> Raw:
    """Load a table of OpenML, from scikit-learn's data folder if it is there.

    Its checksum is verified when it is fetched.
    """
    from sklearn.datasets import fetch_openml, get_data_home

    label, _, version = name.partition("@")
    if not label or (version and not version.isdecimal()):
        raise InputError("give openml:ID, openml:NAME or openml:NAME@VERSION")
    which: dict[str, Any] = {"data_id": int(label)} if label.isdecimal() else {"name": label}
    if version:
        which["version"] = int(version)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            bunch = fetch_openml(**which, as_frame=True)
    except OSError as error:
        raise InputError(
            f"OpenML cannot be reached ({getattr(error, 'reason', error)}) and {get_data_home()} "
            "holds no copy: try again with a connection, or download the table and give its file"
        ) from error
    except (ValueError, KeyError) as error:
        if "Sparse ARFF" in str(error):
            raise InputError(
                "the table is sparse ARFF, of which scikit-learn reads targets of zero and last "
                "rows wrongly: download it, and give the .arff file"
            ) from error
        raise InputError(f"OpenML: {gist(error.args[0] if error.args else error)}") from error
    if target is None and len(bunch.target_names) == 1:
        target = bunch.target_names[0]
    return split_target(bunch.frame, target, [f"OpenML: {gist(x.message)}" for x in said])
