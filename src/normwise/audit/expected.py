"""What theory says of rows of the published table, in its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from normwise.audit.limits import limits
from normwise.audit.wang_2020 import scenario_of, unit
from normwise.data.population import population


def expected(rows: Iterable[Mapping[str, Any]], seed: int) -> pd.DataFrame:
    """Exact errors of rows of the published table, at the optimum and on glmnet's grid.

    Parameters
    ----------
    rows : iterable of mapping
        Of what `normwise.audit.wang_2020.read_published` returns.
    seed : int
        See `normwise.audit.limits.limits`.

    Returns
    -------
    DataFrame
        A row for each: ``scenario``, its number; ``theory_lasso``, ``theory_ridge``,
        ``theory_ridge_glmnet`` and ``theory_null``, root mean squares of errors on new rows;
        ``noise``, the standard deviation of the noise; ``best_alpha`` and ``floor``, ridge's
        strength of least risk and the least one of glmnet's grid.
    """
    found = []
    for values in rows:
        row = pd.Series(values)
        s = scenario_of(row)
        errors, scale = limits(s, seed), unit(population(s, seed))
        found.append(
            {
                "scenario": row["scenario"],
                "theory_lasso": scale * errors.lasso,
                "theory_ridge": scale * errors.ridge,
                "theory_ridge_glmnet": scale * errors.ridge_glmnet,
                "theory_null": scale * errors.null,
                "noise": scale * errors.noise,
                "best_alpha": errors.alpha,
                "floor": errors.floor,
            }
        )
    return pd.DataFrame(found)
