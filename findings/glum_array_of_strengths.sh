#!/usr/bin/env bash
# glum 3.4.1: GeneralizedLinearRegressor with alpha_search=True and an L1 part refuses an array of
# strengths, "the truth value of an array with more than one element is ambiguous". Its page says
# "array-like". A list of the same strengths is taken, and so is an array without an L1 part.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check glum==3.4.1 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import glum
import numpy as np

rng = np.random.default_rng(0)
X = rng.standard_normal((60, 5))
y = rng.poisson(np.exp(X[:, 0])).astype(float)


def path(strengths, l1_ratio):
    model = glum.GeneralizedLinearRegressor(
        family="poisson", alpha=strengths, alpha_search=True, l1_ratio=l1_ratio
    )
    return model.fit(X, y).coef_path_


print("glum", glum.__version__)
strengths = np.array([0.5, 0.1])
assert path(list(strengths), 1.0).shape == (2, 5)
assert path(strengths, 0.0).shape == (2, 5)
try:
    path(strengths, 1.0)
except ValueError as error:
    print("an array of strengths with an L1 part:", error)
else:
    raise SystemExit("an array is taken")
PYTHON
