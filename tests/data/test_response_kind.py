"""What sets the kinds of response apart, wherever they are asked for."""

import numpy as np
import pytest
from scipy.special import expit

from normwise.cli import parser
from normwise.data.errors import InputError
from normwise.data.population import population
from normwise.data.response_kind import (
    DEFAULT,
    EVERY_RESPONSE,
    RESPONSES,
    kind_of,
    recognised,
)
from normwise.data.scenario import NOISES, Scenario
from normwise.data.splits import split_rows
from normwise.fitting.tuning import fold_labels
from normwise.study.scenario_checks import problems
from normwise.tabular import as_table

every_kind = pytest.mark.parametrize("response", RESPONSES)
TRUTH = population(Scenario(50, 4, 2), 0)


def drawn(response: str, n: int = 4000, noise: str = "gaussian") -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    predictor = 0.5 + rng.standard_normal(n)
    return predictor, kind_of(response).draw(noise, TRUTH, predictor, rng)


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
def test_what_is_drawn_is_recognised_and_has_its_mean(response):
    predictor, y = drawn(response)
    mean = {"gaussian": predictor, "binary": expit(predictor)}[response]
    assert recognised(y) == response
    assert recognised(y[:20].reshape(2, 10)) == response
    assert (y - mean).mean() == pytest.approx(0, abs=4 * np.std(y - mean) / np.sqrt(len(y)))
    classes = kind_of(response).classes
    assert not classes or set(y) == set(classes)


def test_numbers_of_no_kind_are_of_the_default_one():
    assert recognised(np.array([0.0, 1.0, 2.0])) == DEFAULT == RESPONSES[0]


@every_kind
@pytest.mark.parametrize("noise", NOISES)
def test_noise_can_be_chosen_where_it_changes_what_is_drawn(response, noise):
    changes = not np.array_equal(drawn(response, 50)[1], drawn(response, 50, noise)[1])
    takes = kind_of(response).takes_noise
    assert changes == (takes and noise != "gaussian")
    scenario = Scenario(60, 10, 2, noise=noise, response=response)
    assert bool(problems(scenario)) == (noise != "gaussian" and not takes)


def test_the_command_line_offers_every_kind():
    # written out there, so that the help does not wait for numpy
    (advise,) = (a for a in parser()._subparsers._group_actions)
    option = advise.choices["advise"]._option_string_actions["--response"]
    assert tuple(option.choices) == EVERY_RESPONSE


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
    with pytest.raises(InputError, match="response 'counts' is unknown: give gaussian or binary"):
        as_table(np.ones((40, 1)), np.arange(40), response="counts")
