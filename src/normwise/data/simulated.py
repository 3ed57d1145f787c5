"""Data files from scenarios: the arrays themselves, or the recipe to draw them again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from normwise.data.errors import DataFileError
from normwise.data.population import draw, draw_test_features
from normwise.data.response_kind import kind_of
from normwise.data.scenario import Scenario
from normwise.files.arrays import array_digest, save_arrays

# of a recipe so much is drawn at a time
DRAWN_MB = 64


def write_simulated(
    path: str | Path,
    scenarios: Sequence[Scenario],
    start: int,
    stop: int,
    seed: int,
    recipe: bool = False,
) -> None:
    """Draw replicates ``start`` to ``stop - 1`` of each scenario into one data file.

    Parameters
    ----------
    path : path
    scenarios : sequence of Scenario
    start, stop : int
    seed : int
        Root seed.
    recipe : bool
        Write the digests of the arrays in place of the arrays.
    """
    arrays: dict[str, np.ndarray] = {
        "scenarios": np.array(json.dumps([s.as_dict() for s in scenarios])),
        "start": np.array(start),
        "seed": np.array(seed),
    }
    if recipe:
        arrays["stop"] = np.array(stop)
    # results must not depend on the number of threads of the linear algebra
    with threadpool_limits(1):
        for i, scenario in enumerate(scenarios):
            draws = (draw(scenario, seed, r) for r in range(start, stop))
            if recipe:
                arrays[f"digest.{i}"] = np.array([_digest(X, y) for X, y in draws])
                continue
            arrays[f"X.{i}"], arrays[f"y.{i}"] = _stacked(list(draws))
    save_arrays(path, arrays)


def _digest(X: np.ndarray, y: np.ndarray) -> bytes:
    """Digest of one replicate."""
    return f"{array_digest('X', X)}{array_digest('y', y)}".encode()


def _stacked(draws: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    # C order, so that the size of a chunk does not change the last bit of a sum
    return np.ascontiguousarray([X for X, _ in draws]), np.stack([y for _, y in draws])


def drawn_again(
    path: str | Path, scenario: Scenario, seed: int, start: int, digests: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Replicates of a recipe, a few at a time: number of the first, X, y."""
    n_bytes = scenario.n_samples * (scenario.n_features + 1) * 8
    step = max(1, int(DRAWN_MB * 1_000_000 / n_bytes))
    for first in range(0, len(digests), step):
        with threadpool_limits(1):
            draws = [
                draw(scenario, seed, start + r)
                for r in range(first, min(first + step, len(digests)))
            ]
        for r, (X, y) in enumerate(draws, start=first):
            if _digest(X, y) != digests[r]:
                raise DataFileError(
                    path,
                    f"replicate {start + r} of scenario {scenario.id} is not what it was when the "
                    "recipe was written: another kind of processor, other versions of the "
                    "packages, or a changed file. Run all jobs on one kind of machine, or raise "
                    "recipe_above_mb so that the data travel themselves; if the file was "
                    "changed, delete it",
                )
        yield start + first, *_stacked(draws)


def is_sampled(s: Scenario) -> bool:
    """Whether the risk of a scenario has no closed form, and is measured on a sample of rows."""
    # means and covariances suffice for some responses, and a linear predictor of Gaussian features
    kind = kind_of(s.response)
    normal = s.features == "gaussian" and not s.nonlinear_share
    return not kind.risk_from_moments and not (normal and kind.risk_from_predictor)


def simulated_test_rows(s: Scenario, seed: int) -> np.ndarray | None:
    """Rows that stand for the population where its risk has no closed form."""
    return draw_test_features(s, seed) if is_sampled(s) else None
