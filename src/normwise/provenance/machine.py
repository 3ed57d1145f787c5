"""The packages, the linear algebra and the processor that made a result."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

import llvmlite.binding
import numpy as np
import scipy.linalg  # noqa: F401  (loads its own BLAS)
from threadpoolctl import threadpool_info, threadpool_limits

from normwise.provenance.code import current_commit, git

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


def _packages() -> dict[str, str]:
    """Versions of all that a study needs and what that needs, where it is installed."""
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
            waiting += [name for text in package.requires or [] for name in _needed(text)]
    return dict(sorted(found.items()))


def _needed(requirement: str) -> list[str]:
    """Name of a required package; none if it belongs to an extra other than the study's."""
    name, _, marker = requirement.partition(";")
    other_extra = "extra ==" in marker and "study" not in marker
    return [] if other_extra else re.findall(r"^[\w.-]+", name)


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
    dirty = git("status", "--porcelain", "--untracked-files=no")
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
