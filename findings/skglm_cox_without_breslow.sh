#!/usr/bin/env bash
# skglm 0.5: CoxEstimator(method="breslow") fits Efron's likelihood: with ties its coefficients are
# those of method="efron" to the last digit, and do not satisfy the optimality conditions of Breslow's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check skglm==0.5 scikit-learn==1.9.1 numba==0.68.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from skglm.estimators import CoxEstimator

rng = np.random.default_rng(0)
X = rng.standard_normal((100, 3))
time = np.ceil(5 * rng.exponential(np.exp(-X[:, 0])))
dead = rng.random(100) < 0.7


def gradient(coef, method):
    """Gradient of the mean negative log partial likelihood with tied times, written out."""
    risk, total = np.exp(X @ coef), np.zeros(3)
    for moment in np.unique(time[dead]):
        alive, dying = time >= moment, (time == moment) & dead
        for k in range(dying.sum()):
            part = k / dying.sum() if method == "efron" else 0.0
            weight = risk * alive - part * risk * dying
            total += weight @ X / weight.sum()
        total -= X[dying].sum(axis=0)
    return total / 100


print("skglm", version("skglm"), "-", len(np.unique(time)), "times of 100 rows")
found = {}
for method in ("efron", "breslow"):
    model = CoxEstimator(alpha=0.001, l1_ratio=1.0, method=method, tol=1e-10)
    found[method] = coef = model.fit(X, np.column_stack([time, dead])).coef_
    steepness = {of: np.abs(gradient(coef, of)).round(6) for of in ("efron", "breslow")}
    print(f"method={method!r}: {coef.round(4)}; |gradient|, which should be alpha: {steepness}")
assert (found["efron"] == found["breslow"]).all() and (found["breslow"] != 0).all()
assert np.abs(np.abs(gradient(found["breslow"], "efron")) - 0.001).max() < 1e-6
assert np.abs(gradient(found["breslow"], "breslow")).max() > 0.01
PYTHON
