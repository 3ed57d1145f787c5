"""The figure of all ways to choose, for the atlas alone and with a study beside it."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from studies.made import made_study

from normwise.analysis.columns import typed
from normwise.analysis.learn.atlas import read_atlas
from normwise.analysis.learn.learn import learn
from normwise.report.figures.rule_scores import draw


@pytest.fixture(scope="module")
def beside_the_atlas():
    study = made_study(n=40, fresh=20)
    own = study["scenarios"][study["scenarios"]["held_out"]]
    own = own.merge(study["goals"][["dataset", "scenario", "effect"]], on=["dataset", "scenario"])
    told = own.assign(log_ratio=own["effect"], risk_l1=1.0, risk_l2=1.0, replicate=0)
    estimates = typed(told, "estimates")
    return learn(**study, comparison={"margin": 0.05}, atlas=read_atlas(), estimates=estimates)


def rows_of(drawing):
    """Labels of each block, its first row of axes first."""
    return [[label.get_text() for label in ax.get_yticklabels()] for ax in drawing.figure.axes]


@pytest.mark.parametrize("with_study", [False, True])
def test_every_way_to_choose_has_one_row(beside_the_atlas, with_study):
    tables = beside_the_atlas if with_study else read_atlas()
    drawing = draw(tables, {})
    scores = tables["rule_scores"]
    own = scores[(scores["goal"] == "prediction") & (scores["family"] == "all")]
    expected = {name for name in own["rule"] if "estimated" not in name}
    first = max(rows_of(drawing), key=len)
    assert len(first) == len(set(first)) and set(first) == expected
    plt.close(drawing.figure)


def test_what_beats_both_penalties_is_in_the_frame():
    drawing = draw(read_atlas(), {})
    scores = read_atlas()["rule_scores"]
    best = scores.loc[scores["rule"] == "always relaxed lasso", "regret_low"].min()
    assert best < 1
    regret = drawing.figure.axes[1]
    low, high = regret.get_xlim()
    assert low < best < 1 < high
    plt.close(drawing.figure)


def test_a_study_that_holds_nothing_out_is_drawn():
    tables = learn(**made_study(n=30), comparison={"margin": 0.05})
    drawing = draw(tables, {})
    assert isinstance(tables["rule_scores"], pd.DataFrame) and drawing.title
    plt.close(drawing.figure)
