"""What was found of published studies: taken over from runs, and shown."""

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.columns import check_table, typed
from normwise.analysis.trials.replications import knight_bajaj_2026 as study
from normwise.analysis.trials.replications.protocol import run_batch
from normwise.audit import shipped
from normwise.audit.published import ship
from normwise.audit.shipped import FOUND, KNIGHT_BAJAJ, REGIMES, WANG, read_found
from normwise.files.parquet import write_parquet
from normwise.report.others import knight_bajaj, wang


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Result folders of an audit and of a replication."""
    monkeypatch.setattr(study, "ROWS_PER_FEATURE", (10,))
    monkeypatch.setattr(study, "CORRELATIONS", {1: 0.0})
    monkeypatch.setattr(study, "SNR", (1.0,))
    batches = tmp_path / "replications" / KNIGHT_BAJAJ
    (tmp_path / "tables").mkdir()
    batches.mkdir(parents=True)
    for batch in range(2):
        write_parquet(run_batch(KNIGHT_BAJAJ, batch, batch + 1, 1), batches / f"{batch}.parquet")
    for name, table in ((WANG, "audit"), (REGIMES, "audit_regimes")):
        frame = typed(read_found(name)[:2], table)
        write_parquet(frame, tmp_path / "tables" / f"{table}.parquet")
    return tmp_path


def test_what_is_shipped_is_what_the_runs_found(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "found")
    ship(runs, runs, tmp_path / "found")
    assert {f.stem for f in (tmp_path / "found").iterdir()} == set(FOUND)
    cells = read_found(KNIGHT_BAJAJ)
    assert len(cells) == len(study.NONZERO)
    assert (cells["n"] == 2).all()
    before = shipped.digest()
    (tmp_path / "found" / f"{WANG}.csv").write_text("scenario\n1\n")
    assert shipped.digest() != before


def test_the_tables_have_the_columns_of_the_audit():
    check_table(typed(read_found(WANG), "audit"), "audit")
    check_table(typed(read_found(REGIMES), "audit_regimes"), "audit_regimes")


def test_counts_are_those_of_the_scenarios():
    found, rerun = wang(), read_found(WANG)
    assert found["n_rerun"] == len(rerun)
    assert found["flips"] == rerun["flips"].sum()
    changed = (rerun["verdict_glmnet"] == "l1").sum() - (rerun["verdict_wide"] == "l1").sum()
    assert found["wins"]["glmnet"] - found["wins"]["wide"] == changed
    # the page says that the size of an advantage is inflated more often than its sign
    inflated = rerun["effect_glmnet"] < rerun["effect_wide"] - np.log(1.05)
    assert inflated.sum() > 5 * found["flips"]
    assert found["z_within_ridge"] == pytest.approx((rerun["z_ridge"].abs() < 3).mean(), abs=1e-4)
    regimes = read_found(REGIMES)
    for _, own in regimes[regimes["regime"] != "all"].groupby("regime"):
        assert own["n"].sum() == found["n"]
        assert own["flips"].sum() == found["flips"]


def test_the_published_study_is_run_again_within_its_error():
    # the same numbers with the same strengths, and those of theory
    found, rerun = wang(), read_found(WANG)
    assert found["z_within_ridge"] >= 0.95
    assert found["z_within_lasso"] >= 0.95
    assert found["close_ridge_glmnet"] >= 0.95
    assert found["close_ridge_wide"] >= 0.95
    bound = rerun["floor"] > 3 * rerun["best_alpha"]
    assert (rerun.loc[bound, "ridge_glmnet"] > rerun.loc[bound, "ridge_wide"]).mean() > 0.95


def test_cells_are_counted_as_they_are():
    found, cells = knight_bajaj(), read_found(KNIGHT_BAJAJ)
    enough = cells[cells["rows"] >= study.ENOUGH]
    assert found["n"] == len(enough)
    assert sum(found["first"].values()) == found["cells_at"] == 24
    ratio = np.exp(enough.loc[enough["rmse_gap"] <= 0.003, "effect"])
    assert (found["least"], found["most"]) == (ratio.min(), ratio.max())
    assert found["recall"]["lasso"] < found["recall"]["elastic_net"]
    assert pd.Series(found["kept"]).between(0, study.N_FEATURES).all()
