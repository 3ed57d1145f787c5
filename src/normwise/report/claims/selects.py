"""Claim 1: exact zeros and feature selection."""

from __future__ import annotations

import numpy as np

from normwise.analysis.tables import Tables
from normwise.report.claims.claim import EXCEPTIONS, FAILS, HOLDS, Claim, wide_means
from normwise.report.look.numbers import percent


def judge(tables: Tables) -> Claim:
    """The claim, judged by the tables of a study."""
    claim = Claim("L1 sets some coefficients to exactly zero, and so selects features.")
    zeros = wide_means(tables, "nonzeros")
    sparse = zeros[zeros["nonzero_share"] < 0.5]
    if not len(sparse) or "l1" not in sparse:
        return claim
    share = 1 - sparse["l1"] / sparse["n_features"]
    claim.effect = (
        f"L1 at the cross-validated strength sets a median {percent(share.median())} of the "
        f"coefficients to exactly zero (quartiles {percent(share.quantile(0.25))} to "
        f"{percent(share.quantile(0.75))}) over {len(sparse)} scenarios in which fewer than half "
        "of the features matter"
    )
    claim.often = (
        f"in {int((share > 0).sum())} of {len(share)} scenarios in which under half of the "
        "features matter"
    )
    claim.size = f"{percent(share.median())} of the coefficients are zero (median)"
    tpr, fdr, exact = (wide_means(tables, m) for m in ("tpr", "fdr", "exact_recovery"))
    tpr, fdr, exact = (t[t["nonzero_share"] < 0.5] for t in (tpr, fdr, exact))
    claim.evidence.append(
        f"It keeps a median {percent(tpr['l1'].median())} of the truly relevant features, over "
        f"{len(tpr)} scenarios."
    )
    claim.limits.append(
        f"What it selects is not the truth: a median {percent(fdr['l1'].median())} of the selected "
        f"features are false, and exactly the true set comes out in {percent(exact['l1'].mean())} "
        "of the data sets."
    )
    claim.false = (
        f"what it selects is not the truth: {percent(fdr['l1'].median())} of it is false (median), "
        f"and {percent(exact['l1'].mean())} of the lists are exactly right"
    )
    strict = wide_means(tables, "fdr", "cv_1se")
    strict = strict[strict["nonzero_share"] < 0.5]
    found, none = (
        frame[frame["nonzero_share"] < 0.5]["l1"]
        for frame in (wide_means(tables, m, "cv_1se") for m in ("tpr", "selected_none"))
    )
    # to select nothing counts as no false discovery
    some = strict["l1"].to_numpy() / np.where(none < 1, 1 - none, np.nan)
    claim.evidence.append(
        "The one-standard-error rule lowers the median false discovery rate from "
        f"{percent(fdr['l1'].median())} to {percent(strict['l1'].median())}, at a price: the share "
        f"of the relevant features that is found falls from {percent(tpr['l1'].median())} to "
        f"{percent(found.median())}, and in {percent(none.mean())} of the data sets nothing is "
        "selected, which counts as no false discovery. Where something is, "
        f"{percent(float(np.nanmedian(some)))} of it is false. Medians over the same {len(strict)} "
        "scenarios."
    )
    bad = exact[exact["irrepresentable"] > 1]
    bad = bad[bad["covariance"] == "irrepresentable"]
    if len(bad):
        oracle = wide_means(tables, "exact_recovery", "oracle")
        oracle = oracle[oracle["scenario"].isin(bad["scenario"])]
        claim.limits.append(
            "With a noise feature that is nearly the sum of the relevant ones (irrepresentable "
            f"constant above 1), the true set comes out in {percent(bad['l1'].mean())} of the "
            "data sets at the cross-validated strength and in "
            f"{percent(oracle['l1'].mean())} at the best."
        )
    zeroed = share.median() > 0
    clean = fdr["l1"].median() < 0.1
    claim.verdict = HOLDS if zeroed and clean else EXCEPTIONS if zeroed else FAILS
    return claim
