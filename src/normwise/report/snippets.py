"""Code to paste for each choice of a penalty."""

from __future__ import annotations

_PIPELINE = """\
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

"""
_LOGISTIC = """\
from sklearn.linear_model import LogisticRegressionCV
{pipeline}model = make_pipeline(
    StandardScaler(),
    LogisticRegressionCV(
        l1_ratios=[{ratio}], Cs=50, cv=10, solver="{solver}", max_iter=10_000,
        scoring="neg_log_loss", use_legacy_attributes=False,
    ),
).fit(X, y)
"""
_BOTH = """\
import numpy as np
from sklearn.linear_model import {imports}
from sklearn.model_selection import {folds}, cross_val_score
{pipeline}# both on the same folds; the one with the lower error is kept
folds = {folds}(10, shuffle=True, random_state=0)
models = [
{models}]
errors = [-cross_val_score(m, X, y, cv=folds, scoring="{score}").mean() for m in models]
model = models[int(np.argmin(errors))].fit(X, y)
"""
_TWO_LOGISTIC = """\
    make_pipeline(
        StandardScaler(),
        LogisticRegressionCV(
            l1_ratios=[ratio], Cs=20, cv=5, solver=solver, max_iter=10_000,
            scoring="neg_log_loss", use_legacy_attributes=False,
        ),
    )
    for ratio, solver in [(1, "saga"), (0, "lbfgs")]
"""
_TWO_LINEAR = """\
    make_pipeline(StandardScaler(), LassoCV(cv=10)),
    make_pipeline(StandardScaler(), RidgeCV(alphas=np.geomspace(1e-3, 1e6, 91))),
"""
# scikit-learn has no L1 penalty for counts, and its solver with one takes long for several classes
_OWN = "from normwise import {name}\nmodel = {name}().fit(X, y)\n"
_BOTH_OWN = """\
import numpy as np
from normwise import L1{kind}CV, L2{kind}CV
from sklearn.model_selection import {folds}, cross_val_score

# both on the same folds; the one with the lower error is kept
folds = {folds}(10, shuffle=True, random_state=0)
models = [L1{kind}CV(), L2{kind}CV()]
score = "{score}"
errors = [-cross_val_score(m, X, y, cv=folds, scoring=score).mean() for m in models]
model = models[int(np.argmin(errors))].fit(X, y)
"""


def _own(kind: str, folds: str, score: str) -> dict[str, str]:
    return {
        "both": _BOTH_OWN.format(kind=kind, folds=folds, score=score),
        "l1": _OWN.format(name=f"L1{kind}CV"),
        "l2": _OWN.format(name=f"L2{kind}CV"),
    }


# what a reader can paste, by kind of response and penalty; the tests run it
SNIPPETS = {
    "gaussian": {
        "both": _BOTH.format(
            imports="LassoCV, RidgeCV",
            folds="KFold",
            pipeline=_PIPELINE,
            models=_TWO_LINEAR,
            score="neg_mean_squared_error",
        ),
        "l1": f"""\
from sklearn.linear_model import LassoCV
{_PIPELINE}model = make_pipeline(StandardScaler(), LassoCV(cv=10)).fit(X, y)
""",
        # RidgeCV's own grid stops at three strengths
        "l2": f"""\
import numpy as np
from sklearn.linear_model import RidgeCV
{_PIPELINE}alphas = np.geomspace(1e-3, 1e6, 91)
model = make_pipeline(StandardScaler(), RidgeCV(alphas=alphas)).fit(X, y)
""",
    },
    "binary": {
        "both": _BOTH.format(
            imports="LogisticRegressionCV",
            folds="StratifiedKFold",
            pipeline=_PIPELINE,
            models=_TWO_LOGISTIC,
            score="neg_log_loss",
        ),
        "l1": _LOGISTIC.format(pipeline=_PIPELINE, ratio=1, solver="saga"),
        "l2": _LOGISTIC.format(pipeline=_PIPELINE, ratio=0, solver="lbfgs"),
    },
    "multinomial": _own("Classifier", "StratifiedKFold", "neg_log_loss"),
    "poisson": _own("CountRegressor", "KFold", "neg_mean_poisson_deviance"),
}
