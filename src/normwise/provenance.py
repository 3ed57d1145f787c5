"""What made a result: code, packages, machine."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

SOURCE = Path(__file__).parent
PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "numba",
    "pandas",
    "pyarrow",
    "joblib",
    "matplotlib",
    "seaborn",
    "snakemake",
)


def _file(module: str) -> Path | None:
    base = SOURCE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


class _Bare(ast.NodeTransformer):
    """Drops docstrings; comments are not in the tree to begin with."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [  # type: ignore[attr-defined]
                n
                for n in body
                if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
            ]
        return node


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("normwise"):
            used.append(node.module or "")
            used += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            used += [a.name for a in node.names if a.name.startswith("normwise")]
    return ast.dump(_Bare().visit(tree)), tuple(used)


def code_digest(*modules: str) -> str:
    """Digest of the code that modules of this package run, imports followed.

    Comments, docstrings and formatting do not count, so that only a change that can change a
    number re-runs anything.

    Parameters
    ----------
    *modules : str
        Dotted names, such as ``normwise.fit``.
    """
    seen: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        path = _file(waiting.pop())
        if path is None or str(path.relative_to(SOURCE)) in seen:
            continue
        code, used = _parsed(path)
        seen[str(path.relative_to(SOURCE))] = code
        waiting += used
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()[:16]


def _git(*args: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(SOURCE), *args], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def describe_run() -> dict[str, str]:
    """Commit, versions and machine, for the report."""
    commit = _git("rev-parse", "HEAD")
    # results and other untracked files do not change what ran
    dirty = _git("status", "--porcelain", "--untracked-files=no")
    state = "not a git checkout" if commit is None else commit
    if dirty:
        state += " with uncommitted changes"
    machine = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        machine = next(x.split(":")[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "commit": state,
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": f"{machine}, {os.cpu_count()} cores",
    }
