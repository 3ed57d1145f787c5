"""The numbers of README.md and of the page of the rule, held against the shipped atlas."""

import re

import numpy as np
import pandas as pd
import pytest

from normwise.analysis.effective import effective_number
from normwise.analysis.learn.atlas import KINDS, read_atlas
from normwise.analysis.learn.cells import cells
from normwise.analysis.learn.exact_boundary import call_by_theory
from normwise.analysis.learn.rule_of_thumb import call_by_rule, losses_of, read_rule

PAGES = ("README.md", "docs/explanation/rule.md", "docs/explanation/penalties.md")


def cost(row: pd.Series) -> str:
    return f"{100 * (row['regret'] - 1):.1f} %"


def share(value: float) -> str:
    return f"{100 * value:.0f} %"


def by_old_rule(frame: pd.DataFrame) -> np.ndarray:
    """The rule of the 616 scenarios."""
    unshared = np.maximum(1 - frame["nearest_correlation"] ** 2, 1e-6)
    load = frame["effective_nonzero"] / (frame["n_samples"] * np.sqrt(frame["snr"] * unshared))
    weak = frame["n_samples"] * frame["snr"] / frame["effective_features"] < 0.12
    side = np.where(load < 0.11, "l1", np.where(load > 0.12, "l2", "neither"))
    return np.where(weak, "neither", side)


def numbers(atlas: dict[str, pd.DataFrame]) -> dict[str, str]:
    """What the pages say, by name."""
    frame = cells(atlas["ground"])
    fresh, learnt = frame[frame["held_out"]], frame[~frame["held_out"]]
    points = cells(atlas["ground"], "explained")
    rule, enough = read_rule(atlas["rules"]), read_rule(atlas["rules"], "explained").enough
    many = points[points["held_out"] & (points["rows_per_feature"] >= enough)]
    scores = atlas["rule_scores"]
    own = scores[(scores["goal"] == "prediction") & (scores["family"] == "all")]
    mixed = own[own["split"] == "elastic net"].set_index("rule")
    own = own[own["split"] == "fresh"].set_index("rule")
    decided = fresh["verdict"].isin(["l1", "l2"])
    old = by_old_rule(fresh)
    ratio = 1 / frame["aspect_ratio"]
    power = effective_number(1 / np.arange(1, 201))
    long = fresh["dataset"] == "set_aside_long"
    return {
        "N_FRESH": f"{len(fresh)}",
        "N_LEARN": f"{len(learnt):,}",
        "N_LONG": f"{long.sum()}",
        "DECIDED": f"{decided.sum()}",
        "CV_FRESH": cost(own.loc["cross-validation"]),
        "L1_REG": cost(own.loc["always L1"]),
        "L2_REG": cost(own.loc["always L2"]),
        "ENOUGH": f"{enough:.0f}",
        "ENOUGH_RIGHT": share((many["effect"].abs() <= 0.01).mean()),
        "ENOUGH_N": f"{len(many)}",
        "CUT": f"{rule.cut:.2g}",
        "CUT_LOW": f"{rule.low:.2g}",
        "CUT_HIGH": f"{rule.high:.2g}",
        "PER": f"{1 / rule.cut:.0f}",
        "POWER": f"{power:.0f}",
        "TH_ACC": share(own.loc["exact boundary", "accuracy"]),
        "TH_REG": cost(own.loc["exact boundary"]),
        "RULE_ACC": share(own.loc["rule of thumb", "accuracy"]),
        "RULE_REG": cost(own.loc["rule of thumb"]),
        "SURF_ACC": share(own.loc["response surface", "accuracy"]),
        "SURF_REG": cost(own.loc["response surface"]),
        "EST_ACC": share(own.loc["exact boundary, all estimated", "accuracy"]),
        "EST_REG": cost(own.loc["exact boundary, all estimated"]),
        "RELAXED": f"{100 * (1 - mixed.loc['always relaxed lasso', 'regret']):.0f}",
        "MIXED": f"{100 * (mixed.loc['always elastic net', 'regret'] - 1):.0f}",
        "N_LOW": f"{frame['n_samples'].min():,}",
        "N_HIGH": f"{frame['n_samples'].max():,}",
        "P_LOW": f"{frame['n_features'].min():,}",
        "P_HIGH": f"{frame['n_features'].max():,}",
        "NP_LOW": f"{ratio.min():.1g}",
        "NP_HIGH": f"{ratio.max():.0f}",
        "N_NUM": f"{(frame['binary'] == 0).sum():,}",
        "N_BIN": f"{(frame['binary'] == 1).sum()}",
        "OLD_ACC": share((old == fresh["verdict"])[decided].mean()),
        "OLD_REG": f"{100 * (np.exp(losses_of(fresh, old).mean()) - 1):.1f} %",
    }


def numbers_of_kinds(atlas: dict[str, pd.DataFrame]) -> dict[str, str]:
    """What the pages say of counts and several classes, by name."""
    frame = cells(atlas[KINDS])
    rule = read_rule(atlas["rules"])
    decided = frame["verdict"].isin(["l1", "l2"])
    out = {
        "KINDS": f"{len(frame)}",
        "KINDS_DECIDED": f"{decided.sum()}",
        "KINDS_ACC": share((call_by_rule(frame, rule) == frame["verdict"])[decided].mean()),
    }
    for response, own in frame.groupby("response"):
        decided = own["verdict"].isin(["l1", "l2"])
        out[f"{response}_DECIDED"] = f"{decided.sum()}"
        out[f"{response}_L2"] = f"{(own['verdict'] == 'l2').sum()}"
        for name, called in (("TH", call_by_theory(own)), ("RULE", call_by_rule(own, rule))):
            out[f"{response}_{name}_ACC"] = share((called == own["verdict"])[decided].mean())
            more = np.exp(losses_of(own, called).mean()) - 1
            out[f"{response}_{name}_REG"] = f"{100 * more:.1f} %"
    return out


@pytest.fixture(scope="module")
def said():
    return numbers(read_atlas()) | numbers_of_kinds(read_atlas(["rules", KINDS]))


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("page", PAGES)
def test_the_numbers_of_a_page_are_those_of_the_atlas(root, said, page):
    text = plain((root / page).read_text(encoding="utf-8"))
    for sentence in SENTENCES[page]:
        expected = plain(re.sub(r"@(\w+)@", lambda found: said[found[1]], sentence))
        assert expected in text, expected


SENTENCES = {
    "README.md": (
        "costs @CV_FRESH@ more excess risk than always knowing the better one, over the @N_FRESH@",
        "more than @ENOUGH@ rows for each feature",
        "L1 as long as a k is below @CUT@ n √snr",
        "right penalty in @RULE_ACC@ of the @DECIDED@ scenarios that have a winner, and "
        "costs @RULE_REG@",
        "(@TH_ACC@, @TH_REG@). But k, snr and a have to be estimated: then it costs @EST_REG@",
        "@N_LEARN@ sampled scenarios",
        "Another @KINDS@ scenarios",
        "right penalty in @KINDS_ACC@ of the @KINDS_DECIDED@ that have a winner",
    ),
    "docs/explanation/rule.md": (
        "@N_FRESH@ scenarios that were set aside it costs @CV_FRESH@ more",
        "more than @ENOUGH@ rows for each feature it hardly matters",
        "in @ENOUGH_RIGHT@ of the @ENOUGH_N@ scenarios",
        "c = @CUT@",
        "@CUT_LOW@ to @CUT_HIGH@",
        "that is @PER@ rows for each feature",
        "two hundred count as about @POWER@",
        "right penalty in @TH_ACC@ of the @DECIDED@ set-aside scenarios that have a winner, and "
        "costs @TH_REG@",
        "(@RULE_ACC@, @RULE_REG@)",
        "The boundary then costs @EST_REG@",
        "@RELAXED@ % *less* excess risk than the better of L1 and L2, and an elastic net with "
        "equal parts @MIXED@ %",
        "| rows | @N_LOW@ to @N_HIGH@ |",
        "| features | @P_LOW@ to @P_HIGH@; @NP_LOW@ to @NP_HIGH@ rows for each |",
        "a number (@N_NUM@ scenarios)",
        "rarer one (@N_BIN@)",
        "@N_LEARN@ scenarios make the rule, @N_FRESH@ were set aside before the first fit, "
        "@N_LONG@ of them",
        "right penalty in @OLD_ACC@ and costs @OLD_REG@",
        "counts: right (of @poisson_DECIDED@)",
        "several classes: right (of @multinomial_DECIDED@)",
        "| exact boundary, asked with *a k* | @poisson_TH_ACC@ | @poisson_TH_REG@ | "
        "@multinomial_TH_ACC@ | @multinomial_TH_REG@ |",
        "*c* = @CUT@ | @poisson_RULE_ACC@ | @poisson_RULE_REG@ | "
        "@multinomial_RULE_ACC@ | @multinomial_RULE_REG@ |",
        "L2 wins in @poisson_L2@ of the scenarios with counts and in @multinomial_L2@ of",
    ),
    "docs/explanation/penalties.md": ("L1 below @CUT@, L2 above",),
}


def test_what_needs_no_guess_is_said_first(root):
    readme = plain((root / "README.md").read_text(encoding="utf-8"))
    assert readme.index("lower cross-validated error") < readme.index("a k is below")
