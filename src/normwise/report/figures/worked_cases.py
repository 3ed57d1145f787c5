"""One worked case: what its data look like, what each penalty makes of them, and what it risks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.data.scenario import ZERO_ONE
from normwise.fitting.loss import loss_of
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted, shown_as
from normwise.report.look.colours import COLOURS, MARKERS
from normwise.report.look.style import diverging, penalties_in, plain_ticks
from normwise.report.look.words import NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Tables = dict[str, pd.DataFrame]

SHOWN = ("l1", "l2")
COLUMNS = 120
KEY = {True: "white: 0, black: 1", False: "blue: high together, orange: opposed"}


def _values(tables: Tables, table: str, scenario: str, metric: str) -> pd.DataFrame:
    frame = tables[table].rename(columns={"value": "mean", "se": "mcse"})
    chosen = (frame["metric"] == metric) & (frame["tuning"] == "cv_min")
    return frame[chosen & (frame["scenario"] == scenario)].set_index("penalty")


def _risk(tables: Tables, scenario: str) -> tuple[pd.DataFrame, str]:
    """Risk by penalty, and its unit."""
    relative = _values(tables, "summary", scenario, "relative_risk")
    if len(relative):
        return relative, "excess risk / null model's"
    rows = tables["scenarios"]
    loss = loss_of(rows.loc[rows["scenario"] == scenario, "response"].iloc[0])
    return _values(tables, "summary", scenario, "excess_risk"), f"excess {loss.label} ({loss.unit})"


def _show_data(axes: tuple[Axes, Axes], draws: pd.DataFrame, binary: bool) -> None:
    """Part of the data and how popular its columns are, or how its columns go together."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator
    from scipy.cluster.hierarchy import leaves_list, linkage

    X = draws.pivot(index="row", columns="feature", values="value").to_numpy()
    left, right = axes
    count = np.arange(1, X.shape[1] + 1)
    if binary:
        left.imshow(
            X[:, :COLUMNS], cmap="Greys", aspect="auto", interpolation="nearest", vmin=0, vmax=1
        )
        left.set(xlabel=f"item, the most popular of {X.shape[1]} first", ylabel="user")
        left.set_title(f"a part of the data: {100 * X.mean():.0f} % ones in all")
        right.plot(count, 100 * np.sort(X.mean(axis=0))[::-1], color="#333333", drawstyle="steps")
        right.set(xlabel="item", ylabel="users who saw it (%)", xscale="log", ylim=0)
        right.set_title("the long tail")
        right.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    else:
        corr = np.corrcoef(X.T)
        order = leaves_list(linkage(1 - np.abs(corr[np.triu_indices(len(corr), 1)]), "average"))
        left.imshow(corr[np.ix_(order, order)], cmap=diverging(), vmin=-1, vmax=1, aspect="equal")
        left.set(xlabel="feature, like beside like", ylabel="feature")
        left.set_title("correlations")
        explained = 100 * np.cumsum(np.linalg.eigvalsh(corr)[::-1]) / len(corr)
        right.plot(count[:12], explained[:12], color="#333333", marker="o", ms=4)
        right.set(xlabel="principal components", ylabel="variance explained (%)", ylim=(0, 103))
        right.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        right.set_title(f"{explained[2]:.0f} % in three directions")
    for ax in (left, right):
        ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    left.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    left.grid(False)


def _points(ax: Axes, x: pd.Series, y: pd.Series, penalty: str) -> None:
    ax.scatter(
        x,
        y,
        s=14,
        marker=MARKERS[penalty],
        facecolor="none" if penalty == "l1" else COLOURS[penalty],
        edgecolor=COLOURS[penalty],
        linewidth=0.9,
        alpha=0.8,
        zorder=3 if penalty == "l1" else 2,
        # hundreds of marks weigh more as paths
        rasterized=True,
    )


def _square(ax: Axes, reach: float) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.plot([-reach, reach], [-reach, reach], color="#444444", lw=0.8, ls=":")
    ax.axhline(0, color="#444444", lw=0.6)
    ax.axvline(0, color="#444444", lw=0.6)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach))
    ax.xaxis.set_major_locator(MaxNLocator(3))
    ax.yaxis.set_major_locator(MaxNLocator(3))


def _show_estimates(axes: np.ndarray, examples: pd.DataFrame) -> None:
    """Truth against the first draw, and the first draw against the second."""
    first, second = sorted(examples["replicate"].unique())[:2]
    for penalty in SHOWN[::-1]:
        own = examples[examples["penalty"] == penalty]
        wide = own.pivot(index="feature", columns="replicate", values="coef")
        truth = own.groupby("feature")["true_coef"].first()
        _points(axes[0], truth, wide[first], penalty)
        _points(axes[1], wide[first], wide[second], penalty)
    reach = 1.08 * examples[["true_coef", "coef"]].abs().to_numpy().max()
    for ax, x, y in zip(axes, ("true", "estimate, draw 1"), ("estimate", "draw 2"), strict=True):
        _square(ax, reach)
        ax.set(xlabel=f"{x} coefficient" if x == "true" else x, ylabel=y)


def _show_risk(ax: Axes, tables: Tables, scenario: str) -> None:
    risk, unit = _risk(tables, scenario)
    kept = _values(tables, "summary", scenario, "nonzeros")["mean"]
    shown = penalties_in(risk.reset_index())[::-1]
    for k, penalty in enumerate(shown):
        row = risk.loc[penalty]
        ax.errorbar(
            row["mean"],
            k,
            xerr=1.96 * row["mcse"],
            color=COLOURS[penalty],
            marker=MARKERS[penalty],
            ms=6,
            lw=1.5,
            capsize=2.5,
        )
        ax.text(
            0.98,
            k + 0.28,
            f"{NAMES[penalty]}: {row['mean']:.2f} ({kept[penalty]:.0f} kept)",
            transform=ax.get_yaxis_transform(),
            ha="right",
            va="bottom",
            fontsize=8,
            color=COLOURS[penalty],
            fontweight="bold",
        )
    ax.set_xscale("log")
    null = [1.0] if "null" in unit else []
    ends = np.append(risk["mean"].to_numpy(), null)
    ax.set_xlim(0.6 * ends.min(), 1.6 * ends.max())
    for one in null:
        ax.axvline(one, color="#444444", lw=0.8, ls=":")
    ticks = [
        t
        for t in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
        if 0.6 * ends.min() < t < 1.6 * ends.max()
    ]
    ax.set_xticks(ticks)
    plain_ticks(ax.xaxis)
    ax.set_yticks([])
    ax.set_ylim(-0.5, len(shown) - 0.1)
    ax.set_xlabel(unit)


def _told(tables: Tables, scenario: pd.Series) -> str:
    """What happened in one scenario, in a sentence."""
    risk = _risk(tables, scenario["scenario"])[0]["mean"]
    agree = _values(tables, "summary", scenario["scenario"], "coef_agreement")["mean"]
    kept = _values(tables, "summary", scenario["scenario"], "nonzeros")["mean"]
    better, worse = ("l1", "l2") if risk["l1"] < risk["l2"] else ("l2", "l1")
    return (
        f"When {scenario['n_nonzero']} of {scenario['n_features']} matter, {better.upper()} has "
        f"{100 * (1 - risk[better] / risk[worse]):.0f} % less risk than {worse.upper()}; L1 keeps "
        f"{kept['l1']:.0f} coefficients; those of two samples agree at {agree['l1']:.2f} under L1 "
        f"and {agree['l2']:.2f} under L2 (1 is perfect)."
    )


def _title(tables: Tables, rows: pd.DataFrame) -> str:
    verdicts = tables["verdicts"]
    own = verdicts[
        (verdicts["first"] == "l1")
        & (verdicts["second"] == "l2")
        & (verdicts["tuning"] == "cv_min")
    ].set_index("scenario")["verdict"]
    names = {"l1": "L1 wins", "l2": "L2 wins"}
    parts = [
        f"{names.get(own[row['scenario']], 'neither wins')} when {row['n_nonzero']} of "
        f"{row['n_features']} matter"
        for _, row in rows.iterrows()
    ]
    return ", ".join(parts)


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """A figure for each worked case."""
    for dataset in shown_as(config, "case"):
        yield Wanted(f"case_{dataset['name']}", (dataset,))


def draw(tables: Tables, entry: Entry) -> Drawing:
    """The data, the estimates and the risks of one case, a row a scenario."""
    import matplotlib.pyplot as plt

    name = entry["datasets"][0]
    rows = tables["scenarios"]
    rows = rows[rows["dataset"] == name].sort_values("n_nonzero")
    draws, examples = tables[f"{name}_draws"], tables[f"{name}_examples"]
    binary = bool(rows["features"].isin(ZERO_ONE).all())
    figure = plt.figure(figsize=(7.4, 2.5 * (1 + len(rows))), layout="constrained")
    grid = figure.add_gridspec(1 + len(rows), 3, width_ratios=[1, 1, 1.25])
    top = figure.add_subplot(grid[0, :2]), figure.add_subplot(grid[0, 2])
    _show_data(top, draws[draws["scenario"] == rows.iloc[0]["scenario"]], binary)
    for i, (_, row) in enumerate(rows.iterrows(), 1):
        axes = np.array([figure.add_subplot(grid[i, j]) for j in range(3)])
        _show_estimates(axes[:2], examples[examples["scenario"] == row["scenario"]])
        _show_risk(axes[2], tables, row["scenario"])
        axes[0].set_title(f"{row['n_nonzero']} of {row['n_features']} matter")
        axes[1].set_title("two draws")
        axes[2].set_title("risk")
    return Drawing(
        figure,
        _title(tables, rows),
        f"Top: one data set ({KEY[binary]}). Below, a row for each question. Left: estimates "
        "against the truth in one draw, L1 as open circles, L2 as squares; on the dotted line they "
        "would be right. Middle: the same coefficients in two draws; on the line they repeat, on "
        "an axis a feature is chosen once and dropped once. Right: mean excess risk with a 95 % "
        "interval, log axis, 1 is the null model. "
        + " ".join(_told(tables, row) for _, row in rows.iterrows()),
    )
