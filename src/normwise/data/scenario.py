"""What a scenario is, and how a grid in the config becomes a list of them."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from normwise.data.response_kind import DEFAULT, kind_of

COVARIANCES = (
    "independent",
    "ar1",
    "equicorrelated",
    "blocks",
    "latent_factors",
    "near_duplicates",
    "irrepresentable",
)
GROUPED = ("blocks", "near_duplicates")
SIGNALS = ("equal", "decaying", "gaussian")
SIGNS = ("same", "alternating", "random")
PLACEMENTS = ("first", "spread", "one_per_group", "many_per_group")
NOISES = ("gaussian", "student_t", "heteroscedastic")
FEATURES = ("gaussian", "sparse_binary")


@dataclass(frozen=True)
class Scenario:
    r"""One point of the study: a distribution from which data sets are drawn.

    The noise variance is 1 throughout; the coefficients are scaled so that
    ``snr`` :math:`= \beta^T \Sigma \beta / \sigma^2`. For a binary response,
    :math:`\sigma^2 = \pi^2/3`, the variance of the logistic noise of the latent
    response.

    Parameters
    ----------
    n_samples, n_features, n_nonzero : int
        Rows, columns, and nonzero coefficients.
    covariance : str
        Correlation family, one of ``COVARIANCES``; see :mod:`normwise.data.covariance`.
    correlation : float
        Strength of the correlation; its meaning depends on the family.
    group_size : int
        Features in a correlated group (``blocks``, ``near_duplicates``).
    n_factors : int
        Latent factors (``latent_factors``).
    signal, signs, placement : str
        Magnitudes of the nonzero coefficients, their signs, and where they sit.
    snr : float
        Signal-to-noise ratio, a ratio of variances.
    noise : str
        Distribution of the noise of a Gaussian-response scenario.
    features : str
        ``gaussian``, or ``sparse_binary``: 0/1 with a long-tailed popularity.
    density : float
        Mean share of ones of sparse binary features.
    response : str
        Kind of the response, one of ``RESPONSES`` of `normwise.data.response_kind`: ``gaussian``
        (least squares) or ``binary`` (logistic).
    """

    n_samples: int
    n_features: int
    n_nonzero: int
    covariance: str = "independent"
    correlation: float = 0.0
    group_size: int = 5
    n_factors: int = 3
    signal: str = "equal"
    signs: str = "same"
    placement: str = "spread"
    snr: float = 1.0
    noise: str = "gaussian"
    features: str = "gaussian"
    density: float = 0.05
    response: str = DEFAULT

    def __post_init__(self) -> None:
        # 1 and 1.0 in a config are the same scenario
        for f in fields(self):
            kind = {"int": int, "float": float, "str": str}[str(f.type)]
            object.__setattr__(self, f.name, kind(getattr(self, f.name)))

    def as_dict(self) -> dict[str, int | float | str]:
        """All fields, defaults included."""
        return asdict(self)

    @property
    def key(self) -> str:
        """Digest of the content, 64 hexadecimal digits.

        Fields at their default are left out, so that a field added later leaves
        the keys, and with them the random numbers, of older scenarios alone.
        """
        content = {f.name: getattr(self, f.name) for f in fields(self)}
        content = {
            f.name: content[f.name]
            for f in fields(self)
            if f.name in ("n_samples", "n_features", "n_nonzero") or content[f.name] != f.default
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def id(self) -> str:
        """Short form of the key, used in tables."""
        return self.key[:10]

    @property
    def noise_var(self) -> float:
        """Variance of the noise, on the scale of the linear predictor."""
        return kind_of(self.response).noise_var

    @property
    def n_groups(self) -> int:
        """Number of correlated groups (the last one may be smaller)."""
        return -(-self.n_features // self.group_size)


AXES = tuple(f.name for f in fields(Scenario))


def expand_grid(dataset: Mapping) -> list[Scenario]:
    """All scenarios of a data set: the product of its listed values.

    Parameters
    ----------
    dataset : mapping
        An entry of ``datasets`` in the config. A list is an axis of the grid, in
        the order written; ``nonzero_fraction`` gives ``n_nonzero`` as a share of
        ``n_features``, rounded, at least 1.

    Returns
    -------
    list of Scenario
        Without repeats, the last axis varying fastest.
    """
    axes = {k: v for k, v in dataset.items() if k in AXES or k == "nonzero_fraction"}
    lists = [v if isinstance(v, list) else [v] for v in axes.values()]
    scenarios = []
    for values in itertools.product(*lists):
        cell = dict(zip(axes, values, strict=True))
        fraction = cell.pop("nonzero_fraction", None)
        if fraction is not None:
            cell["n_nonzero"] = max(1, round(fraction * cell["n_features"]))
        scenarios.append(Scenario(**cell))
    return list(dict.fromkeys(scenarios))


def varied_axes(dataset: Mapping) -> list[str]:
    """The keys of a data set that hold more than one value."""
    return [
        k
        for k, v in dataset.items()
        if isinstance(v, list) and len(v) > 1 and (k in AXES or k == "nonzero_fraction")
    ]
