"""Names of penalties, verdicts and properties as a reader meets them."""

from __future__ import annotations

from normwise.fitting.names import MIXES, label


class _Names(dict[str, str]):
    """Names by penalty; one beyond the question's has the name that its class gives it."""

    def __missing__(self, penalty: str) -> str:
        return label(penalty)


NAMES = _Names(MIXES)
SHORT_NAMES = {"l1": "L1", "l2": "L2", "elastic_net": "elastic net", "none": "no penalty"}
VERDICT_NAMES = {
    "l1": "L1 wins",
    "l2": "L2 wins",
    "equivalent": "equivalent",
    "undecided": "undecided",
}
VERDICT_MARKS = {
    "l1": SHORT_NAMES["l1"],
    "l2": SHORT_NAMES["l2"],
    "equivalent": "≈",
    "undecided": "?",
}
NO_WINNER = "no clear winner"
# of scenarios on which a rule is judged
NO_PART = "were set aside"
AXIS_NAMES = {
    "n_samples": "rows n",
    "n_features": "columns p",
    "n_nonzero": "relevant columns k",
    "nonzero_share": "share of relevant columns k/p",
    "correlation": "correlation",
    "snr": "signal-to-noise ratio",
    "density": "share of ones",
    "features": "kind of columns",
    "n_levels": "levels of a category",
    "signal": "sizes of the coefficients",
    "decay": "decay of the sizes",
    "prevalence": "share of ones of the response",
    "nonlinear_share": "share of the signal that is not linear",
    "mean_count": "mean of the counts",
    "dispersion": "dispersion of the counts",
    "n_classes": "classes",
    "class_features": "classes that a feature tells apart",
    "response": "kind of response",
    "aspect_ratio": "columns per row p/n",
    "noise": "noise",
    "covariance": "correlation family",
}
AXIS_SYMBOLS = {
    "n_samples": "n",
    "n_features": "p",
    "n_nonzero": "k",
    "nonzero_share": "k/p",
    "snr": "snr",
    "aspect_ratio": "p/n",
}
# of the axes of the surface, as a reader may know them
PROPERTIES = {
    "aspect_ratio": AXIS_NAMES["aspect_ratio"],
    "nonzero_share": "share of columns that matter k/p",
    "snr": AXIS_NAMES["snr"],
    "signal_alignment": "alignment of the signal a",
}
