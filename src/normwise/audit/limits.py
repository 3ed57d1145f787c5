"""What theory says of a published scenario: the least errors, and ridge's on glmnet's grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from normwise.analysis.measure.grid_effects import glmnet_bounds
from normwise.data.population import Population, draw, population
from normwise.data.scenario import GROUPED, Scenario
from normwise.theory.lasso import lasso_optimal_risk
from normwise.theory.lasso_groups import Group, lasso_optimal_risk_groups
from normwise.theory.linear import ridge_optimal_risk, ridge_risk

# data sets of which the largest correlation with the response is averaged
CORRELATION_DRAWS = 16
# features that are drawn for each kind of group with a signal, in at least as many groups
DRAWN, FEWEST = 20_000, 500
DIGITS = 10


class Limits(NamedTuple):
    """Exact errors on new rows of a scenario, root mean squares, in its own unit.

    Attributes
    ----------
    lasso, ridge : float
        At the strength of least risk.
    ridge_glmnet : float
        At the strength of least risk that glmnet's grid for ridge has.
    null : float
        Of the constant prediction.
    noise : float
        Of the truth: the standard deviation of the noise.
    alpha, alpha_lasso : float
        Best strength of ridge and of the lasso.
    floor : float
        Where glmnet's grid for ridge ends. All of the mean loss, features standardised; ridge's
        belong to any scale of the response, the lasso's to noise of variance 1.
    """

    lasso: float
    ridge: float
    ridge_glmnet: float
    null: float
    noise: float
    alpha: float
    alpha_lasso: float
    floor: float


def groups_of(s: Scenario, truth: Population) -> list[Group]:
    """Kinds of groups of features that correlate with each other alone, each with its number.

    Of families whose groups have one covariance, with groups of one size.

    Raises
    ------
    ValueError
        If the family has no such groups.
    """
    size = s.group_size if s.covariance in GROUPED else 1
    known = s.covariance in ("independent", "blocks", "ar1_blocks", "near_duplicates")
    if not known or s.features != "gaussian" or s.n_features % size:
        raise ValueError(
            f"covariance ({s.covariance}) of {s.n_features} {s.features} features has no groups "
            f"of {size} that are alike"
        )
    coef = truth.coef.reshape(-1, size)
    _, first, counts = np.unique(coef.round(DIGITS), axis=0, return_index=True, return_counts=True)
    groups = []
    for i, count in zip(first, counts, strict=True):
        root = truth.root[i * size : (i + 1) * size]
        groups.append(Group((root @ root.T).toarray(), coef[i], int(count)))
    return groups


def spectrum(groups: list[Group]) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of the covariance, and the squared coefficients in its eigenvectors."""
    values, signal = [], []
    for covariance, coef, count in groups:
        e, u = np.linalg.eigh(np.asarray(covariance))
        values += [np.tile(np.maximum(e, 0.0), count)]
        signal += [np.tile((u.T @ np.asarray(coef)) ** 2, count)]
    return np.concatenate(values), np.concatenate(signal)


def largest_correlation(s: Scenario, seed: int, draws: int = CORRELATION_DRAWS) -> float:
    """Largest absolute correlation of a feature with the response, mean over data sets."""
    found = []
    for replicate in range(draws):
        X, y = draw(s, seed, replicate)
        Z = (X - X.mean(axis=0)) / X.std(axis=0)
        found.append(np.abs(Z.T @ (y - y.mean())).max() / len(y) / y.std())
    return float(np.mean(found))


def limits(s: Scenario, seed: int) -> Limits:
    """Theory's errors of a scenario with ``moments: sample``.

    Ridge's risk on glmnet's grid is that at its end wherever the best strength lies beyond. The
    mean takes one of the directions of the rows; the noise is that of standardised samples.

    Parameters
    ----------
    s : Scenario
    seed : int
        Of the coefficients, the draws of the lasso's limit and of `largest_correlation`.
    """
    truth, rows = population(s, seed), s.n_samples - 1
    # the columns of a sample have mean square (n - 1) / n, from which the noise is taken
    noise = truth.noise_var * rows / s.n_samples
    groups = groups_of(s, truth)
    values, signal = spectrum(groups)
    alpha, ridge = ridge_optimal_risk(values, signal, rows, noise)
    if s.covariance == "independent":
        alpha_lasso, lasso = lasso_optimal_risk(truth.coef, rows, noise)
    else:
        draws = max(FEWEST, DRAWN // s.group_size)
        alpha_lasso, lasso = lasso_optimal_risk_groups(groups, rows, noise, draws, seed)
    bound = glmnet_bounds(largest_correlation(s, seed), s.n_samples, s.n_features)[0]
    # from a mean over the rows to one over the rows that are left
    floor = float(bound) * s.n_samples / rows
    held = ridge if alpha >= floor else ridge_risk(values, signal, rows, noise, floor)
    null = float(values @ signal)
    lasso, ridge, held, null = (float(np.sqrt(noise + r)) for r in (lasso, ridge, held, null))
    return Limits(lasso, ridge, held, null, float(np.sqrt(noise)), alpha, alpha_lasso, floor)
