"""Real ``cv.glmnet`` on the data of an audit: it is the grid, and not our code.

``python -m benchmarks.published results/audit`` takes the scenarios of table ``audit`` (see
``config/audit.yaml``) in which glmnet's grid costs ridge most by theory, draws the same data sets
with the same folds, and has R cross-validate the lasso and ridge on them, with glmnet's own
strengths and with those of normwise. Errors are exact, from the coefficients.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from normwise.audit.rerun import GRIDS, METHODS, data_set, rerun
from normwise.audit.verdicts import NAMES
from normwise.audit.wang_2020 import N_ALPHAS, scenario_of, unit
from normwise.data.population import population
from normwise.data.responses.gaussian import noise_var_of_sample
from normwise.data.scenario import Scenario
from normwise.files.whole import write_text
from normwise.solvers import Problem

HERE = Path(__file__).parent
OUTPUT = HERE / "results" / "published.csv"
CONFIG = HERE.parent / "config" / "config.yaml"
DIGITS = 6


def strengths(problem: Problem, l1_ratio: float) -> np.ndarray:
    """The wide grid as glmnet takes it: without its ends, where it has no number."""
    alphas = problem.alpha_grid(l1_ratio, N_ALPHAS)
    alphas = alphas[np.isfinite(alphas) & (alphas > 0)]
    # glmnet scales the response, and with it ridge's strength, but not the lasso's
    return alphas if l1_ratio else alphas * problem.y.std()


def in_r(s: Scenario, seed: int, replicate: int) -> pd.DataFrame:
    """What ``cv.glmnet`` finds on one data set: errors in the study's unit, by method and grid."""
    truth = population(s, seed)
    X, y, splits = data_set(s, seed, replicate)
    noise = noise_var_of_sample(s, X @ truth.coef)
    problem = Problem(X, y)
    folds = np.zeros(len(y), np.int32)
    for i, (_, test) in enumerate(splits):
        folds[test] = i + 1
    grids = {m: strengths(problem, a) for m, a in METHODS.items()}
    # one number of strengths for both: the longer grid gives up its least
    number = min(map(len, grids.values()))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "about.txt").write_text(f"{X.shape[0]} {X.shape[1]} {number}")
        X.T.tofile(folder / "x.bin")
        y.tofile(folder / "y.bin")
        folds.tofile(folder / "folds.bin")
        for method, alphas in grids.items():
            alphas[:number].tofile(folder / f"{method}.bin")
        command = ["Rscript", "--vanilla", str(HERE / "published.R"), name]
        subprocess.run(command, check=True, capture_output=True, text=True)
        for method in METHODS:
            for grid in GRIDS:
                found = np.fromfile(folder / f"{method}-{grid}.out")
                risk = float(truth.variance(found[2:] - truth.coef))
                error = unit(truth) ** 2 * (noise + risk)
                rows.append((replicate, method, grid, error, found[0] == 1))
    return pd.DataFrame(rows, columns=["replicate", "method", "grid", "error", "at_end"])


def compared(row: pd.Series, replicates: int, seed: int) -> dict[str, float | int]:
    """One scenario: root mean squared errors of R and of normwise on the same data sets."""
    s = scenario_of(row)
    theirs = pd.concat([in_r(s, seed, i) for i in range(replicates)])
    ours = rerun(s, 0, replicates, seed)
    out: dict[str, float | int] = {"scenario": int(row["scenario"]), "data_sets": replicates}
    for method in METHODS:
        for grid in GRIDS:
            for who, fits in (("r", theirs), ("normwise", ours)):
                own = fits[(fits["method"] == method) & (fits["grid"] == grid)]
                out[f"{method}_{grid}_{who}"] = float(np.sqrt(own["error"].mean()))
    ends = theirs[(theirs["method"] == "ridge") & (theirs["grid"] == "glmnet")]
    return out | {"at_floor_r": float(ends["at_end"].mean())}


def main() -> None:
    """Run the worst scenarios of an audit in R, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("audit", type=Path, help="results folder of the audit")
    parser.add_argument("--scenarios", type=int, default=12)
    parser.add_argument("--data-sets", type=int, default=16)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    args = parser.parse_args()
    audit = pd.read_parquet(args.audit / "tables" / "audit.parquet")
    cost = audit["theory_ridge_glmnet"] / audit["theory_ridge"]
    audit = audit.drop(columns="scenario").rename(columns={v: k for k, v in NAMES.items()})
    seed = yaml.safe_load(CONFIG.read_text())["seed"]
    known = ["published_ridge", "theory_ridge_glmnet", "theory_ridge", "theory_lasso"]
    found = []
    for i in cost.sort_values(ascending=False).index[: args.scenarios]:
        row = audit.loc[i]
        found.append(compared(row, args.data_sets, seed) | row[known].to_dict())
        print(found[-1], flush=True)
    write_text(args.output, pd.DataFrame(found).round(DIGITS).to_csv(index=False))


if __name__ == "__main__":
    main()
