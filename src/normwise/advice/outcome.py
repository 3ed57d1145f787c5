"""The response as it is described and spoken of, by its kind.

What describes a table (`normwise.advice.diagnosis`) is made for a response that is linear in the
features, with noise of one size. Zeros and ones are taken as they are. Counts are taken as deviance
residuals of the null model: near 2√y, whose noise has about one size whatever the mean, and their
squares add up to the deviance that is to be explained. Several classes are taken as a column of
zeros and ones each, in the unit of its standard deviation under no model, in which rare classes
count as much as frequent ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from normwise.data.tables.table import Table
from normwise.fitting.loss import loss_of


def deviance_residuals(y: np.ndarray, offset: np.ndarray | None) -> np.ndarray:
    """Signed roots of each count's deviance about the common mean, or the common rate."""
    exposure = np.ones(len(y)) if offset is None else np.exp(offset - offset.max())
    mean = exposure * y.sum() / exposure.sum()
    # before the first event there is no mean
    each = loss_of("poisson").each(y, np.log(np.maximum(mean, np.finfo(float).tiny)))
    return np.sign(y - mean) * np.sqrt(np.maximum(each, 0))


def indicators(y: np.ndarray, offset: np.ndarray | None) -> np.ndarray:
    """A column of zeros and ones for each class, over the root of its share."""
    ones = (y[:, None] == np.unique(y)).astype(float)
    return np.asarray(ones / np.sqrt(ones.mean(axis=0)))


# of other responses, the response itself
COLUMNS: dict[str, Callable[[np.ndarray, np.ndarray | None], np.ndarray]] = {
    "poisson": deviance_residuals,
    "multinomial": indicators,
}


def columns_of(table: Table, rows: np.ndarray) -> np.ndarray:
    """The response of some rows for a description.

    Returns
    -------
    ndarray of shape (n_rows,) or (n_rows, n_classes)
    """
    y, offset = table.y[rows], table.rows.offset
    if table.response not in COLUMNS:
        return y
    return COLUMNS[table.response](y, None if offset is None else offset[rows])


@dataclass(frozen=True)
class Words:
    """What is said where the kind of the response decides.

    Attributes
    ----------
    kind : str
        Responses of this kind.
    nature : str
        What the response is and what the models are.
    null : str
        What predicts without a model.
    always : str
        What the null model predicts, in full.
    unexplained : str
        What the null model leaves, of which shares are explained.
    error : str
        What the errors are.
    snr : str
        On which scale the signal-to-noise ratio was estimated, or nothing.
    coefficients : str
        The scale of the coefficients, or nothing.
    """

    kind: str
    nature: str
    null: str
    always: str
    unexplained: str
    error: str
    snr: str = ""
    coefficients: str = ""


WORDS = {
    "gaussian": Words(
        kind="a number",
        nature="the response is a number, the models are linear",
        null="the mean",
        always="the mean",
        unexplained="variance",
        error="mean squared error",
    ),
    "binary": Words(
        kind="two classes",
        nature="the response has two classes, {classes}, the models are logistic",
        null="the rate of the classes",
        always="the rate of the classes",
        unexplained="log-loss",
        error="mean log-loss",
        snr="converted to the latent scale of the log-odds",
        coefficients="they are on the scale of log-odds",
    ),
    "multinomial": Words(
        kind="several classes",
        nature="the response has {count} classes, {classes}, the models are multinomial logistic",
        null="the shares of the classes",
        always="the shares of the classes",
        unexplained="log-loss",
        error="mean log-loss",
        snr="of the zeros and ones of each class, averaged over the classes",
        coefficients="there is one for each class, on the scale of logarithms of probabilities, "
        "and only differences between classes matter",
    ),
    "poisson": Words(
        kind="counts",
        nature="the response is a count, the models are of the logarithm of its mean (Poisson)",
        null="the mean count",
        always="the mean count",
        unexplained="Poisson deviance",
        error="mean Poisson deviance",
        snr="of the deviance residuals of the null model, whose squares add up to the deviance",
        coefficients="they are on the scale of the logarithm of the mean",
    ),
}


def words_of(table: Table) -> Words:
    """The words for a table's response."""
    return WORDS[table.response]
