#!/usr/bin/env bash
# celer 0.7.4 asks for scikit-learn 1.0 or later, and its LassoCV and ElasticNetCV cannot be made
# with scikit-learn 1.9: they hand over n_alphas, which is gone there. Its Lasso works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check celer==0.7.4 scikit-learn==1.9.1 numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import celer
import numpy as np
import sklearn

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 10))
y = X[:, :3] @ [3.0, 2.0, 1.0] + rng.standard_normal(200)
print("celer", celer.__version__, "scikit-learn", sklearn.__version__)
assert celer.Lasso(alpha=0.1).fit(X, y).coef_[0] > 2
for kind in (celer.LassoCV, celer.ElasticNetCV):
    try:
        kind()
    except TypeError as error:
        print(f"{kind.__name__}(): TypeError: {error}")
        assert "n_alphas" in str(error)
    else:
        raise SystemExit(f"{kind.__name__} can be made")
PYTHON
