"""How well each way to choose a penalty does on what it has not seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from normwise.analysis.learn.estimated import NAMES
from normwise.report.figures.drawing import NARROW, Drawing, Entry, fitted, is_narrow
from normwise.report.figures.wanted import Wanted, comparing, simulated
from normwise.report.look.numbers import percent
from normwise.report.look.style import SMALL, interval_mark, note_figure, plain_ticks, settle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GOAL, THUMB = "prediction", "rule of thumb"
FRESH = "fresh"
# the same scenarios, and rules that are told no truth
ESTIMATED = "estimated"
MIXED = "elastic net"
GOOD, CHEAP = 0.9, 1.05
# letters of a label beside the panels of a narrow drawing
IN_A_LINE = 19
SPLITS = {
    "scenarios": ("a fifth held out at a time", "o", "#111111"),
    FRESH: ("set aside from the start", "s", "#1B7837"),
    ESTIMATED: ("the same, told only estimates", "s", "#1B7837"),
    "study": ("scenarios of this study", "D", "#8A4F9E"),
}
HOLLOW = (ESTIMATED, "study")
UNSEEN = {
    FRESH: "set aside",
    "study": "of this study",
    "scenarios": "held out",
}
# kinds that were left out whole, one at a time
WHOLE = {
    "families": "families",
    "features": "kinds of columns",
    "signals": "kinds of signals",
    "sizes": "numbers of rows",
}
OWN = ("a kind left out (number of winners)", "o", "#8A4F9E")
LABELS = {
    "accuracy": "right winner named,\n% of those with one",
    "regret": "excess risk over that\nof the better penalty",
}
NARROW_LABELS = {
    "accuracy": "right winner\nnamed, % of\nthose with one",
    "regret": "excess risk\nover that of the\nbetter penalty",
}


def _scales(axes: dict[str, Axes], bottom: float, top: float, narrow: bool) -> None:
    ax = axes["accuracy"]
    ax.set_xlim(-4, 104)
    ax.axvline(100 * GOOD, color="#444444", lw=1, ls=(0, (4, 2)), zorder=0.6)
    ax = axes["regret"]
    ax.axvline(1, color="#444444", lw=0.8, zorder=0.6)
    ax.axvline(CHEAP, color="#444444", lw=1, ls=(0, (4, 2)), zorder=0.6)
    ax.set(xscale="log", xlim=(bottom, top))
    kept = [mark for mark in (0.5, 0.7) if mark > bottom] + [1.0]
    for mark in (1.1, 1.2, 1.3, 1.5, 2, 3, 5, 10):
        if np.log(top) / (5 if narrow else 11) < np.log(mark / kept[-1]) and mark <= top:
            kept.append(mark)
    plain_ticks(ax.xaxis, kept)


def _name_lines(axes: dict[str, Axes]) -> None:
    for key, value, text in (
        ("accuracy", 100 * GOOD, f"{100 * GOOD:.0f} %"),
        ("regret", CHEAP, f"{CHEAP:g}"),
    ):
        axes[key].annotate(
            text,
            (value, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=SMALL,
        )


def _look(split: str) -> dict[str, Any]:
    _, marker, colour = SPLITS.get(split, OWN)
    fill = "white" if split in HOLLOW else colour
    return {"ls": "", "marker": marker, "ms": 5.5, "mfc": fill, "mec": colour}


def _marks(ax: Axes, own: pd.DataFrame, value: str, at: np.ndarray, split: str) -> None:
    size = 100 if value == "accuracy" else 1
    low, middle, high = (size * own[f"{value}{end}"].to_numpy() for end in ("_low", "", "_high"))
    look = _look(split)
    ax.hlines(at, low, high, color=look["mec"], lw=1.4)
    ax.plot(middle, at, **look)


def _block(
    axes: dict[str, Axes], scores: pd.DataFrame, labels: dict[str, str], narrow: bool
) -> None:
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
    first.set_ylim(len(names) - 0.4, -0.6)
    # rows of one mark are no higher than a line
    wrapped = narrow and scores["split"].isin(SPLITS).any()
    texts = [_broken(text) if wrapped else text for text in labels.values()]
    first.set_yticks(range(len(names)), texts, linespacing=1)
    for ax in axes.values():
        ax.grid(visible=False, axis="y")
        for row in range(1, len(names)):
            ax.axhline(row - 0.5, color="#E6E6E6", lw=0.8, zorder=0.5)


def _broken(text: str) -> str:
    """A label in lines, a comparison and a word of one letter kept with its neighbours."""
    kept = re.sub(r" ([>&]|\w) ", "\N{NO-BREAK SPACE}\\1\N{NO-BREAK SPACE}", text)
    return fill(kept, IN_A_LINE)


def _head(ax: Axes, title: str, narrow: bool) -> None:
    """The title of a block, above its labels where it is wider than its panels."""
    text = ax.set_title(" " if narrow else title)
    if narrow:
        ax.annotate(
            title,
            (0.01, 1),
            xycoords=("figure fraction", "axes fraction"),
            xytext=(0, 6),
            textcoords="offset points",
            font=text.get_fontproperties(),
            in_layout=False,
        )


def _shift(scores: pd.DataFrame, name: str, split: str) -> float:
    # the splits of a name, one above the other about the middle of its row
    scored = scores.loc[scores["name"] == name, "split"]
    splits = [s for s in SPLITS if (scored == s).any()] or list(scored.unique())
    return 0.24 * (splits.index(split) - (len(splits) - 1) / 2)


def _note_unscored(ax: Axes, scores: pd.DataFrame, names: dict[str, str], narrow: bool) -> None:
    for row, name in enumerate(names):
        if scores.loc[scores["name"] == name, "accuracy"].isna().all():
            chooses = name == "cross-validation"
            words = "chooses anew\neach time" if chooses else "no choice\nof the two"
            ax.text(
                43,
                row,
                words if narrow else words.replace("\n", " "),
                ha="center",
                va="center",
                fontsize=SMALL,
                linespacing=1,
                in_layout=False,
                bbox={"fc": "white", "ec": "none", "pad": 0.5},
            )


def _key(figure: Figure, blocks: list[pd.DataFrame], narrow: bool) -> None:
    """What the marks are judged on, above the figure."""
    from matplotlib.lines import Line2D

    shown = {split for own in blocks for split in own["split"]}
    names = {split: text for split, (text, _, _) in SPLITS.items() if split in shown}
    if FRESH in shown:
        names[FRESH] += f" ({blocks[0].loc[blocks[0]['split'] == FRESH, 'n'].max():,})"
    if shown - set(SPLITS):
        names[next(iter(WHOLE))] = OWN[0]
    figure.legend(
        handles=[
            *(Line2D([], [], label=text, **_look(split)) for split, text in names.items()),
            interval_mark(),
        ],
        loc="outside upper left",
        ncols=1 if narrow else 2,
        fontsize=SMALL,
        handletextpad=0.3,
    )


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
    blocks = {f"All {sizes['scenarios']:,} scenarios": _by_regret(whole)}
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
            blocks[f"Rule of thumb, {title} left out"] = part, _kind_labels(part)
    return blocks


def _kind_labels(part: pd.DataFrame) -> dict[str, str]:
    return {
        row["name"]: f"{row['name'].replace('_', ' ').replace(' rows', '')} ({row['decided']})"
        for _, row in part.iterrows()
    }


def _words(scores: pd.DataFrame) -> tuple[str, str]:
    """What the rule of thumb does on what it has not seen, and what it does with estimates."""
    own = scores[scores["family"] == "all"]
    whole = own[own["rule"] == THUMB].set_index("split")
    split = next(s for s in UNSEEN if s in whole.index)
    row = whole.loc[split]
    read = (
        "Left: how often a way to choose names the right penalty. Right: what its choice costs "
        "beyond always knowing it."
    )
    if not row["decided"]:
        return "No scenario has a winner that a rule could name", read
    blind = own[(own["rule"] == NAMES[THUMB]) & (own["decided"] > 0)]
    if len(blind):
        told = blind.iloc[0]
        read += (
            f" Told estimates in place of the truth, the rule of thumb names "
            f"{percent(told['accuracy'])} and costs {percent(told['regret'] - 1, 1)}."
        )
    return (
        f"On scenarios {UNSEEN[split]}, the rule of thumb names {percent(row['accuracy'])} of "
        f"winners, at {percent(row['regret'] - 1, 1)} more excess risk"
    ), read


PLACED = True


def wanted(config: Mapping[str, Any]) -> Iterator[Wanted]:
    """The figure needs scenarios in which L1 meets L2."""
    if simulated(comparing(config)):
        yield Wanted("rule_scores")


@fitted
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
    narrow = is_narrow(entry)
    blocks = _rules(scores)
    whole = next(iter(blocks.values()))
    blocks |= _kinds(scores)
    # inches of a row, of several marks and of one
    tall, low = (0.43, 0.2) if narrow else (0.5, 0.26)
    rows = [(tall if own is whole[0] else low) * len(names) for own, names in blocks.values()]
    height = 2.2 + sum(rows) + 0.3 * len(rows)
    figure, axes = plt.subplots(
        len(blocks),
        2,
        figsize=(NARROW if narrow else 7.4, height),
        sharex="col",
        sharey="row",
        height_ratios=rows,
        width_ratios=(1.2, 1) if narrow else (1, 1.25),
        layout="constrained",
        squeeze=False,
    )
    top = 1.06 * max(1.1, *(float(own["regret_high"].max()) for own, _ in blocks.values()))
    bottom = 0.98 * min(1.0, *(float(own["regret_low"].min()) for own, _ in blocks.values()))
    for row, (title, (own, labels)) in zip(axes, blocks.items(), strict=True):
        pair = dict(zip(LABELS, row, strict=True))
        _scales(pair, bottom, top, narrow)
        _block(pair, own, labels, narrow)
        _note_unscored(row[0], own, labels, narrow)
        _head(row[0], title, narrow)
        # of a drawing of many screens, below its first block too
        if row[0] is axes[-1, 0] or (narrow and row[0] is axes[0, 0]):
            for ax, text in zip(row, (NARROW_LABELS if narrow else LABELS).values(), strict=True):
                ax.tick_params(labelbottom=True)
                ax.set_xlabel(text)
    _name_lines(dict(zip(LABELS, axes[0], strict=True)))
    _key(figure, [own for own, _ in blocks.values()], narrow)
    settle(figure)
    return Drawing(figure, *_words(scores))
