"""All data sets of a study put together."""

import numpy as np
import pytest
import yaml
from studies.joined import evaluated

from normwise.analysis.columns import BLOCK_TABLES, check_table
from normwise.analysis.judge.compare import study_tables
from normwise.analysis.judge.scenarios import scenario_table
from normwise.analysis.measure.theory_check import theory_table
from normwise.analysis.tables import finite, primary, read_tables, write_table
from normwise.analysis.trials.calibration import calibrate
from normwise.data.scenario import Scenario, expand_grid
from normwise.data.simulated import write_simulated
from normwise.files.arrays import save_arrays
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.study.config import check_config

OPTIONS = FitOptions(seed=2, n_folds=3, n_alphas=10, l1_ratio=0.5, tolerance=1e-6)
SIMULATED = """
  - {name: small, n_samples: 24, n_features: [5, 8], nonzero_fraction: [0.25, 1.0], snr: 2.0}
"""
OUTSIDE = """
  - {name: mine, source: rule}
"""


def study(folder, schema_file, datasets: str) -> dict:
    """The tables of a study of l1, l2 and none with five replicates."""
    text = f"replicates: 5\npenalties: [none, l1, l2]\ndatasets: {datasets}"
    config = check_config(yaml.safe_load(text), schema_file, "study.yaml")
    written: dict[str, list] = {name: [] for name in (*BLOCK_TABLES, "theory")}
    for dataset in config["datasets"]:
        name = dataset["name"]
        data = folder / f"{name}.npz"
        if dataset["source"] == "rule":
            rng = np.random.default_rng(3)
            X, X_test = rng.standard_normal((5, 20, 3)), rng.standard_normal((5, 9, 3))
            y, y_test = (x[..., 0] + rng.standard_normal(x.shape[:2]) for x in (X, X_test))
            save_arrays(data, {"X": X, "y": y, "X_test": X_test, "y_test": y_test})
        else:
            write_simulated(data, expand_grid(dataset), 0, 5, OPTIONS.seed)
        fits = {p: [folder / f"{name}_{p}.npz"] for p in dataset["penalties"]}
        for penalty, (path,) in fits.items():
            fit_file(data, path, name, penalty, OPTIONS, 1)
        found = evaluated(fits, name) | {"theory": theory_table(name, fits, OPTIONS.seed)}
        for table, frame in found.items():
            written[table].append(folder / table / f"{name}.parquet")
            write_table(frame, table, written[table][-1])
    calibrated = folder / "calibration.parquet"
    write_table(
        calibrate("one_matters", 20, 5, OPTIONS, config["comparison"]), "calibration", calibrated
    )
    return study_tables(
        written,
        [calibrated],
        config["datasets"],
        config["comparison"],
        config["tolerance"],
        config["replicates"],
        OPTIONS.seed,
    )


@pytest.fixture(scope="module")
def tables(tmp_path_factory, schema_file):
    return study(tmp_path_factory.mktemp("both"), schema_file, SIMULATED + OUTSIDE)


def test_tables_of_a_mixed_study_match_their_description(tables):
    for name, frame in tables.items():
        check_table(frame, name)
        assert len(frame) or name == "missing"
    assert set(tables["verdicts"]["dataset"]) == {"small", "mine"}
    assert set(tables["scenarios"]["dataset"]) == {"small"}
    assert set(tables["fit_health"]["dataset"]) == {"small", "mine"}


def test_a_study_of_outside_data_alone_has_tables(tmp_path, schema_file):
    found = study(tmp_path, schema_file, OUTSIDE)
    for name, frame in found.items():
        check_table(frame, name)
    assert len(found["scenarios"]) == 0
    assert len(found["verdicts"]) == 9


def test_a_study_of_simulated_data_alone_has_tables(tmp_path, schema_file):
    for name, frame in study(tmp_path, schema_file, SIMULATED).items():
        check_table(frame, name)
        assert len(frame) or name == "missing"


def test_written_tables_are_read_back_by_name(tmp_path, tables):
    paths = [tmp_path / f"{name}.parquet" for name in tables]
    for name, path in zip(tables, paths, strict=True):
        write_table(tables[name], name, path)
    read = read_tables(paths)
    assert {name: len(frame) for name, frame in read.items()} == {
        name: len(frame) for name, frame in tables.items()
    }


def test_scenarios_are_labelled_by_what_varies(tables):
    labels = tables["scenarios"].set_index(["n_features", "n_nonzero"])["label"]
    assert labels[(5, 1)] == "n_features 5, n_nonzero 1"
    assert labels.is_unique
    ratio = tables["scenarios"]["n_features"] / tables["scenarios"]["n_samples"]
    np.testing.assert_allclose(tables["scenarios"]["aspect_ratio"], ratio)


def test_scenarios_carry_the_ids_that_results_are_filed_under(tables):
    simulated = tables["summary"]["dataset"] == "small"
    assert set(tables["summary"].loc[simulated, "scenario"]) == set(tables["scenarios"]["scenario"])


def test_scenario_table_of_one_scenario_is_labelled_by_its_data_set(schema_file):
    text = "datasets: [{name: one, n_samples: 20, n_features: 5, n_nonzero: 2, snr: 3}]"
    config = check_config(yaml.safe_load(text), schema_file, "study.yaml")
    found = scenario_table(config["datasets"], 1)
    check_table(found, "scenarios")
    row = found.iloc[0]
    assert (row["label"], row["replicates"], row["snr"]) == ("one", 100, 3.0)
    assert row["condition_number"] == pytest.approx(1)


def test_a_sampled_scenario_is_labelled_by_what_it_is(schema_file):
    text = """datasets:
      - name: wide
        design: {n_scenarios: 3}
        n_samples: {low: 20, high: 90}
        n_features: 5
        n_nonzero: 2
        covariance: [independent, blocks]
        correlation: {low: 0.1, high: 0.9}
        signs: [same, random]
      - {name: grid, n_samples: [20, 30], n_features: 5, n_nonzero: 2}
    """
    datasets = check_config(yaml.safe_load(text), schema_file, "study.yaml")["datasets"]
    plain = Scenario(20, 5, 2)
    changed = Scenario(31, 5, 2, "blocks", 0.25, signs="random", noise="student_t", snr=0.5)
    found = scenario_table(datasets, 1, sampled={"wide": [plain, changed]})
    check_table(found, "scenarios")
    assert list(found["label"]) == [
        "n 20, p 5, k 2, snr 1",
        "n 31, p 5, k 2, snr 0.5, blocks 0.25, signs random, noise student_t",
        "n_samples 20",
        "n_samples 30",
    ]
    assert list(found["scenario"])[:2] == [plain.id, changed.id]


def test_scenarios_of_a_held_out_data_set_are_marked(schema_file):
    text = """datasets:
      - {name: one, n_samples: 20, n_features: [5, 6], n_nonzero: 2, snr: 3}
      - {name: two, n_samples: 20, n_features: 5, n_nonzero: 1, snr: 3, hold_out: true}
    """
    config = check_config(yaml.safe_load(text), schema_file, "study.yaml")
    found = scenario_table(config["datasets"], 1)
    assert found.groupby("dataset")["held_out"].agg(list).to_dict() == {
        "one": [False, False],
        "two": [True],
    }


def test_theory_covers_simulated_data(tables):
    assert set(tables["theory"]["scenario"]) == set(tables["scenarios"]["scenario"])
    assert set(tables["theory"]["penalty"]) == {"none", "l1", "l2"}


def test_primary_comparison_is_l1_against_l2_under_one_rule(tables):
    found = primary(tables["verdicts"])
    assert len(found) == 5
    assert set(found["tuning"]) == {"cv_min"}
    assert set(found["first"]) == {"l1"}
    assert set(found["second"]) == {"l2"}


def test_finite_drops_what_is_not_a_number(tables):
    values = tables["summary"]["mean"].copy()
    values.iloc[:3] = [np.nan, np.inf, 7.0]
    assert len(finite(values)) == len(values) - 2
