#!/usr/bin/env bash
# dask-ml 2025.1.0 with dask-glm 0.4.0: with solver="proximal_grad" the penalty "elastic_net" does
# nothing at all: at every C the coefficients are those of least squares, without a warning. The
# proximal operator of dask_glm.regularizers.ElasticNet returns what it is given. With the same solver
# ridge ends far from its minimum, as steps are taken only while the loss without the penalty falls.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check dask==2026.8.0 dask-glm==0.4.0 dask-ml==2025.1.0 distributed==2026.8.0 multipledispatch==1.0.0 numba==0.68.1 numpy==2.4.6 pandas==3.1.1 scikit-learn==1.9.1 scipy==1.17.1 sparse==0.19.3
"$folder/env/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from dask_ml.linear_model import LinearRegression

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 5))
X = (X - X.mean(axis=0)) / X.std(axis=0)
y = X @ [3.0, 2.0, 0, 0, 0] + rng.standard_normal(200)
y -= y.mean()
least_squares = np.linalg.lstsq(X, y, rcond=None)[0]


def fit(penalty, strength, solver="proximal_grad"):
    options = {"fit_intercept": False, "tol": 1e-14, "max_iter": 10_000}
    return LinearRegression(penalty=penalty, C=1 / strength, solver=solver, **options).fit(X, y).coef_


print("dask-ml", version("dask-ml"), "with dask-glm", version("dask-glm"))
print("least squares", least_squares.round(3))
for strength in (1.0, 200.0, 1e5):
    found = fit("elastic_net", strength)
    print(f"elastic_net, C = 1/{strength:g}: {found.round(3)}, lasso {fit('l1', strength).round(3)}")
    assert np.abs(found - least_squares).max() < 1e-5
assert np.abs(fit("l1", 1e5)).max() == 0
# of the sum of squares and strength / 2 |b|^2
ridge = np.linalg.solve(X.T @ X + 100 * np.eye(5), X.T @ y)
print(f"ridge, C = 1/200: {fit('l2', 200.0).round(3)}, by lbfgs {fit('l2', 200.0, 'lbfgs').round(3)}")
print(f"    minimum {ridge.round(3)}")
assert np.abs(fit("l2", 200.0) - ridge).max() > 0.3
assert np.abs(fit("l2", 200.0, "lbfgs") - ridge).max() < 1e-3
PYTHON
