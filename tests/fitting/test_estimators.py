"""Estimators against scikit-learn's rules, its estimators, and brute force."""

import doctest
import inspect
import io
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import effective_n_jobs
from scipy import sparse
from scipy.special import expit, xlogy
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    Ridge,
    RidgeCV,
    lasso_path,
)
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

import normwise
from normwise import (
    ElasticNetClassifierCV,
    ElasticNetCountRegressorCV,
    ElasticNetRegressorCV,
    L1ClassifierCV,
    L1CountRegressorCV,
    L1RegressorCV,
    L2ClassifierCV,
    L2CountRegressorCV,
    L2RegressorCV,
)
from normwise.fitting.estimators import base as estimators
from normwise.solvers import CrossValidation, Path

REGRESSORS = [L1RegressorCV, L2RegressorCV, ElasticNetRegressorCV]
CLASSIFIERS = [L1ClassifierCV, L2ClassifierCV, ElasticNetClassifierCV]
COUNTERS = [L1CountRegressorCV, L2CountRegressorCV, ElasticNetCountRegressorCV]
ESTIMATORS = REGRESSORS + CLASSIFIERS + COUNTERS
RATIO = {"L1": 1.0, "L2": 0.0, "El": 0.5}

# most grids here are short; what is said of their ends is tried in test_search.py
pytestmark = pytest.mark.filterwarnings("ignore:the choice lies at:UserWarning")

every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)
every_classifier = pytest.mark.parametrize("estimator", CLASSIFIERS)


def sample(
    rng, estimator, n: int = 60, p: int = 8, zeros: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Correlated features of unequal scale and location, and a response fit for the estimator."""
    X = rng.standard_normal((n, p)) + 0.5 * rng.standard_normal((n, 1))
    scaled = (3.0 + X * np.geomspace(0.5, 2, p)) * (rng.random((n, p)) >= zeros)
    predictor = 3.0 * scaled[:, 0] - scaled[:, 1]
    predictor -= predictor.mean()
    if estimator in CLASSIFIERS:
        return scaled, (rng.random(n) < expit(predictor)).astype(int)
    if estimator in COUNTERS:
        return scaled, rng.poisson(np.exp(1 + 0.3 * predictor)).astype(float)
    return scaled, 5 + predictor + 2 * rng.standard_normal(n)


def splits_of(X, y, estimator, n_folds: int = 5) -> list:
    kind = StratifiedKFold if estimator in CLASSIFIERS else KFold
    return list(kind(n_folds, shuffle=True, random_state=3).split(X, y))


def ratio_of(estimator) -> float:
    return RATIO[estimator.__name__[:2]]


def assert_same_fit(one, other, rtol=1e-6, atol=1e-8) -> None:
    for name in ("alphas_", "cv_error_path_", "coef_path_", "intercept_path_", "coef_"):
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=rtol, atol=atol, err_msg=name
        )
    assert one.alpha_ == pytest.approx(other.alpha_, rel=1e-9)
    assert np.abs(one.coef_).max() > 0.01, "a null model agrees with anything"


@parametrize_with_checks([estimator() for estimator in ESTIMATORS])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_examples_in_the_docstrings():
    outcome = doctest.testmod(normwise.estimators)
    assert outcome.attempted > 20
    assert outcome.failed == 0


@every_estimator
def test_docstring_names_every_parameter_and_attribute(rng, estimator):
    text = inspect.getdoc(estimator)
    X, y = sample(rng, estimator)
    model = estimator(alphas=5, cv=3).fit(pd.DataFrame(X).add_prefix("x"), y)
    fitted = [name for name in vars(model) if name.endswith("_")]
    assert {"alpha_", "coef_path_", "feature_names_in_"} <= set(fitted)
    for name in [*model.get_params(), *fitted, "penalty"]:
        assert f"\n{name} : " in text, name


def test_package_is_cheap_to_import_and_offers_the_estimators():
    code = (
        "import sys, normwise; assert 'numpy' not in sys.modules and 'sklearn' not in sys.modules;"
        "assert 'L1RegressorCV' in dir(normwise); normwise.L1RegressorCV()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert set(normwise.__all__) == {e.__name__ for e in ESTIMATORS} | {"advise"}
    with pytest.raises(AttributeError, match="no attribute 'L3RegressorCV'"):
        _ = normwise.L3RegressorCV


# agreement with scikit-learn


def test_l1_agrees_with_lasso_cv(rng):
    X, y = sample(rng, L1RegressorCV)
    alphas = np.geomspace(2, 0.01, 15)
    folds = splits_of(X, y, L1RegressorCV)
    theirs = LassoCV(alphas=alphas, cv=folds, tol=1e-12, max_iter=100_000).fit(X, y)
    ours = L1RegressorCV(alphas=rng.permutation(alphas), cv=folds, standardize=False).fit(X, y)
    assert 0 < (theirs.coef_ != 0).sum() < X.shape[1]
    np.testing.assert_allclose(ours.alphas_, theirs.alphas_)
    np.testing.assert_allclose(ours.cv_error_path_, theirs.mse_path_, rtol=1e-6)
    assert ours.alpha_ == theirs.alpha_
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    assert ours.intercept_ == pytest.approx(theirs.intercept_, rel=1e-6)
    path = lasso_path(X - X.mean(axis=0), y - y.mean(), alphas=alphas, tol=1e-12)[1]
    np.testing.assert_allclose(ours.coef_path_, path.T, atol=1e-6)


def test_elastic_net_agrees_with_elastic_net_cv(rng):
    X, y = sample(rng, ElasticNetRegressorCV)
    ratios = [0.9, 0.1, 0.5]
    options = {"alphas": np.geomspace(2, 0.01, 12), "cv": splits_of(X, y, ElasticNetRegressorCV)}
    theirs = ElasticNetCV(l1_ratio=ratios, tol=1e-12, max_iter=100_000, **options).fit(X, y)
    ours = ElasticNetRegressorCV(l1_ratio=ratios, standardize=False, **options).fit(X, y)
    assert ours.l1_ratio_ == theirs.l1_ratio_
    assert ours.alpha_ == theirs.alpha_
    np.testing.assert_allclose(
        ours.cv_error_path_, theirs.mse_path_[ratios.index(theirs.l1_ratio_)], rtol=1e-6
    )
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    # at alphas that suit another ratio, that ratio is chosen
    errors = theirs.mse_path_.mean(axis=2).min(axis=1)
    assert errors.argmin() == ratios.index(ours.l1_ratio_)
    assert np.ptp(errors) > 0


def test_l2_agrees_with_ridge_cv(rng):
    X, y = sample(rng, L2RegressorCV)
    alphas = np.geomspace(100, 1e-4, 12)
    folds = splits_of(X, y, L2RegressorCV)
    n_train = len(folds[0][0])
    # RidgeCV penalises the sum of squares, not the mean
    options = {"cv": folds, "scoring": "neg_mean_squared_error"}
    theirs = RidgeCV(alphas=n_train * alphas, **options).fit(X, y)
    ours = L2RegressorCV(alphas=alphas, cv=folds, standardize=False).fit(X, y)
    assert ours.alpha_ == pytest.approx(theirs.alpha_ / n_train)
    assert alphas.max() > ours.alpha_ > alphas.min()
    assert ours.cv_error_path_.mean(axis=1).min() == pytest.approx(-theirs.best_score_)
    for k, (train, test) in enumerate(folds):
        for j, alpha in enumerate(ours.alphas_):
            ridge = Ridge(alpha=n_train * alpha, solver="svd").fit(X[train], y[train])
            error = ((y[test] - ridge.predict(X[test])) ** 2).mean()
            assert ours.cv_error_path_[j, k] == pytest.approx(error)
    ridge = Ridge(alpha=len(y) * ours.alpha_).fit(X, y)
    np.testing.assert_allclose(ours.coef_, ridge.coef_, rtol=1e-7)
    assert ours.intercept_ == pytest.approx(ridge.intercept_)


@every_classifier
def test_classifiers_agree_with_logistic_regression_cv(rng, estimator):
    X, y = sample(rng, estimator)
    X = X - X.mean(axis=0)  # saga converges slowly off centre
    alphas = np.geomspace(0.1, 0.001, 6)
    folds = splits_of(X, y, estimator)
    n_train = len(folds[0][0])
    solver = {"solver": "saga", "tol": 1e-9, "max_iter": 20_000}
    if estimator is L2ClassifierCV:
        solver = {"solver": "newton-cholesky", "tol": 1e-12}
    theirs = LogisticRegressionCV(
        Cs=1 / (n_train * alphas),
        l1_ratios=[ratio_of(estimator)],
        cv=folds,
        scoring="neg_log_loss",
        use_legacy_attributes=False,
        **solver,
    ).fit(X, y)
    # the certificate bounds the objective; coefficients agree to its square root
    ours = estimator(alphas=alphas, cv=folds, standardize=False, tol=1e-9).fit(X, y)
    scores = np.squeeze(theirs.scores_)
    np.testing.assert_allclose(ours.cv_error_path_, -scores.T, rtol=1e-4)
    assert ours.alpha_ == pytest.approx(1 / (n_train * theirs.C_))
    refit = LogisticRegression(
        C=1 / (len(y) * ours.alpha_), l1_ratio=ratio_of(estimator), **solver
    ).fit(X, y)
    assert np.abs(refit.coef_).max() > 0.1
    np.testing.assert_allclose(ours.coef_, refit.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.intercept_, refit.intercept_, atol=1e-4)
    np.testing.assert_allclose(ours.predict_proba(X), refit.predict_proba(X), atol=1e-4)
    np.testing.assert_array_equal(ours.predict(X), refit.predict(X))
    np.testing.assert_allclose(ours.predict_log_proba(X), np.log(ours.predict_proba(X)))


@pytest.mark.parametrize(
    ("estimator", "theirs"),
    [
        (L1RegressorCV, lambda a, n: Lasso(alpha=a, fit_intercept=False, tol=1e-12)),
        (L2RegressorCV, lambda a, n: Ridge(alpha=n * a, fit_intercept=False)),
        (
            L1ClassifierCV,
            lambda a, n: LogisticRegression(
                C=1 / (n * a),
                l1_ratio=1,
                solver="liblinear",
                fit_intercept=False,
                tol=1e-8,
                max_iter=10_000,
            ),
        ),
        (L2ClassifierCV, lambda a, n: LogisticRegression(C=1 / (n * a), fit_intercept=False)),
        (L2CountRegressorCV, lambda a, n: PoissonRegressor(alpha=a, fit_intercept=False)),
    ],
)
def test_without_intercept(rng, estimator, theirs):
    X, y = sample(rng, estimator)
    ours = estimator(alphas=[0.02], cv=3, standardize=False, fit_intercept=False).fit(X, y)
    expected = theirs(0.02, len(y)).fit(X, y)
    assert np.ravel(ours.intercept_) == 0
    np.testing.assert_allclose(ours.coef_, expected.coef_, atol=2e-3)
    assert np.abs(ours.coef_).max() > 0.05


# objective values on awkward problems

KINDS = {
    "l1": (L1RegressorCV, 1.0),
    "elastic_net": (ElasticNetRegressorCV, 0.5),
    "l2": (L2RegressorCV, 0.0),
    "l1_logistic": (L1ClassifierCV, 1.0),
    "l2_logistic": (L2ClassifierCV, 0.0),
}


@st.composite
def awkward_problems(draw, binary: bool):
    """Features with a flaw, a response, and whether to standardise."""
    seed = draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    n = draw(st.sampled_from([2, 3, 5, 12, 30]))
    p = draw(st.sampled_from([1, 2, 4, 10]))
    flaw = draw(
        st.sampled_from(["none", "constant", "all constant", "duplicated", "one row", "scales"])
    )
    X = rng.standard_normal((n, p)) + rng.uniform(-2, 2)
    if flaw == "constant":
        X[:, 0] = 0.1
    elif flaw == "all constant":
        X[:] = 3.3
    elif flaw == "duplicated":
        X[:, p // 2 :] = X[:, [0]]
    elif flaw == "one row":
        X[1:] = 0.0
    elif flaw == "scales":
        X = X * 10.0 ** rng.uniform(-4, 4, size=p)
    X = X * draw(st.sampled_from([1e-8, 1.0, 1e8]))
    if binary:
        y = (rng.random(n) < 0.5).astype(float)
        y[:2] = 0, 1
    else:
        y = draw(st.sampled_from([0.0, 1e-8, 1.0, 1e8])) * (rng.standard_normal(n) + X[:, 0] / 10)
    return X, y, draw(st.booleans())


def scaled_features(X: np.ndarray, standardize: bool) -> tuple[np.ndarray, np.ndarray]:
    """Centred features, exactly zero where constant, and their scale."""
    varies = np.ptp(X, axis=0) > 0
    Z = np.where(varies, X - X.mean(axis=0), 0.0)
    scale = np.where(varies, Z.std(axis=0), 1.0) if standardize else np.ones(X.shape[1])
    return Z / scale, scale


def objective(Z, y, coef, intercept, alpha, l1_ratio, binary) -> float:
    predictor = intercept + Z @ coef
    loss = np.logaddexp(0, predictor) - y * predictor if binary else (y - predictor) ** 2 / 2
    return float(
        loss.mean() + alpha * (l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) / 2 * coef @ coef)
    )


def reference(Z, y, alpha, l1_ratio, binary, counts=False) -> tuple[np.ndarray, float]:
    """Solution of scikit-learn."""
    n = len(y)
    if counts:
        model = PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-12).fit(Z, y)
        return model.coef_, float(model.intercept_)
    if binary:
        solver = {"solver": "saga", "max_iter": 2000, "tol": 1e-10, "random_state": 0}
        if l1_ratio == 0:
            solver = {"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 1000}
        model = LogisticRegression(C=1 / (n * alpha), l1_ratio=l1_ratio, **solver).fit(Z, y)
        return model.coef_[0], float(model.intercept_[0])
    if l1_ratio == 0:
        model = Ridge(alpha=n * alpha, solver="svd")
    else:
        model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-12, max_iter=20_000)
    model.fit(Z, y)
    return model.coef_, float(model.intercept_)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=120)
@given(data=st.data())
def test_objective_is_never_above_scikit_learns(kind, data):
    estimator, l1_ratio = KINDS[kind]
    binary = estimator in CLASSIFIERS
    X, y, standardize = data.draw(awkward_problems(binary))
    Z, scale = scaled_features(X, standardize)
    rate, residual = y.mean(), y - y.mean()
    null = -xlogy(rate, rate) - xlogy(1 - rate, 1 - rate) if binary else (residual**2).mean() / 2
    if l1_ratio:
        top = np.abs(Z.T @ residual).max() / len(y) / l1_ratio
    else:
        top = (Z**2).mean(axis=0).max()
    alphas = (top or 1.0) * np.array([0.5, 0.01])
    everything = np.arange(len(y))
    model = estimator(alphas=alphas, cv=[(everything, everything)], standardize=standardize)
    model.fit(X, y)
    for j, alpha in enumerate(model.alphas_):
        assert model.dual_gap_path_[j] <= 1e-6
        coef, intercept = model.coef_path_[j], model.intercept_path_[j]
        centred = (coef * scale, intercept + X.mean(axis=0) @ coef)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = reference(Z, y, alpha, l1_ratio, binary)
        ours = objective(Z, y, *centred, alpha, l1_ratio, binary)
        assert ours <= objective(Z, y, *theirs, alpha, l1_ratio, binary) + 1e-6 * null


# folds, rules and weights


# scikit-learn knows no L1 penalty for counts
@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS, L2CountRegressorCV])
def test_standardising_happens_inside_each_training_part(rng, estimator):
    X, y = sample(rng, estimator, n=50)
    alphas = np.geomspace(0.2, 0.01, 3)
    folds = splits_of(X, y, estimator)
    ours = estimator(alphas=alphas, cv=folds, tol=1e-8).fit(X, y)
    binary, counts = estimator in CLASSIFIERS, estimator in COUNTERS

    def by_hand(rows, alpha):
        scaler = StandardScaler().fit(X[rows])
        coef, intercept = reference(
            scaler.transform(X[rows]), y[rows], alpha, ratio_of(estimator), binary, counts
        )
        return coef / scaler.scale_, intercept - coef / scaler.scale_ @ scaler.mean_

    for j, alpha in enumerate(alphas):
        coef, intercept = by_hand(np.arange(len(y)), alpha)
        np.testing.assert_allclose(ours.coef_path_[j], coef, atol=1e-3)
        assert ours.intercept_path_[j] == pytest.approx(intercept, abs=1e-3)
        for k, (train, test) in enumerate(folds):
            coef, intercept = by_hand(train, alpha)
            z = intercept + X[test] @ coef
            loss = np.logaddexp(0, z) - y[test] * z if binary else (y[test] - z) ** 2
            if counts:
                loss = 2 * (xlogy(y[test], y[test]) - y[test] * z - y[test] + np.exp(z))
            assert ours.cv_error_path_[j, k] == pytest.approx(loss.mean(), rel=1e-3)
    plain = estimator(alphas=alphas, cv=folds, standardize=False).fit(X, y)
    assert not np.allclose(plain.coef_path_, ours.coef_path_, atol=1e-2)


@pytest.mark.parametrize("standardize", [True, False])
@every_estimator
def test_sample_weights_equal_repetition(rng, estimator, standardize):
    X, y = sample(rng, estimator)
    weight = rng.integers(0, 4, size=len(y))
    fold = rng.permutation(np.arange(len(y)) % 4)
    assert (weight == 0).sum() > 5

    def splits(labels):
        return [(np.flatnonzero(labels != k), np.flatnonzero(labels == k)) for k in range(4)]

    options = {"alphas": np.geomspace(1, 0.01, 12), "standardize": standardize, "tol": 1e-8}
    weighted = estimator(cv=splits(fold), **options).fit(X, y, sample_weight=weight)
    repeated = estimator(cv=splits(fold.repeat(weight)), **options)
    repeated.fit(X.repeat(weight, axis=0), y.repeat(weight))
    assert_same_fit(weighted, repeated, rtol=1e-4, atol=1e-5)
    unweighted = estimator(cv=splits(fold), **options).fit(X, y)
    assert not np.allclose(unweighted.coef_path_, weighted.coef_path_, atol=1e-3)


def unbalanced(rng, labels):
    X = rng.standard_normal((150, 5))
    ones = X[:, 0] + rng.logistic(size=150) > 1.5
    assert 20 < ones.sum() < 50
    return X, np.asarray(labels)[ones.astype(int)]


@pytest.mark.parametrize("labels", [(0, 1), ("no", "yes"), (False, True), (2.0, -1.0)])
@pytest.mark.parametrize("weighted", [False, True])
@every_classifier
def test_class_weights_are_sample_weights_that_multiply(rng, estimator, labels, weighted):
    X, y = unbalanced(rng, labels)
    sample_weight = rng.uniform(0.5, 2, 150) * (rng.random(150) < 0.9) if weighted else None
    own = np.ones(150) if sample_weight is None else sample_weight
    first, second = labels
    heavy = {first: 1.0, second: 5.0}
    sums = {label: own[y == label].sum() for label in labels}
    balanced = {label: own.sum() / (2 * sums[label]) for label in labels}
    plain = estimator(alphas=8, cv=4).fit(X, y, sample_weight=sample_weight)
    for asked, of_class in ((heavy, heavy), ({second: 5}, heavy), ("balanced", balanced)):
        ours = estimator(alphas=8, cv=4, class_weight=asked)
        ours.fit(X, y, sample_weight=sample_weight)
        each = own * np.vectorize(of_class.get)(y)
        assert_same_fit(ours, estimator(alphas=8, cv=4).fit(X, y, sample_weight=each))
        assert not np.allclose(ours.intercept_, plain.intercept_, atol=0.3)
    equal = estimator(alphas=8, cv=4, class_weight={first: 1, second: 1})
    np.testing.assert_array_equal(equal.fit(X, y, sample_weight=sample_weight).coef_, plain.coef_)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 0.5, 1: 3.0}])
@every_classifier
def test_class_weights_mean_what_they_do_in_logistic_regression(rng, estimator, class_weight):
    X, y = unbalanced(rng, (0, 1))
    sample_weight = rng.uniform(0.5, 2, 150)
    ours = estimator(alphas=[0.03], cv=4, standardize=False, class_weight=class_weight, tol=1e-9)
    ours.fit(X, y, sample_weight=sample_weight)
    each = sample_weight * compute_sample_weight(class_weight, y)
    if class_weight == "balanced":
        each = (
            sample_weight
            * compute_class_weight(
                "balanced", classes=np.arange(2), y=y, sample_weight=sample_weight
            )[y]
        )
        assert each[y == 0].sum() == pytest.approx(each[y == 1].sum())
    theirs = LogisticRegression(
        C=1 / (0.03 * each.sum()),
        l1_ratio=ratio_of(estimator),
        solver="saga" if ratio_of(estimator) else "lbfgs",
        class_weight=class_weight,
        tol=1e-10,
        max_iter=100_000,
    ).fit(X, y, sample_weight=sample_weight)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-4)
    assert ours.coef_.any()


def test_balanced_classes_find_the_rare_one(rng):
    X, y = unbalanced(rng, ("healthy", "ill"))
    found = {
        asked: L2ClassifierCV(alphas=20, class_weight=asked).fit(X, y).predict(X)
        for asked in (None, "balanced")
    }
    recall = {asked: (answer == y)[y == "ill"].mean() for asked, answer in found.items()}
    assert recall["balanced"] > recall[None] + 0.2


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("equal", "class_weight='equal': expected None, 'balanced', or a dict"),
        (3, "class_weight=3: expected None"),
        ({"ill": 2, "dead": 1}, r"class_weight names 'dead': .* \['healthy', 'ill'\]"),
        ({"ill": 0}, "class_weight of 'ill' is 0: expected a positive, finite number"),
        ({"ill": -1.0}, "class_weight of 'ill' is -1.0"),
        ({"ill": float("nan")}, "class_weight of 'ill' is nan"),
        ({"ill": "2"}, "class_weight of 'ill' is '2'"),
    ],
)
@every_classifier
def test_class_weights_that_cannot_be_used_are_named(rng, estimator, asked, message):
    X, y = unbalanced(rng, ("healthy", "ill"))
    with pytest.raises(ValueError, match=message):
        estimator(alphas=8, cv=4, class_weight=asked).fit(X, y)


@every_estimator
def test_weight_zero_is_absence_and_only_ratios_of_weights_matter(rng, estimator):
    X, y = sample(rng, estimator)
    weight = rng.uniform(0.5, 2, size=len(y)) * (rng.random(len(y)) < 0.8)
    kept = weight > 0
    assert not kept.all()
    ours = estimator(alphas=10, cv=4).fit(X, y, sample_weight=weight)
    garbled, other = X.copy(), y.copy()
    garbled[~kept] = 1e6
    other[~kept] = 2 if estimator in CLASSIFIERS else -1e6
    assert_same_fit(ours, estimator(alphas=10, cv=4).fit(garbled, other, sample_weight=weight))
    removed = estimator(alphas=10, cv=4).fit(X[kept], y[kept], sample_weight=weight[kept])
    assert_same_fit(ours, removed)
    scaled = estimator(alphas=10, cv=4).fit(X, y, sample_weight=100 * weight)
    assert_same_fit(ours, scaled, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("shape", [(25, 6), (12, 20)])
def test_loo_equals_brute_force(rng, shape, fit_intercept):
    X, y = sample(rng, L2RegressorCV, *shape)
    n, alphas = len(y), np.geomspace(10, 1e-3, 9)
    options = {"standardize": False, "fit_intercept": fit_intercept}
    ours = L2RegressorCV(alphas=[np.inf, *alphas], cv="loo", **options).fit(X, y)
    expected = np.zeros(len(alphas))
    for train, test in LeaveOneOut().split(X):
        for j, alpha in enumerate(alphas):
            # the total penalty stays as it is
            ridge = Ridge(alpha=n * alpha, fit_intercept=fit_intercept).fit(X[train], y[train])
            expected[j] += (y[test] - ridge.predict(X[test]))[0] ** 2 / n
    null = (n / (n - 1)) ** 2 * y.var() if fit_intercept else (y**2).mean()
    assert ours.cv_error_path_.shape == (10, 1)
    np.testing.assert_allclose(ours.cv_error_path_[:, 0], [null, *expected])
    theirs = RidgeCV(alphas=n * alphas, fit_intercept=fit_intercept).fit(X, y)
    assert -theirs.best_score_ == pytest.approx(ours.cv_error_path_[1:].min())
    if ours.alpha_ < np.inf:
        assert ours.alpha_ == pytest.approx(theirs.alpha_ / n)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_gcv_is_its_formula(rng, fit_intercept):
    X, y = sample(rng, L2RegressorCV)
    options = {"standardize": False, "fit_intercept": fit_intercept}
    ours = L2RegressorCV(alphas=np.geomspace(10, 1e-3, 9), cv="gcv", **options).fit(X, y)
    n = len(y)
    Z = X - X.mean(axis=0) if fit_intercept else X
    for alpha, error in zip(ours.alphas_, ours.cv_error_path_[:, 0], strict=True):
        hat = Z @ np.linalg.solve(Z.T @ Z + n * alpha * np.eye(Z.shape[1]), Z.T)
        hat += 1 / n if fit_intercept else 0
        expected = ((y - hat @ y) ** 2).mean() / (1 - np.trace(hat) / n) ** 2
        assert error == pytest.approx(expected)
    assert ours.alpha_ == ours.alphas_[ours.cv_error_path_[:, 0].argmin()]


@every_estimator
def test_one_standard_error_rule(rng, estimator):
    X, y = sample(rng, estimator, n=57)  # folds of unequal size
    folds = splits_of(X, y, estimator, n_folds=10)
    size = np.array([len(test) for _, test in folds])
    assert len(set(size)) > 1
    least = estimator(alphas=40, cv=folds).fit(X, y)
    ours = estimator(alphas=40, cv=folds, rule="1se").fit(X, y)
    np.testing.assert_allclose(ours.cv_error_path_, least.cv_error_path_)
    mean = least.cv_error_path_ @ size / size.sum()
    best = mean.argmin()
    spread = (least.cv_error_path_[best] - mean[best]) ** 2 @ size / size.sum()
    limit = mean[best] + np.sqrt(spread / (len(size) - 1))
    assert least.alpha_ == least.alphas_[best]
    assert ours.alpha_ == least.alphas_[mean <= limit].max()
    assert ours.alpha_ > least.alpha_
    np.testing.assert_array_equal(
        ours.coef_.ravel(), ours.coef_path_[ours.alphas_ == ours.alpha_][0]
    )


@every_estimator
def test_random_state_shuffles_the_folds(rng, estimator):
    X, y = sample(rng, estimator)
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    kind = StratifiedKFold if estimator in CLASSIFIERS else KFold
    assert_same_fit(estimator(alphas=8, cv=4).fit(X, y), estimator(alphas=8, cv=kind(4)).fit(X, y))
    seeded = estimator(alphas=8, cv=4, random_state=1).fit(X, y)
    shuffled = kind(4, shuffle=True, random_state=1)
    assert_same_fit(seeded, estimator(alphas=8, cv=shuffled).fit(X, y))
    other = estimator(alphas=8, cv=4, random_state=2).fit(X, y)
    assert not np.allclose(other.cv_error_path_, seeded.cv_error_path_)


@every_estimator
def test_threads_change_nothing(rng, estimator):
    X, y = sample(rng, estimator)
    one, two = (estimator(alphas=8, n_jobs=jobs).fit(X, y) for jobs in (1, 2))
    assert_same_fit(one, two, rtol=0, atol=0)
    assert one.n_iter_ == two.n_iter_ > 0


def test_number_of_default_folds(rng):
    for n, expected in [(40, 10), (7, 7), (2, 2)]:
        X, y = sample(rng, L1RegressorCV, n=n)
        assert L1RegressorCV(alphas=5).fit(X, y).cv_error_path_.shape == (5, expected)
    for ones, expected in [(15, 10), (4, 4), (2, 2)]:
        X, _ = sample(rng, L1RegressorCV, n=40)
        y = np.arange(40) < ones
        assert L1ClassifierCV(alphas=5).fit(X, y).cv_error_path_.shape == (5, expected)


def test_folds_may_be_masks(rng):
    X, y = sample(rng, L1RegressorCV)
    masks = [(np.arange(60) % 3 != k, np.arange(60) % 3 == k) for k in range(3)]
    numbers = [(np.flatnonzero(a), np.flatnonzero(b)) for a, b in masks]
    assert_same_fit(*(L1RegressorCV(alphas=8, cv=cv).fit(X, y) for cv in (masks, numbers)))


# certificates


def fake_problem(errors, gap, path_gap=None):
    """Stands in for the engine: given errors and gaps, by l1_ratio."""

    class Fake:
        null_error = 1.0

        def __init__(self, X, y, response, **_):
            self.p = X.shape[1]

        def share(self, splits, n_jobs):
            pass

        def path(self, alphas, l1_ratio, tol):
            coef = np.arange(1.0, len(alphas) + 1)[:, None] * np.ones(self.p)
            own = np.zeros(len(alphas)) if path_gap is None else np.array(path_gap)
            return Path(alphas, coef, np.zeros(len(alphas)), own, np.ones(len(alphas), int))

        def cross_validate(self, splits, alphas, l1_ratio, tol, n_jobs):
            return CrossValidation(
                np.array(errors[l1_ratio]), np.array(gap[l1_ratio]), 7, np.array([1.0, 3.0])
            )

    return Fake


FINE, BAD = [[0.0, 0, 0]] * 2, [[0.0, 0, 0], [0, 1e-3, 0]]


def fit_fake(monkeypatch, problem, ratios=1.0):
    monkeypatch.setattr(estimators, "problem_of", problem)
    model = ElasticNetRegressorCV(l1_ratio=ratios, alphas=[1, 2, 3], cv=2)
    return model.fit(np.eye(4), np.arange(4.0))


def test_errors_are_weighted_by_the_size_of_the_folds(monkeypatch):
    model = fit_fake(monkeypatch, fake_problem({1.0: [[9.0, 1, 9], [2, 4, 9]]}, {1.0: FINE}))
    assert model.alpha_ == 2  # an unweighted mean would choose it
    model = fit_fake(monkeypatch, fake_problem({1.0: [[9.0, 1, 9], [1, 4, 9]]}, {1.0: FINE}))
    assert model.alpha_ == 3
    assert model.n_iter_ == 3 + 7
    np.testing.assert_array_equal(model.coef_, model.coef_path_[0])


@pytest.mark.parametrize(
    "gap, path_gap", [(BAD, None), (FINE, [0, 1e-3, 0]), (FINE, [0, np.nan, 0])]
)
def test_strength_without_certificate_is_not_chosen(monkeypatch, gap, path_gap):
    problem = fake_problem({1.0: [[3.0, 1, 2]] * 2}, {1.0: gap}, path_gap)
    with pytest.warns(ConvergenceWarning, match=r"1 of 3 strengths .* above tol=1e-06"):
        assert fit_fake(monkeypatch, problem).alpha_ == 1


def test_best_is_chosen_where_no_strength_has_a_certificate(monkeypatch):
    problem = fake_problem({1.0: [[3.0, 1, 2]] * 2}, {1.0: [[1e-3] * 3] * 2})
    with pytest.warns(ConvergenceWarning, match=r"3 of 3 strengths .*largest: 1.0e-03"):
        assert fit_fake(monkeypatch, problem).alpha_ == 2


def test_ratio_with_certificates_is_preferred(monkeypatch):
    errors = {0.2: [[1.0, 1, 1]] * 2, 0.7: [[3.0, 2, 3]] * 2}
    problem = fake_problem(errors, {0.2: [[1e-3] * 3] * 2, 0.7: FINE})
    with pytest.warns(ConvergenceWarning, match="3 of 6"):
        model = fit_fake(monkeypatch, problem, [0.2, 0.7])
    assert (model.l1_ratio_, model.alpha_) == (0.7, 2)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_errors_that_are_not_finite_never_win(monkeypatch, broken):
    problem = fake_problem({1.0: [[3.0, broken, 2], [3, 1, 2]]}, {1.0: FINE})
    assert fit_fake(monkeypatch, problem).alpha_ == 1
    problem = fake_problem({1.0: [[broken] * 3] * 2}, {1.0: FINE})
    with pytest.raises(ValueError, match="no strength has a finite cross-validated error"):
        fit_fake(monkeypatch, problem)


@pytest.mark.parametrize(("n_jobs", "threads"), [(None, 1), (2, 2), (-1, effective_n_jobs(-1))])
def test_tolerance_and_threads_reach_the_engine(monkeypatch, n_jobs, threads):
    class Fake(fake_problem({1.0: [[3.0, 1, 2]] * 2}, {1.0: FINE})):
        def share(self, splits, n_jobs):
            assert n_jobs == threads

        def path(self, alphas, l1_ratio, tol):
            assert tol == 1e-4
            return super().path(alphas, l1_ratio, tol)

        def cross_validate(self, splits, alphas, l1_ratio, tol, n_jobs):
            assert (tol, n_jobs) == (1e-4, threads)
            return super().cross_validate(splits, alphas, l1_ratio, tol, n_jobs)

    monkeypatch.setattr(estimators, "problem_of", Fake)
    model = L1RegressorCV(alphas=[1, 2, 3], cv=2, tol=1e-4, n_jobs=n_jobs)
    assert model.fit(np.eye(4), np.arange(4.0)).alpha_ == 2


@every_estimator
def test_certificates_are_reported(rng, estimator):
    X, y = sample(rng, estimator)
    model = estimator(alphas=20, cv=3).fit(X, y)
    assert (model.dual_gap_path_ <= 1e-6).all()
    assert model.dual_gap_ == model.dual_gap_path_[model.alphas_ == model.alpha_]
    assert (np.diff(model.alphas_) < 0).all()


# working with the rest of scikit-learn


@every_estimator
def test_in_pipeline_and_grid_search(rng, estimator):
    X, y = sample(rng, estimator)
    pipeline = make_pipeline(StandardScaler(), estimator(alphas=10, cv=3))
    name = estimator.__name__.lower()
    search = GridSearchCV(pipeline, {f"{name}__rule": ["min", "1se"]}, cv=3).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert search.best_params_[f"{name}__rule"] == ["min", "1se"][scores.argmax()]
    # standardising twice is standardising once
    direct = estimator(alphas=10, cv=3, rule=search.best_params_[f"{name}__rule"]).fit(X, y)
    np.testing.assert_allclose(search.predict(X), direct.predict(X), rtol=1e-4)


SELECTING = [
    L1RegressorCV(cv=5),
    L1ClassifierCV(cv=5),
    L1CountRegressorCV(cv=5),
    ElasticNetRegressorCV(l1_ratio=1, cv=5),
    ElasticNetRegressorCV(l1_ratio=[1.0], cv=5),
]


@pytest.mark.parametrize("estimator", SELECTING)
def test_selection_keeps_the_nonzero_coefficients(estimator):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 20))
    y = X[:, :6] @ [3, 1, 1, 0.5, 0.5, 0.5] + rng.standard_normal(100)
    y = y > 0 if isinstance(estimator, L1ClassifierCV) else y
    y = rng.poisson(np.exp(0.3 * y)) if isinstance(estimator, L1CountRegressorCV) else y
    pipeline = make_pipeline(StandardScaler(), SelectFromModel(estimator), Ridge()).fit(X, y)
    selector = pipeline[1]
    nonzero = selector.estimator_.coef_.ravel() != 0
    assert 4 < nonzero.sum() < 20
    np.testing.assert_array_equal(selector.get_support(), nonzero)
    lasso = SelectFromModel(LassoCV()).fit(X, y)
    assert selector.threshold_ == lasso.threshold_ == 1e-5


def test_a_penalty_that_keeps_all_is_called_so():
    names = [e().penalty for e in ESTIMATORS]
    assert names == ["l1", "l2", "elasticnet"] * 3
    assert ElasticNetRegressorCV(l1_ratio=[0, 1]).penalty == "elasticnet"
    assert ElasticNetRegressorCV(l1_ratio=0).penalty == "l2"


@every_estimator
def test_clone_and_pickle(rng, estimator):
    X, y = sample(rng, estimator)
    model = estimator(alphas=[0.1, 0.01], cv=3, rule="1se", tol=1e-7).fit(X, y)
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict(X), model.predict(X))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        copy.predict(X)


@every_estimator
def test_a_pickle_names_nothing_of_ours_but_the_public_module(rng, estimator):
    X, y = sample(rng, estimator)
    model = estimator(alphas=10, cv=3).fit(X, y)
    named = set()

    class Reader(pickle.Unpickler):
        def find_class(self, module, name):
            named.add(module)
            return super().find_class(module, name)

    Reader(io.BytesIO(pickle.dumps(model))).load()
    assert {module for module in named if module.startswith("normwise")} == {"normwise.estimators"}
    assert {module.partition(".")[0] for module in named} <= {"normwise", "numpy", "sklearn"}


@every_estimator
def test_pandas_names(rng, estimator):
    X, y = sample(rng, estimator)
    frame = pd.DataFrame(X).add_prefix("gene_")
    model = estimator(alphas=5, cv=3).fit(frame, pd.Series(y))
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    plain = estimator(alphas=5, cv=3).fit(X, y)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-9)
    assert not hasattr(plain, "feature_names_in_")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[frame.columns[::-1]])


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
@every_estimator
def test_sparse_equals_dense(rng, estimator, container, standardize):
    X, y = sample(rng, estimator, zeros=0.6)
    weight = rng.integers(0, 3, size=len(y))
    options = {"alphas": 10, "cv": 3, "standardize": standardize, "tol": 1e-8}
    dense = estimator(**options).fit(X, y, sample_weight=weight)
    thin = estimator(**options).fit(container(X), y, sample_weight=weight)
    assert_same_fit(dense, thin, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(thin.predict(container(X)), dense.predict(X), rtol=1e-4)


def with_time_stamp(rng, estimator, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Features with zeros and a time in seconds since 1970, which decides the response most."""
    X, y = sample(rng, REGRESSORS[0], 200, zeros=0.5)
    time = rng.random(200)
    y = y + 20 * time
    y = (y > np.median(y)).astype(int) if estimator in CLASSIFIERS else y
    y = rng.poisson(np.exp(0.1 * (y - y.mean()))) if estimator in COUNTERS else y
    return np.column_stack([1.7e9 + seconds * time, X]), y


@every_estimator
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("seconds", [3e2, 3.6e3, 8.6e4, 3e7])
def test_sparse_equals_dense_far_from_zero(rng, estimator, standardize, seconds):
    X, y = with_time_stamp(rng, estimator, seconds)
    options = {"alphas": 12, "cv": 3, "standardize": standardize, "tol": 1e-10}
    dense = estimator(**options).fit(X, y)
    ours = estimator(**options).fit(sparse.csr_array(X), y)
    spread = X.std(axis=0)
    assert np.abs(dense.coef_.ravel()[0] * spread[0]) > (0.4 if estimator in COUNTERS else 1)
    np.testing.assert_allclose(ours.coef_ * spread, dense.coef_ * spread, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(ours.cv_error_path_, dense.cv_error_path_, rtol=1e-5)


@pytest.mark.parametrize("cv", ["loo", "gcv"])
def test_sparse_equals_dense_far_from_zero_without_folds(rng, cv):
    X, y = with_time_stamp(rng, L2RegressorCV, 3e2)
    dense, ours = (
        L2RegressorCV(alphas=10, cv=cv).fit(kind(X), y) for kind in (np.array, sparse.csr_array)
    )
    np.testing.assert_allclose(ours.cv_error_path_, dense.cv_error_path_, rtol=1e-6)
    np.testing.assert_allclose(ours.coef_, dense.coef_, rtol=1e-6)


@pytest.mark.parametrize("cv", ["loo", "gcv"])
def test_sparse_equals_dense_without_folds(rng, cv):
    X, y = sample(rng, L2RegressorCV, zeros=0.6)
    dense, thin = (
        L2RegressorCV(alphas=10, cv=cv).fit(kind(X), y) for kind in (np.array, sparse.csr_array)
    )
    assert_same_fit(dense, thin)


@every_estimator
def test_sparse_features_stay_sparse(rng, estimator, monkeypatch):
    X, y = sample(rng, estimator, zeros=0.6)

    def dense_if_small(method):
        def checked(self, *args, **options):
            # a Gram matrix may be dense, the features may not
            assert np.prod(self.shape) <= X.shape[1] ** 2, "made dense"
            return method(self, *args, **options)

        return checked

    for kind in (sparse.csr_array, sparse.csc_array):
        thin = kind(X)
        with monkeypatch.context() as patch:
            for other in (sparse.csr_array, sparse.csc_array, sparse.coo_array):
                for name in ("toarray", "todense"):
                    patch.setattr(other, name, dense_if_small(getattr(other, name)))
            with pytest.raises(AssertionError, match="made dense"):
                thin.toarray()
            estimator(alphas=5, cv=3).fit(thin, y).predict(thin)


@every_estimator
@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_row_numbers_of_sparse_features_may_be_long(rng, estimator, form):
    X, y = sample(rng, estimator, zeros=0.6)
    long = sparse.coo_array(X)
    long.coords = tuple(c.astype(np.int64) for c in long.coords)
    long = long.asformat(form)
    assert (long.coords[0] if form == "coo" else long.indices).dtype == np.int64
    weight = rng.integers(0, 3, size=len(y))
    ours, plain = (
        estimator(alphas=8, cv=3).fit(kind, y, sample_weight=weight)
        for kind in (long, sparse.csr_array(X))
    )
    np.testing.assert_array_equal(ours.coef_path_, plain.coef_path_)
    np.testing.assert_array_equal(ours.predict(long), plain.predict(sparse.csr_array(X)))


def test_repeated_entries_of_sparse_features_add_up(rng, monkeypatch):
    X, y = sample(rng, L1RegressorCV, zeros=0.6)
    plain = sparse.csr_array(X)
    twice = sparse.csr_array(
        (np.repeat(plain.data / 2, 2), np.repeat(plain.indices, 2), 2 * plain.indptr), plain.shape
    )
    assert twice.nnz == 2 * plain.nnz

    class Strict(estimators.Problem):
        def __init__(self, X, *args, **options):
            assert X.has_canonical_format
            super().__init__(X, *args, **options)

    monkeypatch.setattr(estimators, "problem_of", Strict)
    assert_same_fit(*(L1RegressorCV(alphas=8, cv=3).fit(kind, y) for kind in (plain, twice)))
    assert twice.nnz == 2 * plain.nnz


@every_estimator
def test_fit_leaves_its_arguments_alone(rng, estimator):
    X, y = sample(rng, estimator)
    weight = rng.uniform(0, 1, size=len(y)).round(1)
    alphas = np.geomspace(0.01, 1, 5)
    before = [a.copy() for a in (X, y, weight, alphas)]
    estimator(alphas=alphas, cv=3).fit(X, y, sample_weight=weight)
    for old, new in zip(before, (X, y, weight, alphas), strict=True):
        np.testing.assert_array_equal(old, new)


@every_classifier
def test_string_labels(rng, estimator):
    X, y = sample(rng, estimator)
    labels = np.where(y == 1, "sick", "healthy")
    model = estimator(alphas=8, cv=3).fit(X, labels)
    numeric = estimator(alphas=8, cv=3).fit(X, y)
    assert model.classes_.tolist() == ["healthy", "sick"]
    assert model.coef_.shape == (1, 8)
    assert model.intercept_.shape == (1,)
    np.testing.assert_array_equal(model.coef_, numeric.coef_)
    np.testing.assert_array_equal(model.predict(X) == "sick", numeric.predict(X) == 1)
    np.testing.assert_array_equal(model.predict(X) == "sick", model.predict_proba(X)[:, 1] > 0.5)
    assert model.score(X, labels) > 0.7


@every_classifier
def test_labels_may_be_a_column_of_pythons_own_truth_values(rng, estimator):
    X, y = sample(rng, estimator)
    labels = pd.Series((y == 1).tolist(), dtype=object)
    ours, plain = (estimator(alphas=8, cv=3).fit(X, own) for own in (labels, y))
    assert ours.classes_.tolist() == [False, True] and ours.classes_.dtype == bool
    np.testing.assert_array_equal(ours.coef_, plain.coef_)
    np.testing.assert_array_equal(ours.predict(X), plain.predict(X) == 1)


@every_classifier
def test_probabilities_far_from_the_boundary(rng, estimator):
    X, y = sample(rng, estimator)
    model = estimator(alphas=8, cv=3).fit(X, y)
    far = X[:1] + 300 * model.coef_ / (model.coef_**2).sum()
    score = model.decision_function(far)
    assert 200 < score < 400
    np.testing.assert_allclose(model.predict_log_proba(far), [[-score[0], 0]], atol=1e-12)
    assert model.predict_proba(far)[0, 0] > 0


# edges and errors


@pytest.mark.parametrize("estimator", REGRESSORS + COUNTERS)
def test_constant_response(rng, estimator):
    X, _ = sample(rng, estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = estimator(alphas=8, cv=3).fit(X, np.full(60, 4.2))
    np.testing.assert_allclose(model.predict(X), 4.2)
    np.testing.assert_allclose(model.coef_, 0, atol=1e-12)


def test_both_ends_of_the_default_l2_grid(rng):
    X, y = sample(rng, L2RegressorCV)
    model = L2RegressorCV(alphas=10, cv=3).fit(X, y)
    assert (model.alphas_[0], model.alphas_[-1]) == (np.inf, 0)
    assert not model.coef_path_[0].any()
    np.testing.assert_allclose(
        model.coef_path_[-1], np.linalg.lstsq(X - X.mean(0), y - y.mean())[0], rtol=1e-6
    )
    classifier = L2ClassifierCV(alphas=10, cv=3).fit(X, y > 5)
    assert classifier.alphas_[0] == np.inf
    assert classifier.alphas_[-1] > 0
    assert classifier.intercept_path_[0] == pytest.approx(np.log((y > 5).sum() / (y <= 5).sum()))


def test_a_weak_signal_gets_a_strength_beyond_the_default_ones_of_ridge_cv(rng):
    n, p, risks = 500, 50, []
    for _ in range(5):
        X = rng.standard_normal((n, p))
        b = rng.choice([-1.0, 1.0], p) * np.sqrt(0.05 / p)
        y = X @ b + rng.standard_normal(n)
        own, other = L2RegressorCV().fit(X, y), RidgeCV().fit(X, y)
        assert other.alpha_ == 10.0
        assert n * own.alpha_ > 100
        risks.append([((m.coef_ - b) ** 2).sum() for m in (own, other)])
    mine, theirs = np.mean(risks, axis=0)
    assert mine < 0.5 * theirs


@pytest.mark.parametrize(
    ("estimator", "options", "message"),
    [
        (L1RegressorCV, {"rule": "best"}, "rule='best': expected 'min' or '1se'"),
        (L1RegressorCV, {"alphas": [1.0, 0.0]}, "alphas holds 0.0: an L1 penalty needs positive"),
        (L1RegressorCV, {"alphas": [1.0, -2.0]}, "alphas holds -2.0: an L1 penalty"),
        (L1RegressorCV, {"alphas": [np.inf]}, "alphas holds inf: an L1 penalty"),
        (L1RegressorCV, {"alphas": [np.nan]}, "alphas holds nan: an L1 penalty"),
        (L1ClassifierCV, {"alphas": [0.0]}, "alphas holds 0.0: an L1 penalty"),
        (L2RegressorCV, {"alphas": [-1.0]}, "alphas holds -1.0: an L2 penalty"),
        (L2ClassifierCV, {"alphas": [0.0]}, "alphas holds 0.0: log-loss needs positive"),
        (L1CountRegressorCV, {"alphas": [np.inf]}, "alphas holds inf: an L1 penalty"),
        (L2CountRegressorCV, {"alphas": [0.0]}, "alphas holds 0.0: Poisson deviance needs"),
        (ElasticNetRegressorCV, {"l1_ratio": [0, 0.5], "alphas": [0]}, "alphas holds 0.0: an L1"),
        (L1RegressorCV, {"alphas": []}, "expected an int or a non-empty 1D array"),
        (L1RegressorCV, {"alphas": 2}, "alphas == 2, must be >= 3"),
        (ElasticNetRegressorCV, {"l1_ratio": 1.5}, "l1_ratio == 1.5, must be <= 1"),
        (ElasticNetRegressorCV, {"l1_ratio": []}, "l1_ratio is empty"),
        (L1RegressorCV, {"tol": 0.0}, "tol == 0.0, must be > 0"),
        (L1RegressorCV, {"cv": "loo"}, "Expected `cv` as an integer"),
        (L1RegressorCV, {"cv": 1}, "k-fold cross-validation requires at least one"),
        (L1RegressorCV, {"cv": 61}, "Cannot have number of splits n_splits=61 greater"),
        (L2RegressorCV, {"cv": "loo", "rule": "1se"}, "rule='1se' needs folds, and cv='loo' has"),
        (L1RegressorCV, {"cv": [([0, 1], [2])], "rule": "1se"}, "needs at least two folds"),
        (L1RegressorCV, {"cv": [([0, 1], [])]}, "fold 0 of cv has no test rows"),
        (L2RegressorCV, {"cv": []}, "cv gives no folds: at least one training and test part"),
        (L1ClassifierCV, {"cv": [(range(30), range(30, 61))]}, "test row 60: the rows of X are 0"),
        (L1RegressorCV, {"cv": [([-61, 1], [2])]}, "fold 0 of cv has training row -61"),
        (L1RegressorCV, {"cv": [([0.5, 1], [2])]}, "training rows of fold 0 of cv are no whole"),
        (L1RegressorCV, {"cv": [([0, 1], [True, False])]}, r"has shape \(2,\): X has 60 rows"),
    ],
)
def test_parameters_that_cannot_be(rng, estimator, options, message):
    X, y = sample(rng, estimator)
    with pytest.raises(ValueError, match=message):
        estimator(**options).fit(X, y)


def test_types_that_cannot_be(rng):
    X, y = sample(rng, L1RegressorCV)
    for options in ({"standardize": "no"}, {"fit_intercept": 1}, {"tol": "small"}):
        (name,) = options
        with pytest.raises(TypeError, match=f"{name} must be an instance of"):
            L1RegressorCV(**options).fit(X, y)


@every_estimator
def test_data_that_cannot_be(rng, estimator):
    X, y = sample(rng, estimator)
    model = estimator(alphas=5, cv=3)
    for broken, name in [(np.nan, "NaN"), (np.inf, "infinity")]:
        spoilt = X.copy()
        spoilt[3, 2] = broken
        with pytest.raises(ValueError, match=f"Input X contains {name}"):
            model.fit(spoilt, y)
        with pytest.raises(ValueError, match=f"Input X contains {name}"):
            model.fit(sparse.csr_array(spoilt), y)
        with pytest.raises(ValueError, match=f"Input y contains {name}"):
            model.fit(X, np.where(np.arange(60) == 5, broken, y))
        with pytest.raises(ValueError, match=f"Input sample_weight contains {name}"):
            model.fit(X, y, sample_weight=np.where(np.arange(60) == 5, broken, 1.0))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[:-1])
    with pytest.raises(ValueError, match="Expected 2D array, got 1D"):
        model.fit(X[:, 0], y)
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        model.fit(X[:1], y[:1])
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        model.fit(X, y, sample_weight=-np.ones(60))
    with pytest.raises(ValueError, match="expecting 8 features"):
        model.fit(X, y).predict(X[:, 1:])


@pytest.mark.parametrize("estimator", REGRESSORS + COUNTERS)
def test_one_row_of_positive_weight(rng, estimator):
    X, y = sample(rng, estimator)
    with pytest.raises(ValueError, match="Found 1 sample of positive weight; at least 2"):
        estimator().fit(X, y, sample_weight=np.arange(60) == 7)


@every_classifier
def test_classes_that_cannot_be(rng, estimator):
    X, y = sample(rng, estimator)
    with pytest.raises(ValueError, match=r"only one class: np.int64\(1\)"):
        estimator().fit(X, np.ones(60, int))
    with pytest.raises(ValueError, match="only one class"):
        estimator().fit(X, y, sample_weight=y)
    with pytest.raises(ValueError, match="least populated class in y has only 1 member"):
        estimator().fit(X, np.arange(60) == 0)
    ordered = np.arange(60) < 20
    with pytest.raises(ValueError, match="training part of a fold lacks a class"):
        estimator(cv=[(np.arange(20), np.arange(20, 60))]).fit(X, ordered)


def of_patients(rng, estimator, n_patients: int = 24, visits: int = 5):
    """Rows of patients whose features and response are the patient's own, and who is whose."""
    groups = np.repeat(rng.permutation(n_patients), visits)
    features = rng.standard_normal((n_patients, 6))
    own = rng.standard_normal(n_patients) + 2 * features[:, 0]
    X, y = features[groups], own[groups]
    y = y + 0.3 * rng.standard_normal(len(groups))
    y = rng.poisson(np.exp(y / 2)) if estimator in COUNTERS else y
    return X, (y > 0).astype(int) if estimator in CLASSIFIERS else y, groups


@every_estimator
def test_groups_reach_a_splitter_that_asks_for_them(rng, estimator):
    X, y, groups = of_patients(rng, estimator)
    routed = estimator(alphas=10, cv=GroupKFold(3)).fit(X, y, groups=groups)
    by_hand = estimator(alphas=10, cv=list(GroupKFold(3).split(X, y, groups))).fit(X, y)
    assert_same_fit(routed, by_hand)
    rows = estimator(alphas=10, cv=3, random_state=0).fit(X, y)
    assert not np.array_equal(routed.cv_error_path_, rows.cv_error_path_)


@every_estimator
@pytest.mark.parametrize("cv", [None, 4])
@pytest.mark.parametrize("seed", [None, 0])
def test_folds_of_our_own_keep_groups_whole(rng, estimator, cv, seed):
    X, y, groups = of_patients(rng, estimator)
    model = estimator(alphas=10, cv=cv, random_state=seed)
    splits = model._splits(X, y, np.ones(len(y), bool), groups)
    assert len(splits) == (cv or 10)
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
    tested = np.concatenate([test for _, test in splits])
    np.testing.assert_array_equal(np.sort(tested), np.arange(len(y)))
    weight = (groups != 3).astype(float)
    kept = weight > 0
    assert_same_fit(
        model.fit(X, y, sample_weight=weight, groups=groups),
        model.fit(X[kept], y[kept], groups=groups[kept]),
    )


@every_estimator
@pytest.mark.parametrize("cv", [None, 3, GroupKFold(3)])
def test_groups_are_routed_through_cross_validation_and_search(rng, estimator, cv):
    X, y, groups = of_patients(rng, estimator)
    outer = list(GroupKFold(4).split(X, y, groups))
    by_hand = [
        estimator(alphas=10, cv=cv).fit(X[a], y[a], groups=groups[a]).score(X[b], y[b])
        for a, b in outer
    ]
    with sklearn.config_context(enable_metadata_routing=True):
        model = estimator(alphas=10, cv=cv)
        found = cross_validate(model, X, y, cv=GroupKFold(4), params={"groups": groups})
        search = GridSearchCV(model, {"rule": ["min", "1se"]}, cv=GroupKFold(4))
        search.fit(X, y, groups=groups)
    np.testing.assert_allclose(found["test_score"], by_hand)
    np.testing.assert_allclose(search.cv_results_["mean_test_score"][0], np.mean(by_hand))


def test_metadata_are_routed_as_by_scikit_learn(rng):
    X, y, groups = of_patients(rng, L1RegressorCV)
    weight = rng.uniform(0.5, 2, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        for estimator in (LassoCV, L1RegressorCV):
            with pytest.raises(TypeError, match=r"unexpected argument\(s\) \{'groups'\}"):
                estimator(cv=KFold(3)).fit(X, y, groups=groups)
            grouped = estimator(cv=GroupKFold(3)).set_fit_request(sample_weight=True)
            request = grouped.get_metadata_routing()
            assert request.consumes("fit", {"groups", "sample_weight"}) == {
                "groups",
                "sample_weight",
            }
            grouped.set_score_request(sample_weight=True)
            found = cross_validate(
                grouped, X, y, cv=GroupKFold(4), params={"groups": groups, "sample_weight": weight}
            )
            assert np.isfinite(found["test_score"]).all()


def test_groups_that_cannot_be_kept_whole_are_refused(rng):
    X, y, groups = of_patients(rng, L2RegressorCV)
    with pytest.raises(ValueError, match="cv='loo' leaves out single rows: groups need folds"):
        L2RegressorCV(cv="loo").fit(X, y, groups=groups)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        L2RegressorCV().fit(X, y, groups=groups[:-1])
