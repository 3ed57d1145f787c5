#!/usr/bin/env bash
# statsmodels 0.15.0: GLM.fit_regularized of a Gaussian model minimises another function at L1_wt=0
# than at any other mix: the likelihood with the scale profiled out, so that the ridge fit depends
# on the unit of y. At L1_wt=1e-9 it is the ridge of the documented objective, and of
# OLS.fit_regularized. Of a response ten times larger it says no word either.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import statsmodels
import statsmodels.api as sm

rng = np.random.default_rng(0)
X = rng.standard_normal((100, 4))
y = X[:, :3] @ [3.0, 2.0, 1.0] + rng.standard_normal(100)
exact = np.linalg.solve(X.T @ X + 0.3 * 100 * np.eye(4), X.T @ y)
print("statsmodels", statsmodels.__version__, "\nexact ridge", exact.round(4))
found = {}
for unit in (1.0, 10.0):
    ols = sm.OLS(unit * y, X).fit_regularized(alpha=0.3, L1_wt=0.0).params / unit
    assert np.abs(ols - exact).max() < 1e-8
    for mix in (1e-9, 0.0):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            fit = sm.GLM(unit * y, X).fit_regularized(alpha=0.3, L1_wt=mix)
        found[unit, mix] = fit.params / unit
        print(f"y times {unit:g}, L1_wt={mix:g}:", found[unit, mix].round(4), f"{len(said)} warnings")
assert np.abs(found[1.0, 1e-9] - exact).max() < 1e-6
assert np.abs(found[10.0, 1e-9] - exact).max() < 1e-6
assert 0.7 < found[1.0, 0.0][0] < 0.8
assert found[10.0, 0.0][0] < 0.01 and not said
PYTHON
