"""Functions of correlated Gaussian variables: moments against closed forms and other integrals."""

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.special import ndtri

from normwise.data.copula import (
    Columns,
    Shape,
    coefficients,
    covariance_within,
    hermite,
    mean,
    root_of,
)
from normwise.data.feature_kinds import counts, level_shares, levels

LOGNORMAL, STUDENT, GAUSSIAN = Shape("lognormal"), Shape("student_t"), Shape("gaussian")


def exceeds(share: float) -> Shape:
    return Shape(cuts=(float(-ndtri(share)),), values=(0.0, 1.0))


def pair(first: Shape, second: Shape, rho: float) -> float:
    latent = np.linalg.cholesky([[1.0, rho], [rho, 1.0]])
    return Columns.of([(0, first), (1, second)]).covariance(latent)[0, 1]


def test_moments_are_those_of_the_distributions():
    assert mean(LOGNORMAL) == pytest.approx(np.exp(0.5), rel=1e-12)
    assert covariance_within(LOGNORMAL, LOGNORMAL) == pytest.approx(np.e**2 - np.e, rel=1e-12)
    assert mean(STUDENT) == pytest.approx(0, abs=1e-12)
    assert covariance_within(STUDENT, STUDENT) == pytest.approx(5 / 3, rel=1e-9)
    # of a geometric count of mean 3 and variance 12, thinned by zeros
    assert mean(counts()) == pytest.approx(0.7 * 3, rel=1e-9)
    assert covariance_within(counts(), counts()) == pytest.approx(
        0.7 * 12 + 0.7 * 0.3 * 9, rel=1e-9
    )


def test_distributions_are_the_named_ones():
    z = np.random.default_rng(0).standard_normal(20_000)
    assert stats.kstest(STUDENT(z), stats.t(5).cdf).pvalue > 1e-3
    assert stats.kstest(LOGNORMAL(z), stats.lognorm(1).cdf).pvalue > 1e-3
    x = counts()(z)
    assert (x == 0).mean() == pytest.approx(0.3 + 0.7 / 4, abs=4 * 0.5 / np.sqrt(len(x)))
    positive = x[x > 0]
    # a geometric count forgets how large it is
    assert (positive > 1).mean() == pytest.approx(0.75, abs=4 * 0.5 / np.sqrt(len(positive)))
    np.testing.assert_array_equal(x, np.floor(x))


def test_levels_have_unequal_shares_and_exclude_one_another():
    shapes = levels(3)
    np.testing.assert_allclose([mean(s) for s in shapes], level_shares(4)[1:], rtol=1e-12)
    np.testing.assert_allclose(level_shares(4), np.array([12, 6, 4, 3]) / 25)
    z = np.random.default_rng(0).standard_normal(1000)
    ones = np.stack([s(z) for s in shapes])
    assert set(np.unique(ones)) == {0.0, 1.0}
    assert set(ones.sum(axis=0)) == {0.0, 1.0}
    shares = level_shares(4)
    assert covariance_within(shapes[0], shapes[2]) == pytest.approx(-shares[1] * shares[3])


@pytest.mark.parametrize("rho", [-0.9, -0.3, 0.0, 0.5, 0.95, 0.99])
def test_covariances_are_those_of_closed_forms(rho):
    assert pair(GAUSSIAN, GAUSSIAN, rho) == pytest.approx(rho, abs=1e-12)
    assert pair(LOGNORMAL, LOGNORMAL, rho) == pytest.approx(np.exp(1 + rho) - np.e, abs=1e-10)
    assert pair(GAUSSIAN, LOGNORMAL, rho) == pytest.approx(rho * np.exp(0.5), abs=1e-12)
    # Stein: the covariance of a step and a Gaussian variable
    density = stats.norm.pdf(ndtri(0.2))
    assert pair(GAUSSIAN, exceeds(0.2), rho) == pytest.approx(rho * density, abs=1e-12)
    both = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
    joint = both.cdf([ndtri(0.05), ndtri(0.3)])
    assert pair(exceeds(0.05), exceeds(0.3), rho) == pytest.approx(joint - 0.015, abs=1e-9)


@pytest.mark.parametrize("first", [LOGNORMAL, STUDENT, counts(), *levels(3)])
@pytest.mark.parametrize("second", [STUDENT, counts(), levels(3)[0], exceeds(0.02)])
def test_covariances_equal_a_double_integral(first, second):
    rho = 0.8
    # trapezoids over the first variable, a closed form of steps or a fine grid over the second
    unit = np.linspace(-10, 10, 8001)
    weight = np.exp(-(unit**2) / 2) / np.sqrt(2 * np.pi) * (unit[1] - unit[0])
    given = np.array([weight @ second(rho * u + np.sqrt(1 - rho**2) * unit) for u in unit[::10]])
    left = first(unit) - mean(first)
    inner = np.interp(unit, unit[::10], given)
    expected = (left * inner) @ weight
    scale = np.sqrt(covariance_within(first, first) * covariance_within(second, second))
    assert pair(first, second, rho) == pytest.approx(expected, abs=2e-3 * scale)
    assert abs(expected) > 0.02 * scale


def test_hermite_polynomials_are_orthonormal():
    z, weights = np.polynomial.hermite_e.hermegauss(40)
    H = hermite(z, 20)
    np.testing.assert_allclose((H * weights) @ H.T / weights.sum(), np.eye(20), atol=1e-10)


@pytest.mark.parametrize("shape", [LOGNORMAL, STUDENT, counts(), exceeds(0.1)])
def test_coefficients_carry_the_variance(shape):
    found = coefficients(shape, 4000)
    assert found[0] == pytest.approx(mean(shape))
    # those of a step fall slowly, as k^(-3/4)
    assert (found[1:] ** 2).sum() == pytest.approx(covariance_within(shape, shape), rel=0.02)


def test_root_of_unrelated_groups_is_sparse_and_exact():
    rng = np.random.default_rng(0)
    blocks = [np.cov(rng.standard_normal((size, 9))) for size in (3, 2, 4)]
    order = rng.permutation(9)
    sigma = sparse.block_diag(blocks).toarray()[np.ix_(order, order)]
    root = root_of(sparse.csr_array(sigma))
    assert sparse.issparse(root)
    np.testing.assert_allclose((root @ root.T).toarray(), sigma, atol=1e-14)
    full = np.cov(rng.standard_normal((4, 9)))
    np.testing.assert_allclose(
        root_of(sparse.csr_array(full)) @ root_of(sparse.csr_array(full)).T, full, atol=1e-14
    )
