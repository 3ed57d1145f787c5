"""An advice in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from normwise.advice.wording import (
    ANSWERS,
    FIRST,
    agreement,
    better,
    caveats,
    certainty_words,
    chosen_by_chance,
    coefficient_name,
    describe,
    factor_rows,
    l1_against_l2,
    many,
    most_kept,
    other_rows,
    point_span,
    rule_over_range,
    share_span,
    signed,
    sources,
    verdict_words,
)
from normwise.data.tables.messages import listed, plain
from normwise.report.look.colours import COLOURS
from normwise.report.look.numbers import number, percent
from normwise.report.look.words import NAMES

if TYPE_CHECKING:
    from normwise.advice import Advice

KEPT = 10
GROUPS = 5
NAME = 36


def _head(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold underline"))


def _rows(console: Console, rows: Iterable[tuple[str | Text, ...]]) -> None:
    """Rows whose last cell may be long: its lines stay in their column."""
    grid = Grid.grid(padding=(0, 2, 0, 0))
    for row in rows:
        grid.add_row(*(Text(plain(cell)) if isinstance(cell, str) else cell for cell in row))
    for column in grid.columns[:-1]:
        column.no_wrap = True
    if grid.columns:
        grid.columns[-1].overflow = "fold"
    console.print(grid)


def _points(console: Console, sentences: Iterable[str]) -> None:
    _rows(console, [("•", sentence) for sentence in sentences])


def _columns(*heads: str) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for i, head in enumerate(heads):
        grid.add_column(Text(head), justify="right" if i else "left", overflow="fold")
    return grid


def _colour(penalty: str | None) -> str:
    return f"bold {COLOURS[penalty]}" if penalty and penalty in COLOURS else "bold"


def _answer(console: Console, advice: Advice) -> None:
    told = advice.recommendation
    if told.first:
        console.print(Text(FIRST, style="bold underline"))
        _points(console, told.first)
        console.print()
    console.print(Text(told.headline, style=_colour(told.penalty)))
    console.print(Text(f"Certainty: {certainty_words(advice)}."))
    _head(console, "Why")
    _points(console, told.reasons)
    if told.doubts:
        _head(console, caveats(advice))
        _points(console, told.doubts)


def _contest(console: Console, advice: Advice) -> None:
    contest = advice.contest
    _head(
        console,
        f"Head to head on rows held out ({contest.n_folds} folds, {contest.n_repeats} times)",
    )
    grid = _columns("penalty", "explained (95 % interval)", "features kept")
    for _, row in contest.scores.iterrows():
        grid.add_row(
            Text(NAMES[row["penalty"]], style=_colour(row["penalty"])),
            Text(share_span(row, "explained")),
            Text(number(row["nonzeros"], 1)),
        )
    console.print(grid)
    pair = l1_against_l2(contest)
    said = verdict_words(pair, contest.margin)
    console.print(
        Text.assemble(
            f"L1 − L2: {point_span(pair)}, by the folds alone: ", (said, _colour(better(pair)))
        ),
    )
    if others := other_rows(contest):
        console.print(Text("What else was tried, on the first division into folds:"))
        _rows(console, [("  " + name, share, gain) for name, share, gain in others])


def _diagnosis(console: Console, advice: Advice) -> None:
    _head(console, "Your data")
    items = describe(advice.diagnosis, advice.table)
    _rows(console, [("!" if item.worry else " ", item.term, item.value) for item in items])
    console.print(Text("! worth a look", style="dim"))
    if advice.diagnosis.warnings:
        _head(console, "Warnings")
        _points(console, advice.diagnosis.warnings)
    if advice.table.notes:
        _head(console, "What was done to the columns")
        _points(console, advice.table.notes)


def _features(console: Console, advice: Advice) -> None:
    models = advice.models
    top = most_kept(models, KEPT)
    _head(console, f"What L1 keeps most often ({many(models.n_resamples, 'resample')})")
    if not len(top):
        console.print(Text("Nothing: no feature has a coefficient in any resample."))
    else:
        name = "feature · class" if "class" in top else "feature"
        grid = _columns(name, "coefficient", "kept", "same sign")
        for _, row in top.iterrows():
            grid.add_row(
                Text(coefficient_name(row, NAME)),
                Text("0" if row["l1"] == 0 else signed(number(row["l1"], 3))),
                Text(percent(row["selected"])),
                Text(percent(row["l1_sign"])),
            )
        console.print(grid)
        said = "Coefficients per standard deviation of the feature"
        if "class" in top:
            said += "; of each feature the class with its largest one"
        console.print(Text(f"{said}.", style="dim"))
    if len(models.factors):
        console.print(Text("By factor, of whose levels each is a feature:"))
        _rows(console, [("  " + name, how) for name, how in factor_rows(models)[:KEPT]])
    chance = chosen_by_chance(models)
    if chance:
        _head(console, "Where L1 chose by chance among features that say the same")
        for kept, left in chance[:GROUPS]:
            rest = f"left out {listed(left, 3)}" if left else "left out none, but in some resamples"
            _points(console, [f"kept {listed(kept, 3)}; {rest}"])
        if len(chance) > GROUPS:
            console.print(Text(f"  and {many(len(chance) - GROUPS, 'more group')}"))


def _map(console: Console, advice: Advice) -> None:
    place = advice.place
    _head(console, "On the map of measured scenarios")
    found = sources(advice)
    _rows(console, [(s.name, Text(ANSWERS[s.says], _colour(s.says)), s.basis) for s in found])
    console.print(Text(agreement(found)))
    console.print(Text(rule_over_range(place)))
    for words in (place.validity, place.record):
        if words:
            console.print(Text(words))


def show(advice: Advice, console: Console | None = None) -> None:
    """Print an advice.

    Parameters
    ----------
    advice : Advice
    console : rich.console.Console, optional
        By default standard output, coloured if that is a terminal.
    """
    console = console or Console(highlight=False)
    console.print()
    for part in (_answer, _contest, _diagnosis, _features, _map):
        part(console, advice)
    if advice.recommendation.code:
        _head(console, "Fit it again")
        # lines stay whole, so that they can be copied
        console.print(Text(advice.recommendation.code), soft_wrap=True)
