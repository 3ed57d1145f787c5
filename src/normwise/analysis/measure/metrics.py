"""Truth and estimates in, numbers out."""

from __future__ import annotations

import numpy as np
from scipy.special import entr, expit, softmax

from normwise.analysis.effective import effective_number
from normwise.data.population import Population
from normwise.data.response_kind import DEFAULT, kind_of
from normwise.fitting.loss import loss_of, weighted_mean
from normwise.fitting.risk import PredictorLaw, excess_risk
from normwise.theory.counts import expected_deviance

# fits whose predictors of a test sample are held together
AT_ONCE = 50


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
        Divided by ``limit``: 1 is perfect, ``limit / 2`` is chance. The curve is a
        straight line across tied features. NaN if all or no features are true.
    """
    p, k = coef.shape[-1], len(support)
    flat = np.abs(coef).reshape(-1, p)
    if k in (0, p):
        return np.full(coef.shape[:-1], np.nan)
    is_true = np.zeros(p, bool)
    is_true[support] = True
    order = np.argsort(-flat, axis=1, kind="stable")
    true = is_true[order]
    # one point of the curve per distinct magnitude, and a straight line from the point before it
    last = np.diff(np.take_along_axis(flat, order, axis=1), axis=1, append=-1.0) != 0
    place = np.maximum.accumulate(np.where(last, np.arange(1, p + 1), 0), axis=1)
    before = np.pad(place, ((0, 0), (1, 0)))[:, :-1]
    curves = np.cumsum(true, axis=1) / k, np.cumsum(~true, axis=1) / (p - k)
    tpr, fpr = (np.pad(curve, ((0, 0), (1, 0))) for curve in curves)
    low, left = (np.take_along_axis(curve, before, axis=1) for curve in (tpr, fpr))
    high, width = tpr[:, 1:], fpr[:, 1:] - left
    # the line that crosses the limit counts as far as there
    share = np.clip((limit - left) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    area = np.where(last, share * width * (low + share * (high - low) / 2), 0.0)
    return np.asarray(area.sum(axis=1) / limit).reshape(coef.shape[:-1])


def coef_agreement(coef: np.ndarray) -> np.ndarray:
    r"""How alike the coefficients of two independent samples are, one jackknife value a sample.

    The agreement is :math:`E\langle b, b' \rangle / E\lVert b \rVert^2` over pairs of samples:
    1 if every sample gives the same coefficients, 0 if they have nothing in common. Unlike a
    variance it does not improve when all coefficients are made smaller.

    Parameters
    ----------
    coef : ndarray of shape (n_replicates, ..., n_features)

    Returns
    -------
    ndarray of shape (n_replicates, ...)
        Jackknife pseudo-values: their mean is the agreement, bias removed, and their spread gives
        its standard error, also for a difference of two penalties on the same samples. NaN where
        every model is the null model.
    """
    n = len(coef)
    square = (coef**2).sum(axis=-1)
    total, norm = coef.sum(axis=0), square.sum(axis=0)
    rest, rest_norm = total - coef, norm - square
    with np.errstate(invalid="ignore", divide="ignore"):
        whole = ((total**2).sum(axis=-1) - norm) / ((n - 1) * norm)
        left = ((rest**2).sum(axis=-1) - rest_norm) / ((n - 2) * rest_norm)
    values = n * whole - (n - 1) * left
    return np.where(np.isfinite(values).all(axis=0), values, np.nan)


def selection_metrics(coef: np.ndarray, support: np.ndarray) -> dict[str, np.ndarray]:
    """TPR, FDR (0 if nothing is selected), F1 and exact recovery.

    ``coef`` has shape (..., n_features).
    """
    k = len(support)
    total, true, false = selection_counts(coef, support)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "tpr": true / k if k else np.full(total.shape, np.nan),
            "fdr": np.where(total > 0, false / np.maximum(total, 1), 0.0),
            "f1": 2 * true / (total + k) if k else np.full(total.shape, np.nan),
            "exact_recovery": ((true == k) & (false == 0)).astype(float),
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
    response : str
    coef : ndarray of shape (n_replicates, n_tunings, n_features)
        Of several classes (n_replicates, n_tunings, n_classes, n_features), as for the intercept.
    intercept : ndarray of shape (n_replicates, n_tunings)
    X_test : ndarray, optional
        Rows that stand for a population without a closed form.

    Returns
    -------
    dict of str to ndarray of shape (n_replicates, n_tunings)
    """
    kind, scale = kind_of(response), np.sqrt(feature_variances(truth))
    error = np.linalg.norm(kind.comparable(coef - truth.coef), axis=-1)
    sizes = kind.sizes(coef) * scale
    out = {
        "coef_error": error / (np.linalg.norm(truth.coef) or np.nan),
        "ranking_pauc": partial_auc(sizes, truth.support),
        "effective_coefs": effective_number(sizes),
        "coef_agreement": coef_agreement(kind.comparable(coef * scale)),
    }
    if response in OF_RESPONSE:
        out |= OF_RESPONSE[response](truth, coef, intercept, X_test)
    return out


def _of_numbers(
    truth: Population, coef: np.ndarray, intercept: np.ndarray, _: np.ndarray | None
) -> dict[str, np.ndarray]:
    risk = excess_risk(truth, coef, intercept)
    return {
        "explained": 1 - (truth.residual_var + risk) / (truth.residual_var + truth.signal_var),
        "relative_risk": risk / (truth.signal_var or np.nan),
        "slope_risk": truth.variance(coef - truth.coef),
    }


def _of_probabilities(
    truth: Population, coef: np.ndarray, intercept: np.ndarray, X_test: np.ndarray | None
) -> dict[str, np.ndarray]:
    if X_test is None:
        return _of_law(PredictorLaw(truth, coef, intercept))
    # a predictor of many rows for each fit
    parts = [
        _of_law(PredictorLaw(truth, coef[i : i + AT_ONCE], intercept[i : i + AT_ONCE], X_test))
        for i in range(0, len(coef), AT_ONCE)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _of_law(law: PredictorLaw) -> dict[str, np.ndarray]:
    loss = law.log_loss()
    return {
        "explained": 1 - loss / _null_log_loss(law),
        "log_loss": loss,
        "error_rate": law.error_rate(),
        "brier_score": law.brier_score(),
        "calibration_slope": law.calibration_slope(),
        "calibration_error": law.calibration_error(),
    }


def _null_log_loss(law: PredictorLaw) -> np.ndarray:
    """Least expected log-loss of a constant: that of the share of ones."""
    if law.sampled:
        share = expit(law.true).mean(axis=-1)
    else:
        true = law.true_mean + np.sqrt(law.true_var) * law.nodes
        share = expit(true) @ law.weights
    return np.asarray(entr(share) + entr(1 - share))


def _of_counts(
    truth: Population, coef: np.ndarray, intercept: np.ndarray, X_test: np.ndarray | None
) -> dict[str, np.ndarray]:
    loss = loss_of("poisson")
    law = PredictorLaw(truth, truth.coef, np.asarray(truth.intercept), X_test)
    predictor, weights = law.true_predictor()
    mean = float(np.exp(predictor) @ weights)
    # the least expected loss, in the units of `expected`, and how large a deviance that is
    least, rest = law.expected(loss), expected_deviance(predictor, truth.dispersion) @ weights
    null = loss.factor * (mean - mean * np.log(mean))
    deviance = np.empty(intercept.shape)
    for i in range(0, len(coef), AT_ONCE):
        some = slice(i, i + AT_ONCE)
        law = PredictorLaw(truth, coef[some], intercept[some], X_test)
        deviance[some] = rest - least + law.expected(loss)
    return {"explained": 1 - deviance / (rest + null - least), "deviance": deviance}


def _of_classes(
    truth: Population, coef: np.ndarray, intercept: np.ndarray, X_test: np.ndarray | None
) -> dict[str, np.ndarray]:
    assert X_test is not None
    true, X = softmax(truth.predictor(X_test), axis=0), X_test.T.astype(float, copy=False)
    names = ("log_loss", "error_rate", "brier_score")
    found = {name: np.empty(coef.shape[:-2]) for name in names}
    loss = loss_of("multinomial")
    # predictors of many rows for each class and fit
    for at in np.ndindex(*coef.shape[:-2]):
        predictor = intercept[at][:, None] + coef[at] @ X
        found["log_loss"][at] = loss.expected_each(true, predictor).mean()
        found["error_rate"][at] = 1 - _named(predictor, true).mean()
        chance = softmax(predictor, axis=0)
        found["brier_score"][at] = ((chance**2 - 2 * chance * true).sum(axis=0) + 1).mean()
    return {"explained": 1 - found["log_loss"] / entr(true.mean(axis=1)).sum(), **found}


def _named(predictor: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Chance of the class of the largest predictor, of each row; the mean of those that tie."""
    largest = predictor == predictor.max(axis=-2, keepdims=True)
    return np.asarray((largest * chance).sum(axis=-2) / largest.sum(axis=-2))


# metrics that only some kinds of response have; a kind that is not here has the others
OF_RESPONSE = {
    "gaussian": _of_numbers,
    "binary": _of_probabilities,
    "poisson": _of_counts,
    "multinomial": _of_classes,
}
# expected loss on a new row, in its units, by the name of the metric
EXPECTED = ("log_loss", "deviance")


def held_out_metrics(
    response: str,
    loss: np.ndarray,
    predictor: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """What held-out rows say of estimates, where the truth is unknown.

    Parameters
    ----------
    response : str
    loss : ndarray of shape (n_replicates, n_tunings)
        Mean loss on the held-out rows.
    predictor : ndarray of shape (n_replicates, n_tunings, n_test)
        Linear predictors of them, with the classes as last axis but one if each has one.
    y : ndarray of shape (n_replicates, n_test)
    weight : ndarray of shape (n_replicates, n_test), optional
        Weights of the held-out rows.

    Returns
    -------
    dict of str to ndarray of shape (n_replicates, n_tunings)
        ``explained`` is one minus the loss over that of the best constant.
    """
    y, weight = y[:, None, :], None if weight is None else weight[:, None, :]
    null = loss_of(response).null_value(y, weight)
    out = {"explained": 1 - loss / np.where(null > 0, null, np.nan)}
    if response in ERRORS:
        wrong, distance = ERRORS[response](y, predictor)
        out["error_rate"] = weighted_mean(wrong, weight)
        out["brier_score"] = weighted_mean(distance, weight)
    return out


def _errors_of_two(y: np.ndarray, predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wrong = np.where(predictor == 0, 0.5, (predictor > 0) != (y > 0.5))
    return wrong, (expit(predictor) - y) ** 2


def _errors_of_several(y: np.ndarray, predictor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    own = (y[..., None, :] == np.arange(predictor.shape[-2])[:, None]).astype(float)
    distance = ((softmax(predictor, axis=-2) - own) ** 2).sum(axis=-2)
    return 1 - _named(predictor, own), distance


# of classes: whether the more probable one is wrong, and the squared error of the probabilities
ERRORS = {"binary": _errors_of_two, "multinomial": _errors_of_several}


def feature_variances(truth: Population) -> np.ndarray:
    """Population variance of each feature."""
    return np.asarray((truth.root * truth.root).sum(axis=1)).ravel()


def jackknife_se(values: np.ndarray) -> float:
    """Standard error from leave-one-out values."""
    n = len(values)
    return float(np.sqrt((n - 1) / n * ((values - values.mean()) ** 2).sum()))


def bias_variance(
    truth: Population, coef: np.ndarray, intercept: np.ndarray, response: str = DEFAULT
) -> dict[str, tuple[float, float]]:
    r"""Squared bias and variance of the linear predictor over replicates.

    The sum of the two is the mean excess risk of squared error. The squared bias of the mean
    estimate contains the variance divided by the number of replicates, which is subtracted. Those
    of the predictors of several classes are added.

    Parameters
    ----------
    truth : Population
    coef : ndarray of shape (n_replicates, n_features), or (n_replicates, n_classes, n_features)
    intercept : ndarray of shape (n_replicates,), or (n_replicates, n_classes)
    response : str

    Returns
    -------
    dict
        ``bias2`` and ``variance``, each with its jackknife standard error.
    """
    n = len(coef)
    # coordinates in which the excess risk is a plain squared norm
    apart = coef - truth.coef
    shift = intercept - truth.intercept + apart @ truth.mean
    turned = (truth.root.T @ apart.reshape(-1, coef.shape[-1]).T).T
    turned = turned.reshape(*coef.shape[:-1], -1)
    error = np.concatenate([turned, shift[..., None]], axis=-1)
    error = kind_of(response).comparable(error)
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
    truth: Population, coef: np.ndarray, intercept: np.ndarray, response: str = DEFAULT
) -> dict[str, tuple[float, float]]:
    """What only a set of replicates can show, each with its standard error.

    Parameters
    ----------
    truth : Population
    coef : ndarray of shape (n_replicates, n_features), or (n_replicates, n_classes, n_features)
    intercept : ndarray of shape (n_replicates,), or (n_replicates, n_classes)
    response : str

    Returns
    -------
    dict
        ``bias2``, ``variance``, ``stability`` (NaN where every feature is always selected),
        ``coef_variance`` (trace of the covariance of the coefficients, in units of the squared
        norm of the true ones, or of 1 if they are zero), ``sign_consistency`` (how often a true
        coefficient gets its right sign, averaged over them; of several classes those less their
        mean over the classes).
    """
    n, kind = len(coef), kind_of(response)
    out = bias_variance(truth, coef, intercept, response)
    out["stability"] = selection_stability(kind.sizes(coef) != 0)
    coef, true = kind.comparable(coef), kind.comparable(truth.coef)
    unit = float(true @ true) or 1.0
    centred = ((coef - coef.mean(axis=0)) ** 2).sum(axis=1)
    spread = centred.sum() / (n - 1) / unit
    # leave-one-out values of the sample variance, in closed form
    left = (centred.sum() - centred * n / (n - 1)) / (n - 2) / unit
    out["coef_variance"] = (float(spread), jackknife_se(left))
    support = np.flatnonzero(true)
    if len(support):
        right = (np.sign(coef[:, support]) == np.sign(true[support])).mean(axis=1)
        out["sign_consistency"] = (float(right.mean()), float(right.std(ddof=1) / np.sqrt(n)))
    return out
