#!/usr/bin/env bash
# skglm 0.5: Lasso stops where the optimality conditions are violated by at most tol = 1e-4, in the
# unit of y. A response in a unit a hundred thousand times larger, with alpha to match, gets all
# coefficients 0 after no iteration and without a warning; scikit-learn's and the right solution
# only change their unit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check skglm==0.5 scikit-learn==1.9.1 numba==0.68.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings
from importlib.metadata import version

import numpy as np
from sklearn.linear_model import Lasso as Plain

from skglm import Lasso

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 10))
y = X[:, :3] @ [3.0, 2.0, 1.0] + rng.standard_normal(200)
print("skglm", version("skglm"))
found = {}
for unit in (1.0, 1e-5):
    with warnings.catch_warnings(action="error"):
        fits = [kind(alpha=0.1 * unit).fit(X, unit * y) for kind in (Lasso, Plain)]
    found[unit] = [fit.coef_ / unit for fit in fits]
    print(f"y times {unit:g}: skglm", found[unit][0][:3], "scikit-learn", found[unit][1][:3])
assert np.abs(found[1.0][0] - found[1.0][1]).max() < 1e-3
assert np.abs(found[1.0][1] - found[1e-5][1]).max() < 1e-3
assert not found[1e-5][0].any()
PYTHON
