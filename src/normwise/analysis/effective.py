"""How many of many coefficients count."""

from __future__ import annotations

import numpy as np
from scipy.special import entr


def effective_number(coef: np.ndarray) -> np.ndarray:
    r"""How many coefficients carry the model: the exponential of the entropy of their squares.

    With the shares :math:`q_j = b_j^2 / \sum_l b_l^2` it is :math:`\exp(-\sum_j q_j \ln q_j)`: 1 if
    a single one carries the model, the number of features if all are equal (the effective number
    of order one, Hill 1973).

    Parameters
    ----------
    coef : ndarray of shape (..., n_features)
        Of standardised features.

    Returns
    -------
    ndarray of shape (...)
        NaN for the null model.
    """
    # by the largest, so that squares neither overflow nor vanish
    top = np.abs(coef).max(axis=-1, keepdims=True, initial=0.0)
    square = (coef / np.where(top > 0, top, np.nan)) ** 2
    share = square / square.sum(axis=-1, keepdims=True)
    return np.asarray(np.exp(entr(share).sum(axis=-1)))
