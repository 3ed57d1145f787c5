"""Estimators for scikit-learn: L1, L2 and elastic net, tuned, with a certificate of optimality."""

from normwise.fitting.estimators.classifiers import L1ClassifierCV, L2ClassifierCV
from normwise.fitting.estimators.regressors import (
    ElasticNetRegressorCV,
    L1RegressorCV,
    L2RegressorCV,
)

__all__ = [
    "ElasticNetRegressorCV",
    "L1ClassifierCV",
    "L1RegressorCV",
    "L2ClassifierCV",
    "L2RegressorCV",
]

# pickles and messages name the module that users import
for _name in __all__:
    globals()[_name].__module__ = __name__
