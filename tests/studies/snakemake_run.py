"""A small study in a folder of its own, run by the real workflow."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from normwise.analysis.tables import read_parts

ROOT = Path(__file__).parents[2]
SNAKEFILE = ROOT / "workflow" / "Snakefile"
SETTINGS = """\
seed: {seed}
replicates: {replicates}
penalties: [l1, l2]
tuning: {{n_folds: 3, n_alphas: 10}}
max_chunk_mb: {max_chunk_mb}
pathvars: {{results: {results}}}
datasets:
"""
TABLES = (
    "tables/verdicts.csv",
    "tables/rules.csv",
    "paths/close.parquet",
    "cases/labels_draws.parquet",
)
KINDS = ("paths", "cases", "tables")
CLOSE = "  - {name: close, figure: anatomy, n_samples: 20, n_features: 5, n_nonzero: [1, 5]}\n"
LABELS = "  - {name: labels, n_samples: 24, n_features: 4, n_nonzero: 2, response: binary}\n"
CASE = LABELS.replace("{", "{figure: case, ")


@dataclass(frozen=True)
class Study:
    """A folder with a config, in which the workflow of a repository is run."""

    folder: Path
    home: Path = ROOT

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def configure(
        self,
        datasets: str = CLOSE + CASE,
        seed: int = 7,
        max_chunk_mb: float = 64,
        replicates: int = 8,
    ) -> None:
        settings = SETTINGS.format(
            seed=seed, max_chunk_mb=max_chunk_mb, replicates=replicates, results=self.results
        )
        (self.folder / "config.yaml").write_text(settings + datasets)

    def snakemake(
        self,
        *options: str,
        targets: tuple[str, ...] = ("tables/verdicts.csv",),
        snakefile: Path | None = None,
        cores: int = 2,
    ) -> subprocess.CompletedProcess:
        snakefile = snakefile or self.home / "workflow" / "Snakefile"
        command = [sys.executable, "-m", "snakemake", "--nocolor", "--snakefile", str(snakefile)]
        command += ["--directory", str(self.folder), "--cores", str(cores)]
        command += ["--configfile", str(self.folder / "config.yaml")]
        command += [*options, "--", *(str(self.results / target) for target in targets)]
        # no profile of the user's may change what is run
        clean = {k: v for k, v in os.environ.items() if k != "SNAKEMAKE_PROFILE"}
        if self.home != ROOT:
            clean["PYTHONPATH"] = str(self.home / "src")
        return subprocess.run(
            command,
            cwd=self.folder,
            env=clean,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def planned(self, **options) -> dict[str, set[str]]:
        """Rules that a run would execute, each with its data sets or figures."""
        answer = self.snakemake("--dry-run", **options)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        found: dict[str, set[str]] = {}
        # one paragraph per job
        for job in re.split(r"\n(?=(?:local)?rule )", answer.stdout + answer.stderr)[1:]:
            name = re.match(r"(?:local)?rule (\w+):", job)[1]
            what = re.search(r"wildcards: (?:dataset|figure)=(\w+)", job)
            found.setdefault(name, set()).add(what[1] if what else "")
        return found

    def contents(self) -> dict[str, bytes]:
        """The tables by path, without those of blocks, which depend on where the cuts are."""
        files = sorted(p for kind in KINDS for p in (self.results / kind).rglob("*.*"))
        return {str(p.relative_to(self.results)): p.read_bytes() for p in files}

    def metrics(self) -> pd.DataFrame:
        return read_parts(sorted((self.results / "metrics").rglob("*.parquet")), "metrics")

    def times(self, kind: str = "fits") -> dict[str, int]:
        files = (self.results / kind).rglob("*.*")
        return {str(p.relative_to(self.results)): p.stat().st_mtime_ns for p in files}


def succeed(answer: subprocess.CompletedProcess) -> str:
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr
