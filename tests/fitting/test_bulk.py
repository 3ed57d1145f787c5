"""Small problems: the training parts solved together are those that are solved one by one."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normwise.fitting.solvers import bulk
from normwise.fitting.solvers.problem import Problem
from normwise.fitting.tuning import splits_of

TOLERANCE = 1e-6


def both_ways(X, y, splits, l1_ratio, n_alphas=12):
    """Path and cross-validation in bulk, and the general way at the same strengths."""
    together, apart = Problem(X, y), Problem(X, y)
    assert together.in_bulk
    apart.in_bulk = False
    alphas = together.alpha_grid(l1_ratio, n_alphas)
    return [
        (problem.path(alphas, l1_ratio), problem.cross_validate(splits, alphas, l1_ratio))
        for problem in (together, apart)
    ]


def awkward(rng, n, p, kind):
    X = rng.standard_normal((n, p))
    y = X[:, 0] + rng.standard_normal(n)
    if kind == "duplicates" and p > 1:
        X[:, -1] = X[:, 0]
    if kind == "constant":
        X[:, -1] = 7.3
    if kind == "scales":
        X *= 10.0 ** rng.integers(-8, 8, p)
        y *= 1e6
    if kind == "far":
        X += 1e5
        y -= 1e4
    if kind == "flat":
        y = np.full(n, 3.1)
    if kind == "low rank":
        X = X[:, :1] @ rng.standard_normal((1, p)) + X[:, -1:] @ rng.standard_normal((1, p))
    return X, y


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 40),
    p=st.integers(1, 50),
    kind=st.sampled_from(["plain", "duplicates", "constant", "scales", "far", "flat", "low rank"]),
    l1_ratio=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_both_ways_agree_to_their_certificates(seed, n, p, kind, l1_ratio):
    rng = np.random.default_rng(seed)
    X, y = awkward(rng, n, p, kind)
    folds = splits_of(rng.permutation(np.arange(n) % min(n, 4)))
    (path, cv), (path_apart, cv_apart) = both_ways(X, y, folds, l1_ratio)
    null = y.var() / 2 or 1.0
    for found in (path, path_apart):
        assert (found.gap <= TOLERANCE).all()
    assert (cv.gap <= TOLERANCE).all()
    assert cv.errors.shape == cv_apart.errors.shape
    # predictions of the same rows differ by no more than both gaps allow
    here, there = (f.intercept[:, None] + f.coef @ X.T for f in (path, path_apart))
    apart = ((here - there) ** 2).mean(axis=1) / 2
    allowed = null * (np.sqrt(np.abs(path.gap)) + np.sqrt(np.abs(path_apart.gap))) ** 2
    rounding = (1e-7 * np.abs(y).max()) ** 2
    assert (apart <= allowed + rounding).all()


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(60, 30), (60, 120), (61, 61), (23, 5)])
def test_errors_and_coefficients_are_the_same(rng, shape, l1_ratio):
    X = rng.standard_normal(shape) + 3.0
    y = X[:, :3].sum(axis=1) + rng.standard_normal(len(X))
    # folds of different sizes
    folds = splits_of(rng.permutation(np.arange(len(X)) % 5))
    (path, cv), (path_apart, cv_apart) = both_ways(X, y, folds, l1_ratio, 40)
    np.testing.assert_allclose(path.coef, path_apart.coef, atol=1e-7)
    np.testing.assert_allclose(path.intercept, path_apart.intercept, atol=1e-6)
    np.testing.assert_allclose(cv.errors, cv_apart.errors, rtol=1e-7)
    assert np.array_equal(cv.weight, cv_apart.weight)
    assert path.n_iter.shape == path_apart.n_iter.shape


def test_the_null_model_and_the_limit_are_among_the_strengths_of_ridge(rng):
    X, y = rng.standard_normal((20, 40)), rng.standard_normal(20)
    path = Problem(X, y).path(np.array([np.inf, 1.0, 0.0]), 0.0)
    assert not path.coef[0].any() and path.intercept[0] == pytest.approx(y.mean())
    # the fit of least norm runs through all rows
    np.testing.assert_allclose(path.intercept[2] + X @ path.coef[2], y)
    assert path.n_iter.tolist() == [0, 1, 1]


def test_without_full_rank_the_limit_of_ridge_is_left_to_its_eigenvectors(rng):
    X = rng.standard_normal((30, 5))
    X = np.hstack([X, X[:, :2]])
    y = rng.standard_normal(30)
    parts = bulk.all_rows(X, y)
    assert bulk.path(parts, np.array([1.0, 0.0]), 0.0, TOLERANCE) is None
    assert bulk.path(parts, np.array([1.0]), 0.0, TOLERANCE) is not None
    path = Problem(X, y).path(np.array([1.0, 0.0]), 0.0)
    # copies share their coefficient in the fit of least norm
    np.testing.assert_allclose(path.coef[:, :2], path.coef[:, 5:], rtol=1e-9)
    np.testing.assert_allclose(path.coef[1], np.linalg.lstsq(X - X.mean(0), y - y.mean())[0])


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((300, 4), {}),
        ((160, 160), {}),
        ((20, 10_000), {}),
        ((20, 4), {"standardize": False}),
        ((20, 4), {"fit_intercept": False}),
        ((20, 4), {"sample_weight": np.ones(20)}),
        ((20, 4), {"engine": "scikit-learn"}),
    ],
)
def test_what_is_large_or_unusual_is_solved_part_by_part(rng, shape, options):
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    assert not Problem(X, y, **options).in_bulk
    assert not Problem(X, (y > 0) * 1.0, "binary").in_bulk


def test_a_training_part_does_not_depend_on_those_beside_it(rng):
    X, y = rng.standard_normal((40, 25)), rng.standard_normal(40)
    folds = splits_of(np.arange(40) % 4)
    for l1_ratio in (0.0, 0.5, 1.0):
        problem = Problem(X, y)
        alphas = problem.alpha_grid(l1_ratio, 20)
        whole = problem.cross_validate(folds, alphas, l1_ratio)
        alone = [problem.cross_validate([fold], alphas, l1_ratio) for fold in folds]
        assert np.array_equal(whole.errors, np.vstack([one.errors for one in alone]))
        assert np.array_equal(whole.gap, np.vstack([one.gap for one in alone]))


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_a_path_goes_on_from_where_it_ended(rng, l1_ratio):
    X, y = rng.standard_normal((40, 25)), rng.standard_normal(40)
    folds = splits_of(np.arange(40) % 4)
    problem = Problem(X, y)
    alphas = problem.alpha_grid(l1_ratio, 20)
    whole, cv = problem.path(alphas, l1_ratio), problem.cross_validate(folds, alphas, l1_ratio)
    first = problem.cross_validate(folds, alphas[:12], l1_ratio)
    rest = problem.cross_validate(folds, alphas[12:], l1_ratio, start=first.last)
    np.testing.assert_allclose(np.hstack([first.errors, rest.errors]), cv.errors, rtol=1e-8)
    assert rest.n_iter < problem.cross_validate(folds, alphas[12:], l1_ratio).n_iter
    path = problem.path(alphas[12:], l1_ratio, start=whole.coef[11])
    np.testing.assert_allclose(path.coef, whole.coef[12:], atol=1e-7)


ORDER = """
import sys
import numpy as np
from normwise.fitting.solvers.problem import Problem
from normwise.fitting.tuning import splits_of

def fit(n, p, in_bulk):
    rng = np.random.default_rng(n)
    X = rng.standard_normal((n, p))
    y = X[:, 0] + rng.standard_normal(n)
    problem = Problem(X, y)
    problem.in_bulk &= in_bulk
    found = []
    for l1_ratio in (1.0, 0.5, 0.0):
        alphas = problem.alpha_grid(l1_ratio, 12)
        path = problem.path(alphas, l1_ratio)
        cv = problem.cross_validate(splits_of(np.arange(n) % 5), alphas, l1_ratio)
        found += [path.coef, path.intercept, path.gap, cv.errors]
    return np.concatenate([np.ravel(part) for part in found]).tobytes().hex()

if sys.argv[1] == "after":
    fit(60, 120, False)
print(fit(45, 8, True))
"""


def test_no_bit_depends_on_what_was_solved_before():
    # compiled callers hold copies of what they call, and the copy loaded first serves them all
    outputs = [
        subprocess.run(
            [sys.executable, "-c", ORDER, when], capture_output=True, text=True, check=True
        ).stdout
        for when in ("first", "after")
    ]
    assert outputs[0] == outputs[1] != ""
