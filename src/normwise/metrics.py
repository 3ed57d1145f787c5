"""Truth and estimates in, numbers out."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, ndtr

from normwise.covariance import quadratic_form
from normwise.data import Batch
from normwise.simulate import Population
from normwise.tuning import Risk, prediction_loss

N_NODES = 64


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
    return quadratic_form(truth.root, error) + shift**2


def gauss_hermite() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights for the expectation over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    return nodes, weights / weights.sum()


class PredictorLaw:
    """Joint law of the true and the fitted linear predictor of a logistic model.

    For Gaussian features it is bivariate normal and expectations are by Gauss-Hermite
    quadrature; otherwise they are means over the rows of ``X_test``.

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
            self.true = np.broadcast_to(
                truth.intercept + X_test @ truth.coef, (*coef.shape[:-1], len(X_test))
            )
            self.fitted = intercept[..., None] + coef @ X_test.T.astype(float)
            return
        self.nodes, self.weights = gauss_hermite()
        self.true_mean = truth.intercept + float(truth.mean @ truth.coef)
        self.true_var = truth.signal_var
        self.mean = intercept + coef @ truth.mean
        self.var = quadratic_form(truth.root, coef)
        # u'Sv from quadratic forms: (|u+v|^2 - |u-v|^2) / 4
        both = quadratic_form(truth.root, coef + truth.coef)
        apart = quadratic_form(truth.root, coef - truth.coef)
        self.cov = (both - apart) / 4

    def _over_true(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """True predictor at the nodes; mean and sd of the fitted one given it."""
        true = self.true_mean + np.sqrt(self.true_var) * self.nodes
        slope = self.cov / self.true_var if self.true_var > 0 else np.zeros_like(self.cov)
        mean = self.mean[..., None] + slope[..., None] * (true - self.true_mean)
        return true, mean, np.sqrt(np.maximum(self.var - slope * self.cov, 0.0))

    def _fitted_nodes(self) -> np.ndarray:
        return self.mean[..., None] + np.sqrt(self.var)[..., None] * self.nodes

    def log_loss(self) -> np.ndarray:
        """Expected log-loss on a new row."""
        if self.sampled:
            return (np.logaddexp(0, self.fitted) - expit(self.true) * self.fitted).mean(axis=-1)
        true, mean, _ = self._over_true()
        return np.logaddexp(0, self._fitted_nodes()) @ self.weights - (
            expit(true) * mean
        ) @ self.weights

    def error_rate(self) -> np.ndarray:
        """Probability that the more probable predicted class is wrong."""
        if self.sampled:
            says_one = self.fitted > 0
            return np.where(says_one, expit(-self.true), expit(self.true)).mean(axis=-1)
        true, mean, sd = self._over_true()
        with np.errstate(divide="ignore", invalid="ignore"):
            says_one = np.where(sd[..., None] > 0, ndtr(mean / sd[..., None]), mean > 0)
        # the null model of balanced classes decides by a coin
        says_one = np.where((self.var == 0)[..., None] & (mean == 0), 0.5, says_one)
        wrong = says_one * expit(-true) + (1 - says_one) * expit(true)
        return wrong @ self.weights

    def brier_score(self) -> np.ndarray:
        """Expected squared error of the predicted probability."""
        if self.sampled:
            probability = expit(self.fitted)
            truth = expit(self.true)
            return (probability**2 - 2 * probability * truth + truth).mean(axis=-1)
        true, mean, sd = self._over_true()
        fitted = expit(mean[..., None] + (sd[..., None] * self.nodes)[..., None, :])
        cross = np.einsum("...ij,j,i,i->...", fitted, self.weights, expit(true), self.weights)
        square = expit(self._fitted_nodes()) ** 2 @ self.weights
        return square - 2 * cross + expit(true) @ self.weights

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
            fitted, weights = self._fitted_nodes(), self.weights
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


def risk_function(batch: Batch) -> Risk:
    """The population loss that the oracle minimises and that penalties are compared on.

    Excess squared error or log-loss against the truth where it is known, else the held-out
    mean squared error or log-loss of a batch of one replicate.
    """
    truth = batch.truth
    if truth is None:
        assert batch.X_test is not None and batch.y_test is not None
        X_test, y_test = batch.X_test[0], batch.y_test[0]
        return lambda coef, intercept: prediction_loss(
            y_test, intercept[:, None] + coef @ X_test.T, batch.response
        )
    if batch.response == "gaussian":
        return lambda coef, intercept: excess_risk(truth, coef, intercept)
    floor = PredictorLaw(truth, truth.coef, np.array(truth.intercept), batch.X_test).log_loss()
    return lambda coef, intercept: (
        PredictorLaw(truth, coef, intercept, batch.X_test).log_loss() - floor
    )


def selection_counts(
    coef: np.ndarray, support: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number of nonzero coefficients, and of true and false ones among them.

    ``coef`` has shape (..., n_features); the results (...).
    """
    nonzero = coef != 0
    true = nonzero[..., support].sum(axis=-1)
    total = nonzero.sum(axis=-1)
    return total, true, total - true


def partial_auc(coef: np.ndarray, support: np.ndarray, limit: float = 0.1) -> np.ndarray:
    r"""Area under the ROC curve of the ranking by :math:`|b_j|`, up to a false positive rate.

    Parameters
    ----------
    coef : ndarray of shape (..., n_features)
        On a scale on which magnitudes are comparable.
    support : ndarray of int
    limit : float
        Largest false positive rate.

    Returns
    -------
    ndarray of shape (...)
        Divided by ``limit``: 1 is perfect, ``limit / 2`` is chance. Tied features are taken in
        a random order on average. NaN if all or no features are true.
    """
    p, k = coef.shape[-1], len(support)
    flat = np.abs(coef).reshape(-1, p)
    if k in (0, p):
        return np.full(coef.shape[:-1], np.nan)
    is_true = np.zeros(p, bool)
    is_true[support] = True
    out = np.empty(len(flat))
    for i, size in enumerate(flat):
        order = np.argsort(-size, kind="stable")
        # one point of the curve per distinct magnitude; straight lines across ties
        last = np.append(np.diff(size[order]) != 0, True)
        tpr = np.append(0, np.cumsum(is_true[order])[last] / k)
        fpr = np.append(0, np.cumsum(~is_true[order])[last] / (p - k))
        grid = np.append(fpr[fpr < limit], limit)
        edge = np.interp(limit, fpr, tpr)
        out[i] = np.trapezoid(np.append(tpr[fpr < limit], edge), grid) / limit
    return out.reshape(coef.shape[:-1])


def selection_metrics(coef: np.ndarray, support: np.ndarray) -> dict[str, np.ndarray]:
    """Nonzeros, TPR, FDR (0 if nothing is selected), F1, exact recovery, nothing selected.

    ``coef`` has shape (..., n_features).
    """
    k = len(support)
    total, true, false = selection_counts(coef, support)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "nonzeros": total.astype(float),
            "tpr": true / k if k else np.full(total.shape, np.nan),
            "fdr": np.where(total > 0, false / np.maximum(total, 1), 0.0),
            "f1": 2 * true / (total + k) if k else np.full(total.shape, np.nan),
            "exact_recovery": ((true == k) & (false == 0)).astype(float),
            "selected_none": (total == 0).astype(float),
        }


def replicate_metrics(
    truth: Population,
    response: str,
    coef: np.ndarray,
    intercept: np.ndarray,
    X_test: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Everything that the truth says of estimates, except the risk that the fit has stored.

    Parameters
    ----------
    truth : Population
    response : {"gaussian", "binary"}
    coef : ndarray of shape (n_replicates, n_tunings, n_features)
    intercept : ndarray of shape (n_replicates, n_tunings)
    X_test : ndarray, optional
        Rows that stand for a population without a closed form.

    Returns
    -------
    dict of str to ndarray of shape (n_replicates, n_tunings)
    """
    scale = np.sqrt(feature_variances(truth))
    norm = np.linalg.norm(truth.coef)
    out = {
        "coef_error": np.linalg.norm(coef - truth.coef, axis=-1) / (norm or np.nan),
        "ranking_pauc": partial_auc(coef * scale, truth.support),
    }
    if response == "gaussian":
        risk = excess_risk(truth, coef, intercept)
        null = truth.signal_var
        out["relative_risk"] = risk / (null or np.nan)
        out["slope_risk"] = quadratic_form(truth.root, coef - truth.coef)
    else:
        law = PredictorLaw(truth, coef, intercept, X_test)
        out |= {
            "log_loss": law.log_loss(),
            "error_rate": law.error_rate(),
            "brier_score": law.brier_score(),
            "calibration_slope": law.calibration_slope(),
        }
    return out


def feature_variances(truth: Population) -> np.ndarray:
    """Population variance of each feature."""
    return np.asarray((truth.root * truth.root).sum(axis=1)).ravel()


def jackknife_se(values: np.ndarray) -> float:
    """Standard error from leave-one-out values."""
    n = len(values)
    return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))


def bias_variance(
    truth: Population, coef: np.ndarray, intercept: np.ndarray
) -> dict[str, tuple[float, float]]:
    r"""Squared bias and variance of the linear predictor over replicates.

    The sum of the two is the mean excess risk. The squared bias of the mean estimate contains
    the variance divided by the number of replicates, which is subtracted.

    Parameters
    ----------
    truth : Population
    coef : ndarray of shape (n_replicates, n_features)
    intercept : ndarray of shape (n_replicates,)

    Returns
    -------
    dict
        ``bias2`` and ``variance``, each with its jackknife standard error.
    """
    n = len(coef)
    # coordinates in which the excess risk is a plain squared norm
    shift = intercept - truth.intercept + (coef - truth.coef) @ truth.mean
    error = np.column_stack([(truth.root.T @ (coef - truth.coef).T).T, shift])
    total = (error**2).sum(axis=1)
    mean = error.mean(axis=0)

    def split(mean_total: np.ndarray, mean_norm: np.ndarray, count: int) -> tuple:
        variance = (mean_total - mean_norm) * count / (count - 1)
        return mean_total - variance, variance

    bias2, variance = split(total.mean(), mean @ mean, n)
    left_total = (total.sum() - total) / (n - 1)
    left_mean = (n * mean - error) / (n - 1)
    left_bias2, left_variance = split(left_total, (left_mean**2).sum(axis=1), n - 1)
    return {
        "bias2": (float(bias2), jackknife_se(left_bias2)),
        "variance": (float(variance), jackknife_se(left_variance)),
    }


def selection_stability(selected: np.ndarray) -> tuple[float, float]:
    r"""Stability of feature selection over replicates and its standard error.

    :math:`1 - \frac{1}{d}\sum_f \frac{M}{M-1} p_f(1-p_f) / [\bar k/d (1-\bar k/d)]`, 1 if the
    same features are always selected, 0 in expectation for random selection (Nogueira, Sechidis
    & Brown 2018, with their asymptotic variance).

    Parameters
    ----------
    selected : ndarray of bool, shape (n_replicates, n_features)
    """
    M, d = selected.shape
    share = selected.mean(axis=0)
    kbar = share.sum()
    chance = kbar / d * (1 - kbar / d)
    if chance == 0:
        return np.nan, np.nan
    stability = 1 - (M / (M - 1) * share * (1 - share)).mean() / chance
    k_i = selected.sum(axis=1)
    # half the influence of each replicate on the ratio, up to a constant
    influence = (selected * share).mean(axis=1) - k_i * kbar / d**2
    influence += stability / 2 * (2 * k_i * kbar / d**2 - k_i / d)
    variance = 4 / M**2 * ((influence - influence.mean()) ** 2).sum() / chance**2
    return float(stability), float(np.sqrt(variance))


def scenario_metrics(
    truth: Population, coef: np.ndarray, intercept: np.ndarray
) -> dict[str, tuple[float, float]]:
    """What only a set of replicates can show, each with its standard error.

    Parameters
    ----------
    truth : Population
    coef : ndarray of shape (n_replicates, n_features)
    intercept : ndarray of shape (n_replicates,)

    Returns
    -------
    dict
        ``bias2``, ``variance``, ``stability`` (NaN where every feature is always selected),
        ``coef_variance`` (trace of the covariance of the coefficients, in units of the squared
        norm of the true ones, or of 1 if they are zero), ``sign_consistency`` (how often a true
        feature gets its right sign, averaged over the true features).
    """
    n = len(coef)
    out = bias_variance(truth, coef, intercept)
    out["stability"] = selection_stability(coef != 0)
    unit = float(truth.coef @ truth.coef) or 1.0
    centred = ((coef - coef.mean(axis=0)) ** 2).sum(axis=1)
    spread = centred.sum() / (n - 1) / unit
    # leave-one-out values of the sample variance, in closed form
    left = (centred.sum() - centred * n / (n - 1)) / (n - 2) / unit
    out["coef_variance"] = (float(spread), jackknife_se(left))
    support = truth.support
    if len(support):
        right = (np.sign(coef[:, support]) == np.sign(truth.coef[support])).mean(axis=1)
        out["sign_consistency"] = (float(right.mean()), float(right.std(ddof=1) / np.sqrt(n)))
    return out
