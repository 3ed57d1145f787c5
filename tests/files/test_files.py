"""Files: whole or absent, checked when read, and one run at a time in a folder."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from normwise.files.arrays import load_arrays, save_arrays
from normwise.files.errors import REASONS, BusyError, DamagedFileError, StorageError
from normwise.files.job_log import log_to
from normwise.files.lock import RUN, begin_run
from normwise.files.parquet import harmless, read_parquet, write_csv, write_parquet
from normwise.files.whole import write_atomic, write_text


@pytest.fixture
def arrays(rng) -> dict[str, np.ndarray]:
    return {
        "X.0": rng.standard_normal((2, 3, 4)),
        "start": np.array(3),
        "text": np.array("[1, 2]"),
        "names": np.array(["a", "bc"]),
        "flags": np.array([True, False]),
        "columns": np.asfortranarray(rng.standard_normal((3, 2))),
        "part": rng.standard_normal((4, 6))[:, ::2],
        "none": np.zeros((0, 3)),
    }


@pytest.fixture
def frame(rng) -> pd.DataFrame:
    n = 40
    return pd.DataFrame(
        {
            "dataset": ["close", "wide"] * (n // 2),
            "metric": pd.Categorical(["gap", "excess_risk"] * (n // 2)),
            "replicate": np.arange(n),
            "value": np.where(np.arange(n) == 3, np.nan, rng.standard_normal(n)),
            "passed": np.arange(n) % 3 == 0,
        }
    )


@pytest.fixture(autouse=True)
def of_no_run(monkeypatch):
    """Whatever run a test begins is forgotten after it."""
    monkeypatch.setenv(RUN, "")


def flipped(raw: bytes, rng: np.random.Generator):
    """The file with one bit flipped, here and there from the first byte to the last."""
    for i in np.arange(0, len(raw), 5) + rng.integers(5):
        changed = bytearray(raw)
        changed[min(i, len(raw) - 1)] ^= 1 << rng.integers(8)
        yield bytes(changed)


def read_all(path: Path) -> dict[str, np.ndarray]:
    with load_arrays(path, ours=True) as file:
        return dict(file)


def test_arrays_come_back_as_they_were(tmp_path, arrays):
    save_arrays(tmp_path / "a.npz", arrays)
    read = read_all(tmp_path / "a.npz")
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype


def test_a_flipped_bit_anywhere_in_an_array_file_is_named_or_harmless(tmp_path, arrays, rng):
    path = tmp_path / "a.npz"
    save_arrays(path, arrays)
    found = 0
    for changed in flipped(path.read_bytes(), rng):
        path.write_bytes(changed)
        try:
            read = read_all(path)
        except DamagedFileError as error:
            found += 1
            assert str(path) in str(error) and "Delete this file" in str(error)
            continue
        assert list(read) == list(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(read[name], array)
    # most of a zip file matters
    assert found > len(changed) / 10


def test_an_array_file_cut_anywhere_is_named(tmp_path, arrays):
    path = tmp_path / "a.npz"
    save_arrays(path, arrays)
    raw = path.read_bytes()
    for length in range(0, len(raw), 11):
        path.write_bytes(raw[:length])
        with pytest.raises(DamagedFileError, match="Delete this file"):
            read_all(path)


def test_an_edited_array_file_is_named(tmp_path, arrays):
    path = tmp_path / "a.npz"
    save_arrays(path, arrays)
    with np.load(path) as file:
        kept = dict(file)
    np.savez(path, **(kept | {"X.0": kept["X.0"] + 1e-12}))
    with pytest.raises(DamagedFileError, match=r"'X\.0' differs from its digest"):
        read_all(path)
    np.savez(path, **(kept | {"extra": np.zeros(2)}))
    with pytest.raises(DamagedFileError, match="missing or were added"):
        read_all(path)
    np.savez(path, **arrays)
    with pytest.raises(DamagedFileError, match="no digests"):
        read_all(path)


def test_an_array_file_of_the_users_needs_no_digests(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    with load_arrays(tmp_path / "a.npz") as file:
        assert set(file) == set(arrays)
        np.testing.assert_array_equal(file["X.0"], arrays["X.0"])


def test_a_missing_file_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_arrays(tmp_path / "a.npz")
    with pytest.raises(FileNotFoundError):
        read_parquet(tmp_path / "a.parquet")


def test_an_array_is_read_alone_and_once(tmp_path):
    path = tmp_path / "a.npz"
    save_arrays(path, {"small": np.ones(1000), "large": np.ones(4_000_000)})
    with load_arrays(path, ours=True) as file:
        tracemalloc.start()
        assert file["small"].sum() == 1000
        alone = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        large = file["large"]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert alone < large.nbytes / 10
    assert peak < 1.2 * large.nbytes


def test_array_files_do_not_depend_on_the_clock(tmp_path, arrays, monkeypatch):
    save_arrays(tmp_path / "now.npz", arrays)
    later = time.time() + 1e8
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(later))
    save_arrays(tmp_path / "later.npz", arrays)
    assert (tmp_path / "now.npz").read_bytes() == (tmp_path / "later.npz").read_bytes()


def test_a_flipped_bit_anywhere_in_a_table_is_named_or_harmless(tmp_path, frame, rng):
    path = tmp_path / "a.parquet"
    write_parquet(frame, path)
    pd.testing.assert_frame_equal(read_parquet(path), frame)
    found = 0
    for changed in flipped(path.read_bytes(), rng):
        path.write_bytes(changed)
        try:
            read = read_parquet(path)
        except DamagedFileError as error:
            found += 1
            assert str(path) in str(error) and "Delete this file" in str(error)
            continue
        # a text may have lost how it was stored
        same = {"check_exact": True, "check_categorical": False, "check_dtype": False}
        pd.testing.assert_frame_equal(read, frame, **same)
    assert found > len(changed) / 10


def test_a_table_cut_anywhere_is_named(tmp_path, frame):
    path = tmp_path / "a.parquet"
    write_parquet(frame, path)
    raw = path.read_bytes()
    for length in range(0, len(raw), 11):
        path.write_bytes(raw[:length])
        with pytest.raises(DamagedFileError, match="Delete this file"):
            read_parquet(path)


def test_an_edited_table_is_named(tmp_path, frame):
    path = tmp_path / "a.parquet"
    frame.to_parquet(path, index=False)
    with pytest.raises(DamagedFileError, match="no digest"):
        read_parquet(path)


def test_any_reader_of_parquet_reads_what_is_written(tmp_path, frame):
    write_parquet(frame, tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a.parquet"), frame)


def test_no_glob_and_no_reader_of_folders_finds_a_leftover(tmp_path, frame):
    write_parquet(frame, tmp_path / "0.parquet")

    def killed(partial: Path) -> None:
        partial.write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)

    for name in ("1.parquet", "1.npz", "1.csv"):
        if os.fork() == 0:
            write_atomic(tmp_path / name, killed)
        os.wait()
    assert len(list(tmp_path.iterdir())) == 4
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path), frame)
    for kind in ("parquet", "npz", "csv"):
        assert [p.name for p in tmp_path.rglob(f"*.{kind}")] == ["0.parquet"][: kind == "parquet"]


@pytest.mark.parametrize("code", REASONS, ids=errno.errorcode.get)
def test_what_the_disk_refuses_is_said_with_the_file_and_what_to_do(tmp_path, monkeypatch, code):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def refuse(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError) as error:
        write_text(path, "new")
    message = str(error.value)
    assert message.startswith(f"{path}: cannot be written; {REASONS[code]}")
    assert "same command again: files that are finished are kept" in message
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_an_error_of_the_code_is_not_called_one_of_the_disk(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "a.txt", lambda partial: Path("/nowhere/b").read_text())


def test_a_limit_on_the_size_of_files_is_said(tmp_path):
    code = f"""
import resource, numpy as np, pandas as pd
from normwise.files.errors import StorageError
from normwise.files.arrays import save_arrays
from normwise.files.parquet import write_csv, write_parquet
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
numbers = np.random.default_rng(0).standard_normal(100_000)
frame = pd.DataFrame({{"a": numbers}})
for name, write in {{
    "a.npz": lambda path: save_arrays(path, {{"a": numbers}}),
    "a.parquet": lambda path: write_parquet(frame, path),
    "a.csv": lambda path: write_csv(frame, path),
}}.items():
    try:
        write({str(tmp_path)!r} + "/" + name)
    except StorageError as error:
        assert name in str(error) and "larger than allowed" in str(error), error
        print("said")
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.split() == ["said"] * 3, answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx", "-", "=", "@"])
def test_text_that_a_spreadsheet_would_run_is_neutralised(tmp_path, cell):
    frame = pd.DataFrame({"label": [cell, "a=b"], "value": [-1.5, 2.0]})
    for text in (frame, frame.astype({"label": "category"})):
        write_csv(text, tmp_path / "a.csv")
        read = pd.read_csv(tmp_path / "a.csv", keep_default_na=False)
        assert read["label"].tolist() == ["'" + cell.replace("\r", "\n"), "a=b"]
        assert read["value"].tolist() == [-1.5, 2.0]


def test_a_carriage_return_does_not_begin_another_row(tmp_path):
    write_csv(pd.DataFrame({"label": ["a\r=1+1", "b\r\n@c"]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == b'label\n"a\n=1+1"\n"b\n@c"\n'


def test_numbers_stay_numbers():
    for cell in (-1.5, "-1.5", "+2", "-1e-5", -3, True, None):
        assert harmless(cell) is cell


def test_the_log_of_a_job_that_succeeds_holds_its_warnings_alone(tmp_path):
    log = tmp_path / "a.log"
    with log_to(log):
        assert "has not ended" in log.read_text()
        print("a warning", file=sys.stderr)
    assert log.read_text() == "a warning\n"
    with log_to(log):
        pass
    assert log.read_text() == ""


def test_the_log_of_a_job_that_is_killed_says_so(tmp_path):
    if os.fork() == 0:
        with log_to(tmp_path / "a.log"):
            os.kill(os.getpid(), signal.SIGKILL)
    os.wait()
    text = (tmp_path / "a.log").read_text()
    assert "killed before it could say why" in text
    assert "memory" in text and "mem_mb" in text and "max_chunk_mb" in text


def test_an_error_of_the_code_leaves_its_traceback(tmp_path):
    with pytest.raises(ZeroDivisionError), log_to(tmp_path / "a.log"):
        1 / 0  # noqa: B018
    text = (tmp_path / "a.log").read_text()
    assert "Traceback" in text and "has not ended" not in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DamagedFileError("a.npz", "cut"), "Delete this file"),
        (StorageError("a.npz: cannot be written"), "cannot be written"),
        (OSError(errno.ENOSPC, "No space left on device", "a.npz"), "a.npz: cannot be written"),
        (MemoryError("Unable to allocate 9 GB"), "not enough memory"),
        (KeyError("of the user's"), "of the user's"),
    ],
)
def test_faults_end_a_job_with_a_message_and_no_traceback(tmp_path, error, words):
    with pytest.raises(SystemExit) as left, log_to(tmp_path / "a.log", KeyError):
        raise error
    assert words in str(left.value)
    text = (tmp_path / "a.log").read_text()
    assert text == f"{left.value}\n"


def test_a_full_disk_under_the_log_does_not_hide_the_message():
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with pytest.raises(SystemExit) as left, log_to("/dev/full"):
        raise DamagedFileError("a.npz", "cut")
    assert "disk is full" in str(left.value)


def test_a_log_that_cannot_be_opened_is_said(tmp_path):
    with pytest.raises(SystemExit) as left, log_to(tmp_path):
        pass
    assert str(tmp_path) in str(left.value)


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_told_with_what_to_change(tmp_path):
    from joblib import Parallel, delayed

    with pytest.raises(SystemExit) as left, log_to(tmp_path / "a.log"):
        Parallel(n_jobs=2, backend="loky")(delayed(die)(i) for i in range(2))
    message = str(left.value)
    assert "worker process of this job was killed" in message
    assert "GB" in message and "threads_per_fit" in message
    assert (tmp_path / "a.log").read_text() == f"{message}\n"


RUNNER = """
import sys, time
from normwise.files.lock import BusyError, begin_run
from normwise.files.job_log import log_to
try:
    begin_run({folder!r})
except BusyError as error:
    sys.exit(str(error))
print("begun", flush=True)
time.sleep({seconds})
"""


def run(folder: Path, seconds: float = 60, code: str = RUNNER) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code.format(folder=str(folder), seconds=seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_run_in_a_folder_is_refused_and_told_who_is_there(tmp_path):
    first = run(tmp_path / "results")
    try:
        assert first.stdout.readline() == "begun\n"
        refused, message = run(tmp_path / "results").communicate(timeout=60)
        assert refused == ""
        host = json.loads((tmp_path / "results" / ".lock").read_text())["host"]
        assert f"another run is at work there, process {first.pid} on {host}, since 20" in message
        # another folder is free
        other = run(tmp_path / "others", seconds=0)
        assert other.communicate(timeout=60)[0] == "begun\n"
    finally:
        first.kill()
        first.communicate()
    # however a run ends, its lock ends with it
    third = run(tmp_path / "results", seconds=0)
    assert third.communicate(timeout=60)[0] == "begun\n"


JOB = """
import time
from normwise.files.job_log import log_to
from normwise.files.whole import write_text
with log_to({folder!r} + "/logs/a.log"):
    print("working", flush=True)
    time.sleep({seconds})
    write_text({folder!r} + "/a.txt", "of the run before")
"""


def test_a_run_waits_for_the_jobs_of_one_that_was_killed(tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / ".lock").touch()
    job = run(tmp_path, seconds=3, code=JOB)
    assert job.stdout.readline() == "working\n"
    out, err = run(tmp_path, seconds=0).communicate(timeout=60)
    assert out == "begun\n"
    assert "jobs of an earlier run" in err
    assert (tmp_path / "a.txt").exists()
    job.communicate()


def test_a_job_of_an_earlier_run_that_starts_late_is_not_begun(tmp_path, monkeypatch):
    (tmp_path / "logs").mkdir()
    assert run(tmp_path, seconds=0).communicate(timeout=60)[0] == "begun\n"
    monkeypatch.setenv(RUN, json.loads((tmp_path / ".lock").read_text())["run"])
    with log_to(tmp_path / "logs" / "a.log"):
        write_text(tmp_path / "a.txt", "in time")
    assert run(tmp_path, seconds=0).communicate(timeout=60)[0] == "begun\n"
    with pytest.raises(SystemExit) as left, log_to(tmp_path / "logs" / "a.log"):
        write_text(tmp_path / "a.txt", "too late")
    assert "of a run that has ended" in str(left.value)
    assert (tmp_path / "a.txt").read_text() == "in time"


def test_a_lock_of_another_program_above_the_results_is_none_of_ours(tmp_path, monkeypatch):
    (tmp_path / "logs").mkdir()
    (tmp_path / ".lock").write_text("4711")
    monkeypatch.setenv(RUN, "ours")
    with log_to(tmp_path / "logs" / "a.log"):
        write_text(tmp_path / "a.txt", "written")
    assert (tmp_path / "a.txt").read_text() == "written"


def begin_here(folder: Path) -> None:
    """Begin a run whose lock ends with the test."""
    if os.fork() == 0:
        begin_run(folder)
        os._exit(0)
    assert os.wait()[1] == 0


def test_a_run_removes_what_killed_jobs_left_and_nothing_else(tmp_path):
    left = [".a.npz.123.part", "deep/er/.b.parquet.9.part"]
    kept = ["a.npz", ".hidden", "part", "notes.part", ".snakemake_timestamp"]
    for name in left + kept:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    begin_here(tmp_path)
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} == {*kept, ".lock", ".jobs"}


def test_a_file_system_without_locks_is_told_and_works(tmp_path, monkeypatch, capfd):
    import fcntl

    def none(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none)
    (tmp_path / ".a.npz.123.part").touch()
    begin_here(tmp_path)
    assert "no locks" in capfd.readouterr().err
    # it may be the work of another run
    assert (tmp_path / ".a.npz.123.part").exists()


def test_a_folder_that_cannot_be_written_is_said_at_the_start(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(tmp_path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StorageError, match="read-only"):
        begin_run(tmp_path)


def test_a_clock_set_back_is_told_and_the_order_of_files_stays(tmp_path, capfd):
    hours = 3600 * 10**9
    now = time.time_ns()
    ages = {"old": now - hours, "data": now + hours, "fits": now + 2 * hours, "table": now + hours}
    for name, when in ages.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, ns=(when, when))
    begin_here(tmp_path)
    said = capfd.readouterr().err
    assert "clock was set back" in said and str(tmp_path / "fits") in said
    times = {name: (tmp_path / name).stat().st_mtime_ns for name in ages}
    assert times["old"] == ages["old"]
    # a table older than its fits must stay so
    assert times["old"] < times["data"] < times["table"] < times["fits"]
    assert times["fits"] <= time.time_ns()
    begin_here(tmp_path)
    assert capfd.readouterr().err == ""


def test_clocks_of_two_machines_may_differ_a_little(tmp_path, capfd):
    soon = time.time_ns() + 5 * 10**9
    (tmp_path / "a").touch()
    os.utime(tmp_path / "a", ns=(soon, soon))
    begin_here(tmp_path)
    assert capfd.readouterr().err == ""
    assert (tmp_path / "a").stat().st_mtime_ns == soon


def test_two_runs_in_one_process_are_two(tmp_path):
    # a lock belongs to the file as opened, not to the process
    begin_run(tmp_path)
    with pytest.raises(BusyError):
        begin_run(tmp_path)
