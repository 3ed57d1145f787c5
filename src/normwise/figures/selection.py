"""Which features a penalty selects: true positives against false discoveries."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from normwise.figures import Drawing, Plan
from normwise.figures.style import COLOURS, MARKERS, NAMES

RULES = {
    "cv_min": "least CV error",
    "cv_1se": "one-standard-error rule",
    "oracle": "least true risk",
}


def draw(tables: dict[str, pd.DataFrame], plan: Plan) -> Drawing:
    """Selection of L1 and the elastic net in every sparse scenario of the sweeps."""
    scenarios = tables["scenarios"]
    sparse = scenarios[
        scenarios["dataset"].isin(plan["datasets"]) & (scenarios["nonzero_share"] < 0.5)
    ]
    wide = (
        tables["summary"]
        .query("metric in ['tpr', 'fdr', 'exact_recovery'] and penalty in ['l1', 'elastic_net']")
        .pivot_table(
            index=["scenario", "dataset", "penalty", "tuning"], columns="metric", values="mean"
        )
        .reset_index()
        .merge(sparse[["dataset", "scenario", "snr", "nonzero_share"]], on=["dataset", "scenario"])
    )
    figure, axes = plt.subplots(
        1, len(RULES), figsize=(11, 3.9), sharex=True, sharey=True, layout="constrained"
    )
    for ax, (rule, title) in zip(axes, RULES.items(), strict=True):
        for penalty in ("elastic_net", "l1"):
            own = wide[(wide["tuning"] == rule) & (wide["penalty"] == penalty)]
            ax.scatter(
                own["fdr"],
                own["tpr"],
                s=36,
                color=COLOURS[penalty],
                marker=MARKERS[penalty],
                alpha=0.7,
                edgecolor="white",
                linewidth=0.6,
            )
        ax.plot(0, 1, "k*", ms=13, clip_on=False, zorder=5)
        ax.set_title(f"strength by: {title}")
        ax.set(xlim=(-0.02, 1.0), ylim=(-0.02, 1.04), xlabel="false discovery rate")
    axes[0].set_ylabel("true positive rate")
    axes[0].annotate(
        "ideal", (0, 1), xytext=(10, -12), textcoords="offset points", fontsize="small"
    )
    figure.legend(
        [
            Line2D([], [], ls="", marker=MARKERS[p], color=COLOURS[p], ms=7)
            for p in ("l1", "elastic_net")
        ],
        [NAMES[p] for p in ("l1", "elastic_net")],
        loc="outside lower center",
        ncols=2,
        fontsize="small",
    )
    l1 = wide[(wide["penalty"] == "l1") & (wide["tuning"] == "cv_min")]
    one_se = wide[(wide["penalty"] == "l1") & (wide["tuning"] == "cv_1se")]
    return Drawing(
        figure,
        "Cross-validated L1 finds the true features, and many false ones with them",
        f"Each point is one of {len(sparse)} sparse scenarios, averaged over replicates. Tuned "
        f"for prediction, L1 finds a median {100 * l1['tpr'].median():.0f} % of the true features, "
        f"and a median {100 * l1['fdr'].median():.0f} % of what it selects is false. The "
        f"one-standard-error rule lowers that to {100 * one_se['fdr'].median():.0f} %, finding "
        f"{100 * one_se['tpr'].median():.0f} %. L2 is absent: it selects nothing.",
    )
