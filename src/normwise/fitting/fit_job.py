"""One fit job: every replicate of a data file under one penalty."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from normwise.data.batch import Batch
from normwise.data.file import read_batches, truth_arrays
from normwise.data.response_kind import kind_of
from normwise.data.seeds import generator
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.fits_file import FitsFile, blank_fit
from normwise.fitting.loss import Loss, loss_of
from normwise.fitting.names import TUNINGS
from normwise.fitting.penalty import Mix, Penalty, find, mean_and_spread, standardised
from normwise.fitting.risk import risk_function
from normwise.fitting.tuning import Fit, fit, make_folds


@dataclass(frozen=True)
class FitOptions:
    """What the config says about fitting.

    Attributes
    ----------
    seed : int
        Root seed; it decides the folds.
    n_folds, n_alphas : int
    l1_ratio : float
        Share of L1 of the elastic net.
    tolerance : float
        Largest acceptable relative duality gap.
    engine : {"native", "scikit-learn"}
    keep_paths : bool
        Store the coefficients at every strength.
    """

    seed: int
    n_folds: int
    n_alphas: int
    l1_ratio: float
    tolerance: float
    engine: str = "native"
    keep_paths: bool = False


def effective_dof(
    Z: np.ndarray,
    coef: np.ndarray,
    predictor: np.ndarray,
    alpha: float | np.ndarray,
    penalty: Mix,
    loss: Loss,
    share: np.ndarray | float = 1.0,
) -> np.ndarray:
    r"""Effective degrees of freedom of one fit, without the intercept, at each strength.

    :math:`\mathrm{tr}[H(H + \lambda(1-a) I)^{-1}]`, with the Hessian :math:`H` of the mean loss
    on the active features: :math:`\sum d^2/(d^2+n\lambda)` for ridge, the number of active
    features for the lasso (Zou, Hastie & Tibshirani 2007). ``share`` are weights of the rows, of
    mean 1.
    """
    active = Z[:, coef != 0] if penalty.l1_ratio else Z
    if not active.shape[1]:
        return np.zeros(np.shape(alpha))
    if not loss.quadratic:
        weight = loss.variance(loss.mean_of(predictor)) * share
        active = (active - weight @ active / weight.sum()) * np.sqrt(weight)[:, None]
    elif np.ndim(share):
        active = active * np.sqrt(share)[:, None]
    n, p = active.shape
    eigenvalues = np.linalg.eigvalsh((active @ active.T if n < p else active.T @ active) / n)
    eigenvalues = eigenvalues[eigenvalues > 1e-10 * eigenvalues[-1]]
    ridge = np.asarray(alpha)[..., None] * (1 - penalty.l1_ratio) if penalty.l1_ratio < 1 else 0.0
    return (eigenvalues / (eigenvalues + ridge)).sum(axis=-1)


def _all_dof(
    Z: np.ndarray,
    tuned: Fit,
    predictor: np.ndarray,
    penalty: Mix,
    loss: Loss,
    share: np.ndarray | float,
) -> np.ndarray:
    """Effective degrees of freedom at the strength that each tuning rule chose."""
    path, chosen = tuned.path, tuned.chosen
    if loss.quadratic and not penalty.l1_ratio:
        # one Hessian for all strengths
        alphas = path.alphas[chosen]
        return effective_dof(Z, path.coef[0], predictor[0], alphas, penalty, loss, share)
    found = {
        c: effective_dof(Z, path.coef[c], predictor[t], path.alphas[c], penalty, loss, share)
        for t, c in enumerate(chosen)
        if c not in chosen[:t]
    }
    return np.array([float(found[c]) for c in chosen])


def fit_replicate(batch: Batch, penalty: Penalty, options: FitOptions) -> dict[str, np.ndarray]:
    """Fit a batch of one replicate; arrays named as in the fits file, without the first axis."""
    # C order always: summing in another memory order changes the last bit
    X, y = batch.X[0].astype(float, order="C"), batch.y[0]
    rng = generator(options.seed, batch.key, "folds", batch.start)
    risk = risk_function(batch)
    arrays = _blank(batch, penalty, options)
    started = time.perf_counter()
    try:
        _refuse_absent(batch)
        folds = make_folds(y, options.n_folds, batch.response, rng, batch.rows)
        tuned = fit(
            X,
            y,
            penalty,
            batch.response,
            folds,
            options.n_alphas,
            options.tolerance,
            risk,
            options.engine,
            batch.rows.weights,
        )
    except NoSolutionError:
        arrays["failed"] = np.array(1.0)
        arrays["seconds"] = np.array(time.perf_counter() - started)
        return arrays
    arrays["seconds"] = np.array(time.perf_counter() - started)
    arrays |= _path_arrays(tuned, options)
    return arrays | _chosen_arrays(X, y, batch, penalty, tuned)


def _refuse_absent(batch: Batch) -> None:
    """Refuse a sample without rows of some class: its fits would lack the coefficients."""
    kind, shape = kind_of(batch.response), batch.coef_shape
    if kind.several and len(np.unique(batch.y)) < shape[0]:
        raise NoSolutionError("a class does not occur")


def _blank(batch: Batch, penalty: Penalty, options: FitOptions) -> dict[str, np.ndarray]:
    """What a fit without a solution leaves."""
    shape = batch.coef_shape
    n_alphas = options.n_alphas * penalty.per_strength if penalty.tuned else 1
    arrays = blank_fit(shape, n_alphas)
    if options.keep_paths:
        arrays["path_coef"] = np.full((n_alphas, *shape), np.nan)
        arrays["path_intercept"] = np.full((n_alphas, *shape[:-1]), np.nan)
    if batch.y_test is not None:
        rows = (*shape[:-1], batch.y_test.shape[1])
        arrays["predictor_test"] = np.full((len(TUNINGS), *rows), np.nan)
        arrays["y_test"] = batch.y_test[0]
    if batch.weights_test is not None:
        arrays["weights_test"] = batch.weights_test[0]
    return arrays


def _path_arrays(tuned: Fit, options: FitOptions) -> dict[str, np.ndarray]:
    """What is to be kept of all strengths."""
    path = tuned.path
    arrays = {"alphas": path.alphas, "cv_error": tuned.cv_error, "path_risk": tuned.risk}
    for name in ("fold_gap", "n_uncertified", "n_iter"):
        arrays[name] = np.array(float(getattr(tuned, name)))
    if options.keep_paths:
        arrays |= {"path_coef": path.coef, "path_intercept": path.intercept}
    return arrays


def _chosen_arrays(
    X: np.ndarray,
    y: np.ndarray,
    batch: Batch,
    penalty: Penalty,
    tuned: Fit,
) -> dict[str, np.ndarray]:
    """What is to be kept of the strengths that the tuning rules chose."""
    path, chosen, loss = tuned.path, tuned.chosen, loss_of(batch.response)
    coef, intercept, alpha = path.coef[chosen], path.intercept[chosen], path.alphas[chosen]
    predictor = intercept[..., None] + coef @ X.T
    weight = batch.rows.weights
    share = 1.0 if weight is None else weight / weight.mean()
    Z, (centre, spread) = standardised(X, weight)[0], mean_and_spread(y, weight)
    inner = np.abs(Z.T @ (share * (y - centre))).max() / len(y)
    arrays = {
        "coef": coef,
        "intercept": intercept,
        "chosen": chosen.astype(float),
        "alpha": alpha,
        "risk": tuned.risk[chosen],
        "gap": path.gap[chosen],
        "train_error": loss.value(y, predictor, weight),
        "max_correlation": inner / (spread or np.inf),
        "edge": np.zeros(len(TUNINGS)),
    }
    if batch.y_test is not None and batch.X_test is not None:
        arrays["predictor_test"] = intercept[..., None] + coef @ batch.X_test[0].T
    if isinstance(penalty, Mix) and not kind_of(batch.response).several:
        arrays["dof"] = _all_dof(Z, tuned, predictor, penalty, loss, share)
    if penalty.tuned:
        # beyond the last strength lies at most the limit of no penalty
        strengths = np.unique(path.alphas)
        last = strengths[int(loss.has_limit and penalty.ends_with_limit and len(strengths) > 1)]
        arrays["edge"] = (alpha == last).astype(float)
    return arrays


def fit_file(
    data: str | Path,
    output: str | Path,
    dataset: str,
    penalty: str,
    options: FitOptions,
    n_jobs: int,
) -> None:
    """Fit one penalty to every replicate of a data file and write the fits file.

    Parameters
    ----------
    data, output : path
    dataset : str
    penalty : str
        Name of a penalty, see `normwise.fitting.penalty`.
    options : FitOptions
    n_jobs : int
        Worker processes, over replicates; linear algebra runs in one thread in each, so that
        results do not depend on their number.
    """
    fits = FitsFile(truth_arrays(data))
    what = find(penalty, options.l1_ratio)
    with threadpool_limits(1):
        for batch in read_batches(data, dataset):
            each = [batch.only(r) for r in range(len(batch.y))]
            if n_jobs == 1:
                fits.add(batch, [fit_replicate(one, what, options) for one in each])
            else:
                fits.add(batch, _in_processes(each, what, options, n_jobs))
    fits.save(output)


def _in_processes(
    each: Sequence[Batch], penalty: Penalty, options: FitOptions, n_jobs: int
) -> list[dict[str, np.ndarray]]:
    # loaded when used
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        return list(
            Parallel(n_jobs=n_jobs)(delayed(fit_replicate)(one, penalty, options) for one in each)
        )
