"""How often the advice was right on the other halves, with intervals over tables.

``python -m benchmarks.tables.judge CACHE`` judges the open tables and writes
``benchmarks/results/tables.md``; with ``--set-aside`` the others, into ``tables_set_aside.md``, and
with ``--kinds`` those with counts and several classes, into ``tables_kinds.md``.
Halves of one table are drawn together in the bootstrap, and count as many.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.tables.calibrate import MARGIN, both_of, crossed, scores, seen_of, usable
from benchmarks.tables.halves import read_rows
from normwise.advice.gap import Gap, after, shipped
from normwise.advice.recommendation import EQUAL, LEVEL, LIKELY
from normwise.files.whole import write_text

RESULTS = Path(__file__).parents[1] / "results"
RESAMPLES, SEED = 1000, 4
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


def mean_interval(values: pd.Series, names: pd.Series) -> tuple[float, float, float]:
    """A mean over halves, and its 95 % interval over tables."""
    sums = values.groupby(names).agg(["sum", "size"]).to_numpy(float)
    rng = np.random.default_rng(SEED)
    which = rng.integers(len(sums), size=(RESAMPLES, len(sums)))
    drawn = sums[which].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def _percent(values: tuple[float, float, float]) -> str:
    return "{:.0%} [{:.0f}, {:.0f}]".format(values[0], *(100 * v for v in values[1:]))


def _points(values: tuple[float, float, float]) -> str:
    return "{:.2f} [{:.2f}, {:.2f}]".format(*values)


def ahead(rows: pd.DataFrame, named: pd.Series) -> pd.Series:
    """How much less the named penalty lost on the other half, in points."""
    return rows["gap_l1_l2"] * np.where(named == "l1", -1.0, 1.0)


def named_table(rows: pd.DataFrame, named: pd.Series, certainty: pd.Series) -> pd.DataFrame:
    """Named penalties on the other half, by how certain the advice was."""
    out = []
    for name in sorted(certainty[named != "neither"].unique()):
        kept = (certainty == name) & (named != "neither")
        own = rows[kept]
        lead, se = ahead(own, named[kept]), own["gap_se_l1_l2"]
        shares = {
            "better by > 1 se": lead > se,
            "within": lead.abs() <= se,
            "worse by > 1 se": lead < -se,
            "lower loss": lead > 0,
        }
        row = {"named penalty, on the other half": name, "halves": len(own)}
        out.append(row | {k: _percent(mean_interval(v, own["name"])) for k, v in shares.items()})
    return pd.DataFrame(out)


def bins_table(rows: pd.DataFrame, chance_l1: np.ndarray) -> pd.DataFrame:
    """Stated probabilities against how often the side was right."""
    sure = np.maximum(chance_l1, 1 - chance_l1)
    right = (chance_l1 >= 0.5) == (rows["gap_l1_l2"] < 0)
    out = []
    for low, high in itertools.pairwise(BINS):
        kept = (sure >= low) & ((sure < high) | (high == 1.0))
        if kept.any():
            out.append(
                {
                    "stated": f"{100 * low:g} to {100 * high:g} %",
                    "halves": int(kept.sum()),
                    "mean stated": f"{sure[kept].mean():.0%}",
                    "right": _percent(mean_interval(right[kept], rows["name"][kept])),
                }
            )
    return pd.DataFrame(out)


def zone_table(rows: pd.DataFrame, chances: np.ndarray) -> pd.DataFrame:
    """Stated probabilities of the three answers against how often each was so."""
    held = rows["gap_l1_l2"]
    events = {
        f"L1 better by more than {MARGIN:g}": held < -MARGIN,
        f"equal within {MARGIN:g}": held.abs() <= MARGIN,
        f"L2 better by more than {MARGIN:g}": held > MARGIN,
    }
    out = []
    for column, (name, event) in zip(chances.T, events.items(), strict=True):
        for low, high in zip(
            (0, 0.1, 0.3, 0.5, 0.7, 0.9), (0.1, 0.3, 0.5, 0.7, 0.9, 1.01), strict=True
        ):
            kept = (column >= low) & (column < high)
            if kept.sum() >= 5:
                out.append(
                    {
                        "answer": name,
                        "stated": f"{100 * low:.0f} to {100 * min(high, 1):.0f} %",
                        "halves": int(kept.sum()),
                        "mean stated": f"{column[kept].mean():.0%}",
                        "so": _percent(mean_interval(event[kept], rows["name"][kept])),
                    }
                )
    return pd.DataFrame(out)


def choices(rows: pd.DataFrame, gap: Gap) -> dict[str, np.ndarray]:
    """Loss on the other half of each way to choose, in points."""
    l1, l2, net = (rows[f"held_{name}"].to_numpy() for name in ("l1", "l2", "elastic_net"))
    cv = rows[["cv_l1", "cv_l2", "cv_elastic_net"]].to_numpy()
    three = np.column_stack([l1, l2, net])
    return {
        "the likelier side by the advice": np.where(gap.below(0.0) >= 0.5, l1, l2),
        "the side that costs less by the advice": np.where(gap.mean() < 0, l1, l2),
        "always L1": l1,
        "always L2": l2,
        "always elastic net": net,
        "lower error of two, nested": np.where(rows["contest_gap_l1_l2"] < 0, l1, l2),
        "lower error of two": np.where(cv[:, 0] < cv[:, 1], l1, l2),
        "lower error of three": three[np.arange(len(rows)), cv.argmin(axis=1)],
        "L1 by one standard error": rows["held_l1_1se"].to_numpy(),
        "L2 by one standard error": rows["held_l2_1se"].to_numpy(),
    }


def regret_table(rows: pd.DataFrame, gap: Gap) -> pd.DataFrame:
    """Mean points lost against each table's better penalty; the median table says most."""
    mean = rows.groupby("name")[["held_l1", "held_l2"]].transform("mean").min(axis=1)
    out = []
    for name, loss in choices(rows, gap).items():
        regret = pd.Series(loss, rows.index) - mean
        by_table = regret.groupby(rows["name"]).mean()
        # a table with a wild fit is one table
        trimmed = by_table.clip(*by_table.quantile([0.01, 0.99]))
        out.append(
            {
                "choice": name,
                "mean regret": _points(mean_interval(by_table, by_table.index.to_series())),
                "the outermost 1 % drawn in": f"{trimmed.mean():.2f}",
                "median": f"{by_table.median():.2f}",
                "over 2 points": f"{(by_table > 2).mean():.0%}",
            }
        )
    return pd.DataFrame(out)


def answers(gap: Gap) -> pd.Series:
    """A penalty, that it does not matter, or neither."""
    l1, equal, l2 = gap.chances(MARGIN).T
    return pd.Series(
        np.select([l1 >= LIKELY, l2 >= LIKELY, equal >= EQUAL], ["l1", "l2", "equal"], "open")
    )


def lines(frame: pd.DataFrame) -> str:
    """A frame as Markdown."""
    if not len(frame):
        return "None."
    rows = [" | ".join(frame.columns), " | ".join("---" for _ in frame)]
    rows += [" | ".join(map(str, row)) for row in frame.itertuples(index=False)]
    return "\n".join(f"| {row} |" for row in rows)


def _witnesses(rows: pd.DataFrame) -> str:
    """What head-to-head and map say alone."""
    held, inside = rows["gap_l1_l2"], rows["map_inside"].astype(bool)
    mapped = rows["map_l1_chance"].to_numpy()
    right = (mapped >= 0.5) == (held < 0)
    equal = rows["contest_verdict_l1_l2"] == "equivalent"
    within = (held.abs() <= MARGIN + rows["gap_se_l1_l2"])[equal]
    score = ((mapped - (held < 0)) ** 2)[inside].mean()
    mapped_words = f"""The table lies inside of the map in {inside.mean():.0%} of the halves"""
    if inside.any():
        mapped_words += f"""; the map's side is right in
{_percent(mean_interval(right[inside], rows["name"][inside]))} of these, and its probability of the
side has a Brier score of {score:.3f}, where saying 50 % always gives .250"""
    return f"""## The witnesses alone

{mapped_words}. The verdict "equivalent"
of the head-to-head, in {equal.mean():.0%} of the halves, held within a standard error of the other
half in {within.mean():.0%}."""


def _stated(rows: pd.DataFrame, gap: Gap, whose: str) -> str:
    """What is stated, and how often it was so."""
    seen = seen_of(rows)
    held, se, names = rows["gap_l1_l2"], rows["gap_se_l1_l2"], rows["name"]
    answer, expected, found = answers(gap), gap.measured(seen.held_error), scores(gap, seen)
    decided, equal = answer.isin(["l1", "l2"]), answer == "equal"
    named = named_table(rows, answer.where(decided, "neither"), answer.where(~decided, "named"))
    lost = np.column_stack(gap.most_lost(LEVEL))
    kept = np.column_stack([held, -held]) <= lost + stats.norm.ppf(LEVEL) * se.to_numpy()[:, None]
    slack = mean_interval((held.abs() <= MARGIN + se)[equal], names[equal])
    plain = mean_interval((held.abs() <= MARGIN)[equal], names[equal])
    side = mean_interval((expected.below(0.0) - (held < 0)) ** 2, names)
    return f"""## What is stated, and how often it was so

{whose} Log score {found["log score"]:.3f}, Brier score of the side {side[0]:.3f}
[{side[1]:.3f}, {side[2]:.3f}], of the three answers {found["Brier of the zone"]:.3f}. A penalty is
named (better by more than {MARGIN:g} point with {LIKELY:.0%} or more) in {decided.mean():.0%} of
the halves; that it does not matter is said (a smaller gap with {EQUAL:.0%} or more) in
{equal.mean():.0%}; the rest is open. Where it does not matter the gap measured on the other half
is at most {MARGIN:g} point in {_percent(plain)}, and within its standard error in
{_percent(slack)}. The bound on what taking a penalty costs ({LEVEL:.0%}) held, within the error of
the other half, in {kept.mean():.0%}.

{lines(named)}

Of the gap as it is measured, with the other half's error in what is stated:

{lines(zone_table(rows, expected.chances(MARGIN)))}

As a user is told, of the gap itself, which that error hides where rows are few:

{lines(zone_table(rows, gap.chances(MARGIN)))}

{lines(bins_table(rows, expected.below(0.0)))}"""


def page(rows: pd.DataFrame, gap: Gap, how: str, whose: str) -> str:
    """The result as Markdown."""
    size, names = rows["gap_l1_l2"].abs(), rows["name"]
    counts = rows.drop_duplicates("name").groupby(["rule", "kind"]).size().unstack(fill_value=0)
    shares = {over: _percent(mean_interval(size > over, names)) for over in (1, 2)}
    sizes = {name: f"{rows[name].min():.0f} to {rows[name].max():,.0f}" for name in ("n", "p")}
    return f"""# The advice on real tables

{how} {len(rows)} halves of {names.nunique()} tables ({sizes["n"]} rows in a half, {sizes["p"]}
features): advice on one half, losses on the other.
A point is 1 % of the loss of predicting the mean. Brackets are 95 % intervals over tables.
`python -m benchmarks.tables.judge CACHE` makes this page.

{lines(counts.reset_index().rename(columns={"rule": "response named by"}))}

## How much it matters

L1 and L2 differ by {size.median():.2f} points in the median half, by more than 1 in {shares[1]} and
by more than 2 in {shares[2]} of them.

{_witnesses(rows)}

{_stated(rows, gap, whose)}

## What each choice costs

Regret is against the penalty that loses less on a table's other halves.

{lines(regret_table(rows, gap))}
"""


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--set-aside", action="store_true", help="the third kept for the end")
    parser.add_argument("--kinds", action="store_true", help="counts and several classes")
    asked = parser.parse_args()
    if asked.set_aside or asked.kinds:
        rows = usable(read_rows(asked.cache, "kinds" if asked.kinds else "set_aside"))
        own, weights = seen_of(rows), shipped()
        gap = after(weights, weights.within(own.traits), own.mapped, own.seen, own.error)
        how, file = "The third of the tables that was set aside.", "tables_set_aside.md"
        whose = "By the weights that the advice has, which were fitted to the open tables."
        if asked.kinds:
            how, file = (
                "Open tables with counts and several classes, small ones.",
                "tables_kinds.md",
            )
            whose = "By the weights that the advice has, which no table of these kinds taught."
    else:
        rows = usable(read_rows(asked.cache))
        seen, real = both_of(rows, asked.cache)
        gap = crossed(seen).take(real)
        how, file = "The two thirds of the tables that are open.", "tables.md"
        whose = "The advice, but each table by weights that were fitted to others."
    text = page(rows, gap, how, whose)
    write_text(RESULTS / file, text)
    print(text)


if __name__ == "__main__":
    main()
