"""The table of tools: every cell is there, and every formula leads there and back."""

import re

import numpy as np
import pytest

from normwise.data.errors import InputError
from normwise.elsewhere import arguments_of, read_tools, strengths_of, tool_named
from normwise.elsewhere.expressions import evaluate, names_in
from normwise.elsewhere.tools import PENALTIES, RESPONSES, read_measured

TOOLS = read_tools()
STRENGTHS = {"l1": (0.037, 0.0), "l2": (0.0, 0.21), "elastic_net": (0.037, 0.21)}
NUMBERS = {"n": 173, "sd_y": 31.7, "mean_y": 2.9}
CELLS = [(tool, *cell) for tool in TOOLS.values() for cell in tool.calls]


def name_of(value):
    return getattr(value, "name", value)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=name_of)
def test_every_cell_is_a_call_or_a_reason(tool):
    every = {(response, penalty) for response in RESPONSES for penalty in PENALTIES}
    assert set(tool.calls) | set(tool.impossible) == every
    assert not set(tool.calls) & set(tool.impossible)
    for reason in tool.impossible.values():
        assert re.fullmatch(r"[a-z][^.]*(\.\d[^.]*)*\.", reason), reason
    for trap in tool.traps:
        assert trap[0].isupper() and trap.endswith("."), trap


@pytest.mark.parametrize(("tool", "response", "penalty"), CELLS, ids=name_of)
@pytest.mark.parametrize("own_scaling", [False, True])
def test_there_and_back(tool, response, penalty, own_scaling):
    l1, l2 = STRENGTHS[penalty]
    if own_scaling and not tool.own_scaling:
        with pytest.raises(InputError, match="does not scale columns itself"):
            arguments_of(tool.name, response, l1=l1, l2=l2, **NUMBERS, own_scaling=True)
        return
    call = tool.calls[response, penalty]
    if not call.strengths:
        assert "norm" in call.needs
        with pytest.raises(InputError, match="needs the fitted table"):
            arguments_of(tool.name, response, l1=l1, l2=l2, **NUMBERS)
        return
    found = arguments_of(tool.name, response, l1=l1, l2=l2, **NUMBERS, own_scaling=own_scaling)
    back = strengths_of(tool.name, found, response, penalty, **NUMBERS, own_scaling=own_scaling)
    assert back == pytest.approx((l1, l2), rel=1e-12, abs=1e-15)


def test_a_ridge_of_glmnet_and_spark_grows_with_the_spread_of_y():
    ours = arguments_of("scikit-learn", l2=0.1, n=50)
    assert ours == {"alpha": pytest.approx(5.0)}
    for tool in ("glmnet", "python-glmnet", "spark"):
        weak, strong = (arguments_of(tool, l2=0.1, sd_y=sd, n=50) for sd in (1.0, 7.0))
        name = next(iter(weak))
        assert strong[name] == pytest.approx(7 * weak[name])


def test_a_tool_that_divides_by_n_minus_1_gets_what_its_own_columns_ask_for():
    # the same penalty on columns that are sqrt(n / (n - 1)) times shorter
    ours, theirs = (
        arguments_of("h2o", l1=0.2, l2=0.4, n=11, own_scaling=own) for own in (False, True)
    )
    l1, l2 = (theirs["lambda_"] * share for share in (theirs["alpha"], 1 - theirs["alpha"]))
    assert (l1, l2) == pytest.approx((0.2 * np.sqrt(10 / 11), 0.4 * 10 / 11))
    assert ours["lambda_"] == pytest.approx(0.6)


def test_what_a_tool_assumes_need_not_be_given():
    assert strengths_of("glmnet", {"lambda": 0.03}, sd_y=2.0) == (0.03, 0.0)
    assert strengths_of("h2o", {"lambda": 0.5}) == (0.25, 0.25)
    assert strengths_of("spark", {"regParam": 0.4}, sd_y=2.0) == (0.0, pytest.approx(0.2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tool_named("glmnt"), r"no tool 'glmnt' \(did you mean glmnet\?\)"),
        (lambda: arguments_of("glmnet", l2=0.1), "needs the standard deviation of y, sd_y"),
        (lambda: arguments_of("sklearn", l2=0.1), "needs the number of rows, n"),
        (lambda: arguments_of("glmnet", sd_y=1.0), "both strengths are 0"),
        (lambda: arguments_of("glmnet", l1=-1.0), "l1 is -1: give a number from 0"),
        (lambda: arguments_of("glmnet", l2=np.inf), "l2 is inf: give a number from 0"),
        (lambda: arguments_of("glum", l1=0.1, n=0), "n is 0: give a finite number above 0"),
        (
            lambda: arguments_of("mass", l1=0.1),
            "MASS lm.ridge .* cannot fit L1 .* L2 penalty alone",
        ),
        (
            lambda: arguments_of("vw", "binary", l1=0.1),
            "cannot fit L1 with two classes: with --bfgs",
        ),
        (lambda: strengths_of("sklearn", {"alpha": 2.0}, n=9), "name the penalty, l1 or l2"),
        (
            lambda: strengths_of("glmnet", {"regParam": 0.1}, sd_y=1.0),
            "has no arguments regParam: give lambda and alpha",
        ),
        (
            lambda: strengths_of("glmnet", {"lambda": 0.1, "alpha": 1.5}, sd_y=1.0),
            "lambda=0.1, alpha=1.5 would be a negative strength",
        ),
        (
            lambda: strengths_of("glmnet", {"lambda": -0.1}, sd_y=1.0),
            "lambda is -0.1: give a finite number from 0",
        ),
        (
            lambda: strengths_of("sklearn", {"C": 0.0, "l1_ratio": 1.0}, "binary", n=9),
            "an argument of 0 that is divided by is no strength",
        ),
        (lambda: strengths_of("lasso2", {"bound": 1.0}), "do not tell the strength"),
    ],
)
def test_what_is_wrong_is_named(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_formulas_are_arithmetic_alone():
    assert evaluate("-(lambda + 2 * b) / sqrt(c)", {"lambda": 1, "b": 2, "c": 4}) == -2.5
    assert names_in("lambda * sqrt(n) - 1") == {"lambda", "n"}
    for formula in ("__import__('os')", "a.b", "f(a)", "a ** b", "a if b else c", "'a'"):
        with pytest.raises(ValueError, match="is not arithmetic"):
            evaluate(formula, {"a": 1, "b": 1, "c": 1})


@pytest.mark.parametrize("tool", TOOLS.values(), ids=name_of)
def test_what_a_tool_is_not_given_has_a_reason(tool):
    for call in tool.calls.values():
        assert set(call.lacks) <= {"weights", "offset"}
        for reason in call.lacks.values():
            assert re.fullmatch(r"[a-z][^.]*(\.\w[^.]*)*\.", reason), reason


def test_a_count_of_scikit_learn_is_a_rate_with_the_exposure_as_its_weight():
    found = arguments_of("sklearn", "poisson", l2=0.3, mean_exposure=1.5)
    assert found == {"alpha": pytest.approx(0.2)}
    back = strengths_of("sklearn", found, "poisson", mean_exposure=1.5)
    assert back == (0, pytest.approx(0.3))


@pytest.mark.parametrize("tool", [t for t in TOOLS.values() if t.calls], ids=name_of)
def test_every_call_was_measured_on_five_tables_or_more_and_reached_its_limit(tool):
    measured = read_measured()[tool.name]
    assert measured["version"].replace("-", ".") == tool.version.replace("-", ".")
    assert not measured["failed"]
    assert set(measured["cells"]) == {" ".join(cell) for cell in tool.calls}
    for cell, entry in measured["cells"].items():
        limit = tool.calls[tuple(cell.split())].limit
        assert len(entry["tables"]) >= 5
        assert entry["difference"] <= limit and entry["above"] <= 1e-6
    wanted = {"without intercept"} if tool.without_intercept else set()
    wanted |= {"sparse"} if tool.sparse else set()
    assert wanted <= set(measured["variants"])
    weighted = {cell for cell, call in tool.calls.items() if "weights" not in call.lacks}
    offset = {
        (response, penalty)
        for (response, penalty), call in tool.calls.items()
        if response == "poisson" and "offset" not in call.lacks
    }
    through_zero = {cell for cell, call in tool.calls.items() if not call.with_intercept_only}
    of_variant = {
        "weights": weighted,
        "offset": offset,
        "weights and offset": weighted & offset,
        "without intercept": through_zero,
    }
    assert {key for key in ("weights", "offset") if of_variant[key]} <= set(measured["variants"])
    for variant, cells in measured["variants"].items():
        assert set(cells) == {" ".join(cell) for cell in of_variant.get(variant, tool.calls)}
        for cell, entry in cells.items():
            assert entry["difference"] <= tool.calls[tuple(cell.split())].limit
