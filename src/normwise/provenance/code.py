"""The code that made a result: a digest of what a rule runs, the commit."""

from __future__ import annotations

import ast
import hashlib
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from normwise.files.whole import sha256

SOURCE = Path(__file__).parents[1]
# what the script of each rule runs, beside the log of the job and the user's files; a name in
# braces stands for a wildcard, and a module that there is not for one of the user's
RULES: dict[str, tuple[str, ...]] = {
    "simulate": ("data.chunk", "data.simulated"),
    "import_table": ("data.imported",),
    "split_table": ("data.splits",),
    "simulate_response": ("data.semi_synthetic",),
    "generate": ("data.generated",),
    "fit": ("fitting.fit_job", "fitting.penalties.{penalty}"),
    "evaluate": ("analysis.measure.evaluate", "analysis.tables"),
    "illustrate": ("analysis.measure.worked_case", "analysis.tables"),
    "trace_paths": ("analysis.measure.paths", "analysis.tables"),
    "check_theory": ("analysis.measure.theory_check", "analysis.tables"),
    "estimate": ("advice.estimates", "analysis.tables"),
    "compare": ("analysis.judge.compare", "analysis.tables"),
    "learn": ("analysis.learn.atlas", "analysis.learn.learn", "analysis.tables"),
    "calibrate": ("analysis.trials.calibration", "analysis.tables"),
    "replicate": (
        "analysis.trials.replications.protocol",
        "analysis.trials.replications.{study}",
        "files.parquet",
    ),
    "judge_replications": (
        "analysis.trials.replications.protocol",
        "analysis.trials.replications.{study}",
        "analysis.tables",
    ),
    "audit_scenario": ("audit.rerun", "audit.wang_2020", "files.parquet"),
    "audit_theory": ("audit.expected", "files.parquet"),
    "judge_audit": ("audit.verdicts", "analysis.tables"),
    "figure": ("report.figures.write", "report.figures.{module}"),
    "report": ("report.page", "provenance.machine"),
    "provenance": (
        "provenance.record",
        "provenance.crate",
        "provenance.datapackage",
        "provenance.readme",
    ),
}


def _file(module: str) -> Path | None:
    base = SOURCE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _within(package: str) -> list[str]:
    # a package that is imported as a whole finds its modules by their presence
    folder = SOURCE.joinpath(*package.split(".")[1:])
    return [f"{package}.{path.stem}" for path in sorted(folder.glob("[a-z]*.py"))]


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _outline(node: ast.AST, parts: list[str], imported: list[str]) -> None:
    """Write down what of a syntax tree can change a number, and what it imports of the package.

    Comments are not in a tree to begin with. Docstrings, imports for type checkers and the words
    of an error that is raised are left out.
    """
    parts.append(type(node).__name__)
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("normwise"):
        imported.append(node.module or "")
        imported += [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Import):
        for name in (a.name for a in node.names if a.name.startswith("normwise")):
            imported += [name, *_within(name)]
    elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        node = ast.Raise(node.exc.func, node.cause)
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            _outline(value, parts, imported)
        elif isinstance(value, list):
            parts.append("[")
            for each in value:
                if not isinstance(each, ast.AST):
                    parts.append(repr(each))
                elif not (_is_text(each) or _is_for_types(each)):
                    _outline(each, parts, imported)
            parts.append("]")
        else:
            parts.append(repr(value))


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    """Digest of a module's outline, and what it imports of the package."""
    parts: list[str] = []
    imported: list[str] = []
    _outline(ast.parse(path.read_text(encoding="utf-8")), parts, imported)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest(), tuple(imported)


def code_of(*modules: str) -> dict[str, str]:
    """Digest of each module that some modules of this package run, imports followed.

    Modules named ``errors`` hold what people are told when a job fails, and are passed over.

    Parameters
    ----------
    *modules : str
        Dotted names, such as ``normwise.fitting.fit_job``.

    Returns
    -------
    dict of str to str
        By the path of the file, relative to the package.
    """
    digests: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        path = _file(waiting.pop())
        if path is None or path.stem == "errors":
            continue
        name = path.relative_to(SOURCE).as_posix()
        if name not in digests:
            digests[name], imported = _parsed(path)
            waiting += imported
    return dict(sorted(digests.items()))


def code_digest(*modules: str) -> str:
    """Digest of the code that modules of this package run, imports followed.

    Comments, docstrings, formatting, types and the words of errors do not count, so that only a
    change that can change a number re-runs anything.

    Parameters
    ----------
    *modules : str
        Dotted names, such as ``normwise.fitting.fit_job``.
    """
    return hashlib.sha256(repr(list(code_of(*modules).items())).encode()).hexdigest()[:16]


def modules_of(rule: str, **wildcards: str) -> list[str]:
    """Dotted names of the modules that a rule's script runs.

    Parameters
    ----------
    rule : str
        One of ``RULES``.
    **wildcards : str
        What stands in braces there.
    """
    return [f"normwise.{module.format(**wildcards)}" for module in RULES[rule]]


def code_of_rule(rule: str, **wildcards: str) -> str:
    """Digest of the code that a rule runs; parameters as in `modules_of`."""
    return code_digest(*modules_of(rule, **wildcards))


def script_digest(file: str | Path) -> str:
    """Digest of the code of one file, without what it imports; no comment counts, as above."""
    return _parsed(Path(file))[0][:16]


def fits_code() -> str:
    """Digest of the code that all fits depend on: data and solvers."""
    return code_digest(*modules_of("simulate"), *modules_of("fit", penalty=""))


def codes_of_rules(**values: Iterable[str] | Mapping[str, str]) -> dict[str, str]:
    """Digests of the code of all rules, for the record of a study.

    Parameters
    ----------
    **values : iterable of str, or mapping of str to str
        Values of each name in braces in ``RULES``; a mapping gives them by what they stand for.

    Returns
    -------
    dict of str to str
        By rule, and by rule and value (``fit/l1``) where the code depends on one.
    """
    digests: dict[str, str] = {}
    for rule, modules in RULES.items():
        name = next((name for name in values if f"{{{name}}}" in "".join(modules)), None)
        if name is None:
            digests[rule] = code_of_rule(rule)
            continue
        given = values[name]
        pairs = given.items() if isinstance(given, Mapping) else ((v, v) for v in given)
        digests |= {f"{rule}/{k}": code_of_rule(rule, **{name: v}) for k, v in pairs}
    return digests


def git(*args: str) -> str | None:
    """What git answers about the package's folder; None where there is no git or no repository."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(SOURCE), *args], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def current_commit() -> str | None:
    """The commit of the package's repository; None if it was installed from elsewhere."""
    # an environment may lie in the repository of another project
    ours = git("ls-files", "--error-unmatch", "__init__.py")
    return git("rev-parse", "HEAD") if ours else None


def code_state() -> dict[str, Any]:
    """Commit, what differs from it, and the digest of ``uv.lock``; None where there is none."""
    commit = current_commit()
    # results and other untracked files do not change what ran; a new module may
    changes = git("diff", "--name-only", "HEAD") or ""
    added = git("ls-files", "--others", "--exclude-standard", "--full-name", "--", ".") or ""
    changed = [*changes.splitlines(), *added.splitlines()] if commit else []
    lock = SOURCE.parents[1] / "uv.lock"
    return {
        "version": version("normwise"),
        "commit": commit,
        "clean": not changed if commit else None,
        "changed": sorted(changed),
        "lock": sha256(lock) if lock.is_file() else None,
    }
