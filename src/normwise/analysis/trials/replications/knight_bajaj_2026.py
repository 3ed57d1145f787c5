r"""Knight & Bajaj (2026): lasso, ridge and elastic net from 10 to 300 rows for each feature.

*Choosing the Right Regularizer for Applied ML*, arXiv:2604.03541. Known of their design: 960
configurations of rows, features, condition number, signal-to-noise ratio, sparsity and two further
properties; the cross-validated estimators of scikit-learn; the root mean squared error (RMSE) of
prediction on test rows; recall of the true features. Their values had to be guessed: here 50
features of a first-order autoregressive process with condition numbers of 1, 3e2 and 2e4, a tenth
or half of the coefficients nonzero, of one size and random signs, SNR a ratio of variances, five
folds, and the elastic net's share of L1 chosen with its strength. Whether they took the strengths
that scikit-learn has by default is not said: both are measured.

Their RMSE contains the noise. Here it is exact: the root of the noise variance, 1, plus the excess
risk.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from normwise.analysis.trials.replications.protocol import published
from normwise.fitting.solvers.problem import Path, Problem
from normwise.fitting.tuning import choose, make_folds

ORDER = 6
LABEL = "Knight & Bajaj (2026)"
ABOUT = "Knight and Bajaj 2026 (arXiv 2604.03541), on a design that had to be guessed in part."
SOURCE = "Knight & Bajaj 2026, arXiv:2604.03541"
BATCH = 4
N_FEATURES, N_FOLDS, N_ALPHAS = 50, 5, 60
ROWS_PER_FEATURE = (10, 20, 40, 78, 150, 300)
# the autocorrelation, by the condition number that it gives 50 features
CORRELATIONS = {1: 0.0, 300: 0.9, 20_000: 0.9957}
NONZERO = (5, 25)
SNR = (0.05, 0.25, 1.0, 4.0)
L1_RATIOS = {"lasso": (1.0,), "elastic net": (0.1, 0.5, 0.9), "ridge": (0.0,)}
# what scikit-learn's estimators choose from as they come: strengths of ridge on the scale of the
# summed loss, the end of a path with an L1 part relative to its first strength, one share of L1
DEFAULT = ", scikit-learn's strengths"
DEFAULTS = {"lasso": 1.0, "elastic net": 0.5, "ridge": 0.0}
RIDGE_CV, LASSO_CV = (10.0, 1.0, 0.1), 1e-3
RISK, RECALL, KEPT = "excess risk", "recall", "features kept"
AS_MANY = "recall with as many features as"
# what they call enough rows, ill-conditioned, and a low ratio of signal to noise
ENOUGH, ILL, LOW_SNR = 78, 20_000, 0.05
# of RMSE, relative, that they call interchangeable
DIFFERENCE = 0.003
CELL = ["rows", "condition", "nonzero", "snr"]
MEDIANS = "difference of median RMSE, %"
MORE = "difference of recall"
ZONE = np.log(1.05)


class Tuned(NamedTuple):
    """A path with the place of least cross-validated error.

    Attributes
    ----------
    error : float
        Cross-validated, least.
    path : Path
    best : int
    """

    error: float
    path: Path
    best: int


def case_name(rows: int, condition: int, nonzero: int, snr: float) -> str:
    """A cell of the design in words."""
    return f"n/p {rows}, condition {condition}, {nonzero} nonzero, snr {snr:g}"


def covariance(rho: float) -> np.ndarray:
    """Of the features."""
    j = np.arange(N_FEATURES)
    return np.asarray(rho ** np.abs(j - j[:, None]))


def _tuned(problem: Problem, splits: Any, l1_ratio: float, alphas: np.ndarray) -> Tuned:
    path = problem.path(alphas, l1_ratio)
    cv = problem.cross_validate(splits, alphas, l1_ratio)
    error, best, _ = choose(cv, path.gap <= 1e-6)
    return Tuned(float(error[best]), path, best)


def _fits(problem: Problem, splits: Any) -> dict[str, Tuned]:
    # by method; those of scikit-learn choose among the strengths that it has by default
    fits = {}
    for method, l1_ratios in L1_RATIOS.items():
        grids = [(a, problem.alpha_grid(a, N_ALPHAS)) for a in l1_ratios]
        tuned = [_tuned(problem, splits, a, alphas) for a, alphas in grids]
        fits[method] = min(tuned, key=lambda found: found.error)
    for method, l1_ratio in DEFAULTS.items():
        alphas = np.array(RIDGE_CV) / problem.n_samples
        if l1_ratio:
            alphas = problem.alpha_max(l1_ratio) * np.geomspace(1, LASSO_CV, 100)
        fits[f"{method}{DEFAULT}"] = _tuned(problem, splits, l1_ratio, alphas)
    return fits


def _largest(path: Path, number: int) -> np.ndarray:
    # which features a path keeps when it first keeps as many, those of largest size
    enough = (path.coef != 0).sum(axis=1) >= number
    b = np.abs(path.coef[int(np.argmax(enough)) if enough.any() else -1])
    return np.asarray(np.argsort(-b, kind="stable")[:number])


def measure(rng: np.random.Generator) -> Iterator[tuple[str, str, str, float]]:
    """Excess risks, and how many of the true features are found, in every cell of the design."""
    for condition, rho in CORRELATIONS.items():
        sigma = covariance(rho)
        root = np.linalg.cholesky(sigma).T
        for rows in ROWS_PER_FEATURE:
            n = rows * N_FEATURES
            X = rng.standard_normal((n, N_FEATURES)) @ root
            noise = rng.standard_normal(n)
            splits = make_folds(noise, N_FOLDS, "gaussian", rng)
            for nonzero in NONZERO:
                beta = np.zeros(N_FEATURES)
                support = rng.choice(N_FEATURES, nonzero, replace=False)
                beta[support] = rng.choice([-1.0, 1.0], nonzero)
                beta /= np.sqrt(beta @ sigma @ beta)
                for snr in SNR:
                    true = np.sqrt(snr) * beta
                    problem = Problem(X, X @ true + noise)
                    case = case_name(rows, condition, nonzero, snr)
                    yield from _found(case, _fits(problem, splits), true, sigma)


def _found(
    case: str, fits: dict[str, Tuned], true: np.ndarray, sigma: np.ndarray
) -> Iterator[tuple[str, str, str, float]]:
    support = np.flatnonzero(true)
    kept = {}
    for method, (_, path, best) in fits.items():
        away = path.coef[best] - true
        risk = float(away @ sigma @ away + path.intercept[best] ** 2)
        yield case, method, RISK, risk
        if not method.startswith("ridge"):
            kept[method] = np.flatnonzero(path.coef[best])
            yield case, method, KEPT, float(len(kept[method]))
            yield case, method, RECALL, float(np.isin(support, kept[method]).mean())
    for method, other in (("lasso", "elastic net"), ("elastic net", "lasso")):
        same = _largest(fits[method].path, len(kept[other]))
        yield case, method, f"{AS_MANY} {other}", float(np.isin(support, same).mean())


def cells(values: pd.DataFrame) -> pd.DataFrame:
    """What was found in each cell of the design, means over its data sets.

    Returns
    -------
    DataFrame
        A row for each cell. ``risk_lasso``, ``risk_ridge`` and ``risk_elastic_net`` are excess
        risks, ``effect`` is the mean of log(lasso's / ridge's) with its standard error
        ``effect_se``, ``rmse_gap`` the relative difference of the largest and the least expected
        RMSE of the three. ``kept_*`` are numbers of features, ``recall_*`` shares of the true
        ones, ``same_lasso`` that of the lasso with as many features as the elastic net keeps and
        ``same_elastic_net`` the other way round. ``effect_default`` is the effect with the
        strengths of scikit-learn, ``cost_*`` the geometric mean of the risk with these over that
        with ours.
    """
    wide = values.pivot(index=["case", "replicate"], columns=["quantity", "method"], values="value")
    groups = wide.groupby("case", sort=False)
    mean = groups.mean()
    log = np.log(wide[RISK])
    effect = (log["lasso"] - log["ridge"]).groupby("case", sort=False)
    more = {m: (log[f"{m}{DEFAULT}"] - log[m]).groupby("case", sort=False).mean() for m in DEFAULTS}
    risks = mean[RISK][["lasso", "ridge", "elastic net"]]
    rmse = np.sqrt(1 + risks)
    out = pd.DataFrame(
        {
            "n": groups.size(),
            "risk_lasso": risks["lasso"],
            "risk_ridge": risks["ridge"],
            "risk_elastic_net": risks["elastic net"],
            "effect": effect.mean(),
            "effect_se": effect.sem(),
            "rmse_gap": rmse.max(axis=1) / rmse.min(axis=1) - 1,
            "kept_lasso": mean[KEPT, "lasso"],
            "kept_elastic_net": mean[KEPT, "elastic net"],
            "recall_lasso": mean[RECALL, "lasso"],
            "recall_elastic_net": mean[RECALL, "elastic net"],
            "same_lasso": mean[f"{AS_MANY} elastic net", "lasso"],
            "same_elastic_net": mean[f"{AS_MANY} lasso", "elastic net"],
            "recall_lasso_default": mean[RECALL, f"lasso{DEFAULT}"],
            "recall_elastic_net_default": mean[RECALL, f"elastic net{DEFAULT}"],
            "effect_default": effect.mean() + more["lasso"] - more["ridge"],
            "cost_lasso": np.exp(more["lasso"]),
            "cost_elastic_net": np.exp(more["elastic net"]),
            "cost_ridge": np.exp(more["ridge"]),
        }
    )
    return pd.concat([_properties(out.index), out], axis=1).reset_index(drop=True)


def _properties(cases: pd.Index) -> pd.DataFrame:
    known = {
        case_name(*cell): cell
        for cell in itertools.product(ROWS_PER_FEATURE, CORRELATIONS, NONZERO, SNR)
    }
    return pd.DataFrame([known[c] for c in cases], index=cases, columns=CELL)


def verdict(row: pd.Series) -> str:
    """Whether lasso (``l1``) or ridge (``l2``) is better by more than 5 % of the excess risk.

    ``equivalent`` if the 95 % interval of the effect lies within 5 %, else ``undecided``.
    """
    low, high = row["effect"] + np.array([-1, 1]) * 1.96 * row["effect_se"]
    if high < -ZONE or low > ZONE:
        return "l1" if high < 0 else "l2"
    return "equivalent" if low > -ZONE and high < ZONE else "undecided"


def judge(values: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Their statements on prediction and on recall, by RMSE and by the excess risk."""
    found = cells(values)
    reported = published("knight_bajaj_2026").set_index("quantity")["value"]
    enough = found["rows"] >= ENOUGH
    own = values["case"].isin(_names(found, enough))
    risks = values[(values["quantity"] == RISK) & own & values["method"].isin(list(L1_RATIOS))]
    medians = np.sqrt(1 + risks["value"]).groupby(risks["method"]).median()
    n = int(values["replicate"].nunique())
    case = f"n/p of at least {ENOUGH}"
    gap = float(100 * (medians.max() / medians.min() - 1))
    told = float(reported[MEDIANS])
    yield {
        "case": case,
        "method": "the three",
        "quantity": MEDIANS,
        "n": n,
        "published": told,
        "measured": gap,
        "criterion": f"at most {told:g} %",
        "agrees": gap <= told,
    }
    share = float((found[enough].apply(verdict, axis=1) == "equivalent").mean())
    yield {
        "case": case,
        "method": "lasso against ridge",
        "quantity": "share of cells equivalent in excess risk",
        "n": n,
        "measured": share,
        "criterion": "words: interchangeable in most cells",
        "agrees": share > 0.5,
    }
    hard = _names(found, (found["condition"] == ILL) & (found["snr"] == LOW_SNR))
    case = f"condition {ILL}, snr {LOW_SNR:g}"
    recall = _by_data_set(values, hard, RECALL)
    same = _by_data_set(values, hard, f"{AS_MANY} elastic net")
    more = recall["elastic net"] - recall["lasso"]
    told = float(reported[MORE])
    yield {
        "case": case,
        "method": "elastic net less lasso",
        "quantity": MORE,
        "n": n,
        "published": told,
        "measured": float(more.mean()),
        "se": float(more.sem()),
        "criterion": "same sign",
        "agrees": bool(more.mean() * told > 0),
    }
    more = recall["elastic net"] - same["lasso"]
    yield {
        "case": case,
        "method": "elastic net less lasso",
        "quantity": f"{MORE}, as many features kept",
        "n": n,
        "measured": float(more.mean()),
        "se": float(more.sem()),
        "criterion": "words: elastic net finds more",
        "agrees": bool(more.mean() - 1.96 * more.sem() > 0),
    }


def _names(found: pd.DataFrame, which: pd.Series) -> list[str]:
    cells = zip(*(found.loc[which, c] for c in CELL), strict=True)
    return [case_name(*cell) for cell in cells]


def _by_data_set(values: pd.DataFrame, cases: list[str], quantity: str) -> pd.DataFrame:
    # means over the cells, which share their features
    own = values[(values["quantity"] == quantity) & values["case"].isin(cases)]
    return own.pivot_table(index="replicate", columns="method", values="value")
