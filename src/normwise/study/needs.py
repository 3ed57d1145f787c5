"""What to ask of a cluster for a job: memory and time, from the sizes of what it works on.

The constants were fitted to jobs of many shapes on one machine, with room to spare, and the tests
hold requests against what jobs take. One that still takes more is sent again and gets more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from normwise.data.chunk import replicate_megabytes
from normwise.data.population import TEST_CELLS
from normwise.data.response_kind import kind_of
from normwise.data.scenario import Scenario
from normwise.data.simulated import DRAWN_MB, is_sampled
from normwise.fitting.loss import loss_of

# base memory of a job (Snakemake and Python), compilation by numba, one worker process
START_MB, COMPILED_MB, WORKER_MB = 600, 150, 250
ROOM = 1.4
# another machine may be slower, and another problem harder
PATIENCE = 5
LEAST_MINUTES = 10
STRENGTHS, FOLDS = 100, 10
# tuning rules by metrics, and what a row of a table takes in all while it is made
ROWS, ROW_MB = 75, 4e-4
# features whose correlations a description holds at once; it is slow to load, for a number
CORRELATED = 2000
# fits of counts, and for each class of several, beside fits of a number or of two classes
SLOWER = 8
# where the sizes are not known: data from elsewhere, published studies
UNKNOWN_MB, UNKNOWN_SECONDS = 1400, 360


@dataclass(frozen=True)
class Needs:
    """Memory and time of one job, at its first attempt.

    Attributes
    ----------
    mem_mb : int
        Megabytes.
    runtime : int
        Minutes.
    """

    mem_mb: int
    runtime: int


def needs(megabytes: float, seconds: float) -> Needs:
    """Round up what a job is expected to take, with room to spare.

    Parameters
    ----------
    megabytes, seconds : float
    """
    minutes = max(LEAST_MINUTES, PATIENCE * seconds / 60)
    # rounded, because people read them in lists of jobs
    return Needs(100 * math.ceil(ROOM * megabytes / 100), 5 * math.ceil(minutes / 5))


def of_unknown(threads: int = 1) -> Needs:
    """A job whose sizes are not known before it runs.

    Parameters
    ----------
    threads : int
        Processes.
    """
    workers = threads if threads > 1 else 0
    return needs(UNKNOWN_MB + workers * (WORKER_MB + COMPILED_MB), UNKNOWN_SECONDS)


def _classes(scenario: Scenario) -> int:
    """How many coefficients a feature has."""
    return scenario.n_classes if kind_of(scenario.response).several else 1


def _slower(scenario: Scenario) -> int:
    """How many times as long a fit takes as one of the other responses."""
    return SLOWER * _classes(scenario) if loss_of(scenario.response).generalised else 1


def _square_mb(scenario: Scenario) -> float:
    """A matrix of all pairs of features."""
    return 8e-6 * scenario.n_features**2


def _truth_mb(scenario: Scenario) -> float:
    """What the truth of a scenario takes while it is made."""
    squares = 3.5 * _square_mb(scenario)
    if not scenario.uses_copula and not scenario.nonlinear_share:
        # rows that stand for the population, and predictors of them
        return squares + 2 * 8e-6 * TEST_CELLS * is_sampled(scenario)
    # correlations of the variables, pairs of them with their places, and rows for an intercept
    return 3 * squares + 4 * 8e-6 * TEST_CELLS


def _truth_seconds(scenario: Scenario) -> float:
    pairs = 1.5e-6 * scenario.n_features**2 * scenario.uses_copula
    return pairs + 3e-11 * scenario.n_features**3 + 4 * scenario.uses_copula


def _fit_mb(scenario: Scenario, n_alphas: int, keep_paths: bool) -> float:
    """What one fit leaves in its file."""
    p = scenario.n_features * _classes(scenario)
    return 8e-6 * (3 * p + 5 * n_alphas + keep_paths * n_alphas * p)


def _most(scenarios: Sequence[Scenario], of: Callable[[Scenario], float]) -> float:
    return max(map(of, scenarios))


def of_simulate(scenarios: Sequence[Scenario], replicates: int, recipe: bool) -> Needs:
    """A chunk drawn.

    Parameters
    ----------
    scenarios : sequence of Scenario
    replicates : int
        Replicates of each scenario.
    recipe : bool
        Whether only digests are written.
    """
    sizes = [replicate_megabytes(s) for s in scenarios]
    # one scenario is there twice while it is put together
    held = max(sizes) if recipe else replicates * (sum(sizes) + max(sizes))
    each = [1e-3 + 2e-10 * s.n_samples * s.n_features**2 for s in scenarios]
    return needs(
        START_MB + held + _most(scenarios, _truth_mb),
        replicates * sum(each) + sum(map(_truth_seconds, scenarios)),
    )


def of_fit(
    scenarios: Sequence[Scenario],
    replicates: int,
    recipe: bool,
    n_folds: int = FOLDS,
    n_alphas: int = STRENGTHS,
    keep_paths: bool = False,
    threads: int = 1,
) -> Needs:
    """A chunk under one penalty.

    Parameters
    ----------
    scenarios, replicates, recipe
        The same as in `of_simulate`.
    n_folds, n_alphas : int
        Folds, and candidates of the penalty.
    keep_paths : bool
    threads : int
        Processes, over replicates.
    """

    def read(s: Scenario) -> float:
        # a recipe is drawn some replicates at a time, and they are held twice
        drawn = 2 * max(DRAWN_MB, 8e-6 * s.n_samples * s.n_features)
        return drawn if recipe else replicates * replicate_megabytes(s)

    def worked(s: Scenario) -> float:
        return (n_folds + 2) * 8e-6 * s.n_samples * s.n_features + _truth_mb(s)

    def written(s: Scenario) -> float:
        return replicates * _fit_mb(s, n_alphas, keep_paths)

    def seconds(s: Scenario) -> float:
        n, p = s.n_samples, s.n_features
        each = (0.05 + 5e-8 * n * p * min(n, p)) * _slower(s)
        return each * n_folds / FOLDS * n_alphas / STRENGTHS

    workers = threads if threads > 1 else 0
    work = _most(scenarios, worked)
    held = _most(scenarios, read) + 2 * sum(map(written, scenarios))
    return needs(
        START_MB + COMPILED_MB + work + held + workers * (WORKER_MB + COMPILED_MB + work),
        60
        + replicates * sum(map(seconds, scenarios)) / threads
        + sum(map(_truth_seconds, scenarios)),
    )


def of_evaluate(
    scenarios: Sequence[Scenario],
    replicates: int,
    n_penalties: int,
    n_alphas: int = STRENGTHS,
    keep_paths: bool = False,
) -> Needs:
    """Tables of a block; also a look at its paths or at its cases.

    Parameters
    ----------
    scenarios : sequence of Scenario
    replicates : int
    n_penalties : int
    n_alphas : int
        Candidates of the penalty that tries the most.
    keep_paths : bool
    """

    def held(s: Scenario) -> float:
        each = 2 * _fit_mb(s, n_alphas, keep_paths) + ROWS * ROW_MB
        return replicates * n_penalties * each + _truth_mb(s)

    seconds = len(scenarios) * (1 + 0.02 * replicates * n_penalties)
    return needs(
        # what the files say of each scenario stays in memory
        START_MB + 0.2 * len(scenarios) + _most(scenarios, held),
        seconds + sum(map(_truth_seconds, scenarios)),
    )


def of_check_theory(scenarios: Sequence[Scenario], replicates: int, n_penalties: int) -> Needs:
    """Theory of a block; parameters as in `of_evaluate`."""
    fits = replicates * n_penalties
    held = _most(scenarios, lambda s: 9 * _square_mb(s) + 2 * 8e-6 * fits * 3 * s.n_features)
    return needs(START_MB + held, 10 + sum(2 + 8e-10 * s.n_features**3 for s in scenarios))


def of_estimate(scenarios: Sequence[Scenario], replicates: int) -> Needs:
    """Some replicates of the scenarios of a block described.

    Parameters
    ----------
    scenarios : sequence of Scenario
    replicates : int
        Replicates of each that are described.
    """

    def held(s: Scenario) -> float:
        n, p = s.n_samples, s.n_features
        square = 8e-6 * max(min(n, p), min(p, CORRELATED)) ** 2
        return 6 * replicate_megabytes(s) + 8 * square + _truth_mb(s)

    def seconds(s: Scenario) -> float:
        n, p = s.n_samples, s.n_features
        return 0.1 + 6e-6 * n * p + 2e-7 * p**2 + 2e-9 * n * p * min(n, p)

    return needs(
        START_MB + COMPILED_MB + _most(scenarios, held),
        30 + replicates * sum(map(seconds, scenarios)) + sum(map(_truth_seconds, scenarios)),
    )


def of_study(n_scenarios: int, threads: int = 1) -> Needs:
    """What puts all scenarios together, or tells of them: tables, rules, figures, the page.

    Parameters
    ----------
    n_scenarios : int
    threads : int
        Processes.
    """
    return needs(
        START_MB + WORKER_MB * (threads if threads > 1 else 0) + 0.3 * n_scenarios,
        300 + 0.5 * n_scenarios,
    )
