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
# what a reader can paste, by kind of response and penalty; the tests run it
SNIPPETS = {
    "gaussian": {
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
        "l1": _LOGISTIC.format(pipeline=_PIPELINE, ratio=1, solver="saga"),
        "l2": _LOGISTIC.format(pipeline=_PIPELINE, ratio=0, solver="lbfgs"),
    },
}
