r"""Wang, Mukherjee, Richardson & Hill (2020): their scenarios in the words of a config.

*High-dimensional regression in practice*, Statistics and Computing 30:697-719,
doi:10.1007/s11222-019-09914-9. The features of each sample are standardised, all nonzero
coefficients are 3, and the noise has the variance mean :math:`(X\beta)^2 / \mathrm{SNR}^2` of the
training sample: their SNR is a ratio of standard deviations, ours of variances. Features are
independent (``Independence``), correlate within blocks (``Pairwise``), or decay as
:math:`.95^{|i-j|}` within blocks (``Toeplitz``), where ``rho`` is the correlation of the two
relevant features of a block. They used ``cv.glmnet``: five folds, the strength of least error, 100
strengths. The table comes from the user: it carries no licence to pass it on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from normwise.data.errors import InputError
from normwise.data.population import Population
from normwise.data.scenario import Scenario

COEFFICIENT, TOEPLITZ, TEST_ROWS, DATA_SETS, N_FOLDS, N_ALPHAS = 3.0, 0.95, 500, 64, 5, 100
DESIGNS = ("Independence", "Pairwise", "Toeplitz")
WHOLE = ("scenario", "n", "p", "s0", "pB", "s0B")
NUMBERS = ("SNR", "rho", "mean.lasso", "sd.lasso", "mean.ridge", "sd.ridge")
# properties that set a scenario apart
PROPERTIES = ("n", "p", "s0", "SNR", "corDesign", "rho", "pB", "s0B")


class Error(NamedTuple):
    """A test error over data sets.

    Attributes
    ----------
    value : float
        Root of the mean squared error: of the mean over data sets, which is the mean that exact
        theory speaks of, and not the mean of roots.
    se : float
        Its standard error.
    """

    value: float
    se: float


def read_published(path: str | Path) -> pd.DataFrame:
    """The published table, as far as the file has it.

    Parameters
    ----------
    path : path
        CSV with the columns ``WHOLE``, ``NUMBERS`` and ``corDesign``; further ones are left alone.

    Returns
    -------
    DataFrame
        One row a scenario.

    Raises
    ------
    InputError
        If the file cannot be read, or a value is none that the study has: names file, scenario,
        column and value.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as a table ({error}); give a CSV file") from error
    missing = [c for c in (*WHOLE, *NUMBERS, "corDesign") if c not in table]
    if missing:
        raise InputError(
            f"{path}: lacks the columns {', '.join(missing)}; the published table has "
            f"{', '.join((*PROPERTIES, *NUMBERS[2:]))} and scenario"
        )
    for column in (*WHOLE, *NUMBERS):
        numbers = pd.to_numeric(table[column], errors="coerce")
        wrong = ~np.isfinite(numbers) | (numbers < 0)
        if column in WHOLE:
            wrong |= numbers != np.floor(numbers)
        kind = "a whole number" if column in WHOLE else "a number"
        _refuse(path, table, column, wrong, f"must be {kind} of at least 0")
        table[column] = numbers.astype(int if column in WHOLE else float)
    _refuse(path, table, "scenario", table["scenario"].duplicated(), "must occur once")
    unknown = ~table["corDesign"].isin(DESIGNS)
    _refuse(path, table, "corDesign", unknown, f"must be {' or '.join(DESIGNS)}")
    for column in ("n", "p", "s0", "SNR", "sd.lasso", "sd.ridge"):
        _refuse(path, table, column, table[column] <= 0, "must be above 0")
    grouped = table["corDesign"] != "Independence"
    for column in ("pB", "s0B"):
        _refuse(path, table, column, grouped & (table[column] < 1), "must be at least 1 in a block")
    blocks = table["pB"].where(grouped, 1)
    _refuse(path, table, "pB", table["p"] % blocks != 0, "must divide p")
    room = (table["p"] // blocks) * table["s0B"].where(grouped, 1)
    _refuse(path, table, "s0", table["s0"] > room, "must find room in the blocks: s0B in each")
    return table


def _refuse(
    path: str | Path, table: pd.DataFrame, column: str, wrong: pd.Series, right: str
) -> None:
    if wrong.any():
        row = table[wrong].iloc[0]
        raise InputError(f"{path}: scenario {row['scenario']}: {column} ({row[column]}) {right}")


def scenario_of(row: pd.Series) -> Scenario:
    """A row of the published table as a scenario.

    Their relevant blocks are the first and ours are spread evenly, which is another order of the
    columns. In a Toeplitz block the first relevant feature is that at half its size.
    """
    kind, size = row["corDesign"], int(row["pB"])
    keys: dict[str, Any] = {}
    if kind != "Independence":
        keys = {
            "covariance": "blocks",
            "correlation": float(row["rho"]),
            "group_size": size,
            "placement": "some_per_group",
            "per_group": int(row["s0B"]),
        }
    if kind == "Toeplitz":
        # as near as whole distances come to the correlation of the two
        spacing = round(np.log(row["rho"]) / np.log(TOEPLITZ))
        keys |= {
            "covariance": "ar1_blocks",
            "correlation": TOEPLITZ,
            "offset": size // 2 - 1,
            "spacing": spacing,
        }
    scenario = Scenario(
        int(row["n"]), int(row["p"]), int(row["s0"]), snr=float(row["SNR"]) ** 2, moments="sample"
    )
    return replace(scenario, **keys)


def unit(truth: Population) -> float:
    """Their unit in ours: a test error times this is one of coefficients of 3."""
    return COEFFICIENT / float(truth.coef[truth.support[0]])


def published_error(row: pd.Series, method: str) -> Error:
    """Published test error of ``lasso``, ``henet`` or ``ridge``."""
    mean, sd = row[f"mean.{method}"], row[f"sd.{method}"]
    value = np.sqrt(mean**2 + sd**2 * (DATA_SETS - 1) / DATA_SETS)
    return Error(float(value), float(mean / value * sd / np.sqrt(DATA_SETS)))
