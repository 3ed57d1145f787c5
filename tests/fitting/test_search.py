"""A grid that goes on where its end would bind, and the word that is said where it cannot."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import expit

from normwise import (
    ElasticNetRegressorCV,
    L1ClassifierCV,
    L1RegressorCV,
    L2ClassifierCV,
    L2RegressorCV,
)
from normwise.fitting import search as module
from normwise.fitting.loss import loss_of
from normwise.fitting.search import binding_end, falls, search
from normwise.solvers import Path, Problem

CLASSIFIERS = [L1ClassifierCV, L2ClassifierCV]


def strong_classes(n: int, size: float, p: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((n, p))
    y = rng.random(n) < expit(size * X @ (-1.0) ** np.arange(p))
    return X, y.astype(float)


def thirds(n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    fold = np.arange(n) % 3
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]


@pytest.mark.parametrize(("n", "size"), [(2000, 20.0), (8000, 10.0)])
def test_strong_classes_are_explained_alike_by_both_penalties_and_as_by_none(n, size):
    X, y = strong_classes(n, size)
    fresh, truth = strong_classes(60_000, size)
    loss = loss_of("binary")

    def explained(predictor):
        return 1 - loss.value(truth, predictor) / loss.null_value(truth)

    none = Problem(X, y, "binary").path(np.zeros(1), 0.0)
    best = explained(fresh @ none.coef[0] + none.intercept[0])
    assert best > 0.9
    for estimator in CLASSIFIERS:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = estimator(alphas=40, cv=5).fit(X, y)
        assert explained(model.decision_function(fresh)) == pytest.approx(best, abs=2e-3)
        grid = Problem(X, y, "binary").alpha_grid(estimator._penalty_ratio, 40)
        assert model.alpha_ < grid[-1]
        np.testing.assert_array_equal(model.alphas_[:40], grid)
        steps = model.alphas_[30:-1] / model.alphas_[31:]
        np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
        assert (model.dual_gap_path_ <= 1e-6).all()


@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_a_grid_that_does_not_bind_stays_as_it_is(estimator):
    X, y = strong_classes(150, 0.5)
    model = estimator(alphas=20, cv=3).fit(X, y)
    ratio = estimator._penalty_ratio
    np.testing.assert_array_equal(model.alphas_, Problem(X, y, "binary").alpha_grid(ratio, 20))


@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_between_classes_that_are_always_separable_the_search_comes_to_rest(estimator):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = rng.standard_normal((60, 2)) + 20 * y[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = estimator(alphas=20, cv=3).fit(X, y)
    assert model.cv_error_path_.mean(axis=1).min() < 1e-3
    assert model.score(X, y) == 1 and np.isfinite(model.coef_).all()


def test_the_unit_of_the_response_does_not_bind_the_elastic_net():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((200, 20)) + rng.standard_normal((200, 1))
    y = X @ rng.standard_normal(20) + rng.standard_normal(200)
    found = []
    for unit in (1.0, 1e3, 1e6):
        model = ElasticNetRegressorCV(cv=5).fit(X, unit * y)
        found.append(1 - model.cv_error_path_.mean(axis=1).min() / (unit * y).var())
    np.testing.assert_allclose(found, found[0], atol=1e-3)


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0])
def test_the_search_ends_before_a_strength_without_certificate(monkeypatch, ratio):
    X, y = strong_classes(1000, 20.0)
    problem = Problem(X, y, "binary")
    path, last = problem.path, problem.alpha_grid(ratio, 20)[-1]

    def poor(alphas, l1_ratio, tol, start=None):
        found = path(alphas, l1_ratio, tol, start)
        found.gap[alphas < 0.5 * last] = 1.0
        return found

    monkeypatch.setattr(problem, "path", poor)
    found = search(problem, ratio, 20, thirds(1000), 1e-6)
    assert (found.path.alphas >= 0.5 * last).all() and found.usable(1e-6).all()
    error = found.error(found.usable(1e-6))
    null = problem.null_error
    chosen = int(error.argmin())
    assert binding_end(problem.loss, found.path, error, chosen, null, False) == "smallest"


def test_what_the_grid_holds_is_what_one_path_through_all_strengths_gives():
    X, y = strong_classes(1000, 20.0)
    problem = Problem(X, y, "binary")
    found = search(problem, 1.0, 15, thirds(1000), 1e-6)
    alphas = found.path.alphas
    assert len(alphas) > 15 and (np.diff(alphas) < 0).all()
    one = problem.path(alphas, 1.0, tol=1e-9)
    np.testing.assert_allclose(found.path.coef, one.coef, rtol=1e-3, atol=1e-4)
    folds = problem.cross_validate(thirds(1000), alphas, 1.0, tol=1e-9)
    np.testing.assert_allclose(found.cv.errors, folds.errors, rtol=1e-3)


def test_an_error_falls_until_a_tenth_of_the_strength_gains_nothing():
    alphas = 10.0 ** -np.arange(5)
    falling = 1 - np.arange(5) / 10
    assert falls(alphas, falling, 1e-4, 1.0)
    assert not falls(alphas, np.array([1, 0.8, 0.5, 0.5, 0.5 - 1e-6]), 1e-4, 1.0)
    assert not falls(alphas, np.array([1, 0.8, 0.5, 0.4, 0.6]), 1e-4, 1.0)
    # the least is below a bottom that lies within
    assert falls(alphas, falling, 1e-2, 1.0)
    # half of a decade has to gain half as much
    fine = np.array([1, 10**-0.5])
    gain = np.array([0.0, 0.8 * module.NEGLIGIBLE])
    assert falls(fine, 1 - gain, fine[-1], 1.0) and not falls(fine, 1 - gain / 2, fine[-1], 1.0)


def test_null_error_is_that_of_the_best_constant():
    y, weight = np.array([0.0, 1, 1, 1]), np.array([3.0, 1, 1, 1])
    X, null = np.zeros((4, 1)), loss_of("binary").null_value(y)
    assert Problem(X, y, "binary").null_error == pytest.approx(null)
    for option in ({"sample_weight": weight}, {"fit_intercept": False}):
        assert Problem(X, y, "binary", **option).null_error == pytest.approx(np.log(2))


OWN = [
    (L2RegressorCV, [1e3, 1e2], "smallest of the strengths alphas, 100: a smaller one"),
    (L2RegressorCV, [1e-9, 1e-8], "largest of the strengths alphas, 1e-08: a larger one"),
    (L1RegressorCV, [0.9, 0.5], "smallest of the strengths alphas, 0.5: a smaller one"),
    (L1ClassifierCV, [1e-3, 1e-4], "largest of the strengths alphas, 0.001: a larger one"),
    (L2ClassifierCV, [1e3, 1e2], "smallest of the strengths alphas, 100: a smaller one"),
]


@pytest.mark.parametrize(("estimator", "alphas", "message"), OWN)
def test_a_choice_at_an_end_of_given_strengths_is_said(estimator, alphas, message):
    X, y = strong_classes(100, 1.0, p=20)
    with pytest.warns(UserWarning, match=message):
        estimator(alphas=alphas, cv=3).fit(X, y)


FREE = [
    (L2RegressorCV, [np.inf, 1e-2, 0.0]),
    (L1RegressorCV, [1e3, 1e-2, 1e-5]),
    (L1RegressorCV, [0.1]),
    (L2ClassifierCV, [np.inf, 1e-1, 1e-2, 1e-3, 1e-5]),
]


@pytest.mark.parametrize(("estimator", "alphas"), FREE)
def test_nothing_is_said_where_no_end_binds(estimator, alphas):
    X, y = strong_classes(100, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator(alphas=alphas, cv=3).fit(X, y)


def test_the_null_model_and_the_limit_of_no_penalty_bind_nothing():
    alphas = np.array([1.0, 0.1])
    coef = np.array([[0.0], [1.0]])
    path = Path(alphas, coef, np.zeros(2), np.zeros(2), np.zeros(2, int))
    loss = loss_of("gaussian")
    rising, falling = np.array([1.0, 2.0]), np.array([2.0, 1.0])
    assert binding_end(loss, path, rising, 0, 1.0, False) == ""
    assert binding_end(loss, path, falling, 1, 1.0, True) == ""
    assert binding_end(loss, path, falling, 1, 1.0, False) == "smallest"
