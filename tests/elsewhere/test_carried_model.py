"""A model to be carried: the optimum it claims, and what it refuses."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit, softmax

from normwise import (
    ElasticNetRegressorCV,
    L1ClassifierCV,
    L1CountRegressorCV,
    L1RegressorCV,
    L2ClassifierCV,
    L2RegressorCV,
)
from normwise.data.errors import InputError
from normwise.elsewhere import model_at, model_of
from normwise.elsewhere.model import LOSSES
from normwise.fitting.loss import loss_of


def draw(rng, response, n=80, p=6):
    X = rng.standard_normal((n, p)) * np.geomspace(0.1, 10, p) + 3
    signal = (X - 3) @ (np.r_[1.0, -1.0, 0.5, np.zeros(p - 3)] / np.geomspace(0.1, 10, p))
    y = {
        "gaussian": lambda: 50 + 9 * (signal + rng.standard_normal(n)),
        "binary": lambda: (rng.random(n) < expit(signal)).astype(float),
        "poisson": lambda: rng.poisson(np.exp(signal / 2)).astype(float),
        "multinomial": lambda: (
            np.column_stack([signal, -signal, 0 * signal]) + rng.gumbel(size=(n, 3))
        ).argmax(axis=1),
    }[response]()
    return X, y


def slopes(model, w):
    """Derivatives of the mean loss by the linear predictors, times the weights."""
    Z = (np.asarray(model.X) - model.centre) / model.scale
    eta = Z @ model.coef.T + model.intercept + (0 if model.offset is None else model.offset)
    if model.coef.ndim == 2:
        mean = softmax(eta, axis=1)
        slope = mean - np.eye(len(model.coef))[model.y.astype(int)]
        return Z, slope * (w / w.sum())[:, None]
    mean = {"gaussian": eta, "binary": expit(eta), "poisson": np.exp(eta)}[model.response]
    return Z, (mean - model.y) * w / w.sum()


@pytest.mark.parametrize("response", ["gaussian", "binary", "poisson", "multinomial"])
@pytest.mark.parametrize("strengths", [(0.05, 0.0), (0.0, 0.3), (0.05, 0.2)])
@pytest.mark.parametrize(
    "options", [{}, {"standardize": False}, {"fit_intercept": False}, "w", "offset"]
)
def test_the_conditions_of_the_optimum_hold(rng, response, strengths, options):
    X, y = draw(rng, response)
    w = np.ones(len(y))
    if options == "w":
        w = rng.integers(1, 5, len(y)).astype(float)
        options = {"sample_weight": w}
    if options == "offset":
        if response != "poisson":
            pytest.skip("offsets are for counts")
        w = rng.integers(1, 5, len(y)).astype(float)
        options = {"sample_weight": w, "offset": rng.uniform(-1, 1, len(y))}
    model = model_at(X, y, response, *strengths, **options)
    Z, slope = slopes(model, w)
    slope_of_coef = (Z.T @ slope).T
    bend = slope_of_coef + model.l2 * model.coef
    size = max(model.l1, np.abs(Z.T @ slope).max(), 1e-3)
    kept = model.coef != 0
    assert np.abs(bend + model.l1 * np.sign(model.coef))[kept].max() < 1e-6 * size
    assert (np.abs(bend[~kept]) <= model.l1 + 1e-6 * size).all()
    if model.fit_intercept:
        assert np.abs(slope.sum(axis=0)).max() < 1e-7 * size
    else:
        assert not np.any(model.intercept) and not model.centre.any()
    # the spread by which columns were divided
    if model.standardize:
        squares = np.average(Z**2, axis=0, weights=w)
        assert squares == pytest.approx(np.ones(Z.shape[1]))
    else:
        assert (model.scale == 1).all()


@pytest.mark.parametrize("response", list(LOSSES))
def test_the_loss_is_the_one_of_normwise_but_for_a_constant(rng, response):
    _, y = draw(rng, response)
    shape = (len(y), 3) if response == "multinomial" else (len(y),)
    first, second = rng.standard_normal(shape), rng.standard_normal(shape)
    own = LOSSES[response](y, first).mean() - LOSSES[response](y, second).mean()
    loss = loss_of(response)
    if response == "multinomial":
        known = loss.value(y, first.T) - loss.value(y, second.T)
    else:
        known = loss.objective(y, first[None])[0] - loss.objective(y, second[None])[0]
    assert own == pytest.approx(known, rel=1e-10)


@pytest.mark.parametrize("response", list(LOSSES))
def test_sparse_columns_are_the_same_model(rng, response):
    X, y = draw(rng, response)
    X[np.abs(X - 3) < 0.3] = 0
    dense, thin = (model_at(form, y, response, 0.03, 0.1) for form in (X, sparse.csr_matrix(X)))
    assert not thin.centre.any()
    assert thin.coef == pytest.approx(dense.coef, abs=1e-7)
    assert thin.objective == pytest.approx(dense.objective, rel=1e-10)


def test_a_column_of_one_value_is_left_out(rng):
    X, y = draw(rng, "gaussian")
    X = np.column_stack([X[:, :2], np.full(len(y), 7.0), X[:, 2:]])
    model = model_at(X, y, "gaussian", 0.1, names=list("abcdefg"))
    assert model.names == ("a", "b", "d", "e", "f", "g") and model.X.shape[1] == 6


@pytest.mark.parametrize(
    ("estimator", "response"),
    [
        (L1RegressorCV(), "gaussian"),
        (L2RegressorCV(standardize=False), "gaussian"),
        (ElasticNetRegressorCV(l1_ratio=[0.3, 0.8]), "gaussian"),
        (L1ClassifierCV(), "binary"),
        (L2ClassifierCV(fit_intercept=False), "binary"),
        (L1ClassifierCV(alphas=20), "multinomial"),
        (L1CountRegressorCV(), "poisson"),
    ],
)
def test_the_model_of_an_estimator_is_its_own(rng, estimator, response):
    X, y = draw(rng, response)
    if response in ("binary", "multinomial"):
        y = np.array(["no", "yes", "zero"])[y.astype(int)]
    weight = rng.integers(1, 4, len(y)).astype(float)
    estimator.fit(X, y, sample_weight=weight)
    model = model_of(estimator, X, y, sample_weight=weight)
    assert model.l1 + model.l2 == pytest.approx(estimator.alpha_)
    assert (model.standardize, model.fit_intercept) == (
        estimator.standardize,
        estimator.fit_intercept,
    )
    raw = np.squeeze(estimator.coef_)
    size = np.abs(raw).max()
    assert model.coef / model.scale == pytest.approx(raw, abs=0.02 * size)
    if response == "binary":
        assert model.classes == ("no", "yes")
    with pytest.raises(InputError, match="give X, y, sample_weight and offset as it was fitted"):
        model_of(estimator, X, y, sample_weight=weight**3)


@pytest.mark.parametrize("given", ["balanced", {"yes": 3.0}])
def test_weights_of_classes_are_those_of_their_rows(rng, given):
    X, y = draw(rng, "binary")
    y = np.where(y > 0, "yes", "no")
    own = rng.integers(1, 4, len(y)).astype(float)
    fitted = L2ClassifierCV(class_weight=given).fit(X, y, sample_weight=own)
    model = model_of(fitted, X, y, sample_weight=own)
    yes = y == "yes"
    factor = 3.0 if given != "balanced" else own[~yes].sum() / own[yes].sum()
    weights = own * np.where(yes, factor, 1.0)
    assert model.weights == pytest.approx(weights / weights.mean())
    plain = model_at(X, yes.astype(float), "binary", 0.0, model.l2, sample_weight=weights)
    assert model.coef == pytest.approx(plain.coef)


def test_exposures_are_carried_from_an_estimator(rng):
    X, y = draw(rng, "poisson")
    offset = rng.uniform(-1, 1, len(y))
    fitted = L1CountRegressorCV().fit(X, y, offset=offset)
    model = model_of(fitted, X, y, offset=offset)
    assert model.coef / model.scale == pytest.approx(
        fitted.coef_, abs=0.02 * np.abs(fitted.coef_).max()
    )
    # of the best constant, which the offsets bend
    level = np.log(y.sum() / np.exp(offset).sum())
    null = np.mean(np.exp(level + offset) - y * (level + offset))
    assert model.null_objective == pytest.approx(null)
    with pytest.raises(InputError, match="as it was fitted to"):
        model_of(fitted, X, y)


def test_what_cannot_be_carried_is_refused(rng):
    X, y = draw(rng, "binary")
    with pytest.raises(InputError, match="dict is no estimator of normwise"):
        model_of({}, X, y)
    with pytest.raises(InputError, match="offsets are for counts"):
        model_at(X, y, "binary", 0.1, offset=np.ones(len(y)))
    null = L2RegressorCV(alphas=[np.inf, 1e9]).fit(X, rng.standard_normal(len(y)))
    if np.isinf(null.alpha_):
        with pytest.raises(InputError, match="chose the null model"):
            model_of(null, X, y)
    with pytest.raises(InputError, match="response 'cox' is unknown"):
        model_at(X, y, "cox", 0.1)
    with pytest.raises(InputError, match="both strengths are 0"):
        model_at(X, y, "binary")
