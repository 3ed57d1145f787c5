"""Figures, claims and the page, from a tiny study made without Snakemake."""

import html.parser
import json
import re
from pathlib import Path

import pytest

from normwise import claims
from normwise.calibration import calibrate
from normwise.cases import illustrate
from normwise.config import check_config, plan_chunks
from normwise.data import write_simulated
from normwise.evaluate import evaluate, trace_paths
from normwise.evidence import theory_table
from normwise.figures import draw_figure, plan_figures
from normwise.fit import FitOptions, fit_file
from normwise.grid_audit import audit
from normwise.replications import judge, run_batch
from normwise.report import write_report
from normwise.rules import learn
from normwise.study import read_tables, study_tables
from normwise.tables import write_table

ROOT = Path(__file__).parents[1]
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
        {"name": "wide", "figure": "case", "n_nonzero": 2, **SHAPE, "n_features": 60},
        {"name": "labels", "figure": "sweep", "n_nonzero": [2, 12], "response": "binary", **SHAPE},
    ],
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    config = check_config(CONFIG, ROOT / "workflow/schemas/config.schema.yaml", "test")
    parts = {n: [] for n in ("metrics", "stability", "theory", "fit_health", "timings")}
    paths, files = [], {}
    options = {"seed": config["seed"], "tolerance": config["tolerance"], **config["tuning"]}
    for dataset in config["datasets"]:
        name = dataset["name"]
        (chunk,) = plan_chunks(dataset, config["max_chunk_mb"])
        data = folder / f"{name}.npz"
        write_simulated(data, chunk.scenarios, chunk.start, chunk.stop, config["seed"])
        fits = {}
        for penalty in dataset["penalties"]:
            fits[penalty] = [folder / f"{name}_{penalty}.npz"]
            keep = FitOptions(**options, keep_paths=dataset["figure"] == "anatomy")
            fit_file(data, fits[penalty][0], name, penalty, keep, 1)
        files[name] = fits
        found = evaluate(fits, name) | {"theory": theory_table(dataset, fits, options["seed"])}
        for table, frame in found.items():
            parts[table].append(folder / f"{name}_{table}.parquet")
            write_table(frame, table, parts[table][-1])
        if dataset["figure"] == "anatomy":
            for table, frame in trace_paths(fits, name).items():
                suffix = "" if table == "paths" else f"_{table}"
                paths.append(folder / f"{name}{suffix}.parquet")
                write_table(frame, table, paths[-1])
        if dataset["figure"] == "case":
            for table, frame in illustrate(dataset, fits, config["seed"]).items():
                paths.append(folder / f"{name}_{table}.parquet")
                write_table(frame, table, paths[-1])
    tables = []
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
        parts["metrics"],
        parts["stability"],
        parts["theory"],
        parts["fit_health"],
        [calibration],
        config["datasets"],
        config["comparison"],
        config["tolerance"],
        config["replicates"],
        config["seed"],
    )
    (study, count), *_ = ((k, v) for k, v in config["replications"].items() if v)
    made |= {
        "fair_grid": audit(files, config["datasets"], config["comparison"]),
        "replications": judge([run_batch(study, 0, count, config["seed"])]),
        **learn(made["goals"], made["scenarios"], made["strategies"], config["comparison"]),
    }
    for table, frame in made.items():
        tables.append(folder / "tables" / f"{table}.parquet")
        write_table(frame, table, tables[-1], tables[-1].with_suffix(".csv"))
    return config, tables, paths, parts["timings"]


def draw_all(study, folder):
    config, tables, paths, _ = study
    plan = plan_figures(config)
    for name, entry in plan.items():
        names = {k: folder / f"{name}.{k}" for k in ("svg", "png")}
        draw_figure(entry, tables, paths, **names, caption=folder / f"{name}.json")
    return plan


@pytest.fixture(scope="module")
def drawn(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    return draw_all(study, folder), folder


@pytest.fixture(scope="module")
def page(study, drawn, tmp_path_factory):
    config, tables, _, timings = study
    plan, folder = drawn
    output = tmp_path_factory.mktemp("page") / "report.html"
    write_report(
        output,
        templates=sorted((ROOT / "workflow/templates").iterdir()),
        tables=tables,
        timings=timings,
        benchmarks=folder,
        figures=[folder / f"{name}.svg" for name in plan],
        captions=[folder / f"{name}.json" for name in plan],
        plan=plan,
        config=config,
    )
    return output.read_text(encoding="utf-8")


def test_every_shown_dataset_has_its_figure(drawn):
    plan, folder = drawn
    assert {"geometry", "grid", "close_paths", "close_bias_variance", "related"} <= set(plan)
    assert {"one_axis", "labels", "selection", "stability", "worked_cases"} <= set(plan)
    for name in plan:
        words = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        assert words["title"] and len(words["caption"]) > 80
        assert "nan" not in words["caption"]


def test_figures_are_the_same_byte_for_byte(study, drawn, tmp_path):
    plan, folder = drawn
    draw_all(study, tmp_path)
    for name in plan:
        for kind in ("svg", "png", "json"):
            again = (tmp_path / f"{name}.{kind}").read_bytes()
            assert again == (folder / f"{name}.{kind}").read_bytes(), f"{name}.{kind}"


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.images, self.targets, self.links, self.open = [], set(), [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "img":
            self.images.append(attrs)
        if "id" in attrs:
            self.targets.add(attrs["id"])
        if tag == "a":
            self.links.append(attrs["href"])
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_well_formed_and_needs_no_network(page, drawn):
    plan, _ = drawn
    parsed = Page()
    parsed.feed(page)
    assert not parsed.open
    assert len(parsed.images) == len(plan)
    assert all(len(image["alt"]) > 80 for image in parsed.images)
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in parsed.images)
    assert {link.removeprefix("#") for link in parsed.links} <= parsed.targets
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page)


def test_page_has_a_row_for_every_scenario(page, study):
    scenarios = read_tables(study[1])["scenarios"]
    table = page[page.index('id="verdicts"') : page.index('id="methods"')]
    assert table.count("<tr>") == len(scenarios) + 1


def test_claims_turn_when_the_data_do(study):
    tables = read_tables(study[1])
    before = claims.judge_claims(tables)
    assert claims.UNKNOWN not in [claim.verdict for claim in before]
    verdicts, summary = tables["verdicts"].copy(), tables["summary"].copy()
    # the other penalty wins every scenario that a claim gives to one of them
    few = (
        tables["scenarios"].drop_duplicates("scenario").set_index("scenario")["nonzero_share"]
        <= 0.2
    )
    sparse = verdicts["scenario"].map(few)
    verdicts["verdict"] = sparse.map({True: "l2", False: "l1"})
    # and ridge relies on fewer coefficients than the lasso
    carried = summary["metric"] == "effective_coefs"
    summary.loc[carried & (summary["penalty"] == "l2"), "mean"] = 1.0
    summary.loc[carried & (summary["penalty"] == "l1"), "mean"] = 5.0
    after = claims.judge_claims(tables | {"verdicts": verdicts, "summary": summary})
    assert [claim.verdict for claim in after[1:4]] == [claims.FAILS] * 3
    assert claims.FAILS not in [claim.verdict for claim in before[1:4]]


def test_claims_without_a_scenario_say_so(study):
    tables = read_tables(study[1])
    keep = tables["scenarios"]["dataset"] == "one_axis"
    tables["scenarios"] = tables["scenarios"][keep]
    found = claims.judge_claims(tables)
    assert found[3].verdict == claims.UNKNOWN
