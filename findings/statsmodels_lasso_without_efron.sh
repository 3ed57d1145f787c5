#!/usr/bin/env bash
# statsmodels 0.15.0: PHReg(ties="efron").fit_regularized fits Breslow's likelihood, without a warning:
# its lasso is that of ties="breslow" to the last digit, and with alpha=0 it is not what fit() finds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import statsmodels
from statsmodels.duration.hazard_regression import PHReg

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 3))
time = np.ceil(3 * rng.exponential(np.exp(-X[:, 0])))
dead = rng.random(200) < 0.7


def gradient(coef, ties):
    """Gradient of the mean negative log partial likelihood with tied times, written out."""
    risk, total = np.exp(X @ coef), np.zeros(3)
    for moment in np.unique(time[dead]):
        alive, dying = time >= moment, (time == moment) & dead
        for k in range(dying.sum()):
            part = k / dying.sum() if ties == "efron" else 0.0
            weight = risk * alive - part * risk * dying
            total += weight @ X / weight.sum()
        total -= X[dying].sum(axis=0)
    return total / 200


warnings.simplefilter("error")
print("statsmodels", statsmodels.__version__, "-", len(np.unique(time)), "times of 200 rows")
lasso, free = {}, {}
for ties in ("breslow", "efron"):
    model = PHReg(time, X, status=dead, ties=ties)
    plain = model.fit().params
    assert np.abs(gradient(plain, ties)).max() < 1e-5
    lasso[ties] = model.fit_regularized(alpha=0.05, L1_wt=1.0).params
    free[ties] = model.fit_regularized(alpha=0.0, L1_wt=1.0).params
    print(f"ties={ties!r}: fit() {plain.round(4)}, fit_regularized(alpha=0) {free[ties].round(4)}")
    print(f"    lasso of strength 0.05 {lasso[ties].round(4)}")
    for kind in ("breslow", "efron"):
        slope = gradient(lasso[ties], kind).round(4)
        print(f"    gradient of {kind}'s likelihood there, which should be at most 0.05: {slope}")
    assert (np.abs(free[ties] - plain).max() < 1e-4) == (ties == "breslow")
assert (lasso["efron"] == lasso["breslow"]).all()
assert np.abs(gradient(lasso["breslow"], "breslow")).max() < 0.0501
assert np.abs(gradient(lasso["efron"], "efron")).max() > 0.08
PYTHON
