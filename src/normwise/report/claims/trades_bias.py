"""Claim 5: bias for variance."""

from __future__ import annotations

import numpy as np

from normwise.analysis.tables import Tables, distinct
from normwise.report.claims.claim import EXCEPTIONS, FAILS, HOLDS, Claim, wide_stability
from normwise.report.tallies import Z95


def judge(tables: Tables) -> Claim:
    """The claim, judged by the tables of a study."""
    claim = Claim("Both penalties accept some bias for less variance.")
    bias, variance = wide_stability(tables, "bias2"), wide_stability(tables, "variance")
    fits = bias["n_features"] < 0.95 * bias["n_samples"]
    bias, variance = bias[fits], variance[fits]
    if "none" not in bias or not len(bias.dropna(subset=["none", "l1", "l2"])):
        return claim
    bias = bias.dropna(subset=["none", "l1", "l2"])
    variance = variance.loc[bias.index]
    sizes, traded, often, false = [], [], [], []
    for penalty in ("l1", "l2"):
        more_bias = bias[penalty] - bias["none"]
        less = variance["none"] - variance[penalty]
        bias_se = np.hypot(bias[f"{penalty}_se"], bias["none_se"])
        both = (more_bias > -Z95 * bias_se) & (less > 0)
        traded.append(float(both.mean()))
        share = variance[penalty] / variance["none"]
        name = penalty.upper()
        sizes.append(f"{name} {share.median():.2f}")
        often.append(f"{name} {int(both.sum())}")
        claim.evidence.append(
            f"{name}: variance lower and squared bias no lower than without a penalty in "
            f"{int(both.sum())} of {len(both)} scenarios with p < n; median squared bias "
            f"{bias[penalty].median():.3f} against {max(bias['none'].median(), 0):.3f}, median "
            f"variance {variance[penalty].median():.3f} against {variance['none'].median():.3f} "
            "(noise variance 1)."
        )
    claim.effect = (
        f"variance of the prediction over that without a penalty: {', '.join(sizes)} (median over "
        f"{len(bias)} scenarios with p < n)"
    )
    claim.often = f"{', '.join(often)} of {len(bias)} scenarios with p < n"
    claim.size = f"variance over that without a penalty: {', '.join(sizes)} (median)"
    verdicts = tables["verdicts"]
    for penalty in ("l1", "l2"):
        rows = verdicts[
            (verdicts["first"] == penalty)
            & (verdicts["second"] == "none")
            & (verdicts["tuning"] == "cv_min")
        ].merge(tables["scenarios"], on=["dataset", "scenario"])
        rows = distinct(rows)
        counts = rows["verdict"].value_counts()
        claim.evidence.append(
            f"The trade pays: {penalty.upper()} beats no penalty in {counts.get(penalty, 0)} of "
            f"the {len(rows)} scenarios, of any p/n, in which both can be compared."
        )
        rest = rows[~rows["verdict"].isin([penalty])]
        if len(rest):
            false.append(
                f"{penalty.upper()} in {len(rest)} of {len(rows)} (no penalty wins "
                f"{counts.get('none', 0)})"
            )
            claim.limits.append(
                f"{penalty.upper()} does not beat it in {len(rest)} of them (no penalty wins "
                f"{counts.get('none', 0)}, the others have no winner); their median p/n is "
                f"{rest['aspect_ratio'].median():.2g} and median signal-to-noise ratio "
                f"{rest['snr'].median():.2g}."
            )
    if false:
        claim.false = f"where the trade does not pay: {', '.join(false)} scenarios"
    worst = min(traded)
    claim.verdict = HOLDS if worst >= 0.95 else EXCEPTIONS if worst > 0.5 else FAILS
    return claim
