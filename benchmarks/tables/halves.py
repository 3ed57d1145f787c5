"""Advice on one random half of each table, and what each penalty loses on the other half.

``python -m benchmarks.tables.halves CACHE`` goes through the open tables, those with the better
known response first, and goes on where it was ended; ``--halves R`` asks for R halves of each,
``--cells N`` does the tables of at most N numbers, ``--minutes M`` begins none after M minutes.
``CACHE/halves`` gets a file a table, one row a half, with all that is needed to weigh the witnesses
again. The tables set aside are measured with ``--set-aside`` alone, into ``CACHE/set_aside``, and
the open ones whose response counts or has several classes with ``--kinds``, into ``CACHE/kinds``.

Losses are in points: per cent of the loss, on the same rows, of predicting the mean of the half
that was fitted. Tables of times are left out, since random halves are not what they are asked for;
of a large table a sample of the rows is taken, and the row says how many.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from threadpoolctl import threadpool_limits

from benchmarks.tables.collect import file_of, read_manifest
from benchmarks.tables.rule import RULES, coded, digest_of
from normwise.advice.atlas import Atlas, shipped
from normwise.advice.contest import (
    N_ALPHAS,
    RATIOS,
    TOLERANCE,
    compare,
    linear,
    row_width,
    unit_of,
)
from normwise.advice.diagnosis import diagnose, sample_rows, spectrum, standardise
from normwise.advice.findings import Contest, Models, Place
from normwise.advice.outcome import columns_of
from normwise.advice.place import locate
from normwise.advice.recommendation import difference_of, pair, recommend
from normwise.advice.signs import find_signs
from normwise.data.errors import InputError
from normwise.data.response_kind import kind_of
from normwise.fitting.errors import NoSolutionError
from normwise.fitting.loss import loss_of
from normwise.fitting.search import search
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.tuning import choose, make_folds
from normwise.tabular import Table, as_table

SEED = 20_260
MARGIN = 0.01
N_FOLDS = 10
# numbers of the rows that are taken of a table, of least squares and of other losses
CELLS, CELLS_IN_STEPS = 2_000_000, 400_000
FEWEST_OF_CLASS = 8
TUNED = ("l1", "l2", "elastic_net")
USABLE = ("number", "two classes")
# kinds that no weight was fitted to, as the advice calls them
LATER = {"counts": "poisson", "several classes": "multinomial"}
# what a recommendation says besides is not asked for here
NO_MODELS = Models(pd.DataFrame(), {}, {}, {}, {}, (), 0, 0.0)


class NoHalfError(Exception):
    """A half cannot be used, and why."""


def part_of_rows(table: Table, rows: np.ndarray, kept: np.ndarray) -> Table:
    """Some rows of a table, and of its features those that are kept."""
    names = tuple(name for name, keep in zip(table.names, kept, strict=True) if keep)
    columns = None if table.columns is None else table.columns.iloc[rows].reset_index(drop=True)
    return replace(
        table,
        X=np.ascontiguousarray(table.X[rows][:, kept]),
        y=table.y[rows],
        names=names,
        rows=table.rows.take(rows),
        columns=columns,
        missing={},
    )


def halves_of(table: Table, seed: list[int]) -> tuple[Table, Table]:
    """A half to be advised on, and the other; groups are whole, classes in equal shares.

    Features without spread in the first half are in neither.
    """
    rng = np.random.default_rng(seed)
    cells = CELLS if loss_of(table.response).quadratic else CELLS_IN_STEPS
    rows = sample_rows(table.y, row_width(table), table.response, cells, rng)
    splits = make_folds(table.y[rows], 2, table.response, rng, table.rows.take(rows))
    if len(splits) < 2:
        raise NoHalfError("its rows do not part into halves with both classes")
    first, second = (rows[part] for part in splits[rng.integers(2)])
    kept = np.ptp(table.X[first], axis=0) > 0
    if not kept.any() or np.ptp(table.y[first]) == 0:
        raise NoHalfError("a half without spread")
    needed = kind_of(table.response).needed(table.y)
    if min(kind[part].sum() for kind in needed for part in (first, second)) < FEWEST_OF_CLASS:
        raise NoHalfError(f"fewer than {FEWEST_OF_CLASS} rows of a class, or events, in a half")
    return part_of_rows(table, first, kept), part_of_rows(table, second, kept)


def cluster_error(values: np.ndarray, units: np.ndarray | None) -> float:
    """Standard error of a mean of rows, or of rows whose units are independent."""
    centred = values - values.mean()
    if units is not None:
        centred = np.bincount(np.unique(units, return_inverse=True)[1], centred)
    count = len(centred)
    return float(np.sqrt((centred**2).sum() * count / max(count - 1, 1)) / len(values))


def measured(half: Table, other: Table, seed: list[int]) -> dict[str, Any]:
    """Cross-validated losses of each penalty on a half, and its losses on the other half."""
    loss = loss_of(half.response)
    folds = make_folds(half.y, N_FOLDS, half.response, np.random.default_rng(seed), half.rows)
    # as the advice does, so that the shares of an elastic net do not depend on the unit
    scale = unit_of(half.y, half.response, half.rows.weights)
    problem = problem_of(half.X, half.y / scale, half.response)
    path = problem.path(np.array([np.inf]), 0.0, TOLERANCE)
    constant = linear(path.coef[0], path.intercept[0])
    unit = 100 / float(loss.value(other.y, scale * constant(other.X)))
    in_half = 100 / float(loss.value(half.y, scale * constant(half.X)))
    each: dict[str, np.ndarray] = {}
    out: dict[str, Any] = {"null_half": 100 / in_half, "null_other": 100 / unit}

    def lose(name: str, coef: np.ndarray, intercept: np.ndarray) -> None:
        each[name] = unit * loss.each(other.y, scale * linear(coef, intercept)(other.X))
        out[f"held_{name}"] = float(each[name].mean())
        out[f"nonzeros_{name}"] = int(np.atleast_2d(coef != 0).any(axis=0).sum())

    for penalty in TUNED:
        found = search(problem, RATIOS[penalty], N_ALPHAS, folds, TOLERANCE)
        usable = found.usable(TOLERANCE)
        if not usable.any():
            raise NoHalfError(f"no strength of {penalty} is proven")
        error, *chosen = choose(found.cv, usable)
        for name, place in zip((penalty, f"{penalty}_1se"), chosen, strict=True):
            out[f"cv_{name}"] = in_half * scale**2 * float(error[place])
            lose(name, found.path.coef[place], found.path.intercept[place])
    try:
        path = problem.path(np.zeros(1), 0.0, TOLERANCE)
        if path.gap[0] <= TOLERANCE:
            lose("none", path.coef[0], path.intercept[0])
    except NoSolutionError:
        pass
    for first, second in (
        ("l1", "l2"),
        ("l1", "elastic_net"),
        ("l2", "elastic_net"),
        ("l1", "l1_1se"),
    ):
        difference = each[first] - each[second]
        out[f"gap_{first}_{second}"] = float(difference.mean())
        out[f"gap_se_{first}_{second}"] = cluster_error(difference, other.rows.units)
    return out


def witnesses(contest: Contest, place: Place) -> dict[str, Any]:
    """What head-to-head and map say, in points, and the splits that the head-to-head rests on."""
    out: dict[str, Any] = {"n_folds": contest.n_folds, "n_repeats": contest.n_repeats}
    for _, row in contest.scores.iterrows():
        for name in ("explained", "low", "high"):
            out[f"contest_{name}_{row['penalty']}"] = 100 * row[name]
        for name in ("nonzeros", "failed", "at_end"):
            out[f"contest_{name}_{row['penalty']}"] = row[name]
    for first, second in (("l1", "l2"), ("l1", "elastic_net"), ("l2", "elastic_net")):
        row = pair(contest, first, second)
        # a smaller loss explains more
        out[f"contest_gap_{first}_{second}"] = -100 * row["difference"]
        out[f"contest_gap_se_{first}_{second}"] = 100 * row["se"]
        for name in ("p_first", "p_equivalent", "p_second", "verdict"):
            out[f"contest_{name}_{first}_{second}"] = row[name]
    splits = contest.differences
    out["split_repeat"] = splits["repeat"].to_list()
    for penalty in TUNED:
        out[f"split_{penalty}"] = (100 * splits[penalty]).round(5).to_list()
    names = ("load", "load_low", "load_high", "rule", "surface", "theory", "inside", "l1_chance")
    more = ("effect", "effect_low", "effect_high", "rows_per_feature", "enough")
    out |= {f"map_{name}": getattr(place, name) for name in (*names, *more)}
    # a smaller loss explains more
    out["map_points"] = -place.points
    out["map_points_low"], out["map_points_high"] = -place.points_high, -place.points_low
    return out


def properties(half: Table) -> dict[str, float]:
    """What a table says besides: leverage, tails, and along which directions its signal lies."""
    y = columns_of(half, np.arange(len(half.y)))
    if y.ndim == 2:
        return {}
    Z, y = standardise(half.X), y - y.mean()
    found = spectrum(Z, y)
    along = float((found.energy * found.values).sum() / max(found.energy.sum(), 1e-300))
    size = (Z**2).mean(axis=1)
    return {
        "alignment": float(np.log(along / found.values.mean())),
        "top_share": float(found.values[0] / found.values.sum()),
        "largest_row": float(size.max()),
        "kurtosis_features": float(np.median(stats.kurtosis(Z))),
        "kurtosis_response": float(stats.kurtosis(y)),
        "share_of_indicators": float(np.mean([len(np.unique(c)) == 2 for c in half.X.T])),
        "explained_by_best": float(
            np.max(np.abs(Z.T @ y)) ** 2 / len(y) / max(float(y @ y), 1e-300)
        ),
    }


def ask(half: Table, atlas: Atlas, seed: int) -> dict[str, Any]:
    """What the advice measures on a half and says."""
    diagnosis, signal = diagnose(half, seed)
    contest = compare(half, MARGIN, seed, 1)
    place = locate(half, signal, atlas)
    signs = find_signs(half, seed)
    said = recommend(half, diagnosis, contest, NO_MODELS, place, signs)
    names = ("snr", "snr_low", "snr_high", "effective_nonzero", "effective_nonzero_low")
    more = ("effective_nonzero_high", "effective_features", "rank", "condition_number")
    out = {name: getattr(diagnosis, name) for name in (*names, *more, "positive_share")}
    return out | {
        "outliers": len(diagnosis.outliers),
        "correlation": signal.nearest_correlation,
        "independent_rows": signal.n_rows,
        **witnesses(contest, place),
        **{f"said_{k}": v for k, v in asdict(difference_of(half, contest, place)).items()},
        "answer": said.answer,
        "certainty": said.certainty,
        "headline": said.headline,
        "signs": ",".join(sign.kind for sign in signs),
    }


def row_of(name: str, table: Table, number: int, atlas: Atlas) -> dict[str, Any]:
    """One half of a table."""
    start = time.process_time()
    seed = [SEED, int.from_bytes(digest_of(name)[:4], "big"), number]
    half, other = halves_of(table, seed)
    row: dict[str, Any] = {
        "name": name,
        "half": number,
        "response": half.response,
        "rows_of_table": len(table.y),
        "n": len(half.y),
        "p": half.X.shape[1],
        "n_other": len(other.y),
        "units": len(half.y) if half.rows.units is None else len(np.unique(half.rows.units)),
        "grouped": half.rows.groups is not None,
    }
    row |= ask(half, atlas, number) | properties(half) | measured(half, other, seed)
    return row | {"seconds": time.process_time() - start}


def chosen(manifest: pd.DataFrame, folder: str) -> pd.DataFrame:
    """The tables that can be tried, the better known ones first."""
    part = "set aside" if folder == "set_aside" else "open"
    kinds = LATER if folder == "kinds" else USABLE
    own = manifest[(manifest["part"] == part) & manifest["kind"].isin(kinds)]
    own = own[own["time"] == ""]
    order = [(RULES.index(row.rule), digest_of(row.name)) for row in own.itertuples(index=False)]
    return own.iloc[sorted(range(len(own)), key=order.__getitem__)]


def rows_file(name: str, cache: Path, folder: str) -> Path:
    """Where the halves of a table are kept."""
    return cache / folder / f"{name.replace('/', '+')}.parquet"


def missing_halves(file: Path, n_halves: int) -> list[int]:
    """Numbers of the halves that are still to be done."""
    done = pd.read_parquet(file, columns=["half"])["half"].tolist() if file.is_file() else []
    return [number for number in range(n_halves) if number not in done]


def _add(rows: list[dict[str, Any]], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(rows)
    if file.is_file():
        frame = pd.concat([pd.read_parquet(file), frame], ignore_index=True)
    part = file.with_suffix(".part")
    frame.to_parquet(part, index=False)
    os.replace(part, file)


def _table(own: Any, frame: pd.DataFrame) -> Table:
    """The table as numbers, with its response as it is."""
    if own.kind not in LATER:
        return coded(frame, own.target, own.kind, own.groups)
    groups = {"groups": own.groups} if own.groups else {}
    features = frame.drop(columns=own.target)
    return as_table(features, frame[own.target], response=LATER[own.kind], **groups)


def try_table(own: Any, cache: Path, numbers: list[int], atlas: Atlas) -> Iterator[dict[str, Any]]:
    """Rows of some halves of a table; one that cannot be used says why."""
    frame = pd.read_parquet(file_of(own.name, cache))
    try:
        table = _table(own, frame)
    except InputError as error:
        yield from ({"name": own.name, "half": n, "reason": str(error)} for n in numbers)
        return
    for number in numbers:
        try:
            yield row_of(own.name, table, number, atlas) | {"reason": ""}
        except (NoHalfError, NoSolutionError, InputError) as error:
            yield {"name": own.name, "half": number, "reason": str(error)}


def read_rows(cache: Path, folder: str = "halves") -> pd.DataFrame:
    """All halves that are done, with what the list says of their tables."""
    files = sorted(rows_file("x", cache, folder).parent.glob("*.parquet"))
    rows = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    columns = ["name", "package", "rule", "kind"]
    rows = rows[rows["reason"] == ""].merge(read_manifest()[columns], on="name")
    return rows.sort_values(["name", "half"], ignore_index=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--halves", type=int, default=2)
    parser.add_argument("--cells", type=int, default=None, help="tables of at most so many numbers")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--set-aside", action="store_true", help="the third kept for the end")
    parser.add_argument("--kinds", action="store_true", help="counts and several classes")
    asked = parser.parse_args()
    folder = "set_aside" if asked.set_aside else "kinds" if asked.kinds else "halves"
    end = time.monotonic() + 60 * asked.minutes
    atlas = shipped()
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        for own in chosen(read_manifest(), folder).itertuples(index=False):
            file = rows_file(own.name, asked.cache, folder)
            numbers = missing_halves(file, asked.halves)
            small = asked.cells is None or own.n * own.p <= asked.cells
            if numbers and small and time.monotonic() < end:
                rows = list(try_table(own, asked.cache, numbers, atlas))
                _add(rows, file)
                spent = ", ".join(
                    f"{r['seconds']:.1f} s" if "seconds" in r else r["reason"] for r in rows
                )
                print(f"{own.name} ({own.n} × {own.p}): {spent}", flush=True)


if __name__ == "__main__":
    main()
