"""All claims, in the order in which the page tells them."""

from __future__ import annotations

from normwise.analysis.tables import Tables
from normwise.report.claims import selects, spreads, trades_bias, wins_when_dense, wins_when_sparse
from normwise.report.claims.claim import Claim

# a module has a function ``judge(tables)``
CLAIMS = (selects, wins_when_sparse, spreads, wins_when_dense, trades_bias)


def judge_claims(tables: Tables) -> list[Claim]:
    """All claims, judged by the tables of a study."""
    return [claim.judge(tables) for claim in CLAIMS]
