"""Every command of the pages is run, as a reader would run it.

The blocks of a page run in order in a copy of the project:

- ``console``: lines after ``$`` are commands, the lines below one are what it prints;
- ``bash``: every line is a command;
- any block with a ``title`` is written to the file of that name;
- ``python`` without a title is a script that goes on where the one before ended;
- ``text`` is what the block above it prints;
- ``sh`` is only shown, since it needs what no test has.

Printed lines are looked for in order in the real output, however it is spaced; in them and in
place of them, ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[2]
# the longest first: two pages run at a time
LONGEST = ("docs/tutorials/dataset.md", "docs/tutorials/run.md", "docs/tutorials/advise.md")
# a page that uses the results of another one runs after it in the same folder
GOES_ON = {"docs/tutorials/read.md": "docs/tutorials/run.md"}
# what is run in place of a command, and why
INSTEAD = (
    (r"make .*", r"\g<0> --dry-run", "would renew the environment that the tests run in"),
    (
        r"snakemake --cores \d+( figures| replications)?"
        r"( --configfile config/\w+\.yaml)?( --config .+)?",
        r"\g<0> --dry-run",
        "a study of minutes to hours",
    ),
    (r"snakemake --workflow-profile \S+(.*)", r"snakemake --dry-run\1", "needs a cluster"),
    (
        r"snakemake --report report\.zip",
        r"(\g<0> 2>&1 || true) | grep 'marked for report but does not exist'",
        "needs the results of the default study, and asks for them",
    ),
)
# to be read, not run; examples of a config are checked in test_docs.py
SHOWN = ("yaml", "math", "mermaid", "sh", "py", "r")
LEFT_OUT = (".*", "__pycache__", "results", "site", "tests", "*.egg-info")
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block of a page."""

    kind: str
    title: str | None
    body: str


def blocks(text: str) -> list[Block]:
    return [
        Block(m["kind"], m["title"], re.sub(f"^{m['indent']}", "", m["body"], flags=re.MULTILINE))
        for m in FENCE.finditer(text)
    ]


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Commands of a block, each with the lines that it prints."""
    lines = re.sub(r" *\\\n *", " ", block.body).splitlines()
    if block.kind == "bash":
        lines = [f"$ {line}" for line in lines if line.strip() and not line.startswith("#")]
    while lines:
        line = lines.pop(0)
        assert line.startswith("$ "), f"{line!r} is neither a command nor below one"
        printed = []
        while lines and not lines[0].startswith("$ "):
            printed.append(lines.pop(0))
        yield re.sub(r" {2,}#.*", "", line.removeprefix("$ ")).strip(), printed


def replaced(command: str) -> str:
    for pattern, other, _ in INSTEAD:
        if match := re.fullmatch(pattern, command):
            return match.expand(other)
    return command


def expect(printed: list[str], output: str) -> None:
    """Find lines in an output, in order."""
    found = [" ".join(line.split()) for line in output.splitlines()]
    for line in (" ".join(line.split()) for line in printed):
        if line in ("", "…"):
            continue
        pattern = ".*".join(map(re.escape, line.split("…")))
        place = next((i for i, other in enumerate(found) if re.fullmatch(pattern, other)), None)
        assert place is not None, f"{line!r} is not printed, or not there:\n{output}"
        found = found[place + 1 :]


class Page:
    """A page that is worked through in a folder."""

    def __init__(self, path: str, folder: Path) -> None:
        self.text = (ROOT / path).read_text(encoding="utf-8")
        self.folder = folder
        self.script = self.said = self.output = ""

    def work_through(self) -> int:
        """Run all blocks; returns how many ran."""
        done = 0
        for block in blocks(self.text):
            done += 1
            if block.title:
                path = self.folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.body, encoding="utf-8")
            elif block.kind in ("console", "bash"):
                for command, printed in commands(block):
                    self.output = self.run(["bash", "-c", f"set -o pipefail; {replaced(command)}"])
                    expect(printed, self.output)
            elif block.kind == "python":
                self.script += block.body
                all_said = self.run(["python", "-c", self.script])
                self.output, self.said = all_said.removeprefix(self.said), all_said
            elif block.kind == "text":
                expect(block.body.splitlines(), self.output)
            else:
                assert block.kind in SHOWN, f"what to do with a block of {block.kind}?"
                done -= 1
        return done

    def run(self, command: list[str]) -> str:
        clean = {k: v for k, v in os.environ.items() if k != "SNAKEMAKE_PROFILE"}
        clean |= {
            "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "100",
            "NO_COLOR": "1",
        }
        answer = subprocess.run(
            command,
            cwd=self.folder,
            env=clean,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
        )
        assert answer.returncode == 0, f"{command[-1]}\n{answer.stdout}"
        return answer.stdout


def pages_with_blocks() -> list[str]:
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "config" / "README.md"]
    files += sorted((ROOT / "docs").rglob("*.md"))
    kinds = {"bash", "console", "python"}
    found = [
        file.relative_to(ROOT).as_posix()
        for file in files
        if kinds & {block.kind for block in blocks(file.read_text(encoding="utf-8"))}
    ]
    return sorted(found, key=lambda page: page not in LONGEST)


PAGES = pages_with_blocks()


def work_through(path: str, folder: Path, before: Future[int] | None) -> int:
    if before is not None:
        before.result()
    else:
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (folder / ".venv").symlink_to(ROOT / ".venv")
    return Page(path, folder).work_through()


@pytest.fixture(scope="module")
def worked_through(request, tmp_path_factory) -> Iterator[dict[str, Future[int]]]:
    home = tmp_path_factory.mktemp("pages")
    asked = " ".join(item.nodeid for item in request.session.items)
    asked += " ".join(first for path, first in GOES_ON.items() if path in asked)
    with ThreadPoolExecutor(2) as pool:
        running: dict[str, Future[int]] = {}
        for path in (path for path in PAGES if path in asked):
            first = GOES_ON.get(path, path)
            folder = home / first.replace("/", "_")
            running[path] = pool.submit(work_through, path, folder, running.get(first))
        yield running
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("path", PAGES)
def test_commands_of_a_page(worked_through, path: str) -> None:
    assert worked_through[path].result() > 0


def test_no_command_hides_outside_of_a_fence() -> None:
    for file in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        plain = FENCE.sub("", file.read_text(encoding="utf-8"))
        hidden = re.findall(r"^ {4,}(?:\$ |make |snakemake |normwise ).*", plain, re.MULTILINE)
        assert not hidden, f"{file}: {hidden}"


def test_every_replacement_is_used() -> None:
    asked = {
        command
        for path in PAGES
        for block in blocks((ROOT / path).read_text(encoding="utf-8"))
        if block.kind in ("bash", "console")
        for command, _ in commands(block)
    }
    for pattern, _, _ in INSTEAD:
        assert any(re.fullmatch(pattern, command) for command in asked), pattern


def test_a_page_that_is_wrong_is_noticed() -> None:
    shown = Block("console", None, "$ first  # why\none … three\n$ second \\\n    line\n")
    assert list(commands(shown)) == [("first", ["one … three"]), ("second line", [])]
    expect(["one … three", "…", "five"], "zero\none two  three\nfour\nfive\n")
    for wrong in (["five", "zero"], ["one three"], ["six"]):
        with pytest.raises(AssertionError, match="is not printed"):
            expect(wrong, "zero\none two three\nfive\n")
    assert [replaced("make test"), replaced("ls")] == ["make test --dry-run", "ls"]
