"""What is missing after failures, and why."""

import pytest

from normwise.study.missing import SILENT, UNTRIED, Expected, announce, last_words


@pytest.fixture
def jobs(tmp_path):
    (tmp_path / "logs").mkdir()
    return [(tmp_path / f"{n}.npz", tmp_path / "logs" / f"{n}.log") for n in range(3)]


def test_the_first_job_without_output_speaks(jobs):
    assert last_words(jobs) == UNTRIED
    jobs[0][1].write_text("a warning\n")
    jobs[0][0].touch()
    jobs[1][1].write_text("Traceback\n  line\nValueError: no\n\n")
    jobs[2][1].write_text("later\n")
    assert last_words(jobs) == "ValueError: no"
    jobs[1][0].touch()
    assert last_words(jobs) == "later"


def test_a_killed_job_is_said_to_be_silent(jobs):
    jobs[1][1].touch()
    assert last_words(jobs) == SILENT


def test_a_part_is_there_as_a_whole(jobs):
    files = [output for output, _ in jobs]
    part = Expected("d", ["s1", "s2"], 50, files, jobs)
    for file in files:
        assert not part.is_there
        rows = list(part.missing())
        assert [row["scenario"] for row in rows] == ["s1", "s2"]
        assert {row["replicates"] for row in rows} == {50}
        file.touch()
    assert part.is_there
    assert list(part.missing()) == []


def test_what_is_missing_is_announced_once_a_reason():
    rows = [{"dataset": "d", "scenario": s, "replicates": 5, "reason": "no"} for s in "abc"]
    text = announce(rows)
    assert text.count("d: no (3 scenarios)") == 1
    assert "incomplete=true" in text
    assert announce([]) == ""
