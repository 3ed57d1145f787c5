"""Advice on simulated counts and several classes, of which the better penalty is known.

``python -m benchmarks.tables.known_kinds CACHE`` draws tables of the designs below, which the atlas
does not have, asks for advice on each, and measures on many new rows what L1 and L2 lose after fits
to other draws. The result is ``benchmarks/results/tables_known_kinds.md``; the rows behind it are
``CACHE/known_kinds.parquet``.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from benchmarks.advice import judge, side_of
from benchmarks.tables.halves import ask
from benchmarks.tables.judge import RESULTS, lines
from normwise.advice import contest
from normwise.advice.atlas import shipped
from normwise.advice.contest import linear, tune
from normwise.data.rows import Rows
from normwise.files.whole import write_text
from normwise.fitting.loss import loss_of
from normwise.fitting.solvers.outputs import problem_of
from normwise.fitting.tuning import make_folds
from normwise.tabular import Table

# tables of each design, and other draws whose fits say what L1 and L2 lose, on so many new rows
TABLES, DRAWS, NEW_ROWS, N_FOLDS = 3, 12, 4000, 10
# times that folds are drawn, at most; up to ten in an advice, which is somewhat surer
REPEATS = (2, 5)


@dataclass(frozen=True)
class Design:
    """Tables of a kind that the atlas does not have.

    Attributes
    ----------
    response : str
    n, p, k : int
        Rows, features, and features that matter.
    strength : float
        Standard deviation of a linear predictor.
    correlation : float
        Of neighbouring features; that of others is a power of it.
    mean : float
        Of counts.
    noise : float
        Standard deviation of what adds to the predictor of counts and no feature explains.
    exposed : bool
        Whether counts have exposures that differ.
    classes : int
    """

    response: str
    n: int
    p: int
    k: int
    strength: float
    correlation: float = 0.0
    mean: float = 2.0
    noise: float = 0.0
    exposed: bool = False
    classes: int = 3

    def draw(self, n: int, seed: list[int]) -> Table:
        """Some rows; the coefficients are always the same."""
        truth, rng = np.random.default_rng([20_260, self.k, self.p]), np.random.default_rng(seed)
        outputs = self.classes if self.response == "multinomial" else 1
        b = np.zeros((outputs, self.p))
        for own in b:
            own[truth.permutation(self.p)[: self.k]] = truth.standard_normal(self.k)
        power = self.correlation ** np.abs(np.subtract.outer(np.arange(self.p), np.arange(self.p)))
        root = np.linalg.cholesky(power)
        b *= self.strength / np.linalg.norm(b @ root, axis=1)[:, None]
        X = rng.standard_normal((n, self.p)) @ root.T
        eta, offset = X @ b.T, None
        if outputs > 1:
            y = (eta + rng.gumbel(size=eta.shape)).argmax(axis=1)
        else:
            offset = rng.standard_normal(n) if self.exposed else None
            level = np.log(self.mean) - (self.strength**2 + self.noise**2) / 2
            extra = self.noise * rng.standard_normal(n) + (0 if offset is None else offset)
            y = rng.poisson(np.exp(np.minimum(level + eta[:, 0] + extra, 20.0)))
        return Table(
            X=X,
            y=y.astype(float),
            names=tuple(f"x{j}" for j in range(self.p)),
            response=self.response,
            target="y",
            classes=tuple(map(str, range(outputs))) if outputs > 1 else None,
            source="simulated",
            missing={},
            constant=(),
            notes=(),
            rows=Rows(offset=offset),
        )

    def gap(self, number: int) -> tuple[float, float]:
        """Loss of L1 minus that of L2 on new rows, in points, and its standard error."""
        new, gaps = self.draw(NEW_ROWS, [1, number]), []
        loss, known = loss_of(self.response), 0.0 if new.rows.offset is None else new.rows.offset

        def lose(coef: np.ndarray, intercept: np.ndarray) -> float:
            return float(loss.value(new.y, linear(coef, intercept)(new.X) + known))

        for draw in range(DRAWS):
            own = self.draw(self.n, [2, number, draw])
            rng = np.random.default_rng([3, draw])
            folds = make_folds(own.y, N_FOLDS, own.response, rng)
            problem = problem_of(own.X, own.y, own.response, **own.rows.known(slice(None)))
            null = problem.path(np.array([np.inf]), 0.0)
            unit = 100 / lose(null.coef[0], null.intercept[0])
            first, second = (lose(*tune(problem, name, folds).solution) for name in ("l1", "l2"))
            gaps.append(unit * (first - second))
        return float(np.mean(gaps)), float(np.std(gaps, ddof=1) / np.sqrt(DRAWS))


def _designs() -> list[Design]:
    """From few coefficients to all, from few rows to many, alike for both kinds."""
    sizes = [
        (100, 40, 2, 1.0),
        (100, 40, 40, 1.0),
        (150, 20, 3, 0.6),
        (150, 20, 20, 0.8),
        (60, 8, 8, 0.5),
        (500, 12, 2, 0.7),
        (300, 30, 4, 0.5),
        (80, 20, 2, 1.2),
        (100, 12, 12, 1.0),
        (200, 30, 30, 1.0),
    ]
    found = []
    for number, size in enumerate(sizes):
        noise, correlation = 0.5 * (number % 2), (0.0, 0.3, 0.7)[number % 3]
        found += [
            Design("poisson", *size, correlation, (0.7, 2.0, 8.0)[number % 3], noise),
            Design("multinomial", *size, correlation, classes=(3, 5, 4)[number % 3]),
        ]
        if number % 4 == 1:
            found.append(Design("poisson", *size, 0.5, 3.0, 0.8, exposed=True))
        if number % 4 == 2:
            found.append(Design("poisson", *size, 0.0, 20.0, 1.2))
    return [*found, Design("multinomial", 150, 20, 6, 2.0, 0.9, classes=6)]


KINDS = _designs()


def rows_of(number: int) -> list[dict[str, Any]]:
    """Advice on tables of a design, and the gap."""
    design = KINDS[number]
    contest.REPEATS = REPEATS
    gap, se = design.gap(number)
    rows = []
    for table in range(TABLES):
        own = design.draw(design.n, [4, number, table])
        told = ask(own, shipped(), table)
        keys = ("l1", "equal", "l2")
        rows.append(
            {
                **asdict(design),
                "design": number,
                "gap": gap,
                "se": se,
                "truth": side_of(gap),
                "advice": told["answer"],
                "certainty": told["certainty"],
                **{f"chance of {key}": told[f"said_{key}"] for key in keys},
                "l1 costs": 100 * told["said_l1_costs"],
                "l2 costs": 100 * told["said_l2_costs"],
                "seen": told["contest_gap_l1_l2"],
                "seen_se": told["contest_gap_se_l1_l2"],
                "explained": max(told["contest_explained_l1"], told["contest_explained_l2"]),
                "snr": told["snr"],
            }
        )
    return rows


def _shares(rows: pd.DataFrame) -> str:
    parts = {"both": rows, **dict(tuple(rows.groupby("response")))}
    scores = pd.DataFrame(
        [{"tables": len(own), "kind": name} | judge(own, "advice") for name, own in parts.items()]
    ).drop(columns="choice")
    for name in scores.columns[2:]:
        scores[name] = [f"{v:.0%}" for v in scores[name]]
    return lines(scores)


def _calibration(rows: pd.DataFrame) -> str:
    """Stated probabilities against how often each answer was so."""
    out = []
    for name, truth in (("l1", "l1"), ("equal", "neither"), ("l2", "l2")):
        stated = rows[f"chance of {name}"]
        cuts = pd.cut(stated, [0, 0.1, 0.3, 0.7, 0.9, 1], include_lowest=True)
        for cut, own in rows.groupby(cuts, observed=True):
            out.append(
                {
                    "answer": {"l1": "L1 better", "equal": "equal", "l2": "L2 better"}[name],
                    "stated": f"{100 * max(cut.left, 0):.0f} to {100 * cut.right:.0f} %",
                    "tables": len(own),
                    "mean stated": f"{own[f'chance of {name}'].mean():.0%}",
                    "so": f"{(own['truth'] == truth).mean():.0%}",
                }
            )
    return lines(pd.DataFrame(out))


def page(rows: pd.DataFrame) -> str:
    """The result as Markdown."""
    costs = rows[["l1 costs", "l2 costs"]].to_numpy()
    lost = np.column_stack([rows["gap"], -rows["gap"]])
    kept = (lost <= costs + rows[["se"]].to_numpy()).mean()
    named, truth = rows["advice"], rows["truth"].replace("neither", "equivalent")
    right = named == truth
    wrong = (named != "open") & ~right
    worse = named.isin(["l1", "l2"]) & (rows["truth"] != "neither") & ~right
    decided = rows["truth"] != "neither"
    leans = (np.sign(rows["seen"]) == np.sign(rows["gap"]))[decided]
    names = ["n", "p", "k", "strength", "correlation", "mean", "noise", "exposed", "classes"]
    cases = []
    for _, own in rows.groupby("design"):
        first = own.iloc[0]
        counts = first["response"] == "poisson"
        hidden = {"classes"} if counts else {"mean", "noise", "exposed"}
        cases.append(
            {
                "kind": "counts" if counts else "classes",
                "design": ", ".join(f"{n} {first[n]:g}" for n in names if n not in hidden),
                "gap": f"{first['gap']:+.1f} ± {first['se']:.1f}",
                "better": first["truth"],
                "advice": ", ".join(
                    f"{a} ({c})" for a, c in zip(own["advice"], own["certainty"], strict=True)
                ),
            }
        )
    return f"""# The advice on simulated counts and several classes

{len(rows)} tables, {TABLES} from each of {rows["design"].nunique()} designs. The map has no
scenarios of these kinds: those with a number stand in for counts, those with two classes for
several, and the weights were learnt from real tables with numbers and two classes. The gap is the
loss of L1 minus that of L2 on {NEW_ROWS:,} new rows in points, per cent of the null model's loss:
below 0 L1 is better. It is the mean over {DRAWS} other draws, and up to 1 point counts as equal. To
save time folds are drawn at most {REPEATS[1]} times, where an advice draws them up to ten times.
`python -m benchmarks.tables.known_kinds CACHE` makes this page.

The answer is right in {right.mean():.0%}, open in {(named == "open").mean():.0%} and wrong in
{wrong.mean():.0%} of the tables; the worse penalty is named in {worse.mean():.0%}. Of the
{decided.sum()} tables with a better penalty the head-to-head leans to it in {leans.mean():.0%}.
What taking a penalty costs is at most what is stated (90 %) in {kept:.0%}.

What is stated is on the cautious side: the gaps here are larger than the real tables that taught
the weights would have them.

{_shares(rows)}

{_calibration(rows)}

{lines(pd.DataFrame(cases))}
"""


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    rows = pd.DataFrame()
    with threadpool_limits(1):
        jobs = (delayed(rows_of)(number) for number in range(len(KINDS)))
        # those that are done are kept if the others are ended
        for part in Parallel(n_jobs=asked.jobs, return_as="generator_unordered")(jobs):
            rows = pd.concat([rows, pd.DataFrame(part)], ignore_index=True)
            rows.to_parquet(asked.cache / "known_kinds.parquet", index=False)
            print(f"{len(rows)} of {TABLES * len(KINDS)} tables", flush=True)
    text = page(rows.sort_values("design", kind="stable", ignore_index=True))
    write_text(RESULTS / "tables_known_kinds.md", text)
    print(text)


if __name__ == "__main__":
    main()
