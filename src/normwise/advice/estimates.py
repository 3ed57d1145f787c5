"""What the data alone show of a scenario, beside what L1 and L2 cost on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from normwise.advice.diagnosis import diagnose
from normwise.analysis.columns import typed
from normwise.analysis.measure.effects import log_ratio
from normwise.data.population import draw
from normwise.data.response_kind import kind_of
from normwise.data.scenario import Scenario
from normwise.data.tables.table import Table


def as_drawn(scenario: Scenario, seed: int, replicate: int) -> Table:
    """A replicate as a user's table, without the features that hold one value.

    Parameters
    ----------
    scenario : Scenario
    seed : int
        Root seed.
    replicate : int
    """
    X, y = draw(scenario, seed, replicate)
    varies = np.ptp(X, axis=0) > 0
    names = np.array([f"x{j}" for j in range(X.shape[1])])
    values = kind_of(scenario.response).classes
    return Table(
        X=X[:, varies].astype(float),
        y=y,
        names=tuple(names[varies]),
        response=scenario.response,
        target="y",
        classes=tuple(map(str, range(int(y.max()) + 1))) if values else None,
        source=f"scenario {scenario.id}, replicate {replicate}",
        missing={},
        constant=tuple(names[~varies]),
        notes=(),
    )


def described(table: Table, seed: int) -> dict[str, float]:
    """What rules of thumb ask for, estimated as `normwise.advice.diagnosis.diagnose` does.

    Parameters
    ----------
    table : Table
    seed : int
        Decides which rows of a large table are looked at.

    Returns
    -------
    dict of str to float
        By the column of table ``estimates``.
    """
    diagnosis, signal = diagnose(table, seed)
    inflation = diagnosis.vif
    return {
        "snr": signal.snr,
        "effective_nonzero": signal.sparsity.middle,
        "signal_alignment": signal.alignment.middle,
        "nearest_correlation": signal.nearest_correlation,
        "effective_features": signal.effective_features,
        # with no more rows than features the others determine each
        "mean_vif": float(np.where(np.isnan(inflation), np.inf, inflation).mean()),
        # the diagnosis has its root
        "condition_number": diagnosis.condition_number**2,
    }


def estimate(
    dataset: str,
    scenarios: Sequence[Mapping[str, Any]],
    metrics: pd.DataFrame,
    seed: int,
    replicates: int,
) -> pd.DataFrame:
    """Table ``estimates`` of one block: its first replicates, drawn again and described.

    Parameters
    ----------
    dataset : str
    scenarios : sequence of mapping
        Fields of each scenario.
    metrics : DataFrame
        Table ``metrics`` of the block.
    seed : int
        Root seed.
    replicates : int
        How many of each scenario.

    Returns
    -------
    DataFrame
        Without replicates that L1 or L2 could not be fitted on, and those that have nothing to
        describe: a response or features of one value.
    """
    risks = _risks(metrics, replicates)
    rows = []
    with threadpool_limits(1):
        for scenario in (Scenario(**fields) for fields in scenarios):
            for replicate in range(replicates):
                key = (scenario.id, replicate)
                if key not in risks.index:
                    continue
                table = as_drawn(scenario, seed, replicate)
                if not table.X.shape[1] or np.ptp(table.y) == 0:
                    continue
                l1, l2 = risks.loc[key, ["l1", "l2"]].astype(float)
                rows.append(
                    {
                        "dataset": dataset,
                        "scenario": scenario.id,
                        "replicate": replicate,
                        **described(table, seed),
                        "risk_l1": l1,
                        "risk_l2": l2,
                        "log_ratio": float(log_ratio(np.array(l1), np.array(l2))),
                    }
                )
    return typed(pd.DataFrame(rows), "estimates")


def _risks(metrics: pd.DataFrame, replicates: int) -> pd.DataFrame:
    """Excess risk of L1 and of L2, one row a scenario and replicate that has both."""
    own = metrics[
        (metrics["metric"] == "excess_risk")
        & (metrics["tuning"] == "cv_min")
        & metrics["penalty"].isin(("l1", "l2"))
        & (metrics["replicate"] < replicates)
    ]
    wide = own.pivot(index=["scenario", "replicate"], columns="penalty", values="value")
    return wide.reindex(columns=["l1", "l2"]).dropna()
