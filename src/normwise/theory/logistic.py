r"""Penalised logistic regression, by the six equations of Salehi, Abbasi & Hassibi (2019)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar, root
from scipy.special import expit, ndtr

REACH = 9.0
N_NODES = 160
N_BISECTIONS = 60
MAX_ITERATIONS = 3000
NODES, WEIGHTS = np.polynomial.legendre.leggauss(N_NODES)


class LogisticRisk(NamedTuple):
    """What a penalised logistic fit achieves.

    Attributes
    ----------
    log_loss : float
        Expected log-loss on new rows.
    error : float
        Expected share of new rows in the wrong class.
    share_nonzero : float
    """

    log_loss: float
    error: float
    share_nonzero: float


def _density(x: np.ndarray) -> np.ndarray:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def _normal_nodes() -> tuple[np.ndarray, np.ndarray]:
    # both halves apart: a classification error jumps at zero
    half = REACH * (NODES + 1) / 2
    x = np.concatenate([-half[::-1], half])
    w = np.concatenate([WEIGHTS[::-1], WEIGHTS]) * REACH / 2 * _density(x)
    return x, w / w.sum()


Z, W = _normal_nodes()


def _log1pexp(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, x)


def bayes_log_loss(signal_strength: float) -> float:
    r"""Log-loss of the true model.

    Parameters
    ----------
    signal_strength : float
        :math:`\kappa`, the standard deviation of the log-odds.

    Examples
    --------
    >>> round(bayes_log_loss(2.0), 5)
    0.46201
    """
    eta = signal_strength * Z
    return float(W @ (_log1pexp(eta) - expit(eta) * eta))


def mle_threshold(signal_strength: float) -> float:
    r"""Aspect ratio p/n below which the unpenalised logistic fit exists (Candès & Sur 2020).

    :math:`\min_t E (Z - tV)_+^2` for independent features and no intercept, with
    :math:`Z \sim N(0, 1)` and V of density :math:`2 \varphi(v) / (1 + e^{-\kappa v})`.

    Parameters
    ----------
    signal_strength : float
        :math:`\kappa`, the standard deviation of the log-odds.

    Examples
    --------
    >>> round(mle_threshold(2.0), 4)
    0.3449
    """
    weight = W * 2 * expit(signal_strength * Z)

    def loss(t: float) -> float:
        c = t * Z
        return float(weight @ ((1 + c**2) * ndtr(-c) - c * _density(c)))

    return float(minimize_scalar(loss, bounds=(0.0, 50.0), method="bounded",
                                 options={"xatol": 1e-10}).fun)  # fmt: skip


def _prox(u: np.ndarray, gamma: float) -> np.ndarray:
    # of gamma log(1 + e^x), by bisection: Newton's method diverges for large gamma
    low, high = u - gamma, u.copy()
    for _ in range(N_BISECTIONS):
        middle = (low + high) / 2
        above = middle + gamma * expit(middle) > u
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2


class _System:
    # alpha, sigma and gamma determine the rest; `update` gives their next values

    def __init__(self, penalty: str, coef: np.ndarray, n_samples: int, alpha: float) -> None:
        p = len(coef)
        # the source scales features by 1 / sqrt(p) and coefficients by sqrt(p)
        size, count = np.unique(np.sqrt(p) * np.abs(coef), return_counts=True)
        self.beta, self.share = size, count / p
        self.kappa = float(np.sqrt(self.share @ size**2))
        self.delta = n_samples / p
        self.l1 = penalty == "l1"
        self.strength = alpha * np.sqrt(p) if self.l1 else alpha

    def features(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Predictor u, its density, and the mean of Z1 given u with its deviation."""
        a, sigma, _ = state
        spread = np.hypot(self.kappa * a, sigma)
        centre = self.kappa * a / spread
        return spread * Z, centre * Z, np.full(1, sigma / spread)

    def _labels(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        # u, and E[rho'(-kappa Z1) | u], E[rho''(-kappa Z1) | u]
        u, mean, deviation = self.features(state)
        z1 = mean[:, None] + deviation * Z
        probability = expit(-self.kappa * z1)
        return u, probability @ W, (probability * (1 - probability)) @ W

    def inner(self, state: np.ndarray) -> tuple[float, float, float]:
        """The other unknowns theta, tau and r."""
        sigma, gamma = state[1:]
        u, first, second = self._labels(state)
        prox = _prox(u, gamma)
        slope = expit(prox)
        theta = -2 * float(W @ (second * prox)) / gamma
        r = np.sqrt(2 * float(W @ (first * (u - prox) ** 2))) / gamma
        kept = float(W @ (2 * first / (1 + gamma * slope * (1 - slope))))
        tau = gamma / (sigma * max(1 - kept, 1e-12))
        return theta, tau, r

    def coefficients(
        self, sigma: float, theta: float, tau: float, r: float
    ) -> tuple[float, float, float, float]:
        """E[beta Q], E[Z Q], E[Q^2] and P(Q != 0) of the fitted coefficients Q."""
        scale = sigma * tau
        mean, deviation = scale * theta * self.beta, scale * r / np.sqrt(self.delta)
        if not self.l1:
            shrink = 1 / (1 + self.strength * scale)
            square = mean**2 + deviation**2
            return (
                shrink * float(self.share @ (self.beta * mean)),
                shrink * deviation,
                shrink**2 * float(self.share @ square),
                1.0,
            )
        t = self.strength * scale
        high, low = (mean - t) / deviation, (-mean - t) / deviation
        above, below = ndtr(high), ndtr(low)
        first = (mean - t) * above + (mean + t) * below
        first += deviation * (_density(high) - _density(low))
        square = ((mean - t) ** 2 + deviation**2) * above + ((mean + t) ** 2 + deviation**2) * below
        square += deviation * ((mean - t) * _density(high) - (mean + t) * _density(low))
        nonzero = self.share @ (above + below)
        return (
            float(self.share @ (self.beta * first)),
            float(deviation * nonzero),
            float(self.share @ square),
            float(nonzero),
        )

    def update(self, state: np.ndarray) -> np.ndarray:
        theta, tau, r = self.inner(state)
        along, noise, square, _ = self.coefficients(state[1], theta, tau, r)
        a = along / self.kappa**2
        sigma = np.sqrt(max(square - self.kappa**2 * a**2, 1e-300))
        return np.array([a, sigma, noise / (r * np.sqrt(self.delta))])

    def result(self, state: np.ndarray) -> LogisticRisk:
        u, first, _ = self._labels(state)
        _, mean, deviation = self.features(state)
        label = expit(self.kappa * (mean[:, None] + deviation * Z)) @ W
        return LogisticRisk(
            float(W @ (_log1pexp(u) - label * u)),
            float(W @ np.where(u > 0, 2 * first, 0.0)),
            self.coefficients(state[1], *self.inner(state))[3],
        )


def logistic_risk(penalty: str, coef: ArrayLike, n_samples: int, alpha: float) -> LogisticRisk:
    r"""Limit of the risk of logistic regression with an L1 or L2 penalty.

    For independent features of variance 1 and no intercept: the fixed point of six equations for
    the bias, variance and curvature of the fit (Salehi, Abbasi & Hassibi 2019, theorem 1).

    Parameters
    ----------
    penalty : {"l1", "l2"}
    coef : array-like of shape (n_features,)
        True coefficients, not all zero.
    n_samples : int
    alpha : float
        Positive.

    Returns
    -------
    LogisticRisk

    Raises
    ------
    ArithmeticError
        If no fixed point was found.

    Examples
    --------
    >>> coef = [3 / 40**0.5] * 40 + [0.0] * 360
    >>> round(logistic_risk("l2", coef, 800, 0.3).log_loss, 4)
    0.5635
    """
    beta = np.asarray(coef, float)
    if penalty not in ("l1", "l2"):
        raise ValueError(f"penalty={penalty!r}: expected 'l1' or 'l2'")
    if beta.ndim != 1 or not np.isfinite(beta).all() or not beta.any():
        raise ValueError("coef must be a vector of finite numbers, not all zero")
    if not 0 < alpha < np.inf:
        raise ValueError("alpha must be positive and finite")
    system = _System(penalty, beta, n_samples, alpha)
    return system.result(_solved(system))


def _solved(system: _System) -> np.ndarray:
    # damped iterations come near the fixed point from anywhere, Newton's method finishes
    state = np.array([0.1, 1.0, 1.0])

    def move(logs: np.ndarray) -> np.ndarray:
        return np.log(system.update(np.exp(logs))) - logs

    for i in range(MAX_ITERATIONS):
        new = system.update(state)
        if not (np.isfinite(new).all() and (new > 0).all()):
            break
        moved = np.abs(np.log(new / state)).max()
        state = np.sqrt(state * new)
        if moved < 1e-12:
            return state
        if i % 50 == 49 and moved < 0.1:
            with np.errstate(all="ignore"):
                found = root(move, np.log(state), tol=1e-12)
                if found.success and np.abs(move(found.x)).max() < 1e-9:
                    return np.exp(found.x)
    raise ArithmeticError("no fixed point was found: alpha may be too large or too small")
