"""What an advice consists of, and what every part of it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from normwise.analysis.learn.rule_of_thumb import Rule

# all penalties that a table is tried with, in the order in which they are shown
TRIED = ("l1", "l2", "elastic_net", "none")


@dataclass(frozen=True)
class Diagnosis:
    """What a table is like, before any penalty is chosen.

    Attributes
    ----------
    n_samples, n_features : int
    rank : int
        The rank of the centred, standardised features.
    condition_number : float
        Largest over smallest singular value of the standardised features, infinite below full
        column rank.
    vif : ndarray of shape (n_features,)
        Variance inflation factors; all NaN where there are not more rows than features.
    nearest_correlation : ndarray of shape (n_features,)
        Largest absolute correlation of each feature with another one.
    nearest : ndarray of int, shape (n_features,)
        Which one that is.
    effective_features : float
        Directions that the features fill, p^2 over the sum of their squared correlations with
        the bias of sampling removed.
    groups : tuple of tuple of int
        Groups of features that are strongly correlated, each with at least two members.
    snr, snr_low, snr_high : float
        Variance of the signal over variance of the noise with a 95 % interval: of two classes on
        the latent scale, of several on that of zeros and ones averaged over the classes, of counts
        on that of deviance residuals of the null model.
    effective_nonzero, effective_nonzero_low, effective_nonzero_high : float
        Coefficients that carry the signal, with the range in which they may lie; of several
        classes those of one.
    alignment, alignment_low, alignment_high : float
        b'Rb / b'b for coefficients b per standard deviation and the correlation matrix R, with a
        95 % interval: 1 if the features are unrelated, above it where correlated ones act together,
        below it where effects cancel.
    outliers : tuple of int
        Numbers of the rows, from 0, that lie far from the others in the response or the features.
    missing : dict of str to int
        Missing values by column, before they were filled.
    constant : tuple of str
        Columns that were left out because they hold one value.
    duplicates : tuple of tuple of (str, str)
        Pairs of features that are copies of one another, up to a scale.
    positive_share : float
        Share of the second of two classes; NaN otherwise.
    warnings : tuple of str
        What a user should look at before trusting any model, in sentences.
    skewed : tuple of str
        Features of more than a few values with a skewness above 2 in size, the most skewed first.
    skewness : float
        Of a response that is a number; NaN otherwise.
    class_rows : tuple of int
        Rows of each class; empty for what has none.
    """

    n_samples: int
    n_features: int
    rank: int
    condition_number: float
    vif: np.ndarray
    nearest_correlation: np.ndarray
    nearest: np.ndarray
    effective_features: float
    groups: tuple[tuple[int, ...], ...]
    snr: float
    snr_low: float
    snr_high: float
    effective_nonzero: float
    effective_nonzero_low: float
    effective_nonzero_high: float
    alignment: float
    alignment_low: float
    alignment_high: float
    outliers: tuple[int, ...]
    missing: dict[str, int]
    constant: tuple[str, ...]
    duplicates: tuple[tuple[str, str], ...]
    positive_share: float
    warnings: tuple[str, ...]
    skewed: tuple[str, ...] = ()
    skewness: float = float("nan")
    class_rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sign:
    """Something that looks as if rows belonged together, and nobody has said so.

    Attributes
    ----------
    kind : {"groups", "time", "order", "copies"}
    said : str
        What was seen and which option respects it, in sentences.
    """

    kind: str
    said: str


@dataclass(frozen=True)
class Contest:
    """The penalties against each other on rows held out, the same folds for all.

    Attributes
    ----------
    scores : DataFrame
        One row a penalty of `TRIED`: ``penalty``, ``error`` (mean squared error, log-loss or
        Poisson deviance on held-out rows), ``explained`` (one minus the error over that of the null
        model), ``low`` and ``high`` (its interval), ``nonzeros`` (mean number of features with a
        coefficient, of several classes in any of them), ``failed`` (share
        of the splits without a finite solution), ``at_end`` (share of the splits in which the
        error was still falling at the last strength). A penalty without any solution has NaN.
    pairs : DataFrame
        One row a pair: ``first``, ``second``, ``difference`` (explained share of the first minus
        that of the second; above 0 the first is better), ``se`` (corrected for the overlap of the
        training parts, Nadeau & Bengio 2003), ``low``, ``high``, ``p_first``, ``p_equivalent`` and
        ``p_second`` (probabilities that the difference is above the margin, within it, and below
        it; Benavoli et al. 2017), ``verdict`` (first, second, equivalent or undecided).
    differences : DataFrame
        ``split``, ``repeat``, ``null`` (error of the null model), and one column of explained
        shares a penalty: what the rest comes from.
    n_folds, n_repeats : int
    margin : float
        Half-width of the zone of equivalence, in explained share.
    null : float
        Mean error of the null model, the unit of the explained shares.
    others : DataFrame
        One row for each other way to predict, tried on the first division: ``name``, ``gain``
        (over the better of L1 and L2 on the same rows, in explained share), ``low`` and ``high``
        (its interval), ``base`` (the better of L1 and L2 there), ``explained`` (what that explains
        in all divisions, plus the gain). NaN where it was not tried in every test part; empty where
        none was.
    """

    scores: pd.DataFrame
    pairs: pd.DataFrame
    differences: pd.DataFrame
    n_folds: int
    n_repeats: int
    margin: float
    null: float = float("nan")
    others: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Models:
    """What each penalty says about the features.

    Attributes
    ----------
    coefs : DataFrame
        One row a feature: ``feature``, ``l1``, ``l2``, ``elastic_net`` (per standard deviation of
        the feature), ``l1_raw``, ``l2_raw``, ``elastic_net_raw`` (per unit), ``selected`` (share
        of the resamples in which L1 keeps it), ``l1_sign``, ``l2_sign`` (share of the resamples
        in which the coefficient has the sign of the fit to all rows; NaN where that is zero),
        ``group`` (number of its group in `Diagnosis.groups`, or -1). Of several classes one row
        a feature and ``class``, a further column after the first, with ``selected`` for the feature
        in any class.
    alphas : dict of str to ndarray of shape (n_alphas,)
        Candidate strengths by penalty, decreasing; ``inf`` is the null model. Those of the elastic
        net are for a response of unit variance.
    paths : dict of str to ndarray of shape (n_alphas, n_rows)
        Coefficients per standard deviation, in the order of ``coefs``.
    chosen : dict of str to int
        Position of the chosen strength.
    intercepts : dict of str to float or ndarray of shape (n_classes,)
    by_chance : tuple of int
        Numbers of the groups of which L1 keeps some members, but not the same ones in every
        resample.
    n_resamples : int
    gap : float
        Largest relative duality gap of the chosen solutions.
    factors : DataFrame
        One row a column of the source whose levels are features: ``factor``, ``levels`` (how many
        features), ``kept`` (how many of them L1 keeps), ``level`` (the feature that it keeps most
        often) and ``selected`` (in which share of the resamples). Which level is left out decides
        what the others mean; that one of many is kept somewhere says nothing.
    """

    coefs: pd.DataFrame
    alphas: dict[str, np.ndarray]
    paths: dict[str, np.ndarray]
    chosen: dict[str, int]
    intercepts: dict[str, Any]
    by_chance: tuple[int, ...]
    n_resamples: int
    gap: float
    factors: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Place:
    """Where a table lies among the measured scenarios, and what they say of it.

    Attributes
    ----------
    load, load_low, load_high : float
        The load of the rule of thumb, with the range that the estimates allow.
    numbers : Rule
        The numbers of the rule: its cut with an interval, and from how many rows per feature on it
        calls the two equivalent.
    rows_per_feature : float
        Of two classes twice the rows of the rarer class.
    enough : float
        Rows per feature from which on the two hardly differ in what they explain; infinite for
        never.
    margin : float
        Risks whose ratio lies this close to 1 count as equal on the map.
    rule : str
        l1, l2, equivalent, or outside: of a table beyond the measured ranges it says nothing.
    rule_range : tuple of str
        The rule's answers over the range of the load.
    surface : str
        l1, l2, equivalent, undecided or outside.
    effect, effect_low, effect_high : float
        log(risk of L1 / risk of L2) that the surface predicts, with its 90 % interval, the
        uncertainty of the estimates included.
    points, points_low, points_high : float
        By how many percentage points more L1 explains of new rows than L2, the same way; NaN for a
        map without it.
    theory : str
        l1 or l2: the side of the exact boundary for unrelated features, on which aligned ones count
        for more.
    inside : bool
        Whether the table lies within the range of what was measured.
    stand_in : str
        What the scenarios have whose response stands in for the table's kind, where none of that
        kind was measured; else empty.
    neighbours : DataFrame
        The nearest measured scenarios: ``dataset``, ``label``, ``distance``, ``n_samples``,
        ``n_features``, ``effective_nonzero``, ``snr``, ``signal_alignment``, ``effect``,
        ``points``, ``verdict``.
    measured : DataFrame
        ``load``, ``effect`` and ``verdict`` of all measured scenarios of the same response, for
        the picture.
    l1_chance : float
        Probability, by the surface and the estimates, that L1 has the smaller risk.
    outside : tuple of str
        Properties beyond the measured ranges, each with its range.
    validity : str
        What was measured, in a sentence.
    record : str
        How the rule did on what was held out, in sentences.
    theory_basis : str
        What `theory` rests on.
    """

    load: float
    load_low: float
    load_high: float
    numbers: Rule
    rows_per_feature: float
    enough: float
    margin: float
    rule: str
    rule_range: tuple[str, ...]
    surface: str
    effect: float
    effect_low: float
    effect_high: float
    points: float
    points_low: float
    points_high: float
    theory: str
    inside: bool
    neighbours: pd.DataFrame
    measured: pd.DataFrame
    l1_chance: float
    outside: tuple[str, ...] = ()
    validity: str = ""
    record: str = ""
    theory_basis: str = ""
    stand_in: str = ""


@dataclass(frozen=True)
class Difference:
    """By how much the shares of new rows that L1 and L2 explain are likely to differ.

    Attributes
    ----------
    margin : float
        Differences up to this do not matter.
    l1, equal, l2 : float
        Probabilities that L1 explains more by over the margin, that they differ by at most the
        margin, and that L2 explains more by over the margin.
    l1_ahead : float
        Probability that L1 explains more, by however little.
    l1_costs, l2_costs : float
        Share that taking L1, or L2, in place of the other costs at most, with a probability of
        90 %.
    """

    margin: float
    l1: float
    equal: float
    l2: float
    l1_ahead: float
    l1_costs: float
    l2_costs: float


@dataclass(frozen=True)
class Recommendation:
    """What to use, and how certain that is.

    Attributes
    ----------
    answer : {"l1", "l2", "equivalent", "open"}
        The penalty that is named; that it does not matter for prediction; or that the rows do not
        settle it.
    certainty : {"clear", "likely", "none"}
        Of the answer: that a penalty is better by more than the margin, or that it does not matter.
    headline : str
        The recommendation in a sentence.
    reasons : tuple of str
        What it rests on, a sentence each.
    doubts : tuple of str
        What speaks against it, or would change it.
    code : str
        Python lines that fit the model again.
    first : tuple of str
        What to settle before the rest counts: signs that rows belong together, a sentence or two
        each. With one, the certainty is a step lower.
    difference : Difference, optional
        What the answer rests on; None where there is nothing to compare.
    """

    answer: str
    certainty: str
    headline: str
    reasons: tuple[str, ...]
    doubts: tuple[str, ...] = field(default=())
    code: str = ""
    first: tuple[str, ...] = field(default=())
    difference: Difference | None = None

    @property
    def penalty(self) -> str | None:
        """l1 or l2; None if it does not matter, or cannot be told."""
        return self.answer if self.answer in ("l1", "l2") else None
