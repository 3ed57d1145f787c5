#!/usr/bin/env bash
# statsmodels 0.15.0: GLM(...).fit_regularized of two classes returns coefficients that are all no
# numbers where a row becomes certain. For a linear predictor of 37 or more the second derivative is
# infinity minus infinity, and for one of -40 it has the wrong sign. Which label is 1 decides: on
# scikit-learn's breast cancer table a lasso of the benign class is fitted, and the same of the
# malignant class is not. The expected second derivative, which for this link is the same, is finite,
# and hess_kwds={"observed": False} gives the fit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check statsmodels==0.15.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 pandas==3.0.3
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import numpy as np
import statsmodels
from sklearn.datasets import load_breast_cancer
from statsmodels.api import GLM, families

X, benign = load_breast_cancer(return_X_y=True)
design = np.column_stack([np.ones(len(X)), (X - X.mean(axis=0)) / X.std(axis=0)])
strengths = np.r_[0.0, np.full(30, 0.001)]


def lasso(y, **options):
    model = GLM(y, design, families.Binomial())
    return model.fit_regularized(alpha=strengths, L1_wt=1.0, zero_tol=0, maxiter=300, **options).params


print("statsmodels", statsmodels.__version__)
for at in (30.0, 40.0, -40.0):
    model = GLM(np.array([1.0, 0.0]), np.array([[at], [0.0]]), families.Binomial())
    second = {seen: model.hessian(np.ones(1), observed=seen)[0, 0] for seen in (True, False)}
    print(f"second derivative at {at:g}: observed {second[True]:.3g}, expected {second[False]:.3g}")
    wrong = not second[True] <= 0
    assert wrong == (abs(at) == 40) and -1e-8 < second[False] <= 0
fits = {"benign is 1": lasso(benign), "malignant is 1": lasso(1 - benign)}
fits["malignant is 1, expected"] = lasso(1 - benign, hess_kwds={"observed": False})
for name, coef in fits.items():
    print(f"{name}: {coef[:4].round(3)} …, {np.isnan(coef).sum()} of 31 are no numbers")
one, none, other = fits.values()
assert np.isfinite(one).all() and np.isnan(none).all()
assert np.abs(one + other).max() < 0.02 * np.abs(one).max()
PYTHON
