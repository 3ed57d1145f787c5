"""Which packages know which, and which modules each rule of the workflow runs."""

import ast
import re
from pathlib import Path

import pytest

from normwise.provenance.code import RULES, SOURCE, code_of, modules_of

PINNED = Path(__file__).with_name("modules_of_rules.txt")
# what a script uses beside the code that makes its output: nothing of this changes a number; which
# scenarios there are, its inputs say already
BESIDE = (
    "normwise.files.job_log",
    "normwise.study.design",
    "normwise.study.extensions",
    "normwise.data.errors",
    "normwise.files.errors",
)
WILDCARDS = {"penalty": "mcp", "study": "ng_2004", "module": "sweep"}


def modules_run_by(rule: str) -> list[str]:
    return list(code_of(*modules_of(rule, **WILDCARDS)))


def test_a_rule_depends_on_the_modules_that_are_written_down():
    """A new dependency re-runs more than before: it is to be seen as a difference of this file.

    ``python tests/project/test_rooms.py`` writes it anew.
    """
    assert PINNED.read_text(encoding="utf-8") == written_down()


def written_down() -> str:
    return "".join(
        f"{rule}\n" + "".join(f"    {module}\n" for module in modules_run_by(rule))
        for rule in RULES
    )


@pytest.mark.parametrize("rule", RULES)
def test_the_code_of_a_rule_is_that_of_its_script(root, rule):
    tree = ast.parse((root / "workflow" / "scripts" / f"{rule}.py").read_text(encoding="utf-8"))
    imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    ours = {m for m in imported if m.startswith("normwise") and m not in BESIDE}
    run = {"normwise." + m[:-3].replace("/", ".") for m in modules_run_by(rule)}
    assert ours <= run


def test_every_rule_that_runs_a_script_says_what_code_it_runs(root):
    text = "".join(p.read_text("utf-8") for p in (root / "workflow" / "rules").glob("*.smk"))
    rules = {r.partition(":")[0]: r for r in re.split(r"^rule ", text, flags=re.M)[1:]}
    scripts = {name for name, body in rules.items() if "script:" in body}
    # the check of health writes no number
    assert scripts - {"enforce_health"} == set(RULES)
    for name in RULES:
        assert re.search(rf'code_of_rule\(\s*"{name}"', rules[name])


def test_modules_named_errors_hold_nothing_that_computes():
    for path in SOURCE.rglob("errors.py"):
        imported = re.findall(r"^(?:from|import) (\S+)", path.read_text("utf-8"), flags=re.M)
        assert set(imported) <= {"__future__", "collections.abc", "contextlib", "errno", "pathlib"}


if __name__ == "__main__":
    PINNED.write_text(written_down(), encoding="utf-8")
