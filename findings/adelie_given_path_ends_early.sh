#!/usr/bin/env bash
# adelie 1.1.52: grpnet ends its path where nine tenths of the deviance are explained, also where
# the strengths are given, and without a word: of 50 strengths 10 come back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check 'adelie==1.1.52' 'numpy==1.26.4' 'scikit-learn==1.9.1'
"$folder/env/bin/python" - <<'PYTHON'
import warnings
from importlib.metadata import version

import adelie
import numpy as np

rng = np.random.default_rng(0)
X = np.asfortranarray(rng.standard_normal((200, 10)))
y = X[:, :3] @ [3.0, 2.0, 1.0] + 0.3 * rng.standard_normal(200)
strengths = np.geomspace(3, 0.001, 50)
print("adelie", version("adelie"))
solved = {}
for early_exit in (True, False):
    options = {} if early_exit else {"early_exit": False}
    with warnings.catch_warnings(action="error"):
        state = adelie.grpnet(
            X, adelie.glm.gaussian(y), lmda_path=strengths, progress_bar=False, **options
        )
    solved[early_exit] = state.betas.shape[0]
    print("by default" if early_exit else "early_exit=False", solved[early_exit], "of 50")
assert solved == {True: 10, False: 50}
PYTHON
