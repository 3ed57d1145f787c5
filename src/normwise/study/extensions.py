"""Loading of the extensions that a config lists, and which file a name came from."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cloudpickle

from normwise.analysis.columns import METRICS as SHIPPED_METRICS
from normwise.analysis.columns import register_metric
from normwise.analysis.goals import GOALS, Goal, register_goal
from normwise.analysis.measure.own_metrics import METRICS
from normwise.data.errors import ExtensionError
from normwise.data.generated import DATASETS
from normwise.fitting.names import MIXES, REGISTERED, SHIPPED
from normwise.study.origins import ORIGINS

# names of modules that were loaded from files of the user's
PREFIX = "normwise_extension_"
OWN = frozenset((*SHIPPED_METRICS, *GOALS))


def load(files: Iterable[str | Path]) -> None:
    """Import Python files, so that what they register is known.

    Raises
    ------
    ExtensionError
        If a file is missing or fails to import.
    """
    for file in files:
        _import(Path(file).expanduser().resolve())
    _refuse_names()
    for name, own in METRICS.items():
        register_metric(name)
        if own.margin is not None:
            words = (own.label, (name,), own.label, own.label)
            register_goal(name, Goal(*words, own.margin, own.higher_is_better))


def _refuse_names() -> None:
    """Every name stands for one thing."""
    taken = dict.fromkeys((*MIXES, *SHIPPED), "penalty") | dict.fromkeys(OWN, "metric")
    taken |= dict.fromkeys(ORIGINS, "source")
    kinds: dict[str, Iterable[str]]
    kinds = {"penalty": REGISTERED, "metric": METRICS, "data set": DATASETS}
    for kind, names in kinds.items():
        for name in names:
            if not name.isidentifier():
                raise ExtensionError(
                    f"{kind} name {name!r} must be letters, digits and _: it becomes part of paths"
                )
            if name in taken and not (kind == "penalty" and name in SHIPPED):
                raise ExtensionError(
                    f"{kind} name '{name}' is taken by a {taken[name]}; choose another"
                )
            taken[name] = kind


def _import(path: Path) -> None:
    name = f"{PREFIX}{path.stem}_{digest(path)}"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ExtensionError(f"extensions: {path} is no Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ExtensionError(
            f"extensions: {path} fails with {type(error).__name__}: {error}"
        ) from error
    # worker processes cannot import it by name
    cloudpickle.register_pickle_by_value(module)


def digest(file: str | Path) -> str:
    """Digest of the content of an extension.

    Raises
    ------
    ExtensionError
        If it cannot be read.
    """
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise ExtensionError(
            f"extensions: {file} cannot be read ({error.strerror}); paths are relative to the "
            "folder that snakemake runs in"
        ) from error


def origin(name: str) -> str | None:
    """The file that registered a penalty, metric or data set; None for what the package ships."""
    made: Any = REGISTERED.get(name) or DATASETS.get(name)
    if made is None and name in METRICS:
        made = METRICS[name].compute
    module = sys.modules.get(getattr(made, "__module__", ""))
    if module is None or not module.__name__.startswith(PREFIX):
        return None
    return module.__file__
