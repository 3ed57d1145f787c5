r"""Exact theory: what a penalty's risk must be, without a simulation.

The model is :math:`y = x^T \beta + \varepsilon` with :math:`x \sim N(0, \Sigma)`, or a logistic
response with the log-odds :math:`x^T \beta`. Every `alpha` is the :math:`\lambda` of the mean loss
(half the squared error, or the log-loss) plus :math:`\lambda \lVert b \rVert_1` or
:math:`\frac{\lambda}{2} \lVert b \rVert^2`; risks are excess risks
:math:`(b-\beta)^T \Sigma (b-\beta)`. There is no intercept and no standardisation, unless said.

Least squares, and ridge given the features, are exact for every n. The other functions are limits
for n and p that grow in proportion; at n = 400 simulations come within two percent of them.
"""

from normwise.theory.boundary import phase_boundary
from normwise.theory.lasso import LassoRisk, lasso_optimal_risk, lasso_risk
from normwise.theory.lasso_general import lasso_risk_general
from normwise.theory.lasso_groups import Group, lasso_optimal_risk_groups
from normwise.theory.linear import (
    linear_shrinkage_risk,
    ols_risk,
    ridge_conditional,
    ridge_optimal_risk,
    ridge_risk,
    ridge_training_error,
)
from normwise.theory.logistic import LogisticRisk, bayes_log_loss, logistic_risk, mle_threshold
from normwise.theory.observed import observed_snr
from normwise.theory.selection import irrepresentable_constant, support_recovery_samples
from normwise.theory.soft_threshold import soft_threshold_risk

__all__ = [
    "Group",
    "LassoRisk",
    "LogisticRisk",
    "bayes_log_loss",
    "irrepresentable_constant",
    "lasso_optimal_risk",
    "lasso_optimal_risk_groups",
    "lasso_risk",
    "lasso_risk_general",
    "linear_shrinkage_risk",
    "logistic_risk",
    "mle_threshold",
    "observed_snr",
    "ols_risk",
    "phase_boundary",
    "ridge_conditional",
    "ridge_optimal_risk",
    "ridge_risk",
    "ridge_training_error",
    "soft_threshold_risk",
    "support_recovery_samples",
]
