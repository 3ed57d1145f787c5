"""What made a result: code, packages, machine."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import platform
import re
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

import llvmlite.binding
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

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
# instruction sets that decide which kernels numpy, the BLAS and numba choose
FLAGS = ("sse4_2", "avx", "avx2", "fma", "asimd", "sve", "sve2")


def sha256(path: str | Path) -> str:
    """Digest of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(module: str) -> Path | None:
    base = SOURCE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _told(node: ast.AST, parts: list[str], used: list[str]) -> None:
    """Write a tree down without docstrings; comments are not in it to begin with."""
    parts.append(type(node).__name__)
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("normwise"):
        used.append(node.module or "")
        used += [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Import):
        used += [a.name for a in node.names if a.name.startswith("normwise")]
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            _told(value, parts, used)
        elif isinstance(value, list):
            parts.append("[")
            for each in value:
                if not isinstance(each, ast.AST):
                    parts.append(repr(each))
                elif not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)):
                    _told(each, parts, used)
            parts.append("]")
        else:
            parts.append(repr(value))


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    """Digest of a module without docstrings, and what it imports of the package."""
    parts: list[str] = []
    used: list[str] = []
    _told(ast.parse(path.read_text(encoding="utf-8")), parts, used)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest(), tuple(used)


def code_digest(*modules: str) -> str:
    """Digest of the code that modules of this package run, imports followed.

    Comments, docstrings and formatting do not count, so that only a change that can change a
    number re-runs anything.

    Parameters
    ----------
    *modules : str
        Dotted names, such as ``normwise.fitting.fit_job``.
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


def current_commit() -> str | None:
    """The commit of the package's repository; None if it was installed from elsewhere."""
    # an environment may lie in the repository of another project
    ours = _git("ls-files", "--error-unmatch", "__init__.py")
    return _git("rev-parse", "HEAD") if ours else None


def code_state() -> dict[str, Any]:
    """Commit, what differs from it, and the digest of ``uv.lock``; None where there is none."""
    commit = current_commit()
    # results and other untracked files do not change what ran; a new module may
    changes = _git("diff", "--name-only", "HEAD") or ""
    added = _git("ls-files", "--others", "--exclude-standard", "--full-name", "--", ".") or ""
    changed = [*changes.splitlines(), *added.splitlines()] if commit else []
    lock = SOURCE.parents[1] / "uv.lock"
    return {
        "version": version("normwise"),
        "commit": commit,
        "clean": not changed if commit else None,
        "changed": sorted(changed),
        "lock": sha256(lock) if lock.is_file() else None,
    }


def _packages() -> dict[str, str]:
    """Versions of all that the package needs and what that needs, where it is installed."""
    found: dict[str, str] = {}
    waiting = ["normwise"]
    while waiting:
        name = waiting.pop()
        try:
            package = distribution(name)
        except PackageNotFoundError:
            # for another system, or another Python
            continue
        key = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
        if key not in found:
            found[key] = package.version
            needed = [text for text in package.requires or [] if "extra ==" not in text]
            waiting += [text for r in needed for text in re.findall(r"^[\w.-]+", r)]
    return dict(sorted(found.items()))


def _cpu() -> dict[str, Any]:
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    facts = {key.strip(): value.strip() for key, _, value in (x.partition(":") for x in lines)}
    known = facts.get("flags", facts.get("Features", "")).split()
    return {
        "model": facts.get("model name") or platform.processor() or platform.machine(),
        "flags": sorted(f for f in known if f in FLAGS or f.startswith(("avx512", "amx"))),
    }


def environment() -> dict[str, Any]:
    """What numbers may depend on beside code and seed: packages, BLAS, processor, system."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    said = ("internal_api", "prefix", "version", "architecture", "num_threads")
    # as every job computes
    with threadpool_limits(1):
        found = [info for info in threadpool_info() if info["user_api"] == "blas"]
    blas = [{key: info.get(key) for key in said} for info in found]
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        # the kernel does not matter, the mathematical functions of the C library do
        "libc": " ".join(platform.libc_ver()).strip(),
        "processor": _cpu(),
        "numpy_simd": {key: simd.get(key, []) for key in ("baseline", "found")},
        "numba_target": llvmlite.binding.get_host_cpu_name(),
        "blas": sorted(blas, key=lambda entry: [str(value) for value in entry.values()]),
        "packages": _packages(),
    }


def describe_run() -> dict[str, str]:
    """Commit, versions and machine, for the report."""
    commit = current_commit()
    # results and other untracked files do not change what ran
    dirty = _git("status", "--porcelain", "--untracked-files=no")
    state = "not a git checkout" if commit is None else commit
    if dirty:
        state += " with uncommitted changes"
    return {
        "commit": state,
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": f"{_cpu()['model']}, {os.cpu_count()} cores",
    }
