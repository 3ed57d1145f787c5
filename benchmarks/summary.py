"""From the tables to what a reader wants: ratios at equal accuracy, and figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import figures, picture, table
from benchmarks.contenders import CONTENDERS, NATIVE, NOT_PEERS, PRODUCT, TWO_JOBS
from benchmarks.race import AS_CALLED, TARGET, TOO_LONG
from benchmarks.regimes import REGIMES
from benchmarks.table import GIVEN, OWN

FASTEST = "the fastest peer"
# of a run and its data: less is the allocator's rounding
LEAST_MEGABYTES = 10.0
INTRODUCTION = f"""\
Written by `python -m benchmarks`; `benchmarks/README.md` says what is measured. A ratio is the time
of a peer over that of normwise, the median over paired rounds: above 1, normwise is faster.

- *As called*: everything at its default, the strengths included. Each tool then looks for a
  strength on a path of its own, and the least cross-validated error says what it found there.
- *Default*: the default tolerance, at strengths that all are given, with the gap shown.
- *Equal gap*: the fastest setting of the peer whose largest relative duality gap is at most
  {TARGET:.0e}, which is what normwise guarantees. Where no setting is, the ratio is a lower bound,
  `>`, and counts as its value.
- *Equal objective*: the same, by how far the objective exceeds the least that anyone reached. This
  is kinder to solvers that do not look for a good dual point. scikit-learn's logistic fits have no
  path on all rows and are held to the gap here too."""


@dataclass(frozen=True)
class Ratio:
    """Time of a peer over the time of normwise.

    Attributes
    ----------
    regime, peer, setting : str
    seconds : float
    ratio : float
    bound : bool
        The peer takes more than that.
    gap : float
        Largest relative duality gap that the peer achieved.
    memory : float
        Megabytes of the run and its data.
    """

    regime: str
    peer: str
    setting: str
    seconds: float
    ratio: float
    bound: bool
    gap: float
    memory: float

    def __str__(self) -> str:
        """The ratio as printed in tables."""
        return f"{'> ' if self.bound else ''}{_number(self.ratio)}"


def _number(x: float) -> str:
    if not np.isfinite(x):
        return "–"
    return f"{x:.0f}" if x >= 100 else f"{x:.2g}" if x < 10 else f"{x:.3g}"


def _seconds(x: float) -> str:
    if not np.isfinite(x):
        return "–"
    return f"{1000 * x:.3g} ms" if x < 1 else f"{x:.3g} s"


def native_run(runs: pd.DataFrame) -> pd.Series | None:
    """The default of normwise in the runs of one regime, if it finished."""
    own = runs[(runs["contender"] == NATIVE) & (runs["setting"] == "default")]
    return own.iloc[0] if len(own) and own.iloc[0]["status"] == "ok" else None


def at_equal_gap(runs: pd.DataFrame, peer: str, measure: str = "gap_max") -> Ratio | None:
    """The fastest setting of a peer that reaches the target at every strength.

    Parameters
    ----------
    runs : DataFrame
        Of one regime.
    peer : str
    measure : str
        Column that is to be at most the target.

    Returns
    -------
    Ratio or None
        A bound if no setting reaches the target: the time limit if a setting was cut, else the
        time of the setting with the smallest gap. None if the peer has no run.
    """
    own = runs[runs["contender"] == peer]
    done, cut = own[own["status"] == "ok"], own[own["status"] == "> limit"]
    reached = done[done[measure] <= TARGET]
    if len(reached):
        return _ratio(reached.loc[reached["seconds_median"].idxmin()], bound=False)
    if len(cut):
        return _ratio(cut.iloc[0], bound=True)
    if done[measure].notna().any():
        return _ratio(done.loc[done[measure].idxmin()], bound=True)
    return None


def at_equal_objective(runs: pd.DataFrame, peer: str) -> Ratio | None:
    """As `at_equal_gap`, by the excess of the objective where it is known.

    A gap bounds that excess from above, and an unlucky dual point can make it much larger.
    """
    known = runs["excess_max"].fillna(runs["gap_max"])
    return at_equal_gap(runs.assign(excess_max=known), peer, "excess_max")


def at_default(runs: pd.DataFrame, peer: str) -> Ratio | None:
    """The default setting of a peer, however accurate; None if it failed."""
    own = runs[(runs["contender"] == peer) & (runs["setting"] == "default")]
    if not len(own) or own.iloc[0]["status"] not in ("ok", "> limit"):
        return None
    return _ratio(own.iloc[0], own.iloc[0]["status"] == "> limit")


def as_called(runs: pd.DataFrame, peer: str) -> Ratio | None:
    """A call without strengths; None if the peer has none, or failed."""
    own = runs[(runs["contender"] == peer) & (runs["setting"] == AS_CALLED)]
    if not len(own) or own.iloc[0]["status"] not in ("ok", TOO_LONG):
        return None
    return _ratio(own.iloc[0], own.iloc[0]["status"] == TOO_LONG)


def _ratio(run: pd.Series, bound: bool) -> Ratio:
    return Ratio(
        run["regime"], run["contender"], run["setting"], run["seconds_median"], run["ratio"],
        bound, run["gap_max"], run["memory_mb"],
    )  # fmt: skip


Compare = Callable[[pd.DataFrame, str], Ratio | None]


def _regimes(runs: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for name in runs["regime"].unique():
        yield name, runs[runs["regime"] == name]


def _peers(runs: pd.DataFrame) -> list[str]:
    return [name for name in runs["contender"].unique() if name not in NOT_PEERS]


def ratios(runs: pd.DataFrame, compare: Compare) -> list[Ratio]:
    """Every peer in every regime, by `at_equal_gap` or `at_default`."""
    found = []
    for _, part in _regimes(runs):
        if native_run(part) is not None:
            found += [compare(part, peer) for peer in _peers(part)]
    return [ratio for ratio in found if ratio is not None]


def fastest(found: list[Ratio]) -> list[Ratio]:
    """The best peer of each regime; a bound counts as its value."""
    return [
        min((r for r in found if r.regime == regime), key=lambda r: r.ratio)
        for regime in dict.fromkeys(r.regime for r in found)
    ]


def _mean(found: list[Ratio]) -> str:
    value = float(np.exp(np.mean([np.log(r.ratio) for r in found])))
    return f"{'> ' if any(r.bound for r in found) else ''}{_number(value)}"


def _mean_and_least(found: list[Ratio]) -> list[str]:
    if not found:
        return ["–", "–"]
    least = min(found, key=lambda r: r.ratio)
    return [_mean(found), f"{least} ({least.regime})"]


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _overview(runs: pd.DataFrame) -> str:
    rows = []
    for (loss, penalty), part in runs.groupby(["loss", "penalty"], sort=False):
        found = [ratios(part, f) for f in (at_default, at_equal_gap, at_equal_objective)]
        for peer in [*_peers(part), FASTEST]:
            groups = [
                fastest(group) if peer == FASTEST else [r for r in group if r.peer == peer]
                for group in found
            ]
            cells = [cell for group in groups for cell in _mean_and_least(group)]
            rows.append([loss, penalty, peer, str(len(groups[0])), *cells])
    header = [
        "loss", "penalty", "peer", "regimes", "default: geometric mean", "least (where)",
        "equal gap: geometric mean", "least (where)", "equal objective: geometric mean",
        "least (where)",
    ]  # fmt: skip
    return _table(header, rows)


def _unfinished(part: pd.DataFrame) -> str:
    """What is said of normwise where it has no time."""
    own = part[(part["contender"] == NATIVE) & (part["status"] == TOO_LONG)]
    return f"> {_seconds(own['seconds_median'].iloc[0])}" if len(own) else "failed"


def _by_regime(runs: pd.DataFrame) -> str:
    """The fastest of all peers in each regime, and who needs how much memory."""
    rows, defaults, equals = [], [], []
    for name, part in _regimes(runs):
        native = native_run(part)
        if native is None:
            rows.append([name, _unfinished(part), *["–"] * 6])
            continue
        default, equal = (fastest(ratios(part, f)) for f in (at_default, at_equal_gap))
        defaults, equals = defaults + default, equals + equal
        rows.append([
            name, f"{_seconds(native['seconds_median'])} ({native['gap_max']:.0e})",
            *_named(default), *_named(equal), _megabytes(native["memory_mb"]), *_leanest(part),
        ])  # fmt: skip
    means = [_mean_and_least(group) for group in (defaults, equals)]
    for i, what in enumerate(("**geometric mean**", "**least**")):
        rows.append([what, "", "", means[0][i], "", means[1][i], "", ""])
    header = [
        "regime", "normwise (gap)", "fastest default (gap)", "ratio",
        "fastest at equal gap", "ratio", "normwise MB", "leanest peer MB (ratio)",
    ]  # fmt: skip
    return _table(header, rows)


def _calls(runs: pd.DataFrame) -> str:
    """Every peer as a user calls it, beside normwise, with the least errors that they find."""
    rows, fastest_calls = [], []
    for name, part in _regimes(runs):
        native = part[(part["contender"] == NATIVE) & (part["status"] == "ok")]
        found = [call for peer in _peers(part) if (call := as_called(part, peer))]
        if not len(native) or not found:
            continue
        best = min(found, key=lambda r: r.ratio)
        fastest_calls.append(best)
        errors = part.set_index("contender")["least_error"]
        others = [
            f"{call.peer} {call} ({errors[call.peer]:.4g})"
            if not call.bound
            else f"{call.peer} {call}"
            for call in sorted(found, key=lambda r: r.ratio)
            if call is not best
        ]
        rows.append([
            f"{name} ({part['n'].iloc[0]} × {part['p'].iloc[0]})",
            f"{_seconds(native.iloc[0]['seconds_median'])} ({errors[NATIVE]:.4g})",
            f"{best.peer} ({errors[best.peer]:.4g})", f"**{best}**", ", ".join(others),
        ])  # fmt: skip
    if not rows:
        return "Not measured."
    mean, least = _mean_and_least(fastest_calls)
    rows += [["**geometric mean**", "", "", mean, ""], ["**least**", "", "", least, ""]]
    header = ["regime", "normwise (error)", "fastest peer (error)", "ratio", "the others"]
    return _table(header, rows)


def _shape(name: str, part: pd.DataFrame) -> str:
    shape = f"{part['n'].iloc[0]} × {part['p'].iloc[0]}"
    several = part["loss"].iloc[0] == "multinomial"
    return f"{shape}, {REGIMES[name].n_classes} classes" if several else shape


def counts_and_classes(runs: pd.DataFrame) -> str:
    """Regimes of counts and of several classes, as the documentation shows them.

    Parameters
    ----------
    runs : DataFrame
        At strengths that all are given.
    """
    rows = []
    for name, part in _regimes(runs[runs["loss"].isin(["poisson", "multinomial"])]):
        native = native_run(part)
        own = _unfinished(part)
        if native is not None:
            own = f"{_seconds(native['seconds_median'])} ({native['gap_max']:.0e})"
        equal = [r for peer in _peers(part) if (r := at_equal_gap(part, peer)) is not None]
        best = min(equal, key=lambda r: (r.bound, r.seconds), default=None)
        defaults = [r for peer in _peers(part) if (r := at_default(part, peer)) is not None]
        done = sorted((r for r in defaults if not r.bound), key=lambda r: r.seconds)
        # without a time of normwise there is no ratio: seconds stand in its place
        told = [
            f"{r.peer} {_seconds(r.seconds) if native is None else _number(r.ratio)} ({r.gap:.0e})"
            for r in done
        ]
        reached = best is not None and not best.bound
        rows.append([
            f"{name.replace('_', ' ')} ({_shape(name, part)})", own,
            f"{best.peer}, {_seconds(best.seconds)}" if best and reached else "none",
            f"**{best}**" if best and native is not None else "–",
            ", ".join(told) or "none finished",
        ])  # fmt: skip
    if not rows:
        return "Not measured."
    header = [
        "problem", "normwise (gap)", f"fastest peer at a gap of {TARGET:.0e}", "its ratio",
        "ratios of the peers at their defaults (gap)",
    ]  # fmt: skip
    return _table(header, rows)


def _named(found: list[Ratio]) -> list[str]:
    if not found:
        return ["–", "–"]
    (best,) = found
    gap = "cut" if np.isnan(best.gap) else f"{best.gap:.0e}"
    return [f"{best.peer} ({gap})", f"**{best}**"]


def _megabytes(x: float) -> str:
    return f"{x:.0f}" if x >= LEAST_MEGABYTES else "–" if np.isnan(x) else "< 10"


def _leanest(runs: pd.DataFrame) -> list[str]:
    native = native_run(runs)
    known = [r for r in ratios(runs, at_default) if r.memory >= LEAST_MEGABYTES]
    if native is None or not known or not native["memory_mb"] >= LEAST_MEGABYTES:
        return ["–"]
    least = min(known, key=lambda r: r.memory)
    over = _number(native["memory_mb"] / least.memory)
    return [f"{_megabytes(least.memory)}, {least.peer} ({over})"]


def _large(runs: pd.DataFrame) -> str:
    """Time against one product of the data with themselves, memory against the data."""
    rows = []
    for name, part in _regimes(runs[runs["regime"].isin(CONTENDERS[PRODUCT].regimes)]):
        product = part[part["contender"] == PRODUCT]
        if not len(product) or product.iloc[0]["status"] != "ok":
            continue
        unit, size = product.iloc[0]["seconds_median"], 8 * part.iloc[0]["n"] * part.iloc[0]["p"]
        for run in part[part["setting"] == "default"].itertuples():
            time = _seconds(run.seconds_median) if run.status == "ok" else run.status
            over = _number(run.seconds_median / unit) if run.status == "ok" else "–"
            memory = _number(run.memory_mb * 1e6 / size) if run.status == "ok" else "–"
            rows.append([name, run.contender, time, over, memory])
    if not rows:
        return f"Not measured: it takes the contenders {PRODUCT} and {TWO_JOBS}."
    header = ["regime", "who", "time", "over one X'X", "memory over the data"]
    return _table(header, rows)


def _promises(runs: pd.DataFrame) -> str:
    """What each says that it stops at, and the gaps that its default reached."""
    rows = []
    for name in [NATIVE, *_peers(runs)]:
        if name not in CONTENDERS:
            continue
        contender, own = CONTENDERS[name], runs[runs["contender"] == name]
        own = own[own["setting"] == "default"]
        gaps = own["gap_max"].dropna()
        reached = (
            f"{gaps.min():.0e} to {gaps.max():.0e}, median {gaps.median():.0e}"
            if len(gaps)
            else "–"
        )
        counts = own["status"].value_counts()
        fate = ", ".join(f"{n} {what}" for what, n in counts.items())
        rows.append([name, contender.promise, reached, contender.folds, fate])
    header = ["contender", "stops at", "gap reached by default", "loop over folds", "regimes"]
    return _table(header, rows)


def _details(runs: pd.DataFrame) -> str:
    rows = []
    for name, part in _regimes(runs):
        native = native_run(part)
        size = f"{name} ({part['n'].iloc[0]} × {part['p'].iloc[0]})"
        if native is None:
            rows.append([size, _unfinished(part), *["–"] * 7])
            continue
        mark = "" if native["gap_max"] <= TARGET else " †"
        own = f"{_seconds(native['seconds_median'])} ({native['gap_max']:.0e}){mark}"
        for peer in _peers(part):
            default = at_default(part, peer)
            memory = _megabytes(default.memory) if default else "–"
            rows.append([
                size, own, peer, *_cells(default, False), *_cells(at_equal_gap(part, peer), True),
                memory,
            ])  # fmt: skip
            size = own = ""
    header = [
        "regime", "normwise (gap)", "peer", "default: time (gap)", "ratio",
        "equal gap: setting", "time", "ratio", "MB",
    ]  # fmt: skip
    return _table(header, rows)


def _cells(ratio: Ratio | None, with_setting: bool) -> list[str]:
    if ratio is None:
        return ["failed", "–", "–"] if with_setting else ["failed", "–"]
    time = f"{'> ' if ratio.bound else ''}{_seconds(ratio.seconds)}"
    if with_setting:
        what = ratio.setting
        if ratio.bound:
            what += " was cut" if np.isnan(ratio.gap) else f" has gap {ratio.gap:.0e}"
        return [what, time, f"**{ratio}**"]
    gap = "cut" if np.isnan(ratio.gap) else f"{ratio.gap:.0e}"
    return [f"{time} ({gap})", str(ratio)]


def _problems(runs: pd.DataFrame) -> str:
    bad = runs[runs["status"] == "failed"]
    lines = [f"- {r.regime}, {r.contender}, {r.setting}: {r.note}" for r in bad.itertuples()]
    return "\n".join(lines) or "None."


def _growth(table: pd.DataFrame) -> str:
    rows = []
    for r in table.itertuples():
        number = r.status if r.status != "ok" else _seconds(r.seconds)
        memory = [f"{x:.0f}" for x in (r.peak_mb, r.baseline_mb, r.extra_mb)]
        worker = f"{r.worker_peak_mb:.0f}" if r.worker_peak_mb else "–"
        size = f"{r.rows} × {r.features}, {r.replicates} replicates, {r.cores} cores"
        rows.append([r.quantity, size, r.penalty, number, *memory, worker])
    header = [
        "grows", "size", "penalty", "time", "peak MB", "imports alone MB", "difference MB",
        "largest worker MB",
    ]  # fmt: skip
    return _table(header, rows)


def text(everything: pd.DataFrame, machine: dict[str, object], growth: pd.DataFrame | None) -> str:
    """The summary in Markdown."""
    runs = everything[everything["strengths"] == GIVEN]
    parts = [
        "# Benchmarks",
        INTRODUCTION,
        f"![{picture.TITLE}](peers.svg)",
        "## As a user calls it",
        "Ten folds and a path of its own for each. The error is relative to the response's "
        "variance (squared loss), a Poisson deviance, or in nats; adelie draws folds of its own, "
        "and its path ends at a tenth of the largest strength.",
        _calls(everything[everything["strengths"] == OWN]),
        "## Against the fastest peer, at given strengths",
        _by_regime(runs),
        "## Counts and several classes",
        counts_and_classes(runs),
        "## What each promises and reaches",
        _promises(runs),
        "## Overview",
        _overview(runs),
        "## Large n",
        "10⁶ × 60, five folds. One product X'X is what a look at all data costs.",
        _large(runs),
        "## Time against achieved gap",
        "![Time against achieved gap](accuracy.svg)",
        "## Each regime",
        _details(runs),
        "Bold: ratios at equal accuracy. † normwise itself is above the target.",
        "## What failed",
        _problems(runs),
    ]
    if growth is not None:
        parts += [
            "## Growth",
            "`normwise` alone: a cross-validated fit for rows and features, a fit job of the "
            "workflow for replicates and cores. Memory is the peak of a fresh process, with the "
            "data in it.",
            "![Time and memory against size](growth.svg)",
            _growth(growth),
        ]
    about = "\n".join(f"- {key}: {value}" for key, value in machine.items())
    return "\n\n".join([*parts, "## Machine", about]) + "\n"


def write(folder: Path) -> None:
    """Write ``summary.md`` and the figures from the tables in a folder."""
    machine = json.loads((folder / "machine.json").read_text())
    runs = table.read(folder / "runs.csv")
    # times of different machines are not compared
    runs = runs[runs["machine"] == machine["processor"]]
    growth = folder / "growth.csv"
    grown = pd.read_csv(growth) if growth.exists() else None
    order = {name: i for i, name in enumerate(REGIMES)}
    runs = runs.sort_values("regime", key=lambda names: names.map(order), kind="stable")
    machine["commits that were timed"] = ", ".join(sorted(set(runs["commit"])))
    figures.draw_accuracy(runs[runs["strengths"] == GIVEN], folder)
    picture.draw(runs, folder)
    if grown is not None:
        figures.draw_growth(grown, folder)
    (folder / "summary.md").write_text(text(runs, machine, grown))
    given = runs[runs["strengths"] == GIVEN]
    (folder / "counts_and_classes.txt").write_text(counts_and_classes(given) + "\n")
