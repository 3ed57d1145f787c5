"""Claim 3: shrinkage without elimination, spread over all terms."""

from __future__ import annotations

from normwise.analysis.tables import Tables, finite
from normwise.report.claims.claim import (
    EXCEPTIONS,
    FAILS,
    HIGHLY_CORRELATED,
    HOLDS,
    Claim,
    wide_means,
)
from normwise.report.look.numbers import percent

CONTINUOUS = ("gaussian", "lognormal", "student_t")


def judge(tables: Tables) -> Claim:
    """The claim, judged by the tables of a study."""
    claim = Claim(
        "L2 makes coefficients smaller without eliminating any, and spreads the effect over all "
        "terms."
    )
    nonzeros, null = wide_means(tables, "nonzeros"), wide_means(tables, "selected_none")
    carriers = wide_means(tables, "effective_coefs")
    if nonzeros.empty or not {"l1", "l2"} <= set(nonzeros):
        return claim
    # a column of zeros and ones can be constant in a sample, and has no coefficient then
    varies = nonzeros["features"].isin(CONTINUOUS)
    kept = finite((nonzeros["l2"] / nonzeros["n_features"] / (1 - null["l2"]))[varies])
    ratio = (carriers["l2"] / carriers["l1"]).dropna()
    claim.effect = (
        f"effective number of coefficients of L2 / L1 = {ratio.median():.1f} (median over "
        f"{len(ratio)} scenarios, quartiles {ratio.quantile(0.25):.1f} to "
        f"{ratio.quantile(0.75):.1f})"
    )
    claim.often = (
        f"spread: in {int((ratio > 1).sum())} of {len(ratio)} scenarios L2's effect rests on more "
        "coefficients than L1's"
    )
    claim.size = f"{ratio.median():.1f} times as many (effective number, median)"
    if len(kept):
        claim.evidence.append(
            f"Unless the null model was chosen, L2 kept {percent(kept.mean())} of the coefficients "
            "nonzero."
        )
    twins = carriers[carriers["covariance"].isin(("near_duplicates", "blocks"))]
    twins = twins[twins["correlation"] >= HIGHLY_CORRELATED]
    if len(twins):
        both = (twins["l2"] / twins["l1"]).median()
        claim.evidence.append(
            f"Among features correlated at {HIGHLY_CORRELATED} and more within groups, L2 shares "
            f"the effect over {both:.1f} times as many coefficients as L1 (median of "
            f"{len(twins)} scenarios)."
        )
    often = null[null["l2"] > 0.1]
    if len(often):
        claim.limits.append(
            f"Cross-validation can choose an infinite strength, and then L2 eliminates everything: "
            f"in more than a tenth of the data sets in {len(often)} of {len(null)} scenarios, "
            f"whose median signal-to-noise ratio is {often['snr'].median():.2g}."
        )
        claim.false = (
            f"at an infinite strength, where nothing is left: more than a tenth of the data sets "
            f"in {len(often)} of {len(null)} scenarios, median snr {often['snr'].median():.2g}"
        )
    dense = ratio[carriers.loc[ratio.index, "nonzero_share"] == 1]
    if len(dense):
        claim.limits.append(
            f"Where every feature matters the ratio has a median of {dense.median():.1f} and goes "
            f"down to {dense.min():.1f}."
        )
    # a claim with a section of its own on where it is false does not simply hold
    whole = (kept > 0.999).all() and not len(often)
    claim.verdict = (
        FAILS if ratio.median() <= 1 else HOLDS if whole and ratio.min() > 1 else EXCEPTIONS
    )
    return claim
