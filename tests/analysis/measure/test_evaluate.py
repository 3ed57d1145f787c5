"""From fits files to tables: every replicate in its place, whatever the chunks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss, r2_score
from studies.joined import compare, evaluated

from normwise.analysis.columns import BLOCK_TABLES, METRICS, check_table
from normwise.analysis.measure.metrics import bias_variance, held_out_metrics
from normwise.analysis.measure.paths import trace_paths
from normwise.data.population import population
from normwise.data.scenario import Scenario
from normwise.data.simulated import write_simulated
from normwise.files.arrays import load_arrays, save_arrays
from normwise.fitting.fit_job import FitOptions, fit_file
from normwise.fitting.names import TUNINGS
from normwise.fitting.risk import excess_risk

SEED = 2
PENALTIES = ("none", "l1", "l2", "elastic_net")
OPTIONS = FitOptions(
    seed=SEED, n_folds=3, n_alphas=12, l1_ratio=0.5, tolerance=1e-6, keep_paths=True
)
SCENARIOS = [
    Scenario(24, 6, 2, snr=3.0),
    Scenario(24, 9, 3, covariance="ar1", correlation=0.5),
    Scenario(40, 4, 2, snr=2.0, response="binary"),
]
REPLICATES = 7
COMPARISON = {"margin": 0.05, "confidence": 0.95, "false_discovery_rate": 0.05}


def fit_chunks(folder, chunks, penalties=PENALTIES, options=OPTIONS, dataset="tiny"):
    """Fits files, by penalty, of data files that are already there or of (scenarios, range)."""
    fits = {penalty: [] for penalty in penalties}
    for i, chunk in enumerate(chunks):
        data = folder / f"{i}.npz"
        if chunk is not None:
            write_simulated(data, *chunk, options.seed)
        for penalty, paths in fits.items():
            paths.append(folder / penalty / f"{i}.npz")
            fit_file(data, paths[-1], dataset, penalty, options, 1)
    return fits


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    """All scenarios and replicates in one file."""
    return fit_chunks(tmp_path_factory.mktemp("whole"), [(SCENARIOS, 0, REPLICATES)])


@pytest.fixture(scope="module")
def tables(fits):
    return evaluated(fits, "tiny")


def values_of(
    metrics: pd.DataFrame, metric: str, scenario: Scenario, penalty: str, tuning="cv_min"
):
    chosen = (
        (metrics["metric"] == metric)
        & (metrics["scenario"] == scenario.id)
        & (metrics["penalty"] == penalty)
        & (metrics["tuning"] == tuning)
    )
    return metrics[chosen].sort_values("replicate")["value"].to_numpy()


def test_tables_match_their_description(tables):
    assert set(tables) == set(BLOCK_TABLES)
    for name, frame in tables.items():
        check_table(frame, name)
        assert len(frame)


def test_every_value_appears_once(tables):
    keys = ["dataset", "scenario", "replicate", "penalty", "tuning", "metric"]
    assert not tables["metrics"].duplicated(keys).any()
    assert not tables["stability"].duplicated([k for k in keys if k != "replicate"]).any()
    assert len(tables["fit_health"]) == len(SCENARIOS) * len(PENALTIES)
    assert len(tables["timings"]) == len(SCENARIOS) * len(PENALTIES) * REPLICATES


@pytest.mark.parametrize(
    "chunks",
    [
        [(SCENARIOS, 0, 3), (SCENARIOS, 3, REPLICATES)],
        [(SCENARIOS[:1], 0, REPLICATES), (SCENARIOS[1:], 0, 2), (SCENARIOS[1:], 2, REPLICATES)],
        [(SCENARIOS, r, r + 1) for r in range(REPLICATES)],
    ],
    ids=["by replicates", "by scenarios", "one by one"],
)
def test_chunks_change_nothing(tmp_path, tables, chunks):
    cut = evaluated(fit_chunks(tmp_path, chunks), "tiny")
    for name in set(BLOCK_TABLES) - {"timings"}:
        pd.testing.assert_frame_equal(cut[name], tables[name], check_exact=True)
    columns = ["dataset", "scenario", "replicate", "penalty", "n_iter"]
    pd.testing.assert_frame_equal(cut["timings"][columns], tables["timings"][columns])


def test_the_order_of_the_files_changes_nothing(tmp_path, tables):
    fits = fit_chunks(tmp_path, [(SCENARIOS, 3, REPLICATES), (SCENARIOS, 0, 3)])
    pd.testing.assert_frame_equal(
        evaluated(fits, "tiny")["metrics"], tables["metrics"], check_exact=True
    )


def test_metrics_are_those_of_the_stored_estimates(fits, tables):
    scenario, truth = SCENARIOS[0], population(SCENARIOS[0], SEED)
    for penalty in PENALTIES:
        with load_arrays(fits[penalty][0]) as file:
            coef, intercept, train = file["coef.0"], file["intercept.0"], file["train_error.0"]
        for t, tuning in enumerate(TUNINGS):
            args = (tables["metrics"], scenario, penalty, tuning)
            risk = excess_risk(truth, coef[:, t], intercept[:, t])
            expected = {
                "excess_risk": risk,
                "relative_risk": risk / 3.0,
                "nonzeros": (coef[:, t] != 0).sum(axis=1),
                "optimism": 1 + risk - train[:, t],
            }
            for metric, values in expected.items():
                found = values_of(args[0], metric, *args[1:])
                np.testing.assert_allclose(found, values)


def test_binary_optimism_is_on_the_scale_of_the_log_loss(tables):
    args = (SCENARIOS[2], "l1")
    found = values_of(tables["metrics"], "optimism", *args)
    expected = values_of(tables["metrics"], "log_loss", *args) - values_of(
        tables["metrics"], "train_error", *args
    )
    np.testing.assert_allclose(found, expected)


def test_penalties_that_do_not_select_have_no_selection_metrics(tables):
    metrics, selecting = tables["metrics"], {"l1", "elastic_net"}
    for metric in ("tpr", "fdr", "f1", "exact_recovery"):
        assert set(metrics.loc[metrics["metric"] == metric, "penalty"]) == selecting
    stability = tables["stability"]
    assert set(stability.loc[stability["metric"] == "stability", "penalty"]) <= selecting
    ranked = metrics.loc[metrics["metric"] == "ranking_pauc", "penalty"]
    assert set(ranked) == set(PENALTIES)


def test_every_described_metric_is_produced_and_no_other(tmp_path, tables):
    outside(tmp_path / "0.npz")
    held_out = evaluated(fit_chunks(tmp_path, [None], ["l1"], dataset="mine"), "mine")
    (tmp_path / "counts").mkdir()
    counts = [Scenario(40, 4, 2, response="poisson")]
    counted = evaluated(fit_chunks(tmp_path / "counts", [(counts, 0, 3)], ["l1"]), "tiny")
    found = set()
    for frame in (*(t["metrics"] for t in (tables, held_out, counted)), tables["stability"]):
        found |= set(frame["metric"])
    assert found == set(METRICS)


def test_stability_table_holds_bias_and_variance_with_errors(fits, tables):
    with load_arrays(fits["l2"][0]) as file:
        coef, intercept = file["coef.1"][:, 0], file["intercept.1"][:, 0]
    expected = bias_variance(population(SCENARIOS[1], SEED), coef, intercept)
    rows = tables["stability"]
    chosen = rows[
        (rows["scenario"] == SCENARIOS[1].id)
        & (rows["penalty"] == "l2")
        & (rows["tuning"] == "cv_min")
    ].set_index("metric")
    for metric, pair in expected.items():
        assert tuple(chosen.loc[metric, ["value", "se"]]) == pytest.approx(pair)


def test_failures_are_counted_and_have_no_metrics(tmp_path):
    wide = Scenario(20, 30, 2, response="binary")
    fits = fit_chunks(tmp_path, [([wide, SCENARIOS[0]], 0, 5)], ["none", "l1"])
    tables = evaluated(fits, "tiny")
    health = tables["fit_health"].set_index(["scenario", "penalty"])
    assert health.loc[(wide.id, "none"), ["n", "failed"]].tolist() == [5, 1.0]
    assert np.isnan(health.loc[(wide.id, "none"), "max_gap"])
    assert health.loc[(wide.id, "l1"), "failed"] == 0
    failed = tables["metrics"][tables["metrics"]["scenario"] == wide.id]
    assert set(failed["penalty"]) == {"l1"}
    assert len(tables["timings"]) == 20


def test_a_penalty_without_any_fit_leaves_tables_without_rows(tmp_path):
    wide = Scenario(20, 30, 2, response="binary")
    found = evaluated(fit_chunks(tmp_path, [([wide], 0, 4)], ["none"]), "tiny")
    assert found["fit_health"]["failed"].tolist() == [1.0]
    for table in BLOCK_TABLES:
        check_table(found[table], table)
    assert len(found["metrics"]) == len(found["summary"]) == 0


def test_health_counts_doubtful_fits(tmp_path):
    fits = fit_chunks(tmp_path, [(SCENARIOS[:1], 0, 5)], ["l1"])
    with load_arrays(fits["l1"][0]) as file:
        arrays = dict(file)
    arrays["n_uncertified.0"] = np.array([0.0, 0, 3, 1, 0])
    # of the two whose last strength was chosen, the second has a flat end
    arrays["edge.0"][:, 0] = [1, 1, 0, 0, 0]
    n_alphas = np.isfinite(arrays["alphas.0"][0]).sum()
    arrays["cv_error.0"][0, :n_alphas] = np.linspace(2, 1, n_alphas)
    arrays["cv_error.0"][1, :n_alphas] = np.linspace(2, 1.1, n_alphas)
    arrays["cv_error.0"][1, n_alphas - 2 : n_alphas] = [1.0005, 1.0]
    arrays["gap.0"][3, 1] = 0.25
    arrays["failed.0"][4] = 1
    save_arrays(fits["l1"][0], arrays)
    row = evaluated(fits, "tiny")["fit_health"].iloc[0]
    found = row[["n", "failed", "uncertified", "edge", "max_gap"]].tolist()
    assert found == pytest.approx([5, 0.2, 0.4, 0.25, 0.25])


def outside(path, replicates: int = 6, seed: int = 1, **others) -> np.ndarray:
    """Write a data file with held-out rows as a user's rule would."""
    rng = np.random.default_rng(seed)
    X, X_test = rng.standard_normal((replicates, 25, 4)), rng.standard_normal((replicates, 9, 4))
    y, y_test = (x[..., 0] + rng.standard_normal(x.shape[:2]) for x in (X, X_test))
    truth = {"coef": np.eye(4)[0]} if others.pop("truth", False) else {}
    save_arrays(path, {"X": X, "y": y, "X_test": X_test, "y_test": y_test} | truth | others)
    return X_test, y_test


def test_outside_data_are_judged_on_their_held_out_rows(tmp_path):
    X_test, y_test = outside(tmp_path / "0.npz")
    fits = fit_chunks(tmp_path, [None], ["l1", "l2"], dataset="mine")
    tables = evaluated(fits, "mine")
    check_table(tables["metrics"], "metrics")
    check_table(tables["stability"], "stability")
    with load_arrays(fits["l2"][0]) as file:
        coef, intercept = file["coef.0"][:, 0], file["intercept.0"][:, 0]
    error = y_test - intercept[:, None] - np.einsum("rnp,rp->rn", X_test, coef)
    metrics = tables["metrics"]
    chosen = (metrics["metric"] == "test_error") & (metrics["penalty"] == "l2")
    found = metrics[chosen & (metrics["tuning"] == "cv_min")].sort_values("replicate")
    np.testing.assert_allclose(found["value"], (error**2).mean(axis=1))
    explained = metrics[(metrics["metric"] == "explained") & (metrics["penalty"] == "l2")]
    explained = explained[explained["tuning"] == "cv_min"].sort_values("replicate")
    best = [r2_score(y, y - e) for y, e in zip(y_test, error, strict=True)]
    np.testing.assert_allclose(explained["value"], best)
    assert "excess_risk" not in set(metrics["metric"])


def test_classes_held_out_are_scored_as_by_scikit_learn(rng):
    y = (rng.random((4, 50)) < 0.3).astype(float)
    predictor = rng.standard_normal((4, 3, 50))
    p = expit(predictor)
    loss = np.array([[log_loss(y[r], p[r, t]) for t in range(3)] for r in range(4)])
    found = held_out_metrics("binary", loss, predictor, y)
    for r in range(4):
        null = log_loss(y[r], np.full(50, y[r].mean()))
        for t in range(3):
            assert found["brier_score"][r, t] == pytest.approx(brier_score_loss(y[r], p[r, t]))
            assert found["error_rate"][r, t] == pytest.approx(((p[r, t] > 0.5) != y[r]).mean())
            assert found["explained"][r, t] == pytest.approx(1 - loss[r, t] / null)


def test_outside_data_with_a_truth_are_judged_by_it(tmp_path):
    outside(tmp_path / "0.npz", truth=True)
    tables = evaluated(fit_chunks(tmp_path, [None], ["l1", "l2"], dataset="mine"), "mine")
    assert {"excess_risk", "tpr", "ranking_pauc"} <= set(tables["metrics"]["metric"])
    assert "test_error" not in set(tables["metrics"]["metric"])
    assert len(tables["stability"])


@pytest.mark.parametrize("numbered", [True, False])
def test_outside_data_in_two_files_are_different_replicates(tmp_path, numbered):
    # `start` is not among the arrays that the contract asks for
    for i in range(2):
        outside(tmp_path / f"{i}.npz", seed=i, **({"start": 6 * i} if numbered else {}))
    tables = evaluated(fit_chunks(tmp_path, [None, None], ["l1", "l2"], dataset="mine"), "mine")
    keys = ["scenario", "replicate", "penalty", "tuning", "metric"]
    assert not tables["metrics"].duplicated(keys).any()
    assert set(tables["metrics"]["replicate"]) == set(range(12))
    assert compare(tables["metrics"], COMPARISON)["n"].tolist() == [12] * len(TUNINGS)


def test_nothing_to_find_can_be_compared(tmp_path):
    # classes by the toss of a coin: the null model is often exactly right
    s = Scenario(20, 4, 0, response="binary")
    fits = fit_chunks(tmp_path, [([s], 0, 20)], ["l1", "l2"])
    found = compare(evaluated(fits, "tiny")["metrics"], COMPARISON)
    assert set(found["verdict"]) <= {"l1", "l2", "equivalent", "undecided"}


def test_small_samples_of_two_classes_can_be_fitted(tmp_path):
    # the smallest size that the config allows: some draws hold one class only, or once
    s = Scenario(6, 2, 1, response="binary")
    fits = fit_chunks(tmp_path, [([s], 0, 60)], ["none", "l1", "l2"])
    tables = evaluated(fits, "tiny")
    metrics = tables["metrics"]
    # the strength of the null model is infinite
    assert np.isfinite(metrics.loc[metrics["metric"] != "alpha", "value"]).all()
    failed = tables["fit_health"].set_index("penalty")["failed"]
    # without a solution under one tuned penalty there is none under another
    assert failed["l1"] == failed["l2"]
    assert 0 < failed["l1"] < 1


def test_paths_are_means_over_replicates(fits):
    found = trace_paths(fits, "tiny")
    for name, frame in found.items():
        check_table(frame, name)
    paths = found["paths"]
    assert set(paths["penalty"]) == set(PENALTIES) - {"none"}
    truth = population(SCENARIOS[1], SEED)
    for penalty in ("l1", "l2"):
        with load_arrays(fits[penalty][0]) as file:
            coef, intercept = file["path_coef.1"], file["path_intercept.1"]
            risk = file["path_risk.1"]
        rows = paths[(paths["scenario"] == SCENARIOS[1].id) & (paths["penalty"] == penalty)]
        np.testing.assert_allclose(rows["excess_risk"], risk.mean(axis=0))
        np.testing.assert_allclose(rows["mcse"], risk.std(axis=0, ddof=1) / np.sqrt(REPLICATES))
        np.testing.assert_allclose(rows["bias2"] + rows["variance"], rows["excess_risk"])
        expected = bias_variance(truth, coef[:, 5], intercept[:, 5])
        assert rows.iloc[5]["bias2"] == pytest.approx(expected["bias2"][0])


def test_paths_of_a_binary_response_show_the_risk_of_the_study(fits):
    # in nats, as column and metric excess_risk are everywhere else
    paths = trace_paths(fits, "tiny")["paths"]
    rows = paths[(paths["scenario"] == SCENARIOS[2].id) & (paths["penalty"] == "l1")]
    with load_arrays(fits["l1"][0]) as file:
        np.testing.assert_allclose(rows["excess_risk"], file["path_risk.2"].mean(axis=0))


def test_coefficient_paths_are_those_of_replicate_0(fits):
    coefficients = trace_paths(fits, "tiny")["coefficients"]
    truth = population(SCENARIOS[0], SEED)
    rows = coefficients[
        (coefficients["scenario"] == SCENARIOS[0].id) & (coefficients["penalty"] == "l1")
    ]
    with load_arrays(fits["l1"][0]) as file:
        wide = rows.pivot(index="step", columns="feature", values="coef").to_numpy()
        np.testing.assert_array_equal(wide, file["path_coef.0"][0])
        chosen = rows.loc[rows["chosen"], "step"].unique()
        np.testing.assert_allclose(file["alphas.0"][0, chosen], file["alpha.0"][0, 0])
    first = rows[rows["step"] == 0]
    np.testing.assert_array_equal(first["true_coef"], truth.coef)
    # relative to the null model's strength
    assert first["strength"].iloc[0] == 1


@pytest.mark.parametrize("case", ["outside", "no penalty"])
def test_without_a_path_to_trace_the_tables_are_empty(tmp_path, case):
    # the config allows both for a data set whose figure is anatomy
    if case == "outside":
        outside(tmp_path / "0.npz")
        fits = fit_chunks(tmp_path, [None], ["l1"], dataset="mine")
    else:
        fits = fit_chunks(tmp_path, [(SCENARIOS[:1], 0, 5)], ["none"])
    for name, frame in trace_paths(fits, "mine").items():
        check_table(frame, name)
        assert len(frame) == 0


def test_fewer_than_five_replicates_have_no_stability(tmp_path):
    options = replace(OPTIONS, keep_paths=False)
    tables = evaluated(fit_chunks(tmp_path, [(SCENARIOS[:1], 0, 4)], ["l1"], options), "tiny")
    check_table(tables["stability"], "stability")
    assert len(tables["stability"]) == 0
