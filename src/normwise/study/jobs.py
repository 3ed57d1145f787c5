"""The study as an object: what its jobs work on, which files they leave, and what is there.

The rules of the workflow ask it and compute nothing themselves. Files are relative to the results
folder, and the numbers of chunks and blocks may be given as text, as wildcards are.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from normwise.analysis.columns import BLOCK_TABLES
from normwise.analysis.learn.atlas import about_atlas
from normwise.analysis.trials.cells import CELLS
from normwise.analysis.trials.replications.protocol import plan_batches
from normwise.data.batch import outside_key
from normwise.data.chunk import Chunk
from normwise.data.generated import DATASETS
from normwise.data.imported import ROW_KEYS, TABLE_KEYS, is_local
from normwise.data.scenario import Scenario
from normwise.data.splits import overlap
from normwise.data.tables.part import file_of
from normwise.report.figures.gallery import gallery
from normwise.study.blocks import Blocks, cut, cut_study, recall, remember, remove_others
from normwise.study.config import MIN_ROWS_PER_FOLD
from normwise.study.design import scenarios_of
from normwise.study.extensions import digest, origin
from normwise.study.missing import Expected

# what `evaluate` and `check_theory` leave of a block
PARTS_OF_BLOCK = (*BLOCK_TABLES, "theory")
# what `estimate` leaves of some blocks
ESTIMATES = "estimates"
# they grow with the replicates and stay with their block
PER_REPLICATE = ("metrics", "timings")
# keys of a data set that only the report shows
SHOWN = ("title", "story", "figure", "hold_out")
# rules that make data; a data set has one of them
MAKERS = ("simulate", "split_table", "simulate_response", "generate")
PATH_TABLES = ("", "_coefficients")
CASE_TABLES = ("_draws", "_examples")


@dataclass(frozen=True)
class Study:
    """A checked config, made into jobs.

    Attributes
    ----------
    config : mapping
        The checked config.
    results : Path
        The results folder.
    blocks : mapping of str to list of Block
        Blocks of the simulated data sets, by data set.
    """

    config: Mapping[str, Any]
    results: Path
    blocks: Blocks

    @classmethod
    def planned(cls, config: Mapping[str, Any], results: Path, code: str, *, recut: bool) -> Study:
        """Cut the data sets into jobs, as an earlier run has, so far as its fits are still of use.

        Parameters
        ----------
        config : mapping
            The checked config.
        results : Path
            The results folder, which holds the earlier plan.
        code : str
            Digest of the code that all fits depend on.
        recut : bool
            Whether blocks that nothing was fitted of may be cut anew. A job keeps to the plan of
            its run.
        """
        plain = cls(config, results, {})

        def is_begun(dataset: str, chunk: int) -> bool:
            return any((results / "fits" / dataset).glob(f"*/{chunk}.npz"))

        known = recall(plain._plan_file, plain._basis(code), is_begun if recut else None)
        blocks = cut_study(config["datasets"], config["max_chunk_mb"], config["max_jobs"], known)
        return cls(config, results, blocks)

    @property
    def _plan_file(self) -> Path:
        return self.results / "chunks.json"

    def _basis(self, code: str) -> str:
        """Digest of what all fits depend on: a change of it makes them all anew."""
        return code + str([self.config[k] for k in ("seed", "tolerance", "engine", "tuning")])

    def begin(self, code: str) -> None:
        """Remember the plan, and remove tables of blocks that are no longer part of the study."""
        remember(self._plan_file, self.blocks, self._basis(code))
        for name, blocks in self.cuts.items():
            for table in (*PARTS_OF_BLOCK, ESTIMATES):
                remove_others(self.results / table / name, blocks)

    # data sets

    @cached_property
    def datasets(self) -> dict[str, Mapping[str, Any]]:
        """Data sets of the config by name."""
        return {d["name"]: d for d in self.config["datasets"]}

    def from_source(self, *sources: str) -> list[str]:
        """Names of the data sets from some sources."""
        return [name for name, d in self.datasets.items() if d["source"] in sources]

    @property
    def simulated(self) -> list[str]:
        """Names of the data sets drawn from scenarios."""
        return self.from_source("scenarios")

    @property
    def split(self) -> list[str]:
        """Names of the tables that are split."""
        return self.from_source("table")

    @property
    def semi_synthetic(self) -> list[str]:
        """Names of the tables with a simulated response."""
        return self.from_source("semi_synthetic")

    @property
    def generated(self) -> list[str]:
        """Names of the data sets that a function of the user's draws."""
        return self.from_source(*DATASETS)

    def _with_figure(self, figure: str) -> list[str]:
        return [name for name, d in self.datasets.items() if d["figure"] == figure]

    @property
    def estimated(self) -> list[str]:
        """Names of the data sets on which rules are told what can be estimated."""
        return [
            name
            for name in self.simulated
            if self.datasets[name]["hold_out"]
            and {"l1", "l2"} <= set(self.datasets[name]["penalties"])
            and self.described(name)
        ]

    @property
    def traced(self) -> list[str]:
        """Names of the data sets whose paths are kept."""
        return self._with_figure("anatomy")

    @property
    def worked_cases(self) -> list[str]:
        """Names of the data sets that are looked at closely."""
        return self._with_figure("case")

    @cached_property
    def scenarios(self) -> dict[str, set[Scenario]]:
        """Scenarios that the config asks for, by simulated data set."""
        return {name: set(scenarios_of(self.datasets[name])) for name in self.simulated}

    @property
    def n_scenarios(self) -> int:
        """Scenarios of all data sets; data from elsewhere count as one."""
        return sum(len(self.scenarios.get(name, [name])) for name in self.datasets)

    @cached_property
    def penalties(self) -> list[str]:
        """Penalties of all data sets, each once."""
        return list(dict.fromkeys(p for d in self.datasets.values() for p in d["penalties"]))

    @property
    def cells(self) -> list[str]:
        """Names of the scenarios with a known answer that are to be tried."""
        return list(CELLS) if self.config["calibration"]["replicates"] else []

    @cached_property
    def batches(self) -> dict[str, list[tuple[int, int]]]:
        """Ranges of data sets, one for each job, by published study."""
        return plan_batches(self.config["replications"])

    # cuts

    @cached_property
    def chunks(self) -> dict[str, dict[int, Chunk]]:
        """Content of the data files of simulated data sets, by data set and number."""
        return {
            name: {number: chunk for block in blocks for number, chunk in block.chunks.items()}
            for name, blocks in self.blocks.items()
        }

    @cached_property
    def cuts(self) -> dict[str, dict[int, list[int]]]:
        """Numbers of the chunks of each block, by data set and block.

        A data set from elsewhere is one block.
        """
        return {
            name: (
                {block.name: list(block.cuts) for block in self.blocks[name]}
                if name in self.blocks
                else {0: list(range(d["chunks"]))}
            )
            for name, d in self.datasets.items()
        }

    def chunk(self, dataset: str, chunk: int | str) -> Chunk | None:
        """Content of a data file; None for data from elsewhere."""
        return self.chunks[dataset][int(chunk)] if dataset in self.chunks else None

    def chunk_params(self, dataset: str, chunk: int | str) -> dict[str, Any]:
        """Content of a simulated data file, in plain values."""
        return self.chunks[dataset][int(chunk)].as_params()

    def bounds(self, dataset: str, chunk: int | str) -> tuple[int, int]:
        """First replicate of a chunk of data from elsewhere, and the one after its last."""
        d = self.datasets[dataset]
        return cut(d["replicates"], d["chunks"])[int(chunk)]

    def n_fits(self, dataset: str, chunk: int | str) -> int:
        """Replicates in a data file, each to be fitted once by a penalty."""
        content, d = self.chunk(dataset, chunk), self.datasets[dataset]
        return content.n_fits if content else -(-d["replicates"] // d["chunks"])

    @cached_property
    def largest_mb(self) -> int:
        """What a data file may take on the disk, the same for all: see the profiles."""
        chunks = [chunk for chunks in self.chunks.values() for chunk in chunks.values()]
        sizes = [c.megabytes for c in chunks if not c.travels_as_recipe(self.config)]
        return math.ceil(max([self.config["max_chunk_mb"], *sizes]))

    def data_mb(self, dataset: str, chunk: int | str) -> int:
        """Room on the disk that a data file takes until it is fitted."""
        content = self.chunks.get(dataset, {}).get(int(chunk))
        # data that are kept pile up whatever the order
        if self.config["keep_data"] or (content and content.travels_as_recipe(self.config)):
            return 0
        return self.largest_mb

    def scenario_ids(self, dataset: str, block: int | str) -> list[str]:
        """Ids of the scenarios of a block that the config asks for."""
        if dataset not in self.blocks:
            return [outside_key(dataset)[:10]]
        return [s.id for s in self._wanted_scenarios(dataset, block)]

    def _wanted_scenarios(self, dataset: str, block: int | str) -> list[Scenario]:
        (block_,) = (b for b in self.blocks[dataset] if b.name == int(block))
        return [s for s in block_.scenarios if s in self.scenarios[dataset]]

    # what the scripts are given

    def table_file(self, dataset: str) -> str | list[str]:
        """The user's file; an empty list for a table of a library, which has none."""
        file = self.datasets[dataset]["file"]
        return str(file_of(file)) if is_local(file) else []

    def table_keys(self, dataset: str) -> dict[str, Any]:
        """Keys of a data set that say which table is read, and how."""
        d = self.datasets[dataset]
        given = {key: d[key] for key in (*TABLE_KEYS, *ROW_KEYS) if key in d}
        # that of rows with a simulated response is no property of the table
        named = d["source"] == "table" and "response" in d
        return given | ({"response": d["response"][0]} if named else {})

    def design(self, dataset: str) -> dict[str, Any]:
        """A data set without the keys that only the report shows."""
        return {k: v for k, v in self.datasets[dataset].items() if k not in SHOWN}

    def replicates(self, dataset: str) -> int:
        """Independent draws of a data set, or splits."""
        return int(self.datasets[dataset]["replicates"])

    def described(self, dataset: str) -> int:
        """Replicates of each scenario of which it is estimated what they show."""
        asked = int(self.config["comparison"]["estimate_replicates"])
        return min(asked, self.replicates(dataset))

    @property
    def criteria(self) -> dict[str, Any]:
        """When a difference counts: what verdicts depend on."""
        others = ("estimate_replicates", "learn_from")
        return {k: v for k, v in self.config["comparison"].items() if k not in others}

    def scenario_params(self, dataset: str, block: int | str) -> list[dict[str, Any]]:
        """Scenarios of a block that the config asks for, in plain values."""
        return [s.as_dict() for s in self._wanted_scenarios(dataset, block)]

    def overlap(self, dataset: str) -> float:
        """Rows held out per row that is fitted, for splits of one table."""
        return overlap(self.datasets[dataset])

    def wanted(self, dataset: str, block: int | str) -> list[str] | None:
        """Scenarios of a block to be tabulated; None for data from elsewhere: all that is there."""
        return self.scenario_ids(dataset, block) if dataset in self.blocks else None

    def fits(self, dataset: str, block: int | str | None = None) -> dict[str, list[str]]:
        """Fits files of a block, or of a whole data set, by penalty."""
        cuts = self.cuts[dataset]
        chunks = [c for b in (cuts if block is None else [int(block)]) for c in cuts[b]]
        return {
            penalty: [f"fits/{dataset}/{penalty}/{chunk}.npz" for chunk in chunks]
            for penalty in self.datasets[dataset]["penalties"]
        }

    @property
    def min_rows(self) -> int:
        """Fewest rows that can be split into folds."""
        return MIN_ROWS_PER_FOLD * int(self.config["tuning"]["n_folds"])

    @property
    def solver_options(self) -> dict[str, Any]:
        """Options of every fit."""
        keys = ("seed", "tolerance", "engine")
        return {key: self.config[key] for key in keys} | self.config["tuning"]

    def fit_options(self, dataset: str) -> dict[str, Any]:
        """Options of the fits of a data set."""
        return self.solver_options | {"keep_paths": dataset in self.traced}

    def batch(self, study: str, batch: int | str) -> tuple[int, int]:
        """Range of data sets of one job of a published study."""
        return self.batches[study][int(batch)]

    # files of the user's

    def generator_files(self, dataset: str) -> list[list[str]]:
        """The user's file that draws a data set, with its digest."""
        return _files_of([self.datasets[dataset]["source"]])

    def penalty_files(self, penalty: str) -> list[list[str]]:
        """The user's file that a penalty comes from, with its digest."""
        return _files_of([penalty])

    def penalties_files(self, dataset: str) -> list[list[str]]:
        """The user's files that the penalties of a data set come from, with their digests."""
        return _files_of(self.datasets[dataset]["penalties"])

    def measuring_files(self, dataset: str) -> list[list[str]]:
        """The user's files that penalties and metrics come from, with their digests."""
        return _files_of([*self.datasets[dataset]["penalties"], *self.config["metrics"]])

    @cached_property
    def atlas(self) -> str:
        """Digest of the atlas that rule and surface rest on; none if they are learnt here."""
        if self.config["comparison"]["learn_from"] == "study":
            return ""
        return str(about_atlas()["tables"])

    @property
    def extension_files(self) -> list[list[str]]:
        """All files of the user's that the study has a use for, with their digests."""
        return _files_of([*self.penalties, *self.config["metrics"]])

    # what is there

    @cached_property
    def parts(self) -> dict[tuple[str, int | str], Expected]:
        """Parts of the study that are there as a whole or not at all.

        Blocks by data set and number; and by ``calibration`` and ``replications`` with the name of
        the cell or published study.
        """
        parts: dict[tuple[str, int | str], Expected] = {}
        for name, blocks in self.cuts.items():
            parts |= {(name, block): self._expected_block(name, block) for block in blocks}
        parts |= {("calibration", cell): self._expected_cell(cell) for cell in self.cells}
        parts |= {("replications", s): self._expected_study(s) for s in self.batches}
        return parts

    def _expected_block(self, dataset: str, block: int) -> Expected:
        part = f"{dataset}/{block}"
        names = [
            f"{dataset}/{penalty}/{chunk}"
            for penalty in self.datasets[dataset]["penalties"]
            for chunk in self.cuts[dataset][block]
        ]
        jobs = [(f"fits/{name}.npz", f"fit/{name}.log") for name in names]
        jobs += [(f"metrics/{part}.parquet", f"evaluate/{part}.log")]
        jobs += [(f"theory/{part}.parquet", f"predict/{part}.log")]
        tables = [*PARTS_OF_BLOCK, *([ESTIMATES] if dataset in self.estimated else [])]
        jobs += [(f"{ESTIMATES}/{part}.parquet", f"estimate/{part}.log")] * (ESTIMATES in tables)
        # whatever made the data; they go once they are fitted
        jobs += [(f"sources/{dataset}.npz", f"import_table/{dataset}.log")]
        for maker in MAKERS:
            for chunk in self.cuts[dataset][block]:
                jobs += [(f"data/{dataset}/{chunk}.npz", f"{maker}/{dataset}/{chunk}.log")]
        return self._expected(
            dataset,
            self.scenario_ids(dataset, block),
            self.replicates(dataset),
            [f"{table}/{part}.parquet" for table in tables],
            jobs,
        )

    def _expected_cell(self, cell: str) -> Expected:
        file = f"calibration/{cell}.parquet"
        replicates = self.config["calibration"]["replicates"]
        jobs = [(file, f"calibrate/{cell}.log")]
        return self._expected("calibration", [cell], replicates, [file], jobs)

    def _expected_study(self, study: str) -> Expected:
        batches = [f"{study}/{batch}" for batch in range(len(self.batches[study]))]
        jobs = [(f"replications/{b}.parquet", f"replicate/{b}.log") for b in batches]
        files = [file for file, _ in jobs]
        count = self.config["replications"][study]
        return self._expected("replications", [study], count, files, jobs)

    def _expected(
        self,
        dataset: str,
        scenarios: list[str],
        replicates: int,
        files: Iterable[str],
        jobs: Iterable[tuple[str, str]],
    ) -> Expected:
        return Expected(
            dataset,
            scenarios,
            replicates,
            [self.results / file for file in files],
            [(self.results / file, self.results / "logs" / log) for file, log in jobs],
        )

    def missing_now(self) -> list[dict[str, Any]]:
        """Rows of table ``missing`` for the parts without results, as the disk is now."""
        return [row for part in self.parts.values() for row in part.missing()]

    @cached_property
    def missing(self) -> list[dict[str, Any]]:
        """Rows of table ``missing``: parts that the report goes without, where it may."""
        return self.missing_now() if self.config["incomplete"] else []

    @cached_property
    def _there(self) -> set[tuple[str, int | str]]:
        return {key for key, part in self.parts.items() if not self.missing or part.is_there}

    @cached_property
    def blocks_there(self) -> dict[str, list[int]]:
        """Blocks that the tables are made of, by data set."""
        return {n: [b for b in self.cuts[n] if (n, b) in self._there] for n in self.datasets}

    @property
    def cells_there(self) -> list[str]:
        """Cells with a known answer that the tables are made of."""
        return [cell for cell in self.cells if ("calibration", cell) in self._there]

    @property
    def batches_there(self) -> dict[str, list[tuple[int, int]]]:
        """Batches of the published studies that the tables are made of."""
        return {s: b for s, b in self.batches.items() if ("replications", s) in self._there}

    def _whole(self, names: Iterable[str]) -> list[str]:
        """Those of some data sets of which no block is missing."""
        return [n for n in names if len(self.blocks_there[n]) == len(self.cuts[n])]

    @cached_property
    def figures(self) -> dict[str, dict[str, Any]]:
        """The figures that can be drawn of what is there, by name."""
        whole = self._whole(self.datasets)

        def drawn(name: str, dataset: Mapping[str, Any]) -> Mapping[str, Any]:
            # a close look needs all of a data set
            close = dataset["figure"] in ("anatomy", "case")
            return {**dataset, "figure": "none"} if close and name not in whole else dataset

        datasets = [drawn(n, d) for n, d in self.datasets.items() if self.blocks_there[n]]
        return gallery(
            {
                **self.config,
                "datasets": datasets,
                "calibration": {"replicates": len(self.cells_there)},
                "replications": dict.fromkeys(self.batches_there, 1),
            }
        )

    def figure_module(self, figure: str) -> str:
        """Name of the module that draws a figure."""
        return str(self.figures[figure]["module"]).rpartition(".")[2]

    @property
    def figure_modules(self) -> dict[str, str]:
        """Modules that draw the figures, by figure."""
        return {figure: self.figure_module(figure) for figure in self.figures}

    # files by what they are

    def block_tables(self, table: str) -> list[str]:
        """Files of a table, one for each block that is there."""
        return [
            f"{table}/{name}/{block}.parquet"
            for name, blocks in self.blocks_there.items()
            for block in blocks
        ]

    @property
    def compared_tables(self) -> dict[str, list[str]]:
        """Files of the tables of blocks that are put together, by table."""
        tables = [table for table in PARTS_OF_BLOCK if table not in PER_REPLICATE]
        return {table: self.block_tables(table) for table in tables}

    @property
    def estimate_files(self) -> list[str]:
        """Files of what was estimated, one for each block that is there."""
        return [
            f"{ESTIMATES}/{name}/{block}.parquet"
            for name in self.estimated
            for block in self.blocks_there[name]
        ]

    @property
    def calibration_files(self) -> list[str]:
        """Files of the cells that are there."""
        return [f"calibration/{cell}.parquet" for cell in self.cells_there]

    @property
    def replication_files(self) -> list[str]:
        """Files of the batches that are there."""
        return [
            f"replications/{study}/{batch}.parquet"
            for study, batches in self.batches_there.items()
            for batch in range(len(batches))
        ]

    @property
    def path_files(self) -> list[str]:
        """Tables of the paths of the data sets that are traced."""
        return [f"paths/{n}{t}.parquet" for n in self._whole(self.traced) for t in PATH_TABLES]

    @property
    def case_files(self) -> list[str]:
        """Tables of the worked cases."""
        names = self._whole(self.worked_cases)
        return [f"cases/{n}{t}.parquet" for n in names for t in CASE_TABLES]

    @property
    def source_files(self) -> list[str]:
        """Tables of the user's as they were read."""
        names = self._whole([*self.split, *self.semi_synthetic])
        return [f"sources/{name}.npz" for name in names]

    @property
    def figure_files(self) -> list[str]:
        """Figures in all their forms."""
        kinds = (".svg", "-narrow.svg", ".png")
        return [f"figures/{f}{kind}" for f in self.figures for kind in kinds]

    @property
    def caption_files(self) -> list[str]:
        """Words of the figures."""
        return [f"figures/{figure}.json" for figure in self.figures]

    @property
    def files_between(self) -> list[str]:
        """Files between data and tables that are there, for the record of the study."""
        return list(self._files_between())

    def _files_between(self) -> Iterator[str]:
        for name, blocks in self.blocks_there.items():
            for penalty in self.datasets[name]["penalties"]:
                for block in blocks:
                    for chunk in self.cuts[name][block]:
                        yield f"fits/{name}/{penalty}/{chunk}.npz"
        for table in PARTS_OF_BLOCK:
            yield from self.block_tables(table)
        yield from self.estimate_files
        yield from (*self.path_files, *self.case_files, *self.calibration_files)
        yield from (f"replications/{study}" for study in self.batches_there)


def _files_of(names: Iterable[str]) -> list[list[str]]:
    """Files of the user's that some names come from, with digests of their content."""
    files = {file for name in names if (file := origin(name)) is not None}
    return [[os.path.relpath(file), digest(file)] for file in sorted(files)]
