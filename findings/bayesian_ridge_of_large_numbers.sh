#!/usr/bin/env bash
# scikit-learn 1.9.1: BayesianRidge of a response whose standard deviation is some hundred thousand
# (a price, say) returns coefficients that are all practically 0 after two steps, without a warning.
# The same response in a unit 10 times larger, or a start at a smaller lambda_init, gives the ridge
# fit, of higher marginal likelihood by the model's own score.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import BayesianRidge

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 6))
y = X[:, :3] @ [3.0, 2.0, 1.0] + rng.standard_normal(200)
print("scikit-learn", sklearn.__version__)


def fitted(unit, **start):
    with warnings.catch_warnings(action="error"):
        model = BayesianRidge(compute_score=True, **start).fit(X, unit * y)
    r2 = model.score(X, unit * y)
    print(
        f"sd(y) {np.std(unit * y):.3g} {start or ''}: coefficients over unit",
        (model.coef_[:3] / unit).round(4),
        f"R2 {r2:.4f}, log marginal likelihood {model.scores_[-1]:.0f}, {model.n_iter_} steps",
    )
    return model.coef_ / unit, r2, model.scores_[-1]


small, large, started = fitted(1e4), fitted(1e5), fitted(1e5, lambda_init=1e-10)
assert small[1] > 0.9 and np.abs(small[0] - fitted(1.0)[0]).max() < 1e-6
assert large[1] < 1e-6 and np.abs(large[0]).max() < 1e-6
assert np.abs(started[0] - small[0]).max() < 1e-6 and started[2] > large[2] + 100
PYTHON
