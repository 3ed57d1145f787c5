"""The whole advice, against known answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from normwise.advice import advise, advise_table
from normwise.advice import contest as contest_module
from normwise.advice import models as models_module
from normwise.data.scenario import Scenario
from normwise.tabular import InputError

SEED = 271_828
# scenarios of the default study or next to one, with the sign of the measured effect
KNOWN = [
    (Scenario(75, 50, 2, snr=6, covariance="blocks"), "l1"),
    (Scenario(75, 50, 2, snr=1.5, covariance="blocks", correlation=0.6), "l1"),
    (Scenario(75, 50, 25, snr=1.5, covariance="blocks", correlation=0.6), "l2"),
    (Scenario(75, 250, 8, snr=6, covariance="blocks", correlation=0.6), "l1"),
    (Scenario(75, 250, 125, snr=1.5, covariance="blocks", correlation=0.95), "l2"),
    (Scenario(75, 250, 125, snr=6, covariance="blocks", correlation=0.6), "l2"),
    (
        Scenario(
            150,
            75,
            2,
            snr=0.7,
            covariance="ar1",
            correlation=0.2,
            signal="gaussian",
            signs="random",
        ),
        "l1",
    ),
    (
        Scenario(
            150, 300, 9, snr=3, covariance="ar1", correlation=0.8, signal="gaussian", signs="random"
        ),
        "l1",
    ),
    (Scenario(150, 100, 3, snr=4, response="binary", covariance="blocks"), "l1"),
    (
        Scenario(150, 100, 30, snr=4, response="binary", covariance="blocks", correlation=0.8),
        "l2",
    ),
    (Scenario(80, 40, 40, snr=3, covariance="equicorrelated", correlation=0.5), "l2"),
    (Scenario(80, 40, 2, snr=3, covariance="near_duplicates", correlation=0.5), "l1"),
    (Scenario(80, 160, 160, snr=3, covariance="latent_factors", correlation=0.5), "l2"),
]


@pytest.fixture
def benchmark(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root))
    from benchmarks import advice

    return advice


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(contest_module, "REPEATS", (2, 4))
    monkeypatch.setattr(models_module, "PAIRS", 2)


@pytest.mark.usefixtures("shipped_atlas")
def test_recommendations_are_right_or_open(quick, benchmark):
    rows = []
    for scenario, better in KNOWN:
        found = advise_table(benchmark.as_drawn(scenario, SEED, 0), n_jobs=1).recommendation
        side = "l1" if found.difference.l1_ahead >= 0.5 else "l2"
        rows.append({"truth": better, "advice": found.answer, "side": side})
    score = benchmark.judge(pd.DataFrame(rows), "advice")
    assert score["named the worse one"] + score["said wrongly that it does not matter"] <= 0.05
    # one that never names a penalty would be of no use; that of few rows is a matter of a point
    assert score["named the better one"] >= 0.3
    assert benchmark.judge(pd.DataFrame(rows), "side")["named the better one"] >= 0.9


def test_the_judge_by_hand(benchmark):
    rows = pd.DataFrame(
        {
            "truth": ["l1", "l1", "l2", "l2", "l1", "neither", "neither", "neither"],
            "advice": ["l1", "l2", "open", "l2", "equivalent", "l1", "equivalent", "open"],
        }
    )
    score = benchmark.judge(rows, "advice")
    del score["choice"]
    assert score == {
        "named the better one": 2 / 8,
        "said rightly that it does not matter": 1 / 8,
        "named none": 2 / 8,
        "named one of two equals": 1 / 8,
        "named the worse one": 1 / 8,
        "said wrongly that it does not matter": 1 / 8,
    }
    assert [benchmark.side_of(gap) for gap in (-1.1, -0.9, 1.1)] == ["l1", "neither", "l2"]


def test_gaps_of_a_known_scenario_are_those_of_its_risks(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "REPLICATES", 4)
    few = benchmark.gaps_of(Scenario(60, 30, 2, snr=4))
    many = benchmark.gaps_of(
        Scenario(60, 30, 30, snr=4, covariance="equicorrelated", correlation=0.8)
    )
    assert few.shape == many.shape == (4,)
    assert few.mean() < -1 and many.mean() > 0


def test_the_same_whatever_the_number_of_threads_and_progress_is_told(quick, benchmark):
    table = benchmark.as_drawn(Scenario(60, 10, 2, snr=2), SEED, 0)
    told: list[tuple[float, str]] = []
    first = advise_table(table, n_jobs=1, progress=lambda share, what: told.append((share, what)))
    second = advise_table(table, n_jobs=2)
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame())
    pd.testing.assert_frame_equal(first.contest.pairs, second.contest.pairs)
    assert first.recommendation == second.recommendation
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert first.recommendation.headline in repr(first)


def test_the_unit_of_the_response_does_not_matter(quick, benchmark):
    table = benchmark.as_drawn(Scenario(60, 10, 3, snr=2), SEED, 0)
    first = advise_table(table, n_jobs=1)
    second = advise_table(replace(table, y=1000 * table.y + 7), n_jobs=1)
    names = ["l1", "l2", "elastic_net", "l1_raw", "l2_raw", "elastic_net_raw"]
    size = first.models.coefs[names].abs().max()
    assert (size > 0).all()
    for name in names:
        one, other = first.models.coefs[name], second.models.coefs[name] / 1000
        np.testing.assert_allclose(other, one, atol=0.001 * size[name])
        assert ((other == 0) == (one == 0)).all()
    for name, unit in (("l1", 1000), ("l2", 1), ("elastic_net", 1)):
        assert second.models.chosen[name] == first.models.chosen[name]
        np.testing.assert_allclose(second.models.alphas[name], unit * first.models.alphas[name])
    numbers = ["explained", "low", "high", "nonzeros"]
    one, other = (found.contest.scores for found in (first, second))
    np.testing.assert_allclose(other[numbers], one[numbers], atol=1e-3)
    np.testing.assert_allclose(other["error"], 1e6 * one["error"], rtol=1e-3)
    assert second.recommendation.headline == first.recommendation.headline


def test_arrays_and_labels(quick):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5))
    labels = np.where(X[:, 0] + 0.5 * rng.standard_normal(60) > 0, "sick", "well")
    found = advise(X, labels, names=list("abcde"), positive="sick")
    assert found.table.response == "binary" and found.table.classes == ("well", "sick")
    assert list(found.to_frame()["feature"]) == list("abcde")
    assert found.contest.scores.set_index("penalty").loc["l1", "explained"] > 0.3


def test_too_little_data_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="9 rows with a value of target 'y'; at least 20"):
        advise(rng.standard_normal((9, 2)), rng.standard_normal(9))
    y = np.zeros(40)
    y[:3] = 1
    with pytest.raises(InputError, match="in 3 rows; of each class at least 5"):
        advise(rng.standard_normal((40, 2)), y)


def test_the_page_and_the_terminal_take_it(quick, benchmark, tmp_path):
    from rich.console import Console

    found = advise_table(benchmark.as_drawn(Scenario(60, 6, 2, snr=2), SEED, 0), n_jobs=1)
    console = Console(record=True, width=100)
    found.show(console)
    assert found.recommendation.headline.split(":")[0] in console.export_text()
    text = found.report(tmp_path / "advice.html").read_text()
    assert "<html" in text
