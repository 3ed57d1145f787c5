"""An advice made up rather than computed: every part is there, and the numbers agree."""

import numpy as np
import pandas as pd

from normwise.advice import Advice
from normwise.advice.findings import TRIED, Contest, Diagnosis, Models, Place, Recommendation
from normwise.analysis.learn.rule_of_thumb import Rule
from normwise.tabular import Table

CODE = """\
import pandas as pd
from normwise import L1RegressorCV

table = pd.read_csv("houses.csv")
model = L1RegressorCV().fit(table.drop(columns="price"), table["price"])
print("a line of code that is longer than a terminal is wide", model.alpha_, model.coef_)"""
LONG = "a name of two hundred letters, which no column of any page can hold in one line " * 3
NASTY = (
    "<script>alert(1)</script>",
    "[red]x[/red]",
    "$\\alpha$ {{ 7 * 7 }}",
    "=HYPERLINK(1)",
    "中文 😀 name",
    LONG[:200],
    'x" style="color:red',
    "pi 3.14159265",
)


def feature_names(p):
    return tuple([*NASTY, *(f"feature {j}" for j in range(p))][:p])


def make_contest(failed=(), winner="l1"):
    size = {"l1": 0.61, "l2": 0.58, "elastic_net": 0.609, "none": -7.3}
    if winner == "l2":
        size = {"l1": 0.58, "l2": 0.61, "elastic_net": 0.609, "none": -7.3}
    scores, pairs = [], []
    for penalty in TRIED:
        value = np.nan if penalty in failed else size[penalty]
        scores.append(
            {
                "penalty": penalty,
                "error": 100 * (1 - value),
                "explained": value,
                "low": value - 0.06,
                "high": value + 0.05,
                "nonzeros": np.nan if penalty in failed else 4.5 if penalty == "l1" else 12.0,
                "failed": float(penalty in failed),
            }
        )
    for i, first in enumerate(TRIED):
        for second in TRIED[i + 1 :]:
            d = np.nan if {first, second} & set(failed) else size[first] - size[second]
            verdict = "undecided" if np.isnan(d) else "first" if d > 0.02 else "second"
            if abs(d) < 0.01:
                verdict = "equivalent"
            pairs.append(
                {
                    "first": first,
                    "second": second,
                    "difference": d,
                    "se": abs(d) / 4 if d == d else np.nan,
                    "low": d - abs(d) / 2 - 0.002,
                    "high": d + abs(d) / 2 + 0.002,
                    "p_first": np.nan if np.isnan(d) else 0.97 if verdict == "first" else 0.01,
                    "p_equivalent": np.nan if np.isnan(d) else 0.02,
                    "p_second": np.nan if np.isnan(d) else 0.01 if verdict == "first" else 0.97,
                    "verdict": verdict,
                }
            )
    rng = np.random.default_rng(0)
    shares = pd.DataFrame({p: size[p] + rng.normal(0, 0.05, 50) for p in TRIED})
    shares.insert(0, "split", range(50))
    shares.insert(1, "repeat", np.repeat(range(10), 5))
    return Contest(pd.DataFrame(scores), pd.DataFrame(pairs), shares, 5, 10, 0.01)


def make_models(names, groups, failed=(), null=False, never=False):
    rng = np.random.default_rng(1)
    p = len(names)
    l2 = rng.normal(0, 1, p) * np.geomspace(3, 0.01, p)
    l1 = np.sign(l2) * np.maximum(np.abs(l2) - 0.4, 0) * (not null)
    # of each group L1 keeps the first
    l1[[j for members in groups for j in members[1:]]] = 0
    kept = np.clip(np.abs(l2) / 1.2 + rng.uniform(-0.05, 0.05, p), 0, 1)
    kept *= not never
    group = np.full(p, -1)
    for number, members in enumerate(groups):
        group[list(members)] = number
    coefs = pd.DataFrame(
        {
            "feature": list(names),
            "l1": l1,
            "l2": l2,
            "elastic_net": (l1 + l2) / 2,
            "l1_raw": l1 / 3,
            "l2_raw": l2 / 3,
            "elastic_net_raw": (l1 + l2) / 6,
            "selected": kept,
            "l1_sign": np.where(l1 == 0, np.nan, 0.5 + kept / 2),
            "l2_sign": 0.5 + kept / 2,
            "group": group,
        }
    )
    for penalty in failed:
        coefs[[penalty, f"{penalty}_raw"]] = np.nan
    steps = np.geomspace(4, 4e-3, 30)
    alphas = {"l1": np.append(np.inf, steps), "l2": np.append(np.inf, 100 * steps)}
    shrunk = np.sign(l2) * np.maximum(np.abs(l2) - steps[:, None], 0)
    paths = {
        "l1": np.vstack([np.zeros(p), shrunk]),
        "l2": np.vstack([np.zeros(p), l2 / (1 + steps[:, None])]),
    }
    return Models(
        coefs=coefs,
        alphas={k: v for k, v in alphas.items() if k not in failed},
        paths={k: v for k, v in paths.items() if k not in failed},
        chosen={k: v for k, v in {"l1": 0 if null else 10, "l2": 14}.items() if k not in failed},
        intercepts={"l1": 2.0, "l2": 2.0, "elastic_net": 2.0},
        by_chance=(0,) if groups else (),
        n_resamples=100,
        gap=3e-7,
    )


def make_place():
    rng = np.random.default_rng(2)
    load = np.geomspace(0.01, 5, 200)
    effect = 0.5 * np.log(load / 0.12) + rng.normal(0, 0.1, 200)
    verdict = np.where(effect < -0.2, "l1", np.where(effect > 0.2, "l2", "undecided"))
    verdict[95] = "equivalent"
    neighbours = pd.DataFrame(
        {
            "dataset": ["sparse_signals", "collinearity"],
            "label": ["n_samples=100, snr=2", "correlation=0.9"],
            "distance": [0.12, 0.31],
            "n_samples": [100, 200],
            "n_features": [50, 100],
            "effective_nonzero": [5.0, 12.5],
            "snr": [2.0, 1.0],
            "signal_alignment": [1.0, 2.4],
            "effect": [-0.4, 0.02],
            "points": [2.1, -0.1],
            "verdict": ["l1", "undecided"],
        }
    )
    return Place(
        load=0.05,
        load_low=0.03,
        load_high=0.13,
        numbers=Rule(0.12, 0.11, 0.13, 80.0),
        rows_per_feature=3.0,
        enough=70.0,
        margin=0.05,
        rule="l1",
        rule_range=("l1", "l2"),
        surface="undecided",
        effect=-0.2,
        effect_low=-0.5,
        effect_high=0.1,
        points=1.2,
        points_low=-0.4,
        points_high=2.9,
        theory="l1",
        theory_basis="side of the exact boundary for unrelated features",
        inside=False,
        outside=("features per row 20, measured 0.1 to 10",),
        validity="Measured: 200 simulated scenarios with 60 to 200 rows.",
        record="The rule names the right penalty in 65 of the 70.",
        neighbours=neighbours,
        measured=pd.DataFrame({"load": load, "effect": effect, "verdict": verdict}),
        l1_chance=0.8,
    )


def make_advice(
    n=120,
    p=40,
    response="gaussian",
    failed=(),
    winner="l1",
    null=False,
    never=False,
    names=None,
):
    """An advice whose every part can be chosen.

    L1 or L2 may be the ``winner``, penalties may have ``failed``, L1 may have chosen the ``null``
    model and may ``never`` keep a feature.
    """
    names = names or feature_names(p)
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, min(p, 50)))
    y = (X[:, 0] > 0).astype(float) if response == "binary" else X[:, 0]
    groups = ((0, 1, 2), (5, 9)) if p > 9 else ()
    wide = p >= n
    table = Table(
        X=X if p <= 50 else np.broadcast_to(X[:, :1], (n, p)),
        y=y,
        names=tuple(names),
        response=response,
        target="price [EUR] <b>",
        classes=("cheap", "<i>dear</i>") if response == "binary" else None,
        source="houses.csv",
        missing={"feature 3": 4},
        constant=("country",),
        notes=("Column “colour” became 3 columns of zeros and ones, one a value.",),
    )
    diagnosis = Diagnosis(
        n_samples=n,
        n_features=p,
        rank=min(n - 1, p),
        condition_number=np.inf if wide else 48.2,
        vif=np.full(p, np.nan) if wide else np.linspace(1, 12, p),
        nearest_correlation=np.full(p, 0.3 if p == 1 else 0.83),
        nearest=np.roll(np.arange(p), 1),
        effective_features=0.4 * p,
        groups=groups,
        snr=1.6,
        snr_low=0.9,
        snr_high=2.8,
        effective_nonzero=min(4.2, p),
        effective_nonzero_low=min(2.0, p),
        effective_nonzero_high=min(9.0, p),
        alignment=1.3,
        alignment_low=0.8,
        alignment_high=2.1,
        outliers=(3, 77),
        missing=table.missing,
        constant=table.constant,
        duplicates=((names[0], names[1]),) if p > 1 else (),
        positive_share=float(y.mean()) if response == "binary" else np.nan,
        warnings=("2 rows lie far from the others: 3, 77.",),
    )
    name = {"l1": "L1 (lasso)", "l2": "L2 (ridge)", None: ""}[winner]
    return Advice(
        table=table,
        diagnosis=diagnosis,
        contest=make_contest(failed, winner or "l1"),
        models=make_models(names, groups, failed, null, never),
        place=make_place(),
        recommendation=Recommendation(
            answer=winner or "open",
            certainty="clear" if winner else "none",
            headline=f"Use {name} for price." if winner else "No penalty is clearly better.",
            reasons=(
                "On rows held out L1 explains 3.0 points more than L2 (1.0 to 5.2).",
                "Few features carry the signal: about 4 of 40.",
            ),
            doubts=("The map lies outside the range of what was measured.",),
            code=CODE,
        ),
        seed=7,
    )
