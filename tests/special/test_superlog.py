"""The superlogarithm: accuracy, its equation, seams and edges."""

import functools

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.special.solutions import get_solution
from tests import reference
from tests.special import truth
from tests.special.modes import MODES, call

SUPERLOG = {s: functools.partial(special.superlog, solution=s) for s in truth.SOLUTIONS}

pytestmark = pytest.mark.parametrize("solution", truth.SOLUTIONS)


def seams(solution, dtype):
    """Where a piece of the line, of the polynomials or of the linear solution ends."""
    pieces = get_solution(solution)(dtype)
    return [pieces.bottom, 0.0, 1.0, 1.6, np.e, pieces.top, np.exp(np.e)]


def neighbours(point, dtype, steps=3):
    """The numbers next to a point, to the last bit, in increasing order."""
    point = np.dtype(dtype).type(point)
    below, above = [point], [point]
    for _ in range(steps):
        below.append(np.nextafter(below[-1], point.dtype.type(-np.inf)))
        above.append(np.nextafter(above[-1], point.dtype.type(np.inf)))
    return np.array([*below[:0:-1], *above])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_accurate_at_all_magnitudes_of_both_signs(dtype, mode, solution):
    x = truth.sweep(dtype)
    want = [truth.superlog(float(v), solution) for v in x]
    truth.assert_accurate(call(mode, SUPERLOG[solution], x), want, dtype, at=[x])


@pytest.mark.parametrize("dtype", truth.HALF)
def test_half_precision_within_one_ulp_of_the_rounded_float64(dtype, solution):
    x = truth.half_sweep(dtype)
    got = truth.numpy(special.superlog(x, solution))
    want = truth.rounded(special.superlog(x.astype("float64"), solution), dtype)
    assert got.dtype == want.dtype
    assert np.max(truth.ulps_apart(got, want)) <= 1


def test_abels_equation(solution):
    # exp rounds its result, which counts as one more rounding of superlog.
    x = truth.sweep("float64")
    x = x[(x > -30) & (x < 700)]
    got = truth.numpy(special.superlog(np.exp(x), solution))
    want = truth.numpy(special.superlog(x, solution)) + 1
    eps = np.finfo("float64").eps
    assert np.all(np.abs(got - want) <= 8 * eps * (np.abs(want) + np.abs(want - 1)))


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_increases(dtype, solution):
    # Steps of 1 % move the superlog by more than its error as far as 1e8, and by more
    # than e^-30 down to -30.
    x = np.concatenate([-np.geomspace(15, 1e-30, 4000), [0], np.geomspace(1e-30, 1e8, 4000)])
    y = truth.numpy(special.superlog(x.astype(dtype), solution))
    assert np.all(np.diff(y[x > -15]) > 0)
    assert np.all(np.diff(y) >= 0)


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_no_step_at_the_seams(dtype, solution):
    for seam in seams(solution, dtype):
        x = neighbours(seam, dtype)
        want = [truth.superlog(float(v), solution) for v in x]
        truth.assert_accurate(special.superlog(x, solution), want, dtype, at=[x])


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_no_step_of_the_slope_at_the_seams(dtype, solution):
    for seam in seams(solution, dtype):
        x = tf.constant(neighbours(seam, dtype))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = special.superlog(x, solution)
        slope = tape.gradient(y, x)
        want, units = zip(*[slope_and_unit(float(v), solution) for v in x], strict=True)
        truth.assert_accurate(slope, want, dtype, units, at=[x])


def slope_and_unit(x, solution):
    s = reference.SOLUTIONS[solution]
    level = truth.superlog(x, solution)
    slope = s.superexp_slope(level)
    # The slope is a function of the level, whose relative change this multiplies.
    change = abs(level) * abs(mp.diff(s.superexp_slope, level, direction=1)) / slope
    return 1 / slope, (1 + change) / slope


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_edges(dtype, mode, solution):
    info = np.finfo(dtype)
    x = np.array([0.0, -0.0, np.inf, -np.inf, -info.max, np.nan], dtype)
    got = call(mode, SUPERLOG[solution], x)
    np.testing.assert_array_equal(got, np.array([0, 0, np.inf, -1, -1, np.nan], dtype))
    largest = call(mode, SUPERLOG[solution], np.array([info.max]))
    truth.assert_accurate(largest, [truth.superlog(float(info.max), solution)], dtype)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_subnormal_numbers_count_as_themselves_or_as_zero(dtype, mode, solution):
    info = np.finfo(dtype)
    x = np.array([info.tiny, info.tiny / 8, info.smallest_subnormal], dtype)
    x = np.concatenate([x, -x])
    assert np.all(np.abs(call(mode, SUPERLOG[solution], x)) <= info.tiny)
