"""The choice of the strength: equal terms for all penalties, and no choice without a proof."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from normwise.fitting import tuning
from normwise.fitting.names import TUNINGS
from normwise.fitting.penalty import Mix, mixes
from normwise.fitting.tuning import choose, fit, fold_labels
from normwise.solvers import CrossValidation, NoSolutionError, Problem

N_ALPHAS = 15
TOLERANCE = 1e-6
TUNED = {name: p for name, p in mixes(0.5).items() if p.tuned}
RESPONSES = ["gaussian", "binary"]
TRUE_COEF = np.array([2.0, -1.5, 0, 0, 0, 0])


def problem(rng, response: str, n: int = 47) -> tuple[np.ndarray, np.ndarray]:
    """Features on different scales, off the origin."""
    X = (rng.standard_normal((n, 6)) + 1) * np.array([1, 2, 0.1, 1, 10, 1]) + 5
    predictor = (X - X.mean(axis=0)) @ (TRUE_COEF / np.array([1, 2, 0.1, 1, 10, 1]))
    if response == "binary":
        return X, (rng.random(n) < expit(predictor / 3)).astype(float)
    return X, predictor + 2 * rng.standard_normal(n)


def distance(coef, intercept):
    """A stand-in for the population risk."""
    return ((coef - TRUE_COEF) ** 2).sum(axis=1)


def fitted(rng, penalty: Mix, response: str, risk=distance):
    X, y = problem(rng, response)
    folds = fold_labels(y, 5, response, rng)
    return X, y, folds, fit(X, y, penalty, response, folds, N_ALPHAS, TOLERANCE, risk)


def sklearn_model(alpha: float, penalty: Mix, response: str, n: int):
    """The same problem in scikit-learn's terms, for ``n`` rows."""
    a = penalty.l1_ratio
    if response == "binary":
        solver = "saga" if a else "lbfgs"
        return LogisticRegression(
            C=1 / (n * alpha), l1_ratio=a, solver=solver, random_state=0, tol=1e-9, max_iter=50_000
        )
    if a == 0:
        return Ridge(alpha=n * alpha)
    if a == 1:
        return Lasso(alpha=alpha, tol=1e-10, max_iter=100_000)
    return ElasticNet(alpha=alpha, l1_ratio=a, tol=1e-10, max_iter=100_000)


def sklearn_cv(X, y, folds, alpha, penalty, response) -> tuple[float, float]:
    """Cross-validated loss and its standard error over folds, standardising within folds."""
    losses, sizes = [], []
    for k in range(folds.max() + 1):
        train, test = folds != k, folds == k
        scaler = StandardScaler().fit(X[train])
        model = sklearn_model(alpha, penalty, response, train.sum())
        model.fit(scaler.transform(X[train]), y[train])
        Z = scaler.transform(X[test])
        if response == "binary":
            predictor = model.decision_function(Z)
            each = np.logaddexp(0, predictor) - y[test] * predictor
        else:
            each = (y[test] - model.predict(Z)) ** 2
        losses.append(each.mean())
        sizes.append(test.sum())
    mean = np.average(losses, weights=sizes)
    variance = np.average((np.array(losses) - mean) ** 2, weights=sizes)
    return mean, np.sqrt(variance / (len(losses) - 1))


@pytest.mark.parametrize("response", RESPONSES)
def test_all_penalties_get_the_same_number_of_candidates(rng, response):
    X, y = problem(rng, response)
    of = Problem(X, y, response)
    grids = [of.alpha_grid(penalty.l1_ratio, N_ALPHAS) for penalty in TUNED.values()]
    assert [len(grid) for grid in grids] == [N_ALPHAS] * 3
    assert all((np.diff(grid) < 0).all() for grid in grids)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("penalty", TUNED)
def test_candidates_start_at_the_null_model(rng, penalty, response):
    *_, found = fitted(rng, TUNED[penalty], response)
    assert not found.path.coef[0].any()
    assert found.path.coef[1].any()


@pytest.mark.parametrize("penalty", TUNED)
def test_least_squares_candidates_end_at_no_penalty(rng, penalty):
    X, y, _, found = fitted(rng, TUNED[penalty], "gaussian")
    design = np.column_stack([np.ones(len(y)), X])
    expected = np.linalg.lstsq(design, y)[0]
    np.testing.assert_allclose(found.path.coef[-1], expected[1:], rtol=1e-3)
    assert found.path.intercept[-1] == pytest.approx(expected[0], rel=1e-2)


def test_the_strongest_candidates_of_ridge_do_not_bind(rng):
    # beyond the strongest finite strength lies only the null model itself
    X, *_, found = fitted(rng, TUNED["l2"], "gaussian")
    slopes = found.path.coef * X.std(axis=0)
    assert np.abs(slopes[1]).max() < 0.02 * np.abs(slopes[-1]).max()


def test_a_response_without_variation_is_fitted_by_the_null_model(rng):
    X, _ = problem(rng, "gaussian")
    y = np.full(len(X), 3.0)
    for penalty in TUNED.values():
        folds = fold_labels(y, 5, "gaussian", rng)
        found = fit(X, y, penalty, "gaussian", folds, N_ALPHAS, TOLERANCE, distance)
        np.testing.assert_allclose(found.path.coef, 0, atol=1e-12)
        np.testing.assert_allclose(found.path.intercept, 3.0)


@pytest.mark.parametrize(("n", "n_folds"), [(45, 5), (23, 4), (10, 5)])
def test_folds_are_balanced(rng, n, n_folds):
    sizes = np.bincount(fold_labels(rng.standard_normal(n), n_folds, "gaussian", rng))
    assert len(sizes) == n_folds
    assert np.ptp(sizes) <= 1


@pytest.mark.parametrize("n_positive", [5, 13, 37])
def test_folds_are_stratified_and_balanced_for_classes(rng, n_positive):
    y = np.zeros(50)
    y[:n_positive] = 1
    labels = fold_labels(y, 5, "binary", rng)
    assert np.ptp(np.bincount(labels)) <= 1
    assert np.ptp(np.bincount(labels[y == 1], minlength=5)) <= 1
    assert np.ptp(np.bincount(labels[y == 0], minlength=5)) <= 1


def test_folds_are_random_and_follow_the_generator():
    y = np.zeros(60)
    first, again, other = (
        fold_labels(y, 5, "gaussian", np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    # two random labellings agree on one row in five
    assert (first == other).mean() < 0.5
    assert abs(np.corrcoef(first, np.arange(60))[0, 1]) < 0.5


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("penalty", TUNED)
def test_cross_validation_equals_brute_force_with_scikit_learn(rng, penalty, response):
    X, y, folds, found = fitted(rng, TUNED[penalty], response)
    finite = np.isfinite(found.path.alphas) & (found.path.alphas > 0)
    scores = np.array(
        [
            sklearn_cv(X, y, folds, alpha, TUNED[penalty], response)
            for alpha in found.path.alphas[finite]
        ]
    )
    tolerance = 1e-6 if response == "gaussian" else 1e-3
    # saga takes a step without a nonzero coefficient for convergence, before the intercept has
    # converged: its nearly null model is not compared
    first = int(response == "binary" and penalty != "l2")
    np.testing.assert_allclose(found.cv_error[finite][first:], scores[first:, 0], rtol=tolerance)
    assert found.chosen[0] == np.flatnonzero(finite)[scores[:, 0].argmin()]
    # the strongest penalty whose error lies within a standard error of the smallest
    best = scores[:, 0].argmin()
    within = found.cv_error <= scores[best].sum()
    assert found.chosen[1] == np.flatnonzero(within)[0]
    assert found.chosen[1] < found.chosen[0]


@pytest.mark.parametrize("seed", range(8))
def test_one_se_rule_on_a_fine_grid_equals_brute_force_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    X, y = problem(rng, "gaussian")
    folds = fold_labels(y, 5, "gaussian", rng)
    found = fit(X, y, TUNED["l1"], "gaussian", folds, 60, TOLERANCE, distance)
    scores = [sklearn_cv(X, y, folds, a, TUNED["l1"], "gaussian") for a in found.path.alphas[:-1]]
    best = min(scores)
    allowed = np.flatnonzero([score[0] <= sum(best) for score in scores])
    assert found.chosen[1] == allowed[0]


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("penalty", TUNED)
@pytest.mark.parametrize("seed", range(5))
def test_one_se_rule_is_never_weaker_and_the_oracle_never_worse(seed, penalty, response):
    *_, found = fitted(np.random.default_rng(seed), TUNED[penalty], response)
    best, one_se, oracle = found.chosen
    assert found.path.alphas[one_se] >= found.path.alphas[best]
    assert found.cv_error[best] == found.cv_error.min()
    risk = distance(found.path.coef, found.path.intercept)
    assert risk[oracle] == risk.min()


def test_oracle_follows_the_risk_it_is_given(rng):
    def null_is_best(coef, intercept):
        return np.abs(coef).sum(axis=1)

    *_, found = fitted(rng, TUNED["l1"], "gaussian", null_is_best)
    assert found.chosen[TUNINGS.index("oracle")] == 0
    assert found.chosen[TUNINGS.index("cv_min")] > 0


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("penalty", TUNED)
@pytest.mark.parametrize("where", ["all rows", "one fold"])
def test_an_uncertified_candidate_is_never_chosen(rng, monkeypatch, penalty, response, where):
    X, y, folds, free = fitted(rng, TUNED[penalty], response)
    spoilt = np.unique(free.chosen)

    class Doubtful(Problem):
        def path(self, *args):
            path = super().path(*args)
            if where == "all rows":
                path.gap[spoilt] = 2 * TOLERANCE
            return path

        def cross_validate(self, *args):
            cv = super().cross_validate(*args)
            if where == "one fold":
                cv.gap[2, spoilt] = 2 * TOLERANCE
            return cv

    monkeypatch.setattr(tuning, "problem_of", Doubtful)
    found = fit(X, y, TUNED[penalty], response, folds, N_ALPHAS, TOLERANCE, distance)
    np.testing.assert_array_equal(found.path.coef, free.path.coef)
    assert not set(found.chosen) & set(spoilt)
    assert found.n_uncertified == len(spoilt)
    if where == "one fold":
        assert found.fold_gap == 2 * TOLERANCE


@pytest.mark.parametrize("gap", [1.0, np.nan])
@pytest.mark.parametrize("penalty", ["none", "l1", "l2"])
@pytest.mark.parametrize("where", ["all rows", "folds"])
def test_without_any_certificate_there_is_no_solution(rng, monkeypatch, penalty, gap, where):
    class Doubtful(Problem):
        def path(self, *args):
            path = super().path(*args)
            return replace(path, gap=np.full(len(path.gap), gap)) if where == "all rows" else path

        def cross_validate(self, *args):
            cv = super().cross_validate(*args)
            return replace(cv, gap=np.full(cv.gap.shape, gap)) if where == "folds" else cv

    monkeypatch.setattr(tuning, "problem_of", Doubtful)
    if penalty == "none" and where == "folds":
        # there is nothing to choose, and no fold
        assert fitted(rng, mixes(0.5)[penalty], "gaussian")[-1].n_uncertified == 0
        return
    with pytest.raises(NoSolutionError):
        fitted(rng, mixes(0.5)[penalty], "gaussian")


@pytest.mark.parametrize("share", [0.01, 3.0])
def test_an_unpenalised_fit_needs_its_certificate(rng, monkeypatch, share):
    class Doubtful(Problem):
        def path(self, *args):
            return replace(super().path(*args), gap=np.array([share * TOLERANCE]))

    monkeypatch.setattr(tuning, "problem_of", Doubtful)
    if share > 1:
        with pytest.raises(NoSolutionError):
            fitted(rng, mixes(0.5)["none"], "gaussian")
    else:
        assert fitted(rng, mixes(0.5)["none"], "gaussian")[-1].path.coef.any()


def test_separable_classes_have_no_unpenalised_fit_but_penalised_ones(rng):
    X, _ = problem(rng, "gaussian")
    y = (X[:, 0] > np.median(X[:, 0])).astype(float)
    folds = fold_labels(y, 5, "binary", rng)
    for name, penalty in mixes(0.5).items():
        args = (X, y, penalty, "binary", folds, N_ALPHAS, TOLERANCE, distance)
        if name == "none":
            with pytest.raises(NoSolutionError):
                fit(*args)
        else:
            assert np.isfinite(fit(*args).path.coef).all()


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_a_class_seen_once_has_no_solution_under_any_penalty(rng, penalty):
    # the fold that holds it trains on one class, where no intercept is finite
    X, _ = problem(rng, "gaussian")
    y = np.zeros(len(X))
    y[3] = 1.0
    folds = fold_labels(y, 5, "binary", rng)
    with pytest.raises(NoSolutionError):
        fit(X, y, TUNED[penalty], "binary", folds, N_ALPHAS, TOLERANCE, distance)


@pytest.mark.parametrize("penalty", ["none", "l1", "l2"])
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_single_class_has_no_solution_under_any_penalty(rng, penalty, label):
    X, _ = problem(rng, "gaussian")
    y = np.full(len(X), label)
    folds = fold_labels(y, 5, "binary", rng)
    with pytest.raises(NoSolutionError):
        fit(X, y, mixes(0.5)[penalty], "binary", folds, N_ALPHAS, TOLERANCE, distance)


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("penalty", mixes(0.5))
def test_units_and_origin_of_the_features_do_not_matter(penalty, response):
    rng = np.random.default_rng(4)
    X, y = problem(rng, response)
    folds = fold_labels(y, 5, response, rng)
    unit, origin = np.array([1e3, 1, 1e-3, 1, 7, 1]), np.arange(6.0)

    def predictions(features):
        args = (mixes(0.5)[penalty], response, folds, N_ALPHAS, TOLERANCE)
        found = fit(features, y, *args, lambda coef, intercept: np.zeros(len(coef)))
        t = found.chosen[0]
        return found.path.intercept[t] + features @ found.path.coef[t]

    tolerance = 1e-6 if response == "gaussian" else 1e-3
    np.testing.assert_allclose(
        predictions(X * unit + origin), predictions(X), rtol=tolerance, atol=tolerance
    )


@pytest.mark.parametrize("penalty", TUNED)
def test_a_column_constant_in_some_fold_does_no_harm(rng, penalty):
    X, y = problem(rng, "gaussian")
    folds = fold_labels(y, 5, "gaussian", rng)
    X[:, 5] = 0.0
    X[np.flatnonzero(folds == 0)[:2], 5] = 1.0
    found = fit(X, y, TUNED[penalty], "gaussian", folds, N_ALPHAS, TOLERANCE, distance)
    assert np.isfinite(found.cv_error).all()
    assert found.n_uncertified == 0


@pytest.mark.parametrize("response", RESPONSES)
@pytest.mark.parametrize("penalty", TUNED)
def test_engines_agree_on_errors_and_choices(rng, penalty, response):
    X, y, folds, native = fitted(rng, TUNED[penalty], response)
    args = (N_ALPHAS, TOLERANCE, distance, "scikit-learn")
    other = fit(X, y, TUNED[penalty], response, folds, *args)
    assert native.n_uncertified == other.n_uncertified == 0
    np.testing.assert_array_equal(native.chosen, other.chosen)
    np.testing.assert_allclose(native.path.alphas, other.path.alphas, rtol=1e-12)
    # a relative gap of 1e-6 leaves errors of about its root
    tolerance = 1e-3 if response == "binary" or penalty != "l2" else 1e-8
    np.testing.assert_allclose(native.cv_error, other.cv_error, rtol=tolerance)


def cross_validation(errors, weight=None) -> CrossValidation:
    errors = np.array(errors, float)
    weight = np.ones(len(errors)) if weight is None else np.array(weight, float)
    return CrossValidation(errors, np.zeros(errors.shape), 0, weight)


def test_choice_of_known_errors():
    # means 5, 3, 2, 2.5; the standard error of the third is sqrt(var / (4 - 1))
    errors = [[7, 4, 3, 3], [5, 3, 2, 3], [4, 3, 2, 2], [4, 2, 1, 2]]
    everyone = np.ones(4, bool)
    error, best, one_se = choose(cross_validation(errors), everyone)
    np.testing.assert_allclose(error, [5, 3, 2, 2.5])
    assert (best, one_se) == (2, 2)  # 2 + 0.408 < 3
    spread = [[7, 4, 5, 3], [5, 3, 2, 3], [4, 3, 1, 2], [4, 2, 0, 2]]
    assert choose(cross_validation(spread), everyone)[1:] == (2, 1)  # 2 + 1.08 > 3


def test_choice_takes_only_what_is_usable():
    errors = [[7, 4, 3, 3], [5, 3, 2, 3], [4, 3, 2, 2], [4, 2, 1, 2]]
    error, best, one_se = choose(cross_validation(errors), np.array([True, True, False, True]))
    np.testing.assert_allclose(error, [5, 3, 2, 2.5])
    assert (best, one_se) == (3, 3)
    only = np.array([True, False, False, False])
    assert choose(cross_validation(errors), only)[1:] == (0, 0)


def test_choice_weighs_folds_by_their_rows():
    errors = [[1.0, 2.0], [4.0, 2.0]]
    assert choose(cross_validation(errors, [9, 1]), np.ones(2, bool))[1] == 0
    assert choose(cross_validation(errors, [1, 9]), np.ones(2, bool))[1] == 1
    # the units of the weights do not matter
    first, second = (
        choose(cross_validation(errors, w), np.ones(2, bool)) for w in ([3, 1], [6, 2])
    )
    np.testing.assert_allclose(first[0], second[0])
    np.testing.assert_allclose(first[0], [1.75, 2.0])
    assert first[1:] == second[1:]


def test_choice_from_one_fold_has_no_standard_error():
    assert choose(cross_validation([[3.0, 2.0, 1.0]]), np.ones(3, bool))[1:] == (2, 2)


def test_of_equal_errors_the_stronger_penalty_wins():
    assert choose(cross_validation([[2.0, 1.0, 1.0]] * 3), np.ones(3, bool))[1:] == (1, 1)
