"""The command line: what it hands on, what it refuses, and in which words."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from normwise import advice, cli
from normwise.cli import main
from normwise.data.errors import InputError
from normwise.data.tables.read import as_table
from normwise.data.tables.response import response_of
from normwise.files.errors import MissingExtraError
from normwise.files.whole import write_text
from normwise.provenance import verify


class Found:
    """An advice that says what it was asked."""

    def __init__(self, table, **options) -> None:
        self.table, self.options = table, options

    def show(self, console) -> None:
        console.print(f"{self.table.target}: {self.table.response}")

    def report(self, path) -> None:
        write_text(path, f"<p>{self.table.target}</p>")


@pytest.fixture
def asked(monkeypatch) -> list[Found]:
    """The advices that were asked for, none of them computed."""
    advices: list[Found] = []

    def advise_table(table, **options) -> Found:
        if options["progress"] is not None:
            options["progress"](0.5, "[bold]half")
        advices.append(Found(table, **options))
        return advices[-1]

    monkeypatch.setattr(advice, "advise_table", advise_table, raising=False)
    return advices


@pytest.fixture
def folder(tmp_path, monkeypatch, rng) -> Path:
    """The working folder, with a table in it."""
    monkeypatch.chdir(tmp_path)
    frame = pd.DataFrame(rng.standard_normal((30, 3)), columns=["age", "size", "price"])
    frame["sold"] = np.where(np.arange(30) % 3, "no", "yes")
    frame.to_csv("houses.csv", index=False)
    return tmp_path


def test_the_table_is_read_shown_and_reported(asked, folder, capsys):
    assert main(["advise", "houses.csv", "--target", "price"]) == 0
    output = capsys.readouterr()
    assert output.out.splitlines() == ["price: gaussian", "Report: houses_advice.html"]
    assert output.err == ""
    assert (folder / "houses_advice.html").read_text() == "<p>price</p>"
    assert asked[0].table.X.shape == (30, 3)
    assert asked[0].options == {"progress": None}


def test_options_are_handed_on(asked, folder):
    options = "--target sold --positive no --seed 7 --jobs 2 --margin 0.02 --study . --folds 4"
    assert main(["advise", "houses.csv", "--no-report", *options.split()]) == 0
    assert asked[0].table.classes == ("yes", "no")
    given = {"seed": 7, "n_jobs": 2, "margin": 0.02, "study": Path(), "progress": None, "folds": 4}
    assert asked[0].options == given
    assert [path.name for path in folder.iterdir()] == ["houses.csv"]


@pytest.mark.parametrize(
    ("family", "kind"), [("gaussian", "gaussian"), ("binomial", "binary"), (None, "binary")]
)
def test_a_family_is_a_response_by_its_other_name(asked, folder, family, kind):
    frame = pd.read_csv("houses.csv").assign(rooms=np.arange(30) % 2 + 1)
    frame.to_csv("houses.csv", index=False)
    told = ["--family", family] if family else []
    assert main(["advise", "houses.csv", "--target", "rooms", "--no-report", *told]) == 0
    assert asked[0].table.response == kind
    by_name = as_table(frame[["age"]], frame["rooms"], response=response_of(None, family))
    assert by_name.response == kind


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "--target price --family binomial",
            "30 distinct values (.*) and response is binary: give",
        ),
        (
            "--target sold --family gaussian",
            "text such as 'no', and response is gaussian: give num",
        ),
        ("--target sold --family binomial --response gaussian", "family 'binomial' is binary, and"),
        ("--target sold --family gaussian --positive yes", "positive 'yes' is for classes"),
    ],
)
def test_values_that_do_not_fit_a_family_are_refused(asked, folder, capsys, options, message):
    assert main(["advise", "houses.csv", "--no-report", *options.split()]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not asked


def test_an_unknown_family_is_refused(rng):
    X, y = rng.standard_normal((30, 2)), rng.standard_normal(30)
    with pytest.raises(InputError, match="family 'gamma' is unknown: give gaussian or binomial"):
        advice.advise(X, y, family="gamma")
    with pytest.raises(InputError, match="and response is binary: give one of them as positive"):
        advice.advise(X, y, family="binomial")
    with pytest.raises(InputError, match="family 'gaussian' is gaussian, and response is binary"):
        advice.advise(X, y, family="gaussian", response="binary")


@pytest.mark.parametrize(
    ("data", "stem"),
    [
        ("houses.csv", "houses"),
        ("data/houses.CSV.GZ", "houses"),
        ("a.b.parquet", "a.b"),
        ("sklearn:diabetes", "diabetes"),
        ("openml:credit-g@1", "credit-g_1"),
        ("openml:61", "61"),
        ("visits.xlsx#first half", "visits_first_half"),
    ],
)
def test_the_report_is_named_for_the_table(data, stem):
    assert cli._stem(data) == stem


def test_a_report_replaces_an_older_one(asked, folder):
    Path("page.html").write_text("old")
    assert main(["advise", "houses.csv", "--target", "price", "--report", "page.html"]) == 0
    assert Path("page.html").read_text() == "<p>price</p>"


@pytest.mark.parametrize(
    ("report", "message"),
    [
        ("nowhere/page.html", "report nowhere/page.html: there is no folder nowhere"),
        ("page.pdf", "report page.pdf: give a name that ends in .html"),
        ("houses.csv", "report houses.csv: this is the table itself; give another file"),
        ("folder.html", "report folder.html: this is a folder; give a file in it"),
        ("locked/page.html", "report locked/page.html: no file can be written to folder locked"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_first(
    asked, folder, monkeypatch, capsys, report, message
):
    Path("folder.html").mkdir()
    Path("locked").mkdir()
    before = Path("houses.csv").read_bytes()
    writable = os.access
    # whoever runs the tests may be root, to whom nothing is locked
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path).name != "locked" and writable(path, mode)
    )
    assert main(["advise", "houses.csv", "--target", "price", "--report", report]) == 2
    assert capsys.readouterr().err == f"normwise: {message}\n"
    assert not asked
    assert Path("houses.csv").read_bytes() == before


def test_bad_input_is_one_line(asked, folder, capsys):
    assert main(["advise", "houses.csv", "--target", "prize"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(
        "normwise: houses.csv: there is no column 'prize' (did you mean price?)"
    )
    assert error.count("\n") == 1
    assert main(["advise", "house.csv", "--target", "price"]) == 2
    assert "no such file (did you mean houses.csv?)" in capsys.readouterr().err
    assert main(["advise", "houses.csv", "--target", "price", "--study", "none"]) == 2
    assert capsys.readouterr().err == "normwise: study none: there is no such folder\n"
    assert not asked


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MemoryError(), 2, "normwise: houses.csv: not enough memory; keep fewer rows or columns"),
        (
            PermissionError(13, "Permission denied", "x.csv"),
            2,
            "normwise: x.csv: Permission denied",
        ),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"), 2, "normwise: 'utf-8' codec can't"),
        (KeyboardInterrupt(), 130, "normwise: interrupted"),
    ],
)
def test_what_goes_wrong_is_one_line(folder, monkeypatch, capsys, error, code, message):
    def fail(*args, **options):
        raise error

    monkeypatch.setattr(advice, "advise_table", fail, raising=False)
    assert main(["advise", "houses.csv", "--target", "price"]) == code
    told = capsys.readouterr().err
    assert told.startswith(message)
    assert told.count("\n") == 1
    assert not Path("houses_advice.html").exists()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            MemoryError(),
            "results/mine: not enough memory; use a machine with as much memory as the study had",
        ),
        (OSError("the disk is gone"), "results/mine: the disk is gone"),
        (
            MissingExtraError("skglm", "study"),
            'skglm is not installed, which this needs: pip install "normwise[study]"',
        ),
    ],
)
def test_what_goes_wrong_in_verify_is_one_line(monkeypatch, capsys, error, message):
    def fail(*args):
        raise error

    monkeypatch.setattr(verify, "verify", fail)
    assert main(["verify", "results/mine"]) == 2
    assert capsys.readouterr().err == f"normwise: {message}\n"


def test_a_mistake_in_the_program_is_not_hidden(folder, monkeypatch):
    for mistake in (ValueError("a mistake"), ModuleNotFoundError("a mistake")):

        def fail(*args, mistake=mistake, **options):
            raise mistake

        monkeypatch.setattr(advice, "advise_table", fail, raising=False)
        with pytest.raises(type(mistake), match="a mistake"):
            main(["advise", "houses.csv", "--target", "price"])


@pytest.mark.parametrize(
    ("option", "value"), [("--margin", "2"), ("--margin", "x"), ("--jobs", "0"), ("--seed", "-1")]
)
def test_numbers_out_of_range(asked, folder, capsys, option, value):
    with pytest.raises(SystemExit) as stopped:
        main(["advise", "houses.csv", "--target", "price", f"{option}={value}"])
    assert stopped.value.code == 2
    assert f"{value!r} is not a" in capsys.readouterr().err


def test_progress_is_shown_on_a_terminal_only(asked, folder, monkeypatch, capsys):
    drawn = []
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(
        sys,
        "stderr",
        SimpleNamespace(
            isatty=lambda: True, write=drawn.append, flush=lambda: None, encoding="utf-8"
        ),
    )
    assert main(["advise", "houses.csv", "--target", "price", "--no-report"]) == 0
    assert asked[0].options["progress"] is not None
    assert "[bold]half" in "".join(drawn)
    assert capsys.readouterr().out == "price: gaussian\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], "normwise advise houses.csv --target"),
        (["advise", "--help"], "normwise advise houses.csv --target"),
        (["verify", "--help"], "exit codes: 0 if all bits are the same"),
        (["--version"], "normwise 0."),
    ],
)
def test_help_is_quick_and_has_examples(arguments, expected):
    heavy = "numpy", "scipy", "sklearn", "pandas", "pyarrow", "rich", "matplotlib", "numba", "yaml"
    code = (
        "import sys; from normwise.cli import main\n"
        f"try: main({arguments!r})\n"
        f"finally: print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("[]\n")
    assert expected in run.stdout


def test_a_large_file_in_little_memory(folder):
    """Two gigabytes (of which the disk holds next to nothing) for a process that has one."""
    with Path("big.csv").open("wb") as file:
        file.write(b"age,price\n" + b"1,2.5\n" * 60_000)
        file.truncate(2_000_000_000)
    code = (
        "import resource, sys\n"
        "from normwise.cli import main\n"
        "from normwise.data.tables import memory\n"
        "held = memory.own_pages(0)\n"
        "resource.setrlimit(resource.RLIMIT_AS, (held + 10**9, held + 10**9))\n"
        "sys.exit(main(['advise', 'big.csv', '--target', 'price']))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.startswith("normwise: big.csv: reading it takes about ")
    assert "GB are available" in run.stderr
    assert "Traceback" not in run.stderr
