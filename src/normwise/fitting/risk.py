"""The population loss of fitted models: exact where the truth is known."""

from __future__ import annotations

from functools import cache, cached_property

import numpy as np
from scipy.special import expit

from normwise.data.batch import Batch
from normwise.data.population import Population
from normwise.data.response_kind import kind_of
from normwise.fitting.loss import Loss, Risk, loss_of

N_NODES = 64
# standard deviations beyond which a normal variable has no weight in floating point
TAIL = 9.0
NEWTON_STEPS = 10
ROUNDING = 1e-10


def excess_risk(truth: Population, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
    r"""Exact excess risk :math:`(b-\beta)^T \Sigma (b-\beta)` plus the squared mean error.

    Parameters
    ----------
    truth : Population
    coef : ndarray of shape (..., n_features)
    intercept : ndarray of shape (...)

    Returns
    -------
    ndarray of shape (...)
        The expected squared error on a new row, minus the noise variance.
    """
    error = coef - truth.coef
    shift = intercept - truth.intercept + error @ truth.mean
    return truth.variance(error) + shift**2


@cache
def gauss_hermite() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for the expectation over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    return nodes, weights / weights.sum()


@cache
def _gauss_legendre() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(N_NODES)
    return nodes, weights


class PredictorLaw:
    """Joint law of the true and the fitted linear predictor.

    For Gaussian features it is bivariate normal and expectations are by Gauss quadrature;
    otherwise they are means over the rows of ``X_test``.

    Parameters
    ----------
    truth : Population
    coef : ndarray of shape (..., n_features)
    intercept : ndarray of shape (...)
    X_test : ndarray of shape (n_test, n_features), optional
    """

    def __init__(
        self,
        truth: Population,
        coef: np.ndarray,
        intercept: np.ndarray,
        X_test: np.ndarray | None = None,
    ) -> None:
        self.sampled = X_test is not None
        if X_test is not None:
            self.true = np.broadcast_to(truth.predictor(X_test), (*coef.shape[:-1], len(X_test)))
            self.fitted = intercept[..., None] + coef @ X_test.T.astype(float, copy=False)
            return
        self.nodes, self.weights = gauss_hermite()
        self.true_mean = float(truth.intercept) + float(truth.mean @ truth.coef)
        self.true_var = truth.signal_var
        self.mean = intercept + coef @ truth.mean
        self.var = truth.variance(coef)
        # u'Sv from quadratic forms: (|u+v|^2 - |u-v|^2) / 4
        both = truth.variance(coef + truth.coef)
        apart = truth.variance(coef - truth.coef)
        self.cov = (both - apart) / 4

    def _over_true(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """True predictor at the nodes; mean and sd of the fitted one given it."""
        true = self.true_mean + np.sqrt(self.true_var) * self.nodes
        slope = self.cov / self.true_var if self.true_var > 0 else np.zeros_like(self.cov)
        mean = self.mean[..., None] + slope[..., None] * (true - self.true_mean)
        return true, mean, np.sqrt(np.maximum(self.var - slope * self.cov, 0.0))

    @cached_property
    def _split(self) -> tuple[np.ndarray, np.ndarray]:
        """Nodes and weights over the fitted predictor, on either side of zero.

        A steep logistic curve is nearly a step at zero, which no rule for smooth functions sees.
        """
        sd = np.sqrt(self.var)
        with np.errstate(divide="ignore", invalid="ignore"):
            zero = np.clip(np.where(sd > 0, -self.mean / sd, 0.0), -TAIL, TAIL)[..., None]
        unit, weights = _gauss_legendre()
        left, right = (zero + TAIL) / 2, (TAIL - zero) / 2
        z = np.concatenate([-TAIL + left * (1 + unit), zero + right * (1 + unit)], axis=-1)
        weights = np.concatenate([left * weights, right * weights], axis=-1)
        weights = weights * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        return self.mean[..., None] + sd[..., None] * z, weights

    @cached_property
    def _class_given(self) -> np.ndarray:
        """Probability of a one given the fitted predictor at the nodes of `_split`."""
        fitted = self._split[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.where(self.var > 0, self.cov / self.var, 0.0)
        sd = np.sqrt(np.maximum(self.true_var - slope * self.cov, 0.0))
        mean = self.true_mean + slope[..., None] * (fitted - self.mean[..., None])
        return expit(mean[..., None] + sd[..., None, None] * self.nodes) @ self.weights

    def true_predictor(self) -> tuple[np.ndarray, np.ndarray]:
        """Values of the true predictor that stand for its law, and their weights of sum one."""
        if self.sampled:
            true = self.true.reshape(-1, self.true.shape[-1])[0]
            return true, np.full(len(true), 1 / len(true))
        return self.true_mean + np.sqrt(self.true_var) * self.nodes, self.weights

    def expected(self, loss: Loss) -> np.ndarray:
        """Expected loss on a new row whose response has the mean that the true predictor says.

        Up to a part that no predictor changes: see `Loss.expected_each`.
        """
        if self.sampled:
            each = loss.expected_each(loss.mean_of(self.true), self.fitted)
            return np.asarray(each.mean(axis=-1))
        known = loss.expected_normal(self.true_mean, self.true_var, self.mean, self.var, self.cov)
        if known is not None:
            return known
        true, mean, _ = self._over_true()
        fitted, weights = self._split
        same = (loss.cumulant(fitted) * weights).sum(axis=-1)
        return np.asarray(loss.factor * (same - (loss.mean_of(true) * mean) @ self.weights))

    def log_loss(self) -> np.ndarray:
        """Expected log-loss on a new row."""
        return self.expected(loss_of("binary"))

    def error_rate(self) -> np.ndarray:
        """Probability that the more probable predicted class is wrong; ties count one half."""
        if self.sampled:
            one = expit(self.true)
            wrong = np.where(self.fitted > 0, 1 - one, np.where(self.fitted < 0, one, 0.5))
            return wrong.mean(axis=-1)
        fitted, weights = self._split
        one = self._class_given
        wrong = np.where(fitted > 0, 1 - one, np.where(fitted < 0, one, 0.5))
        return (wrong * weights).sum(axis=-1)

    def brier_score(self) -> np.ndarray:
        """Expected squared error of the predicted probability."""
        if self.sampled:
            fitted, one, weights = self.fitted, expit(self.true), 1 / self.fitted.shape[-1]
        else:
            fitted, weights = self._split
            one = self._class_given
        probability = expit(fitted)
        return ((probability**2 - 2 * probability * one + one) * weights).sum(axis=-1)

    def calibration_error(self) -> np.ndarray:
        """Root mean square of predicted probability minus probability given the prediction.

        0 for a constant prediction of the mean. NaN where a sample of rows stands for the
        population, which does not tell the probability given the prediction.
        """
        if self.sampled:
            return np.full(self.fitted.shape[:-1], np.nan)
        fitted, weights = self._split
        gap = expit(fitted) - self._class_given
        return np.sqrt((gap**2 * weights).sum(axis=-1))

    def calibration_slope(self) -> np.ndarray:
        """Slope of the population logistic regression of the response on the predictor.

        1 is calibrated; below 1 the predictions are too extreme. NaN for a constant predictor.
        """
        if self.sampled:
            fitted = self.fitted
            target_1 = expit(self.true).mean(axis=-1)
            target_u = (expit(self.true) * fitted).mean(axis=-1)
            weights = np.full(fitted.shape[-1], 1 / fitted.shape[-1])
        else:
            true, mean, _ = self._over_true()
            fitted = self.mean[..., None] + np.sqrt(self.var)[..., None] * self.nodes
            weights = self.weights
            target_1 = np.broadcast_to(expit(true) @ weights, self.mean.shape)
            target_u = (expit(true) * mean) @ weights
        constant = np.ptp(fitted, axis=-1) < 1e-12
        a, b = np.zeros(constant.shape), np.ones(constant.shape)
        with np.errstate(all="ignore"):
            scale = np.abs(fitted).max(axis=-1)
            b = np.minimum(1.0, 4.0 / scale)
            for _ in range(60):
                probability = expit(a[..., None] + b[..., None] * fitted)
                weight = probability * (1 - probability)
                g1 = target_1 - probability @ weights
                gu = target_u - (probability * fitted) @ weights
                h11, h1u = weight @ weights, (weight * fitted) @ weights
                huu = (weight * fitted**2) @ weights
                det = h11 * huu - h1u**2
                a = a + (huu * g1 - h1u * gu) / det
                b = b + (h11 * gu - h1u * g1) / det
        return np.where(constant, np.nan, b)


class SampledRisk:
    """Excess loss over the best linear predictor, on rows that stand for the population.

    What a misfit adds to the probabilities beyond those of the best predictor is uncorrelated with
    every feature, and only noise in the difference of two losses. Where the best predictor is known
    but for few coefficients, as it is for Gaussian features, that is left out.

    Parameters
    ----------
    truth : Population
    loss : Loss
    X_test : ndarray of shape (n_rows, n_features)
    """

    def __init__(self, truth: Population, loss: Loss, X_test: np.ndarray) -> None:
        self.X, self.loss = X_test, loss
        best = self._fitted(truth.coef, np.asarray(truth.intercept))
        self.mean = loss.mean_of(truth.predictor(X_test))
        self.left_out = None
        if truth.misfit is not None:
            # of Gaussian features the best lies among these directions (Stein), of others near
            carriers = X_test[:, truth.misfit.carriers]
            directions = np.column_stack([best, X_test @ truth.misfit.coef, carriers])
            self.basis = _independent(directions)
            best = _least_loss(loss, self.mean, self.basis)
            if all(shape.name == "gaussian" for shape in truth.misfit.shapes):
                known = loss.mean_of(best)
                self.left_out, self.mean = self.mean - known, known
        self.best, self.least = best, self._loss(best)

    def _fitted(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        return np.asarray(intercept[..., None] + coef @ self.X.T.astype(float, copy=False))

    def _loss(self, fitted: np.ndarray) -> np.ndarray:
        return self.loss.expected_each(self.mean, fitted)

    def by_row(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Excess loss of fits on each row, shape (..., n_rows); the rows tell of its error."""
        fitted = self._fitted(coef, intercept)
        found = self._loss(fitted) - self.least
        if self.left_out is None:
            return found
        # a row moves the best predictor too, by a Newton step; the mean stays
        weight = self.loss.variance(self.mean)
        hessian = (self.basis.T * weight) @ self.basis
        moved = np.linalg.solve(hessian, self.basis.T @ (weight * (fitted - self.best)).T)
        return np.asarray(found - self.left_out * (self.basis @ moved).T)

    def __call__(self, coef: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Excess loss of fits, shape (...)."""
        # no model beats the best one, but for rounding
        found = self._loss(self._fitted(coef, intercept)).mean(axis=-1) - self.least.mean()
        return np.maximum(found, 0.0)


def _independent(directions: np.ndarray) -> np.ndarray:
    """Columns that span what directions and a constant do, uncorrelated and of unit variance."""
    n_rows = len(directions)
    centred = directions - directions.mean(axis=0)
    scale = np.linalg.norm(centred, axis=0)
    centred = centred[:, scale > 0] / scale[scale > 0]
    left, size, _ = np.linalg.svd(centred, full_matrices=False)
    return np.column_stack([np.ones(n_rows), left[:, size > ROUNDING] * np.sqrt(n_rows)])


def _least_loss(loss: Loss, mean: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The best combination of columns, a constant first, for rows with these mean responses."""
    weights = np.zeros(basis.shape[1])
    weights[0] = loss.predictor_of(mean.mean())

    def value(weights: np.ndarray) -> float:
        fitted = basis @ weights
        return float((loss.cumulant(fitted) - mean * fitted).mean())

    for _ in range(NEWTON_STEPS):
        fitted = loss.mean_of(basis @ weights)
        hessian = (basis.T * loss.variance(fitted)) @ basis
        step, least = np.linalg.solve(hessian, basis.T @ (mean - fitted)), value(weights)
        while np.abs(step).max() > ROUNDING and value(weights + step) > least:
            step /= 2
        weights = weights + step
    return np.asarray(basis @ weights)


def risk_function(batch: Batch) -> Risk:
    """The population loss that the oracle minimises and that penalties are compared on.

    Excess squared error, log-loss or deviance against the truth where it is known, else its mean on
    the held-out rows of a batch of one replicate.
    """
    truth, loss = batch.truth, loss_of(batch.response)
    if truth is None:
        assert batch.X_test is not None and batch.y_test is not None
        X_test, y_test = batch.X_test[0], batch.y_test[0]
        weight = None if batch.weights_test is None else batch.weights_test[0]
        return lambda coef, intercept: loss.value(
            y_test, intercept[..., None] + coef @ X_test.T, weight
        )
    if kind_of(batch.response).risk_from_moments:
        return lambda coef, intercept: excess_risk(truth, coef, intercept)
    if batch.X_test is not None:
        return SampledRisk(truth, loss, batch.X_test)
    floor = PredictorLaw(truth, truth.coef, np.asarray(truth.intercept)).expected(loss)
    # no model beats the truth, but for rounding
    return lambda coef, intercept: np.maximum(
        PredictorLaw(truth, coef, intercept).expected(loss) - floor, 0.0
    )
