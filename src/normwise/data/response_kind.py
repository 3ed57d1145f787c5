"""The kind of a response: the values it has, and how it is drawn.

A kind is a class with the name that the config and the tables use. Those of this package lie in
modules named like them in `normwise.data.responses`. What is minimised for a response of that kind
is its loss, see `normwise.fitting.loss`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

import normwise.data.responses as members

if TYPE_CHECKING:
    from normwise.data.population import Population
    from normwise.data.scenario import Scenario

# where nothing else is said
DEFAULT = "gaussian"
# share of ones of two classes of equal size
BALANCED = 0.5
_FILES = Path(__file__).with_name("responses").glob("[a-z]*.py")
RESPONSES = tuple(sorted((f.stem for f in _FILES), key=lambda name: (name != DEFAULT, name)))
# what a scenario can be asked for its features: its rows, drawn when they are needed
Rows = Callable[[], np.ndarray]
KINDS: dict[str, ResponseKind] = {}


class ResponseKind:
    """What sets responses of one kind apart, whatever is fitted to them.

    Attributes
    ----------
    name : str
        In the config, the tables and the files.
    classes : tuple of int
        The values of a response that stands for classes; none for a number.
    label : str
        On the page, what is predicted.
    values : str
        In words, what its numbers are.
    several : bool
        Whether each class has a linear predictor, and so coefficients, of its own: arrays of
        coefficients then have the classes as last axis but one, intercepts and predictors of one
        row as last axis.
    keys : tuple of str
        Keys of a scenario that say something of responses of this kind, and not of every kind.
    risk_from_moments : bool
        Whether means and covariances of the features decide the risk, whatever their distribution.
    risk_from_predictor : bool
        Whether the risk has a closed form where the true and the fitted predictor are jointly
        normal.
    takes_offset : bool
        Whether a part of each row's linear predictor may be known.
    """

    name: ClassVar[str]
    classes: ClassVar[tuple[int, ...]] = ()
    label: ClassVar[str] = "a number"
    values: ClassVar[str] = "numbers"
    several: ClassVar[bool] = False
    keys: ClassVar[tuple[str, ...]] = ()
    risk_from_moments: ClassVar[bool] = False
    risk_from_predictor: ClassVar[bool] = True
    takes_offset: ClassVar[bool] = False

    def holds(self, y: np.ndarray) -> bool:
        """Whether finite numbers can be responses of this kind."""
        return True

    def recognises(self, y: np.ndarray) -> bool:
        """Whether numbers that come without a name must be of this kind."""
        return False

    def strata(self, y: np.ndarray) -> list[np.ndarray]:
        """Masks of the rows among which folds and splits are balanced: a class each, or all."""
        return [y == value for value in self.classes] or [np.full(len(y), True)]

    def needed(self, y: np.ndarray) -> list[np.ndarray]:
        """Masks of rows, of each of which a fit needs one."""
        return [rows for rows in self.strata(y) if rows.any()]

    def noise_var(self, scenario: Scenario) -> float:
        """Variance of the noise of simulated data, on the scale of the linear predictor."""
        return 1.0

    def problems(self, scenario: Scenario) -> Iterator[str]:
        """What is wrong with a scenario of this kind, each entry naming key, value and fix."""
        yield from ()

    def coefficients(self, scenario: Scenario, coef: np.ndarray) -> np.ndarray:
        """Coefficients of a truth, from the effects of its features before they are scaled."""
        return coef

    def shift(self, scenario: Scenario, truth: Population, rows: Rows | None) -> float | np.ndarray:
        """What to add to a predictor of mean zero so that the responses are as the scenario says.

        Parameters
        ----------
        scenario : Scenario
        truth : Population
        rows : callable, optional
            Returns rows that stand for the population; None where the features are Gaussian and
            the signal is linear, so that the predictor is normal.
        """
        return 0.0

    def comparable(self, coef: np.ndarray) -> np.ndarray:
        """All coefficients of a fit along the last axis, so that those of two fits compare.

        Coefficients that stand for the same predictions become the same numbers.
        """
        return coef

    def sizes(self, coef: np.ndarray) -> np.ndarray:
        """One number for each feature along the last axis: what its coefficients amount to."""
        return coef

    def draw(
        self,
        scenario: Scenario,
        truth: Population,
        predictor: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draw a response for each row.

        Parameters
        ----------
        scenario : Scenario
        truth : Population
        predictor : ndarray of shape (n_samples,), or (n_classes, n_samples)
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        raise NotImplementedError


def register(kind: type[ResponseKind]) -> type[ResponseKind]:
    """Class decorator that makes a kind of response known by its name."""
    KINDS[kind.name] = kind()
    return kind


def kind_of(response: str) -> ResponseKind:
    """The kind of response of a name.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if response not in KINDS:
        if response not in RESPONSES:
            raise ValueError(f"response {response!r} is unknown: give {' or '.join(RESPONSES)}")
        import_module(f"{members.__name__}.{response}")
    return KINDS[response]


def recognised(y: np.ndarray) -> str:
    """Name of the kind that numbers without a name are taken to be."""
    return next((name for name in RESPONSES if kind_of(name).recognises(y)), DEFAULT)
