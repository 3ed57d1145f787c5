"""The signal of zeros and ones, against simulation and its inverse."""

import numpy as np
import pytest
from scipy.special import expit

from normwise.data.population import draw
from normwise.data.scenario import Scenario
from normwise.theory import observed_snr
from normwise.theory.observed import (
    LOGISTIC_VARIANCE,
    observed_snr_of_classes,
    observed_snr_of_counts,
)


@pytest.mark.parametrize(("snr", "shift"), [(0.5, 0.0), (3.0, -2.0), (10.0, 1.0)])
def test_it_is_what_a_linear_regression_finds(rng, snr, shift):
    eta = shift + np.sqrt(snr * LOGISTIC_VARIANCE) * rng.standard_normal(400_000)
    y = rng.random(len(eta)) < expit(eta)
    square = np.corrcoef(eta, y)[0, 1] ** 2
    assert observed_snr(snr, y.mean()) == pytest.approx(square / (1 - square), rel=0.03)


def test_it_grows_with_the_signal_and_shrinks_with_imbalance():
    snr = np.geomspace(0.01, 50, 40)
    for rate in (0.5, 0.1, 0.02):
        assert (np.diff(observed_snr(snr, rate)) > 0).all()
    rates = np.array([0.02, 0.1, 0.3, 0.5])
    assert (np.diff(observed_snr(1.0, rates)) > 0).all()
    np.testing.assert_allclose(observed_snr(1.0, rates), observed_snr(1.0, 1 - rates), rtol=1e-6)
    assert observed_snr(0.0) == 0


@pytest.mark.parametrize(("snr", "rate"), [(-1.0, 0.5), (1.0, 0.0), (1.0, 1.0)])
def test_what_is_no_ratio_or_rate_is_refused(snr, rate):
    with pytest.raises(ValueError, match="snr must be at least 0"):
        observed_snr(snr, rate)


def explained_share(s: Scenario) -> float:
    """What the linear projection on the features explains of counts or of indicators of classes."""
    X, y = draw(s, 1, 0)
    Y = y[:, None] == np.arange(s.n_classes) if s.response == "multinomial" else y[:, None]
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    fitted = X @ np.linalg.lstsq(X, Y, rcond=None)[0]
    return float((fitted**2).sum() / (Y**2).sum())


@pytest.mark.parametrize(
    ("snr", "mean_count", "dispersion"), [(0.2, 1.0, 0.0), (1.0, 2.0, 0.5), (3.0, 8.0, 0.0)]
)
def test_the_observed_snr_of_counts_is_that_of_many_rows(snr, mean_count, dispersion):
    s = Scenario(
        400_000, 3, 2, snr=snr, response="poisson", mean_count=mean_count, dispersion=dispersion
    )
    share, found = explained_share(s), observed_snr_of_counts(snr, mean_count, dispersion)
    assert found / (1 + found) == pytest.approx(share, rel=0.03)


@pytest.mark.parametrize(("n_classes", "snr"), [(3, 0.5), (3, 4.0), (5, 2.0)])
def test_the_observed_snr_of_classes_is_that_of_many_rows(n_classes, snr):
    s = Scenario(
        200_000, 15, 15, snr=snr, response="multinomial", n_classes=n_classes, class_features="own"
    )
    share, found = explained_share(s), observed_snr_of_classes(snr, n_classes)
    assert found / (1 + found) == pytest.approx(share, rel=0.03)


def test_two_classes_have_the_observed_snr_of_a_binary_response():
    snr = np.array([0.0, 0.3, 2.0, 9.0])
    np.testing.assert_allclose(observed_snr_of_classes(snr, 2), observed_snr(snr), rtol=2e-3)


def test_the_observed_snr_of_counts_has_a_limit():
    # a mean that varies hardly at all leaves the counts as they are
    assert observed_snr_of_counts(1e-6, 3.0) == pytest.approx(1e-6, rel=1e-3)
    assert observed_snr_of_counts(0.0) == 0
    for wrong in ((-1.0, 1.0, 0.0), (1.0, 0.0, 0.0), (1.0, 1.0, -0.1)):
        with pytest.raises(ValueError, match="must be at least 0, and mean_count above 0"):
            observed_snr_of_counts(*wrong)
    with pytest.raises(ValueError, match="n_classes at least 2"):
        observed_snr_of_classes(1.0, 1)
