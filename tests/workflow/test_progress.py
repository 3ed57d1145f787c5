"""How far a run is: the arithmetic, the display, and Snakemake with both."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from snakemake_logger_plugin_normwise.display import Foot, in_words, panel, summary
from snakemake_logger_plugin_normwise.progress import Job, Plan, Progress

ROOT = Path(__file__).parents[2]
FIT, FIGURE = ("fit", "l1", "map"), ("figure",)
HOUR = 3600.0


def jobs_like(kind: tuple[str, ...], n: int, seconds: float, fits: int = 0) -> dict[int, Job]:
    return {i: Job(kind, seconds, fits) for i in range(n)}


def run_through(durations: list[float], plan: Plan, until: float = 1.0) -> tuple[Progress, float]:
    """Run jobs in order on the cores of the plan until a share has ended; the time it is then."""
    progress, now = Progress(plan), 0.0
    waiting = list(plan.jobs)
    ends: dict[int, float] = {}
    while waiting or ends:
        while waiting and len(ends) < plan.cores:
            jobid = waiting.pop(0)
            progress.start(jobid, now)
            ends[jobid] = now + durations[jobid]
        if len(progress.finished) >= until * len(plan.jobs):
            break
        jobid = min(ends, key=ends.get)
        now = ends.pop(jobid)
        progress.finish(jobid, now)
    return progress, now


def truth(durations: list[float], cores: int) -> float:
    free = np.zeros(cores)
    for seconds in durations:
        free[free.argmin()] += seconds
    return free.max()


@given(
    st.integers(1, 12),
    st.booleans(),
    st.lists(
        st.tuples(
            st.integers(0, 14), st.sampled_from(["start", "fail", "finish"]), st.floats(0, 9e3)
        ),
        max_size=80,
    ),
)
def test_whatever_happens_the_percentage_never_falls_and_ends_at_100(n, local, events):
    kinds = [FIT, ("fit", "l2", "map"), FIGURE]
    jobs = {i: Job(kinds[i % 3], 5.0 * (i + 1), 100 * (i % 2)) for i in range(n)}
    after = {FIGURE: {FIT}, FIT: {FIGURE}}
    progress, now, before = Progress(Plan(jobs, after, 4 if local else None)), 0.0, 0
    ended = False
    # what is left at the end finishes
    for jobid, event, seconds in [*events, *((i, "finish", 1.0) for i in range(15))]:
        now += seconds
        if event == "start":
            progress.start(jobid, now)
        elif event == "fail":
            progress.fail(jobid)
        else:
            progress.finish(jobid, now)
        assert before <= progress.percent() <= 100
        # a job that nobody had planned may come after the end
        ended = ended or len(progress.finished) == progress.n_jobs
        assert (progress.percent() == 100) == ended
        before = progress.percent()
        left = progress.seconds_left(now)
        assert left is None or 0 <= left < float("inf")
    assert before == 100
    assert progress.fits_done == progress.fits


@given(
    st.integers(1, 8),
    st.floats(0.1, 10),
    st.floats(2, 600),
    st.floats(0.4, 0.9),
    st.integers(0, 2**32 - 1),
)
def test_time_left_of_a_steady_stream_is_right_within_a_third(cores, wrong, seconds, until, seed):
    # the plan is wrong by a factor of up to ten
    noise = np.random.default_rng(seed).uniform(0.8, 1.25, 20 * cores)
    durations = list(seconds * noise)
    plan = Plan(jobs_like(FIT, len(durations), wrong * seconds), cores=cores)
    progress, now = run_through(durations, plan, until)
    left = truth(durations, cores) - now
    # the cores do not all end at the same time
    assert progress.seconds_left(now) == pytest.approx(left, rel=1 / 3, abs=seconds)


@given(st.integers(1, 8), st.floats(0.1, 10), st.floats(0.05, 0.95))
def test_percentage_of_a_steady_stream_is_the_share_that_has_finished(cores, wrong, until):
    plan = Plan(jobs_like(FIT, 100, 60 * wrong), cores=cores)
    progress, _ = run_through([60.0] * 100, plan, until)
    # ten seconds of the plan's word are left in the ratio
    assert progress.percent() == pytest.approx(len(progress.finished), abs=8)


def test_a_figure_counts_less_than_ten_thousand_fits():
    plan = Plan({0: Job(FIT, 200.0, 10_000), 1: Job(FIGURE, 5.0)}, cores=1)
    figure_done, fits_done = Progress(plan), Progress(plan)
    figure_done.finish(1, 5.0)
    fits_done.finish(0, 200.0)
    assert figure_done.percent() <= 3
    assert fits_done.percent() >= 97


def test_nothing_is_known_until_the_bulk_of_the_work_has_been_measured():
    plan = Plan({0: Job(("simulate",), 5.0), 1: Job(FIT, 100.0), 2: Job(FIT, 100.0)}, cores=1)
    progress = Progress(plan)
    progress.start(0, 0.0)
    assert progress.seconds_left(1.0) is None
    progress.finish(0, 5.0)
    progress.start(1, 5.0)
    assert progress.seconds_left(6.0) is None
    progress.finish(1, 205.0)
    assert progress.seconds_left(205.0) == pytest.approx(200, rel=0.1)


def test_hours_in_the_queue_are_neither_work_nor_known():
    progress = Progress(Plan(jobs_like(FIT, 400, 60.0, 1000)))
    for jobid in range(400):
        progress.start(jobid, 0.0)
    for hours in (0.1, 1, 5):
        assert progress.percent() == 0
        assert progress.seconds_left(hours * HOUR) is None
        assert progress.fits_per_second(hours * HOUR) is None
    # 50 nodes come free one by one after five hours, a job takes two minutes
    for jobid in range(200):
        now = 5 * HOUR + 120 + 2.4 * jobid
        progress.finish(jobid, now, 120.0)
    assert progress.percent() == pytest.approx(50, abs=2)
    assert progress.seconds_left(now) == pytest.approx(480, rel=0.1)
    assert progress.fits_per_second(now) == pytest.approx(1000 / 2.4, rel=0.1)


def test_a_queue_that_stands_still_makes_the_time_left_unknown_again():
    progress = Progress(Plan(jobs_like(FIT, 4, 60.0)))
    for jobid in range(4):
        progress.start(jobid, 0.0)
    progress.finish(0, 100.0, 60.0)
    progress.finish(1, 160.0, 60.0)
    assert progress.seconds_left(160.0) == pytest.approx(120, rel=0.1)
    assert progress.seconds_left(160.0 + HOUR) is None


def test_a_job_of_unknown_duration_on_a_cluster_teaches_nothing():
    progress = Progress(Plan(jobs_like(FIT, 2, 60.0)))
    progress.start(0, 0.0)
    progress.finish(0, 5 * HOUR)
    assert progress.percent() == 50
    assert progress.seconds_left(5 * HOUR) is None


def test_jobs_that_wait_for_each_other_gain_nothing_from_cores():
    chain = {100 + i: Job((name,), 50.0) for i, name in enumerate(("compare", "learn", "report"))}
    after = {("compare",): {FIT}, ("learn",): {("compare",)}, ("report",): {("learn",)}}
    plan = Plan(jobs_like(FIT, 100, 60.0) | chain, after, cores=50)
    progress = Progress(plan)
    for jobid in range(100):
        progress.start(jobid, 60.0 * (jobid // 50))
        progress.finish(jobid, 60.0 * (jobid // 50 + 1))
    assert progress.seconds_left(120.0) == pytest.approx(150, rel=0.1)


def test_jobs_of_a_kind_are_judged_by_their_kind():
    slow = ("fit", "l2", "map")
    jobs = jobs_like(FIT, 20, 10.0) | {100 + i: Job(slow, 10.0) for i in range(20)}
    progress, now = Progress(Plan(jobs, cores=1)), 0.0
    for jobid in (*range(20), *range(100, 110)):
        seconds = 10.0 if jobid < 20 else 100.0
        progress.start(jobid, now)
        now += seconds
        progress.finish(jobid, now)
    assert progress.seconds_left(now) == pytest.approx(1000, rel=0.1)
    assert progress.percent() == pytest.approx(1200 / 2200 * 100, abs=3)


def test_a_running_job_counts_for_the_time_left_and_not_for_the_percentage():
    progress = Progress(Plan(jobs_like(FIT, 2, 100.0), cores=1))
    progress.start(0, 0.0)
    progress.finish(0, 100.0)
    progress.start(1, 100.0)
    assert [round(progress.seconds_left(t)) for t in (100, 150, 190)] == [100, 50, 10]
    assert {progress.percent() for _ in (100, 150, 190)} == {50}
    # longer than expected: some time is still left
    assert progress.seconds_left(400.0) == pytest.approx(30)


def test_a_job_that_fails_and_starts_again_is_no_failure_in_the_end():
    progress = Progress(Plan(jobs_like(FIT, 2, 10.0), cores=2))
    progress.start(0, 0.0)
    progress.fail(0)
    assert progress.failed == {0}
    assert not progress.running
    progress.start(0, 10.0)
    assert not progress.failed
    progress.finish(0, 20.0)
    progress.start(1, 20.0)
    progress.fail(1)
    assert progress.percent() == 50
    # what failed is no work that is left
    assert progress.seconds_left(20.0) == 0


def test_a_job_that_is_not_in_the_plan_is_counted():
    progress = Progress(Plan(jobs_like(FIT, 1, 5.0), cores=1))
    progress.start(7, 0.0, ("mine",))
    progress.finish(0, 5.0)
    assert progress.percent() == 50
    assert progress.runs() == {("mine",): 1}
    progress.finish(7, 10.0)
    assert progress.percent() == 100


@pytest.mark.parametrize(
    "seconds, words",
    [
        (None, "time left not known"),
        (0, "under a minute left"),
        (61, "about 1 min left"),
        (734, "about 12 min left"),
        (1300, "about 20 min left"),
        (3500, "about 60 min left"),
        (6000, "about 1.5 h left"),
        (40_000, "about 11 h left"),
        (260_000, "about 3 days left"),
    ],
)
def test_time_is_told_no_more_precisely_than_it_is_known(seconds, words):
    assert in_words(seconds) == words


@pytest.fixture
def halfway() -> Progress:
    plan = Plan(jobs_like(FIT, 100, 60.0, 1000) | {100: Job(FIGURE)}, cores=4)
    return run_through([60.0] * 100 + [5.0], plan, 0.5)[0]


def shown(progress: Progress, now: float, width: int) -> list[str]:
    console = Console(record=True, width=width, file=io.StringIO())
    console.print(panel(progress, now, width))
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_panel_at_80_columns(halfway):
    empty, head, counts, runs = shown(halfway, 780.0, 80)
    assert empty == ""
    assert re.fullmatch(r" 50 %  ━+ +about 12 min left", head)
    assert counts == "51,000 of 100,000 fits, 63 a second, 51 of 101 jobs"
    assert runs == "running: 4 × fit l1 map"


@pytest.mark.parametrize("width", [10, 25, 40, 80, 200])
def test_panel_keeps_within_its_width_and_never_wraps(halfway, width):
    halfway.fail(60)
    lines = shown(halfway, 780.0, width)
    assert len(lines) == 4
    assert max(map(len, lines)) <= width
    assert "%" in lines[1]
    assert ("━" in lines[1]) == (width >= 40)


def test_failures_are_counted_and_said(halfway):
    halfway.start(60, 780.0)
    halfway.fail(60)
    assert "1 failed" in summary(halfway, 780.0)
    assert "stops: a job failed" in summary(halfway, 780.0)


def test_work_on_a_cluster_may_wait(halfway):
    waiting = Progress(Plan(halfway.plan.jobs))
    waiting.start(0, 0.0)
    waiting.start(100, 0.0)
    text = "\n".join(shown(waiting, HOUR, 80))
    assert "  0 %" in text
    assert "time left not known" in text
    assert "0 of 100,000 fits, 0 of 101 jobs" in text
    assert "running or in the queue: fit l1 map, figure" in text


def test_a_finished_run_says_so():
    progress, now = run_through([5.0] * 4, Plan(jobs_like(FIT, 4, 5.0, 10), cores=2))
    assert summary(progress, now) == "100 % of the work done: 40 of 40 fits, 4 of 4 jobs"
    assert shown(progress, now, 60)[1].endswith("done")


def screen(sent: str) -> list[str]:
    """What a terminal shows; knows the few sequences that are sent."""
    rows, y, x = [""], 0, 0
    for code, n, command, text in re.findall(r"(\x1b\[([\d;]*)([A-Za-z]))|([\s\S])", sent):
        if code and command == "J":
            rows[y:] = [rows[y][:x]]
        elif code and command == "A":
            y -= int(n)
        elif code:
            assert command == "m", code
        elif text == "\r":
            x = 0
        elif text == "\n":
            y, x = y + 1, 0
            rows += [""] * (y == len(rows))
        else:
            rows[y] = rows[y][:x].ljust(x) + text + rows[y][x + 1 :]
            x += 1
    return rows


def test_foot_stays_below_and_loses_no_word_of_others(halfway):
    stream = io.StringIO()
    foot = Foot(stream)
    foot.console.width = 80
    for said in ("", "a word\n", "three\nlines\nmore\n"):
        stream.write(said)
        foot.draw(halfway, 780.0)
    foot.clear()
    stream.write("an error\n")
    foot.draw(halfway, 780.0, last=True)
    rows = screen(stream.getvalue())
    words = [next(i for i, r in enumerate(rows) if w in r) for w in ("a word", "more", "an error")]
    assert words == sorted(words)
    assert [row for row in rows if "51,000 of" in row] == [rows[-3]]
    assert "%" in rows[-4]
    assert rows[-1] == ""


SNAKEFILE = """
include: "{root}/workflow/rules/progress.smk"

rule all:
    default_target: True
    input:
        expand("fits/{{penalty}}/map/{{n}}", penalty=["l1", "l2"], n=range(2)),
        ["wrong"] if config.get("wrong") else [],

rule fit:
    output: "fits/{{penalty}}/{{dataset}}/{{n}}"
    resources: fits=50
    shell: "sleep 1.5; touch {{output}}"

rule wrong:
    output: "wrong"
    log: "wrong.log"
    shell: "printf 'for this %s' reason > {{log}}; false"

onstart:
    announce_work()
"""


def watch(command: list[str], folder: Path, terminal: bool) -> tuple[str, int]:
    """What a command writes, and its exit status."""
    clean = {k: v for k, v in os.environ.items() if k not in ("SNAKEMAKE_PROFILE", "NO_COLOR")}
    ours, theirs = pty.openpty() if terminal else os.pipe()
    sent: list[bytes] = []

    def listen() -> None:
        # a pseudo-terminal ends with an error
        with contextlib.suppress(OSError):
            while part := os.read(ours, 65536):
                sent.append(part)

    process = subprocess.Popen(
        command,
        cwd=folder,
        env=clean | {"TERM": "xterm", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    listener = threading.Thread(target=listen)
    listener.start()
    status = process.wait(timeout=300)
    listener.join()
    os.close(ours)
    return b"".join(sent).decode(), status


@pytest.fixture
def small_run(tmp_path):
    """Runs a workflow of four fits."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(root=ROOT))

    def run(*options: str, terminal: bool) -> tuple[str, int]:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--logger", "normwise"]
        return watch([*command, "--show-failed-logs", *options], tmp_path, terminal)

    return run


@pytest.mark.workflow
def test_on_a_terminal_the_progress_takes_the_place_of_the_jobs(small_run):
    sent, status = small_run(terminal=True)
    rows = screen(sent.replace("\r\n", "\n"))
    assert status == 0
    assert rows[-3].startswith("100 %")
    assert rows[-2] == "200 of 200 fits, 5 of 5 jobs"
    # each state was drawn over the one before
    assert "0 of 200 fits, 0 of 5 jobs" in sent
    assert sum("200 fits, " in row for row in rows) == 1
    assert re.search(r"running: (2 × )?fit l[12]", sent)
    assert not any("rule fit:" in row or "steps" in row for row in rows)
    # what Snakemake says of the whole run is still there
    assert "Job stats:" in rows
    assert any("Complete log(s)" in row for row in rows)
    again, status = small_run(terminal=True)
    assert "Nothing to be done" in again
    assert "\x1b[J" not in again


@pytest.mark.workflow
def test_on_a_terminal_a_failure_is_shown_at_once_and_in_full(small_run):
    sent, status = small_run("--keep-going", "--config", "wrong=1", terminal=True)
    rows = screen(sent.replace("\r\n", "\n"))
    assert status == 1
    for said in ("Error in rule wrong:", "for this reason", "WorkflowError:"):
        assert sum(said in row for row in rows) == 1, said
    assert rows[-2] == "200 of 200 fits, 4 of 6 jobs, 1 failed"
    assert not rows[-3].startswith("100 %")
    assert rows[-3].endswith("stopped")
    # not only at the end
    assert sent.index("for this reason") < sent.index("200 of 200 fits")


@pytest.mark.workflow
def test_a_log_has_all_that_snakemake_says_and_a_line_on_the_progress(small_run):
    sent, status = small_run(terminal=False)
    assert status == 0
    assert "\x1b" not in sent
    assert sent.count("rule fit:") == 4
    assert "5 of 5 steps (100%) done" in sent
    lines = re.findall(r"^(\d+) % of the work done.*: (\d+) of 200 fits", sent, re.MULTILINE)
    assert [int(fits) for _, fits in lines][-1] == 200
    shares = [int(share) for share, _ in lines]
    assert shares == sorted(set(shares))
    assert shares[-1] == 100


@pytest.mark.workflow
@pytest.mark.parametrize(
    "options, said, unsaid",
    [
        (["--dry-run"], "This was a dry-run", "of the work"),
        (["--quiet", "all"], "", "fits"),
        (["--printshellcmds"], "sleep 1.5; touch fits/l1/map/0", "\x1b[J"),
    ],
)
def test_options_of_snakemake_that_ask_for_more_or_less_are_heard(small_run, options, said, unsaid):
    sent, status = small_run(*options, terminal=True)
    assert status == 0
    assert said in sent
    assert unsaid not in sent
