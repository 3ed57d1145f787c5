"""The tables of the study: which rule makes them, names, order and kinds of their columns.

What a column means to a reader is in ``columns.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

Columns = dict[str, str]


@dataclass(frozen=True)
class Table:
    """What is written as a table.

    Attributes
    ----------
    made_by : tuple of str
        Rules of the workflow that write it, that of a block before that of the study.
    columns : dict of str to {"text", "int", "float", "bool"}
        Kinds by name, in order.
    """

    made_by: tuple[str, ...]
    columns: Columns


def _text(*names: str) -> Columns:
    return dict.fromkeys(names, "text")


def _int(*names: str) -> Columns:
    return dict.fromkeys(names, "int")


def _float(*names: str) -> Columns:
    return dict.fromkeys(names, "float")


def _bool(*names: str) -> Columns:
    return dict.fromkeys(names, "bool")


_KEYS = _text("dataset", "scenario")

TABLES: dict[str, Table] = {
    "scenarios": Table(
        ("compare",),
        _KEYS
        | _text("label")
        | _int("replicates", "n_samples", "n_features", "n_nonzero")
        | _text("covariance")
        | _float("correlation")
        | _int("group_size", "n_factors")
        | _text("signal", "signs", "placement")
        | _float("snr")
        | _text("noise", "features")
        | _float("density")
        | _text("response")
        | _float(
            "aspect_ratio",
            "nonzero_share",
            "condition_number",
            "mean_vif",
            "signal_alignment",
            "irrepresentable",
        )
        | _bool("held_out")
        | _float("nearest_correlation", "effective_nonzero", "effective_features")
        | _int("n_levels", "per_group")
        | _float("decay", "prevalence", "nonlinear_share", "mean_count", "dispersion")
        | _int("n_classes")
        | _text("class_features")
        | _int("offset", "spacing")
        | _text("moments"),
    ),
    "summary": Table(
        ("evaluate", "compare"),
        _KEYS
        | _text("penalty", "tuning", "metric")
        | _int("n")
        | _float("mean", "mcse", "q25", "median", "q75"),
    ),
    "stability": Table(
        ("evaluate", "compare"),
        _KEYS | _text("penalty", "tuning", "metric") | _float("value", "se"),
    ),
    "verdicts": Table(
        ("compare",),
        _KEYS
        | _text("metric", "tuning", "first", "second")
        | _int("n", "n_lost")
        | _float(
            "effect",
            "mcse",
            "low",
            "high",
            "ratio",
            "median_ratio",
            "first_better",
            "first_better_low",
            "first_better_high",
            "p_win",
            "q_win",
            "p_equivalent",
            "q_equivalent",
        )
        | _text("verdict")
        | _float("sample_se"),
    ),
    "theory": Table(
        ("check_theory", "compare"),
        _KEYS
        | _text("penalty", "kind")
        | _float("alpha")
        | _int("n")
        | _float("measured", "predicted", "mcse", "z", "deviation"),
    ),
    "calibration": Table(
        ("calibrate", "compare"),
        _text("cell", "first", "second", "measure")
        | _float("truth")
        | _int("n", "groups")
        | _float("rate", "se", "nominal"),
    ),
    "fair_grid": Table(
        ("compare",),
        _KEYS
        | _int("n")
        | _float("floor", "below", "cost", "effect")
        | _text("verdict")
        | _float("effect_glmnet")
        | _text("verdict_glmnet"),
    ),
    "plan": Table(
        ("compare",),
        _KEYS | _int("pilot") | _float("pilot_sd") | _int("planned", "n") | _float("half_width"),
    ),
    "replications": Table(
        ("judge_replications",),
        _text("study", "source", "case", "method", "quantity")
        | _int("n")
        | _float("published", "published_se", "measured", "se", "z")
        | _text("criterion")
        | _bool("agrees"),
    ),
    "fit_health": Table(
        ("evaluate", "compare"),
        _KEYS
        | _text("penalty")
        | _int("n")
        | _float("failed", "uncertified", "edge", "median_gap", "max_gap", "max_fold_gap"),
    ),
    "health": Table(
        ("compare",),
        _text("check", "meaning")
        | _float("value")
        | _text("direction")
        | _float("limit")
        | _bool("passed"),
    ),
    "missing": Table(("compare",), _KEYS | _int("replicates") | _text("reason")),
    "goals": Table(
        ("compare",),
        _KEYS
        | _text("goal")
        | _int("n")
        | _float("effect", "mcse", "low", "high", "q_win", "q_equivalent")
        | _text("verdict"),
    ),
    "strategies": Table(
        ("evaluate", "compare"),
        _KEYS | _text("strategy") | _int("n") | _float("effect", "mcse"),
    ),
    "ground": Table(
        ("learn",),
        _text("goal")
        | _KEYS
        | _text("label", "response", "family", "features", "signal", "signs")
        | _int("n_samples", "n_features", "n_nonzero")
        | _float(
            "effective_nonzero",
            "effective_features",
            "nearest_correlation",
            "mean_vif",
            "condition_number",
            "aspect_ratio",
            "rows_per_feature",
            "nonzero_share",
            "snr",
            "signal_alignment",
            "binary",
            "load",
        )
        | _bool("held_out")
        | _float("effect", "mcse", "low", "high")
        | _text("verdict")
        | _float("points", "cv_cost"),
    ),
    "kernels": Table(
        ("learn",),
        _text("goal")
        | _float(
            "zone",
            "level",
            "aspect_ratio",
            "relevant_per_row",
            "snr",
            "signal_alignment",
            "binary",
            "noise",
        ),
    ),
    "surface": Table(
        ("learn",),
        _text("goal")
        | _float(
            "aspect_ratio", "nonzero_share", "snr", "signal_alignment", "effect", "low", "high"
        )
        | _text("verdict"),
    ),
    "surface_scores": Table(
        ("learn",), _text("goal", "split") | _int("n") | _float("r2", "rmse", "coverage")
    ),
    "importance": Table(("learn",), _text("goal", "property") | _float("first", "total")),
    "rules": Table(("learn",), _text("goal") | _float("cut", "low", "high", "enough")),
    "rule_scores": Table(
        ("learn",),
        _text("goal", "rule", "split", "family")
        | _int("n", "decided")
        | _float(
            "accuracy",
            "accuracy_low",
            "accuracy_high",
            "called",
            "reversed",
            "silent",
            "regret",
            "regret_low",
            "regret_high",
        )
        | _int("equivalent")
        | _float("equivalent_right"),
    ),
    "metrics": Table(
        ("evaluate",),
        _KEYS | _int("replicate") | _text("penalty", "tuning", "metric") | _float("value"),
    ),
    "timings": Table(
        ("evaluate",), _KEYS | _int("replicate") | _text("penalty") | _float("seconds", "n_iter")
    ),
    "estimates": Table(
        ("estimate",),
        _KEYS
        | _int("replicate")
        | _float(
            "snr",
            "effective_nonzero",
            "signal_alignment",
            "nearest_correlation",
            "effective_features",
            "mean_vif",
            "condition_number",
            "risk_l1",
            "risk_l2",
            "log_ratio",
        ),
    ),
    "pairs": Table(
        ("evaluate",),
        _KEYS
        | _text("metric", "tuning", "first", "second")
        | _int("n", "n_lost")
        | _float("effect", "mcse", "median_ratio", "first_better", "overlap", "sample_se"),
    ),
    "goal_effects": Table(
        ("evaluate",), _KEYS | _text("goal") | _int("n") | _float("effect", "mcse")
    ),
    "pilots": Table(
        ("evaluate",), _KEYS | _int("pilot") | _float("pilot_sd") | _int("n") | _float("sd")
    ),
    "grid_effects": Table(
        ("evaluate",),
        _KEYS
        | _int("n")
        | _float("floor", "below", "cost", "effect", "mcse", "effect_glmnet", "mcse_glmnet"),
    ),
    "paths": Table(
        ("trace_paths",),
        _KEYS
        | _text("penalty")
        | _int("step")
        | _float("strength", "excess_risk", "mcse", "bias2", "bias2_se", "variance", "variance_se"),
    ),
    "coefficients": Table(
        ("trace_paths",),
        _KEYS
        | _text("penalty")
        | _int("step")
        | _float("strength")
        | _int("feature")
        | _float("coef", "true_coef")
        | _bool("chosen"),
    ),
    "draws": Table(("illustrate",), _KEYS | _int("row", "feature") | _float("value")),
    "examples": Table(
        ("illustrate",),
        _KEYS | _text("penalty") | _int("replicate", "feature") | _float("coef", "true_coef"),
    ),
    "audit": Table(
        ("judge_audit",),
        _int("published_scenario")
        | _text("scenario", "design")
        | _int("n_samples", "n_features", "n_nonzero")
        | _float("sd_ratio", "correlation")
        | _int("group_size", "per_group", "replicates")
        | _float(
            "published_lasso",
            "published_lasso_se",
            "lasso_glmnet",
            "lasso_glmnet_se",
            "z_lasso",
            "lasso_wide",
            "lasso_wide_se",
            "theory_lasso",
            "published_ridge",
            "published_ridge_se",
            "ridge_glmnet",
            "ridge_glmnet_se",
            "z_ridge",
            "theory_ridge_glmnet",
            "ridge_wide",
            "ridge_wide_se",
            "theory_ridge",
            "theory_null",
            "noise",
            "best_alpha",
            "floor",
            "at_floor",
            "cost",
            "effect_glmnet",
            "mcse_glmnet",
        )
        | _text("verdict_glmnet")
        | _float("effect_wide", "mcse_wide")
        | _text("verdict_wide")
        | _bool("flips"),
    ),
    "audit_theory": Table(
        ("judge_audit",),
        _int("published_scenario")
        | _text("scenario", "design")
        | _int("n_samples", "n_features", "n_nonzero")
        | _float("sd_ratio", "correlation")
        | _int("group_size", "per_group")
        | _float(
            "published_lasso",
            "published_lasso_se",
            "theory_lasso",
            "z_lasso",
            "published_ridge",
            "published_ridge_se",
            "theory_ridge_glmnet",
            "z_ridge_glmnet",
            "theory_ridge",
            "z_ridge",
            "theory_null",
            "noise",
            "best_alpha",
            "floor",
            "cost_rmse",
            "cost_risk",
            "effect_glmnet",
        )
        | _text("verdict_glmnet")
        | _float("effect_wide")
        | _text("verdict_wide")
        | _bool("flips"),
    ),
    "audit_regimes": Table(
        ("judge_audit",),
        _text("regime", "value")
        | _int("n")
        | _float(
            "binding",
            "dear",
            "cost_rmse_median",
            "cost_rmse_max",
            "cost_risk_median",
            "cost_risk_max",
            "z_mean",
            "z_sd",
            "z_best_mean",
        )
        | _int("theory_flips", "n_rerun")
        | _float(
            "z_within_lasso",
            "z_within_ridge",
            "deviation_lasso",
            "deviation_ridge",
            "close_lasso_wide",
            "close_ridge_wide",
            "close_ridge_glmnet",
            "flips",
            "flips_low",
            "flips_high",
        ),
    ),
}


def tables_of(rule: str) -> tuple[str, ...]:
    """Tables that a rule of the workflow makes, in the order in which they are shown."""
    return tuple(name for name, table in TABLES.items() if rule in table.made_by)


# rules that put blocks together, and whose tables lie in the folder of tables
STUDY_RULES = ("compare", "judge_replications", "learn")


def shown_tables() -> tuple[str, ...]:
    """Tables of the whole study, those that figures and the page are made from."""
    return tuple(n for n, table in TABLES.items() if not set(STUDY_RULES).isdisjoint(table.made_by))


METRICS = [
    "excess_risk",
    "test_error",
    "explained",
    "relative_risk",
    "slope_risk",
    "train_error",
    "optimism",
    "coef_error",
    "ranking_pauc",
    "coef_agreement",
    "cv_error",
    "effective_coefs",
    "nonzeros",
    "tpr",
    "fdr",
    "f1",
    "exact_recovery",
    "selected_none",
    "dof",
    "alpha",
    "gap",
    "log_loss",
    "deviance",
    "error_rate",
    "brier_score",
    "calibration_slope",
    "calibration_error",
    "bias2",
    "variance",
    "stability",
    "coef_variance",
    "sign_consistency",
]


def register_metric(name: str) -> None:
    """Let the tables hold a metric of the user's."""
    if name not in METRICS:
        METRICS.append(name)


class TableError(ValueError):
    """A table that does not match its description."""


def check_table(frame: pd.DataFrame, table: str) -> None:
    """Check names, order and kinds of the columns, and that no key is missing."""
    # every job asks this module for names, and few have a table
    import pandas as pd

    columns = TABLES[table].columns
    if list(frame.columns) != list(columns):
        raise TableError(f"table {table}: columns are {list(frame)}, must be {list(columns)}")
    for name, kind in columns.items():
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
    columns = TABLES[table].columns
    frame = frame.reindex(columns=list(columns))
    return frame.astype({name: kinds[kind] for name, kind in columns.items()})


# what is said of a block, in files of its own
BLOCK_TABLES = tables_of("evaluate")
RISKS = ("excess_risk", "test_error")
