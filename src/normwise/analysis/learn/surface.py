"""The effect as a function of what a reader can know of their data: a response surface.

A Gaussian process interpolates the effects that the study has measured. Its noise has two parts:
each scenario's own Monte Carlo error, which is known, and one for all, which stands for whatever
the inputs leave out (signs, placement, distributions). That one grows with the effect, so that the
process works on its inverse hyperbolic sine: nearly the effect itself while that is small, and
nearly its logarithm where it is large.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize
from scipy.spatial.distance import pdist, squareform
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from normwise.analysis.learn.cells import AXES, acting_together, sample
from normwise.analysis.learn.rule_of_thumb import EQUIVALENT

LEVEL = 0.9
# effects are taken as large from this many zones of equivalence on
BEND = 4
FEWEST = 12
# a search for scales takes the cube of the scenarios, a few hundred say nearly as much
SEARCHED = 500
LENGTHS = ("aspect_ratio", "relevant_per_row", "snr", "signal_alignment", "binary")
# where the surface is tabled, as far as there are measurements
GRID = {
    "aspect_ratio": (0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10),
    "nonzero_share": (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1),
    "snr": (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8),
    "signal_alignment": (1, 2, 3, 5, 10, 30),
}


def inputs(frame: pd.DataFrame) -> np.ndarray:
    """Inputs of the surface, of shape (n, 5), on scales on which effects vary evenly."""
    return np.column_stack(
        [
            np.log(frame["aspect_ratio"]),
            # relevant features per row: the boundary runs along it at every p
            np.log(frame["nonzero_share"] * frame["aspect_ratio"]),
            np.log(frame["snr"]),
            np.log(acting_together(frame)),
            frame["binary"],
        ]
    )


class _Likelihood:
    r"""Marginal likelihood of the process, at logarithms of its level, its scales and its noise.

    What `GaussianProcessRegressor` computes, without the derivative of every entry of the kernel
    by every scale: with :math:`W = a a^T - K^{-1}` the gradient is
    :math:`\frac12 \mathrm{tr}(W \, \partial K)` (Rasmussen & Williams 2006, equation 5.9), and
    a sum over squared differences of one input is a quadratic form.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, noise: np.ndarray) -> None:
        self.X, self.y, self.noise = X, y, noise

    def negative(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the logarithm, and its gradient."""
        level, scales, white = np.exp(theta[0]), np.exp(theta[1:-1]), np.exp(theta[-1])
        Z = self.X / scales
        t = np.sqrt(5) * squareform(pdist(Z))
        decay = level * np.exp(-t)
        smooth = (1 + t + t**2 / 3) * decay
        K = smooth.copy()
        K[np.diag_indices_from(K)] += white + self.noise
        try:
            factor = cho_factor(K, lower=True, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            return np.inf, np.zeros_like(theta)
        a = cho_solve(factor, self.y, check_finite=False)
        size = 2 * np.log(np.diag(factor[0])).sum() + len(a) * np.log(2 * np.pi)
        inverse = np.tril(dpotri(factor[0], lower=1)[0])
        W = np.outer(a, a) - inverse - np.tril(inverse, -1).T
        slope = W * (5 / 3 * (1 + t) * decay)
        by_scale = 2 * (slope.sum(axis=1) @ Z**2 - ((slope @ Z) * Z).sum(axis=0))
        gradient = np.concatenate([[(W * smooth).sum()], by_scale, [white * np.trace(W)]])
        return float(self.y @ a + size) / 2, -gradient / 2

    def largest(
        self, objective: object, start: np.ndarray, bounds: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Where it is largest, as an optimizer of `GaussianProcessRegressor`."""
        found = minimize(self.negative, start, method="L-BFGS-B", jac=True, bounds=bounds)
        return found.x, float(found.fun)


class Surface:
    """A response surface fitted to measured effects.

    Parameters
    ----------
    frame : DataFrame
        What `cells` returns.
    zone : float
        Half-width of the zone of equivalence.
    kernel : sklearn kernel, optional
        Its scales, or where the search for them starts.
    search : bool
        Whether scales are searched for, on at most `SEARCHED` scenarios. All are then heeded.
    """

    def __init__(
        self, frame: pd.DataFrame, zone: float, kernel: Any = None, search: bool = True
    ) -> None:
        self.zone, self.bend = zone, BEND * zone
        y = np.arcsinh(frame["effect"].to_numpy() / self.bend)
        self.centre, self.scale = float(y.mean()), float(y.std()) or 1.0
        kernel = kernel or ConstantKernel(1.0, (1e-3, 1e3)) * Matern(
            np.ones(len(LENGTHS)), (0.1, 100.0), nu=2.5
        ) + WhiteKernel(0.02, (1e-5, 1.0))
        if search:
            kernel = self._fitted(sample(frame, SEARCHED), kernel, search=True).kernel_
        self.model = self._fitted(frame, kernel, search=False)

    def _fitted(
        self, frame: pd.DataFrame, kernel: Any, *, search: bool
    ) -> GaussianProcessRegressor:
        X, effect = inputs(frame), frame["effect"].to_numpy()
        target = (np.arcsinh(effect / self.bend) - self.centre) / self.scale
        error = frame["mcse"].to_numpy() / np.hypot(effect, self.bend) / self.scale
        known = np.maximum(error**2, 1e-8)
        optimizer = _Likelihood(X, target, known).largest if search else None
        # the optimiser says when a scale runs to its bound, as that of a constant input does
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return GaussianProcessRegressor(kernel, alpha=known, optimizer=optimizer).fit(X, target)

    def scales(self) -> dict[str, float]:
        """Scales of the kernel, and the zone: a row of table ``kernels`` but for the goal."""
        kernel = self.model.kernel_
        lengths = zip(LENGTHS, map(float, kernel.k1.k2.length_scale), strict=True)
        return {
            "zone": self.zone,
            "level": float(kernel.k1.k1.constant_value),
            **dict(lengths),
            "noise": float(kernel.k2.noise_level),
        }

    @classmethod
    def of_scales(cls, frame: pd.DataFrame, scales: Mapping[str, Any]) -> Surface:
        """Surface of known scales: the frame and the row of table ``kernels`` of a goal."""
        lengths = [float(scales[name]) for name in LENGTHS]
        kernel = ConstantKernel(scales["level"], "fixed") * Matern(lengths, "fixed", nu=2.5)
        kernel += WhiteKernel(scales["noise"], "fixed")
        return cls(frame, float(scales["zone"]), kernel, search=False)

    def effect(self, frame: pd.DataFrame) -> np.ndarray:
        """What another scenario's effect is expected to be, without its uncertainty."""
        mean = self.centre + self.scale * self.model.predict(inputs(frame))
        return np.asarray(self.bend * np.sinh(mean))

    def posterior(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the process, where effects are bent.

        Parameters
        ----------
        frame : DataFrame
            With the properties that `inputs` needs.
        """
        mean, sd = self.model.predict(inputs(frame), return_std=True)
        return self.centre + self.scale * mean, self.scale * sd

    def predict(self, frame: pd.DataFrame, mcse: np.ndarray | float = 0.0) -> pd.DataFrame:
        """What another scenario's effect is expected to be: `posterior` told by `say`."""
        return self.say(*self.posterior(frame), mcse)

    def say(self, mean: np.ndarray, sd: np.ndarray, mcse: np.ndarray | float = 0.0) -> pd.DataFrame:
        """Effects, intervals and verdicts of a posterior.

        Parameters
        ----------
        mean, sd : ndarray of shape (n,)
            What `posterior` returns.
        mcse : ndarray or float
            Monte Carlo error of a measured effect that the interval shall hold; 0 for the true
            effect.

        Returns
        -------
        DataFrame
            ``effect``, ``low`` and ``high`` of the 90 % prediction interval, and ``verdict``: a
            penalty that is the better one with a probability of 90 % and whose effect leaves the
            zone of equivalence, equivalent (interval within the zone), or undecided.
        """
        effect = self.bend * np.sinh(mean)
        spread = np.hypot(sd, mcse / np.hypot(effect, self.bend))
        reach = stats.norm.ppf((1 + LEVEL) / 2) * spread
        # an interval has no end where the measured effect is all but unknown
        with np.errstate(over="ignore"):
            low, high = (self.bend * np.sinh(mean + side * reach) for side in (-1, 1))
        sure = stats.norm.cdf(np.abs(mean) / sd) >= LEVEL
        side = np.where(effect < 0, "l1", "l2")
        other = np.where((low > -self.zone) & (high < self.zone), EQUIVALENT, "undecided")
        verdict = np.where(sure & (np.abs(effect) > self.zone), side, other)
        return pd.DataFrame({"effect": effect, "low": low, "high": high, "verdict": verdict})

    def choose(self, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
        """l1, l2 or equivalent for each scenario of a posterior, whichever is the best guess."""
        found = self.say(mean, sd)
        side = np.where(found["effect"] < 0, "l1", "l2")
        return np.where(found["verdict"] == EQUIVALENT, EQUIVALENT, side)


def fit_scores(effect: pd.Series, told: np.ndarray, covered: np.ndarray) -> dict[str, float]:
    """How near measured effects are to those that a surface tells of them.

    Parameters
    ----------
    effect : Series
        Measured.
    told : ndarray
        By a surface.
    covered : ndarray
        Whether its intervals hold them.

    Returns
    -------
    dict
        Their number ``n``, the share ``r2`` of their variation that is explained, the root mean
        square error ``rmse`` and the ``coverage`` of the intervals.
    """
    error, spread = effect.to_numpy() - told, effect.to_numpy() - effect.mean()
    return {
        "n": len(effect),
        "r2": float(1 - (error @ error) / (spread @ spread)),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "coverage": float(covered.mean()),
    }


def ranges(frame: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Where there are measurements, along each axis."""
    return {axis: (float(frame[axis].min()), float(frame[axis].max())) for axis in AXES}


def grid(frame: pd.DataFrame) -> pd.DataFrame:
    """Points of `GRID` within the measured ranges, the last axis varying fastest."""
    levels = []
    for axis, (low, high) in ranges(frame).items():
        slack = 1e-6 * max(1.0, high)
        inside = [v for v in GRID[axis] if low - slack <= v <= high + slack]
        levels.append(inside or [low])
    return pd.DataFrame(
        {a: v.ravel() for a, v in zip(AXES, np.meshgrid(*levels, indexing="ij"), strict=True)},
        dtype=float,
    )


def tabulate(surface: Surface, frame: pd.DataFrame, goal: str) -> pd.DataFrame:
    """Table ``surface`` of one goal: the surface on a grid over the measured ranges."""
    points = grid(frame)
    # a reader predicts a number, unless the goal has no meaning for one
    found = surface.predict(points.assign(binary=float(frame["binary"].min())))
    return points.join(found).assign(goal=goal)


def importance(surface: Surface, frame: pd.DataFrame, goal: str) -> pd.DataFrame:
    """Table ``importance``: Sobol indices of the surface over the measured ranges.

    Each property varies independently and evenly on the log scale (Saltelli 2010).
    """
    span = ranges(frame)
    free = [axis for axis in AXES if span[axis][0] < span[axis][1]]

    def effect(x: np.ndarray) -> np.ndarray:
        at = pd.DataFrame({axis: np.full(x.shape[1], span[axis][0]) for axis in AXES})
        for axis, values in zip(free, x, strict=True):
            at[axis] = values
        return surface.effect(at.assign(binary=float(frame["binary"].min())))

    dists = [stats.loguniform(*span[axis]) for axis in free]
    found = stats.sobol_indices(func=effect, n=1024, dists=dists, rng=np.random.default_rng(0))
    return pd.DataFrame(
        {
            "goal": goal,
            "property": free,
            "first": found.first_order,
            "total": found.total_order,
        }
    )
