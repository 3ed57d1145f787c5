"""Files of the user's: what they register is fitted, measured and compared like what is shipped."""

import numpy as np
import pandas as pd
import pytest
from studies.extension import HALF, LARGEST
from studies.joined import evaluated, goal_table

from normwise.analysis.measure.own_metrics import measure
from normwise.data.errors import ExtensionError
from normwise.data.population import population
from normwise.data.scenario import Scenario
from normwise.data.simulated import write_simulated
from normwise.extensions import Fitted
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.fitting.names import MIXES, REGISTERED
from normwise.report.look.colours import COLOURS, MARKERS
from normwise.report.look.words import NAMES
from normwise.study.config import check_config
from normwise.study.extensions import load, origin

OPTIONS = FitOptions(seed=1, n_folds=3, n_alphas=10, l1_ratio=0.5, tolerance=1e-6)


def fitted(tmp_path, names, n_jobs=1):
    data = tmp_path / "data.npz"
    write_simulated(data, [Scenario(30, 6, 2)], 0, 6, 1)
    files = {}
    for name in names:
        files[name] = [tmp_path / f"{name}.npz"]
        fit_file(data, files[name][0], "any", name, OPTIONS, n_jobs)
    return files


def test_a_penalty_of_ones_own_is_fitted_and_looks_like_itself(extension, tmp_path):
    path = extension(HALF)
    assert origin("half_lasso") == str(path)
    found = evaluated(fitted(tmp_path, ["l1", "half_lasso"]), "any")["metrics"]
    # tpr is for penalties that select, and they do by default
    own = found[found["metric"] == "tpr"]
    assert set(own["penalty"]) == {"l1", "half_lasso"}
    oracle = found[(found["metric"] == "excess_risk") & (found["tuning"] == "oracle")]
    assert len(oracle) == 12
    assert NAMES["half_lasso"] == "half of a lasso"
    assert COLOURS["half_lasso"] not in {COLOURS[p] for p in MIXES}
    assert MARKERS["half_lasso"] not in {MARKERS[p] for p in MIXES}


def test_worker_processes_know_a_penalty_of_ones_own(extension, tmp_path):
    extension(HALF)
    (tmp_path / "two").mkdir()
    alone = fitted(tmp_path, ["half_lasso"])["half_lasso"][0]
    shared = fitted(tmp_path / "two", ["half_lasso"], n_jobs=2)["half_lasso"][0]
    with np.load(alone) as first, np.load(shared) as second:
        np.testing.assert_array_equal(first["coef.0"], second["coef.0"])


def test_a_config_may_name_what_was_registered(extension, schema_file):
    study = {
        "penalties": ["l1", "half_lasso"],
        "datasets": [{"name": "one", "n_samples": 40, "n_features": 5, "n_nonzero": 2}],
    }
    with pytest.raises(ValueError, match="half_lasso"):
        check_config(study, schema_file, "study.yaml")
    extension(HALF)
    checked = check_config(study, schema_file, "study.yaml")
    assert checked["datasets"][0]["penalties"] == ["l1", "half_lasso"]


def test_a_metric_with_a_margin_gets_verdicts(extension, tmp_path):
    extension(LARGEST)
    files = fitted(tmp_path, ["l1", "l2"])
    made = evaluated(files, "any", ["largest_error"])
    values = made["metrics"]
    comparison = {"margin": 0.05, "confidence": 0.95, "false_discovery_rate": 0.05}
    found = goal_table(values, comparison)
    own = found[found["goal"] == "largest_error"].iloc[0]
    wide = values[(values["metric"] == "largest_error") & (values["tuning"] == "cv_min")]
    wide = wide.pivot(index="replicate", columns="penalty", values="value")
    assert own["effect"] == pytest.approx((wide["l1"] - wide["l2"]).mean())
    truth = population(Scenario(30, 6, 2), 1).coef
    with np.load(files["l1"][0]) as arrays:
        expected = np.abs(arrays["coef.0"][:, 0] - truth).max(axis=-1)
    np.testing.assert_allclose(wide["l1"], expected)


def test_a_metric_that_is_not_asked_for_is_not_computed(extension, tmp_path):
    extension(LARGEST)
    found = evaluated(fitted(tmp_path, ["l1"]), "any")["metrics"]
    assert "largest_error" not in set(found["metric"])


def test_a_metric_of_a_wrong_shape_is_refused_by_name(extension):
    extension(
        """
        from normwise.extensions import metric

        @metric(description="One number for all")
        def one_number(fitted):
            return 3.0
        """
    )
    fits = Fitted("gaussian", None, np.zeros((5, 3, 2)), *[np.zeros((5, 3))] * 2, None, None)
    with pytest.raises(ExtensionError, match=r"'one_number' .* shape \(\), must be \(5, 3\)"):
        measure("one_number", fits)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1 / 0", "mine.py fails with ZeroDivisionError: division by zero"),
        ("import no_such_package", "mine.py fails with ModuleNotFoundError"),
        ("def broken(:", "mine.py fails with SyntaxError"),
        (HALF.replace("half_lasso", "l2"), "penalty name 'l2' is taken"),
        (LARGEST.replace("largest_error", "excess_risk"), "metric name 'excess_risk' is taken"),
        (LARGEST.replace("largest_error", "mcp"), "metric name 'mcp' is taken by a penalty"),
        (
            "from normwise.extensions import dataset\n@dataset\ndef table(rng): pass",
            "data set name 'table' is taken by a source",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named(extension, text, message):
    with pytest.raises(ExtensionError, match=message):
        extension(text)


def test_a_missing_file_and_one_of_another_kind_are_named(tmp_path):
    with pytest.raises(ExtensionError, match=r"absent\.py cannot be read \(No such file"):
        load([tmp_path / "absent.py"])
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(ExtensionError, match=r"notes\.txt is no Python file"):
        load([tmp_path / "notes.txt"])


def test_a_file_is_loaded_once(extension):
    path = extension("COUNT = [1]\n" + HALF)
    kind = REGISTERED["half_lasso"]
    load([path])
    assert REGISTERED["half_lasso"] is kind


def test_splits_of_one_table_widen_the_interval_of_a_goal():
    rng = np.random.default_rng(0)
    values = pd.DataFrame(
        {
            "dataset": "d",
            "scenario": "s",
            "replicate": np.tile(np.arange(20), 2),
            "penalty": np.repeat(["l1", "l2"], 20),
            "tuning": "cv_min",
            "metric": "test_error",
            "value": rng.uniform(1, 2, 40),
        }
    )
    comparison = {"margin": 0.05, "confidence": 0.95, "false_discovery_rate": 0.05}
    alone = goal_table(values, comparison).iloc[0]
    split = goal_table(values, comparison, overlap=1 / 3).iloc[0]
    # Nadeau & Bengio: the variance has 1/J + n_test / n_train in place of 1/J
    assert split["mcse"] / alone["mcse"] == pytest.approx(np.sqrt(1 + 20 / 3))
    assert split["effect"] == alone["effect"]
