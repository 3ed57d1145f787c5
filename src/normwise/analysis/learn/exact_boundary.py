"""The exact boundary as a way to choose: the question of the rule of thumb, with nothing fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.analysis.learn.cells import acting_together
from normwise.theory.boundary import phase_boundary


def call_by_theory(frame: pd.DataFrame) -> np.ndarray:
    """The side of the exact boundary on which each scenario lies.

    The boundary is that of independent features with equal coefficients, both penalties at their
    best strengths, n and p large. Features that act together count for more.
    """
    aspect = frame["n_features"].to_numpy() / np.maximum(frame["n_samples"].to_numpy() - 1, 1)
    share = phase_boundary(aspect, frame["snr"].to_numpy())
    counted = (frame["nonzero_share"] * acting_together(frame)).to_numpy()
    return np.where(counted < share, "l1", "l2")
