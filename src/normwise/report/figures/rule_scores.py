"""How well each way to choose a penalty does on what it has not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.learn.estimated import NAMES
from normwise.report.figures.drawing import Drawing, Entry
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.style import note_figure, plain_ticks, settle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOAL, THUMB = "prediction", "rule of thumb"
FRESH = "fresh"
# the same scenarios, and rules that are told no truth
ESTIMATED = "estimated"
MIXED = "elastic net"
GOOD, SMALL = 0.9, 1.05
SPLITS = {
    "scenarios": ("scenarios held out", "o", "#111111"),
    FRESH: ("played no part at all", "s", "#1B7837"),
    ESTIMATED: ("the same, all estimated", "s", "#1B7837"),
    "study": ("this study", "D", "#8A4F9E"),
}
HOLLOW = (ESTIMATED, "study")
UNSEEN = {
    FRESH: "scenarios that played no part in making it",
    "study": "scenarios of this study",
    "scenarios": "scenarios that it has not seen",
}
# kinds that were left out whole, one at a time
WHOLE = {
    "families": "families",
    "features": "kinds of features",
    "signals": "kinds of signals",
    "sizes": "numbers of rows",
}
OWN = ("kind", "o", "#8A4F9E")
LABELS = {
    "accuracy": "right winner named,\n% of scenarios that have one",
    "regret": "excess risk / that of the better penalty\nof each scenario, geometric mean",
}


def _scales(axes: dict[str, Axes], bottom: float, top: float) -> None:
    ax = axes["accuracy"]
    ax.set_xlim(-4, 104)
    ax.axvline(100 * GOOD, color="#444444", lw=1, ls=(0, (4, 2)), zorder=0.6)
    ax = axes["regret"]
    ax.axvline(1, color="#444444", lw=0.8, zorder=0.6)
    ax.axvline(SMALL, color="#444444", lw=1, ls=(0, (4, 2)), zorder=0.6)
    ax.set(xscale="log", xlim=(bottom, top))
    kept = [mark for mark in (0.5, 0.7) if mark > bottom] + [1.0]
    for mark in (1.1, 1.2, 1.3, 1.5, 2, 3, 5, 10):
        if np.log(top) / 11 < np.log(mark / kept[-1]) and mark <= top:
            kept.append(mark)
    plain_ticks(ax.xaxis, kept)


def _name_lines(axes: dict[str, Axes]) -> None:
    for key, value, text in (
        ("accuracy", 100 * GOOD, f"{100 * GOOD:.0f} %"),
        ("regret", SMALL, f"{SMALL:g}"),
    ):
        axes[key].annotate(
            text,
            (value, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize="small",
        )


def _marks(ax: Axes, own: pd.DataFrame, value: str, at: np.ndarray, split: str) -> None:
    _, marker, colour = SPLITS.get(split, OWN)
    size = 100 if value == "accuracy" else 1
    low, middle, high = (size * own[f"{value}{end}"].to_numpy() for end in ("_low", "", "_high"))
    ax.hlines(at, low, high, color=colour, lw=1.4)
    fill = "white" if split in HOLLOW else colour
    ax.plot(middle, at, ls="", marker=marker, ms=5.5, mfc=fill, mec=colour)


def _block(axes: dict[str, Axes], scores: pd.DataFrame, labels: dict[str, str]) -> None:
    """One row for each name, in both panels; its splits one above the other."""
    names = list(labels)
    for split in scores["split"].unique():
        own = scores[scores["split"] == split]
        own = own[own["name"].isin(names)]
        at = np.array([names.index(name) for name in own["name"]], float)
        at += [_shift(scores, name, split) for name in own["name"]]
        for value, ax in axes.items():
            _marks(ax, own, value, at, split)
    first = axes["accuracy"]
    first.set_yticks(range(len(names)), list(labels.values()))
    first.set_ylim(len(names) - 0.4, -0.6)
    for ax in axes.values():
        ax.grid(visible=False, axis="y")
        for row in range(1, len(names)):
            ax.axhline(row - 0.5, color="#E6E6E6", lw=0.8, zorder=0.5)


def _shift(scores: pd.DataFrame, name: str, split: str) -> float:
    # the splits of a name, one above the other about the middle of its row
    scored = scores.loc[scores["name"] == name, "split"]
    splits = [s for s in SPLITS if (scored == s).any()] or list(scored.unique())
    return 0.24 * (splits.index(split) - (len(splits) - 1) / 2)


def _note_unscored(ax: Axes, scores: pd.DataFrame, names: dict[str, str]) -> None:
    for row, name in enumerate(names):
        if scores.loc[scores["name"] == name, "accuracy"].isna().all():
            chooses = name == "cross-validation"
            words = "chooses anew in each sample" if chooses else "makes no choice of the two"
            ax.text(44, row, words, ha="center", va="center", fontsize="small", in_layout=False)


def _name_splits(ax: Axes, scores: pd.DataFrame, names: dict[str, str]) -> None:
    """Name the marks beside those of the first row that has all of them."""
    for row, name in enumerate(names):
        own = scores[scores["name"] == name].set_index("split")
        if len(own) < scores["split"].nunique():
            continue
        for split in own.index:
            text, _, colour = SPLITS[split]
            count = f" ({own.loc[split, 'n']} others)" if split == FRESH else ""
            ax.annotate(
                text + count,
                (max(own.loc[split, "regret_high"], SMALL), row + _shift(scores, name, split)),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
                fontweight="bold",
                color=colour,
            )
        return


def _rules(scores: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, dict[str, str]]]:
    """All choices, and once more where all were measured, by title."""
    whole = scores[(scores["family"] == "all") & scores["split"].isin(SPLITS)]
    whole = _beside_the_truth(whole)
    mixed = scores[scores["split"] == MIXED]
    sizes = whole.groupby("split")["n"].max()
    for split in (FRESH, "scenarios"):
        # all was measured on all scenarios of a split: no block of its own
        if len(mixed) and mixed["n"].max() == sizes.get(split):
            more = mixed[~mixed["rule"].isin(whole["rule"])].assign(split=split)
            whole, mixed = pd.concat([whole, more]), mixed[:0]
    blocks = {f"all {sizes['scenarios']:,} scenarios": _by_regret(whole)}
    if len(mixed):
        mixed = mixed.assign(split="scenarios")
        blocks[f"{mixed['n'].max()} with an elastic net"] = _by_regret(mixed)
    return blocks


def _beside_the_truth(scores: pd.DataFrame) -> pd.DataFrame:
    """Rules that are told estimates as one more split of those that are told the truth."""
    told = {name: rule for rule, name in NAMES.items()}
    # those of the atlas, where there are some of this study too
    scores = scores[~scores["rule"].isin(list(told)) | (scores["split"] == FRESH)]
    seen = scores["rule"].isin(list(told))
    return scores.assign(
        rule=scores["rule"].replace(told), split=scores["split"].mask(seen, ESTIMATED)
    )


def _by_regret(own: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    own = own.rename(columns={"rule": "name"})
    # by the first split that has it: some ways were tried on one alone
    rank = own["split"].map(list(SPLITS).index)
    first = own.loc[rank.sort_values(kind="stable").index].drop_duplicates("name")
    first = first.sort_values("regret", kind="stable")
    return own, {name: name for name in first["name"]}


def _kinds(scores: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, dict[str, str]]]:
    """The rule of thumb on each kind that was left out whole, by title."""
    own = scores[(scores["rule"] == THUMB) & (scores["decided"] > 0)]
    blocks = {}
    for split, title in WHOLE.items():
        part = own[own["split"] == split].rename(columns={"family": "name"})
        part = part.sort_values(["accuracy", "regret"], ascending=[False, True], kind="stable")
        part = pd.concat([part[part["name"] == "all"], part[part["name"] != "all"]])
        if len(part):
            blocks[f"rule of thumb, {title} left out"] = part, _kind_labels(part)
    return blocks


def _kind_labels(part: pd.DataFrame) -> dict[str, str]:
    return {
        row["name"]: f"{row['name'].replace('_', ' ')} ({row['decided']} of {row['n']})"
        for _, row in part.iterrows()
    }


def _per_cent(row: pd.Series) -> str:
    low, middle, high = (100 * row[f"accuracy{end}"] for end in ("_low", "", "_high"))
    return f"{middle:.0f} % of {row['decided']} (95 % interval {low:.0f} to {high:.0f})"


def _words(scores: pd.DataFrame, kinds: pd.DataFrame) -> tuple[str, str]:
    whole = scores[(scores["family"] == "all") & (scores["rule"] == THUMB)].set_index("split")
    split = next(s for s in UNSEEN if s in whole.index)
    row = whole.loc[split]
    if not row["decided"]:
        return "No scenario has a winner that a rule could name", ""
    title = (
        f"On {UNSEEN[split]}, the rule of thumb is right in "
        f"{100 * row['accuracy']:.0f} % of the {row['decided']} that have a winner, and costs "
        f"{100 * (row['regret'] - 1):.1f} % more excess risk"
    )
    parts = [f"in {_per_cent(whole.loc[s])} on {UNSEEN[s]}" for s in UNSEEN if s in whole.index]
    text = f" The rule of thumb names the right winner {', '.join(parts)}."
    if len(kinds):
        low = kinds[(kinds["name"] != "all") & (kinds["accuracy"] < GOOD)]
        names = [
            f"{name.replace('_', ' ')} ({100 * a:.0f} %)"
            for name, a in zip(low["name"], low["accuracy"], strict=True)
        ]
        text += (
            f" Of kinds that were left out whole, it is below {100 * GOOD:.0f} % on "
            f"{', '.join(dict.fromkeys(names)) or 'none'}."
        )
    blind = scores[(scores["family"] == "all") & (scores["rule"] == NAMES[THUMB])]
    if len(blind) and blind["decided"].iloc[0]:
        first = blind.iloc[0]
        text += (
            " Told what can be estimated from the data, in place of the truth, it names it in "
            f"{_per_cent(first)} on {UNSEEN[FRESH]}, and costs {100 * (first['regret'] - 1):.1f} % "
            "more excess risk."
        )
    return title, text


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs scenarios in which L1 meets L2."""
    if simulated(comparing(config)):
        yield Wanted("rule_scores")


def draw(tables: dict[str, pd.DataFrame], entry: Entry) -> Drawing:
    """Accuracy and regret of every rule, and of the rule of thumb by kind left out."""
    import matplotlib.pyplot as plt

    scores = tables["rule_scores"]
    scores = scores[scores["goal"] == GOAL]
    if not len(scores):
        return Drawing(
            note_figure("Too few scenarios in this study to judge a rule."),
            "No rule is judged on so few scenarios",
            "Rules are learnt from a part of the scenarios and judged on the others; the study has "
            "too few of them with a known truth and a signal.",
        )
    kinds = _kinds(scores)
    blocks = _rules(scores)
    whole = next(iter(blocks.values()))
    blocks |= kinds
    rows = [(0.5 if own is whole[0] else 0.26) * len(names) for own, names in blocks.values()]
    figure, axes = plt.subplots(
        len(blocks),
        2,
        figsize=(7.4, 1.3 + sum(rows) + 0.3 * len(rows)),
        sharex="col",
        sharey="row",
        height_ratios=rows,
        width_ratios=(1, 1.25),
        layout="constrained",
        squeeze=False,
    )
    top = 1.06 * max(1.1, *(float(own["regret_high"].max()) for own, _ in blocks.values()))
    bottom = 0.98 * min(1.0, *(float(own["regret_low"].min()) for own, _ in blocks.values()))
    for row, (title, (own, labels)) in zip(axes, blocks.items(), strict=True):
        pair = dict(zip(LABELS, row, strict=True))
        _scales(pair, bottom, top)
        _block(pair, own, labels)
        _note_unscored(row[0], own, labels)
        row[0].set_title(title)
    _name_splits(axes[0, 1], *whole)
    _name_lines(dict(zip(LABELS, axes[0], strict=True)))
    for ax, text in zip(axes[-1], LABELS.values(), strict=True):
        ax.set_xlabel(text)
    settle(figure)
    title, text = _words(
        scores, pd.concat([own for own, _ in kinds.values()]) if kinds else whole[0][:0]
    )
    return Drawing(
        figure,
        title,
        "Each rule is learnt from a part of the scenarios and judged on the rest: a fifth of them "
        "at random, or one kind at a time, which is harder, as scenarios of a kind resemble each "
        "other; or it is judged on data sets of the same kind that it was not fitted to. "
        "Left: how often the right winner is named; to name none counts as wrong. Right: what the "
        "choice costs beyond the better penalty; where none is named, the mean of both. Dashed: "
        f"{100 * GOOD:.0f} % right, {100 * (SMALL - 1):.0f} % more risk.{text} The rules are told "
        "the true number of relevant features, alignment and signal-to-noise ratio; "
        "cross-validation is not; "
        "those that begin with L1 or L2 are common advice and take the other one everywhere else, "
        "and the guide takes L2 where there are plenty of rows and its advice for estimation "
        "elsewhere; where all is estimated, each of a few data sets of a scenario is described by "
        "itself, and the mean over what is called on them counts; "
        "with k halved or doubled, the rule is told a wrong number. In brackets: scenarios of the "
        "kind with a winner, of all. Bars: 95 % intervals over scenarios, too narrow in so far "
        "as these resemble each other.",
    )
