"""A table of a user's own: read, checked, and made into numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


class InputError(ValueError):
    """Data that cannot be used, with the place, the value and what would be right."""


@dataclass(frozen=True)
class Table:
    """A table as numbers, and what was done to make it so.

    Attributes
    ----------
    X : ndarray or scipy.sparse.csr_matrix of shape (n_samples, n_features)
        Finite numbers.
    y : ndarray of shape (n_samples,)
        Zeros and ones for a binary response.
    names : tuple of str
        Of the features.
    response : {"gaussian", "binary"}
    target : str
        Name of the response.
    classes : tuple of (str, str) or None
        Labels of the zeros and of the ones.
    source : str
        Where it came from.
    missing : dict of str to int
        Missing values by column of the source, before they were filled.
    constant : tuple of str
        Columns that were left out because they hold one value.
    notes : tuple of str
        What was done to the columns, a sentence each.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...]
    response: str
    target: str
    classes: tuple[str, str] | None
    source: str
    missing: dict[str, int]
    constant: tuple[str, ...]
    notes: tuple[str, ...]
