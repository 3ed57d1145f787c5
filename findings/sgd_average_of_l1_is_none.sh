#!/usr/bin/env bash
# scikit-learn 1.9.1: SGDRegressor and SGDClassifier with average=True and an L1 part return
# coefficients that are no average of anything: where each step is near 3 and 2, coef_ is at 1.3 and
# 0.2, and a classifier is worse than chance. With L2 or no penalty coef_ is the average it should be.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import SGDClassifier, SGDRegressor

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 5))
signal = X @ [3.0, 2, 0, 0, 0]
y, label = signal + rng.standard_normal(200), (signal + 3 * rng.logistic(size=200) > 0).astype(int)
print("scikit-learn", sklearn.__version__)


def averaged(penalty):
    """coef_ after one pass over the rows, and the average of coef_ over its 200 steps."""
    options = {"penalty": penalty, "alpha": 0.1, "shuffle": False}
    model = SGDRegressor(average=True, max_iter=1, tol=None, **options).fit(X, y)
    plain, steps = SGDRegressor(**options), []
    for row in range(200):
        steps.append(plain.partial_fit(X[[row]], y[[row]]).coef_.copy())
    return model.coef_, np.mean(steps, axis=0)


warnings.simplefilter("error")
for penalty, is_average in {"l2": True, None: True, "l1": False, "elasticnet": False}.items():
    found, right = averaged(penalty)
    print(f"{penalty}, one pass: coef_ {found.round(3)}, average of the steps {right.round(3)}")
    assert (np.abs(found - right).max() < 1e-10) == is_average

hits = {}
for average in (False, True):
    options = {"penalty": "l1", "max_iter": 200, "tol": None, "average": average}
    regression = SGDRegressor(alpha=0.1, random_state=0, **options).fit(X, y)
    options["loss"] = "log_loss"
    classifier = SGDClassifier(alpha=0.02, random_state=0, **options).fit(X, label)
    hits[average] = classifier.score(X, label)
    r2 = regression.score(X, y)
    print(f"l1, 200 passes, average={average}: R2 {r2:.2f}, coef_ {regression.coef_.round(2)}")
    print(f"    classes named rightly in the training rows: {hits[average]:.2f}")
    assert (r2 > 0.9) == (not average)
assert hits[False] > 0.65 and hits[True] < 0.45
PYTHON
