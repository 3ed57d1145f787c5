#!/usr/bin/env bash
# skein-glm 1.0.0: standardize=True does not change the fits of lasso, MCP and SCAD, so that units
# still decide which features they drop, and of a ridge it gives neither the fit on raw columns nor
# that on standardised ones. GroupLassoRegressor, with groups of one, does standardise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check skein-glm==1.0.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from skein_glm import ElasticNetRegressor, GroupLassoRegressor, MCPRegressor, SCADRegressor
from sklearn.linear_model import Lasso, Ridge

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 4)) * [1, 10, 100, 0.1]
y = X @ [1, 0.1, 0.01, 10] + rng.standard_normal(200)
scale = X.std(axis=0)
Z = (X - X.mean(axis=0)) / scale
kinds = {
    "lasso": (ElasticNetRegressor, {"alpha": 1.0}),
    "MCP": (MCPRegressor, {}),
    "SCAD": (SCADRegressor, {}),
    "ridge": (ElasticNetRegressor, {"alpha": 0.0}),
    "group lasso": (GroupLassoRegressor, {"groups": np.arange(4)}),
}
exact = {
    "lasso": (Lasso(0.3, tol=1e-12).fit(X, y).coef_, Lasso(0.3, tol=1e-12).fit(Z, y).coef_),
    "ridge": (Ridge(60.0).fit(X, y).coef_, Ridge(60.0).fit(Z, y).coef_),
}
print("skein-glm", version("skein-glm"))
for name, (kind, options) in kinds.items():
    options |= {"lambda_": 0.3, "tol": 1e-12, "max_iter": 100_000}
    raw = kind(**options).fit(X, y).coef_ * scale
    asked = kind(standardize=True, **options).fit(X, y).coef_ * scale
    right = kind(**options).fit(Z, y).coef_
    print(f"{name}, per standard deviation\n    on raw columns       {raw.round(4)}")
    print(f"    standardize=True     {asked.round(4)}\n    standardised before  {right.round(4)}")
    if name in exact:
        assert np.abs(raw - exact[name][0] * scale).max() < 1e-6
        assert np.abs(right - exact[name][1]).max() < 1e-6
    is_raw, is_right = (np.abs(asked - other).max() < 1e-6 for other in (raw, right))
    assert is_raw == (name in ("lasso", "MCP", "SCAD")) and is_right == (name == "group lasso")
PYTHON
