"""What a scenario is, and how a grid in the config becomes a list of them."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from normwise.data.response_kind import BALANCED, DEFAULT, kind_of

COVARIANCES = (
    "independent",
    "ar1",
    "ar1_blocks",
    "equicorrelated",
    "blocks",
    "mixed_blocks",
    "latent_factors",
    "near_duplicates",
    "irrepresentable",
)
# families of which a correlation may be negative
SIGNED = ("ar1", "ar1_blocks")
GROUPED = ("ar1_blocks", "blocks", "mixed_blocks", "near_duplicates")
SIGNALS = ("equal", "decaying", "gaussian", "power", "heavy_tailed")
SIGNS = ("same", "alternating", "random")
PLACEMENTS = ("first", "spread", "one_per_group", "many_per_group", "some_per_group")
NOISES = ("gaussian", "student_t", "heteroscedastic")
FEATURES = (
    "gaussian",
    "sparse_binary",
    "lognormal",
    "student_t",
    "counts",
    "categorical",
    "mixed",
)
CLASS_FEATURES = ("shared", "own")
MOMENTS = ("population", "sample")
# kinds of which every column is of zeros and ones
ZERO_ONE = ("sparse_binary", "categorical")


@dataclass(frozen=True)
class Scenario:
    r"""One point of the study: a distribution from which data sets are drawn.

    The noise variance is 1 throughout; the coefficients are scaled so that
    ``snr`` :math:`= \beta^T \Sigma \beta / \sigma^2` with the covariance :math:`\Sigma` of the
    features as they are. For a binary response, :math:`\sigma^2 = \pi^2/3`, the variance of the
    logistic noise of the latent response. For counts of mean :math:`m` and dispersion
    :math:`\delta` it is :math:`1/m + \delta`, the variance of the working response at the mean.
    For :math:`K` classes it is :math:`(1 - 1/K)\,\pi^2/6`, that of the Gumbel noise of each class
    less its mean over the classes, and :math:`\beta^T \Sigma \beta` is averaged over the classes;
    with two classes that is the ``snr`` of a binary response.

    Parameters
    ----------
    n_samples, n_features, n_nonzero : int
        Rows, columns, and nonzero coefficients.
    covariance : str
        Correlation family, one of ``COVARIANCES``; see :mod:`normwise.data.covariance`.
    correlation : float
        Strength of the correlation; its meaning depends on the family.
        The family holds for the variables that the features are functions of: the features
        themselves where these are Gaussian, see :mod:`normwise.data.feature_kinds`.
    group_size : int
        Variables in a correlated group (families ``GROUPED``).
    n_factors : int
        Latent factors (``latent_factors``).
    signal, signs, placement : str
        Magnitudes of the nonzero coefficients, their signs, and where they sit.
    decay : float
        Exponent :math:`a` of the sizes :math:`j^{-a}` (``power``).
    per_group : int
        Relevant features of a group that has any (``some_per_group``).
    offset, spacing : int
        Features of such a group before its first relevant one, and the distance from one relevant
        feature to the next.
    snr : float
        Variance of the linear predictor over that of the noise.
    nonlinear_share : float
        Share of the variance of the signal that no linear predictor explains.
    noise : str
        Distribution of the noise of a Gaussian-response scenario.
    features : str
        One of ``FEATURES``; ``sparse_binary`` is 0/1 with a long-tailed popularity, ``mixed``
        has all kinds in one table.
    density : float
        Mean share of ones of sparse binary features.
    n_levels : int
        Levels of a categorical variable, one of which has no column of its own.
    response : str
        Kind of the response, one of ``RESPONSES`` of `normwise.data.response_kind`: ``gaussian``
        (least squares), ``binary`` (logistic), ``multinomial`` (several classes) or ``poisson``
        (counts).
    prevalence : float
        Share of ones of a binary response.
    mean_count, dispersion : float
        Mean :math:`m` of counts in the population, and :math:`\delta` of their variance
        :math:`\mu + \delta\mu^2` at the mean :math:`\mu`: Poisson at 0, else negative binomial.
    n_classes : int
        Classes of a multinomial response, of equal size in the population.
    class_features : str
        Whether a relevant feature has a coefficient in every class (``shared``), or tells one
        class from all others (``own``), each class in turn.
    moments : str
        Where the variances that a scenario speaks of hold: in the ``population``, or in every
        ``sample``, as in studies that standardise first and then add noise. There, each feature
        has mean 0 and variance 1 (of denominator n - 1), and the noise has the variance
        :math:`\lVert X\beta \rVert^2 / (n\, \mathrm{snr})`, which is 1 on average.
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
    n_levels: int = 4
    decay: float = 1.0
    per_group: int = 2
    prevalence: float = BALANCED
    nonlinear_share: float = 0.0
    mean_count: float = 1.0
    dispersion: float = 0.0
    n_classes: int = 3
    class_features: str = "shared"
    offset: int = 0
    spacing: int = 1
    moments: str = "population"

    def __post_init__(self) -> None:
        # 1 and 1.0 in a config are the same scenario
        for f in fields(self):
            kind = {"int": int, "float": float, "str": str}[str(f.type)]
            object.__setattr__(self, f.name, kind(getattr(self, f.name)))

    def as_dict(self) -> dict[str, int | float | str]:
        """All fields, defaults included."""
        return asdict(self)

    @property
    def content(self) -> dict[str, int | float | str]:
        """Sizes, and the other fields that are not at their default."""
        sizes = ("n_samples", "n_features", "n_nonzero")
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        kept = (f.name for f in fields(self) if f.name in sizes or values[f.name] != f.default)
        return {name: values[name] for name in kept}

    @property
    def key(self) -> str:
        """Digest of the content, 64 hexadecimal digits.

        Fields at their default are left out, so that a field added later leaves
        the keys, and with them the random numbers, of older scenarios alone.
        """
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()

    @property
    def id(self) -> str:
        """Short form of the key, used in tables."""
        return self.key[:10]

    @property
    def noise_var(self) -> float:
        """Variance of the noise, on the scale of the linear predictor."""
        return kind_of(self.response).noise_var(self)

    @property
    def uses_copula(self) -> bool:
        """Whether the features are functions of other variables than themselves."""
        independent = self.features == "sparse_binary" and self.covariance == "independent"
        return self.features != "gaussian" and not independent

    @property
    def n_variables(self) -> int:
        """Variables that the columns are functions of; in a mixed table, at least so many."""
        dummies = self.n_levels - 1
        if self.features == "categorical":
            return -(-self.n_features // dummies)
        if self.features != "mixed":
            return self.n_features
        # each turn has a variable of every other kind, one of them with several columns
        kinds = len(FEATURES) - 1
        turns, rest = divmod(self.n_features, kinds - 1 + dummies)
        return turns * kinds + min(rest, 1) + max(0, rest - dummies)

    @property
    def n_groups(self) -> int:
        """Number of correlated groups of variables (the last one may be smaller)."""
        return -(-self.n_variables // self.group_size)


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
