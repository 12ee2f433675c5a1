"""The superexponential: accuracy, that it undoes the superlogarithm, seams and edges."""

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
from tests.special.test_superlog import neighbours

SUPEREXP = {s: functools.partial(special.superexp, solution=s) for s in truth.SOLUTIONS}

pytestmark = pytest.mark.parametrize("solution", truth.SOLUTIONS)


def sweep(dtype):
    """From the edge at -1 to overflow, closer together at the edge and at 0."""
    edge = np.geomspace(1e-6, 0.5, 60) - 1
    zero = np.geomspace(1e-30, 0.3, 30)
    line = np.linspace(-0.9, 4.4 if dtype == "float32" else 4.63, 150)
    return np.unique(np.concatenate([edge, -zero, zero, line]).astype("float32")).astype(dtype)


@functools.cache
def value(v, solution):
    return reference.SOLUTIONS[solution].superexp(v), reference.superexp_unit(v, solution)


def values(v, solution):
    """The reference at an array, and the units of its error."""
    return zip(*[value(float(u), solution) for u in v], strict=True)


def seams(solution, dtype):
    pieces = get_solution(solution)(dtype)
    return [-0.4, 0.0, 1.0, 2.0, 3.0, pieces.end]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_accurate_from_the_edge_to_overflow(dtype, mode, solution):
    v = sweep(dtype)
    want, units = values(v, solution)
    got = call(mode, SUPEREXP[solution], v)
    truth.assert_accurate(got, want, dtype, units, at=[v])


@pytest.mark.parametrize("dtype", truth.HALF)
def test_half_precision_within_one_ulp_of_the_rounded_float64(dtype, solution):
    v = sweep("float32").astype(dtype)
    got = truth.numpy(special.superexp(v, solution))
    want = truth.rounded(special.superexp(v.astype("float64"), solution), dtype)
    assert got.dtype == want.dtype
    assert np.max(truth.ulps_apart(got, want)) <= 1


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_undoes_the_superlog(dtype, solution):
    # Further down the superlog keeps its distance to the edge at -1 only to within eps.
    x = truth.sweep(dtype)
    x = x[x > -6]
    got = special.superexp(special.superlog(x, solution), solution)
    levels = [truth.superlog(float(u), solution) for u in x]
    units = [2 * reference.superexp_unit(v, solution) for v in levels]
    want = [mp.mpf(float(u)) for u in x]
    truth.assert_accurate(got, want, dtype, units, at=[x])


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_is_undone_by_the_superlog(dtype, solution):
    v = sweep(dtype)
    got = truth.numpy(special.superlog(special.superexp(v, solution), solution))
    inside = np.isfinite(got)
    # Each way has its own error, and the superlog shrinks that of the superexp.
    allowed = 2 * truth.EPS_ALLOWED[dtype] * np.finfo(dtype).eps
    assert np.all(inside[v < 4.4])
    assert np.all(np.abs(got - v)[inside] <= allowed * np.abs(v)[inside] + np.finfo(dtype).tiny)


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_abels_equation(dtype, solution):
    v = sweep(dtype)
    v = v[(v > -0.9) & (v < 3.3)]
    got = special.superexp(v + 1, solution)
    # The sum v + 1 rounds, and exp hands on the error of its argument.
    lower = zip(*values(v, solution), strict=True)
    _, upper = values(v.astype("float64") + 1, solution)
    got, want = truth.numpy(got), np.exp(truth.numpy(special.superexp(v, solution)))
    units = [w * c + d for w, (_, c), d in zip(want.tolist(), lower, upper, strict=True)]
    truth.assert_accurate(got, want.tolist(), dtype, units, at=[v])


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_increases(dtype, solution):
    v = np.linspace(-0.999, 4.4, 5000).astype(dtype)
    y = truth.numpy(special.superexp(v, solution))
    # Steps of 1e-3 move even the flattest part, of slope 0.9, by thousands of eps.
    assert np.all(np.diff(y) > 0)


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_no_step_at_the_seams(dtype, solution):
    for seam in seams(solution, dtype):
        v = neighbours(seam, dtype)
        want, units = values(v, solution)
        truth.assert_accurate(special.superexp(v, solution), want, dtype, units, at=[v])


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_no_step_of_the_slope_at_the_seams(dtype, solution):
    s = reference.SOLUTIONS[solution]
    for seam in seams(solution, dtype):
        v = tf.constant(neighbours(seam, dtype))
        with tf.GradientTape() as tape:
            tape.watch(v)
            y = special.superexp(v, solution)
        slope = tape.gradient(y, v)
        want = [s.superexp_slope(float(u)) for u in v]
        bend = mp.diff(s.superexp_slope, float(seam), direction=1)
        unit = s.superexp_slope(seam) + abs(seam) * abs(bend)
        truth.assert_accurate(slope, want, dtype, [unit] * len(want), at=[v])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_edges(dtype, mode, solution):
    info = np.finfo(dtype)
    below = np.nextafter(np.array(-1, dtype), np.array(-2, dtype))
    cases = [
        (0.0, 0.0),
        (-0.0, 0.0),
        (-1.0, -np.inf),
        (below, np.nan),
        (-2.0, np.nan),
        (-info.max, np.nan),
        (-np.inf, np.nan),
        (4.7, np.inf),
        (info.max, np.inf),
        (np.inf, np.inf),
        (np.nan, np.nan),
    ]
    v, want = np.array(cases, dtype).T
    np.testing.assert_array_equal(call(mode, SUPEREXP[solution], v), want)


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_finite_next_to_the_edge(dtype, solution):
    v = np.nextafter(np.array([-1], dtype), np.array([0], dtype))
    want, units = values(v, solution)
    truth.assert_accurate(special.superexp(v, solution), want, dtype, units)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_subnormal_numbers_count_as_themselves_or_as_zero(dtype, mode, solution):
    info = np.finfo(dtype)
    v = np.array([info.tiny, info.tiny / 8, info.smallest_subnormal], dtype)
    v = np.concatenate([v, -v])
    assert np.all(np.abs(call(mode, SUPEREXP[solution], v)) <= 1.1 * info.tiny)
