"""A study cut into jobs: data sets into blocks, blocks into data files.

A *block* is a few scenarios with all their replicates, so that whatever is said of a scenario can
be computed from its block alone. Its *chunks* are the data files that hold it. Results do not
depend on where the cuts are. They are remembered in ``chunks.json``, so that what is added to a
study makes new blocks and chunks and leaves the others as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from normwise.data.chunk import Chunk, replicate_megabytes
from normwise.data.scenario import Scenario
from normwise.files.whole import write_text
from normwise.study.design import scenarios_of

# jobs beside those of blocks: tables, figures, calibration, published studies
OTHER_JOBS = 150


@dataclass(frozen=True)
class Block:
    """Scenarios with all their replicates, and the chunks that hold them.

    Attributes
    ----------
    scenarios : tuple of Scenario
    cuts : mapping of int to tuple of int
        First replicate of each chunk, and the one after its last; by the chunk's number, in order.
    """

    scenarios: tuple[Scenario, ...]
    cuts: Mapping[int, tuple[int, int]]

    @property
    def name(self) -> int:
        """Number of the first chunk."""
        return next(iter(self.cuts))

    @property
    def chunks(self) -> dict[int, Chunk]:
        """Content of each data file by its number."""
        return {name: Chunk(self.scenarios, *bounds) for name, bounds in self.cuts.items()}


Blocks = dict[str, list[Block]]


def cut(n: int, parts: int) -> list[tuple[int, int]]:
    """Ranges that cut 0 to ``n`` into parts of equal size, or as nearly so as can be."""
    return list(pairwise(n * i // parts for i in range(parts + 1)))


def cut_blocks(
    dataset: Mapping[str, Any], max_chunk_mb: float, known: Sequence[Block] = ()
) -> list[Block]:
    """Cut a simulated data set into data files of bounded size.

    Scenarios small enough to share a file share it, in order; a larger one is cut by replicates
    into equal parts. Blocks that are known keep their chunks; further replicates are cut off into
    new ones.

    Parameters
    ----------
    dataset : mapping
        A data set of the checked config.
    max_chunk_mb : float
    known : sequence of Block
        Blocks of an earlier plan. Those that the data set has no use for are left out.
    """
    numbers = count(1 + max((name for block in known for name in block.cuts), default=-1))
    scenarios, replicates = scenarios_of(dataset), dataset["replicates"]
    kept = _kept_blocks(known, set(scenarios), replicates, max_chunk_mb, numbers)
    there = {scenario for block in kept for scenario in block.scenarios}
    new = [scenario for scenario in scenarios if scenario not in there]
    return [*kept, *_new_blocks(new, replicates, max_chunk_mb, numbers)]


def _kept_blocks(
    known: Sequence[Block],
    wanted: set[Scenario],
    replicates: int,
    max_chunk_mb: float,
    numbers: Iterator[int],
) -> list[Block]:
    """Blocks of an earlier plan that hold scenarios that are still wanted, each of them once."""
    blocks: list[Block] = []
    there: set[Scenario] = set()
    for block in known:
        if not there.isdisjoint(block.scenarios) or wanted.isdisjoint(block.scenarios):
            continue
        there.update(block.scenarios)
        cuts = {number: ends for number, ends in block.cuts.items() if ends[0] < replicates}
        last = max(stop for _, stop in cuts.values())
        if last < replicates:
            size = sum(map(replicate_megabytes, block.scenarios))
            more = _parts(replicates - last, size, max_chunk_mb)
            cuts |= {next(numbers): (last + a, last + b) for a, b in more}
        blocks.append(Block(block.scenarios, cuts))
    return blocks


def _new_blocks(
    scenarios: Sequence[Scenario], replicates: int, max_chunk_mb: float, numbers: Iterator[int]
) -> Iterator[Block]:
    """Blocks of scenarios that no earlier plan has."""
    shared: list[Scenario] = []
    filled = 0.0
    for scenario in scenarios:
        size = replicates * replicate_megabytes(scenario)
        if shared and filled + size > max_chunk_mb:
            yield Block(tuple(shared), {next(numbers): (0, replicates)})
            shared, filled = [], 0.0
        if size <= max_chunk_mb:
            shared.append(scenario)
            filled += size
        else:
            parts = _parts(replicates, size / replicates, max_chunk_mb)
            yield Block((scenario,), {next(numbers): ends for ends in parts})
    if shared:
        yield Block(tuple(shared), {next(numbers): (0, replicates)})


def _parts(replicates: int, size: float, max_chunk_mb: float) -> list[tuple[int, int]]:
    """Ranges of replicates of the given size that keep the limit, if one replicate does."""
    return cut(replicates, -(-replicates // max(1, int(max_chunk_mb // size))))


def count_jobs(datasets: Sequence[Mapping[str, Any]], plan: Blocks) -> int:
    """Jobs that a study's simulated data sets take: simulate, fit, evaluate, check_theory."""
    return sum(
        len(block.cuts) * (1 + len(dataset["penalties"])) + 2
        for dataset in datasets
        for block in plan.get(dataset["name"], [])
    )


def cut_study(
    datasets: Sequence[Mapping[str, Any]],
    max_chunk_mb: float,
    max_jobs: int,
    known: Mapping[str, Sequence[Block]] | None = None,
) -> Blocks:
    """Cut all simulated data sets, into larger chunks where there would be too many jobs.

    Parameters
    ----------
    datasets : sequence of mapping
        Data sets of the checked config.
    max_chunk_mb : float
    max_jobs : int
        Jobs of the whole study. It is exceeded only by what `known` and the number of data sets
        leave no choice about.
    known : mapping of str to sequence of Block, optional
        Blocks of an earlier plan, by data set.
    """
    simulated = [d for d in datasets if d["source"] == "scenarios"]
    least = None
    while True:
        plan = {
            d["name"]: cut_blocks(d, max_chunk_mb, (known or {}).get(d["name"], ()))
            for d in simulated
        }
        jobs = count_jobs(simulated, plan)
        if jobs + OTHER_JOBS <= max_jobs or jobs == least:
            return plan
        # larger chunks no longer help when the count stays the same after a doubling
        least, max_chunk_mb = jobs, 2 * max_chunk_mb


def remember(path: str | Path, plan: Blocks, basis: str) -> None:
    """Write a plan to ``chunks.json``.

    Parameters
    ----------
    path : path
    plan : mapping of str to list of Block
    basis : str
        Digest of what all fits depend on. A plan on another basis is of no use, since everything
        is fitted again.
    """
    content = {
        "basis": basis,
        "datasets": {
            name: [
                {
                    "scenarios": [s.content for s in block.scenarios],
                    "cuts": {str(n): ends for n, ends in block.cuts.items()},
                }
                for block in blocks
            ]
            for name, blocks in plan.items()
        },
    }
    write_text(path, json.dumps(content) + "\n")


def recall(
    path: str | Path, basis: str, begun: Callable[[str, int], bool] | None = None
) -> dict[str, list[Block]]:
    """Blocks of the plan in ``chunks.json``, by data set; none if it has another basis.

    Parameters
    ----------
    path : path
    basis : str
        The same as in `remember`.
    begun : callable, optional
        Whether a chunk, given data set and number, has been fitted by any penalty. Blocks of which
        none has are left out, so that they may be cut anew.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["basis"] != basis:
            return {}
        found = {
            name: [
                Block(
                    tuple(Scenario(**s) for s in block["scenarios"]),
                    {int(n): (int(a), int(b)) for n, (a, b) in block["cuts"].items()},
                )
                for block in blocks
            ]
            for name, blocks in content["datasets"].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        # without it everything is cut anew, and the results are the same
        return {}
    return {
        name: [b for b in blocks if begun is None or any(begun(name, n) for n in b.cuts)]
        for name, blocks in found.items()
    }


def remove_others(folder: str | Path, blocks: Collection[int]) -> None:
    """Remove the tables of blocks that are no longer part of a study: none is to be read twice."""
    for file in Path(folder).glob("*.parquet"):
        if file.stem not in map(str, blocks):
            file.unlink()
