"""A data set from a Python function: two half circles, and columns of noise beside them."""

import numpy as np

from normwise.extensions import dataset


@dataset
def moons(rng, n=100, n_noise=10, spread=0.3):
    """One replicate: rows to fit, and rows held out.

    ``rng`` is the random generator of this replicate; the other arguments come from ``options``
    in the config.
    """
    X, y = _draw(rng, n, n_noise, spread)
    X_test, y_test = _draw(rng, 10 * n, n_noise, spread)
    return {"X": X, "y": y, "X_test": X_test, "y_test": y_test}


def _draw(rng, n, n_noise, spread):
    y = rng.integers(2, size=n)
    angle = np.pi * rng.random(n)
    side = 2 * y - 1
    circle = np.column_stack([side * np.cos(angle) + y, side * np.sin(angle) + y / 2])
    circle += spread * rng.standard_normal((n, 2))
    # a linear model sees the curve through squares
    return np.column_stack([circle, circle**2, rng.standard_normal((n, n_noise))]), y
