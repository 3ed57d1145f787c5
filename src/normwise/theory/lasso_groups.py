"""The least risk of the lasso where features correlate within groups, and not between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize_scalar
from scipy.special import ndtr
from threadpoolctl import threadpool_limits

from normwise.theory.lasso import checked_sizes
from normwise.theory.lasso_general import Denoiser, symmetric_root
from normwise.theory.soft_threshold import soft_threshold_risk

# thresholds, in units of the noise, between which the best one is looked for
THRESHOLDS = np.append(np.geomspace(1e-3, 0.1, 5), np.arange(0.2, 6.1, 0.2))
# features that are drawn for the groups without a signal, which are many, and the least error
CURVE_DRAWS, NOTHING = 100_000, 1e-9
MAX_STEPS = 60
# relative steps that count as none: of the noise, and of a threshold, whose error counts squared
STILL, CLOSE = 1e-4, 0.01


class Group(NamedTuple):
    """Features that correlate with each other alone.

    Attributes
    ----------
    covariance : array-like of shape (n_features, n_features)
        Of the features of the group.
    coef : array-like of shape (n_features,)
        Their true coefficients.
    number : int
        How many groups are like this one.
    """

    covariance: ArrayLike
    coef: ArrayLike
    number: int = 1


def _matched(rng: np.random.Generator, draws: int, size: int) -> np.ndarray:
    # normal draws whose means and covariances are those of the law: on these hangs nearly all of
    # the error of a coefficient that is selected
    half = rng.standard_normal((max(-(-draws // 2), size), size))
    half = half @ np.linalg.inv(np.linalg.cholesky(half.T @ half / len(half))).T
    return np.concatenate([half, -half])


class _Member:
    # a group in units of the noise: draws, and the solutions that the next ones start from

    def __init__(self, covariance: np.ndarray, coef: np.ndarray, noise: np.ndarray) -> None:
        self.beta, self.root = coef, symmetric_root(covariance, coef)
        self.noise, self.solve = noise, Denoiser(self.root)
        silent = coef == 0
        self.size = np.sqrt(np.diag(covariance))[silent]
        self.alone = np.abs(noise @ self.root[:, silent])

    def error(self, scale: float, threshold: float) -> tuple[float, float]:
        """Expected squared error and number of nonzeros of one group."""
        true = self.beta / scale
        b = self.solve(self.root @ true + self.noise, threshold)
        error = (((b - true) @ self.root) ** 2).sum(axis=1)
        # as control variates, what features without a signal would do if each were alone
        beyond = np.maximum(self.alone - threshold, 0.0)
        squares, selected = (beyond**2).sum(axis=1), (beyond > 0).sum(axis=1)
        t = threshold / self.size
        expected = self.size**2 @ np.atleast_1d(soft_threshold_risk(0.0, t))
        return (
            _controlled(error, squares, float(expected)),
            _controlled((b != 0).sum(axis=1), selected, float(2 * ndtr(-t).sum())),
        )


def _controlled(values: np.ndarray, control: np.ndarray, expected: float) -> float:
    # mean of values, less what their control has by chance
    away = control - control.mean()
    spread = float(away @ away)
    # at most one to one, which it is alone: where hardly a draw is beyond the threshold, the slope
    # that fits best can be anything
    slope = min(max(float(away @ values) / spread, 0.0), 1.0) if spread > 0 else 0.0
    return float(values.mean() - slope * (control.mean() - expected))


class _Silent:
    # groups without a signal: in units of the noise, only the threshold matters

    def __init__(self, covariance: np.ndarray, rng: np.random.Generator) -> None:
        size = len(covariance)
        noise = _matched(rng, CURVE_DRAWS // size, size)
        member = _Member(covariance, np.zeros(size), noise)
        # from the largest threshold down, so that each solution starts the next
        found = np.array([member.error(1.0, t) for t in THRESHOLDS[::-1]])[::-1]
        self.curve = CubicSpline(THRESHOLDS, np.log(np.maximum(found, 0.0) + NOTHING))

    def error(self, scale: float, threshold: float) -> tuple[float, float]:
        """Expected squared error and number of nonzeros of one group."""
        error, nonzeros = np.exp(self.curve(threshold)) - NOTHING
        return float(error), float(nonzeros)


@lru_cache(maxsize=32)
def _silent(covariance: bytes, size: int, seed: int) -> _Silent:
    rng = np.random.default_rng(seed)
    return _Silent(np.frombuffer(covariance).reshape(size, size), rng)


# many small products: threads would wait for each other
@threadpool_limits.wrap(limits=1)
def lasso_optimal_risk_groups(
    groups: Sequence[Group], n_samples: int, noise_var: float, draws: int = 500, seed: int = 0
) -> tuple[float, float]:
    r"""Strength of least excess risk of the lasso, and that risk, for groups of features.

    The limit of `lasso_risk_general` (Celentano, Montanari & Wei 2023) falls into one problem for
    each group, and what is asked of groups that are alike is asked once. With
    :math:`s = \tau/\sqrt n` and :math:`g \sim N(0, I)`, :math:`b = s\, \arg\min_w \frac12 \lVert
    \Sigma^{1/2} \beta / s + g - \Sigma^{1/2} w \rVert^2 + t \lVert w \rVert_1`. The best threshold
    t is that of least error for the noise :math:`\tau` that this error feeds,
    :math:`\tau^2 = \sigma^2 + \min_t E \lVert \Sigma^{1/2} (b - \beta) \rVert^2`, and its strength
    is :math:`\lambda = t s\, (1 - E \lVert b \rVert_0 / n)`.

    Parameters
    ----------
    groups : sequence of Group
    n_samples : int
    noise_var : float
    draws : int
        Draws of each kind of group with a signal; the error of the result falls with the root of
        their number. Of groups without one, 100,000 features are drawn, once in a session.
    seed : int
        Of the draws.

    Returns
    -------
    alpha, risk : float
        ``alpha`` is infinite where nothing beats the null model.

    Raises
    ------
    ValueError
        If a covariance does not fit its coefficients or has negative eigenvalues, or a number is
        not positive.

    Examples
    --------
    >>> pair = [[1.0, 0.5], [0.5, 1.0]]
    >>> groups = [Group(pair, [0.5, 0.5], 10), Group(pair, [0.0, 0.0], 190)]
    >>> alpha, risk = lasso_optimal_risk_groups(groups, 200, 1.0)
    >>> round(alpha, 2), round(risk, 1)
    (0.08, 0.6)
    """
    if not groups:
        raise ValueError("groups must not be empty")
    checked_sizes(np.concatenate([np.asarray(g.coef, float) for g in groups]), noise_var)
    if draws < 1 or n_samples < 1:
        raise ValueError("draws and n_samples must be positive")
    rng = np.random.default_rng(seed)
    members: list[tuple[_Member | _Silent, int]] = []
    null = 0.0
    for covariance, coef, count in groups:
        sigma, beta = np.asarray(covariance, float), np.asarray(coef, float)
        root = symmetric_root(sigma, beta)
        null += count * float(((root @ beta) ** 2).sum())
        if beta.any():
            noise = _matched(rng, draws, len(beta))
            members.append((_Member(sigma, beta, noise), count))
        else:
            members.append((_silent(sigma.tobytes(), len(beta), seed), count))

    def error(tau2: float, threshold: float) -> tuple[float, float]:
        scale = np.sqrt(tau2 / n_samples)
        found = [(count, member.error(scale, threshold)) for member, count in members]
        return scale**2 * sum(c * e for c, (e, _) in found), sum(c * k for c, (_, k) in found)

    grid = np.log(np.geomspace(THRESHOLDS[-1], THRESHOLDS[0], 25))
    tau2, before = noise_var + null, np.inf
    last = grid[int(np.argmin([error(tau2, np.exp(t))[0] for t in grid]))]
    for step in range(MAX_STEPS):
        # once the noise has come to rest, so has the threshold
        reach = grid[0] - grid[1] if step < 3 else 10 * CLOSE
        found = minimize_scalar(
            lambda t, noise=tau2: error(noise, np.exp(t))[0],
            bounds=(max(grid[-1], last - reach), min(grid[0], last + reach)),
            method="bounded",
            options={"xatol": CLOSE},
        )
        last = float(found.x)
        move = noise_var + min(float(found.fun), null) - tau2
        if abs(move) < STILL * tau2:
            break
        # the steps shrink geometrically: every second time, to their limit
        rate = min(move / before, 0.95) if step % 2 and before * move > 0 else 0.0
        tau2, before = max(tau2 + move / (1 - rate), noise_var), move
    threshold = np.exp(last)
    least, nonzeros = error(tau2, threshold)
    if null - least <= STILL * tau2:
        return np.inf, null
    room = max(1 - nonzeros / n_samples, 0.0)
    return float(threshold * np.sqrt(tau2 / n_samples) * room), float(least)
