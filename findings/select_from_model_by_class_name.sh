#!/usr/bin/env bash
# scikit-learn 1.9.1: how many features SelectFromModel keeps depends on what a class is called.
# Its default threshold is 1e-5 for a class whose name contains "Lasso" or is "ElasticNet", and the
# mean of |coef| for the same estimator under another name.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check scikit-learn==1.9.1
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import sklearn
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import ElasticNet, Lasso, Ridge

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 10))
y = X @ np.array([5.0, 3, 1, 0.5, 0.3, 0.2, 0, 0, 0, 0]) + rng.standard_normal(200)


class Sparse(Lasso):
    """The lasso under another name."""


class SparseNet(ElasticNet):
    """The elastic net under another name."""


class NotALasso(Ridge):
    """Ridge, which has no zeros, under a name with "Lasso" in it."""


def kept(estimator):
    selector = SelectFromModel(estimator).fit(X, y)
    nonzero = int((selector.estimator_.coef_ != 0).sum())
    print(f"{type(estimator).__name__}: {nonzero} nonzero, {selector.get_support().sum()} kept")
    return nonzero, int(selector.get_support().sum())


print("scikit-learn", sklearn.__version__)
lasso, sparse = kept(Lasso(alpha=0.05)), kept(Sparse(alpha=0.05))
net, sparse_net = (kept(k(alpha=0.05, l1_ratio=1.0)) for k in (ElasticNet, SparseNet))
ridge, not_a_lasso = kept(Ridge()), kept(NotALasso())
assert lasso[0] == lasso[1] == sparse[0] > sparse[1]
assert net[0] == net[1] == sparse_net[0] > sparse_net[1]
assert ridge[1] < not_a_lasso[1] == 10
PYTHON
