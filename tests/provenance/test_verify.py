"""A study as it was made is verified; whatever is changed in it is found and named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from normwise.cli import main
from normwise.files.arrays import load_arrays, save_arrays
from normwise.provenance import verify as module
from normwise.provenance.agreement import DIFFERENT, ROUNDED, SAME, by_column, difference, level
from normwise.provenance.record import describe_file
from normwise.provenance.runs import digest
from normwise.provenance.verify import verify

pytestmark = pytest.mark.workflow
# so many that every replicate is picked
ALL = 600


@pytest.fixture
def results(published, tmp_path, monkeypatch) -> Path:
    """A copy of the results, in the folder in which the user's own files are."""
    monkeypatch.chdir(published.folder)
    return Path(shutil.copytree(published.results, tmp_path / "results"))


def edit_record(results: Path, edit) -> None:
    path = results / "provenance.json"
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))


def forge(results: Path, name: str) -> None:
    """Put the digest of a changed file on record."""
    edit_record(results, lambda r: r["files"].update({name: describe_file(results / name)}))
    (results / "ro-crate-metadata.json").unlink()


def change_array(results: Path, name: str, array: str, change) -> None:
    with load_arrays(results / name) as file:
        arrays = {n: file[n] for n in file.files}
    arrays[array] = change(arrays[array])
    save_arrays(results / name, arrays)


def change_table(results: Path, name: str, change) -> None:
    frame = pd.read_parquet(results / name)
    change(frame)
    frame.to_parquet(results / name, index=False)


def one_bit(array: np.ndarray) -> np.ndarray:
    """The last bit of the first number that is not zero."""
    place = np.flatnonzero(array)[0]
    array.ravel().view(np.uint64)[place] ^= 1
    return array


def another_number(array: np.ndarray) -> np.ndarray:
    array.ravel()[0] = 5.0
    return array


def test_a_study_as_it_was_made_has_the_same_bits(results, capsys):
    assert main(["verify", str(results), "--sample", str(ALL), "--seed", "1"]) == 0
    output = capsys.readouterr().out
    assert output.splitlines()[-1] == "the same bits (the same sample again: --seed 1)"
    assert "FAULT" not in output
    assert "left out" not in output


def test_every_source_of_data_is_made_again(results):
    found = verify(results, ALL, 1)
    scenarios, penalties, replicates = 7, 2, 6
    # and the user's table is read once more
    assert len(found.steps["fits"]) == scenarios * penalties * replicates + 1
    assert len(found.steps["metrics"]) == scenarios * penalties
    assert len(found.steps["summary"]) == scenarios
    assert found.outcome == SAME


def test_the_sample_is_of_all_data_sets_and_repeats_with_its_seed(results, monkeypatch):
    picks = []
    monkeypatch.setattr(
        module._Study,
        "_check_fit",
        lambda self, dataset, scenario, penalty, replicate, paths: picks.append(
            (dataset["name"], scenario, penalty, replicate)
        ),
    )
    for seed in (3, 3, 4):
        verify(results, 5, seed)
    assert {name for name, *_ in picks[:5]} == {"close", "labels", "spread", "rows", "drawn"}
    assert picks[:5] == picks[5:10] != picks[10:]


def test_one_bit_in_a_fits_file_is_found_by_its_digest(results, capsys):
    change_array(results, "fits/close/l1/0.npz", "coef.0", one_bit)
    assert main(["verify", str(results), "--sample", "0"]) == 1
    assert "FAULT fits/close/l1/0.npz: is not what it was" in capsys.readouterr().out


def test_one_bit_in_a_fits_file_is_found_from_the_seed_if_its_digest_is_forged(results):
    change_array(results, "fits/close/l1/0.npz", "coef.0", one_bit)
    forge(results, "fits/close/l1/0.npz")
    found = verify(results, ALL, 1)
    assert found.outcome == ROUNDED
    assert found.faults == []
    assert sum(d > 0 for d in found.steps["fits"]) == 1
    assert 0 < found.largest < 1e-14


@pytest.mark.parametrize("array", ["risk.0", "chosen.0", "predictor_test.0"])
def test_a_number_in_a_fits_file_is_named_if_its_digest_is_forged(results, array):
    name = "fits/rows/l2/1.npz"
    change_array(results, name, array, another_number)
    forge(results, name)
    found = verify(results, ALL, 1)
    assert found.outcome == DIFFERENT
    # files of a table number their replicates in order
    (fault,) = (f for f in found.faults if f.startswith(name))
    assert f"rows replicate 2, l2: {array[:-2]} differs by" in fault


def test_a_damaged_fits_file_is_named_and_the_rest_is_verified(results):
    path = results / "fits/labels/l1/0.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = verify(results, ALL, 1)
    assert found.outcome == DIFFERENT
    assert all("fits/labels/l1/0.npz" in fault for fault in found.faults)
    assert len(found.steps["fits"]) >= 4 * 2 * 6


@pytest.mark.parametrize(
    ("name", "column", "what"),
    [
        ("metrics/close/0.parquet", "value", "metrics/close/0.parquet: l1: "),
        ("tables/summary.parquet", "mean", "tables/summary.parquet: close "),
        ("tables/verdicts.parquet", "effect", "effect differs by"),
        ("tables/verdicts.parquet", "q_win", "l1 l2 cv_1se: q_win differs by"),
        ("tables/verdicts.parquet", "verdict", "verdict differs in kind"),
    ],
)
def test_a_number_in_a_table_is_found_by_its_digest_and_without_it(results, name, column, what):
    def change(frame: pd.DataFrame) -> None:
        before = frame.loc[0, column]
        others = {"l1": "l2", "l2": "undecided"}
        after = others.get(before, "l1") if column == "verdict" else before * 1.01 + 0.01
        frame.loc[0, column] = after

    change_table(results, name, change)
    assert f"{name}: is not what it was when the study ended" in verify(results, 0, 1).faults
    forge(results, name)
    assert any(what in fault for fault in verify(results, ALL, 1).faults)


def test_a_file_that_is_gone_is_named(results):
    (results / "tables/rules.csv").unlink()
    (results / "metrics/labels/0.parquet").unlink()
    found = verify(results, ALL, 1)
    assert {"tables/rules.csv: is missing", "metrics/labels/0.parquet: is missing"} == set(
        found.faults
    )


def test_another_seed_on_record_is_named(results):
    edit_record(results, lambda record: record["config"].update(seed=8))
    found = verify(results, 1, 1)
    assert (
        "provenance.json: its config is not the one that its digest was made from" in found.faults
    )
    assert "provenance.json: seed 8 in its config, 7 under seeds" in found.faults
    assert "provenance.json: is not the file that ro-crate-metadata.json describes" in found.faults


def test_another_seed_on_record_is_named_if_all_is_forged(results):
    def edit(record: dict) -> None:
        record["config"]["seed"] = record["seeds"]["root"] = 8
        record["config_digest"] = digest(record["config"])

    edit_record(results, edit)
    (results / "ro-crate-metadata.json").unlink()
    found = verify(results, 40, 1)
    seven = [f for f in found.faults if "was made with seed 7, provenance.json says 8" in f]
    assert any(f.startswith("fits/close/") for f in seven)
    # no seed is in the fits of data that are not simulated, but their numbers differ
    assert any(f.startswith("fits/rows/") and "differs by" in f for f in found.faults)


def test_another_table_of_the_user_is_named(published, results, tmp_path, monkeypatch):
    for name in ("houses.csv", "waves.py"):
        shutil.copy(published.folder / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    frame = pd.read_csv("houses.csv")
    frame.loc[3, "age"] += 1e-3
    frame.to_csv("houses.csv", index=False)
    found = verify(results, 0, 1)
    assert "houses.csv: is not the file that the study was made from" in found.faults
    Path("houses.csv").unlink()
    found = verify(results, ALL, 1)
    assert found.outcome == SAME
    (left_out,) = found.left_out
    assert "houses.csv is not here to be read again; sources/rows.npz is used" in left_out


def test_other_packages_are_named_and_change_no_verdict(results):
    def edit(record: dict) -> None:
        record["environment"]["packages"] |= {"numpy": "1.0", "snakeoil": "2.0", "abacus": "3.0"}
        record["environment"]["numba_target"] = "z80"

    edit_record(results, edit)
    (results / "ro-crate-metadata.json").unlink()
    found = verify(results, 2, 1)
    assert found.outcome == SAME
    assert any(change.startswith("numpy: 1.0 then, ") for change in found.changes)
    assert any(change.startswith("numba_target: z80 then, ") for change in found.changes)
    assert "not installed here: abacus, snakeoil" in found.changes
    assert not any("scipy" in change for change in found.changes)


def test_what_cannot_be_verified_is_refused(results, tmp_path, monkeypatch, capsys):
    assert main(["verify", str(tmp_path / "none")]) == 2
    assert "there is no such folder" in capsys.readouterr().err
    assert main(["verify", str(tmp_path)]) == 2
    assert "there is no provenance.json in it" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert main(["verify", str(results)]) == 2
    assert "waves.py: the study was made with this extension" in capsys.readouterr().err
    (results / "provenance.json").write_text("{}")
    assert main(["verify", str(results)]) == 2
    assert "is not what a study writes" in capsys.readouterr().err


def test_difference_is_zero_for_the_same_bits_alone():
    a = np.array([1.0, -2.0, np.nan, np.inf])
    assert difference(a, a.copy()) == 0
    assert difference(np.array(["a"]), np.array(["a"])) == 0
    assert 0 < difference(a, np.array([1.0, np.nextafter(-2, 0), np.nan, np.inf])) < 1e-15
    assert 0 < difference(np.array([0.0]), np.array([-0.0])) < 1e-300
    assert difference(np.array([1.0, 4.0]), np.array([1.0, 5.0])) == pytest.approx(0.2)
    for other in (a[:3], np.array([1.0, -2.0, 0.0, np.inf]), np.array([1.0, -2.0, np.nan, 3.0])):
        assert difference(a, other) == np.inf
    assert difference(np.array(["a"]), np.array(["b"])) == np.inf
    assert difference(np.array([1.0]), np.array(["a"])) == np.inf


def test_levels():
    assert [level(d) for d in (0, 5e-324, 1e-8, 1.1e-8, np.inf)] == [
        SAME,
        ROUNDED,
        ROUNDED,
        DIFFERENT,
        DIFFERENT,
    ]


def test_rows_are_matched_by_their_keys():
    frame = pd.DataFrame({"dataset": ["a", "b"], "value": [1.0, 2.0]})
    assert by_column(frame, frame[::-1], ["dataset"]) == {"value": 0}
    assert by_column(frame, frame[:1], ["dataset"]) == {"rows": np.inf}
