"""Tables: what is written matches its description."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from normwise.analysis.columns import (
    METRICS,
    TABLES,
    TableError,
    check_table,
    shown_tables,
)
from normwise.analysis.meanings import column_meanings
from normwise.analysis.tables import read_parts, write_parts, write_table
from normwise.files.errors import DamagedFileError
from normwise.provenance.readme import describe_tables


@pytest.fixture
def timings() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": ["a", "a"],
            "scenario": ["0f", "0f"],
            "replicate": np.array([0, 1], np.int32),
            "penalty": ["l1", "l2"],
            "seconds": [0.1, 0.25],
            "n_iter": [3.0, np.nan],
        }
    )


@pytest.fixture
def stability() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": ["a"],
            "scenario": ["0f"],
            "penalty": ["l1"],
            "tuning": ["cv_min"],
            "metric": ["bias2"],
            "value": [0.5],
            "se": [0.1],
        }
    )


def test_good_tables_pass(timings, stability):
    check_table(timings, "timings")
    check_table(timings.astype({"penalty": "category", "dataset": object}), "timings")
    check_table(stability, "stability")


SPOILT = {
    "missing column": (lambda t: t.drop(columns="seconds"), "columns"),
    "extra column": (lambda t: t.assign(extra=1.0), "columns"),
    "another order": (lambda t: t[t.columns[::-1]], "columns"),
    "text for a number": (lambda t: t.assign(seconds=["1", "2"]), "seconds"),
    "whole number for a float": (lambda t: t.assign(seconds=[1, 2]), "seconds"),
    "float for a whole number": (lambda t: t.assign(replicate=[0.0, 1.0]), "replicate"),
    "number for text": (lambda t: t.assign(scenario=[1, 2]), "scenario"),
    "truth value for a float": (lambda t: t.assign(seconds=[True, False]), "seconds"),
    "missing text": (lambda t: t.assign(penalty=["l1", None]), "penalty"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_table_unlike_its_description_is_refused_by_name(timings, case):
    spoil, word = SPOILT[case]
    with pytest.raises(TableError) as error:
        check_table(spoil(timings), "timings")
    assert "timings" in str(error.value)
    assert word in str(error.value)


def test_an_undescribed_metric_is_refused(stability):
    with pytest.raises(TableError, match="quality"):
        check_table(stability.assign(metric="quality"), "stability")


def test_written_tables_are_read_back(tmp_path, timings):
    # an index left over from a selection must not be written
    write_table(timings.set_axis([7, 3]), "timings", tmp_path / "t.parquet", tmp_path / "t.csv")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "t.parquet"), timings, check_dtype=False
    )
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv"), timings, check_dtype=False)


def test_floats_survive_the_csv_exactly(tmp_path, timings):
    timings["seconds"] = [0.1 + 0.2, 1 / 3]
    write_table(timings, "timings", tmp_path / "t.parquet", tmp_path / "t.csv")
    read = pd.read_csv(tmp_path / "t.csv")
    np.testing.assert_array_equal(read["seconds"], timings["seconds"])


def test_a_refused_table_is_not_written(tmp_path, timings):
    with pytest.raises(TableError):
        write_table(timings.drop(columns="seconds"), "timings", tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []


def test_description_names_every_table_column_and_metric():
    text = describe_tables()
    for name, table in TABLES.items():
        section = text.split(f"## Table `{name}`")[1].split("\n## ")[0]
        for column, kind in table.columns.items():
            assert f"| `{column}` | {kind} | {column_meanings(name)[column]} |" in section
    for metric in METRICS:
        assert f"| `{metric}` |" in text.split("## Metrics")[1]


def test_description_lists_every_table_of_the_study():
    line = next(x for x in describe_tables().splitlines() if x.startswith("| `tables/*.parquet`"))
    assert [name for name in TABLES if f"`{name}`" in line] == list(shown_tables())


def test_markdown_tables_have_the_same_number_of_cells_in_every_row():
    for block in describe_tables().split("\n\n"):
        lines = [x.replace("\\|", "") for x in block.splitlines() if x.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1


def test_the_page_in_the_results_folder_is_up_to_date(root):
    assert (root / "results" / "README.md").read_text(encoding="utf-8") == describe_tables()


def test_parts_are_row_groups_and_are_read_as_one(tmp_path, timings):
    parts = [timings.assign(dataset=f"d{i}") for i in range(7)]
    empty = {"timings": timings.head(0)}
    path = tmp_path / "t.parquet"
    write_parts([empty, *({"timings": part} for part in parts)], {"timings": path})
    assert pq.ParquetFile(path).num_row_groups == len(parts)
    whole = pd.concat(parts, ignore_index=True).astype({"replicate": "int64"})
    pd.testing.assert_frame_equal(read_parts([path], "timings"), whole)
    raw = path.read_bytes()
    found = 0
    for place in range(0, len(raw), 41):
        flipped = bytearray(raw)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        try:
            # a bit that says nothing of the rows may go unseen
            pd.testing.assert_frame_equal(read_parts([path], "timings"), whole)
        except DamagedFileError:
            found += 1
    assert found > 10
