#!/usr/bin/env bash
# scikit-learn 1.9.1: LogisticRegression without a penalty returns coefficients of 0, without a
# warning, where the columns have standard deviations of 1e-4 (a concentration, say): its default
# solver compares the gradient, which has the unit of the columns, with tol = 1e-4. newton-cg stops a
# fifth of the way, newton-cholesky finds the same fit in every unit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 3))
y = X @ [1, -0.5, 0.2] + rng.standard_normal(200) > 0
print("scikit-learn", sklearn.__version__)
warnings.simplefilter("error")
best = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(X, y)
exact = best.coef_[0]
assert np.abs(X.T @ (y - best.predict_proba(X)[:, 1])).max() < 1e-9
found = {}
for unit in (1.0, 1e-4):
    for solver in ("lbfgs", "newton-cg", "newton-cholesky"):
        model = LogisticRegression(C=np.inf, solver=solver).fit(unit * X, y)
        found[unit, solver] = model.coef_[0] * unit
        print(
            f"columns times {unit:g}, {solver}: coefficients times unit "
            f"{found[unit, solver].round(3)}, {model.n_iter_[0]} steps, "
            f"{model.score(unit * X, y):.0%} of training rows right"
        )
for (unit, solver), coef in found.items():
    near = np.abs(coef - exact).max() < 0.01
    assert near == (unit == 1 or solver == "newton-cholesky")
assert np.abs(found[1e-4, "lbfgs"]).max() < 1e-6
assert np.abs(found[1e-4, "newton-cg"]).max() < np.abs(exact).max() / 4
PYTHON
