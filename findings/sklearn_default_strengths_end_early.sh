#!/usr/bin/env bash
# scikit-learn 1.9.1: cross-validation cannot find a strength beyond the default ones, and says nothing
# when it chooses the last. RidgeCV's are 0.1, 1 and 10 of the summed loss, whatever the number of
# rows: of 500 rows with a weak signal it takes 10, and has three times the excess risk of strengths
# that go on. The path of LassoCV ends at a thousandth of its first strength: of 15,000 rows with
# strongly correlated features it takes the end, and has several times the excess risk.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import LassoCV, RidgeCV

print("scikit-learn", sklearn.__version__)
FEATURES = 50
j = np.arange(FEATURES)


def data(rows, rho, snr, seed):
    """Autoregressive features, half of them with an effect of one size; noise of variance 1."""
    rng = np.random.default_rng(seed)
    covariance = rho ** np.abs(j - j[:, None])
    X = rng.standard_normal((rows, FEATURES)) @ np.linalg.cholesky(covariance).T
    b = np.zeros(FEATURES)
    support = rng.choice(FEATURES, FEATURES // 2, replace=False)
    b[support] = rng.choice([-1.0, 1.0], FEATURES // 2)
    b *= np.sqrt(snr / (b @ covariance @ b))
    return X, X @ b + rng.standard_normal(rows), b, covariance


def risk(model, b, covariance):
    away = model.coef_ - b
    return float(away @ covariance @ away)


def compared(name, default, wide, setting, seeds=10):
    ends, ratios = [], []
    for seed in range(seeds):
        X, y, b, covariance = data(*setting, seed)
        with warnings.catch_warnings(action="error"):
            own = default().fit(X, y)
        with warnings.catch_warnings(action="ignore"):
            other = wide().fit(X, y)
        last = max(own.alphas) if name == "RidgeCV" else own.alphas_[-1]
        ends.append(own.alpha_ == last)
        ratios.append(risk(own, b, covariance) / risk(other, b, covariance))
    ratio = float(np.median(ratios))
    print(
        f"{name}() takes its last strength on {sum(ends)} of {seeds} data sets, without a warning; "
        f"its excess risk is {ratio:.1f} times that of strengths that go on (median)"
    )
    return sum(ends), ratio


ends, ratio = compared(
    "RidgeCV", RidgeCV, lambda: RidgeCV(alphas=np.geomspace(0.1, 1e5, 25)), (500, 0.0, 0.05)
)
assert ends == 10 and ratio > 2.5
ends, ratio = compared(
    "LassoCV",
    lambda: LassoCV(max_iter=20_000),
    lambda: LassoCV(eps=1e-4, max_iter=20_000),
    (15_000, 0.9957, 4.0),
    seeds=2,
)
assert ends == 2 and ratio > 2
PYTHON
