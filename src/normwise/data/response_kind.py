"""The kind of a response: the values it has, and how it is drawn.

A kind is a class with the name that the config and the tables use. Those of this package lie in
modules named like them in `normwise.data.responses`. What is minimised for a response of that kind
is its loss, see `normwise.fitting.loss`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

import normwise.data.responses as members

if TYPE_CHECKING:
    from normwise.data.population import Population

# where nothing else is said
DEFAULT = "gaussian"
_FILES = Path(__file__).with_name("responses").glob("[a-z]*.py")
EVERY_RESPONSE = tuple(sorted((f.stem for f in _FILES), key=lambda name: (name != DEFAULT, name)))
# what the estimators fit, and studies and the advice do not know yet
ESTIMATED_ONLY = ("multinomial", "poisson")
RESPONSES = tuple(name for name in EVERY_RESPONSE if name not in ESTIMATED_ONLY)
KINDS: dict[str, ResponseKind] = {}


class ResponseKind:
    """What sets responses of one kind apart, whatever is fitted to them.

    Attributes
    ----------
    name : str
        In the config, the tables and the files.
    classes : tuple of int
        The values of a response that stands for classes; none for a number.
    noise_var : float
        Variance of the noise of simulated data, on the scale of the linear predictor.
    takes_noise : bool
        Whether a scenario can choose the distribution of the noise.
    risk_from_moments : bool
        Whether means and covariances of the features decide the risk, whatever their distribution.
    each_class_has_one : bool
        Whether every class has a linear predictor of its own.
    takes_offset : bool
        Whether a part of each row's linear predictor may be known.
    """

    name: ClassVar[str]
    classes: ClassVar[tuple[int, ...]] = ()
    noise_var: ClassVar[float] = 1.0
    takes_noise: ClassVar[bool] = False
    risk_from_moments: ClassVar[bool] = False
    each_class_has_one: ClassVar[bool] = False
    takes_offset: ClassVar[bool] = False

    def recognises(self, y: np.ndarray) -> bool:
        """Whether numbers that come without a name must be of this kind."""
        return False

    def strata(self, y: np.ndarray) -> list[np.ndarray]:
        """Masks of the rows among which folds and splits are balanced: a class each, or all."""
        return [y == value for value in self.classes] or [np.full(len(y), True)]

    def needed(self, y: np.ndarray) -> list[np.ndarray]:
        """Masks of rows, of each of which a fit needs one."""
        return [rows for rows in self.strata(y) if rows.any()]

    def draw(
        self, noise: str, truth: Population, predictor: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw a response for each linear predictor.

        Parameters
        ----------
        noise : str
            Distribution of the noise, one of ``NOISES`` of `normwise.data.scenario`.
        truth : Population
        predictor : ndarray of shape (n_samples,)
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
    """The kind of response of a name, as studies and the advice know it.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if response in ESTIMATED_ONLY:
        raise ValueError(f"response {response!r} is unknown: give {' or '.join(RESPONSES)}")
    return any_kind(response)


def any_kind(response: str) -> ResponseKind:
    """The kind of response of a name, also of those that the estimators alone know."""
    if response not in KINDS:
        if response not in EVERY_RESPONSE:
            raise ValueError(f"response {response!r} is unknown: give {' or '.join(RESPONSES)}")
        import_module(f"{members.__name__}.{response}")
    return KINDS[response]


def recognised(y: np.ndarray) -> str:
    """Name of the kind that numbers without a name are taken to be."""
    return next((name for name in RESPONSES if kind_of(name).recognises(y)), DEFAULT)
