#!/usr/bin/env bash
# econml 0.17.0: WeightedLassoCV with weights of 1 is another fit than without weights. It shuffles the
# rows into folds where weights are given, and takes them in their order where not, though it says
# that WeightedKFold is used for a number of folds. scikit-learn's LassoCV takes weights of 1 as none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check econml==0.17.0 scikit-learn==1.9.1 numpy==2.4.6 pandas==3.1.1
"$folder/env/bin/python" - <<'PYTHON'
import warnings
from importlib.metadata import version

warnings.simplefilter("ignore")  # of econml's imports

import numpy as np
from econml.sklearn_extensions.linear_model import WeightedLassoCV
from sklearn.linear_model import LassoCV

print("econml", version("econml"))
n_other = {"WeightedLassoCV": 0, "LassoCV": 0}
for draw in range(10):
    rng = np.random.default_rng(draw)
    X = rng.standard_normal((60, 10))
    y = X[:, 0] + 2 * rng.standard_normal(60)
    for kind in (WeightedLassoCV, LassoCV):
        model = kind(cv=5, random_state=0)
        without = model.fit(X, y).alpha_
        ones = model.fit(X, y, sample_weight=np.ones(60)).alpha_
        n_other[kind.__name__] += int(abs(ones / without - 1) > 0.01)
        if draw == 2:
            print(f"{kind.__name__}: alpha_ without weights {without:.4f}, weights of 1 {ones:.4f}")
print("draws of 10 in which weights of 1 change alpha_:", n_other)
assert n_other["WeightedLassoCV"] >= 7 and n_other["LassoCV"] == 0
PYTHON
