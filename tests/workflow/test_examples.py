"""Data sets of a user's own, and the examples, run by Snakemake."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from studies.snakemake_run import ROOT, SNAKEFILE, Study, succeed

from normwise.data.file import read_batches
from normwise.data.response_kind import RESPONSES
from normwise.data.scenario import COVARIANCES, FEATURES, NOISES, SIGNALS, SIGNS
from normwise.provenance.verify import verify

pytestmark = pytest.mark.workflow

EXAMPLES = ROOT / "examples"
PRICES = "  - {name: prices, file: prices.csv, target: price}\n"
JOBS = ("fit", "evaluate", "check_theory")


def moons(options=None):
    """The data set of the example, as it stands there."""
    (dataset,) = yaml.safe_load((EXAMPLES / "generator" / "config.yaml").read_text())["datasets"]
    return f"  - {dataset | ({'options': options} if options else {})}\nextensions: [my_data.py]\n"


def write_prices(path: Path, n=40):
    rng = np.random.default_rng(0)
    size, colour = rng.normal(100, 20, n), rng.choice(["red", "blue"], n)
    frame = pd.DataFrame({"size": size, "colour": colour, "price": 2 * size + rng.normal(0, 30, n)})
    frame.to_csv(path, index=False)


@pytest.fixture(scope="session")
def own(tmp_path_factory) -> Study:
    """A study of a CSV file and of the example's generator, run once."""
    study = Study(tmp_path_factory.mktemp("own"))
    write_prices(study.folder / "prices.csv")
    shutil.copy(EXAMPLES / "generator" / "my_data.py", study.folder)
    study.configure(PRICES + moons())
    succeed(study.snakemake())
    return study


@pytest.fixture
def changed(own):
    """The finished study, which a test may change for a dry run."""
    yield own
    own.configure(PRICES + moons())


def test_a_table_and_a_generator_reach_their_verdicts(own):
    verdicts = pd.read_csv(own.results / "tables" / "verdicts.csv")
    assert set(verdicts["dataset"]) == {"prices", "moons_in_noise"}
    assert set(verdicts["metric"]) == {"test_error"}
    assert (verdicts["n"] == 8).all()
    log = (own.results / "logs" / "import_table" / "prices.log").read_text()
    assert "Column 'colour' became 1 column of zeros and ones" in log
    assert succeed(own.snakemake()).count("Nothing to be done") == 1


def test_an_edit_of_the_table_plans_its_data_set_alone(changed):
    write_prices(changed.folder / "prices.csv", 50)
    one = {"prices"}
    first = ("import_table", "split_table")
    assert changed.planned() == {**dict.fromkeys((*first, *JOBS), one), "compare": {""}}


def test_an_edit_of_the_extension_or_its_options_draws_that_data_set_again(changed):
    targets = ("metrics/moons_in_noise/0.parquet", "metrics/prices/0.parquet")
    again = {"generate": {"moons_in_noise"}, "fit": {"moons_in_noise"}}
    again["evaluate"] = {"moons_in_noise"}
    write_prices(changed.folder / "prices.csv")
    file = changed.folder / "my_data.py"
    text = file.read_text()
    try:
        file.write_text(text.replace("spread=0.3", "spread=0.4"))
        assert changed.planned(targets=targets) == again
    finally:
        file.write_text(text)
    assert changed.planned(targets=targets) == {}
    changed.configure(PRICES + moons({"n": 61}))
    assert changed.planned(targets=targets) == again


def test_groups_and_times_of_a_table_reach_the_verdicts(tmp_path):
    study = Study(tmp_path)
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(20), 4)
    features = rng.standard_normal((20, 16))[patient]
    frame = (
        pd.DataFrame(features)
        .add_prefix("trait_")
        .assign(
            patient=patient,
            day=pd.date_range("2024-01-01", periods=80),
            pressure=rng.standard_normal(20)[patient],
            note=np.arange(80),
        )
    )
    frame.to_csv(tmp_path / "visits.csv", index=False)
    table = "file: visits.csv, target: pressure, drop: [note"
    study.configure(
        f"  - {{name: by_patient, {table}, day], groups: patient}}\n"
        f"  - {{name: by_day, {table}, patient], time: day}}\n"
        f"  - {{name: at_random, {table}, day, patient]}}\n"
    )
    succeed(study.snakemake())
    verdicts = pd.read_csv(study.results / "tables" / "verdicts.csv")
    assert set(verdicts["dataset"]) == {"by_patient", "by_day", "at_random"}
    assert (verdicts["n"] == 8).all()
    with np.load(study.results / "sources" / "by_patient.npz") as source:
        assert len(np.unique(source["groups"])) == 20 and "time" not in source
    with np.load(study.results / "sources" / "by_day.npz") as source:
        assert np.array_equal(source["time"], np.arange(80.0)) and "groups" not in source
    again = study.snakemake()
    assert again.stdout.count("Nothing to be done") + again.stderr.count("Nothing to be done") == 1


def test_a_missing_table_is_named_before_anything_runs(tmp_path):
    study = Study(tmp_path)
    study.configure(PRICES)
    (tmp_path / "price.csv").touch()
    answer = study.snakemake()
    assert answer.returncode != 0
    text = answer.stdout + answer.stderr
    assert "data set 'prices': prices.csv: there is no such file (did you mean price.csv?)" in text
    assert "Traceback" not in text
    assert not study.results.exists()


def test_a_target_misspelt_is_told_on_the_terminal_and_in_the_log(tmp_path):
    study = Study(tmp_path)
    write_prices(tmp_path / "prices.csv")
    study.configure(PRICES.replace("target: price", "target: prize"))
    answer = study.snakemake()
    message = "prices.csv: there is no column 'prize' (did you mean price?)"
    assert answer.returncode != 0
    assert message in answer.stderr
    log = (study.results / "logs" / "import_table" / "prices.log").read_text()
    assert log.startswith(message)
    assert len(log.splitlines()) == 1


def run(folder: Path, snakefile: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--nocolor"]
    command += ["--directory", str(folder), "--snakefile", str(snakefile), *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed: no Rscript")
def test_a_rule_in_r_writes_a_data_set(tmp_path):
    folder = shutil.copytree(EXAMPLES / "r_rule", tmp_path / "r_rule")
    config = ("--configfile", str(folder / "config.yaml"), "--notemp", "--")
    succeed(run(folder, SNAKEFILE, *config, "results/metrics/heavy_tails/0.parquet"))
    (batch,) = read_batches(folder / "results/data/heavy_tails/0.npz", "heavy_tails")
    assert batch.X.shape == (10, 50, 20)
    assert batch.truth.coef[:4].tolist() == [1, -1, 1, 0]
    # the arrays belong together: what is left of y is noise
    noise = batch.y - batch.X @ batch.truth.coef
    assert np.var(noise) < 0.6 * np.var(batch.y)
    assert np.abs(batch.X.mean()) < 4 / np.sqrt(batch.X.size)
    metrics = pd.read_parquet(folder / "results/metrics/heavy_tails/0.parquet")
    assert set(metrics["penalty"]) == {"l1", "l2"}
    assert (metrics.loc[metrics["metric"] == "excess_risk", "value"] > 0).all()


def test_an_outside_workflow_takes_this_one_as_a_module(tmp_path):
    shutil.copy(EXAMPLES / "module" / "config.yaml", tmp_path)
    succeed(run(tmp_path, EXAMPLES / "module" / "Snakefile"))
    verdicts = pd.read_csv(tmp_path / "tide_study" / "tables" / "verdicts.csv")
    assert set(verdicts["dataset"]) == {"tides"}
    assert "tides" in (tmp_path / "tide_study" / "errors.svg").read_text()
    assert {p.name for p in tmp_path.iterdir()} == {"config.yaml", "tide_study", ".snakemake"}


def test_scenarios_of_every_kind_reach_their_verdicts(tmp_path):
    folder = shutil.copytree(EXAMPLES / "kinds", tmp_path / "kinds")
    succeed(run(folder, SNAKEFILE, "--configfile", str(folder / "config.yaml")))
    tables = folder / "results" / "tables"
    verdicts, scenarios, health, plan = (
        pd.read_parquet(tables / f"{name}.parquet")
        for name in ("verdicts", "scenarios", "health", "plan")
    )
    for key, values in {
        "features": FEATURES,
        "signal": SIGNALS,
        "signs": SIGNS,
        "noise": NOISES,
        "response": RESPONSES,
    }.items():
        assert set(scenarios[key]) == set(values), key
    assert set(scenarios["covariance"]) == set(COVARIANCES) - {"irrepresentable"}
    assert "some_per_group" in set(scenarios["placement"])
    assert scenarios["prevalence"].min() == 0.02
    assert scenarios["nonlinear_share"].max() > 0
    assert scenarios["dispersion"].max() == 0.5
    assert set(scenarios["class_features"].dropna()) == {"shared", "own"}
    assert len(plan) == len(scenarios)
    assert health["passed"].all(), health[~health["passed"]]
    assert "test sample" in set(health["check"])
    keys = scenarios.set_index(["dataset", "scenario"])
    found = verdicts[verdicts["tuning"] == "cv_min"].set_index(["dataset", "scenario"]).join(keys)
    no_closed_form = found["response"].isin(["binary", "poisson"]) & (
        (found["features"] != "gaussian") | (found["nonlinear_share"] > 0)
    )
    sampled = no_closed_form | (found["response"] == "multinomial")
    assert ((found["sample_se"] > 0) == sampled).all()
    assert sampled.any()
    assert (found["mcse"] > found["sample_se"]).all()
    # drawn, fitted and measured again from the seed
    verified = verify(folder / "results", sample=12, seed=1)
    assert not verified.faults


def test_every_example_is_described(root):
    told = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    folders = [p.name for p in EXAMPLES.iterdir() if p.is_dir()]
    assert len(folders) == 4
    assert all(f"`{name}`" in told for name in folders)
