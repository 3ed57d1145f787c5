"""Random generators keyed by what they are for."""

from __future__ import annotations

import numpy as np

STREAMS = ("population", "data", "folds", "test", "theory", "calibration")


def generator(
    seed: int, key: str, stream: str, replicate: int | None = None
) -> np.random.Generator:
    """Random generator of one purpose, for one replicate or a whole scenario.

    Parameters
    ----------
    seed : int
        Root seed of the study.
    key : str
        Hexadecimal digest of the content (:attr:`Scenario.key`).
    stream : str
        One of ``STREAMS``.
    replicate : int, optional
    """
    words = [int(key[i : i + 8], 16) for i in range(0, 64, 8)]
    spawn = (STREAMS.index(stream),) if replicate is None else (STREAMS.index(stream), replicate)
    return np.random.default_rng(np.random.SeedSequence([seed, *words], spawn_key=spawn))
