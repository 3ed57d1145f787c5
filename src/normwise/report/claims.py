"""What is commonly said of the two penalties, each claim judged by the measurements.

A claim is judged by counts of scenarios and by pooled effects computed from the tables, so that
other data can turn its verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from normwise.analysis.tables import Tables, effects, finite
from normwise.report.look.numbers import percent
from normwise.report.tallies import Z95, ratio_text, share_won, tally

HOLDS = "holds"
EXCEPTIONS = "holds with exceptions"
FAILS = "does not hold"
UNDECIDED = "not decided"
UNKNOWN = "not measured"

# what the words of the claims mean, in quantities of the scenario table
SPARSE = 0.05
COLLINEAR = 0.9
FAMILIES = ("blocks", "equicorrelated", "latent_factors", "near_duplicates", "ar1")


@dataclass
class Claim:
    """A claim, its verdict, and the evidence on both sides.

    Attributes
    ----------
    text : str
        The claim as it is usually made.
    verdict : str
        holds, holds with exceptions, does not hold, not decided (too few scenarios have a clear
        winner), or not measured.
    effect : str
        The size of the effect, with its interval, in a line.
    evidence, limits : list of str
        What speaks for the claim; where it fails.
    """

    text: str
    verdict: str = UNKNOWN
    effect: str = "no scenario of this study bears on it"
    evidence: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)


def _judge(won: float, lost: float) -> str:
    if won >= 0.9 and lost == 0:
        return HOLDS
    if won > 0.5 and won > lost:
        return EXCEPTIONS
    return FAILS if lost >= won and lost > 0 else UNDECIDED


def wide_means(tables: Tables, metric: str, tuning: str = "cv_min") -> pd.DataFrame:
    """Mean of a metric by penalty, with the properties of the scenarios."""
    summary = tables["summary"]
    rows = summary[(summary["metric"] == metric) & (summary["tuning"] == tuning)]
    wide = rows.pivot(index=["dataset", "scenario"], columns="penalty", values="mean")
    return wide.reset_index().merge(tables["scenarios"], on=["dataset", "scenario"])


def wide_stability(tables: Tables, metric: str) -> pd.DataFrame:
    """A metric of table ``stability`` by penalty at cv_min, with its standard error."""
    rows = tables["stability"]
    rows = rows[(rows["metric"] == metric) & (rows["tuning"] == "cv_min")]
    wide = rows.pivot(index=["dataset", "scenario"], columns="penalty", values=["value", "se"])
    wide.columns = [p if v == "value" else f"{p}_se" for v, p in wide.columns.to_list()]
    return wide.reset_index().merge(tables["scenarios"], on=["dataset", "scenario"])


def selects(tables: Tables) -> Claim:
    """Claim 1: exact zeros and feature selection."""
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
    tpr, fdr, exact = (wide_means(tables, m) for m in ("tpr", "fdr", "exact_recovery"))
    tpr, fdr, exact = (t[t["nonzero_share"] < 0.5] for t in (tpr, fdr, exact))
    claim.evidence.append(
        f"It keeps a median {percent(tpr['l1'].median())} of the truly relevant features."
    )
    claim.limits.append(
        f"What it selects is not the truth: a median {percent(fdr['l1'].median())} of the selected "
        f"features are false, and exactly the true set comes out in {percent(exact['l1'].mean())} "
        "of the data sets."
    )
    strict = wide_means(tables, "fdr", "cv_1se")
    strict = strict[strict["nonzero_share"] < 0.5]
    claim.evidence.append(
        "Where selection is the goal, the one-standard-error rule lowers the median false "
        f"discovery rate from {percent(fdr['l1'].median())} to {percent(strict['l1'].median())}."
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
    some = share.median() > 0
    clean = fdr["l1"].median() < 0.1
    claim.verdict = HOLDS if some and clean else EXCEPTIONS if some else FAILS
    return claim


def wins_when_sparse(tables: Tables) -> Claim:
    """Claim 2: high dimension, few relevant features."""
    claim = Claim(
        "This helps in high-dimensional data where not all features are relevant: it prevents "
        "overfitting and makes the model easier to interpret."
    )
    rows = effects(tables)
    wide = rows[rows["n_features"] >= rows["n_samples"]]
    few = wide[wide["nonzero_share"] <= SPARSE]
    if not len(few):
        return claim
    claim.effect = f"{ratio_text(few)}, with p ≥ n and at most {percent(SPARSE)} relevant features"
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
    many = wide[wide["nonzero_share"] == 1]
    if len(many):
        claim.limits.append(
            f"High dimension alone is no reason for L1: with p ≥ n and every feature relevant, "
            f"{tally(many)}; {ratio_text(many)}."
        )
    claim.verdict = _judge(share_won(few, "l1"), share_won(few, "l2"))
    return claim


def spreads(tables: Tables) -> Claim:
    """Claim 3: shrinkage without elimination, spread over all terms."""
    claim = Claim(
        "L2 makes coefficients smaller without eliminating any, and spreads the effect over all "
        "terms."
    )
    nonzeros, null = wide_means(tables, "nonzeros"), wide_means(tables, "selected_none")
    carriers = wide_means(tables, "effective_coefs")
    if nonzeros.empty or not {"l1", "l2"} <= set(nonzeros):
        return claim
    gaussian = nonzeros["features"] == "gaussian"
    kept = (nonzeros["l2"] / nonzeros["n_features"] / (1 - null["l2"]))[gaussian]
    ratio = (carriers["l2"] / carriers["l1"]).dropna()
    claim.effect = (
        f"effective number of coefficients of L2 / L1 = {ratio.median():.1f} (median over "
        f"{len(ratio)} scenarios, quartiles {ratio.quantile(0.25):.1f} to "
        f"{ratio.quantile(0.75):.1f})"
    )
    claim.evidence.append(
        f"Unless the null model was chosen, L2 kept {percent(finite(kept).mean())} of the "
        "coefficients nonzero."
    )
    twins = carriers[carriers["covariance"].isin(("near_duplicates", "blocks"))]
    twins = twins[twins["correlation"] >= COLLINEAR]
    if len(twins):
        both = (twins["l2"] / twins["l1"]).median()
        claim.evidence.append(
            f"Among features correlated at {COLLINEAR} and more within groups, L2 shares the "
            f"effect over {both:.1f} times as many coefficients as L1 (median of "
            f"{len(twins)} scenarios)."
        )
    often = null[null["l2"] > 0.1]
    if len(often):
        claim.limits.append(
            f"Cross-validation can choose an infinite strength, and then L2 eliminates everything: "
            f"in more than a tenth of the data sets in {len(often)} of {len(null)} scenarios, "
            f"whose median signal-to-noise ratio is {often['snr'].median():.2g}."
        )
    dense = ratio[carriers.loc[ratio.index, "nonzero_share"] == 1]
    if len(dense):
        claim.limits.append(
            f"Where every feature matters the difference is smaller: a median ratio of "
            f"{dense.median():.1f}, down to {dense.min():.1f}."
        )
    whole = finite(kept).min() > 0.999
    claim.verdict = (
        FAILS if ratio.median() <= 1 else HOLDS if whole and ratio.min() > 1 else EXCEPTIONS
    )
    return claim


def wins_when_dense(tables: Tables) -> Claim:
    """Claim 4: all features matter; collinearity."""
    claim = Claim(
        "L2 helps when all features matter, and when features are collinear it gives stability and "
        "better generalisation."
    )
    rows = effects(tables)
    dense = rows[rows["nonzero_share"] == 1]
    if not len(dense):
        return claim
    claim.effect = f"{ratio_text(dense)} in which every feature matters"
    claim.evidence.append(f"Verdicts where every feature matters: {tally(dense)}.")
    high = rows[(rows["correlation"] >= COLLINEAR) & rows["covariance"].isin(FAMILIES)]
    spread = wide_stability(tables, "coef_variance")
    spread = spread[spread["scenario"].isin(high["scenario"])]
    steady = np.nan
    if len(spread):
        ratio = spread["l1"] / spread["l2"]
        steady = float((ratio > 1).mean())
        claim.evidence.append(
            f"Stability: with a correlation of {COLLINEAR} and more, the coefficients of L1 vary "
            f"{ratio.median():.1f} times as much as those of L2 (median of {len(ratio)} scenarios, "
            f"range {ratio.min():.1f} to {ratio.max():.1f})."
        )
    aligned = high[(high["nonzero_share"] == 1) & (high["signal_alignment"] >= 1)]
    if len(aligned):
        claim.evidence.append(
            f"Generalisation under collinearity, every feature relevant and effects in the same "
            f"direction: {tally(aligned)}; {ratio_text(aligned)}."
        )
    sparse = high[high["nonzero_share"] < 0.5]
    few = high[high["nonzero_share"] <= SPARSE]
    if len(sparse):
        claim.limits.append(
            "Collinearity alone does not decide who generalises better. With fewer than half of "
            f"the features relevant and a correlation of {COLLINEAR} and more: {tally(sparse)}; "
            f"{ratio_text(sparse)}."
            + (f" With at most {percent(SPARSE)}: {tally(few)}." if len(few) else "")
        )
    goals = tables["goals"]
    repeat = goals[(goals["goal"] == "stability") & goals["scenario"].isin(high["scenario"])]
    repeat = repeat.merge(tables["scenarios"], on=["dataset", "scenario"])
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
    against = high[(high["nonzero_share"] == 1) & (high["signal_alignment"] < 1)]
    if len(against):
        kind = claim.evidence if share_won(against, "l2") > 0.5 else claim.limits
        kind.append(
            "Where collinear features act in opposite directions, so that the signal lies along "
            f"the small principal components: {tally(against)}; {ratio_text(against)}."
        )
    easy = dense[dense["verdict"].isin(("equivalent", "undecided"))]
    if len(easy):
        claim.limits.append(
            f"There is little to gain in {len(easy)} dense scenarios (equivalent or undecided), "
            f"whose median p/n is {easy['aspect_ratio'].median():.2g} and median signal-to-noise "
            f"ratio {easy['snr'].median():.2g}."
        )
    claim.verdict = _judge(share_won(dense, "l2"), share_won(dense, "l1"))
    contradicted = share_won(sparse, "l2") <= 0.5 if len(sparse) else False
    if claim.verdict == HOLDS and (steady < 1 or contradicted):
        claim.verdict = EXCEPTIONS
    return claim


def trades_bias(tables: Tables) -> Claim:
    """Claim 5: bias for variance."""
    claim = Claim("Both penalties accept some bias for less variance.")
    bias, variance = wide_stability(tables, "bias2"), wide_stability(tables, "variance")
    fits = bias["n_features"] < 0.95 * bias["n_samples"]
    bias, variance = bias[fits], variance[fits]
    if "none" not in bias or not len(bias.dropna(subset=["none", "l1", "l2"])):
        return claim
    bias = bias.dropna(subset=["none", "l1", "l2"])
    variance = variance.loc[bias.index]
    sizes, traded = [], []
    for penalty in ("l1", "l2"):
        more_bias = bias[penalty] - bias["none"]
        less = variance["none"] - variance[penalty]
        bias_se = np.hypot(bias[f"{penalty}_se"], bias["none_se"])
        both = (more_bias > -Z95 * bias_se) & (less > 0)
        traded.append(float(both.mean()))
        share = variance[penalty] / variance["none"]
        name = penalty.upper()
        sizes.append(f"{name} {share.median():.2f}")
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
    verdicts = tables["verdicts"]
    for penalty in ("l1", "l2"):
        rows = verdicts[
            (verdicts["first"] == penalty)
            & (verdicts["second"] == "none")
            & (verdicts["tuning"] == "cv_min")
        ].merge(tables["scenarios"], on=["dataset", "scenario"])
        counts = rows["verdict"].value_counts()
        claim.evidence.append(
            f"The trade pays: {penalty.upper()} beats no penalty in {counts.get(penalty, 0)} of "
            f"{len(rows)} scenarios."
        )
        rest = rows[~rows["verdict"].isin([penalty])]
        if len(rest):
            claim.limits.append(
                f"It does not pay for {penalty.upper()} in {len(rest)} scenarios (no penalty is "
                f"better in {counts.get('none', 0)}); their median p/n is "
                f"{rest['aspect_ratio'].median():.2g} and median signal-to-noise ratio "
                f"{rest['snr'].median():.2g}."
            )
    worst = min(traded)
    claim.verdict = HOLDS if worst >= 0.95 else EXCEPTIONS if worst > 0.5 else FAILS
    return claim


CLAIMS: tuple[Callable[[Tables], Claim], ...] = (
    selects,
    wins_when_sparse,
    spreads,
    wins_when_dense,
    trades_bias,
)


def judge_claims(tables: Tables) -> list[Claim]:
    """All claims, judged by the tables of a study."""
    return [judge(tables) for judge in CLAIMS]
