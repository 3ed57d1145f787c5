"""Logistic paths by Newton's method, for any mix of penalties, with an unpenalised intercept."""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dposv
from scipy.special import expit

from normwise.solvers.certificate import logistic_gap

# Newton's method squares its error, so a step that gains this little was the last one needed
DECREASE = 1e-9
MAX_NEWTON = 50
MAX_HALVINGS = 30
MIN_WEIGHT = 1e-8


def is_separable(X: np.ndarray, y: np.ndarray) -> bool:
    """Whether some hyperplane splits the classes, ties allowed: no finite unpenalised fit exists.

    Solved as a linear program (Konis 2007).
    """
    from scipy.optimize import linprog  # slow to load, seldom used

    # an orthonormal basis, because nearly collinear columns would defeat the linear program
    u, d, _ = np.linalg.svd(np.column_stack([np.ones(len(y)), X]), full_matrices=False)
    basis = u[:, d > 1e-12 * d[0]] * np.sqrt(len(y))
    if basis.shape[1] == len(y):
        return True
    signed = np.where(y == 1, 1.0, -1.0)[:, None] * basis
    answer = linprog(
        -signed.sum(axis=0),
        A_ub=np.concatenate([-signed, signed]),
        b_ub=np.concatenate([np.zeros(len(y)), np.ones(len(y))]),
        bounds=(None, None),
        method="highs",
    )
    if answer.status != 0:
        raise ArithmeticError(f"the linear program for separability failed: {answer.message}")
    return bool(-answer.fun > 1e-7)


def _rotated(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # a pure L2 penalty is blind to rotations: solve in the row space, of rank min(n, p)
    if X.shape[0] < X.shape[1]:
        basis = np.linalg.qr(X.T)[0]
        return X @ basis, basis
    return X, np.eye(X.shape[1])


def _newton_l2(X: np.ndarray, y: np.ndarray, l2: float) -> np.ndarray:
    hessian = X.T @ X / len(y)
    hessian.flat[:: len(hessian) + 1] += max(l2, 1e-14)
    _, coef, failed = dposv(hessian, y @ X / len(y), overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError("the Hessian of the logistic loss is singular")
    return coef


def logistic_path(
    X: np.ndarray, y: np.ndarray, alphas: np.ndarray, l1_ratio: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Path of penalised logistic regression.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Zeros and ones, both present.
    alphas : ndarray of shape (n_alphas,)
        Decreasing strengths on the mean-loss scale; ``inf`` is the null model, 0 the
        maximum-likelihood fit (which must exist, see `is_separable`).
    l1_ratio : float
        Share of the L1 part, in [0, 1].

    Returns
    -------
    coef : ndarray of shape (n_alphas, n_features)
    intercept : ndarray of shape (n_alphas,)
    gap : ndarray of shape (n_alphas,)
        Relative duality gap; at strength 0, half the squared Newton decrement.
    n_iter : ndarray of shape (n_alphas,)
    """
    if l1_ratio:
        from normwise.solvers.active_set import squared_path  # compiled: loaded when used
    design, basis = (X, None) if l1_ratio else _rotated(X)
    n, p = design.shape
    null = float(np.log(y.mean() / (1 - y.mean())))
    null_loss = float(np.logaddexp(0, null) - null * y.mean())
    out = np.zeros((len(alphas), p))
    intercept = np.full(len(alphas), null)
    gap = np.zeros(len(alphas))
    n_iter = np.zeros(len(alphas), int)

    def objective(b: np.ndarray, predictor: np.ndarray, alpha: float) -> float:
        loss = np.logaddexp(0, predictor).sum() - y @ predictor
        size = l1_ratio * np.abs(b).sum() + (1 - l1_ratio) / 2 * (b @ b)
        return float(loss / n + (alpha * size if alpha else 0.0))

    coef, offset, predictor = np.zeros(p), null, np.full(n, null)
    for i, alpha in enumerate(alphas):
        if np.isinf(alpha):
            continue
        value = objective(coef, predictor, alpha)
        decrease = np.inf
        while decrease > DECREASE * null_loss and n_iter[i] < MAX_NEWTON:
            n_iter[i] += 1
            probability = expit(predictor)
            weight = np.maximum(probability * (1 - probability), MIN_WEIGHT)
            response = predictor + (y - probability) / weight
            total = weight.sum()
            centre_x, centre_y = weight @ design / total, weight @ response / total
            root = np.sqrt(weight)
            weighted = (design - centre_x) * root[:, None]
            working = (response - centre_y) * root
            if l1_ratio:
                l1, l2 = np.array([alpha * l1_ratio]), np.array([alpha * (1 - l1_ratio)])
                target = squared_path(np.ascontiguousarray(weighted.T), working, l1, l2, coef)[0][0]
            else:
                target = _newton_l2(weighted, working, alpha)
            step = target - coef
            step_offset = float(centre_y - centre_x @ target) - offset
            step_predictor = step_offset + design @ step
            size = 1.0
            for _ in range(MAX_HALVINGS):
                trial = objective(coef + size * step, predictor + size * step_predictor, alpha)
                if trial <= value:
                    break
                size /= 2
            else:
                # no decrease in floating point: this is the minimum
                break
            coef, offset = coef + size * step, offset + size * step_offset
            predictor = offset + design @ coef
            decrease, value = value - trial, trial
        out[i], intercept[i] = coef, offset
        if alpha == 0:
            gap[i] = (weight @ step_predictor**2) / (2 * n * null_loss)
    certified = np.isfinite(alphas) & (alphas > 0)
    gap[certified] = logistic_gap(
        design, y, out[certified], intercept[certified], alphas[certified], l1_ratio
    )
    return (out if basis is None else out @ basis.T), intercept, gap, n_iter
