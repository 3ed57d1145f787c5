"""Exact theory against simulation through the functions of the pipeline."""

import numpy as np
import pytest
from scipy.special import expit, ndtri
from threadpoolctl import threadpool_limits

from normwise.analysis.measure.metrics import bias_variance
from normwise.data.population import Population, draw, population
from normwise.data.scenario import Scenario
from normwise.fitting.penalty import mixes
from normwise.fitting.risk import excess_risk
from normwise.fitting.tuning import fit, fold_labels
from normwise.solvers import Problem, fit_path
from normwise.theory import (
    bayes_log_loss,
    irrepresentable_constant,
    lasso_optimal_risk,
    lasso_risk,
    lasso_risk_general,
    linear_shrinkage_risk,
    logistic_risk,
    mle_threshold,
    ols_risk,
    phase_boundary,
    ridge_conditional,
    ridge_optimal_risk,
    ridge_risk,
    ridge_training_error,
    soft_threshold_risk,
    support_recovery_samples,
)


def least_squares_risks(s: Scenario, replicates: int) -> np.ndarray:
    """Excess risks of the unpenalised fit as the study computes them."""
    truth = population(s, 11)
    found = np.empty(replicates)
    for r in range(replicates):
        X, y = draw(s, 11, r)
        folds = fold_labels(y, 5, "gaussian", np.random.default_rng(r))
        result = fit(
            X, y, mixes(0.5)["none"], "gaussian", folds, 1, 1e-6, lambda c, i: np.zeros(len(c))
        )
        found[r] = excess_risk(truth, result.path.coef, result.path.intercept)[0]
    return found


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario(30, 6, 3, snr=0.5),
        Scenario(30, 6, 6, covariance="ar1", correlation=0.95, snr=5.0),
        Scenario(40, 25, 5, covariance="blocks", correlation=0.8),
    ],
    ids=["independent", "ar1", "blocks"],
)
def test_least_squares_has_its_exact_risk_for_any_covariance(scenario):
    risks = least_squares_risks(scenario, 800)
    mcse = risks.std(ddof=1) / np.sqrt(len(risks))
    predicted = ols_risk(scenario.n_samples, scenario.n_features, 1.0, fit_intercept=True)
    assert abs(risks.mean() - predicted) < 3 * mcse
    # precise enough for the check to mean something
    assert mcse < 0.05 * predicted


def test_least_squares_without_an_intercept(rng):
    n, p = 30, 6
    coef = rng.standard_normal(p)
    risks = []
    for _ in range(3000):
        X = rng.standard_normal((n, p))
        y = X @ coef + 1.5 * rng.standard_normal(n)
        risks.append(((np.linalg.lstsq(X, y)[0] - coef) ** 2).sum())
    mcse = np.std(risks) / np.sqrt(len(risks))
    assert np.mean(risks) == pytest.approx(ols_risk(n, p, 1.5**2), abs=3 * mcse)


def test_least_squares_risk_of_known_cases():
    # sigma^2 p / (n - p - 1)
    assert ols_risk(100, 50, 2.0) == pytest.approx(100 / 49)
    # with no feature at all, only the variance of the mean is left
    assert ols_risk(20, 0, 3.0, fit_intercept=True) == pytest.approx(3 / 20)
    assert ols_risk(20, 5, 1.0, fit_intercept=True) > ols_risk(20, 5, 1.0)


@pytest.mark.parametrize(("n", "p"), [(10, 10), (10, 9), (5, 20)])
def test_least_squares_risk_is_infinite_where_it_does_not_exist(n, p):
    assert ols_risk(n, p, 1.0) == np.inf
    assert ols_risk(n, p, 1.0, fit_intercept=True) == np.inf


@pytest.mark.parametrize("shape", [(25, 8), (15, 30)])
@pytest.mark.parametrize("alpha", [0.01, 0.5])
def test_ridge_given_the_features_has_its_exact_bias_and_variance(rng, shape, alpha):
    n, p = shape
    root = np.linalg.cholesky(0.6 ** np.abs(np.subtract.outer(np.arange(p), np.arange(p))))
    X = rng.standard_normal((n, p)) @ root.T
    X -= X.mean(axis=0)
    coef = rng.standard_normal(p)
    bias2, variance = ridge_conditional(X, root @ root.T, coef, 4.0, alpha)
    found = np.empty((2000, p))
    for i in range(len(found)):
        y = X @ coef + 2.0 * rng.standard_normal(n)
        found[i] = fit_path(X, y, np.array([alpha]), 0.0, "gaussian").coef[0]
    truth = Population(coef, 0.0, root, np.zeros(p), 4.0)
    measured = bias_variance(truth, found, np.zeros(len(found)))
    assert measured["bias2"][0] == pytest.approx(bias2, abs=4 * measured["bias2"][1])
    assert measured["variance"][0] == pytest.approx(variance, abs=4 * measured["variance"][1])
    risk = excess_risk(truth, found, np.zeros(len(found)))
    mcse = risk.std() / np.sqrt(len(risk))
    assert risk.mean() == pytest.approx(bias2 + variance, abs=4 * mcse)


def test_ridge_limits_given_the_features(rng):
    X = rng.standard_normal((20, 5))
    coef, covariance = rng.standard_normal(5), np.eye(5)
    bias2, variance = ridge_conditional(X, covariance, coef, 1.0, 1e-12)
    assert bias2 == pytest.approx(0, abs=1e-15)
    assert variance == pytest.approx(np.trace(np.linalg.inv(X.T @ X)))
    bias2, variance = ridge_conditional(X, covariance, coef, 1.0, 1e9)
    assert (bias2, variance) == pytest.approx((coef @ coef, 0.0), abs=1e-6)


# Limits: the check values, then simulations at n = 400


def test_soft_threshold_risk_has_its_known_values(rng):
    assert soft_threshold_risk(0, 1) == pytest.approx(0.1506795667, abs=1e-10)
    assert soft_threshold_risk(2, 0.5) == pytest.approx(1.1191416854, abs=1e-10)
    np.testing.assert_allclose(soft_threshold_risk(np.array([-3.0, 0.0, 0.7]), 0.0), 1.0)
    z = 1.3 + rng.standard_normal(400_000)
    loss = (np.sign(z) * np.maximum(np.abs(z) - 0.8, 0) - 1.3) ** 2
    assert soft_threshold_risk(1.3, 0.8) == pytest.approx(loss.mean(), abs=4 * loss.std() / 632)


def test_linear_shrinkage_risk_is_least_at_the_signal_s_share():
    factor = np.linspace(0, 1, 1001)
    risk = linear_shrinkage_risk(2.0, factor)
    assert factor[np.argmin(risk)] == pytest.approx(0.8)
    assert linear_shrinkage_risk(2.0, 1.0) == 1.0


def test_ridge_limit_has_its_known_values():
    one = np.ones(100)
    alpha, risk = ridge_optimal_risk(one, one / 100, 200, 1.0)
    assert (alpha, risk) == pytest.approx((0.5, 0.4142135624), abs=1e-10)
    # without a penalty: sigma^2 p / (n - p), and the fit of least norm beyond n
    assert ridge_risk(one, one / 100, 200, 1.0, 0.0) == pytest.approx(1.0)
    wide = np.ones(400)
    assert ridge_risk(wide, wide / 400, 200, 1.0, 0.0) == pytest.approx(0.5 + 1.0)
    assert ridge_risk(one, one / 100, 200, 1.0, np.inf) == pytest.approx(1.0)
    assert ridge_risk(one, one / 100, 100, 1.0, 0.0) == np.inf


def test_ridge_limit_with_equal_eigenvalues_has_a_closed_form():
    n, p, size, noise = 150, 240, 2.5, 1.7
    gamma, alphas = p / n, np.geomspace(1e-3, 1e2, 30)
    b = 1 - gamma + alphas
    root = np.sqrt(b**2 + 4 * gamma * alphas)
    m = (-b + root) / (2 * gamma * alphas)
    slope = ((b + 2 * gamma) / root - 1) / (2 * gamma * alphas) - m / alphas
    expected = -size * alphas**2 * slope + noise * gamma * (m + alphas * slope)
    found = ridge_risk(np.ones(p), np.full(p, size / p), n, noise, alphas)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_best_ridge_is_best_for_any_covariance():
    e = np.geomspace(30, 0.01, 80)
    alpha, risk = ridge_optimal_risk(e, 1 / e, 60, 2.0)
    others = ridge_risk(e, 1 / e, 60, 2.0, alpha * np.geomspace(0.01, 100, 401))
    assert risk <= others.min() * (1 + 1e-9)
    # a signal of no size is best left alone, and a strong one without noise needs no penalty
    assert ridge_optimal_risk(np.ones(9), np.zeros(9), 20, 1.0) == (np.inf, 0.0)


def test_lasso_limit_has_its_known_values():
    coef = [0.5] * 20 + [0.0] * 380
    found = lasso_risk(coef, 200, 1.0, 0.0761)
    assert found.risk == pytest.approx(0.6886, abs=5e-5)
    assert found.nonzeros == pytest.approx(81.6, abs=0.05)
    assert found.nonzeros == pytest.approx(
        20 * found.tpr / (1 - found.fdr), rel=1e-9
    )  # selections are true or false
    assert lasso_optimal_risk(coef, 200, 1.0)[1] <= found.risk


@pytest.mark.parametrize(("n", "p", "k"), [(200, 50, 5), (60, 300, 3), (60, 300, 300)])
def test_the_best_lasso_is_best(n, p, k):
    coef = np.r_[np.full(k, np.sqrt(2.0 / k)), np.zeros(p - k)]
    alpha, risk = lasso_optimal_risk(coef, n, 1.0)
    assert lasso_risk(coef, n, 1.0, alpha).risk == pytest.approx(risk, rel=1e-8)
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert lasso_risk(coef, n, 1.0, factor * alpha).risk >= risk


def test_lasso_limit_at_its_ends():
    coef = np.r_[np.ones(5), np.zeros(45)]
    assert lasso_risk(coef, 100, 1.0, np.inf) == (5.0, 0.0, 0.0, 0.0, 6.0)
    assert lasso_risk(coef, 100, 1.0, 50.0).risk == pytest.approx(5.0)
    # hardly a penalty: least squares in the limit, p / (n - p)
    assert lasso_risk(coef, 100, 1.0, 1e-9).risk == pytest.approx(1.0, rel=1e-6)
    # and beyond n as many features as rows
    wide = lasso_risk(np.r_[np.ones(5), np.zeros(295)], 100, 1.0, 1e-6)
    assert wide.nonzeros == pytest.approx(100, rel=1e-3)
    assert np.isnan(lasso_risk(np.zeros(9), 20, 1.0, 0.1).tpr)


# small products: threads would wait for each other
@threadpool_limits.wrap(limits=1)
def simulated(coef, root, noise_var, n, alpha, l1_ratio, replicates, rng, response="gaussian"):
    """Excess risk, nonzeros and training error of fits without intercept or scaling."""
    out = []
    for _ in range(replicates):
        X = rng.standard_normal((n, len(coef))) @ root.T
        y = X @ coef
        if response == "binary":
            y = (rng.random(n) < expit(y)).astype(float)
        else:
            y = y + np.sqrt(noise_var) * rng.standard_normal(n)
        problem = Problem(X, y, response, standardize=False, fit_intercept=False)
        b = problem.path(np.array([alpha]), l1_ratio).coef[0]
        error = root.T @ (b - coef)
        out.append((error @ error, np.count_nonzero(b), ((y - X @ b) ** 2).mean()))
        if response == "binary":
            kappa2, size, cross = coef @ coef, b @ b, coef @ b
            out[-1] = (b, kappa2, size, cross)
    return out


def ar1_root(p, rho):
    return np.linalg.cholesky(rho ** np.abs(np.subtract.outer(np.arange(p), np.arange(p))))


def test_limits_agree_with_simulation_at_400_rows(rng):
    """Median deviation of all limits under two per cent."""
    n, deviations = 400, []
    for p, k, rho, snr in [(200, 10, 0.0, 1.0), (800, 20, 0.0, 3.0), (300, 30, 0.8, 2.0)]:
        root = ar1_root(p, rho)
        covariance = root @ root.T
        coef = np.zeros(p)
        coef[:: p // k][:k] = 1.0
        coef *= np.sqrt(snr / (coef @ covariance @ coef))
        values, vectors = np.linalg.eigh(covariance)
        signal = (vectors.T @ coef) ** 2
        alpha, risk = ridge_optimal_risk(values, signal, n, 1.0)
        found = np.mean(simulated(coef, root, 1.0, n, alpha, 0.0, 40, rng), axis=0)
        training = ridge_training_error(values, signal, n, 1.0, alpha)
        deviations += [found[0] / risk - 1, found[2] / training - 1]
        if rho:
            predicted = lasso_risk_general(covariance, coef, n, 1.0, 0.08, 200, rng)
            alpha = 0.08
        else:
            alpha = lasso_optimal_risk(coef, n, 1.0)[0]
            predicted = lasso_risk(coef, n, 1.0, alpha)
        found = np.mean(simulated(coef, root, 1.0, n, alpha, 1.0, 40, rng), axis=0)
        deviations += [
            found[0] / predicted.risk - 1,
            found[1] / predicted.nonzeros - 1,
            found[2] / predicted.training_error - 1,
        ]
    assert np.median(np.abs(deviations)) < 0.02
    assert np.max(np.abs(deviations)) < 0.08


def test_general_lasso_limit_is_the_isotropic_one_without_correlation():
    coef = np.r_[np.full(10, 0.4), np.zeros(90)]
    exact = lasso_risk(coef, 80, 1.0, 0.1)
    found = lasso_risk_general(np.eye(100), coef, 80, 1.0, 0.1, 2000, 0)
    np.testing.assert_allclose(found, exact, rtol=0.03)
    # many more features than rows and hardly a penalty: still a fixed point, below n nonzeros
    wide = np.r_[np.full(60, 0.4), np.zeros(240)]
    exact = lasso_risk(wide, 60, 1.0, 0.005)
    found = lasso_risk_general(np.eye(300), wide, 60, 1.0, 0.005, 200, 0)
    assert found.risk == pytest.approx(exact.risk, rel=0.03)
    assert found.nonzeros == pytest.approx(exact.nonzeros, rel=0.01)


def test_logistic_limit_has_its_known_values():
    coef = [3 / 40**0.5] * 40 + [0.0] * 360
    l2 = logistic_risk("l2", coef, 800, 0.3)
    assert (l2.log_loss, l2.error) == pytest.approx((0.5635, 0.2772), abs=5e-5)
    assert l2.share_nonzero == 1
    # the source's lambda is divided by the root of p
    l1 = logistic_risk("l1", coef, 800, 0.2 / 400**0.5)
    assert l1.log_loss == pytest.approx(0.4554, abs=5e-5)
    assert l1.share_nonzero == pytest.approx(0.388, abs=5e-4)


@pytest.mark.parametrize(("penalty", "alpha", "l1_ratio"), [("l1", 0.02, 1.0), ("l2", 0.1, 0.0)])
def test_logistic_limit_agrees_with_simulation(rng, penalty, alpha, l1_ratio):
    p, n = 200, 400
    coef = np.r_[np.full(20, 2 / 20**0.5), np.zeros(p - 20)]
    predicted = logistic_risk(penalty, coef, n, alpha)
    rows = simulated(coef, np.eye(p), 0.0, n, alpha, l1_ratio, 40, rng, "binary")
    z = rng.standard_normal((200_000, 2))
    losses, errors, nonzeros = [], [], []
    for b, kappa2, size, cross in rows:
        eta = np.sqrt(kappa2) * z[:, 0]
        u = cross / np.sqrt(kappa2) * z[:, 0] + np.sqrt(size - cross**2 / kappa2) * z[:, 1]
        chance = expit(eta)
        losses.append((np.logaddexp(0, u) - chance * u).mean())
        errors.append(np.where(u > 0, 1 - chance, chance).mean())
        nonzeros.append(np.mean(b != 0))
    assert np.mean(losses) == pytest.approx(predicted.log_loss, rel=0.02)
    assert np.mean(errors) == pytest.approx(predicted.error, rel=0.02)
    assert np.mean(nonzeros) == pytest.approx(predicted.share_nonzero, rel=0.04)


def test_floor_of_the_log_loss():
    for kappa, expected in ((1, 0.59944), (2, 0.46201), (3, 0.36054)):
        assert bayes_log_loss(kappa) == pytest.approx(expected, abs=5e-6)
    assert bayes_log_loss(0) == pytest.approx(np.log(2))


def test_existence_of_the_logistic_fit():
    for kappa, expected in ((0, 0.5), (2, 0.3449), (5, 0.1851)):
        assert mle_threshold(kappa) == pytest.approx(expected, abs=5e-5)


def test_phase_boundary_has_its_known_values():
    assert phase_boundary(1.0, 1.22) == pytest.approx(0.192, abs=5e-4)
    assert phase_boundary(10.0, 1.22) == pytest.approx(0.0209, abs=5e-5)


@pytest.mark.parametrize("gamma", [0.4, 2.0])
@pytest.mark.parametrize("signal", ["equal", "gaussian"])
def test_on_the_boundary_the_two_best_risks_are_equal(gamma, signal):
    snr, n = 2.0, 50_000
    share = phase_boundary(gamma, snr, signal)
    p = round(gamma * n)
    k = round(share * p)
    coef = np.zeros(p)
    coef[:k] = 1.0 if signal == "equal" else ndtri((np.arange(k) + 0.5) / k)
    coef *= np.sqrt(snr / (coef @ coef))
    if signal == "gaussian":
        # as many sizes as needed for the law
        assert len(np.unique(np.abs(coef))) > 1000
    lasso = lasso_optimal_risk(coef, n, 1.0)[1]
    ridge = ridge_optimal_risk(np.ones(p), coef**2, n, 1.0)[1]
    assert lasso == pytest.approx(ridge, rel=2e-3)


def test_phase_boundary_of_a_map_is_that_of_its_points():
    gamma, snr = np.meshgrid([0.2, 1.0, 5.0], [0.1, 1.0, 10.0])
    found = phase_boundary(gamma, snr)
    assert found.shape == gamma.shape
    assert found[1, 2] == pytest.approx(phase_boundary(5.0, 1.0))
    # more features, or a weaker signal, ask for more sparsity
    assert (np.diff(found, axis=1) < 0).all()
    assert (np.diff(found, axis=0) > 0).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda: lasso_risk([1.0], 10, 1.0, 0.0),
        lambda: lasso_risk([], 10, 1.0, 0.1),
        lambda: lasso_risk([1.0], 10, 0.0, 0.1),
        lambda: ridge_risk([1.0], [1.0], 10, 1.0, -1.0),
        lambda: logistic_risk("l1", [0.0], 10, 0.1),
        lambda: logistic_risk("none", [1.0], 10, 0.1),
        lambda: phase_boundary(1.0, 1.0, "uniform"),
        lambda: phase_boundary(0.0, 1.0),
        lambda: lasso_risk_general(np.eye(3), [1.0, 0.0], 10, 1.0, 0.1),
        lambda: lasso_risk_general(-np.eye(2), [1.0, 0.0], 10, 1.0, 0.1),
    ],
)
def test_arguments_without_a_meaning_are_refused(call):
    with pytest.raises(ValueError):
        call()


def test_support_recovery_and_irrepresentable_constant():
    assert support_recovery_samples(512, 8) == pytest.approx(16 * np.log(504))
    covariance = np.eye(3)
    covariance[2, :2] = covariance[:2, 2] = 0.6
    assert irrepresentable_constant(covariance, [1.0, 1.0, 0.0]) == pytest.approx(1.2)
    assert irrepresentable_constant(covariance, [1.0, -1.0, 0.0]) == pytest.approx(0.0)


def test_a_rotation_changes_the_lasso_and_not_ridge(rng):
    """Ng (2004): a rotation-invariant fit cannot know which inputs matter."""
    X = rng.standard_normal((40, 15))
    y = X[:, 0] * 3 + rng.standard_normal(40)
    Q = np.linalg.qr(rng.standard_normal((15, 15)))[0]
    new = rng.standard_normal((30, 15))
    for l1_ratio, same in ((0.0, True), (1.0, False)):
        straight = fit_path(X, y, np.array([0.3]), l1_ratio, "gaussian").coef[0]
        turned = fit_path(X @ Q, y, np.array([0.3]), l1_ratio, "gaussian").coef[0]
        assert np.allclose(new @ straight, new @ Q @ turned, atol=1e-8) == same
