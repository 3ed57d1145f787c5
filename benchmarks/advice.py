"""Is the advice right? Tables from scenarios whose better penalty is known, on unseen seeds.

``python -m benchmarks.advice`` draws tables from `SCENARIOS`, asks for advice on each, and compares
it with how much L1 and L2 explain of new rows, over many other draws.
``benchmarks.tables`` does the same on real tables, from which the advice has learnt what its
head-to-head is worth.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from threadpoolctl import threadpool_limits

from normwise.advice import advise_table
from normwise.advice.contest import tune, unit_of
from normwise.advice.estimates import as_drawn
from normwise.advice.recommendation import pair
from normwise.analysis.judge.collinearity import describe
from normwise.data.population import draw, population
from normwise.data.scenario import Scenario
from normwise.files.whole import write_text
from normwise.fitting.loss import loss_of
from normwise.fitting.tuning import fold_labels, splits_of
from normwise.solvers import Problem

HERE = Path(__file__).parent
OUTPUT = HERE / "results" / "advice.md"
SEED = 90_210
TABLES, REPLICATES = 2, 30
N_FOLDS = 10
# points: per cent of the null model's loss
MARGIN = 1.0


def _grid() -> list[Scenario]:
    wide = {"n_samples": 120, "n_features": 300}
    long = {"n_samples": 500, "n_features": 60}
    square = {"n_samples": 90, "n_features": 80}
    return [
        Scenario(**long, n_nonzero=4, snr=0.4),
        Scenario(**long, n_nonzero=60, snr=0.8, signal="gaussian", signs="random"),
        Scenario(**wide, n_nonzero=6, snr=2.5),
        Scenario(**wide, n_nonzero=150, snr=2.5),
        Scenario(**wide, n_nonzero=25, snr=1.2, signs="random"),
        Scenario(**square, n_nonzero=3, snr=1.2, covariance="ar1", correlation=0.6),
        Scenario(**square, n_nonzero=40, snr=3, covariance="ar1", correlation=0.6),
        Scenario(**wide, n_nonzero=10, snr=5, covariance="ar1", correlation=0.9),
        Scenario(**square, n_nonzero=5, snr=3, covariance="equicorrelated", correlation=0.4),
        Scenario(**square, n_nonzero=80, snr=1, covariance="equicorrelated", correlation=0.4),
        Scenario(**long, n_nonzero=5, snr=1, covariance="blocks", correlation=0.8, group_size=6),
        Scenario(**square, n_nonzero=30, snr=4, covariance="blocks", correlation=0.9, group_size=8),
        Scenario(
            **wide,
            n_nonzero=8,
            snr=4,
            covariance="blocks",
            correlation=0.5,
            group_size=10,
            placement="one_per_group",
            signs="alternating",
        ),
        Scenario(**square, n_nonzero=4, snr=2, covariance="latent_factors", correlation=0.7),
        Scenario(**wide, n_nonzero=120, snr=1, covariance="latent_factors", correlation=0.6),
        Scenario(
            **square,
            n_nonzero=6,
            snr=2,
            covariance="near_duplicates",
            correlation=0.97,
            group_size=4,
        ),
        Scenario(
            **long,
            n_nonzero=40,
            snr=0.5,
            covariance="near_duplicates",
            correlation=0.9,
            group_size=4,
        ),
        Scenario(400, 150, 8, snr=1.5, features="sparse_binary", density=0.08),
        Scenario(400, 150, 120, snr=0.8, features="sparse_binary", density=0.08, signal="gaussian"),
        Scenario(1000, 200, 15, snr=0.3, covariance="ar1", correlation=0.5),
        Scenario(200, 1000, 10, snr=2),
        Scenario(200, 1000, 400, snr=3, covariance="blocks", correlation=0.5, group_size=20),
        Scenario(60, 10, 2, snr=1),
        Scenario(60, 10, 10, snr=2, signal="decaying"),
        Scenario(100, 60, 12, snr=6, signs="random", noise="student_t"),
        Scenario(300, 60, 4, snr=2, response="binary"),
        Scenario(200, 60, 40, snr=2, response="binary", covariance="ar1", correlation=0.5),
        Scenario(
            250, 80, 5, snr=4, response="binary", covariance="blocks", correlation=0.7, group_size=5
        ),
        Scenario(
            150, 150, 100, snr=1, response="binary", covariance="latent_factors", correlation=0.5
        ),
        Scenario(
            400, 40, 30, snr=0.8, response="binary", covariance="equicorrelated", correlation=0.3
        ),
    ]


SCENARIOS = _grid()


def gaps_of(scenario: Scenario) -> np.ndarray:
    """Loss of L1 minus that of L2 on new rows, in points, of draws that no advice has seen."""
    drawn = [draw(scenario, SEED, TABLES + r) for r in range(REPLICATES)]
    X, y = (np.concatenate(part) for part in zip(*drawn, strict=True))
    of = np.repeat(np.arange(REPLICATES), [len(part) for _, part in drawn])
    loss, gaps = loss_of(scenario.response), []
    for r in range(REPLICATES):
        rows, new = of == r, of != r
        rng = np.random.default_rng([SEED, r])
        splits = splits_of(fold_labels(y[rows], N_FOLDS, scenario.response, rng))
        unit = unit_of(y[rows], scenario.response)
        problem = Problem(X[rows], y[rows] / unit, scenario.response)
        losses = []
        for penalty in ("l1", "l2"):
            coef, intercept = tune(problem, penalty, splits).solution
            predictor = unit * (X[new] @ coef + intercept)
            losses.append(loss.value(y[new], predictor))
        constant = float(loss.predictor_of(np.asarray(y[rows].mean())))
        null = loss.value(y[new], np.full(int(new.sum()), constant))
        gaps.append(100 * float((losses[0] - losses[1]) / null))
    return np.array(gaps)


def side_of(gap: float) -> str:
    """The better penalty beyond the margin, or neither."""
    return "neither" if abs(gap) <= MARGIN else "l1" if gap < 0 else "l2"


def _alignment(scenario: Scenario) -> float:
    truth = population(scenario, SEED)
    return describe(truth.root, truth.support, truth.coef)["signal_alignment"]


def _asked(scenario: Scenario, replicate: int) -> dict[str, Any]:
    found = advise_table(as_drawn(scenario, SEED, replicate), n_jobs=1)
    place, told, diagnosis = found.place, found.recommendation, found.diagnosis
    difference = told.difference
    assert difference is not None
    lead = pair(found.contest, "l1", "l2")["difference"]
    return {
        "advice": told.answer,
        "certainty": told.certainty,
        "the likelier side": "l1" if difference.l1_ahead >= 0.5 else "l2",
        "lower cross-validated error": "l1" if lead > 0 else "l2",
        "the map's better side": "l1" if place.l1_chance >= 0.5 else "l2",
        "the map, if sure": place.surface,
        "rule of thumb": place.rule,
        "alignment": diagnosis.alignment_low <= _alignment(scenario) <= diagnosis.alignment_high,
        "snr": diagnosis.snr_low <= scenario.snr <= diagnosis.snr_high,
        **{f"chance of {name}": getattr(difference, name) for name in ("l1", "equal", "l2")},
        "l1 costs": 100 * difference.l1_costs,
        "l2 costs": 100 * difference.l2_costs,
    }


def judge(rows: pd.DataFrame, by: str) -> dict[str, Any]:
    """How often a choice is right, that it does not matter is right, or a wrong one is named."""
    named, equal = rows[by].isin(["l1", "l2"]), rows[by] == "equivalent"
    decided = rows["truth"] != "neither"
    right = named & (rows[by] == rows["truth"])
    return {
        "choice": by,
        "named the better one": right.mean(),
        "said rightly that it does not matter": (equal & ~decided).mean(),
        "named none": (~named & ~equal).mean(),
        "named one of two equals": (named & ~decided).mean(),
        "named the worse one": (named & decided & ~right).mean(),
        "said wrongly that it does not matter": (equal & decided).mean(),
    }


def run(n_jobs: int) -> pd.DataFrame:
    """Advice and truth for every table."""
    parts = []
    with threadpool_limits(1), parallel_config(backend="loky", inner_max_num_threads=1):
        jobs = Parallel(n_jobs=n_jobs)
        asked = jobs(delayed(_asked)(s, r) for s in SCENARIOS for r in range(TABLES))
        for i, gaps in enumerate(jobs(delayed(gaps_of)(s) for s in SCENARIOS)):
            gap, se = float(gaps.mean()), float(gaps.std(ddof=1) / np.sqrt(len(gaps)))
            known = {"scenario": i, "gap": gap, "se": se, "truth": side_of(gap)}
            parts += [known | row for row in asked[TABLES * i : TABLES * (i + 1)]]
    return pd.DataFrame(parts)


CHOICES = (
    "advice",
    "the likelier side",
    "lower cross-validated error",
    "the map's better side",
    "the map, if sure",
    "rule of thumb",
)


def _describe(scenario: Scenario) -> str:
    content = {f.name: getattr(scenario, f.name) for f in fields(Scenario)}
    shown = [
        f"{f.name} {content[f.name]}"
        for f in fields(Scenario)
        if f.name in ("n_samples", "n_features", "n_nonzero", "snr") or content[f.name] != f.default
    ]
    return ", ".join(shown).replace("_", " ")


def _table(frame: pd.DataFrame) -> str:
    lines = [" | ".join(frame.columns), " | ".join("---" for _ in frame)]
    lines += [" | ".join(str(v) for v in row) for row in frame.itertuples(index=False)]
    return "\n".join(f"| {line} |" for line in lines)


def page(rows: pd.DataFrame) -> str:
    """The result as Markdown."""
    scores = pd.DataFrame([judge(rows, by) for by in CHOICES])
    for name in scores.columns[1:]:
        scores[name] = [f"{v:.0%}" for v in scores[name]]
    sure = rows[(rows["certainty"] == "clear") & rows["advice"].isin(["l1", "l2"])]
    chances = rows[["chance of l1", "chance of equal", "chance of l2"]].to_numpy()
    zone = np.column_stack([rows["truth"] == name for name in ("l1", "neither", "l2")])
    brier = ((chances - zone) ** 2).sum(axis=1).mean()
    costs = np.column_stack([rows["l1 costs"], rows["l2 costs"]])
    kept = (np.column_stack([rows["gap"], -rows["gap"]]) <= costs + rows[["se"]].to_numpy()).mean()
    cases = []
    for i, own in rows.groupby("scenario"):
        first = own.iloc[0]
        cases.append(
            {
                "scenario": _describe(SCENARIOS[int(i)]),
                "gap": f"{first['gap']:+.1f} ± {first['se']:.1f}",
                "better": first["truth"],
                "advice": ", ".join(
                    f"{a} ({c})" for a, c in zip(own.advice, own.certainty, strict=True)
                ),
            }
        )
    return f"""# Is the advice right?

{len(rows)} tables, {TABLES} from each of {len(SCENARIOS)} scenarios that are not part of the study.
The gap is the loss of L1 minus that of L2 on new rows in points, per cent of the null model's loss:
below 0 L1 is better. It is the mean over {REPLICATES} other draws, and up to {MARGIN:g} point
counts as equal. Shares are of all tables.

{_table(scores)}

Of {len(sure)} penalties that were named clearly {(sure.advice == sure.truth).sum()} are better by
more than {MARGIN:g} point and {((sure.advice != sure.truth) & (sure.truth != "neither")).sum()}
worse. The Brier score of the three answers is {brier:.2f}, and what taking a penalty costs is at
most what is stated (90 %) in {kept:.0%}. The 95 % interval of the signal-to-noise ratio holds the
true one in {rows["snr"].mean():.0%} of the tables, that of the alignment of the signal in
{rows["alignment"].mean():.0%}.

{_table(pd.DataFrame(cases))}
"""


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    text = page(run(parser.parse_args().jobs))
    write_text(OUTPUT, text)
    print(text)


if __name__ == "__main__":
    main()
