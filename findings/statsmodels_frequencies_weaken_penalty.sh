#!/usr/bin/env bash
# statsmodels 0.15.0: frequency weights of a GLM "produce the same results as repeating observations"
# (its docstring), and they do in fit(). In fit_regularized the sum over all repeats is divided by the
# number of rows written, so that weights of 2 halve the penalty: no such fit is that of the rows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check statsmodels==0.15.0 numpy==2.4.6 scipy==1.17.1 pandas==2.3.3 scikit-learn==1.9.1
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import statsmodels
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

rng = np.random.default_rng(0)
X = rng.standard_normal((100, 4))
y = (X[:, 0] + rng.logistic(size=100) > 0).astype(float)
times = rng.integers(1, 4, 100)
X_long, y_long = np.repeat(X, times, axis=0), np.repeat(y, times)
binomial = sm.families.Binomial()
weighted = sm.GLM(y, X, family=binomial, freq_weights=times)
repeated = sm.GLM(y_long, X_long, family=binomial)
print("statsmodels", statsmodels.__version__)
assert np.abs(weighted.fit().params - repeated.fit().params).max() < 1e-8


def lasso(model, alpha):
    return model.fit_regularized(alpha=alpha, L1_wt=1.0, maxiter=1000, cnvrg_tol=1e-12).params


C = 1 / (0.1 * len(y_long))
exact = LogisticRegression(
    C=C, l1_ratio=1, solver="saga", fit_intercept=False, tol=1e-9, max_iter=100_000
).fit(X_long, y_long)
print("rows repeated ", lasso(repeated, 0.1).round(4))
print("scikit-learn  ", exact.coef_[0].round(4))
print("freq_weights  ", lasso(weighted, 0.1).round(4))
assert np.abs(lasso(repeated, 0.1) - exact.coef_[0]).max() < 1e-4
assert np.abs(lasso(weighted, 0.1) - exact.coef_[0]).max() > 0.2
assert np.abs(lasso(weighted, 0.1 * times.mean()) - exact.coef_[0]).max() < 1e-4
PYTHON
