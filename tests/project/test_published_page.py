"""The numbers of the page on what others have published, held against what is shipped."""

import re

import numpy as np
import pandas as pd
import pytest

from normwise.audit.shipped import REGIMES, WANG, read_found
from normwise.report.others import knight_bajaj, wang

PAGE = "docs/explanation/published.md"
IN_R = "benchmarks/results/published.csv"


def share(value: float, digits: int = 0) -> str:
    return f"{100 * value:.{digits}f} %"


def rows(regimes: pd.DataFrame) -> str:
    return "\n".join(
        f"| {row['value']} | {row['n']} | {share(row['binding'])} | {share(row['dear'])} "
        f"| +{share(row['cost_rmse_max'] - 1)} | × {row['cost_risk_max']:.1f} |"
        for _, row in regimes.iterrows()
    )


def numbers(root) -> dict[str, str]:
    """What the page says, by name."""
    w, k, regimes = wang(), knight_bajaj(), read_found(REGIMES)
    z = read_found(WANG)["z_lasso"].abs()
    assert (z >= 3).sum() == 1
    assert w["z_within_ridge"] == 1
    assert w["close_ridge_wide"] > 0.99
    r = pd.read_csv(root / IN_R)
    same = [f"{m}_{g}" for m in ("lasso", "ridge") for g in ("glmnet", "wide")]
    apart = max(float((r[f"{c}_r"] / r[f"{c}_normwise"] - 1).abs().max()) for c in same)
    return {
        "N": f"{w['n']:,}",
        "BINDING": share(w["binding"]),
        "DEAR": share(w["dear"]),
        "WORST_RMSE": share(w["cost_rmse_max"] - 1),
        "WORST_RISK": f"{w['cost_risk_max']:.1f}",
        "Z_MEAN": f"{w['z_mean']:.2f}",
        "Z_SD": f"{w['z_sd']:.2f}",
        "Z_BEST": f"{w['z_best_mean']:.1f}",
        "RERUN": f"{w['n_rerun']}",
        "Z_LASSO_MAX": f"{z.max():.1f}",
        "DEV_RIDGE": share(w["deviation_ridge"], 1),
        "DEV_LASSO": share(w["deviation_lasso"], 1),
        "CLOSE_GLMNET": share(w["close_ridge_glmnet"]),
        "CLOSE_LASSO": share(w["close_lasso_wide"]),
        "WINS_WIDE": f"{w['wins']['wide']}",
        "WINS_GLMNET": f"{w['wins']['glmnet']}",
        "FLIPS": f"{w['flips']:.0f}",
        "FLIPS_LOW": share(w["flips_low"]),
        "FLIPS_HIGH": share(w["flips_high"]),
        "THEORY_FLIPS": f"{w['theory_flips']}",
        "R_N": f"{len(r)}",
        "R_OWN": f"{np.median(r['ridge_glmnet_r'] / r['ridge_wide_r']):.2f}",
        "R_DIFF": share(apart, 1),
        "TABLE_SNR": rows(regimes[regimes["regime"] == "SNR"]),
        "TABLE_DESIGN": rows(regimes[regimes["regime"] == "design"]),
        "KB_SMALL": f"{k['small']}",
        "KB_N": f"{k['n']}",
        "KB_ALIKE": f"{k['alike']}",
        "KB_COST_RIDGE": f"{k['cost_ridge']:.1f}",
        "KB_COST_RIDGE_MOST": f"{k['cost_ridge_most']:.1f}",
        "KB_COST_LASSO_MOST": f"{k['cost_lasso_most']:.1f}",
        "KB_BETTER": f"{k['lasso_better']}",
        "KB_BETTER_DEFAULT": f"{k['lasso_better_default']}",
        "KB_GAP": share(k["largest_gap"], 1),
        "KB_OLS": share(k["least_squares"], 1),
        "KB_LEAST": f"{k['least']:.2f}",
        "KB_MOST": f"{k['most']:.2f}",
        "KB_FIRST_L1": f"{k['first']['l1']}",
        "KB_FIRST_L2": f"{k['first']['l2']}",
        "KB_LAST_L1": f"{k['last']['l1']}",
        "KB_LAST_L2": f"{k['last']['l2']}",
        "KB_EQUIVALENT": f"{k['most_equivalent']}",
        "KB_LASSO": f"{k['recall']['lasso']:.2f}",
        "KB_NET": f"{k['recall']['elastic_net']:.2f}",
        "KB_KEPT_NET": f"{k['kept']['elastic_net']:.0f}",
        "KB_KEPT_LASSO": f"{k['kept']['lasso']:.0f}",
        "KB_SAME": f"{k['recall']['lasso_as_many']:.2f}",
        "KB_CHANCE": f"{k['recall']['chance']:.2f}",
    }


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def said(root):
    return numbers(root)


SENTENCES = (
    "Of the @N@ scenarios whose published numbers we had, it lies beyond that end in @BINDING@.",
    "2 % of its test error in @DEAR@, and @WORST_RMSE@ in the worst, where the excess risk is "
    "@WORST_RISK@ times",
    "differ by @Z_MEAN@ on average, with a standard deviation of @Z_SD@.",
    "best strength they differ by @Z_BEST@",
    "@RERUN@ scenarios, of each design its share",
    "below 3 in all of them for ridge, and in all but one for the lasso (@Z_LASSO_MAX@)",
    "relative differences is @DEV_RIDGE@ and @DEV_LASSO@.",
    "less than 2 % in @CLOSE_GLMNET@ of them",
    "in more than 99 % for ridge with strengths that go on, and in @CLOSE_LASSO@",
    "the lasso wins @WINS_WIDE@ of them in place of @WINS_GLMNET@; @FLIPS@ verdicts change "
    "(@FLIPS_LOW@ to @FLIPS_HIGH@), none from the lasso to ridge. By theory @THEORY_FLIPS@ of the "
    "@N@ do",
    "on the @R_N@ scenarios where it costs most",
    "it has @R_OWN@ times the error",
    "differs from it by at most @R_DIFF@",
    "@TABLE_SNR@",
    "@TABLE_DESIGN@",
    "0.3 % in @KB_SMALL@ of @KB_N@ cells, and by @KB_GAP@ at most",
    "within @KB_OLS@ of the least",
    "a lasso with @KB_LEAST@ to @KB_MOST@ times that of ridge",
    "within 5 % of each other in @KB_ALIKE@ of these @KB_SMALL@ cells.",
    "@KB_COST_RIDGE@ times as high in the median cell with SNR .05, and @KB_COST_RIDGE_MOST@ times",
    "The lasso loses up to a factor of @KB_COST_LASSO_MOST@",
    "by more than 5 % in @KB_BETTER_DEFAULT@ of the @KB_N@ cells, rather than in @KB_BETTER@.",
    "wins @KB_FIRST_L1@ and ridge @KB_FIRST_L2@ at 78",
    "@KB_LAST_L1@ and @KB_LAST_L2@ at 300",
    "in more than @KB_EQUIVALENT@.",
    "recall is @KB_LASSO@ for the lasso and @KB_NET@ for the elastic net",
    "keeps @KB_KEPT_NET@ of the 50 features and the lasso @KB_KEPT_LASSO@.",
    "recall is @KB_SAME@; as many at random would have @KB_CHANCE@.",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_numbers_of_the_page_are_those_that_are_shipped(root, said, sentence):
    text = plain((root / PAGE).read_text(encoding="utf-8"))
    assert plain(re.sub(r"@(\w+)@", lambda found: said[found[1]], sentence)) in text


def test_what_is_shipped_keeps_the_published_table_back():
    # the numbers that are compared with, and not the table
    assert len(read_found(WANG)) <= 240
    assert not [c for c in read_found(REGIMES) if c.startswith("published")]
