#!/usr/bin/env bash
# scikit-learn 1.9.1: RidgeClassifierCV of two classes with scoring="accuracy" and its own
# leave-one-out finds an accuracy of 1 at every strength, and so keeps the first of alphas, whatever
# the data and in whichever order the strengths are given. With three classes the score is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import RidgeClassifier, RidgeClassifierCV
from sklearn.model_selection import LeaveOneOut, cross_val_score

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 20))
signal = X[:, 0] + rng.logistic(size=60)
alphas = [0.01, 30.0, 1000.0]
print("scikit-learn", sklearn.__version__)


def tuned(y, alphas):
    with warnings.catch_warnings(action="error"):
        model = RidgeClassifierCV(alphas=alphas, scoring="accuracy").fit(X, y)
    true = [
        cross_val_score(RidgeClassifier(alpha=alpha), X, y, cv=LeaveOneOut()).mean()
        for alpha in alphas
    ]
    print(
        f"{len(np.unique(y))} classes, alphas {alphas}: alpha_ {model.alpha_:g}, best_score_ "
        f"{model.best_score_:.3f}; accuracy left one out {np.round(true, 3)}"
    )
    return model, true


two, three = np.digitize(signal, [0.5]), np.digitize(signal, [-0.5, 0.5])
for order in (alphas, alphas[::-1]):
    model, true = tuned(two, order)
    assert model.alpha_ == order[0] and model.best_score_ == 1 and max(true) < 0.8
    model, true = tuned(three, order)
    assert model.alpha_ == order[int(np.argmax(true))]
    assert abs(model.best_score_ - max(true)) < 1e-9
PYTHON
