"""Tables of a map whose answer is known, made up rather than simulated."""

from studies.made import made_study

from normwise.analysis.learn.learn import learn


def made_map(n=240):
    """The tables of `learn`, of numbers and of classes, the last sixth of the scenarios held out.

    The effect is a known function of the load, and L1 is the better one below a load of 0.1.
    """
    study = made_study(n, goals=("prediction", "explained"), fresh=n // 6)
    study["scenarios"].loc[::3, "response"] = "binary"
    return learn(**study, comparison={"margin": 0.05})
