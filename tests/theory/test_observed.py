"""The signal of zeros and ones, against simulation and its inverse."""

import numpy as np
import pytest
from scipy.special import expit

from normwise.theory import observed_snr
from normwise.theory.observed import LOGISTIC_VARIANCE


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
