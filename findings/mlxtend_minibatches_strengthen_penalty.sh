#!/usr/bin/env bash
# mlxtend 0.25.0: minibatches of LogisticRegression, which its docstring explains as a way to descend,
# multiplies the penalty: with 5 of them, l2_lambda=5 gives the ridge fit of strength 25. At the
# default of one it is the fit of strength 5.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check mlxtend==0.25.0 scikit-learn==1.9.1 numpy==2.4.6 pandas==2.3.3
"$folder/env/bin/python" - <<'PYTHON'
import mlxtend
import numpy as np
from mlxtend.classifier import LogisticRegression
from sklearn.linear_model import LogisticRegression as Exact

rng = np.random.default_rng(0)
X = rng.standard_normal((100, 3))
y = (X[:, 0] + rng.logistic(size=100) > 0).astype(int)
print("mlxtend", mlxtend.__version__)
asked = Exact(C=1 / 5, tol=1e-9).fit(X, y).coef_[0]
print("exact, strength 5:", asked.round(3))
for n_batches in (1, 2, 5, 20):
    options = {"l2_lambda": 5.0, "eta": 0.0005, "epochs": 5000, "random_seed": 1}
    found = LogisticRegression(minibatches=n_batches, **options).fit(X, y).w_.ravel()
    stronger = Exact(C=1 / (5 * n_batches), tol=1e-9).fit(X, y).coef_[0]
    print(
        f"l2_lambda=5, minibatches={n_batches}: {found.round(3)}; exact, strength "
        f"{5 * n_batches}: {stronger.round(3)}"
    )
    assert np.abs(found - stronger).max() < 1e-3
    assert (np.abs(found - asked).max() < 1e-3) == (n_batches == 1)
PYTHON
