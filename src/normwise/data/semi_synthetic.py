"""Data files from the rows of a real table with a simulated response."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from normwise.data.batch import outside_key, rows_root
from normwise.data.errors import InputError
from normwise.data.imported import RESPONSE_KEYS, Source, refuse_large
from normwise.data.population import Population, centred, draw_response, nonzero_values, settled
from normwise.data.response_kind import kind_of
from normwise.data.scenario import Scenario
from normwise.data.seeds import generator
from normwise.files.arrays import save_arrays

# variance of a signal, over what uncorrelated columns would give, that is rounding
CANCELLED = 1e-10


def semi_synthetic_truth(
    X: np.ndarray, dataset: Mapping[str, Any], seed: int
) -> tuple[Scenario, Population]:
    r"""Coefficients on randomly chosen columns of a real table, scaled to the snr.

    On columns of unit variance the nonzero coefficients are those of `normwise.data.population`.
    The rows of ``X``, of equal probability, are the population: ``snr`` is the variance of
    :math:`X\beta` over them, divided by that of the noise. The linear predictor has mean zero, or
    gives the share of ones, the mean count or the equal classes that the scenario says.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
    dataset : mapping
        A data set of the checked config.
    seed : int

    Raises
    ------
    InputError
        If there are fewer columns than nonzero coefficients.
    """
    design = {k: dataset[k][0] for k in ("n_samples", "n_nonzero", "snr")}
    design |= {k: dataset[k][0] for k in RESPONSE_KEYS if k in dataset}
    scenario = Scenario(n_features=X.shape[1], **design)
    kind = kind_of(scenario.response)
    if scenario.n_nonzero > X.shape[1]:
        raise InputError(
            f"data set '{dataset['name']}': n_nonzero ({scenario.n_nonzero}) exceeds the "
            f"{X.shape[1]} columns that {dataset['file']} has as numbers; lower it"
        )
    rng = generator(seed, outside_key(dataset["name"]), "population")
    support = rng.choice(X.shape[1], scenario.n_nonzero, replace=False)
    effects = np.zeros(X.shape[1])
    effects[support] = nonzero_values(scenario, rng) / X[:, support].std(axis=0)
    coef = kind.coefficients(scenario, effects)
    spread = (X @ coef.T).var(axis=0).mean()
    alone = (coef**2 @ X.var(axis=0)).mean()
    if spread <= CANCELLED * alone and scenario.n_nonzero:
        raise InputError(
            f"data set '{dataset['name']}': the columns that were drawn to carry the signal cancel "
            "one another; use signs: same, another n_nonzero, or another seed"
        )
    if scenario.n_nonzero:
        coef *= np.sqrt(scenario.snr * scenario.noise_var / spread)
    mean = X.mean(axis=0)
    truth = Population(coef, centred(coef, mean), rows_root(X), mean, scenario.noise_var)
    return scenario, settled(scenario, truth, lambda: X)


def write_semi_synthetic(
    output: str | Path,
    source: Source,
    dataset: Mapping[str, Any],
    bounds: tuple[int, int],
    seed: int,
    *,
    largest_mb: float,
) -> None:
    """Write rows drawn from a table, with a simulated response, into a data file.

    Parameters
    ----------
    output, source, dataset, bounds, seed, largest_mb
        The table, as for `write_splits`; its response is not used.

    Raises
    ------
    InputError
        What `write_splits` and `semi_synthetic_truth` raise.
    """
    scenario, truth = semi_synthetic_truth(source.X, dataset, seed)
    shape = (scenario.n_samples, scenario.n_features)
    what = f"data set '{dataset['name']}'"
    refuse_large(what, shape, dataset["replicates"], dataset["chunks"], largest_mb)
    X, y = [], []
    for replicate in range(*bounds):
        rng = generator(seed, outside_key(dataset["name"]), "data", replicate)
        X.append(source.X[rng.integers(len(source.X), size=scenario.n_samples)])
        y.append(draw_response(scenario, truth, X[-1], rng))
    save_arrays(
        output,
        {
            "X": np.stack(X),
            "y": np.stack(y),
            "start": np.array(bounds[0]),
            "coef": truth.coef,
            "intercept": np.array(truth.intercept),
            "noise_var": np.array(truth.noise_var),
            "dispersion": np.array(truth.dispersion),
            "response": np.array(scenario.response),
            "population": source.X,
        },
    )
