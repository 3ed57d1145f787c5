#!/usr/bin/env bash
# pycasso 2.0.1: a path of given strengths ends where little is left to explain, with the status
# "completed" and no warning: of 100 strengths 64 come back. Its own cross-validation then raises,
# because a fold ends one strength earlier.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pycasso==2.0.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings
from importlib.metadata import version

import numpy as np
import pycasso

rng = np.random.default_rng(0)
X = rng.standard_normal((50, 200))
X = (X - X.mean(axis=0)) / X.std(axis=0)
y = X[:, :3] @ [3.0, 2.0, 1.0] + 0.1 * rng.standard_normal(50)
strengths = np.abs(X.T @ (y - y.mean())).max() / 50 * np.geomspace(1, 1e-3, 100)
print("pycasso", version("pycasso"))
with warnings.catch_warnings(action="error"):
    model = pycasso.Solver(X, y, lambdas=strengths)
    model.train()
n_solved = len(model.coef()["beta"])
print(f"{n_solved} of 100 strengths, status {model.result['status']!r}")
assert n_solved == 64 and model.result["status"] == "completed"
try:
    model.cross_validate(foldid=np.arange(50) % 10)
except pycasso.core.PycassoError as error:
    print("cross_validate:", error)
    assert "every fold to cover a usable common lambda path" in str(error)
else:
    raise SystemExit("cross_validate goes on")
PYTHON
