"""The lasso's least risk in groups of features, against other theory and against fits."""

import numpy as np
import pytest

from normwise.solvers import Problem
from normwise.theory import (
    Group,
    lasso_optimal_risk,
    lasso_optimal_risk_groups,
    lasso_risk_general,
)


def block(size: int, rho: float) -> np.ndarray:
    return (1 - rho) * np.eye(size) + rho


def groups(size: int, rho: float, coef: list[float], signal: int, silent: int) -> list[Group]:
    beta = np.zeros(size)
    beta[: len(coef)] = coef
    sigma = block(size, rho)
    return [Group(sigma, beta, signal), Group(sigma, np.zeros(size), silent)]


@pytest.mark.parametrize(("n", "p", "k", "b"), [(200, 400, 20, 0.5), (300, 2000, 40, 1.0)])
def test_without_correlation_it_is_the_limit_of_unrelated_features(n, p, k, b):
    found = lasso_optimal_risk_groups(groups(2, 0.0, [b], k, p // 2 - k), n, 1.0)
    known = lasso_optimal_risk([b] * k + [0.0] * (p - k), n, 1.0)
    assert found == pytest.approx(known, rel=0.02)


def test_it_is_the_least_of_the_general_limit():
    own = groups(5, 0.8, [0.5, 0.5], 4, 16)
    sigma = np.kron(np.eye(20), block(5, 0.8))
    beta = np.concatenate([np.tile(own[0].coef, 4), np.zeros(80)])
    alpha, risk = lasso_optimal_risk_groups(own, 80, 1.0, draws=2000)
    at = [
        lasso_risk_general(sigma, beta, 80, 1.0, a * alpha, 1000, 0).risk for a in (0.5, 1.0, 2.0)
    ]
    assert risk == pytest.approx(at[1], rel=0.03)
    assert risk < 1.03 * min(at)
    assert min(at[0], at[2]) > 1.02 * at[1]


def test_fits_reach_the_risk_at_its_strength(rng):
    n, sigma = 300, block(5, 0.7)
    own = groups(5, 0.7, [0.4, 0.4], 10, 50)
    alpha, risk = lasso_optimal_risk_groups(own, n, 1.0, draws=2000)
    root, beta = np.linalg.cholesky(sigma), np.zeros(300)
    beta[:50] = np.tile(own[0].coef, 10)
    found = []
    for _ in range(20):
        X = (rng.standard_normal((n, 60, 5)) @ root.T).reshape(n, 300)
        problem = Problem(
            X, X @ beta + rng.standard_normal(n), standardize=False, fit_intercept=False
        )
        error = (problem.path(np.array([alpha]), 1.0).coef[0] - beta).reshape(60, 5) @ root
        found.append((error**2).sum())
    spread = np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(risk, abs=3 * spread + 0.02 * risk)


def test_a_signal_that_is_lost_in_noise_is_left_alone():
    alpha, risk = lasso_optimal_risk_groups(groups(2, 0.5, [1e-4], 5, 200), 50, 1.0)
    assert alpha == np.inf
    assert risk == pytest.approx(5e-8)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: lasso_optimal_risk_groups([], 10, 1.0), "empty"),
        (lambda: lasso_optimal_risk_groups([Group(np.eye(3), [1.0])], 10, 1.0), "fit coef"),
        (lambda: lasso_optimal_risk_groups([Group(-np.eye(1), [1.0])], 10, 1.0), "negative"),
        (lambda: lasso_optimal_risk_groups([Group([[1.0]], [1.0])], 10, 0.0), "noise_var"),
        (lambda: lasso_optimal_risk_groups([Group([[1.0]], [1.0])], 10, 1.0, 0), "draws"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


@pytest.mark.parametrize("seed", range(3))
def test_a_risk_is_none_below_zero_where_hardly_a_draw_is_selected(seed):
    # with this many features for the rows, the best threshold keeps nearly all of them out
    covariance = 0.5 + 0.5 * np.eye(10)
    coef = np.append(1 / np.sqrt(40), np.zeros(9))
    groups = [Group(covariance, coef, 40), Group(covariance, np.zeros(10), 160)]
    _, risk = lasso_optimal_risk_groups(groups, 99, 0.99, seed=seed)
    assert risk == pytest.approx(0.993, abs=0.01)
