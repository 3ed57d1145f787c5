"""Many rows: read at most twice for all folds, without a copy, and with no digit lost."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, TimeSeriesSplit
from sklearn.utils import assert_all_finite

from normwise import L1RegressorCV, L2ClassifierCV, L2RegressorCV
from normwise.fitting.solvers import threads, views
from normwise.fitting.solvers.problem import Problem
from normwise.fitting.solvers.views import Whole

N_ROWS, N_FEATURES = 400, 5


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(threads, "CHUNK", 64)
    monkeypatch.setattr(threads, "FEWEST", 7)
    monkeypatch.setattr(views, "SPAN", 3)


def table(rng, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    X = rng.standard_normal((N_ROWS, N_FEATURES)) + rng.standard_normal((N_ROWS, 1))
    return X, X @ np.arange(N_FEATURES) + noise * rng.standard_normal(N_ROWS)


def splits_of(kind, **options) -> list[tuple[np.ndarray, np.ndarray]]:
    groups = np.arange(N_ROWS) % 17 if kind is GroupKFold else None
    return list(kind(**options).split(np.zeros(N_ROWS), groups=groups))


SPLITS = {
    "folds": splits_of(KFold, n_splits=5, shuffle=True, random_state=0),
    "groups": splits_of(GroupKFold, n_splits=3),
    "times": splits_of(TimeSeriesSplit, n_splits=4),
    "overlapping": splits_of(ShuffleSplit, n_splits=3, test_size=0.3, random_state=0),
    "all rows on both sides": [(np.arange(N_ROWS), np.arange(N_ROWS))],
    "a row is tested twice": [
        (np.arange(100, N_ROWS), np.append(np.arange(99), 98)),
        (np.arange(100), np.append(np.arange(100, N_ROWS), 99)),
    ],
    "a row is fitted twice": [
        (np.append(np.arange(101, N_ROWS), 101), np.arange(100)),
        (np.arange(100), np.arange(100, N_ROWS)),
    ],
}


def direct_errors(X, y, splits, alphas, weight, fit_intercept) -> np.ndarray:
    """Ridge of each training part by a least-squares solver, tested row by row."""
    errors = np.empty((len(splits), len(alphas)))
    for k, (train, test) in enumerate(splits):
        w = weight[train] / weight[train].sum()
        mean, offset = (w @ X[train], w @ y[train]) if fit_intercept else (0.0, 0.0)
        Z = X[train] - mean
        scale = np.sqrt(w @ Z**2)
        A = Z / scale * np.sqrt(w)[:, None]
        for j, alpha in enumerate(alphas):
            rows = np.vstack([A, np.sqrt(alpha) * np.eye(X.shape[1])])
            target = np.append((y[train] - offset) * np.sqrt(w), np.zeros(X.shape[1]))
            coef = np.linalg.lstsq(rows, target)[0] / scale
            residual = y[test] - offset - (X[test] - mean) @ coef
            errors[k, j] = np.average(residual**2, weights=weight[test])
    return errors


@pytest.mark.parametrize("splits", SPLITS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_errors_of_folds_are_those_of_the_rows(
    rng, small_chunks, splits, weighted, fit_intercept, noise
):
    X, y = table(rng, noise)
    weight = rng.exponential(size=N_ROWS) if weighted else np.ones(N_ROWS)
    weight[:3] = 0.0 if weighted else 1.0
    alphas = np.array([1.0, 1e-3, 1e-9, 0.0])
    problem = Problem(X, y, sample_weight=weight, fit_intercept=fit_intercept)
    found = problem.cross_validate(SPLITS[splits], alphas, 0.0)
    expected = direct_errors(X, y, SPLITS[splits], alphas, weight, fit_intercept)
    # without noise the errors fall to a billionth of a billionth of the squares they are made of
    assert (expected[:, 2].max() < 1e-12) == (noise == 0)
    np.testing.assert_allclose(found.errors, expected, rtol=1e-5, atol=1e-22)


@pytest.mark.parametrize("offset", [1.0, 1e6, 1e8])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_the_origin_of_the_data_changes_no_error(rng, small_chunks, offset, l1_ratio):
    X, y = table(rng)
    # multiples of 2^-20, or the offset would round them
    X, y = np.round(2**20 * X) / 2**20, np.round(2**20 * y) / 2**20
    alphas = np.array([0.5, 0.1, 1e-3])
    plain, moved = (
        Problem(X + d, y + d).cross_validate(SPLITS["folds"], alphas, l1_ratio).errors
        for d in (0.0, offset)
    )
    assert np.ptp(plain, axis=1).min() > 0.1
    np.testing.assert_allclose(moved, plain, rtol=1e-10)


def test_a_column_that_is_constant_but_for_rounding_errors_stays_out(rng, small_chunks):
    X, y = table(rng)
    X[:, 1] = 0.1
    of = Problem(X, y)
    found = of.cross_validate(SPLITS["folds"], np.array([1e-3, 0.0]), 0.0)
    kept = np.delete(X, 1, axis=1)
    expected = Problem(kept, y).cross_validate(SPLITS["folds"], np.array([1e-3, 0.0]), 0.0)
    np.testing.assert_allclose(found.errors, expected.errors, rtol=1e-10)
    assert not of.path(np.zeros(1), 0.0).coef[:, 1].any()


@pytest.mark.parametrize("kind", [L1RegressorCV, L2RegressorCV])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_threads_and_sharing_change_nothing(rng, small_chunks, kind, noise):
    X, y = table(rng, noise)
    one, two = (kind(cv=5, n_jobs=n).fit(X, y) for n in (1, 2))
    np.testing.assert_array_equal(one.cv_error_path_, two.cv_error_path_)
    np.testing.assert_array_equal(one.coef_path_, two.coef_path_)
    alone = Problem(X, y).path(one.alphas_, float(kind is L1RegressorCV))
    size = np.abs(alone.coef).max()
    np.testing.assert_allclose(one.coef_path_, alone.coef, atol=1e-10 * size)


@pytest.mark.filterwarnings("ignore:the choice lies")
@pytest.mark.parametrize("kind", [L1RegressorCV, L2RegressorCV])
@pytest.mark.parametrize("alphas", [20, [1.0, 1e-9]])
def test_the_rows_are_read_twice_for_all_folds(rng, monkeypatch, kind, alphas):
    X, y = table(rng)
    n_read = 0
    tasks = Whole._tasks

    def counted(self, rows):
        nonlocal n_read
        n_read += N_ROWS if rows is None else len(rows)
        return tasks(self, rows)

    monkeypatch.setattr(Whole, "_tasks", counted)
    kind(cv=5, alphas=alphas).fit(X, y)
    assert n_read == 2 * N_ROWS


@pytest.mark.parametrize("kind", [L1RegressorCV, L2RegressorCV])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_data_are_not_copied(rng, kind, order):
    X = np.asarray(rng.standard_normal((100_000, 50)), order=order)
    y = X[:, 0] + rng.standard_normal(len(X))
    kind(cv=5).fit(X[:500], y[:500])
    tracemalloc.start()
    kind(cv=5).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # of which the row numbers of the folds are a tenth
    assert peak < 0.3 * X.nbytes


@pytest.mark.parametrize("kind", [L1RegressorCV, L2ClassifierCV])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_what_is_not_finite_is_refused_in_scikit_learns_words(rng, small_chunks, kind, bad, form):
    X, y = table(rng)
    X[300, 2] = bad
    with pytest.raises(ValueError) as theirs:
        assert_all_finite(form(X), estimator_name=kind.__name__, input_name="X")
    with pytest.raises(ValueError) as ours:
        kind(cv=3, n_jobs=2).fit(form(X), y > 0)
    assert str(ours.value) == str(theirs.value) and "Input X contains" in str(ours.value)
