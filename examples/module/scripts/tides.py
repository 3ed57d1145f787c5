"""Height of water from the thirty heights before it; replicates begin at different times."""

import numpy as np

rng = np.random.default_rng(snakemake.params.seed)
n_replicates, n_rows, n_test, n_lags = snakemake.params.replicates, 60, 200, 30


def series():
    """Rows of past heights, and the height that follows each; in hours."""
    hours = rng.uniform(0, 1000) + np.arange(n_rows + n_test + n_lags)
    height = np.sin(2 * np.pi * hours / 12.42) + 0.5 * np.sin(2 * np.pi * hours / 12)
    height += 0.5 * rng.standard_normal(len(hours))
    windows = np.lib.stride_tricks.sliding_window_view(height, n_lags + 1)
    return windows[:, :-1], windows[:, -1]


X, y = map(np.stack, zip(*(series() for _ in range(n_replicates)), strict=True))
np.savez(
    snakemake.output[0],
    X=X[:, :n_rows],
    y=y[:, :n_rows],
    X_test=X[:, n_rows:],
    y_test=y[:, n_rows:],
)
