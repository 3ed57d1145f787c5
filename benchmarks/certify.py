"""How accurate a solution is, by the problem alone: duality gaps and objectives.

Every solution gets its best intercept. What depends on the loss is one class for each.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.special import expit, logsumexp, softmax, xlogy

from benchmarks.problem import Problem
from normwise.fitting.loss import loss_of
from normwise.fitting.solvers.certificate import relative_gap

# whose predictions are held at a time
MOST_PREDICTIONS = 10**7


class _Scalar:
    """One linear predictor a row: the gap is that of `normwise.fitting.solvers.certificate`."""

    response: str

    def intercept(self, linear: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The best intercepts of predictors without one, of shape (n_alphas, n_samples)."""
        raise NotImplementedError

    def gap(
        self, X: np.ndarray, y: np.ndarray, coef: np.ndarray, alphas: np.ndarray, l1_ratio: float
    ) -> np.ndarray:
        """Relative duality gap of coefficients of shape (n_alphas, n_features)."""
        intercept = self.intercept(_linear(X, coef), y)
        return relative_gap(loss_of(self.response), X, y, coef, intercept, alphas, l1_ratio)

    def loss(self, X: np.ndarray, y: np.ndarray, coef: np.ndarray) -> tuple[np.ndarray, float]:
        """Mean loss of coefficients of shape (n_alphas, n_features), and that of the null model."""
        linear, loss = _linear(X, coef), loss_of(self.response)
        predictor = linear + self.intercept(linear, y)[:, None]
        return loss.objective(y, predictor), loss.null_objective(y, float(y.mean()))


class _Squared(_Scalar):
    response = "gaussian"

    def intercept(self, linear: np.ndarray, y: np.ndarray) -> np.ndarray:
        return y.mean() - linear.mean(axis=1)

    def gap(
        self, X: np.ndarray, y: np.ndarray, coef: np.ndarray, alphas: np.ndarray, l1_ratio: float
    ) -> np.ndarray:
        # its null model is zero: of a centred response, the mean
        return super().gap(X, y - y.mean(), coef, alphas, l1_ratio)


class _Logistic(_Scalar):
    response = "binary"

    def intercept(self, linear: np.ndarray, y: np.ndarray) -> np.ndarray:
        # where the predicted and the observed share of ones agree; bisection cannot fail
        middle = np.log(y.mean() / (1 - y.mean()))
        reach = np.abs(linear).max(axis=1)
        low, high = middle - reach, middle + reach
        for _ in range(80):
            centre = (low + high) / 2
            more = expit(centre[:, None] + linear).mean(axis=1) > y.mean()
            low, high = np.where(more, low, centre), np.where(more, centre, high)
        return (low + high) / 2


class _Poisson(_Scalar):
    response = "poisson"

    def intercept(self, linear: np.ndarray, y: np.ndarray) -> np.ndarray:
        # the means sum to the counts
        return np.log(y.sum()) - logsumexp(linear, axis=1)


class _Multinomial:
    """A linear predictor for each class, none of them the base: from first principles."""

    def intercept(self, linear: np.ndarray, share: np.ndarray) -> np.ndarray:
        """The best intercepts of predictors of shape (n_alphas, n_classes, n_samples).

        Damped Newton steps on the mean loss, which is convex in them, until the mean probabilities
        are the shares of the classes.
        """
        n_alphas, n_classes, n = linear.shape
        found = np.tile(np.log(share), (n_alphas, 1))

        def value(intercept: np.ndarray) -> np.ndarray:
            total = logsumexp(linear + intercept[:, :, None], axis=1).mean(axis=1)
            return np.asarray(total - intercept @ share)

        now = value(found)
        for _ in range(100):
            chance = softmax(linear + found[:, :, None], axis=1)
            mean = chance.mean(axis=2)
            if np.abs(mean - share).max() < 1e-14:
                break
            # a constant in all intercepts changes nothing: the ones make the system regular
            curvature = 1.0 - chance @ chance.transpose(0, 2, 1) / n
            curvature[:, range(n_classes), range(n_classes)] += mean
            step = np.linalg.solve(curvature, (share - mean)[:, :, None])[:, :, 0]
            size = np.ones(n_alphas)
            for _ in range(40):
                trial = value(found + size[:, None] * step)
                worse = trial > now + 1e-15 * np.abs(now)
                if not worse.any():
                    break
                size[worse] /= 2
            size[worse] = 0.0
            found += size[:, None] * step
            now = np.where(worse, now, trial)
            if not size.any():
                break
        return found

    def _fitted(
        self, X: np.ndarray, y: np.ndarray, coef: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        # predictors of shape (n_alphas, n_classes, n_samples), and the classes as rows of ones
        truth = (y == np.arange(coef.shape[1])[:, None]).astype(float)
        linear = _linear(X, coef)
        return linear + self.intercept(linear, truth.mean(axis=1))[:, :, None], truth

    def gap(
        self, X: np.ndarray, y: np.ndarray, coef: np.ndarray, alphas: np.ndarray, l1_ratio: float
    ) -> np.ndarray:
        """Relative duality gap of coefficients of shape (n_alphas, n_classes, n_features).

        The conjugate of a row's loss is the negative entropy of the probabilities that a dual point
        gives it, and infinite where they are none. Those of the predictors are such a point; a pure
        L1 penalty also needs their products with the features in a box, towards which they are
        mixed with the truth.
        """
        predictor, truth = self._fitted(X, y, coef)
        chance = softmax(predictor, axis=1)
        inner = (truth - chance).reshape(-1, len(y)) @ X / len(y)
        inner = np.abs(inner).reshape(coef.shape)
        l1, l2 = alphas * l1_ratio, alphas * (1 - l1_ratio)
        conjugate = np.zeros(len(alphas))
        if l1_ratio == 1:
            shrink = np.minimum(1.0, l1 / np.maximum(inner.max(axis=(1, 2)), 1e-300))
            chance = truth + shrink[:, None, None] * (chance - truth)
        else:
            excess = np.maximum(inner - l1[:, None, None], 0.0)
            conjugate = (excess**2).sum(axis=(1, 2)) / (2 * l2)
        entropy = -xlogy(chance, chance).sum(axis=1).mean(axis=1)
        primal = _mean_log_loss(predictor, truth) + _size(coef, alphas, l1_ratio)
        return np.asarray((primal - entropy + conjugate) / _entropy(truth))

    def loss(self, X: np.ndarray, y: np.ndarray, coef: np.ndarray) -> tuple[np.ndarray, float]:
        """Mean loss of coefficients, and that of the null model."""
        predictor, truth = self._fitted(X, y, coef)
        return _mean_log_loss(predictor, truth), _entropy(truth)


def _mean_log_loss(predictor: np.ndarray, truth: np.ndarray) -> np.ndarray:
    own = (predictor * truth).sum(axis=1)
    return np.asarray((logsumexp(predictor, axis=1) - own).mean(axis=1))


def _entropy(truth: np.ndarray) -> float:
    share = truth.mean(axis=1)
    return float(-xlogy(share, share).sum())


def _size(coef: np.ndarray, alphas: np.ndarray, l1_ratio: float) -> np.ndarray:
    """The penalty at each strength."""
    flat = coef.reshape(len(coef), -1)
    squares = (1 - l1_ratio) / 2 * (flat**2).sum(axis=1)
    return np.asarray(alphas * (l1_ratio * np.abs(flat).sum(axis=1) + squares))


def _linear(X: np.ndarray, coef: np.ndarray) -> np.ndarray:
    # rows last
    product = (X @ coef.reshape(-1, coef.shape[-1]).T).T
    return np.asarray(product).reshape(*coef.shape[:-1], -1)


_KINDS: dict[str, _Scalar | _Multinomial] = {
    "squared": _Squared(),
    "logistic": _Logistic(),
    "poisson": _Poisson(),
    "multinomial": _Multinomial(),
}


def gaps(problem: Problem, coef: np.ndarray) -> np.ndarray:
    """Relative duality gaps of solutions of a problem, each with its best intercept.

    Parameters
    ----------
    problem : Problem
    coef : ndarray of shape (n_sets, n_alphas, n_features) or with n_classes as third axis
        On all rows (one set) or on the training rows of each fold. A fold's strength is that of
        all rows times n / n_train, because scikit-learn fixes the weight of the summed loss.

    Returns
    -------
    ndarray of shape (n_sets, n_alphas)
    """
    n, kind = len(problem.y), _KINDS[problem.loss]
    by_rows = problem.X.tocsr() if sparse.issparse(problem.X) else problem.X
    rows = [slice(None)] if len(coef) == 1 else [train for train, _ in problem.splits]
    out = np.empty(coef.shape[:2])
    for k, b in enumerate(coef):
        X, y = by_rows[rows[k]], problem.y[rows[k]]
        alphas = problem.alphas * n / len(y)
        for part in _parts(problem, len(y)):
            out[k, part] = kind.gap(X, y, b[part], alphas[part], problem.l1_ratio)
    return out


def objectives(problem: Problem, coef: np.ndarray) -> np.ndarray:
    """Objective on all rows of coefficients at every strength, over the null model's.

    Parameters
    ----------
    problem : Problem
    coef : ndarray of shape (n_alphas, n_features) or (n_alphas, n_classes, n_features)
    """
    loss, null = _KINDS[problem.loss].loss(problem.X, problem.y, coef)
    return np.asarray((loss + _size(coef, problem.alphas, problem.l1_ratio)) / null)


def _parts(problem: Problem, n: int) -> list[slice]:
    # so many strengths at a time that their predictions need no more memory than is allowed
    n_classes = problem.coef_shape[0] if len(problem.coef_shape) == 2 else 1
    size = max(1, MOST_PREDICTIONS // (n * n_classes))
    return [slice(first, first + size) for first in range(0, len(problem.alphas), size)]
