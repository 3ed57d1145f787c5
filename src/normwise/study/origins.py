"""Where the data of a data set come from: one entry for each kind, by its name in the config.

Functions that extensions register are further kinds; they take ``options`` and ``test_share``.
"""

from __future__ import annotations

from dataclasses import dataclass

from normwise.data.imported import RESPONSE_KEYS, ROW_KEYS, TABLE_KEYS
from normwise.data.scenario import AXES

GRID_KEYS = (*AXES, "nonzero_fraction")
DESIGN_KEYS = ("n_samples", "n_nonzero", "snr", *RESPONSE_KEYS)


@dataclass(frozen=True)
class Origin:
    """A kind of data.

    Attributes
    ----------
    keys : tuple of str
        Keys of a data set that it takes, beside its name and how it is shown.
    needed : tuple of str
        Those of them that must be there.
    single : tuple of str
        Those of them that take one value, not a list.
    in_chunks : bool
        Whether the config says how many chunks there are.
    """

    keys: tuple[str, ...]
    needed: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    in_chunks: bool = True


ORIGINS: dict[str, Origin] = {
    # a scenario needs more, which depends on its values: see `study.config`
    "scenarios": Origin((*GRID_KEYS, "design"), in_chunks=False),
    "rule": Origin(("test_share",)),
    "table": Origin(
        (*TABLE_KEYS, *ROW_KEYS, "response", "test_share"), needed=("file",), single=("response",)
    ),
    "semi_synthetic": Origin(
        (*TABLE_KEYS, *DESIGN_KEYS),
        needed=("file", "n_samples", "n_nonzero", "snr"),
        single=DESIGN_KEYS,
    ),
}
GENERATED = Origin(("options", "test_share"))
# every key that some kind takes
ORIGIN_KEYS = tuple(
    dict.fromkeys((*GRID_KEYS, *TABLE_KEYS, *ROW_KEYS, "design", "test_share", "options"))
)
