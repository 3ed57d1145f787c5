"""Published studies run again."""

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.columns import check_table
from normwise.analysis.trials.replications import hastie_tibshirani_tibshirani_2020 as htt
from normwise.analysis.trials.replications.protocol import (
    judge,
    plan_batches,
    published,
    run_batch,
    studies,
    study_module,
)

SLOW = ("hastie_tibshirani_tibshirani_2020", "knight_bajaj_2026")
QUICK = [s for s in studies() if s not in SLOW]


@pytest.fixture(scope="module")
def batches():
    return {study: run_batch(study, 0, 3, seed=1) for study in QUICK}


def test_every_study_is_judged(batches):
    table = judge(batches.values())
    check_table(table, "replications")
    assert set(table["study"]) == set(QUICK)
    assert table["measured"].notna().all()
    assert (table["criterion"].str.len() > 0).all()


def test_no_data_set_gives_an_empty_table():
    check_table(judge([]), "replications")


@pytest.mark.parametrize("study", QUICK)
def test_a_data_set_does_not_depend_on_its_batch(study, batches):
    alone = run_batch(study, 2, 3, seed=1)
    whole = batches[study]
    expected = whole[whole["replicate"] == 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, expected)
    assert not np.array_equal(alone["value"], run_batch(study, 2, 3, seed=2)["value"])


def test_batches_cover_every_data_set_once():
    for study, ranges in plan_batches(dict.fromkeys(studies(), 53)).items():
        covered = [i for start, stop in ranges for i in range(start, stop)]
        assert covered == list(range(53)), study
        assert study_module(study).SOURCE
    assert plan_batches({"ng_2004": 0}) == {"ng_2004": []}


def test_every_module_of_the_folder_is_a_study_in_its_order():
    assert list(studies()) == [
        *("zou_hastie_2005", "esl_ridge", "esl_bet_on_sparsity", "ng_2004"),
        *SLOW,
    ]
    for study in studies().values():
        assert study.LABEL and study.SOURCE and study.ABOUT
        assert study.BATCH >= 1
    assert len({study.ORDER for study in studies().values()}) == len(studies())


def test_published_numbers_are_as_many_as_the_sources_have():
    zou = published("zou_hastie_2005")
    assert len(zou) == 16
    assert (zou["se"] > 0).all()
    lasso = zou[zou["method"] == "lasso"].set_index("case")["value"]
    assert lasso.to_dict() == {
        "example 1": 3.06,
        "example 2": 3.87,
        "example 3": 65.0,
        "example 4": 46.6,
    }


@pytest.mark.parametrize(("factor", "agree"), [(1.0, True), (2.0, False)])
def test_a_number_that_is_off_does_not_agree(factor, agree, rng):
    rows = [
        ("zou_hastie_2005", i, row.case, row.method, "MSE", factor * row.value * noise)
        for row in published("zou_hastie_2005").itertuples()
        for i, noise in enumerate(rng.uniform(0.9, 1.1, 51))
    ]
    columns = ["study", "replicate", "case", "method", "quantity", "value"]
    table = judge([pd.DataFrame(rows, columns=columns)])
    medians = table[table["criterion"] == "|z| < 3"]
    assert len(medians) == 16
    assert (medians["agrees"] == agree).all()
    # both penalties are off by the same factor: the winner stays
    assert table[table["criterion"] == "same sign"]["agrees"].all()


@pytest.mark.parametrize("rho", [0.0, 0.35, 0.7])
def test_autoregressive_features_have_their_covariance(rho, rng):
    p = 6
    b = rng.standard_normal((3, p))
    sigma = rho ** np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    np.testing.assert_allclose(htt._quadratic(b, rho), np.einsum("ij,jk,ik->i", b, sigma, b))
    root = htt._filter(np.eye(p), rho)
    np.testing.assert_allclose(root.T @ root, sigma, atol=1e-12)


def test_kinds_of_coefficients():
    assert np.flatnonzero(htt.coefficients(1, 10, 5)).tolist() == [0, 2, 4, 7, 9]
    assert htt.coefficients(2, 4, 2).tolist() == [1, 1, 0, 0]
    assert htt.coefficients(3, 4, 2).tolist() == [10, 0.5, 0, 0]
    assert htt.coefficients(5, 4, 2).tolist() == [1, 1, 0.5, 0.25]
