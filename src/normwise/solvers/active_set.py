r"""L1 and elastic-net least squares by an active-set method, exact at every strength.

For given active features and signs the solution is that of a linear system. Features are added
where the optimality conditions fail and dropped where a coefficient would change its sign, each
step lowering the objective, so that the method ends at the exact solution (feature-sign search;
Lee, Battle, Raina & Ng 2007). Warm starts along the path keep the number of steps near the number
of kinks of the path. The cost does not grow with the correlation of the features, which is what
slows coordinate descent down.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dposv

MAX_STEPS = 2000
ENTER_AT_MOST = 8
# added where active features are linearly dependent, so that the system has a solution; the
# certificate is computed on the problem without it
MIN_CURVATURE = 1e-10
SLACK = 1e-10


class QuadraticProblem:
    r"""Minimise :math:`\frac12 b^T G b - c^T b` + penalty, with :math:`G = X^T W X / n`.

    The warm state (active features, signs, coefficients) is kept between calls to
    :meth:`solve`; entries of :math:`G` are computed for features when they first become active.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        With the square root of the weights applied.
    y : ndarray of shape (n_samples,)
        Working response, scaled likewise.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.n_samples, n_features = X.shape
        self.restart(np.zeros(n_features))
        self.n_steps = 0
        self.update(X, y)

    def update(self, X: np.ndarray, y: np.ndarray) -> None:
        """Replace the data, keep the warm state."""
        self.X, self.y = X, y
        self.c = y @ X / self.n_samples
        self.scale = np.abs(self.c).max(initial=0.0)
        self._known = np.zeros(0, int)
        self._place = np.full(X.shape[1], -1)
        self._gram = np.zeros((0, 0))
        self._learn(self.active)

    def restart(self, coef: np.ndarray) -> None:
        """Take ``coef`` as the warm state."""
        self.coef = coef.copy()
        self.active = np.flatnonzero(coef)
        self.signs = np.sign(coef[self.active])

    def _learn(self, features: np.ndarray) -> None:
        new = features[self._place[features] < 0]
        if not len(new):
            return
        known = np.concatenate([self._known, new])
        rows = self.X[:, new].T @ self.X[:, known] / self.n_samples
        gram = np.empty((len(known), len(known)))
        old = len(self._known)
        gram[:old, :old] = self._gram
        gram[old:] = rows
        gram[:old, old:] = rows[:, :old].T
        self._place[new] = np.arange(old, len(known))
        self._known, self._gram = known, gram

    def _step(self, l1: float, l2: float) -> bool:
        """Move to the minimiser for the current signs, or to the first sign change."""
        place = self._place[self.active]
        right = self.c[self.active] - l1 * self.signs
        for curvature in (l2, l2 + MIN_CURVATURE):
            system = self._gram[np.ix_(place, place)]
            system.flat[:: len(place) + 1] += curvature
            _, target, failed = dposv(system, right, overwrite_a=1)
            if not failed:
                break
        self.n_steps += 1
        wrong = target * self.signs < 0
        if not wrong.any():
            self.coef[self.active] = target
            return True
        now = self.coef[self.active]
        reach = np.ones(len(now))
        reach[wrong] = now[wrong] / (now[wrong] - target[wrong])
        first = reach.min()
        self.coef[self.active] = now + first * (target - now)
        stay = reach > first
        self.coef[self.active[~stay]] = 0.0
        self.active, self.signs = self.active[stay], self.signs[stay]
        return False

    def solve(self, l1: float, l2: float) -> np.ndarray:
        """Minimiser for the penalty ``l1 * |b|_1 + l2 / 2 * |b|^2``.

        Returns
        -------
        ndarray of shape (n_features,)
            A copy. Stops after ``MAX_STEPS`` steps; the caller's certificate tells.
        """
        limit = self.n_steps + MAX_STEPS
        while self.n_steps < limit:
            while len(self.active) and self.n_steps < limit and not self._step(l1, l2):
                pass
            residual = self.y - self.X[:, self.active] @ self.coef[self.active]
            gradient = residual @ self.X / self.n_samples
            violation = np.abs(gradient) - l1
            violation[self.active] = 0.0
            enter = np.flatnonzero(violation > SLACK * self.scale)
            if not len(enter):
                break
            if len(enter) > ENTER_AT_MOST:
                enter = enter[np.argsort(-violation[enter], kind="stable")[:ENTER_AT_MOST]]
            self._learn(enter)
            self.active = np.concatenate([self.active, enter])
            self.signs = np.concatenate([self.signs, np.sign(gradient[enter])])
            self.n_steps += 1
        return self.coef.copy()


def squared_path(
    X: np.ndarray, y: np.ndarray, alphas: np.ndarray, l1_ratio: float
) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares path with an L1 part in its penalty, on centred data.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    alphas : ndarray of shape (n_alphas,)
        Decreasing strengths on the mean-loss scale.
    l1_ratio : float
        Share of the L1 part, in (0, 1].

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    n_iter : ndarray of shape (n_alphas,)
        Linear systems solved at each strength.
    """
    problem = QuadraticProblem(X, y)
    coef = np.empty((len(alphas), X.shape[1]))
    n_iter = np.empty(len(alphas), int)
    for i, alpha in enumerate(alphas):
        before = problem.n_steps
        coef[i] = problem.solve(alpha * l1_ratio, alpha * (1 - l1_ratio))
        n_iter[i] = problem.n_steps - before
    return coef, n_iter
