"""Tables of blocks put together in memory, for data small enough."""

import pandas as pd

from normwise.analysis.judge.goal_verdicts import judge_goals
from normwise.analysis.judge.verdicts import judge
from normwise.analysis.measure.effects import pair_table
from normwise.analysis.measure.evaluate import evaluate
from normwise.analysis.measure.goal_effects import goal_effects


def evaluated(fits, dataset, *args, **options) -> dict[str, pd.DataFrame]:
    """All tables of a block, whole."""
    parts = list(evaluate(fits, dataset, *args, **options))
    return {name: pd.concat([p[name] for p in parts], ignore_index=True) for name in parts[0]}


def compare(metrics, options, overlap=0.0):
    return judge(pair_table(metrics, overlap), options)


def goal_table(metrics, options, held_out=(), overlap=0.0):
    return judge_goals(goal_effects(metrics, overlap), options, held_out)
