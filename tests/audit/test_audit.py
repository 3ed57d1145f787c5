"""A published study put to the test, on a table of made-up numbers in its form."""

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.columns import check_table
from normwise.audit.expected import expected
from normwise.audit.limits import groups_of, largest_correlation, limits, spectrum
from normwise.audit.rerun import glmnet_grid, rerun
from normwise.audit.sample import planned, sampled
from normwise.audit.verdicts import against_theory, audited, by_regime
from normwise.audit.wang_2020 import published_error, read_published, scenario_of, unit
from normwise.data.errors import InputError
from normwise.data.population import draw, population
from normwise.data.scenario import Scenario
from normwise.fitting.solvers.problem import Problem
from normwise.study.scenario_checks import problems
from normwise.theory import ridge_risk

HEAD = "scenario,n,p,s0,SNR,corDesign,rho,pB,s0B,mean.lasso,sd.lasso,mean.ridge,sd.ridge"
ROWS = [
    "1,100,200,10,0.5,Independence,0,0,0,21.0,1.5,20.0,1.4",
    "4,100,200,20,2,Pairwise,0.5,10,5,14.0,0.8,16.0,0.7",
    "21,100,200,4,4,Toeplitz,0.7,100,2,8.0,0.6,9.0,0.5",
]


def table(tmp_path, *rows: str, head: str = HEAD) -> pd.DataFrame:
    path = tmp_path / "published.csv"
    path.write_text("\n".join([head, *(rows or ROWS)]))
    return read_published(path)


def scenarios(tmp_path) -> list[Scenario]:
    return [scenario_of(row) for _, row in table(tmp_path).iterrows()]


def test_a_row_becomes_a_scenario_of_the_config(tmp_path):
    plain, blocks, toeplitz = scenarios(tmp_path)
    assert plain == Scenario(100, 200, 10, snr=0.25, moments="sample")
    own = {"placement": "some_per_group", "moments": "sample"}
    assert blocks == Scenario(100, 200, 20, "blocks", 0.5, 10, per_group=5, snr=4.0, **own)
    assert toeplitz == Scenario(
        100, 200, 4, "ar1_blocks", 0.95, 100, per_group=2, snr=16.0, offset=49, spacing=7, **own
    )
    assert [problems(s) for s in (plain, blocks, toeplitz)] == [[], [], []]


def test_the_two_relevant_features_of_a_toeplitz_block_have_the_published_correlation(tmp_path):
    truth = population(scenarios(tmp_path)[2], 1)
    np.testing.assert_array_equal(truth.support, [49, 56, 149, 156])
    sigma = (truth.root @ truth.root.T).toarray()
    assert sigma[49, 56] == pytest.approx(0.7, abs=0.01)
    assert sigma[49, 149] == 0


def test_the_ratio_of_standard_deviations_holds_in_every_sample(tmp_path):
    row = table(tmp_path).iloc[1]
    s = scenario_of(row)
    truth = population(s, 1)
    ratios = []
    for replicate in range(50):
        X, y = draw(s, 1, replicate)
        signal = X @ truth.coef
        ratios.append((signal**2).mean() / ((y - signal) ** 2).mean())
    # means over 100 rows of squared normal noise
    assert np.mean(ratios) == pytest.approx(row["SNR"] ** 2, rel=0.08)
    assert unit(truth) * truth.coef[truth.support] == pytest.approx(3.0)


def test_a_mean_of_roots_becomes_the_root_of_a_mean(tmp_path):
    roots = np.random.default_rng(0).gamma(20.0, size=64)
    row = pd.Series({"mean.ridge": roots.mean(), "sd.ridge": roots.std(ddof=1)})
    found = published_error(row, "ridge")
    assert found.value == pytest.approx(np.sqrt((roots**2).mean()))
    draws = np.sqrt((np.random.default_rng(1).choice(roots, (4000, 64)) ** 2).mean(axis=1))
    assert found.se == pytest.approx(draws.std(), rel=0.2)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1,100,200,10,x,Independence,0,0,0,21,1,20,1", ["scenario 1", "SNR (x)", "a number"]),
        ("1,100.5,200,10,1,Independence,0,0,0,21,1,20,1", ["n (100.5)", "a whole number"]),
        ("1,100,200,10,1,Banded,0,0,0,21,1,20,1", ["corDesign (Banded)", "Toeplitz"]),
        ("1,100,205,10,1,Pairwise,0.5,10,2,21,1,20,1", ["pB (10)", "divide p"]),
        ("1,100,200,50,1,Pairwise,0.5,10,2,21,1,20,1", ["s0 (50)", "room"]),
        ("1,100,200,10,0,Independence,0,0,0,21,1,20,1", ["SNR (0.0)", "above 0"]),
        ("1,100,200,10,1,Pairwise,0.5,0,2,21,1,20,1", ["pB (0)", "at least 1"]),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path, row, words):
    with pytest.raises(InputError) as caught:
        table(tmp_path, row)
    for word in ("published.csv", *words):
        assert word in str(caught.value)


def test_a_table_of_another_form_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"lacks the columns SNR.*published table has"):
        table(tmp_path, head=HEAD.replace("SNR", "snr"))
    with pytest.raises(InputError, match=r"absent\.csv: cannot be read"):
        read_published(tmp_path / "absent.csv")
    with pytest.raises(InputError, match=r"scenario \(1\) must occur once"):
        table(tmp_path, ROWS[0], ROWS[0])


def test_groups_have_the_spectrum_of_the_whole(tmp_path):
    for s in scenarios(tmp_path):
        truth = population(s, 1)
        values, signal = spectrum(groups_of(s, truth))
        sigma = (truth.root @ truth.root.T).toarray()
        np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(sigma), atol=1e-10)
        assert values @ signal == pytest.approx(truth.signal_var)
        alphas = np.array([0.1, 1.0])
        e, u = np.linalg.eigh(sigma)
        whole = ridge_risk(np.maximum(e, 0), (u.T @ truth.coef) ** 2, 99, 1.0, alphas)
        np.testing.assert_allclose(ridge_risk(values, signal, 99, 1.0, alphas), whole)


def test_groups_that_differ_are_refused():
    s = Scenario(50, 20, 4, "mixed_blocks", 0.5)
    with pytest.raises(ValueError, match="mixed_blocks"):
        groups_of(s, population(s, 1))


def test_limits_of_unrelated_features_are_in_closed_form():
    s = Scenario(100, 200, 10, snr=4.0, moments="sample")
    found = limits(s, 1)
    noise = 0.99
    # least risk of ridge at p / (n snr), of a noise and rows that the mean has left
    alpha = 200 * noise / (99 * 4.0)
    assert found.alpha == pytest.approx(alpha)
    gamma, b = 200 / 99, 1 - 200 / 99 + alpha
    m = (-b + np.sqrt(b**2 + 4 * gamma * alpha)) / (2 * gamma * alpha)
    assert found.ridge == pytest.approx(np.sqrt(noise * (1 + gamma * m)))
    assert found.null == pytest.approx(np.sqrt(noise + 4.0))
    # glmnet's grid ends at ten times the largest correlation, far above the best strength
    assert found.floor == pytest.approx(10 * largest_correlation(s, 1) * 100 / 99)
    assert found.floor > 5 * alpha
    at = ridge_risk(np.ones(200), population(s, 1).coef ** 2, 99, noise, found.floor)
    assert found.ridge_glmnet == pytest.approx(np.sqrt(noise + at))
    assert found.lasso < found.ridge < found.ridge_glmnet < found.null


def test_a_floor_that_does_not_bind_costs_nothing():
    found = limits(Scenario(100, 1000, 100, snr=0.25, moments="sample"), 1)
    assert found.alpha > found.floor
    assert found.ridge_glmnet == found.ridge


def test_strengths_are_those_of_glmnet(rng):
    X, y = rng.standard_normal((40, 60)), rng.standard_normal(40)
    problem = Problem(X, y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    largest = np.abs(Z.T @ (y - y.mean())).max() / 40
    lasso, ridge = glmnet_grid(problem, 1.0), glmnet_grid(problem, 0.0)
    np.testing.assert_allclose(lasso[[0, -1]], [largest, largest / 100])
    # its lambda over the standard deviation of the response
    np.testing.assert_allclose(ridge[[0, -1]] * y.std(), [1000 * largest, 10 * largest])
    assert len(lasso) == len(ridge) == 100


def test_what_is_run_again_agrees_with_theory_on_either_grid(tmp_path):
    row = table(tmp_path).iloc[1]
    fits, theory = rerun(scenario_of(row), 0, 24, 5), expected([row], 5).iloc[0]
    errors = fits.groupby(["method", "grid"])["error"]
    mean, spread = np.sqrt(errors.mean()), errors.sem() / (2 * np.sqrt(errors.mean()))
    held, best = theory["theory_ridge_glmnet"], theory["theory_ridge"]
    ends = fits[(fits["method"] == "ridge") & (fits["grid"] == "glmnet")]["at_end"]
    assert ends.all()
    assert mean["ridge", "glmnet"] == pytest.approx(held, abs=3 * spread["ridge", "glmnet"])
    # the wide grid is tuned on the data: a little above the least error
    assert mean["ridge", "wide"] == pytest.approx(best * 1.01, abs=3 * spread["ridge", "wide"])
    assert mean["ridge", "glmnet"] > 1.03 * mean["ridge", "wide"]
    assert theory["theory_lasso"] < mean["lasso", "glmnet"] + 3 * spread["lasso", "glmnet"]


def test_data_sets_do_not_depend_on_the_others(tmp_path):
    s = scenarios(tmp_path)[0]
    both = rerun(s, 0, 2, 3)
    pd.testing.assert_frame_equal(
        both[both["replicate"] == 1].reset_index(drop=True), rerun(s, 1, 2, 3)
    )


COMPARISON = {"margin": 0.05, "false_discovery_rate": 0.05}


def test_the_tables_have_published_run_again_and_theory(tmp_path):
    path = tmp_path / "published.csv"
    table(tmp_path)
    rows, batches = planned({"table": str(path), "n_scenarios": 2, "replicates": 4}, 5)
    every = [row for batch in batches.values() for row in batch]
    assert len(rows) == 2
    assert {row["scenario"] for row in every} == {1, 4, 21}
    theory = expected(every, 5)
    parts = [(row, rerun(scenario_of(pd.Series(row)), 0, 4, 5)) for row in rows.values()]
    found = audited(parts, theory, COMPARISON)
    check_table(found, "audit")
    assert found["published_scenario"].astype(str).tolist() == list(rows)
    first = found.iloc[0]
    error = np.hypot(first["published_ridge_se"], first["ridge_glmnet_se"])
    assert first["z_ridge"] == pytest.approx(
        (first["published_ridge"] - first["ridge_glmnet"]) / error
    )
    assert (found["flips"] == (found["verdict_glmnet"] != found["verdict_wide"])).all()

    beside = against_theory(every, theory, 0.05)
    check_table(beside, "audit_theory")
    risk = beside[["theory_ridge_glmnet", "theory_ridge"]] ** 2
    risk = risk.sub(beside["noise"] ** 2, axis=0)
    np.testing.assert_allclose(beside["cost_risk"], risk.iloc[:, 0] / risk.iloc[:, 1])
    assert (beside["cost_risk"] >= beside["cost_rmse"]).all()
    assert (beside["effect_glmnet"] <= beside["effect_wide"]).all()

    regimes = by_regime(found, beside, 0.95)
    check_table(regimes, "audit_regimes")
    assert regimes["n"].iloc[0] == 3
    assert regimes["n_rerun"].iloc[0] == 2
    for _, own in regimes[1:].groupby("regime"):
        assert own["n"].sum() == 3
        assert own["theory_flips"].sum() == regimes["theory_flips"].iloc[0]
    toeplitz = regimes[regimes["value"] == "Toeplitz 0.7"]
    assert toeplitz["n"].tolist() == [1]


def test_without_a_published_table_there_is_nothing():
    assert planned({"table": "", "n_scenarios": 2, "replicates": 4}, 5) == ({}, {})
    nothing = pd.DataFrame()
    audit, beside = audited([], nothing, COMPARISON), against_theory([], nothing, 0.05)
    check_table(audit, "audit")
    check_table(beside, "audit_theory")
    check_table(by_regime(audit, beside, 0.95), "audit_regimes")


def test_a_sample_has_every_design_and_a_larger_one_holds_it(tmp_path):
    designs = ["Independence,0,0,0", "Pairwise,0.5,10,1", "Pairwise,0.9,10,1"]
    rows = [
        f"{i},100,200,10,1,{designs[0 if i < 60 else 1 if i < 80 else 2]},21,1,20,1"
        for i in range(1, 91)
    ]
    published = table(tmp_path, *rows)
    small, large = (sampled(published, n, 7) for n in (9, 45))
    assert set(small["scenario"]) <= set(large["scenario"])
    assert small["scenario"].is_monotonic_increasing
    counts = small.groupby(["corDesign", "rho"]).size()
    assert counts.tolist() == [6, 2, 1]
    assert len(sampled(published, 1000, 7)) == 90
