"""Claim 4: all features matter; collinearity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from normwise.analysis.tables import Tables, distinct, effects
from normwise.report.claims.claim import (
    EXCEPTIONS,
    HIGHLY_CORRELATED,
    HOLDS,
    SPARSE,
    Claim,
    verdict_of,
    wide_stability,
)
from normwise.report.look.numbers import percent
from normwise.report.tallies import (
    ratio_text,
    share_won,
    short_ratio,
    tally,
    wins_text,
    with_points,
)

FAMILIES = ("blocks", "equicorrelated", "latent_factors", "near_duplicates", "ar1")


def _add_spread(claim: Claim, tables: Tables, high: pd.DataFrame) -> float:
    """Say how coefficients vary; return the share of scenarios in which those of L1 vary more."""
    spread = wide_stability(tables, "coef_variance")
    spread = spread[spread["scenario"].isin(high["scenario"])]
    if not len(spread):
        return np.nan
    ratio = spread["l1"] / spread["l2"]
    claim.evidence.append(
        f"Stability: with a correlation of {HIGHLY_CORRELATED} and more, the variance of L1's "
        f"coefficients is {ratio.median():.1f} times that of L2's (median of {len(ratio)} "
        f"scenarios, range {ratio.min():.1f} to {ratio.max():.1f})."
    )
    claim.size += (
        f"; with r ≥ {HIGHLY_CORRELATED}, L1's coefficients vary {ratio.median():.1f} times as "
        "much (variance, median)"
    )
    return float((ratio > 1).mean())


def _add_agreement(claim: Claim, tables: Tables, high: pd.DataFrame) -> None:
    """Say how alike the coefficients of two samples are."""
    goals = tables["goals"]
    repeat = goals[(goals["goal"] == "stability") & goals["scenario"].isin(high["scenario"])]
    repeat = distinct(repeat.merge(tables["scenarios"], on=["dataset", "scenario"]))
    dense_repeat = repeat[repeat["nonzero_share"] == 1]
    sparse_repeat = repeat[repeat["nonzero_share"] <= SPARSE]
    if len(dense_repeat):
        claim.evidence.append(
            "How alike the coefficients of two samples are, which shrinking alone cannot improve, "
            f"at such correlations with every feature relevant: {tally(dense_repeat)}."
        )
    if len(sparse_repeat):
        claim.limits.append(
            f"With at most {percent(SPARSE)} relevant features, the same measure of stability at "
            f"such correlations: {tally(sparse_repeat)}."
        )


def judge(tables: Tables) -> Claim:
    """The claim, judged by the tables of a study."""
    claim = Claim(
        "L2 helps when all features matter, and when features are collinear it gives stability and "
        "better generalisation."
    )
    rows = with_points(distinct(effects(tables)), tables)
    dense = rows[rows["nonzero_share"] == 1]
    if not len(dense):
        return claim
    claim.effect = f"{ratio_text(dense)}, where every feature matters"
    claim.often = f"{wins_text(dense, 'l2')} where every feature matters"
    claim.size = short_ratio(dense)
    claim.evidence.append(f"Verdicts where every feature matters: {tally(dense)}.")
    high = rows[(rows["correlation"] >= HIGHLY_CORRELATED) & rows["covariance"].isin(FAMILIES)]
    steady = _add_spread(claim, tables, high)
    aligned = high[(high["nonzero_share"] == 1) & (high["signal_alignment"] >= 1)]
    if len(aligned):
        claim.evidence.append(
            "Generalisation under collinearity, every feature relevant and effects that add up, so "
            "that the signal varies at least as much as with uncorrelated features: "
            f"{tally(aligned)}; {ratio_text(aligned)}."
        )
    sparse = high[high["nonzero_share"] < 0.5]
    few = high[high["nonzero_share"] <= SPARSE]
    if len(sparse):
        claim.limits.append(
            "Collinearity alone does not decide who generalises better. With fewer than half of "
            f"the features relevant and a correlation of {HIGHLY_CORRELATED} and more: "
            f"{tally(sparse)}; {ratio_text(sparse)}."
            + (f" With at most {percent(SPARSE)}: {tally(few)}." if len(few) else "")
        )
    if len(few):
        claim.false = (
            f"collinear (r ≥ {HIGHLY_CORRELATED}) with at most {percent(SPARSE)} relevant: "
            f"{wins_text(few, 'l1')}; with under half: {wins_text(sparse, 'l2')}"
        )
    _add_agreement(claim, tables, high)
    against = high[(high["nonzero_share"] == 1) & (high["signal_alignment"] < 1)]
    if len(against):
        kind = claim.evidence if share_won(against, "l2") > 0.5 else claim.limits
        kind.append(
            "Where the effects of collinear features cancel in part, so that the signal lies along "
            f"the small principal components: {tally(against)}; {ratio_text(against)}."
        )
    easy = dense[dense["verdict"].isin(("equivalent", "undecided"))]
    if len(easy):
        claim.limits.append(
            f"There is little to gain in {len(easy)} dense scenarios (equivalent or undecided), "
            f"whose median p/n is {easy['aspect_ratio'].median():.2g} and median signal-to-noise "
            f"ratio {easy['snr'].median():.2g}."
        )
    claim.verdict = verdict_of(share_won(dense, "l2"), share_won(dense, "l1"))
    contradicted = share_won(sparse, "l2") <= 0.5 if len(sparse) else False
    if claim.verdict == HOLDS and (steady < 1 or contradicted):
        claim.verdict = EXCEPTIONS
    return claim
