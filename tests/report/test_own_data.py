"""The figure and the table of data sets that are not scenarios."""

import numpy as np
import pandas as pd
import pytest
from studies.joined import evaluated
from studies.small import WORKFLOW

from normwise.analysis.columns import BLOCK_TABLES, typed
from normwise.analysis.judge.compare import study_tables
from normwise.analysis.tables import read_parts, write_table
from normwise.data.imported import import_table, read_source
from normwise.data.semi_synthetic import write_semi_synthetic
from normwise.data.splits import overlap, write_splits
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.report.figures import own_data
from normwise.report.figures.gallery import gallery
from normwise.report.sheets.datasets import own_data_sheet
from normwise.study.config import check_config

WINE = {"file": "sklearn:wine", "positive": "class_1"}
HALF = {"source": "semi_synthetic", "file": "sklearn:diabetes", "n_samples": 40, "snr": 2.0}
CONFIG = {
    "replicates": 8,
    "penalties": ["l1", "l2"],
    "tuning": {"n_folds": 3, "n_alphas": 10},
    "datasets": [
        {"name": "diabetes", "file": "sklearn:diabetes"},
        {"name": "wine", **WINE},
        {"name": "half", "n_nonzero": 2, **HALF},
        {"name": "classes", "n_nonzero": 2, "response": "binary", **HALF},
    ],
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Config, tables, and the tables of the user's, of two real and two half real data sets."""
    folder = tmp_path_factory.mktemp("own")
    config = check_config(CONFIG, WORKFLOW / "schemas/config.schema.yaml", "test")
    options = FitOptions(config["seed"], tolerance=config["tolerance"], **config["tuning"])
    parts = {n: [] for n in BLOCK_TABLES}
    sources = {}
    for d in config["datasets"]:
        name, data = d["name"], folder / f"{d['name']}.npz"
        imported = folder / f"{name}_source.npz"
        import_table(imported, d["file"], positive=d.get("positive"), largest_mb=10)
        sources[name] = read_source(imported)
        given = (data, sources[name], d, (0, d["replicates"]), config["seed"])
        if d["source"] == "table":
            write_splits(*given, min_rows=6, largest_mb=10)
        else:
            write_semi_synthetic(*given, largest_mb=10)
        fits = {p: [folder / f"{name}_{p}.npz"] for p in d["penalties"]}
        for penalty, (path,) in fits.items():
            fit_file(data, path, name, penalty, options, 1)
        for table, frame in evaluated(
            fits,
            name,
            overlap=overlap(d),
        ).items():
            parts[table].append(folder / f"{name}_{table}.parquet")
            write_table(frame, table, parts[table][-1])
    theory = folder / "theory.parquet"
    write_table(typed(pd.DataFrame(), "theory"), "theory", theory)
    tables = study_tables(
        parts | {"theory": [theory]},
        [],
        config["datasets"],
        config["comparison"],
        config["tolerance"],
        config["replicates"],
        config["seed"],
    )
    return config, tables | {"metrics": read_parts(parts["metrics"], "metrics")}, sources


def test_the_figure_is_planned_for_what_is_no_scenario_and_has_both_penalties(study):
    config, _, _ = study
    assert gallery(config)["own_data"]["datasets"] == ["diabetes", "wine", "half", "classes"]
    lonely = [d | {"penalties": ["l1"]} for d in config["datasets"]]
    assert "own_data" not in gallery(config | {"datasets": lonely})


def test_the_interval_counts_the_rows_held_out_where_replicates_are_splits(study):
    _, tables, _ = study
    rows = tables["verdicts"].query("first == 'l1' and second == 'l2' and tuning == 'cv_min'")
    values = tables["metrics"].query("tuning == 'cv_min'")
    # a quarter is held out: a third of the rows fitted
    added = {"diabetes": 1 / 3, "wine": 1 / 3, "half": 0.0, "classes": 0.0}
    for row in rows.itertuples():
        own = values[(values["dataset"] == row.dataset) & (values["metric"] == row.metric)]
        wide = own.pivot(index="replicate", columns="penalty", values="value")
        spread = np.log(wide["l1"] / wide["l2"]).std()
        assert row.mcse == pytest.approx(spread * np.sqrt(1 / 8 + added.pop(row.dataset)))
    assert added == {}
    # and more splits are not planned
    assert set(tables["plan"]["dataset"]) == {"half", "classes"}


def drawn(study, **changes):
    config, tables, _ = study
    return own_data.draw(tables | changes, gallery(config)["own_data"])


def test_the_figure_shows_the_effects_and_shares_of_the_tables(study):
    _, tables, _ = study
    drawing = drawn(study)
    left, right = drawing.figure.axes
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert labels[0] == "diabetes\ntest error"
    assert labels[3] == "classes\nexcess risk"
    rows = tables["verdicts"].query("first == 'l1' and second == 'l2' and tuning == 'cv_min'")
    marks = {
        (round(y), float(x))
        for line in left.lines
        if line.get_linestyle() == "None"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    expected = rows.set_index("dataset")["ratio"]
    assert {y: x for y, x in marks} == pytest.approx(
        {i: expected[n] for i, n in enumerate(["diabetes", "wine", "half", "classes"])}
    )
    summary = tables["summary"].query("tuning == 'cv_min' and penalty == 'l1'")
    mean = summary.set_index(["dataset", "metric"])["mean"]
    shares = {float(x) for line in right.lines for x in line.get_xdata()}
    shown = (mean["wine", "explained"], mean["classes", "explained"])
    for share in (*shown, 1 - mean["half", "relative_risk"]):
        assert min(abs(share - s) for s in shares) < 1e-9
    assert "share rows; the intervals allow for it" in drawing.caption
    assert not right.texts


def test_a_share_far_below_zero_stays_in_the_frame_and_is_told(study):
    _, tables, _ = study
    summary = tables["summary"].copy()
    summary.loc[summary["metric"] == "explained", "mean"] = -7.0
    drawing = drawn(study, summary=summary)
    right = drawing.figure.axes[1]
    assert right.get_xlim()[0] > -1
    assert min(x for line in right.lines for x in line.get_xdata()) == own_data.LEAST
    assert right.get_xlabel() == "share explained, ◂ below −0.5"


def test_the_table_tells_rows_columns_errors_and_verdict(study):
    config, tables, sources = study
    sheet = own_data_sheet(tables, config, sources)
    labels = [column["label"] for column in sheet.columns]
    cells = [dict(zip(labels, (text for text, _ in row), strict=True)) for row in sheet.rows]
    assert [c["data set"] for c in cells] == ["diabetes", "wine", "half", "classes"]
    assert (cells[1]["rows"], cells[1]["columns"]) == ("178", "13")
    assert cells[1]["source"] == "sklearn:wine"
    assert cells[2]["source"] == "rows of sklearn:diabetes, simulated response"
    summary = tables["summary"].query("tuning == 'cv_min' and penalty == 'l2'")
    error = summary.set_index(["dataset", "metric"])["mean"]["wine", "test_error"]
    assert float(cells[1]["L2 (ridge)"]) == pytest.approx(error, rel=0.01)
    assert 2000 < float(cells[0]["L1 (lasso)"].replace(",", "")) < 4000
    assert all(column["meaning"] for column in sheet.columns)


def test_a_study_of_scenarios_alone_has_no_such_table(study):
    config, tables, _ = study
    grid = [d | {"source": "scenarios"} for d in config["datasets"]]
    assert own_data_sheet(tables, config | {"datasets": grid}, {}) is None


def test_what_is_not_known_of_a_rule_is_left_open(study):
    config, tables, _ = study
    made = [d | {"source": "rule"} for d in config["datasets"][:1]]
    sheet = own_data_sheet(tables, config | {"datasets": made}, {})
    texts = [text for text, _ in sheet.rows[0]]
    assert "a rule" in texts
    assert texts.count("–") == 2


def test_scenarios_stay_out_of_the_table(study):
    config, tables, sources = study
    datasets = [config["datasets"][0] | {"source": "scenarios"}, *config["datasets"][1:]]
    again = tables["summary"].assign(scenario="another")
    mixed = tables | {"summary": pd.concat([tables["summary"], again[again.dataset == "diabetes"]])}
    sheet = own_data_sheet(mixed, config | {"datasets": datasets}, sources)
    assert [row[0][0] for row in sheet.rows] == ["wine", "half", "classes"]


def test_data_sets_without_results_stay_out_of_the_table(study):
    config, tables, sources = study
    health = tables["fit_health"]
    some = tables | {"fit_health": health[health["dataset"] == "wine"]}
    assert [row[0][0] for row in own_data_sheet(some, config, sources).rows] == ["wine"]
    assert own_data_sheet(tables | {"fit_health": health.head(0)}, config, {}) is None
