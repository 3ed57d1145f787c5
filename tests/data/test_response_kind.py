"""What sets the kinds of response apart, wherever they are asked for."""

from dataclasses import replace

import numpy as np
import pytest

from normwise.cli import parser
from normwise.data.errors import InputError
from normwise.data.population import draw, population
from normwise.data.response_kind import DEFAULT, RESPONSES, kind_of, recognised
from normwise.data.scenario import Scenario
from normwise.data.splits import split_rows
from normwise.fitting.loss import loss_of
from normwise.fitting.tuning import fold_labels
from normwise.study.scenario_checks import problems
from normwise.tabular import as_table

every_kind = pytest.mark.parametrize("response", RESPONSES)


def drawn(response: str, n: int = 4000, **given) -> tuple[np.ndarray, np.ndarray]:
    """Means of responses, of those of several classes in rows, and what is drawn."""
    scenario = Scenario(n, 4, 2, response=response, **given)
    rng = np.random.default_rng(3)
    shape = (scenario.n_classes, n) if kind_of(response).several else n
    predictor = 0.5 + rng.standard_normal(shape)
    truth = population(scenario, 0)
    return loss_of(response).mean_of(predictor), kind_of(response).draw(
        scenario, truth, predictor, rng
    )


@every_kind
def test_each_row_is_in_one_stratum_and_a_class_is_a_stratum(response):
    _, y = drawn(response, 40)
    strata = kind_of(response).strata(y)
    np.testing.assert_array_equal(np.sum(strata, axis=0), 1)
    assert len(strata) == max(1, len(kind_of(response).classes))


@every_kind
def test_folds_and_splits_are_balanced_within_the_strata(response):
    _, y = drawn(response, 90)
    rng = np.random.default_rng(0)
    labels = fold_labels(y, 5, response, rng)
    _, held_out = split_rows(y, response, 0.3, rng)
    for rows in kind_of(response).strata(y):
        assert np.ptp(np.bincount(labels[rows], minlength=5)) <= 1
        assert rows[held_out].sum() == round(0.3 * rows.sum())


@every_kind
def test_what_is_drawn_can_be_of_its_kind_and_has_its_mean(response):
    mean, y = drawn(response)
    kind = kind_of(response)
    assert kind.holds(y)
    seen = y[None] == np.arange(len(mean))[:, None] if kind.several else y
    spread = np.std(seen - mean, axis=-1)
    assert (np.abs((seen - mean).mean(axis=-1)) < 4 * spread / np.sqrt(len(y))).all()
    assert not kind.classes or set(y) == set(kind.classes)


@pytest.mark.parametrize("response", ("gaussian", "binary"))
def test_numbers_and_two_classes_are_recognised(response):
    _, y = drawn(response)
    assert recognised(y) == response
    assert recognised(y[:20].reshape(2, 10)) == response


def test_numbers_of_no_kind_are_of_the_default_one():
    assert recognised(np.array([0.0, 1.0, 2.0])) == DEFAULT == RESPONSES[0]


WRONG = {
    "binary": ([0.0, 1.0, 2.0], [0.5, 1.0]),
    "poisson": ([0.0, 1.5], [-1.0, 2.0]),
    "multinomial": ([0.0, 1.0], [0.0, 1.0, 3.0], [0.5, 1.0, 2.0]),
}


@pytest.mark.parametrize("response", WRONG)
def test_what_cannot_be_of_a_kind_is_told(response):
    assert not any(kind_of(response).holds(np.array(y)) for y in WRONG[response])


# values of the keys that say something of some kinds alone
OWN = {
    "noise": "student_t",
    "prevalence": 0.3,
    "nonlinear_share": 0.2,
    "mean_count": 3.0,
    "dispersion": 0.5,
    "n_classes": 4,
    "class_features": "own",
}


@every_kind
@pytest.mark.parametrize("key", OWN)
def test_a_key_of_other_kinds_is_refused(response, key):
    scenario = Scenario(100, 10, 2, response=response, **{key: OWN[key]})
    found = [line for line in problems(scenario) if line.startswith(f"{key} (")]
    assert bool(found) == (key not in kind_of(response).keys)
    if found:
        wanted = " or ".join(name for name in RESPONSES if key in kind_of(name).keys)
        assert found == [
            f"{key} ({OWN[key]}) applies to response: {wanted} only; remove it for response: "
            f"{response}"
        ]


@every_kind
@pytest.mark.parametrize("key", OWN)
def test_a_key_changes_what_is_drawn_where_it_says_something(response, key):
    if key not in kind_of(response).keys:
        return
    usual = Scenario(100, 10, 2, response=response)
    other = replace(usual, **{key: OWN[key]})
    assert not np.array_equal(draw(usual, 0, 0)[1], draw(other, 0, 0)[1])


def test_the_command_line_offers_every_kind():
    # written out there, so that the help does not wait for numpy
    (advise,) = (a for a in parser()._subparsers._group_actions)
    option = advise.choices["advise"]._option_string_actions["--response"]
    assert tuple(option.choices) == RESPONSES


def test_a_table_may_have_a_response_of_a_third_kind(counts):
    y = np.arange(40) % 7
    X = np.random.default_rng(0).standard_normal((40, 2))
    table = as_table(X, y, response=counts)
    assert (table.response, table.classes) == (counts, None)
    np.testing.assert_array_equal(table.y, y)
    with pytest.raises(InputError, match="is for classes, and response is counts"):
        as_table(X, y, response=counts, positive=3)
    with pytest.raises(InputError, match="is text such as 'a', and response is counts"):
        as_table(X, ["a", "b", "c", "d"] * 10, response=counts)


def test_an_unknown_kind_is_refused():
    with pytest.raises(
        InputError, match="response 'counts' is unknown: give gaussian or binary or "
    ):
        as_table(np.ones((40, 1)), np.arange(40), response="counts")
