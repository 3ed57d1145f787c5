#!/usr/bin/env bash
# scikit-learn-intelex 2026.2.0: Lasso and ElasticNet with warm_start=True return their first
# solution at every later strength, after one iteration and without a warning. The same classes of
# scikit-learn move on, and those of scikit-learn-intelex without warm_start do too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check scikit-learn-intelex==2026.2.0 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import sklearn.linear_model as plain
import sklearnex
from sklearnex.preview import linear_model as fast

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 10))
y = X[:, :3] @ [3.0, 2.0, 1.0] + rng.standard_normal(200)


def path(kind, warm_start):
    model, found = kind(warm_start=warm_start), []
    for alpha in (1.0, 0.1, 0.01):
        with warnings.catch_warnings(action="error"):
            model.set_params(alpha=alpha).fit(X, y)
        found.append(model.coef_[:3].copy())
    return np.array(found)


print("scikit-learn-intelex", sklearnex.__version__)
for name in ("Lasso", "ElasticNet"):
    right = path(getattr(plain, name), True)
    cold, warm = (path(getattr(fast, name), start) for start in (False, True))
    print(name, "warm_start=True\n", warm.round(3), "\nscikit-learn's\n", right.round(3))
    assert np.abs(cold - right).max() < 1e-3
    assert (warm == warm[0]).all()
    assert np.abs(warm[-1] - right[-1]).min() > 0.5
PYTHON
