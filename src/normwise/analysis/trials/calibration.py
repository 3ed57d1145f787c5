"""The verdict rule tried where the answer is known.

A cell is one small scenario with thousands of replicates. They are taken as the whole population of
differences between two penalties, whose mean is known exactly; shifted, it becomes any truth that
is wanted. Groups drawn from it, as large as a study would have, each get their verdict.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from normwise.analysis.columns import typed
from normwise.analysis.inference import zone_tests
from normwise.analysis.measure.effects import log_ratio
from normwise.analysis.trials.cells import CELLS
from normwise.data.scenario import Scenario
from normwise.data.seeds import generator
from normwise.data.simulated import write_simulated
from normwise.files.arrays import load_arrays
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.fitting.names import TUNINGS
from normwise.theory.boundary import phase_boundary
from normwise.theory.linear import ols_risk

SIZES = (10, 20, 50, 100, 200)
GROUPS = 4000
AGAIN = "again"


def theoretical_winner(cell: Scenario) -> str | None:
    """The penalty that is better in the limit, if any feature matters; independent features."""
    if not cell.n_nonzero:
        return None
    share = phase_boundary(cell.n_features / (cell.n_samples - 1), cell.snr)
    return "l1" if cell.n_nonzero / cell.n_features < float(share) else "l2"


def calibrate(
    cell: str, replicates: int, group: int, options: FitOptions, comparison: Mapping[str, Any]
) -> pd.DataFrame:
    """Table ``calibration`` of one cell.

    Parameters
    ----------
    cell : str
        One of ``CELLS``.
    replicates : int
        Size of the population.
    group : int
        Replicates of the study, from which its verdicts are made.
    options : FitOptions
    comparison : mapping
        ``margin``, ``confidence`` and ``false_discovery_rate``.
    """
    risks = _risks(CELLS[cell], replicates, options)
    sizes = sorted({*SIZES, group})
    level = comparison["false_discovery_rate"]
    rows: list[dict[str, Any]] = []
    pairs = [("l1", AGAIN), ("l2", AGAIN), ("l1", "l2")]
    for i, (first, second) in enumerate(pairs):
        other = f"{first} {AGAIN}" if second == AGAIN else second
        d = log_ratio(risks[first], risks[other])
        if second == AGAIN:
            # either choice of folds may be the first: the population is symmetric
            d = np.concatenate([d, -d])
        rng = generator(options.seed, CELLS[cell].key, "calibration", i)
        winner = theoretical_winner(CELLS[cell]) if second != AGAIN else None
        for row in _pair_rows(d, sizes, comparison, winner, second == AGAIN, rng):
            nominal = level if row["measure"].startswith("false") else np.nan
            if row["measure"] == "coverage":
                nominal = comparison["confidence"]
            rows.append({"first": first, "second": second, "nominal": nominal} | row)
    exact = ols_risk(
        CELLS[cell].n_samples,
        CELLS[cell].n_features,
        CELLS[cell].noise_var,
        fit_intercept=True,
    )
    for row in _theory_rows(risks["none"], exact, sizes, comparison["confidence"]):
        rows.append({"first": "none", "second": "none", "nominal": comparison["confidence"]} | row)
    return typed(pd.DataFrame(rows).assign(cell=cell), "calibration")


def _risks(cell: Scenario, replicates: int, options: FitOptions) -> dict[str, np.ndarray]:
    """Excess risks under cv_min by penalty, ``again`` with other folds."""
    # the seed of a fit decides its folds alone
    other = replace(options, seed=options.seed + 1)
    runs = {
        "none": options,
        "l1": options,
        f"l1 {AGAIN}": other,
        "l2": options,
        f"l2 {AGAIN}": other,
    }
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        data, fits = Path(folder) / "data.npz", Path(folder) / "fits.npz"
        write_simulated(data, [cell], 0, replicates, options.seed)
        for name, how in runs.items():
            fit_file(data, fits, "calibration", name.split()[0], how, n_jobs=1)
            with load_arrays(fits) as arrays:
                out[name] = arrays["risk.0"][:, TUNINGS.index("cv_min")]
    return out


def _pair_rows(
    d: np.ndarray,
    sizes: list[int],
    comparison: Mapping[str, Any],
    winner: str | None,
    same: bool,
    rng: np.random.Generator,
) -> Iterator[dict[str, Any]]:
    margin, level = comparison["margin"], comparison["false_discovery_rate"]
    zone, truth = np.log1p(margin), d.mean()
    for n in sizes:
        drawn = d[rng.integers(len(d), size=(GROUPS, n))]
        effect, mcse = drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / np.sqrt(n)
        # two penalties with the same expectation, and the hardest nulls, at both ends of the zone
        for target in (0.0, -1.0, 1.0) if same else (-1.0, 1.0):
            shifted = effect - truth + target * zone
            p_win, p_equivalent = zone_tests(shifted, mcse, n, zone)
            wins = p_win <= level
            yield _share("false_win", wins, n, target)
            if target:
                yield _share("false_equivalence", ~wins & (p_equivalent <= level), n, target)
        half = stats.t.ppf((1 + comparison["confidence"]) / 2, n - 1) * mcse
        yield _share("coverage", np.abs(effect - truth) <= half, n, truth / zone)
        if winner:
            p_win, _ = zone_tests(effect, mcse, n, zone)
            right = (effect < 0) == (winner == "l1")
            yield _share("right_winner", (p_win <= level) & right, n, truth / zone)
            yield _share("wrong_winner", (p_win <= level) & ~right, n, truth / zone)


def _theory_rows(
    risks: np.ndarray, exact: float, sizes: list[int], confidence: float
) -> Iterator[dict[str, Any]]:
    for n in sizes:
        # against an outside truth groups must not share replicates
        groups = risks[: len(risks) // n * n].reshape(-1, n)
        if len(groups) < 2:
            continue
        mcse = groups.std(axis=1, ddof=1) / np.sqrt(n)
        half = stats.t.ppf((1 + confidence) / 2, n - 1) * mcse
        yield _share("coverage_theory", np.abs(groups.mean(axis=1) - exact) <= half, n, np.nan)


def _share(measure: str, hits: np.ndarray, n: int, truth: float) -> dict[str, Any]:
    rate = float(hits.mean())
    # Agresti & Coull's two more of each keep a share of none or all from certainty
    smooth = (hits.sum() + 2) / (len(hits) + 4)
    return {
        "measure": measure,
        "truth": float(truth),
        "n": n,
        "groups": len(hits),
        "rate": rate,
        "se": float(np.sqrt(smooth * (1 - smooth) / (len(hits) + 4))),
    }
