"""Who takes part, at which settings, and how each is asked for the same thing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import sparse

from benchmarks.contender import (
    LOGISTIC,
    MULTINOMIAL,
    POISSON,
    SQUARED,
    SQUARED_L1,
    Contender,
    Fitted,
    Setting,
    cross_validate,
    mean_error,
    path_on_all_rows,
    tighter,
)
from benchmarks.peers import (
    adelie,
    celer,
    glmnet_rs,
    glmnetpp,
    glum,
    intelex,
    pycasso,
    skein,
    skglm,
)
from benchmarks.problem import Problem

# liblinear penalises the intercept. Of the powers of ten, this led to its smallest gaps: with less
# the penalty shows, with more it stops far from the optimum; none of them changed its time much
INTERCEPT_SCALING = 1e3


def _normwise_model(problem: Problem) -> Fitted:
    import normwise

    kind = {1.0: "L1", 0.0: "L2"}.get(problem.l1_ratio, "ElasticNet")
    role = {"squared": "Regressor", "poisson": "CountRegressor"}.get(problem.loss, "Classifier")
    mix = {"l1_ratio": problem.l1_ratio} if kind == "ElasticNet" else {}
    model = getattr(normwise, f"{kind}{role}CV")
    return model(cv=problem.splits, standardize=False, **mix)


def _normwise(problem: Problem, setting: Setting, n_jobs: int = 1) -> Fitted:
    model = _normwise_model(problem)
    model.set_params(alphas=problem.alphas, tol=setting.tol, n_jobs=n_jobs)
    return model.fit(problem.X, problem.y)


def _normwise_as_called(problem: Problem) -> float:
    model = _normwise_model(problem).fit(problem.X, problem.y)
    return mean_error(model.cv_error_path_, problem)


def _normwise_path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    return np.asarray(fitted.coef_path_)[None]


def _limits(setting: Setting) -> dict[str, float]:
    return {"tol": setting.tol} | ({"max_iter": setting.max_iter} if setting.max_iter else {})


def _coordinate_descent(problem: Problem, setting: Setting) -> Fitted:
    from sklearn.linear_model import ElasticNetCV, LassoCV

    options = {"alphas": problem.alphas, "cv": problem.splits} | _limits(setting)
    pure = problem.l1_ratio == 1
    model = LassoCV(**options) if pure else ElasticNetCV(l1_ratio=problem.l1_ratio, **options)
    return model.fit(problem.X, problem.y)


def _coordinate_descent_as_called(problem: Problem) -> float:
    from sklearn.linear_model import ElasticNetCV, LassoCV

    pure = problem.l1_ratio == 1
    model = LassoCV(cv=problem.splits) if pure else ElasticNetCV(cv=problem.splits)
    return mean_error(model.fit(problem.X, problem.y).mse_path_, problem)


def _coordinate_descent_path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    from sklearn.linear_model import enet_path

    # what LassoCV does in each fold, here on all rows, of which it fits the chosen strength only
    X, mean = problem.X, np.asarray(problem.X.mean(axis=0)).ravel()
    if sparse.issparse(X):
        centred = {"X_offset": mean, "X_scale": np.ones(len(mean))}
    else:
        X, centred = np.asfortranarray(X - mean), {}
    target = problem.y - problem.y.mean()
    options = {"l1_ratio": problem.l1_ratio, "alphas": problem.alphas} | _limits(setting) | centred
    coef = enet_path(X, target, **options)[1].T
    return coef[None]


def _ridge(problem: Problem, setting: Setting) -> Fitted:
    from sklearn.linear_model import RidgeCV

    alphas = len(problem.y) * problem.alphas
    return RidgeCV(alphas=alphas, cv=problem.splits).fit(problem.X, problem.y)


def _ridge_path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    from sklearn.linear_model import Ridge

    n_alphas = len(problem.alphas)
    coef = np.full((n_alphas, problem.X.shape[1]), np.nan)
    # solved directly, each strength by itself: a tenth of them shows the accuracy
    for i in range(0, n_alphas, 11):
        coef[i] = Ridge(alpha=len(problem.y) * problem.alphas[i]).fit(problem.X, problem.y).coef_
    return coef[None]


def _logistic(solver: str) -> Callable[[Problem, Setting], Fitted]:
    def fit(problem: Problem, setting: Setting) -> Fitted:
        from sklearn.linear_model import LogisticRegressionCV

        scaling = {"intercept_scaling": INTERCEPT_SCALING} if solver == "liblinear" else {}
        model = LogisticRegressionCV(
            Cs=1 / (len(problem.y) * problem.alphas),
            l1_ratios=(problem.l1_ratio,),
            cv=problem.splits,
            solver=solver,
            scoring="neg_log_loss",
            random_state=0,
            use_legacy_attributes=False,
            **_limits(setting),
            **scaling,
        )
        return model.fit(problem.X, problem.y)

    return fit


def _logistic_path(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    coef = fitted.coefs_paths_[:, 0, :, :, :-1]
    return coef if problem.loss == "multinomial" else coef[:, :, 0]


def _counts(solver: str) -> Callable[[Problem, Setting], Fitted]:
    def fit(problem: Problem, setting: Setting) -> Fitted:
        from sklearn.linear_model import PoissonRegressor

        def path(X, y):
            model = PoissonRegressor(solver=solver, warm_start=True, **_limits(setting))
            found = []
            for alpha in problem.alphas:
                model.set_params(alpha=alpha).fit(X, y)
                found.append(np.append(model.coef_, model.intercept_))
            coef = np.array(found)
            return coef[:, :-1], coef[:, -1]

        return cross_validate(problem, path)

    return fit


def _product(problem: Problem, setting: Setting) -> Fitted:
    return problem.X.T @ problem.X


def _nothing(problem: Problem, setting: Setting, fitted: Fitted) -> np.ndarray:
    return np.full((1, len(problem.alphas), problem.X.shape[1]), np.nan)


NATIVE = "normwise"
TWO_JOBS = "normwise, n_jobs=2"
PRODUCT = "one product X'X"
# no solvers that a user would pick instead
NOT_PEERS = (NATIVE, TWO_JOBS, PRODUCT)
LARGE = ("l1_large_n", "l2_large_n")
_NATIVE_SETTINGS = (Setting("default", 1e-6),)
# scikit-learn stops the lasso at a relative gap of twice its tolerance: 4e-7 is the loosest
# round value that guarantees 1e-6
_CD_SETTINGS = tighter("tol", 1e-4, (1e-5, 4e-7, 1e-8, 1e-10), 10**6)
_LOGISTIC_SETTINGS = tighter("tol", 1e-4, (1e-4, 1e-5, 1e-6, 1e-8, 1e-10), 10**5)
_GLMNET_SETTINGS = tighter("thresh", 1e-7, (1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-14, 1e-16), 10**8)


def _logistic_contender(solver: str, *penalties: str) -> Contender:
    losses = ["logistic"] if solver == "liblinear" else ["logistic", "multinomial"]
    return Contender(
        f"scikit-learn {solver}",
        "scikit-learn",
        _LOGISTIC_SETTINGS,
        tuple((loss, penalty) for loss in losses for penalty in penalties),
        "tol 1e-4 in the solver's own meaning",
        fit=_logistic(solver),
        solutions=_logistic_path,
    )


def _counts_contender(solver: str) -> Contender:
    return Contender(
        f"scikit-learn PoissonRegressor {solver}",
        "scikit-learn",
        _LOGISTIC_SETTINGS,
        (("poisson", "l2"),),
        "tol 1e-4 in the solver's own meaning",
        folds="ours",
        fit=_counts(solver),
        solutions=path_on_all_rows,
    )


CONTENDERS = {
    c.name: c
    for c in (
        Contender(
            NATIVE,
            "normwise",
            _NATIVE_SETTINGS,
            (*SQUARED, *LOGISTIC, *POISSON, *MULTINOMIAL),
            "duality gap at most 1e-6 of the null loss",
            fit=_normwise,
            solutions=_normwise_path,
            as_called=_normwise_as_called,
        ),
        Contender(
            TWO_JOBS,
            "normwise",
            _NATIVE_SETTINGS,
            SQUARED,
            "the same",
            regimes=LARGE,
            fit=partial(_normwise, n_jobs=2),
            solutions=_normwise_path,
        ),
        Contender(
            PRODUCT,
            "scikit-learn",
            _NATIVE_SETTINGS,
            SQUARED,
            "solves nothing: the price of a look at all data",
            regimes=LARGE,
            fit=_product,
            solutions=_nothing,
        ),
        Contender(
            "scikit-learn LassoCV/ElasticNetCV",
            "scikit-learn",
            _CD_SETTINGS,
            SQUARED_L1,
            "duality gap at most 1e-4 ‖y‖² / n",
            fit=_coordinate_descent,
            solutions=_coordinate_descent_path,
            as_called=_coordinate_descent_as_called,
        ),
        Contender(
            "scikit-learn RidgeCV",
            "scikit-learn",
            (Setting("default", 1e-4),),  # direct: there is nothing to tighten
            (("squared", "l2"),),
            "solved directly",
            fit=_ridge,
            solutions=_ridge_path,
        ),
        _logistic_contender("liblinear", "l1", "l2"),
        _logistic_contender("saga", "l1", "l2"),
        _logistic_contender("lbfgs", "l2"),
        _logistic_contender("newton-cg", "l2"),
        _logistic_contender("newton-cholesky", "l2"),
        _logistic_contender("sag", "l2"),
        _counts_contender("lbfgs"),
        _counts_contender("newton-cholesky"),
        Contender(
            "glmnet",
            "glmnet",
            _GLMNET_SETTINGS,
            (*SQUARED, *LOGISTIC, *POISSON, *MULTINOMIAL),
            "a sweep decreases the loss by at most 1e-7 of the null loss; early end of path",
        ),
        *celer.CONTENDERS,
        *skglm.CONTENDERS,
        *adelie.CONTENDERS,
        *glmnet_rs.CONTENDERS,
        *glmnetpp.CONTENDERS,
        *skein.CONTENDERS,
        *pycasso.CONTENDERS,
        *intelex.CONTENDERS,
        *glum.CONTENDERS,
    )
}


def contenders_for(
    regime: str, loss: str, penalty: str, is_sparse: bool = False
) -> list[Contender]:
    """Everyone who solves this kind of problem."""
    return [
        c
        for c in CONTENDERS.values()
        if (loss, penalty) in c.problems
        and (c.sparse or not is_sparse)
        and (not c.regimes or regime in c.regimes)
    ]
