"""At the orders 0, 1 and -1 the iterate is x, exp(x) and log(x), to the last bit."""

import functools

import keras
import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from tests import reference
from tests.special import truth
from tests.special.modes import MODES, call

EXACT = {0: lambda x: x, 1: keras.ops.exp, -1: keras.ops.log}

pytestmark = [
    pytest.mark.parametrize("mode", MODES),
    pytest.mark.parametrize("solution", truth.SOLUTIONS),
]


@functools.cache
def at_constant_orders(solution):
    return lambda x: [special.exp_iterate(x, float(n), solution) for n in EXACT]


@functools.cache
def at_given_orders(solution):
    """The order is an argument, so the compiler cannot see it."""
    return lambda x, n: special.exp_iterate(x, n, solution)


def themselves(x):
    return [function(x) for function in EXACT.values()]


def numbers(dtype):
    """Both signs, all magnitudes, seams, and what is not a number."""
    seams = [0.0, -0.0, 1.0, -0.5, -0.4, 1.6, 2.0, np.e, 6.6, 88.8, np.inf, -np.inf, np.nan]
    wide = truth.sweep(dtype) if dtype in truth.DTYPES else truth.half_sweep(dtype)
    return np.concatenate([np.array(seams, dtype), wide])


def bits(array):
    """Bits, with all nans alike and the sign of zero kept."""
    array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    return array.view(f"int{8 * array.dtype.itemsize}")


@pytest.mark.parametrize("dtype", truth.DTYPES + truth.HALF)
def test_value_to_the_last_bit(dtype, mode, solution):
    x = numbers(dtype)
    want = call(mode, themselves, x)
    orders = [np.full_like(x, n) for n in EXACT]
    given = [call(mode, at_given_orders(solution), x, n) for n in orders]
    for found in (given, call(mode, at_constant_orders(solution), x)):
        for g, w in zip(found, want, strict=True):
            assert g.dtype == x.dtype
            different = bits(g) != bits(w)
            assert not np.any(different), (x[different], g[different], w[different])


@functools.cache
def slopes(solution):
    def function(x, n):
        with tf.GradientTape() as tape:
            tape.watch([x, n])
            y = special.exp_iterate(x, n, solution)
        return tape.gradient(y, [x, n])

    return function


def points(dtype, order):
    """Numbers whose image and slopes are normal and finite."""
    high = {0: 30.0, 1: 80.0, -1: 1e30}[order]
    x = truth.sweep(dtype, points=120)
    return x[(x < high) & (x > (0 if order < 0 else -30)) & (np.abs(x) > 1e-30)]


@pytest.mark.parametrize("dtype", truth.DTYPES)
@pytest.mark.parametrize("order", EXACT)
def test_slope_in_x_is_that_of_the_function(order, dtype, mode, solution):
    # Two eps: one for the product and the quotient, one for exp itself.
    x = points(dtype, order)
    got = call(mode, slopes(solution), x, np.full_like(x, order))[0]
    slope = {0: lambda v: mp.mpf(1), 1: mp.exp, -1: lambda v: 1 / v}[order]
    want = [slope(mp.mpf(v)) for v in x.tolist()]
    truth.assert_accurate(got, want, dtype, at=[x], allowed=2)
    if order == 0:
        np.testing.assert_array_equal(got, np.ones_like(x))


@pytest.mark.parametrize("dtype", truth.DTYPES)
@pytest.mark.parametrize("order", EXACT)
def test_slope_in_n_is_the_true_one(order, dtype, mode, solution):
    x = points(dtype, order)
    got = call(mode, slopes(solution), x, np.full_like(x, order))[1]
    found = [slope_in_n(v, order, solution) for v in x.tolist()]
    want, units = zip(*found, strict=True)
    truth.assert_accurate(got, want, dtype, units, at=[x])


@functools.cache
def slope_in_n(x, order, solution):
    """superexp'(v), and how much of a relative change of v or of superlog(x) reaches it."""
    s = reference.SOLUTIONS[solution]
    level = truth.superlog(x, solution)
    if x < 0 and order == 0:  # log of what lies one level up
        top = mp.exp(x)
        slope = s.superexp_slope(s.superlog(top)) / top
        return slope, slope * (2 + abs(x))
    v = level + order
    slope = s.superexp_slope(v)
    bend = mp.diff(s.superexp_slope, v, direction=1 if v >= 0 else -1)
    return slope, slope + (abs(level) + abs(order)) * abs(bend)
