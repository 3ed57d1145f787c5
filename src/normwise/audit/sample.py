"""Which scenarios of a published study are run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from normwise.audit.wang_2020 import read_published

STRATA = ("corDesign", "rho", "pB", "s0B")
# rows of the published table that one job asks theory for
ROWS_PER_BATCH = 50


def sampled(published: pd.DataFrame, n_scenarios: int, seed: int) -> pd.DataFrame:
    """Some scenarios of a published table, from each of its designs as many as its share.

    Parameters
    ----------
    published : DataFrame
        What `normwise.audit.wang_2020.read_published` returns.
    n_scenarios : int
        At most; a design (correlations, sizes of blocks, relevant features in each) has at least
        one if there are so many.
    seed : int
        A larger sample with the same seed holds the smaller one of each design.

    Returns
    -------
    DataFrame
        In the order of the table.
    """
    order = np.random.default_rng(seed).permutation(len(published))
    shuffled = published.iloc[order]
    # the place in its design, as a share: equal shares of all designs come first
    groups = shuffled.groupby(list(STRATA), sort=True)["scenario"]
    place = (groups.cumcount() + 0.5) / groups.transform("size")
    return published.loc[sorted(place.sort_values(kind="stable").index[:n_scenarios])]


def planned(
    audit: Mapping[str, Any], seed: int
) -> tuple[dict[str, dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """The rows that an audit runs again, and all rows in batches for theory.

    Parameters
    ----------
    audit : mapping
        Key ``audit`` of the checked config; without a ``table`` there is nothing to do.
    seed : int

    Returns
    -------
    rerun : dict of str to dict
        Rows by their number in the published table.
    batches : dict of str to list of dict
        Rows of one design side by side, whose theory has parts in common.
    """
    if not audit["table"]:
        return {}, {}
    published = read_published(audit["table"])
    rows = sampled(published, audit["n_scenarios"], seed).to_dict("records")
    together = published.sort_values([*STRATA, "scenario"]).to_dict("records")
    batches = {
        str(start // ROWS_PER_BATCH): together[start : start + ROWS_PER_BATCH]
        for start in range(0, len(together), ROWS_PER_BATCH)
    }
    return {str(row["scenario"]): row for row in rows}, batches
