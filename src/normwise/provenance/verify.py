"""A study verified: its files against their digests, a sample of its numbers against its seeds.

Replicates are picked at random over data sets, scenarios and penalties. Their data are drawn again
and fitted again, and compared with the fits files bit for bit. The metrics of their scenarios are
computed again from the fits files, and the summaries and verdicts from the metrics. Each number
in these tables thus follows from the seed in steps, any of which the sample may fall on.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from normwise.analysis.inference import decide
from normwise.analysis.judge.verdicts import judge
from normwise.analysis.measure.effects import pair_table, summarise
from normwise.analysis.measure.evaluate import evaluate
from normwise.analysis.measure.sample_error import Errors, sample_errors, with_sample_error
from normwise.data.errors import InputError
from normwise.data.imported import ROW_KEYS, TABLE_KEYS, import_table, read_source
from normwise.data.scenario import Scenario
from normwise.data.simulated import is_sampled
from normwise.data.splits import overlap
from normwise.data.tables.part import file_of
from normwise.files.arrays import load_arrays, save_arrays
from normwise.files.errors import DamagedFileError
from normwise.files.whole import sha256
from normwise.fitting.fits_file import read_estimates
from normwise.provenance.agreement import (
    DIFFERENT,
    ROUNDED,
    SAME,
    Verification,
    by_column,
    by_metric,
    difference,
    level,
)
from normwise.provenance.code import code_state
from normwise.provenance.machine import environment
from normwise.provenance.record import NAME, describe_file, read_record
from normwise.provenance.redraw import Row, draw_again, drawn_from, find_row, fit_again, why_not
from normwise.provenance.runs import digest
from normwise.study.extensions import load

# exit codes
CODES = {SAME: 0, ROUNDED: 3, DIFFERENT: 1}
# what was counted, by step
COUNTED = {
    "fits": "replicates drawn and fitted again",
    "metrics": "scenarios' metrics computed again from the fits",
    "summary": "scenarios' summaries computed again from the metrics",
    "verdicts": "scenarios' effects, and families of verdicts, computed again",
    "atlas": "effects of the atlas made again from the seeds",
}
TIMINGS = ("seconds",)
KEYS = ["dataset", "scenario", "penalty", "tuning", "metric"]
PAIR = ["dataset", "scenario", "metric", "tuning", "first", "second"]


def verify(folder: str | Path, sample: int, seed: int) -> Verification:
    """Verify a results folder.

    Parameters
    ----------
    folder : path
    sample : int
        Replicates to make again.
    seed : int
        Seed of the choice of the sample; it has nothing to do with the study's.

    Raises
    ------
    InputError
        If the folder has no ``provenance.json``, or it cannot be read.
    """
    folder = Path(folder)
    record = read_record(folder)
    found = Verification(files=len(record["files"]))
    found.changes = list(changes(record))
    found.faults = [*_changed_files(folder, record), *_changed_record(folder, record)]
    _load_extensions(record)
    with TemporaryDirectory() as scratch, threadpool_limits(1):
        study = _Study(folder, record, Path(scratch), found)
        study.check(sample, np.random.default_rng(seed))
    return found


def tell(found: Verification, seed: int) -> Iterator[str]:
    """Say what was found, in lines."""
    missing = sum(fault.endswith((": is missing", "study ended")) for fault in found.faults)
    if found.files:
        yield f"{found.files - missing} of {found.files} files are what they were"
    for step, differences in found.steps.items():
        if differences:
            largest = max(differences)
            size = f", largest relative difference {largest:.1e}" if largest else ""
            yield f"{len(differences)} {COUNTED[step]}: {level(largest)}{size}"
    yield from (f"left out: {text}" for text in found.left_out)
    yield from (f"not as on record: {text}" for text in found.changes)
    yield from (f"FAULT {text}" for text in found.faults)
    verdict = f"{len(found.faults)} fault(s)" if found.faults else found.outcome
    yield f"{verdict} (the same sample again: --seed {seed})"


def changes(record: Mapping[str, Any]) -> Iterator[str]:
    """How code, packages and machine differ from those on record."""
    then, now = record["environment"], environment()
    code, ours = record["code"], code_state()
    for name in ("version", "commit", "lock"):
        if code[name] != ours[name]:
            yield f"{name}: {code[name] or 'unknown'} then, {ours[name] or 'unknown'} now"
    if not ours["clean"] or not code["clean"]:
        there = "then" if not code["clean"] else "now"
        if code["commit"] and ours["commit"]:
            yield f"uncommitted changes {there}"
    for name in then.keys() - {"packages", "digest"}:
        if then[name] != now.get(name):
            yield f"{name}: {_plain(then[name])} then, {_plain(now.get(name))} now"
    yield from _changed_packages(then["packages"], now["packages"])
    others = {run["environment"] for run in record["runs"]} - {then["digest"]}
    if others:
        yield f"{len(others)} of the study's runs had other packages or machines than the last"


def _changed_packages(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(now):
        if then.get(name) != now[name]:
            yield f"{name}: {then.get(name, 'not there')} then, {now[name]} now"
    # many where the extra of the study is not installed
    if gone := sorted(then.keys() - now.keys()):
        yield f"not installed here: {', '.join(gone)}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _changed_files(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    for name, then in record["files"].items():
        path = folder / name
        if not path.is_file():
            yield f"{name}: is missing"
        elif path.stat().st_size != then["bytes"] or sha256(path) != then["sha256"]:
            yield f"{name}: is not what it was when the study ended"
    for name, then in record["inputs"].items():
        path = file_of(name)
        # elsewhere than where the study ran, the user's own files need not be there
        if then and path.is_file() and describe_file(path) != then:
            yield f"{name}: is not the file that the study was made from"


def _changed_record(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    if digest(record["config"]) != record["config_digest"]:
        yield f"{NAME}: its config is not the one that its digest was made from"
    if record["config"]["seed"] != record["seeds"]["root"]:
        yield (
            f"{NAME}: seed {record['config']['seed']} in its config, {record['seeds']['root']} "
            "under seeds"
        )
    crate = folder / "ro-crate-metadata.json"
    if crate.is_file():
        entries = json.loads(crate.read_text(encoding="utf-8"))["@graph"]
        known = {entry["@id"]: entry.get("sha256") for entry in entries}
        if known.get(NAME) not in (None, sha256(folder / NAME)):
            yield f"{NAME}: is not the file that {crate.name} describes"


def _load_extensions(record: Mapping[str, Any]) -> None:
    files = [f for f in record["config"]["extensions"] if f.endswith(".py")]
    for file in files:
        if not Path(file).is_file():
            raise InputError(
                f"{file}: the study was made with this extension, and it is not there; verify in "
                "the folder in which the study was run"
            )
    load(files)


@dataclass
class _Study:
    """The sample of a study, made again."""

    folder: Path
    record: Mapping[str, Any]
    scratch: Path
    found: Verification

    @property
    def config(self) -> Mapping[str, Any]:
        return dict(self.record["config"])

    def check(self, sample: int, rng: np.random.Generator) -> None:
        done: set[tuple] = set()
        for dataset, scenario, penalty, replicate in self._picks(sample, rng):
            name = (dataset["name"], scenario.id if scenario else None)
            paths = self._files(f"fits/{dataset['name']}/{penalty}/")
            with self._readable():
                self._check_fit(dataset, scenario, penalty, replicate, paths)
            if (*name, penalty) not in done:
                done.add((*name, penalty))
                with self._readable():
                    self._check_metrics(dataset, scenario, penalty, paths)
            if name not in done:
                done.add(name)
                with self._readable():
                    self._check_tables(dataset, scenario)
        with self._readable():
            self._check_families()

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Enter a file that cannot be read, and go on."""
        try:
            yield
        except (DamagedFileError, FileNotFoundError, pa.ArrowException) as error:
            if str(error) not in self.found.faults:
                self.found.faults.append(str(error))

    def _files(self, prefix: str) -> list[Path]:
        """Files on record that are there, in the order of their chunks."""
        names = [n for n in self.record["files"] if n.startswith(prefix)]
        names.sort(key=lambda n: (len(n), n))
        return [self.folder / n for n in names if (self.folder / n).is_file()]

    def _metric_files(self, dataset: str) -> list[Path]:
        return self._files(f"metrics/{dataset}.parquet") or self._files(f"metrics/{dataset}/")

    def _picks(
        self, sample: int, rng: np.random.Generator
    ) -> Iterator[tuple[Mapping[str, Any], Scenario | None, str, int]]:
        datasets = []
        for dataset in self.config["datasets"]:
            reason = why_not(dataset, self.folder)
            if reason:
                self.found.left_out.append(f"data set '{dataset['name']}': {reason}")
                continue
            datasets.append(dataset)
            if dataset["source"] in ("table", "semi_synthetic"):
                with self._readable():
                    self._check_source(dataset)
        picked: set[tuple] = set()
        # all data sets in turn, so that none is left out by chance
        order = [datasets[i] for i in rng.permutation(len(datasets))]
        for turn in range(sample if order else 0):
            dataset = order[turn % len(order)]
            scenarios = drawn_from(dataset)
            scenario = scenarios[rng.integers(len(scenarios))]
            penalty = dataset["penalties"][rng.integers(len(dataset["penalties"]))]
            replicate = int(rng.integers(dataset["replicates"]))
            pick = (dataset["name"], scenario, penalty, replicate)
            if pick not in picked:
                picked.add(pick)
                yield dataset, scenario, penalty, replicate

    def _check_source(self, dataset: Mapping[str, Any]) -> None:
        """Read the user's table again, where it is there."""
        copy = f"sources/{dataset['name']}.npz"
        file = file_of(dataset["file"])
        if not file.is_file() and not dataset["file"].startswith("sklearn:"):
            self.found.left_out.append(
                f"data set '{dataset['name']}': {dataset['file']} is not here to be read again; "
                f"{copy} is used"
            )
            return
        table = {key: dataset[key] for key in (*TABLE_KEYS, *ROW_KEYS) if key in dataset}
        again = self.scratch / "source.npz"
        import_table(again, **table, largest_mb=np.inf)
        ours, theirs = read_source(again), read_source(self.folder / copy)
        found = {name: difference(getattr(ours, name), getattr(theirs, name)) for name in "Xy"}
        self.found.note("fits", copy, found)

    def _check_fit(
        self,
        dataset: Mapping[str, Any],
        scenario: Scenario | None,
        penalty: str,
        replicate: int,
        paths: Sequence[Path],
    ) -> None:
        named = f"{scenario.id} " if scenario else ""
        where = f"{dataset['name']} {named}replicate {replicate}, {penalty}"
        row = find_row(paths, scenario, replicate)
        if row is None:
            self.found.faults.append(f"{where}: is in no fits file that is there")
            return
        self._check_seed(row)
        theirs = row.read()
        file = row.path.relative_to(self.folder).as_posix()
        batch = draw_again(
            dataset,
            scenario,
            replicate,
            self.config["seed"],
            self.folder,
            self.scratch / "data.npz",
        )
        ours = fit_again(batch, penalty, self.config, "path_coef" in theirs)
        names = [name for name in {**ours, **theirs} if name not in TIMINGS]
        found = {
            name: difference(ours[name], theirs[name])
            if name in ours and name in theirs
            else np.inf
            for name in names
        }
        self.found.note("fits", f"{file}: {where}", found)

    def _check_seed(self, row: Row) -> None:
        with load_arrays(row.path) as file:
            seed = int(file["seed"]) if "seed" in file else None
        if seed not in (None, self.config["seed"]):
            fault = (
                f"{row.path.relative_to(self.folder).as_posix()}: was made with seed {seed}, "
                f"{NAME} says {self.config['seed']}"
            )
            if fault not in self.found.faults:
                self.found.faults.append(fault)

    def _metrics(self, dataset: str, scenario: str | None) -> pd.DataFrame:
        """Metrics on file of one scenario, keys as plain strings."""
        paths = self._metric_files(dataset)
        chosen = [("scenario", "==", scenario)] if scenario else None
        frame = pd.concat([pd.read_parquet(path, filters=chosen) for path in paths])
        return frame.astype(dict.fromkeys(KEYS, "str"))

    def _check_metrics(
        self,
        dataset: Mapping[str, Any],
        scenario: Scenario | None,
        penalty: str,
        paths: Sequence[Path],
    ) -> None:
        # what is missing is on the list already
        files = self._metric_files(dataset["name"])
        if not files or not paths:
            return
        parts = [cut_out(p, scenario, self.scratch / f"{i}.npz") for i, p in enumerate(paths)]
        fits = {penalty: [part for part in parts if part]}
        (found,) = evaluate(fits, dataset["name"], self.config["metrics"])
        ours = found["metrics"]
        theirs = self._metrics(dataset["name"], scenario.id if scenario else None)
        theirs = theirs[theirs["penalty"] == penalty]
        where = f"{files[0].relative_to(self.folder).as_posix()}: {penalty}"
        self.found.note("metrics", where, by_metric(ours, theirs, [*KEYS, "replicate"]))

    def _sample_errors(self, dataset: Mapping[str, Any], scenario: Scenario | None) -> Errors:
        """What the effects of a scenario owe to its test sample, from the fits on file."""
        if scenario is None or not is_sampled(scenario):
            return {}
        fits = {}
        for penalty in dataset["penalties"]:
            paths = self._files(f"fits/{dataset['name']}/{penalty}/")
            parts = [cut_out(p, scenario, self.scratch / f"{penalty}-{p.name}") for p in paths]
            fits[penalty] = [part for part in parts if part]
        with threadpool_limits(1):
            (found,) = read_estimates(fits, dataset["name"])
            return sample_errors(found)

    def _check_tables(self, of: Mapping[str, Any], simulated: Scenario | None) -> None:
        dataset = of["name"]
        if not self._metric_files(dataset):
            return
        metrics = self._metrics(dataset, simulated.id if simulated else None)
        scenario, shared = metrics["scenario"].iloc[0], overlap(of)
        chosen = [("dataset", "==", dataset), ("scenario", "==", scenario)]
        summary = pd.read_parquet(self.folder / "tables" / "summary.parquet", filters=chosen)
        where = f"tables/summary.parquet: {dataset} {scenario}"
        self.found.note("summary", where, by_metric(summarise(metrics, shared), summary, KEYS))
        pairs = with_sample_error(pair_table(metrics, shared), self._sample_errors(of, simulated))
        ours = judge(pairs, self.config["comparison"])
        theirs = pd.read_parquet(self.folder / "tables" / "verdicts.parquet", filters=chosen)
        # these are adjusted over all scenarios of the study
        own = [c for c in ours if not c.startswith("q_") and c != "verdict"]
        where = f"tables/verdicts.parquet: {dataset} {scenario}"
        self.found.note("verdicts", where, by_column(ours[own], theirs[own], PAIR))

    def _check_families(self) -> None:
        """The verdicts from the p-values on file."""
        table = pd.read_parquet(self.folder / "tables" / "verdicts.parquet")
        rate = self.config["comparison"]["false_discovery_rate"]
        for pair, rows in table.groupby(["first", "second", "tuning"]):
            names = rows[["first", "second", "scenario"]]
            ours = decide(rows["effect"], rows["p_win"], rows["p_equivalent"], rate, names)
            found = {name: difference(ours[name], rows[name]) for name in ours}
            self.found.note("verdicts", f"tables/verdicts.parquet: {' '.join(pair)}", found)


def cut_out(path: Path, scenario: Scenario | None, output: Path) -> Path | None:
    """Write the part of a fits file that belongs to one scenario; None if it has none."""
    with load_arrays(path) as file:
        if scenario is None:
            return path
        contents = json.loads(str(file["scenarios"]))
        index = next((i for i, c in enumerate(contents) if Scenario(**c) == scenario), None)
        if index is None:
            return None
        suffix = f".{index}"
        arrays = {f"{n.removesuffix(suffix)}.0": file[n] for n in file.files if n.endswith(suffix)}
        arrays |= {name: file[name] for name in ("seed", "start")}
        arrays["responses"] = file["responses"][index : index + 1]
        arrays["scenarios"] = np.array(json.dumps([contents[index]]))
    save_arrays(output, arrays)
    return output
