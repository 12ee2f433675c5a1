"""Elementary functions that keep all digits, at fifty digits."""

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.special import elementary, horner
from tests.special import truth
from tests.special.modes import MODES, call


def expm1_ratio(z):
    return mp.expm1(z) / z if z else mp.mpf(1)


def log1p_ratio(u):
    return -mp.log1p(-u) / u if u else mp.mpf(1)


FUNCTIONS = {
    "expm1": (elementary.expm1, mp.expm1),
    "expm1_ratio": (elementary.expm1_ratio, expm1_ratio),
    "log1p_ratio": (lambda u: elementary.log1p_ratio(u, 0.0), log1p_ratio),
}


def points(name, dtype):
    sizes = np.concatenate([[0.0], np.geomspace(1e-30, 1.0, 60), [0.1249, 0.125, 0.4999, 0.5, 30]])
    line = np.concatenate([-sizes, sizes]).astype(dtype)
    return line[line < 0.9] if name == "log1p_ratio" else line


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_accurate_close_to_zero_and_on_both_sides_of_the_seam(name, dtype, mode):
    function, want = FUNCTIONS[name]
    z = points(name, dtype)
    values = [want(mp.mpf(v)) for v in z.tolist()]
    # log1p of the far branch is log(1 - u), of a number that was rounded: 8 eps at 1/8.
    units = [abs(v) * (4 if name == "log1p_ratio" else 1) for v in values]
    truth.assert_accurate(call(mode, function, z), values, dtype, units, at=[z])


@pytest.mark.parametrize("name", ["expm1_ratio", "log1p_ratio"])
def test_the_slope_is_accurate_at_zero_too(name):
    function, want = FUNCTIONS[name]
    z = tf.constant([-0.3, -0.1, -1e-9, 0.0, 1e-9, 0.1, 0.3], "float64")
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = function(z)
    expected = [mp.mpf("0.5") + 0 if not v else mp.diff(want, v) for v in z.numpy().tolist()]
    np.testing.assert_allclose(tape.gradient(y, z), np.array(expected, "float64"), rtol=1e-13)


def test_the_logarithm_takes_no_less_than_epsilon():
    u = tf.constant([2.0, 1.0 - 1e-9], "float64")
    np.testing.assert_allclose(
        elementary.log1p_ratio(u, 1e-3), [-np.log(1e-3) / 2.0, -np.log(1e-3)], rtol=1e-8
    )


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_cosine_of_pi_is_exact_at_halves_and_accurate_between(dtype, rng):
    halves = (np.arange(-8, 9) / 2).astype(dtype)
    want = np.round(np.cos(np.pi * halves))
    np.testing.assert_array_equal(elementary.cosine_of_pi(tf.constant(halves)), want)
    t = rng.uniform(-3, 3, 200).astype(dtype)
    want = [mp.cospi(mp.mpf(float(v))) for v in t]
    # Close to its zeros the reduction to [0, 1/2] is exact, and so are the digits.
    truth.assert_accurate(elementary.cosine_of_pi(tf.constant(t)), want, dtype, at=[t])


@pytest.mark.parametrize("count", range(1, 12))
def test_a_polynomial_is_the_sum_of_its_powers(count):
    coefficients = [(-1.0) ** k * (k + 1.0) for k in range(count)]
    t = tf.constant([-2.0, -0.5, 0.0, 1.0, 3.0], "float64")
    want = sum(c * t.numpy() ** k for k, c in enumerate(coefficients))
    np.testing.assert_allclose(
        horner.polynomial(t, coefficients) + tf.zeros_like(t), want, rtol=1e-13
    )
