#!/usr/bin/env bash
# skglm 0.5: GeneralizedLinearEstimatorCV draws new folds for every strength unless random_state is
# given, so that strengths are compared on different rows: the same strength, listed three times,
# gets three different scores.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check skglm==0.5 scikit-learn==1.9.1 numba==0.68.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from skglm.cv import GeneralizedLinearEstimatorCV
from skglm.datafits import Quadratic
from skglm.penalties import L1
from skglm.solvers import AndersonCD

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 10))
y = X[:, :3] @ [3.0, 2.0, 1.0] + rng.standard_normal(200)


def spread(random_state):
    np.random.seed(0)
    model = GeneralizedLinearEstimatorCV(
        Quadratic(), L1(1.0), AndersonCD(), alphas=[0.1, 0.1, 0.1], random_state=random_state
    )
    scores = model.fit(X, y).scores_path_.mean(axis=1)
    print("random_state", random_state, "scores of alpha 0.1, 0.1, 0.1:", scores.round(3))
    return np.ptp(scores)


print("skglm", version("skglm"))
assert spread(0) < 1e-6
assert spread(None) > 0.005
PYTHON
