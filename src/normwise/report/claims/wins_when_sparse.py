"""Claim 2: high dimension, few relevant features."""

from __future__ import annotations

from normwise.analysis.tables import Tables, distinct, effects
from normwise.report.claims.claim import SPARSE, Claim, verdict_of, wide_means
from normwise.report.look.numbers import percent
from normwise.report.tallies import (
    ratio_text,
    share_won,
    short_ratio,
    tally,
    wins_text,
    with_points,
)


def judge(tables: Tables) -> Claim:
    """The claim, judged by the tables of a study."""
    claim = Claim(
        "L1 helps in high-dimensional data where not all features are relevant: it prevents "
        "overfitting and makes the model easier to interpret."
    )
    rows = with_points(distinct(effects(tables)), tables)
    wide = rows[rows["n_features"] >= rows["n_samples"]]
    few = wide[wide["nonzero_share"] <= SPARSE]
    if not len(few):
        return claim
    claim.effect = f"{ratio_text(few)}, with p ≥ n and at most {percent(SPARSE)} relevant features"
    claim.often = (
        f"{wins_text(few, 'l1')} with p ≥ n and at most {percent(SPARSE)} relevant features"
    )
    claim.size = short_ratio(few)
    claim.evidence.append(f"Verdicts in these scenarios: {tally(few)}.")
    clear = few[few["snr"] >= 1]
    if len(clear):
        claim.evidence.append(
            f"With a signal at least as strong as the noise: {tally(clear)}; {ratio_text(clear)}."
        )
    optimism = wide_means(tables, "optimism")
    optimism = optimism[optimism["scenario"].isin(few["scenario"])]
    if "none" in optimism:
        optimism = optimism[optimism["response"] == "gaussian"].dropna(subset=["none", "l1", "l2"])
        if len(optimism):
            claim.evidence.append(
                "Overfitting, the expected minus the training error (median over "
                f"{len(optimism)} scenarios, noise variance 1): no penalty "
                f"{optimism['none'].median():.2f}, L2 {optimism['l2'].median():.2f}, "
                f"L1 {optimism['l1'].median():.2f}."
            )
    nonzeros = wide_means(tables, "nonzeros")
    nonzeros = nonzeros[nonzeros["scenario"].isin(few["scenario"])]
    claim.evidence.append(
        f"The L1 model to be read has a median {nonzeros['l1'].median():.0f} features instead of "
        f"{nonzeros['n_features'].median():.0f}."
    )
    weak = few[few["verdict"] != "l1"]
    if len(weak):
        claim.limits.append(
            f"It fails where the signal is too weak or its features too many for n: L1 does not "
            f"win in {len(weak)} of these scenarios, whose median signal-to-noise ratio is "
            f"{weak['snr'].median():.2g}, against "
            f"{few[few['verdict'] == 'l1']['snr'].median():.2g} where it wins."
        )
        claim.false = (
            f"where the signal is weak: the median signal-to-noise ratio was "
            f"{weak['snr'].median():.2g} where L1 did not win"
        )
    many = wide[wide["nonzero_share"] == 1]
    if len(many):
        where = "where every feature is relevant"
        claim.false = f"{where}: {wins_text(many, 'l1')}" + (
            f"; {claim.false}" if len(weak) else ""
        )
        claim.limits.append(
            f"High dimension alone is no reason for L1: with p ≥ n and every feature relevant, "
            f"{tally(many)}; {ratio_text(many)}."
        )
    claim.verdict = verdict_of(share_won(few, "l1"), share_won(few, "l2"))
    return claim
