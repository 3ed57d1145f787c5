"""What the effects owe to the sample of rows that stands for a population without a closed form.

The rows are the same for all penalties and replicates, so that more replicates do not take this
error away. It follows from how the rows differ: an effect is a mean over replicates of the
logarithm of a ratio of two means over rows, and its derivative by the weight of a row is the mean
over replicates of the excess loss there under the first penalty, as a multiple of its mean, less
that under the second (the infinitesimal jackknife, Efron 1982).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from normwise.analysis.measure.effects import ROUNDING, pairs
from normwise.fitting.fits_file import Estimates
from normwise.fitting.loss import loss_of
from normwise.fitting.names import TUNINGS
from normwise.fitting.risk import SampledRisk

Errors = dict[tuple[str, str, str], float]


def sample_errors(found: Mapping[str, Estimates]) -> Errors:
    """Standard errors of the effects of one scenario that its test sample causes.

    Parameters
    ----------
    found : mapping of str to Estimates
        Estimates of one scenario, by penalty.

    Returns
    -------
    dict
        By first penalty, second penalty and tuning rule; empty where risks are exact, or where
        what the truth is, is not known.
    """
    # rows of a file are its population, not a sample
    sampled = {
        penalty: e
        for penalty, e in found.items()
        if e.origin.scenario is not None and e.origin.X_test is not None and e.fitted.any()
    }
    shares = {penalty: _shares(e) for penalty, e in sampled.items()}
    return {
        (first, second, tuning): float(
            (shares[first][t] - shares[second][t]).std(ddof=1) / np.sqrt(shares[first].shape[1])
        )
        for first, second in pairs(shares)
        for t, tuning in enumerate(TUNINGS)
    }


def _shares(e: Estimates) -> np.ndarray:
    """Excess loss on each row as a multiple of its mean, averaged over replicates, by tuning."""
    truth, X_test, loss = e.origin.truth, e.origin.X_test, loss_of(e.origin.response)
    assert truth is not None and X_test is not None
    measured = SampledRisk(truth, loss, X_test)
    coef, intercept, risk = (e.arrays[name][e.fitted] for name in ("coef", "intercept", "risk"))
    total = np.zeros((len(TUNINGS), len(X_test)))
    for b, a, r in zip(coef, intercept, risk, strict=True):
        total += measured.by_row(b, a) / np.maximum(r, ROUNDING)[:, None]
    return total / len(coef)


def with_sample_error(table: pd.DataFrame, errors: Errors) -> pd.DataFrame:
    """Table ``pairs`` with what the test sample adds to its errors.

    Parameters
    ----------
    table : DataFrame
    errors : dict
        What `sample_errors` found.
    """
    added = [
        errors.get((row["first"], row["second"], row["tuning"]), 0.0)
        for row in table.to_dict("records")
    ]
    return table.assign(mcse=np.hypot(table["mcse"], added), sample_se=np.asarray(added, float))
