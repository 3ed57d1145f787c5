r"""scikit-learn estimators that choose the strength of their penalty by cross-validation.

Each minimises, at every strength :math:`\lambda` of a decreasing grid,

.. math::

    \frac{\sum_i w_i \, \ell(y_i, b_0 + x_i^T b)}{\sum_i w_i}
    + \lambda \left(a \lVert b \rVert_1 + \frac{1-a}{2} \lVert b \rVert^2\right)

with :math:`\ell` half the squared error, the log-loss of two classes or more, or half the Poisson
deviance of counts. The whole path is fitted on all rows and on every training part, and each
solution carries a duality gap, the bound on its distance to the optimum. The strength is chosen as
the study does it.
"""

from normwise.fitting.estimators.classifiers import (
    ElasticNetClassifierCV,
    L1ClassifierCV,
    L2ClassifierCV,
)
from normwise.fitting.estimators.counts import (
    ElasticNetCountRegressorCV,
    L1CountRegressorCV,
    L2CountRegressorCV,
)
from normwise.fitting.estimators.regressors import (
    ElasticNetRegressorCV,
    L1RegressorCV,
    L2RegressorCV,
)

__all__ = [
    "ElasticNetClassifierCV",
    "ElasticNetCountRegressorCV",
    "ElasticNetRegressorCV",
    "L1ClassifierCV",
    "L1CountRegressorCV",
    "L1RegressorCV",
    "L2ClassifierCV",
    "L2CountRegressorCV",
    "L2RegressorCV",
]

# pickles and messages name the module that users import
for _name in __all__:
    globals()[_name].__module__ = __name__
