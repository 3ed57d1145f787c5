"""Is the advice right? Tables from scenarios whose better penalty is known, on unseen seeds.

``python -m benchmarks.advice`` draws tables from `SCENARIOS`, asks for advice on each, and compares
it with the penalty that has the smaller mean excess risk over many other draws.
``python -m benchmarks.advice tune results`` fits the weights of
`normwise.advice.recommendation` to tables drawn from the scenarios of a finished study.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, parallel_config
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from normwise.advice import advise_table
from normwise.advice.atlas import shipped
from normwise.advice.contest import compare, tune
from normwise.advice.diagnosis import diagnose
from normwise.advice.estimates import as_drawn
from normwise.advice.place import locate
from normwise.advice.recommendation import LIKELY, evidence
from normwise.analysis.judge.collinearity import describe
from normwise.data.population import draw, population
from normwise.data.scenario import Scenario
from normwise.files.whole import write_text
from normwise.fitting.risk import PredictorLaw, excess_risk
from normwise.fitting.tuning import fold_labels, splits_of
from normwise.solvers import Problem

HERE = Path(__file__).parent
OUTPUT = HERE / "results" / "advice.md"
SEED, TUNING_SEED = 90_210, 31_337
TABLES, REPLICATES = 2, 30
N_FOLDS = 10
# as on the map that is shipped
MARGIN = 0.05
ZONE = float(np.log1p(MARGIN))
LARGEST = 60_000


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


def _ratio(scenario: Scenario, replicate: int) -> float:
    """Log ratio of the excess risks of L1 and L2 on one draw."""
    X, y = draw(scenario, SEED, replicate)
    truth = population(scenario, SEED)
    rng = np.random.default_rng([SEED, replicate])
    splits = splits_of(fold_labels(y, N_FOLDS, scenario.response, rng))
    problem = Problem(X, y, scenario.response)
    risks = []
    for penalty in ("l1", "l2"):
        path, best = tune(problem, penalty, splits)
        coef, intercept = path.coef[best : best + 1], path.intercept[best : best + 1]
        if scenario.response == "gaussian":
            risks.append(float(excess_risk(truth, coef, intercept)[0]))
        else:
            law = PredictorLaw(truth, coef, intercept)
            best_law = PredictorLaw(truth, truth.coef, np.array(truth.intercept))
            risks.append(float(law.log_loss()[0] - best_law.log_loss()))
    return float(np.log(risks[0] / risks[1]))


def truth_of(scenario: Scenario, jobs: Parallel) -> tuple[float, float, str]:
    """Mean effect, its standard error, and the better penalty beyond the margin or neither."""
    # replicates that no advice has seen
    ratios = np.array(jobs(delayed(_ratio)(scenario, TABLES + r) for r in range(REPLICATES)))
    effect, se = float(ratios.mean()), float(ratios.std(ddof=1) / np.sqrt(len(ratios)))
    return effect, se, "neither" if abs(effect) <= ZONE else "l1" if effect < 0 else "l2"


def _alignment(scenario: Scenario) -> float:
    truth = population(scenario, SEED)
    return describe(truth.root, truth.support, truth.coef)["signal_alignment"]


def _asked(scenario: Scenario, replicate: int) -> dict[str, Any]:
    found = advise_table(as_drawn(scenario, SEED, replicate), n_jobs=1)
    z, odds = evidence(found.contest, found.place)
    advice = found.recommendation
    return {
        "advice": advice.penalty or "neither",
        "certainty": advice.certainty,
        "lower cross-validated error": "l1" if z > 0 else "l2",
        "the map's better side": "l1" if odds > 0 else "l2",
        "the map, if sure": found.place.surface,
        "rule of thumb": found.place.rule,
        "alignment": found.diagnosis.alignment_low
        <= _alignment(scenario)
        <= found.diagnosis.alignment_high,
        "snr": found.diagnosis.snr_low <= scenario.snr <= found.diagnosis.snr_high,
        "z": z,
        "odds": odds,
    }


def judge(rows: pd.DataFrame, by: str) -> dict[str, Any]:
    """How often a choice is right, names none, or is wrong; shares of all tables."""
    named = rows[by].isin(["l1", "l2"])
    decided = rows["truth"] != "neither"
    right = named & (rows[by] == rows["truth"])
    wrong = named & decided & ~right
    return {
        "choice": by,
        "right": right.mean(),
        "named none": (~named).mean(),
        "named one of two equals": (named & ~decided).mean(),
        "wrong": wrong.mean(),
        "right where there is a winner": right[decided].mean(),
        "right or none": (right | ~named).mean(),
    }


def run(n_jobs: int) -> pd.DataFrame:
    """Advice and truth for every table."""
    parts = []
    with threadpool_limits(1), parallel_config(backend="loky", inner_max_num_threads=1):
        jobs = Parallel(n_jobs=n_jobs)
        asked = jobs(delayed(_asked)(s, r) for s in SCENARIOS for r in range(TABLES))
        for i, scenario in enumerate(SCENARIOS):
            effect, se, better = truth_of(scenario, jobs)
            known = {"scenario": i, "effect": effect, "se": se, "truth": better}
            parts += [known | row for row in asked[TABLES * i : TABLES * (i + 1)]]
    return pd.DataFrame(parts)


CHOICES = (
    "advice",
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
    sure = rows[rows["certainty"] == "clear"]
    cases = []
    for i, own in rows.groupby("scenario"):
        first = own.iloc[0]
        cases.append(
            {
                "scenario": _describe(SCENARIOS[int(i)]),
                "effect": f"{first['effect']:+.2f} ± {first['se']:.2f}",
                "better": first["truth"],
                "advice": ", ".join(
                    f"{a} ({c})" for a, c in zip(own.advice, own.certainty, strict=True)
                ),
            }
        )
    text = pd.DataFrame(cases).replace({"neither (none)": "none"}, regex=False)
    text["advice"] = text["advice"].str.replace("neither (none)", "none", regex=False)
    return f"""# Is the advice right?

{len(rows)} tables, {TABLES} from each of {len(SCENARIOS)} scenarios that are not part of the study.
The better penalty is the one with the smaller mean excess risk over {REPLICATES} other draws, if
the difference is more than {MARGIN:.0%}. Shares are of all tables, but for the last but one column.

{_table(scores)}

Of {len(sure)} clear recommendations {(sure.advice == sure.truth).sum()} are right and
{((sure.advice != sure.truth) & (sure.truth != "neither")).sum()} wrong. The 95 % interval of the
signal-to-noise ratio holds the true one in {rows["snr"].mean():.0%} of the tables, that of the
alignment of the signal in {rows["alignment"].mean():.0%}.

{_table(text)}

The effect is the mean log ratio of the excess risks of L1 and L2; below 0 L1 is better.
"""


def _evidence(row: dict[str, Any]) -> dict[str, Any]:
    scenario = Scenario(**{f.name: row[f.name] for f in fields(Scenario)})
    table = as_drawn(scenario, TUNING_SEED, 0)
    found = compare(table, 0.01, 0, 1)
    z, odds = evidence(found, locate(table, diagnose(table, 0)[1], shipped()))
    effect = row["effect"]
    better = "neither" if abs(effect) <= ZONE else "l1" if effect < 0 else "l2"
    return {"z": z, "odds": odds, "truth": better, "held_out": bool(row["held_out"])}


def _weigh(rows: pd.DataFrame) -> LogisticRegression:
    decided = rows[rows["truth"] != "neither"]
    return LogisticRegression(C=100).fit(decided[["z", "odds"]], decided["truth"] == "l1")


def fit_weights(folder: Path, n_jobs: int) -> None:
    """Weights of the recommendation from tables of a study's smaller scenarios, and their worth.

    One table from each scenario that the study holds out, and from every third of the others. The
    weights are fitted to the others and judged on those held out, then fitted to all.
    """
    goals, scenarios = (
        pd.read_parquet(folder / "tables" / f"{name}.parquet") for name in ("goals", "scenarios")
    )
    known = goals[goals["goal"] == "prediction"].merge(scenarios, on=["dataset", "scenario"])
    known = known[known["n_nonzero"] > 0].drop_duplicates("scenario").sort_values("scenario")
    known = known[known["n_samples"] * known["n_features"] <= LARGEST]
    known = pd.concat([known[known["held_out"]], known[~known["held_out"]][::3]])
    with threadpool_limits(1), parallel_config(backend="loky", inner_max_num_threads=1):
        found = Parallel(n_jobs=n_jobs)(
            delayed(_evidence)(row) for row in known.astype(object).to_dict("records")
        )
    rows = pd.DataFrame(found)
    held = rows[rows["held_out"]]
    chance = _weigh(rows[~rows["held_out"]]).predict_proba(held[["z", "odds"]])[:, 1]
    named = np.where(chance >= LIKELY, "l1", np.where(chance <= 1 - LIKELY, "l2", "neither"))
    naive = np.where(held["z"] > 0, "l1", "l2")
    for name, choice in (("advice", named), ("lower cross-validated error", naive)):
        print(f"{len(held)} tables held out:", judge(held.assign(**{name: choice}), name))
    model = _weigh(rows)
    print(f"{len(rows)} tables: weights {model.coef_[0].round(2)}, {model.intercept_.round(2)}")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("report", "tune"), default="report")
    parser.add_argument("results", nargs="?", type=Path, default=Path("results"))
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.what == "tune":
        fit_weights(arguments.results, arguments.jobs)
        return
    rows = run(arguments.jobs)
    text = page(rows)
    write_text(OUTPUT, text)
    print(text)


if __name__ == "__main__":
    main()
