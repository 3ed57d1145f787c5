"""The tables of the study: every column described, checked when written."""

from __future__ import annotations

import pandas as pd

Columns = dict[str, tuple[str, str]]

_KEYS: Columns = {
    "dataset": ("text", "Name of the data set in the config"),
    "scenario": ("text", "Scenario: the first ten digits of the digest of its content"),
}
_FIT: Columns = {
    "penalty": ("text", "Penalty, as named in the config"),
    "tuning": ("text", "Rule that chose the strength: cv_min, cv_1se or oracle"),
}
_VALUE: Columns = {
    "metric": ("text", "Name of the metric, see the list of metrics"),
    "value": ("float", "Value of the metric"),
}
_REPLICATE: Columns = {"replicate": ("int", "Number of the independent draw, from 0")}

TABLES: dict[str, Columns] = {
    "metrics": _KEYS | _REPLICATE | _FIT | _VALUE,
    "stability": _KEYS
    | _FIT
    | _VALUE
    | {"se": ("float", "Standard error of the value over replicates")},
    "timings": _KEYS
    | _REPLICATE
    | {
        "penalty": _FIT["penalty"],
        "seconds": ("float", "Time of the path, the folds and the choice, in seconds"),
        "n_iter": ("float", "Solver iterations, folds included"),
    },
    "scenarios": _KEYS
    | {
        "label": ("text", "The values that vary within the data set"),
        "replicates": ("int", "Independent draws"),
        "n_samples": ("int", "Rows"),
        "n_features": ("int", "Columns"),
        "n_nonzero": ("int", "Nonzero coefficients"),
        "covariance": ("text", "Correlation family"),
        "correlation": ("float", "Strength of the correlation; its meaning depends on the family"),
        "group_size": ("int", "Features in a correlated group (blocks, near_duplicates)"),
        "n_factors": ("int", "Latent factors (latent_factors)"),
        "signal": ("text", "Magnitudes of the nonzero coefficients"),
        "signs": ("text", "Signs of the nonzero coefficients"),
        "placement": ("text", "Where the nonzero coefficients sit"),
        "snr": ("float", "Variance of the signal over variance of the noise"),
        "noise": ("text", "Distribution of the noise"),
        "features": ("text", "Kind of features"),
        "density": ("float", "Mean share of ones of sparse binary features"),
        "response": ("text", "gaussian or binary"),
        "aspect_ratio": ("float", "n_features / n_samples"),
        "nonzero_share": ("float", "n_nonzero / n_features"),
        "condition_number": ("float", "Largest over smallest eigenvalue of the covariance"),
        "mean_vif": ("float", "Mean variance inflation factor"),
        "signal_alignment": (
            "float",
            "Variance of the signal over what uncorrelated features would give; above 1 the "
            "signal lies along the large principal components",
        ),
        "irrepresentable": (
            "float",
            "Irrepresentable constant; above 1 the lasso cannot select consistently",
        ),
        "held_out": ("bool", "Whether the rule and the surface are judged on it, not fitted to it"),
        "nearest_correlation": (
            "float",
            "Correlation of a feature with the one most like it, median over the features",
        ),
        "effective_nonzero": (
            "float",
            "Coefficients that carry the signal, the squared sum of their sizes over the sum of "
            "their squares, on standardised features: n_nonzero if they are equal",
        ),
        "effective_features": (
            "float",
            "Directions that the features fill, p^2 over the sum of their squared correlations: "
            "n_features if they are uncorrelated",
        ),
    },
    "summary": _KEYS
    | _FIT
    | {
        "metric": _VALUE["metric"],
        "n": ("int", "Replicates with a value"),
        "mean": ("float", "Mean over replicates"),
        "mcse": ("float", "Monte Carlo standard error of the mean"),
        "q25": ("float", "Lower quartile"),
        "median": ("float", "Median"),
        "q75": ("float", "Upper quartile"),
    },
    "verdicts": _KEYS
    | {
        "metric": ("text", "excess_risk, or test_error where the truth is unknown"),
        "tuning": _FIT["tuning"],
        "first": ("text", "First penalty of the pair"),
        "second": ("text", "Second penalty of the pair"),
        "n": ("int", "Pairs: replicates on which both penalties have a value"),
        "n_lost": ("int", "Replicates on which one of them has none"),
        "effect": ("float", "Mean of log(first / second); below 0 the first is better"),
        "mcse": ("float", "Monte Carlo standard error of the effect"),
        "low": ("float", "Lower end of the interval of the effect"),
        "high": ("float", "Upper end of the interval of the effect"),
        "ratio": ("float", "exp(effect): geometric mean of first / second"),
        "median_ratio": ("float", "Median of first / second"),
        "first_better": ("float", "Share of pairs on which the first is better, ties one half"),
        "first_better_low": ("float", "Lower end of its Wilson interval"),
        "first_better_high": ("float", "Upper end of its Wilson interval"),
        "p_win": ("float", "p-value against 'the effect lies within the zone of equivalence'"),
        "q_win": ("float", "The same after Benjamini-Hochberg over the scenarios of the study"),
        "p_equivalent": ("float", "p-value against 'the effect lies outside the zone'"),
        "q_equivalent": ("float", "The same after Benjamini-Hochberg"),
        "verdict": ("text", "The better penalty, equivalent, or undecided"),
    },
    "missing": _KEYS
    | {
        "replicates": ("int", "Replicates that were asked for"),
        "reason": ("text", "Last words of the job that failed, where it left any"),
    },
    "goals": _KEYS
    | {
        "goal": ("text", "prediction, selection, stability or calibration"),
        "n": ("int", "Pairs: replicates on which both penalties have a value"),
        "effect": (
            "float",
            "Mean of log(L1 / L2) (prediction) or of L1 - L2 (the others) in the goal's loss; "
            "below 0 L1 is better",
        ),
        "mcse": ("float", "Monte Carlo standard error of the effect"),
        "low": ("float", "Lower end of the interval of the effect"),
        "high": ("float", "Upper end of the interval of the effect"),
        "q_win": ("float", "Adjusted p-value against 'the effect lies within the zone'"),
        "q_equivalent": ("float", "Adjusted p-value against 'the effect lies outside the zone'"),
        "verdict": ("text", "l1, l2, equivalent or undecided"),
    },
    "strategies": _KEYS
    | {
        "strategy": (
            "text",
            "l1, l2, elastic_net, or cv_choice: on each data set that of L1 and L2 with the lower "
            "cross-validated error",
        ),
        "n": ("int", "Replicates"),
        "effect": ("float", "Mean of log(excess risk of the strategy / that of L2)"),
        "mcse": ("float", "Monte Carlo standard error of the effect"),
    },
    "surface": {
        "goal": ("text", "Goal, as in table goals"),
        "aspect_ratio": ("float", "n_features / n_samples"),
        "nonzero_share": ("float", "effective_nonzero / n_features"),
        "snr": ("float", "Signal-to-noise ratio"),
        "nearest_correlation": ("float", "As in table scenarios"),
        "effect": ("float", "Predicted effect, as in table goals"),
        "low": ("float", "Lower end of the 90 % prediction interval of a scenario's effect"),
        "high": ("float", "Upper end"),
        "verdict": ("text", "l1, l2, equivalent or undecided (no clear winner)"),
    },
    "surface_scores": {
        "goal": ("text", "Goal, as in table goals"),
        "split": (
            "text",
            "Held out: scenarios (a fifth at random, twins together), families (one at a time), "
            "or fresh (data sets with hold_out)",
        ),
        "n": ("int", "Scenarios predicted while held out"),
        "r2": ("float", "Share of the effect's variation that is explained"),
        "rmse": ("float", "Root mean squared error of the effect"),
        "coverage": ("float", "Share of the 90 % prediction intervals that hold the effect"),
    },
    "importance": {
        "goal": ("text", "Goal, as in table goals"),
        "property": ("text", "Property of the data"),
        "first": ("float", "First-order Sobol index: share of the variation due to it alone"),
        "total": ("float", "Total Sobol index: with all its interactions"),
    },
    "rules": {
        "goal": ("text", "Goal, as in table goals"),
        "floor": ("float", "No clear winner where n snr / effective_features is below"),
        "lower": (
            "float",
            "Elsewhere L1 where effective_nonzero / (n sqrt(snr (1 - nearest_correlation^2))) is "
            "below; 0 for never",
        ),
        "upper": ("float", "Elsewhere L2 where it is above; infinite for never"),
    },
    "rule_scores": {
        "goal": ("text", "Goal, as in table goals"),
        "rule": ("text", "What chooses"),
        "split": (
            "text",
            "Held out, as in table surface_scores; elastic net: as scenarios, those with an "
            "elastic net alone",
        ),
        "family": ("text", "Family of the scenarios, or all"),
        "n": ("int", "Scenarios"),
        "decided": ("int", "Scenarios with a verdict for L1 or L2"),
        "accuracy": ("float", "Share of them called right; no clear winner counts as wrong"),
        "accuracy_low": ("float", "Lower end of its 95 % Wilson interval"),
        "accuracy_high": ("float", "Upper end"),
        "called": ("float", "Share of the decided scenarios for which the rule names a winner"),
        "reversed": ("float", "Share of the decided scenarios for which it names the wrong one"),
        "silent": (
            "float",
            "Share of the other scenarios (equivalent, undecided) where it names none",
        ),
        "regret": (
            "float",
            "Loss of the choice beyond that of the better penalty of each scenario, mean over all "
            "scenarios: a ratio of excess risks (prediction), else a difference. Where no winner "
            "is named, the mean of both penalties",
        ),
        "regret_low": ("float", "Lower end of its 95 % bootstrap interval over scenarios"),
        "regret_high": ("float", "Upper end"),
    },
    "theory": _KEYS
    | {
        "penalty": _FIT["penalty"],
        "kind": ("text", "exact for every n, or a limit for large n and p"),
        "alpha": ("float", "Strength, the same for all replicates"),
        "n": ("int", "Replicates"),
        "measured": ("float", "Mean excess risk over replicates"),
        "predicted": ("float", "Excess risk that theory predicts"),
        "mcse": ("float", "Monte Carlo standard error of the measured value"),
        "z": ("float", "(measured - predicted) / mcse"),
        "deviation": ("float", "measured / predicted - 1"),
    },
    "replications": {
        "study": ("text", "Published study"),
        "source": ("text", "Where it is published"),
        "case": ("text", "Case of the study"),
        "method": ("text", "Method, named as there"),
        "quantity": ("text", "What is compared"),
        "n": ("int", "Data sets drawn"),
        "published": ("float", "Published value, or the value to expect; NaN for words alone"),
        "published_se": ("float", "Its standard error, where published"),
        "measured": ("float", "Value here"),
        "se": ("float", "Its standard error"),
        "z": ("float", "(measured - published) over both standard errors"),
        "criterion": ("text", "When the two agree, stated beforehand"),
        "agrees": ("bool", "Whether they do"),
    },
    "calibration": {
        "cell": ("text", "Scenario of the calibration"),
        "first": ("text", "First penalty of the pair"),
        "second": ("text", "Second penalty of the pair; again: the first with other folds"),
        "measure": (
            "text",
            "false_win, false_equivalence, right_winner, wrong_winner, coverage, or "
            "coverage_theory (against the exact risk)",
        ),
        "truth": ("float", "True effect, in units of the margin: at -1 and 1 a win is just false"),
        "n": ("int", "Replicates of a group, from which a verdict is made"),
        "groups": ("int", "Groups"),
        "rate": ("float", "Share of the groups"),
        "se": ("float", "Its standard error, over the groups"),
        "nominal": ("float", "What the rule promises; NaN where it promises nothing"),
    },
    "fair_grid": _KEYS
    | {
        "n": ("int", "Replicates"),
        "floor": ("float", "Least strength of glmnet's default grid for ridge, median"),
        "below": ("float", "Share of the replicates whose cv_min strength of ridge is below it"),
        "cost": ("float", "Ridge's excess risk with that grid over its own, geometric mean"),
        "effect": ("float", "Mean of log(L1 / L2), as in table verdicts"),
        "verdict": ("text", "Of L1 against L2, within this table"),
        "effect_glmnet": ("float", "The same with the grid of glmnet for ridge"),
        "verdict_glmnet": ("text", "The same with the grid of glmnet for ridge"),
    },
    "plan": _KEYS
    | {
        "pilot": ("int", "Replicates of the pilot, the first ones"),
        "pilot_sd": ("float", "Standard deviation of log(L1 / L2) in the pilot"),
        "planned": ("int", "Replicates for the precision of the config (Stein 1945)"),
        "n": ("int", "Replicates run"),
        "half_width": ("float", "Half-width of the interval reached, in units of the margin"),
    },
    "health": {
        "check": ("text", "Name of the check"),
        "meaning": ("text", "What is checked"),
        "value": ("float", "What was found"),
        "direction": ("text", "at most or at least"),
        "limit": ("float", "What is allowed"),
        "passed": ("bool", "Whether it is"),
    },
    "fit_health": _KEYS
    | {
        "penalty": _FIT["penalty"],
        "n": ("int", "Replicates"),
        "failed": ("float", "Share without a finite solution"),
        "uncertified": ("float", "Share with a solution, folds included, above the gap tolerance"),
        "edge": ("float", "Share whose cv_min strength is the last of the grid"),
        "median_gap": ("float", "Median relative duality gap of the chosen solutions"),
        "max_gap": ("float", "Largest of them"),
        "max_fold_gap": ("float", "Largest relative duality gap in a fold, at any strength"),
    },
    "paths": _KEYS
    | {
        "penalty": _FIT["penalty"],
        "step": ("int", "Number of the strength, 0 for the null model"),
        "strength": ("float", "Strength: in units of the null model's for L1, absolute for L2"),
        "excess_risk": ("float", "Mean over replicates"),
        "mcse": ("float", "Monte Carlo standard error of the mean"),
        "bias2": ("float", "Squared bias of the prediction"),
        "bias2_se": ("float", "Its standard error"),
        "variance": ("float", "Variance of the prediction"),
        "variance_se": ("float", "Its standard error"),
    },
    "coefficients": _KEYS
    | {
        "penalty": _FIT["penalty"],
        "step": ("int", "Number of the strength, 0 for the null model"),
        "strength": ("float", "Strength: in units of the null model's for L1, absolute for L2"),
        "feature": ("int", "Number of the feature, from 0"),
        "coef": ("float", "Estimate in replicate 0"),
        "true_coef": ("float", "True coefficient"),
        "chosen": ("bool", "Whether cv_min chose this strength"),
    },
    "draws": _KEYS
    | {
        "row": ("int", "Number of the row, from 0"),
        "feature": ("int", "Number of the feature, from 0"),
        "value": ("float", "Value in replicate 0"),
    },
    "examples": _KEYS
    | {
        "penalty": _FIT["penalty"],
        "replicate": ("int", "Number of the draw, from 0"),
        "feature": ("int", "Number of the feature, from 0"),
        "coef": ("float", "Estimate at cv_min"),
        "true_coef": ("float", "True coefficient"),
    },
}


def _some_of(table: str, *names: str) -> Columns:
    return _KEYS | {name: TABLES[table][name] for name in names}


# what blocks know of verdicts, goals, plan and fair_grid
TABLES["pairs"] = _some_of(
    "verdicts",
    *("metric", "tuning", "first", "second"),
    *("n", "n_lost", "effect", "mcse", "median_ratio", "first_better"),
) | {"overlap": ("float", "Rows held out per row that is fitted, for splits of one table")}
TABLES["goal_effects"] = _some_of("goals", "goal", "n", "effect", "mcse")
TABLES["pilots"] = _some_of("plan", "pilot", "pilot_sd", "n") | {
    "sd": ("float", "Standard deviation of log(L1 / L2) over all replicates")
}
_MCSE = ("float", "Monte Carlo standard error of the effect before")
TABLES["grid_effects"] = (
    _some_of("fair_grid", "n", "floor", "below", "cost", "effect")
    | {"mcse": _MCSE}
    | {"effect_glmnet": TABLES["fair_grid"]["effect_glmnet"], "mcse_glmnet": _MCSE}
)

METRICS: dict[str, str] = {
    "excess_risk": "Expected loss on a new row minus that of the truth, exact: squared error "
    "(gaussian, in units of the noise variance) or log-loss (binary, in nats)",
    "test_error": "Mean loss on held-out rows, for data sets without a known truth",
    "explained": "One minus the test error over that of the best constant, for data sets without a "
    "known truth",
    "relative_risk": "Excess risk over that of the null model",
    "slope_risk": "Excess risk without the error of the intercept",
    "train_error": "Mean loss on the training rows",
    "optimism": "Expected loss on a new row minus the mean loss on the training rows",
    "coef_error": "Euclidean distance of the coefficients from the truth over the norm of the "
    "truth",
    "ranking_pauc": "Partial area under the ROC curve of the ranking by |coefficient|, up to a "
    "false positive rate of 0.1, divided by 0.1: 1 is perfect, 0.05 is chance",
    "coef_agreement": "How alike the coefficients of two samples are, E<b, b'> / E|b|^2 on "
    "standardised features: 1 the same, 0 unrelated; jackknife pseudo-values over replicates",
    "cv_error": "Cross-validated loss at the chosen strength",
    "effective_coefs": "Number of coefficients that carry the model, (sum |b|)^2 / sum b^2 on "
    "standardised features",
    "nonzeros": "Number of nonzero coefficients",
    "tpr": "Share of the true features that are selected (penalties that select)",
    "fdr": "Share of the selected features that are false; 0 if nothing is selected",
    "f1": "Harmonic mean of TPR and precision",
    "exact_recovery": "1 if exactly the true features are selected",
    "selected_none": "1 if every coefficient is zero",
    "dof": "Effective degrees of freedom, without the intercept",
    "alpha": "Chosen strength on the scale of the mean loss, features standardised",
    "gap": "Relative duality gap of the chosen solution",
    "log_loss": "Expected log-loss on a new row, in nats (binary)",
    "error_rate": "Probability of predicting the wrong class (binary)",
    "brier_score": "Expected squared error of the predicted probability (binary)",
    "calibration_slope": "Slope of the population logistic regression of the response on the "
    "predictor; 1 is calibrated, below 1 too extreme (binary)",
    "calibration_error": "Root mean square of the predicted probability minus the probability of "
    "a one given that prediction (binary)",
    "bias2": "Squared bias of the prediction over replicates (table stability)",
    "variance": "Variance of the prediction over replicates (table stability)",
    "stability": "Selection stability of Nogueira, Sechidis & Brown: 1 if the same features are "
    "always selected, 0 for random selection (table stability)",
    "coef_variance": "Trace of the covariance of the coefficients over replicates, over the "
    "squared norm of the true ones (table stability)",
    "sign_consistency": "Share of replicates in which a true feature has its right sign, mean "
    "over the true features (table stability)",
}


class TableError(ValueError):
    """A table that does not match its description."""


def check_table(frame: pd.DataFrame, table: str) -> None:
    """Check names, order and kinds of the columns, and that no key is missing."""
    columns = TABLES[table]
    if list(frame.columns) != list(columns):
        raise TableError(f"table {table}: columns are {list(frame)}, must be {list(columns)}")
    for name, (kind, _) in columns.items():
        column = frame[name]
        good = {
            "text": isinstance(column.dtype, pd.CategoricalDtype | pd.StringDtype)
            or column.dtype == object,
            "int": pd.api.types.is_integer_dtype(column),
            "float": pd.api.types.is_float_dtype(column),
            "bool": pd.api.types.is_bool_dtype(column),
        }[kind]
        if not good:
            raise TableError(f"table {table}: column {name} is {column.dtype}, must be {kind}")
        if kind == "text" and column.isna().any():
            raise TableError(f"table {table}: column {name} has missing values")
    if "metric" in frame and not set(frame["metric"].unique()) <= set(METRICS):
        raise TableError(f"table {table}: undescribed metric in {set(frame['metric'])}")


def typed(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The columns of a table in its order and kinds, for a frame that may be empty."""
    kinds = {"text": "str", "int": "int64", "float": "float64", "bool": "bool"}
    columns = TABLES[table]
    frame = frame.reindex(columns=list(columns))
    return frame.astype({name: kinds[kind] for name, (kind, _) in columns.items()})


# what is said of a block, in files of its own
BLOCK_TABLES = (
    "metrics",
    "stability",
    "timings",
    "fit_health",
    "summary",
    "pairs",
    "goal_effects",
    "strategies",
    "pilots",
    "grid_effects",
)
RISKS = ("excess_risk", "test_error")
