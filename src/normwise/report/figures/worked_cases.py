"""One worked case: what its data look like, what each penalty makes of them, and what it risks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.tables import primary
from normwise.data.scenario import ZERO_ONE
from normwise.fitting.loss import loss_of
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow, when_matter
from normwise.report.figures.sweep_data import RELATIVE
from normwise.report.figures.wanted import Wanted, shown_as
from normwise.report.look.colours import COLOURS, MARKERS
from normwise.report.look.style import diverging, penalties_in, plain_ticks
from normwise.report.look.words import NAMES, SHORT_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Tables = dict[str, pd.DataFrame]

SHOWN = ("l1", "l2")
COLUMNS = 120
CAPTION = (
    "After the data, for each truth: estimates against true coefficients, in two samples "
    "(average agreement; 1 is perfect), and each method's risk. On the diagonal they equal the "
    "truth or each other; on an axis, one sample dropped the column."
)


def _values(tables: Tables, table: str, scenario: str, metric: str) -> pd.DataFrame:
    frame = tables[table].rename(columns={"value": "mean", "se": "mcse"})
    chosen = (frame["metric"] == metric) & (frame["tuning"] == "cv_min")
    return frame[chosen & (frame["scenario"] == scenario)].set_index("penalty")


def _risk(tables: Tables, scenario: str) -> tuple[pd.DataFrame, str]:
    """Risk by penalty, and its unit."""
    relative = _values(tables, "summary", scenario, "relative_risk")
    if len(relative):
        return relative, f"excess risk\n({RELATIVE})"
    rows = tables["scenarios"]
    loss = loss_of(rows.loc[rows["scenario"] == scenario, "response"].iloc[0])
    return _values(
        tables, "summary", scenario, "excess_risk"
    ), f"excess {loss.label}\n({loss.unit})"


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
        left.set_title(f"part of the data, {100 * X.mean():.0f} % ones (marks)")
        right.plot(count, 100 * np.sort(X.mean(axis=0))[::-1], color="#333333", drawstyle="steps")
        right.set(xlabel="item", ylabel="users who saw it (%)", xscale="log", ylim=0)
        right.set_title("the long tail")
        right.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    else:
        corr = np.corrcoef(X.T)
        order = leaves_list(linkage(1 - np.abs(corr[np.triu_indices(len(corr), 1)]), "average"))
        left.imshow(corr[np.ix_(order, order)], cmap=diverging(), vmin=-1, vmax=1, aspect="equal")
        left.set(xlabel="column, like beside like", ylabel="column")
        left.set_title("correlations (blue +, orange −)")
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


def _show_estimates(axes: list[Axes], examples: pd.DataFrame, agreement: pd.Series) -> None:
    """Truth against the first sample, and the first sample against the second."""
    first, second = sorted(examples["replicate"].unique())[:2]
    for penalty in SHOWN[::-1]:
        own = examples[examples["penalty"] == penalty]
        wide = own.pivot(index="feature", columns="replicate", values="coef")
        truth = own.groupby("feature")["true_coef"].first()
        _points(axes[0], truth, wide[first], penalty)
        _points(axes[1], wide[first], wide[second], penalty)
    reach = 1.08 * examples[["true_coef", "coef"]].abs().to_numpy().max()
    for ax in axes:
        _square(ax, reach)
    axes[0].set(xlabel="true coefficient", ylabel="estimate")
    axes[1].set(xlabel="estimate, sample 1", ylabel="sample 2")
    for penalty, height in zip(SHOWN, (0.98, 0.87), strict=True):
        axes[1].text(
            0.03,
            height,
            f"{SHORT_NAMES[penalty]} {agreement[penalty]:.2f}",
            transform=axes[1].transAxes,
            va="top",
            fontsize=8.5,
            fontweight="bold",
            color=COLOURS[penalty],
        )


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
            zorder=3,
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
            bbox={"boxstyle": "square,pad=0.05", "fc": "white", "ec": "none"},
            zorder=2.5,
        )
    ax.set_xscale("log")
    null = [1.0] if RELATIVE in unit else []
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


def _title(tables: Tables, rows: pd.DataFrame) -> str:
    own = primary(tables["verdicts"]).set_index("scenario")["verdict"]
    names = {"l1": "L1 wins", "l2": "L2 wins"}
    parts = []
    for i, (_, row) in enumerate(rows.iterrows()):
        who = names.get(own[row["scenario"]], "neither wins")
        parts.append(f"{who} {when_matter(row, first=i == 0)}")
    text = ", ".join(parts)
    return text[0].upper() + text[1:]


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """A figure for each worked case."""
    for dataset in shown_as(config, "case"):
        yield Wanted(f"case_{dataset['name']}", (dataset,))


def _arrange(n: int, narrow: bool) -> tuple[Figure, tuple[Axes, Axes], list[list[Axes]]]:
    """Axes of the data, and for each of n scenarios those of estimates, samples and risk."""
    import matplotlib.pyplot as plt

    if narrow:
        figure = plt.figure(figsize=(NARROW, 4.4 + 4.1 * n), layout="constrained")
        grid = figure.add_gridspec(2 * (1 + n), 2, height_ratios=[1.5, 1] + [1.2, 1.2] * n)
        top = grid[0, :], grid[1, :]
        below = [[grid[i, 0], grid[i, 1], grid[i + 1, :]] for i in range(2, 2 * (1 + n), 2)]
    else:
        figure = plt.figure(figsize=(7.4, 2.5 * (1 + n) + 0.2), layout="constrained")
        grid = figure.add_gridspec(1 + n, 3, width_ratios=[1, 1, 1.25])
        top = grid[0, :2], grid[0, 2]
        below = [[grid[i, j] for j in range(3)] for i in range(1, n + 1)]
    left, right = (figure.add_subplot(place) for place in top)
    return figure, (left, right), [[figure.add_subplot(p) for p in row] for row in below]


def _explain(figure: Figure, narrow: bool) -> None:
    from matplotlib.lines import Line2D

    looks: dict[str, dict[str, Any]] = {
        NAMES[p]: {
            "ls": "", "marker": MARKERS[p], "mec": COLOURS[p],
            "mfc": "none" if p == "l1" else COLOURS[p],
        }
        for p in SHOWN
    }  # fmt: skip
    looks["95 % interval"] = {"color": "#444444", "ls": "-", "lw": 1.5}
    figure.legend(
        handles=[Line2D([], [], label=text, ms=4.5, **look) for text, look in looks.items()],
        loc="outside upper center" if narrow else "outside lower center",
        ncols=len(looks),
        handlelength=1.2,
        columnspacing=1.2,
    )


@fitted
def draw(tables: Tables, entry: Entry) -> Drawing:
    """The data, the estimates and the risks of one case, a row a scenario."""
    name = entry["datasets"][0]
    rows = tables["scenarios"]
    rows = rows[rows["dataset"] == name].sort_values("n_nonzero")
    draws, examples = tables[f"{name}_draws"], tables[f"{name}_examples"]
    binary = bool(rows["features"].isin(ZERO_ONE).all())
    figure, top, below = _arrange(len(rows), is_narrow(entry))
    _show_data(top, draws[draws["scenario"] == rows.iloc[0]["scenario"]], binary)
    for axes, (_, row) in zip(below, rows.iterrows(), strict=True):
        scenario = row["scenario"]
        agreement = _values(tables, "summary", scenario, "coef_agreement")["mean"]
        _show_estimates(axes[:2], examples[examples["scenario"] == scenario], agreement)
        _show_risk(axes[2], tables, scenario)
        axes[0].set_title(f"{row['n_nonzero']} of {row['n_features']} matter")
        axes[1].set_title("two samples")
        axes[2].set_title("risk (columns kept)")
    _explain(figure, is_narrow(entry))
    return Drawing(figure, _title(tables, rows), CAPTION)
