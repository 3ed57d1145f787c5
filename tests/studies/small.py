"""A small study with every kind of figure, made without Snakemake, and its page."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from studies.joined import evaluated

from normwise.advice.estimates import estimate
from normwise.analysis.columns import BLOCK_TABLES
from normwise.analysis.judge.compare import study_tables
from normwise.analysis.learn.learn import learn
from normwise.analysis.measure.paths import trace_paths
from normwise.analysis.measure.theory_check import theory_table
from normwise.analysis.measure.worked_case import illustrate
from normwise.analysis.tables import write_table
from normwise.analysis.trials.calibration import calibrate
from normwise.analysis.trials.replications.protocol import judge, run_batch
from normwise.data.simulated import write_simulated
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.provenance.machine import describe_run
from normwise.report.figures.gallery import gallery
from normwise.report.figures.write import draw_figure
from normwise.report.page import write_report
from normwise.study.blocks import cut_blocks
from normwise.study.config import check_config
from normwise.study.design import scenarios_of

WORKFLOW = Path(__file__).parents[2] / "workflow"
SHAPE = {"n_samples": 40, "n_features": 12, "snr": 3.0}
CONFIG = {
    "calibration": {"replicates": 20},
    "replications": {"zou_hastie_2005": 2},
    "replicates": 8,
    "tuning": {"n_folds": 3, "n_alphas": 12},
    "datasets": [
        {"name": "close", "figure": "anatomy", "n_nonzero": [2, 12], **SHAPE},
        {
            "name": "related",
            "figure": "sweep",
            "covariance": "blocks",
            "correlation": [0.0, 0.9],
            "nonzero_fraction": [0.2, 1.0],
            **SHAPE,
        },
        {"name": "one_axis", "figure": "sweep", "n_nonzero": 2, **SHAPE, "snr": [0.5, 3.0]},
        {"name": "grid", "figure": "map", "n_nonzero": [1, 12], **SHAPE, "snr": [0.5, 3.0]},
        {
            "name": "wide",
            "figure": "case",
            "title": "Many more columns than rows",
            "story": "A story about columns.",
            "n_nonzero": 2,
            **SHAPE,
            "n_features": 60,
        },
        {"name": "labels", "figure": "sweep", "n_nonzero": [2, 12], "response": "binary", **SHAPE},
        {
            "name": "visits",
            "figure": "sweep",
            "penalties": ["l1", "l2"],
            "n_nonzero": [2, 12],
            "response": "poisson",
            "mean_count": 2.0,
            **SHAPE,
            "snr": 1.0,
        },
        {
            "name": "species",
            "figure": "sweep",
            "penalties": ["l1", "l2"],
            "n_nonzero": [2, 12],
            "response": "multinomial",
            **SHAPE,
            "n_samples": 48,
        },
        {
            "name": "sampled",
            "design": {"n_scenarios": 4, "max_entries": 600},
            "n_samples": {"low": 20, "high": 60, "log": True},
            "n_features": {"low": 4, "high": 30, "log": True},
            "nonzero_fraction": {"low": 0.1, "high": 1},
            "covariance": ["independent", "blocks"],
            "correlation": {"low": 0.1, "high": 0.9},
            "snr": {"low": 0.5, "high": 4, "log": True},
        },
        {"name": "unseen", "hold_out": True, "n_nonzero": [1, 5], **SHAPE, "snr": [1.0, 4.0]},
    ],
}


@dataclass(frozen=True)
class SmallStudy:
    """Where the files of the study lie."""

    config: dict
    tables: list[Path]
    closer: list[Path]
    timings: list[Path]
    fits: dict[str, dict[str, list[Path]]]


def run_study(folder: Path) -> SmallStudy:
    """Simulate, fit and tabulate."""
    config = check_config(CONFIG, WORKFLOW / "schemas/config.schema.yaml", "test")
    parts = {n: [] for n in (*BLOCK_TABLES, "theory")}
    closer, files, seen_alone = [], {}, []
    options = {"seed": config["seed"], "tolerance": config["tolerance"], **config["tuning"]}
    for dataset in config["datasets"]:
        name = dataset["name"]
        (block,) = cut_blocks(dataset, config["max_chunk_mb"])
        (chunk,) = block.chunks.values()
        data = folder / f"{name}.npz"
        write_simulated(data, chunk.scenarios, chunk.start, chunk.stop, config["seed"])
        fits = {}
        for penalty in dataset["penalties"]:
            fits[penalty] = [folder / f"{name}_{penalty}.npz"]
            keep = FitOptions(**options, keep_paths=dataset["figure"] == "anatomy")
            fit_file(data, fits[penalty][0], name, penalty, keep, 1)
        files[name] = fits
        found = evaluated(fits, name) | {"theory": theory_table(name, fits, options["seed"])}
        for table, frame in found.items():
            parts[table].append(folder / f"{name}_{table}.parquet")
            write_table(frame, table, parts[table][-1])
        if dataset["hold_out"]:
            plain = [scenario.as_dict() for scenario in chunk.scenarios]
            draws = config["seed"], config["comparison"]["estimate_replicates"]
            seen_alone.append(estimate(name, plain, found["metrics"], *draws))
        seen = {}
        if dataset["figure"] == "anatomy":
            seen = trace_paths(fits, name)
        if dataset["figure"] == "case":
            seen = illustrate(dataset, fits, config["seed"])
        for table, frame in seen.items():
            suffix = "" if table == "paths" else f"_{table}"
            closer.append(folder / f"{name}{suffix}.parquet")
            write_table(frame, table, closer[-1])
    calibration = folder / "calibration.parquet"
    rows = calibrate(
        "one_matters",
        config["calibration"]["replicates"],
        config["replicates"],
        FitOptions(**options),
        config["comparison"],
    )
    write_table(rows, "calibration", calibration)
    made = study_tables(
        parts,
        [calibration],
        config["datasets"],
        config["comparison"],
        config["tolerance"],
        config["replicates"],
        config["seed"],
        sampled={d["name"]: scenarios_of(d) for d in config["datasets"] if "design" in d},
    )
    (published, count), *_ = ((k, v) for k, v in config["replications"].items() if v)
    made |= {
        "replications": judge([run_batch(published, 0, count, config["seed"])]),
        **learn(
            made["goals"],
            made["scenarios"],
            made["strategies"],
            config["comparison"],
            estimates=pd.concat(seen_alone, ignore_index=True),
        ),
    }
    tables = []
    for table, frame in made.items():
        tables.append(folder / "tables" / f"{table}.parquet")
        write_table(frame, table, tables[-1], tables[-1].with_suffix(".csv"))
    return SmallStudy(config, tables, closer, parts["timings"], files)


def draw_all(study: SmallStudy, folder: Path) -> dict:
    """Draw every figure that the config calls for; their entries by name."""
    entries = gallery(study.config)
    for name, entry in entries.items():
        names = {k: folder / f"{name}.{k}" for k in ("svg", "png")}
        names |= {"narrow": folder / f"{name}-narrow.svg", "caption": folder / f"{name}.json"}
        draw_figure(entry, study.tables, study.closer, **names)
    return entries


def write_page(study: SmallStudy, entries: dict, figures: Path, output: Path, **changes) -> str:
    """Write the two pages beside the tables; the text of both."""
    evidence = output.with_name("evidence.html")
    given = {
        "evidence": evidence,
        "tables": study.tables,
        "timings": study.timings,
        "benchmarks": figures,
        "figures": sorted(figures.glob("*.svg")),
        "captions": [figures / f"{name}.json" for name in entries],
        "gallery": entries,
        "config": study.config,
        "run": describe_run(),
    }
    write_report(output, **(given | changes))
    return output.read_text(encoding="utf-8") + evidence.read_text(encoding="utf-8")
