#!/usr/bin/env bash
# scikit-learn 1.9.1: weights of one make HistGradientBoostingRegressor take several times as long,
# for the same predictions: each of 254 bin borders of each feature sorts the column anew.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check 'scikit-learn==1.9.1' 'numpy==2.4.6'
OMP_NUM_THREADS=1 "$folder/env/bin/python" - <<'PYTHON'
import time
from importlib.metadata import version

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting import binning

sorted_again = [0]
percentile = binning._weighted_percentile


def counted(*args, **kwargs):
    sorted_again[0] += 1
    return percentile(*args, **kwargs)


binning._weighted_percentile = counted
rng = np.random.default_rng(0)
X = rng.standard_normal((800, 50))
y = X[:, 0] + rng.standard_normal(800)
print("scikit-learn", version("scikit-learn"))
found = {}
for name, weight in (("no weights", None), ("weights of one", np.ones(800))):
    sorted_again[0], begun = 0, time.process_time()
    model = HistGradientBoostingRegressor(max_iter=20, early_stopping=False)
    predicted = model.fit(X, y, sample_weight=weight).predict(X)
    seconds = time.process_time() - begun
    found[name] = sorted_again[0], predicted
    print(f"{name}: {seconds:.2f} s, weighted percentiles taken: {sorted_again[0]}")
assert [count for count, _ in found.values()] == [0, 50 * 254]
np.testing.assert_array_equal(found["no weights"][1], found["weights of one"][1])
PYTHON
