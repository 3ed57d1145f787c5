"""A study of every kind of source, run by Snakemake to its provenance, in a folder of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[2]
CONFIG = """\
seed: 7
replicates: 6
penalties: [l1, l2]
tuning: {{n_folds: 3, n_alphas: 10}}
calibration: 0
replications: 0
max_chunk_mb: 0.004
extensions: [waves.py]
pathvars: {{results: {results}}}
datasets:
  - {{name: close, figure: anatomy, n_samples: 20, n_features: 5, n_nonzero: [1, 5]}}
  - {{name: labels, n_samples: 24, n_features: 4, n_nonzero: 2, response: binary}}
  - name: spread
    design: {{n_scenarios: 2}}
    n_samples: {{low: 18, high: 30}}
    n_features: 4
    n_nonzero: {{low: 1, high: 4}}
  - {{name: rows, file: houses.csv, target: price, chunks: 3}}
  - {{name: drawn, source: waves, chunks: 2}}
"""
EXTENSION = """\
import numpy as np

from normwise.extensions import dataset


@dataset
def waves(rng):
    X, X_test = rng.standard_normal((20, 4)), rng.standard_normal((10, 4))
    y, y_test = X[:, 0] + rng.standard_normal(20), X_test[:, 0] + rng.standard_normal(10)
    return {"X": X, "y": y, "X_test": X_test, "y_test": y_test}
"""


@dataclass(frozen=True)
class Published:
    """The folder in which the study was run."""

    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def run(self, *options: str) -> str:
        """Run the workflow; what it says."""
        command = [sys.executable, "-m", "snakemake", "--nocolor", "--cores", "2"]
        command += ["--snakefile", str(ROOT / "workflow" / "Snakefile")]
        command += ["--configfile", "config.yaml", *options]
        clean = {k: v for k, v in os.environ.items() if k != "SNAKEMAKE_PROFILE"}
        answer = subprocess.run(
            [*command, "--", str(self.results / "provenance.json")],
            cwd=self.folder,
            env=clean,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr


def publish(folder: Path) -> Published:
    """Run the study."""
    study = Published(folder)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.standard_normal((40, 3)), columns=["age", "size", "price"])
    frame.to_csv(folder / "houses.csv", index=False)
    (folder / "waves.py").write_text(EXTENSION)
    (folder / "config.yaml").write_text(CONFIG.format(results=study.results))
    study.run()
    return study
