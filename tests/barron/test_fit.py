"""Banks of RePU units: how many, how good, and how well that is known."""

import functools
import math

import numpy as np
import pytest
from scipy.interpolate import make_lsq_spline

from keras_addmul.barron.fitting.ends import fit_between_ends
from keras_addmul.barron.fitting.spline_least_squares import LeastSquares
from keras_addmul.barron.fitting.units import expected_units, fit, quadrature
from keras_addmul.barron.functions.bank import from_taylor
from keras_addmul.barron.functions.bank_derivatives import smooth_bank
from keras_addmul.barron.functions.cells import Cells
from keras_addmul.barron.functions.smooth import SMOOTH, rectified_power
from tests.barron.test_smooth import ALL

# Units per neuron that are known to do for tolerances 1e-2, 1e-3, ... on [-3, 3], degrees 1, 2, 3.
SPLINE = {
    "tanh": ((9, 25, 85), (7, 11, 25), (7, 10, 15)),
    "softplus": ((6, 18), (4, 8), (4, 4)),
    "sin": ((13, 39), (7, 12), (7, 9)),
}
MIDPOINT = {
    "tanh": ((16, 50, 152), (13, 42, 131), (25, 77, 242)),
    "softplus": ((8, 26), (8, 23), (5, 12)),
    "sin": ((32, 100), (36, 113), (71, 223)),
}
TOLERANCES = (1e-2, 1e-3, 1e-4)


@functools.cache
def fitted(name, degree, tolerance=1e-3, low=-3.0, high=3.0):
    """A fit that several tests look at."""
    return fit(SMOOTH[name], degree, low, high, tolerance, dtype="float64")


def sup_error(smooth, bank, low=-3.0, high=3.0):
    z = np.linspace(low, high, 40_001)
    return np.max(np.abs(bank(z) - smooth(z)))


@pytest.mark.parametrize("name", SPLINE)
def test_spline_needs_as_many_units_as_the_best_one_known(name):
    for degree, counts in enumerate(SPLINE[name], start=1):
        for tolerance, count in zip(TOLERANCES, counts, strict=False):
            bank, _ = fitted(name, degree, tolerance)
            assert abs(bank.units / count - 1) <= 0.35, (degree, tolerance, bank.units)


@pytest.mark.parametrize("name", MIDPOINT)
def test_quadrature_needs_as_many_nodes_as_the_midpoint_rule(name):
    for degree, counts in enumerate(MIDPOINT[name], start=1):
        for tolerance, count in zip(TOLERANCES, counts, strict=False):
            bank, _ = fit(SMOOTH[name], degree, -3, 3, tolerance, "quadrature", dtype="float64")
            nodes = bank.units - degree
            assert abs(nodes - count) <= max(2, 0.1 * count), (degree, tolerance, nodes)


@pytest.mark.parametrize(
    "name", ["tanh", "softplus", "sin", "gaussian", "silu", "elu", "softsign", "exponential"]
)
def test_proved_error_holds_and_is_tight(name):
    once = SMOOTH[name].max_degree == 1
    for degree, low, high in ((1 if once else 2, -3.0, 3.0), (1, 0.7, 2.0)):
        bank, cells = fitted(name, degree, low=low, high=high)
        proved = cells.error(np.array([low]), np.array([high]))[0]
        measured = sup_error(SMOOTH[name], bank, low, high)
        # What is proved is never below, and a tenth above at most where anything is left.
        assert measured <= proved <= 1.1 * measured + 2e-12, (degree, low, high)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_least_squares_is_that_of_scipy(degree, rng):
    knots = np.array([-1.0, -0.2, 0.1, 0.6])
    x = np.sort(rng.uniform(-2, 2, 200))
    t = np.concatenate([np.full(degree + 1, -2.0), knots, np.full(degree + 1, 2.0)])
    y, weights = np.sin(3 * x), rng.uniform(1e-3, 1, 200)
    coefficients, left = LeastSquares(x, y, t, degree)(weights)
    expected = make_lsq_spline(x, y, t, k=degree, w=np.sqrt(weights))
    # The squares of weights of three decades: some hundred units in the last place.
    np.testing.assert_allclose(coefficients, expected.c, rtol=0, atol=1e-12)
    np.testing.assert_allclose(left, expected(x) - y, rtol=0, atol=1e-12)


def test_proved_error_holds_and_is_tight_for_higher_degrees():
    for name, degree in (("tanh", 4), ("gelu", 5)):
        bank, cells = fitted(name, degree)
        proved = cells.error(np.array([-3.0]), np.array([3.0]))[0]
        measured = sup_error(SMOOTH[name], bank)
        assert measured <= proved <= 1.1 * measured + 2e-12


def test_error_on_parts_of_the_interval_holds_too(rng):
    smooth = SMOOTH["gelu"]
    bank, cells = fit(smooth, 2, -6, 4, 1e-3, dtype="float64")
    ends = np.sort(rng.uniform(-6, 4, (200, 2)), axis=1)
    proved = cells.error(*ends.T)
    below, above = cells.values(*ends.T)
    slope, bank_slope = cells.slope(*ends.T), cells.bank_slope(*ends.T)
    for i, (low, high) in enumerate(ends):
        z = np.linspace(low, high, 501)
        assert np.max(np.abs(bank(z) - smooth(z))) <= proved[i]
        assert below[i] <= np.min(smooth(z))
        assert np.max(smooth(z)) <= above[i]
        assert np.max(np.abs(smooth.derivative(z, 1))) <= slope[i]
        assert np.max(np.abs(bank.derivative(z, 1))) <= bank_slope[i] * (1 + 1e-12)


@pytest.mark.parametrize("outside", ["clip", "extrapolate"])
def test_proof_reaches_beyond_the_fit(outside):
    smooth = SMOOTH["tanh"]
    bank, _ = fit(smooth, 2, -2, 2, 1e-3, outside=outside, dtype="float64")
    cells = Cells(smooth, -4.0, 5.0, bank)
    proved = cells.error(np.array([-4.0]), np.array([5.0]))[0]
    measured = sup_error(smooth, bank, -4, 5)
    assert measured <= proved <= 1.1 * measured


STRAIGHT = [s for s in ALL if None not in s.lines and s.degree is None]


@pytest.mark.parametrize("number", range(len(STRAIGHT)))
def test_ends_follow_the_lines_of_the_activation_however_far(number):
    smooth = STRAIGHT[number]
    bank = fit_between_ends(smooth, 1, (-4e3, 5e3), 1e-2, "spline", "extrapolate", "float64")
    far = np.array([-4e3, -300.0, 300.0, 5e3])
    assert np.max(np.abs(bank(far) - smooth(far))) <= 1e-2
    beyond = np.array([-1e6, 1e6])
    # Beyond the interval, too; softsign has more than the tolerance left of its way there.
    np.testing.assert_allclose(bank(beyond), smooth(beyond), rtol=1e-8, atol=1e-2)
    # The ends cost nothing: no knot is there.
    assert bank.units < 200
    clipped = fit_between_ends(smooth, 1, (-4e3, 5e3), 1e-2, "spline", "clip", "float64")
    z = np.linspace(-4e3, 5e3, 9001)
    assert np.max(np.abs(clipped(z) - smooth(z))) <= 1e-2


def test_quadrature_is_the_formula_of_the_theorem():
    degree, knots, low, high = 2, 50, -1.5, 2.5
    smooth = SMOOTH["sin"]
    bank, _ = quadrature(smooth, degree, low, high, knots)
    z = np.linspace(low, high, 101)
    h = (high - low) / knots
    t = low + h * (np.arange(knots) + 0.5)
    expected = sum(
        smooth.derivative(np.array(low), k) * (z - low) ** k / math.factorial(k)
        for k in range(degree + 1)
    )
    terms = np.maximum(0, z[:, None] - t) ** degree * smooth.derivative(t, degree + 1)
    expected = expected + h * terms.sum(axis=1) / math.factorial(degree)
    # Sums of 50 terms, each up to 16 / 2.
    np.testing.assert_allclose(bank(z), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
@pytest.mark.parametrize("outside", ["clip", "extrapolate"])
def test_taylor_units_make_the_polynomial_and_nothing_else(degree, outside, rng):
    taylor = rng.normal(size=degree + 1)
    bank = from_taylor(degree, taylor, -1.0, 2.0, [], [], outside)
    assert bank.units == degree * (2 if outside == "extrapolate" else 1)
    z = np.linspace(-1, 2, 301) if outside == "clip" else np.linspace(-9, 9, 301)
    expected = np.polynomial.Polynomial(taylor)(z + 1)
    np.testing.assert_allclose(bank(z), expected, rtol=1e-9, atol=1e-9 * np.max(np.abs(expected)))


def test_relu_is_exact_where_it_has_its_own_degree_and_near_in_a_lower_one():
    one, _ = fit(rectified_power(1), 1, -2, 3, 1e-6, dtype="float64")
    assert sup_error(rectified_power(1), one, -2, 3) < 1e-12
    for t, s in ((2, 1), (3, 1), (3, 2), (4, 3)):
        bank, _cells = fit(rectified_power(t), s, -2, 3, 1e-3, dtype="float64")
        assert sup_error(rectified_power(t), bank, -2, 3) <= 1e-3
        assert bank.degree == s


def test_a_bank_is_a_function_that_can_be_converted_itself():
    cubic, _ = fitted("tanh", 3, 1e-4)
    smooth = smooth_bank(cubic)
    quadratic, cells = fit(smooth, 2, -3, 3, 1e-3, dtype="float64")
    measured = sup_error(smooth, quadratic)
    assert measured <= cells.error(np.array([-3.0]), np.array([3.0]))[0] <= 1e-3
    assert sup_error(SMOOTH["tanh"], quadratic) <= 1.1e-3


def test_units_open_to_the_right_keep_their_digits_in_single_precision():
    bank, _ = fit(SMOOTH["tanh"], 2, -10, 10, 1e-4, dtype="float32")
    z = np.linspace(-10, 10, 4001).astype("float32")
    knots, coefficients = (np.float32(v) for v in (bank.knots, bank.coefficients))
    terms = np.maximum(z[:, None] - knots, np.float32(0)) ** 2 * coefficients
    lost = np.abs(terms.sum(axis=1, dtype="float32") + np.float32(bank.bias) - bank(z)).max()
    unit = (bank.units + 8) * 2.0**-24
    assert lost <= unit * bank.magnitude(z, z).max()  # what is proved
    assert lost < 2e-4  # and what it comes to: of the size of the tolerance


def test_expected_units_tend_to_the_true_ones():
    bank, _ = fitted("tanh", 2, 1e-4)
    assert bank.units == pytest.approx(expected_units(SMOOTH["tanh"], 2, -3, 3, 1e-4), rel=0.1)


def test_what_the_dtype_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="cannot be reached for tanh.*float32.*Received: 1e-07"):
        fit(SMOOTH["tanh"], 3, -10, 10, 1e-7, dtype="float32")
    with pytest.raises(ValueError, match="needs more than 10000 units"):
        fit(SMOOTH["sin"], 1, -1000, 1000, 1e-4, dtype="float64")
