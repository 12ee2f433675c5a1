"""Iterates of exp: accuracy, that they add up, seams, edges and the domain."""

import functools

import numpy as np
import pytest

from keras_addmul import special
from tests import reference
from tests.special import truth
from tests.special.modes import MODES, call
from tests.special.test_superexp import seams as superexp_seams
from tests.special.test_superlog import neighbours
from tests.special.test_superlog import seams as superlog_seams

ITERATE = {s: functools.partial(special.exp_iterate, solution=s) for s in truth.SOLUTIONS}

pytestmark = pytest.mark.parametrize("solution", truth.SOLUTIONS)


def assert_accurate(got, x, n, want, units, dtype):
    truth.assert_accurate(got, want, dtype, units, at=[x, n])


@functools.cache
def grid(dtype, solution):
    x = truth.sweep(dtype, points=120)
    return truth.inside(x[:, None], truth.ORDERS.astype(dtype), solution)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_accurate_at_all_magnitudes_and_orders(dtype, mode, solution):
    x, n, *want = grid(dtype, solution)
    assert_accurate(call(mode, ITERATE[solution], x, n), x, n, *want, dtype)


@pytest.mark.parametrize("dtype", truth.HALF)
def test_half_precision_within_one_ulp_of_the_rounded_float64(dtype, solution):
    x, n = truth.half_sweep(dtype)[:, None], truth.ORDERS.astype(dtype)
    got = truth.numpy(special.exp_iterate(x, n, solution))
    want = special.exp_iterate(x.astype("float64"), n.astype("float64"), solution)
    want = truth.rounded(want, dtype)
    assert got.dtype == want.dtype
    assert np.max(truth.ulps_apart(got, want)) <= 1


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_orders_add_up(dtype, solution):
    # Wherever no intermediate result overflows or leaves the domain.
    s = reference.SOLUTIONS[solution]
    x, a, b = np.meshgrid([-3, -0.2, 0, 0.7, 2, 9, 95], [-0.6, 0.25, 0.9], [-0.9, -0.3, 0.4, 1])
    x, a, b = (np.ravel(t).astype(dtype) for t in (x, a, b))
    levels = np.array([truth.superlog(float(v), solution) for v in x])
    lowest = levels.astype(float) + np.minimum(a, a + b)
    highest = levels.astype(float) + np.maximum(a, a + b)
    keep = (lowest > -0.95) & (highest < 4.2)
    x, a, b, levels = x[keep], a[keep], b[keep], levels[keep]
    assert len(x) > 30
    between = special.exp_iterate(x, a, solution)
    got = special.exp_iterate(between, b, solution)
    want, units = [], []
    for level, p, q in zip(levels, a.tolist(), b.tolist(), strict=True):
        v = level + p + q
        want.append(s.superexp(v))
        # Errors of three levels meet: after the first iterate, before and after the second.
        moved = 2 * abs(level) + 2 * abs(p) + 2 * abs(level + p) + abs(q)
        units.append(abs(want[-1]) + moved * s.superexp_slope(v))
    truth.assert_accurate(got, want, dtype, units, at=[x, a, b])


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_opposite_orders_undo_each_other(dtype, solution):
    x = np.linspace(-0.4, 20, 103).astype(dtype)
    n = np.array([[0.1], [0.5], [0.8], [1.0]], dtype)
    got = special.exp_iterate(special.exp_iterate(x, n, solution), -n, solution)
    x, n = (np.ravel(t).tolist() for t in np.broadcast_arrays(x, n))
    s = reference.SOLUTIONS[solution]
    units = []
    for v, order in zip(x, n, strict=True):
        level = truth.superlog(v, solution)
        moved = 2 * (2 * abs(level) + 2 * order)
        units.append(abs(v) + moved * s.superexp_slope(level))
    truth.assert_accurate(got, x, dtype, units, at=[x, n])


@pytest.mark.parametrize("dtype", truth.DTYPES)
@pytest.mark.parametrize("n", [-0.9, -0.5, -0.1, 0.0, 0.1, 0.5, 0.9, 1.0])
def test_increases_with_x(dtype, n, solution):
    # Steps of 1 % of x, or of 0.01, change the result by far more than its error.
    x = np.concatenate([np.arange(-3, 3, 0.01), np.geomspace(3, 300, 500)])
    y = truth.numpy(special.exp_iterate(x.astype(dtype), np.array(n, dtype), solution))
    y = y[np.isfinite(y)]
    assert len(y) > 500
    assert np.all(np.diff(y) > 0)


@pytest.mark.parametrize("dtype", truth.DTYPES)
@pytest.mark.parametrize("x", [-4.0, -0.5, 0.0, 0.5, 1.0, 2.5, 40.0, 1e4])
def test_increases_with_the_order(dtype, x, solution):
    n = np.arange(-600, 601).astype(dtype) / 200  # passes through all integers
    y = truth.numpy(special.exp_iterate(np.array(x, dtype), n, solution))
    y = y[np.isfinite(y)]
    assert len(y) > 200
    assert np.all(np.diff(y) > 0)


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_no_step_at_the_seams_of_the_superlog(dtype, solution):
    n = np.array([[-0.7], [-0.2], [0.3], [0.9]], dtype)
    for seam in superlog_seams(solution, dtype):
        x, orders, *want = truth.inside(neighbours(seam, dtype), n, solution)
        got = special.exp_iterate(x, orders, solution)
        assert_accurate(got, x, orders, *want, dtype)


@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_no_step_at_the_seams_of_the_superexp(dtype, solution):
    for seam in superexp_seams(solution, dtype):
        for x in (-0.8, 0.3, 1.2, 3.0, 200.0):
            n = neighbours(seam - float(truth.superlog(x, solution)), dtype, steps=4)
            x, orders, *want = truth.inside(np.array(x, dtype), n, solution)
            got = special.exp_iterate(x, orders, solution)
            assert_accurate(got, x, orders, *want, dtype)


@pytest.mark.parametrize("dtype", truth.DTYPES)
@pytest.mark.parametrize("order", [-1.0, 0.0, 1.0])
def test_no_step_next_to_the_exact_orders(dtype, order, solution):
    n = neighbours(order, dtype)
    n = n[n != order].reshape(-1, 1)
    x = np.array([-20, -3, -0.7, -0.2, 0.2, 0.6, 1.3, 2, 5, 60, 80, 1e3, 1e30], dtype)
    x, n, *want = truth.inside(x, n, solution)
    assert_accurate(special.exp_iterate(x, n, solution), x, n, *want, dtype)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_edges(dtype, mode, solution):
    big, inf, nan = np.finfo(dtype).max, np.inf, np.nan
    cases = [
        # x, n, answer: overflow
        (big, 0.1, inf),
        (100.0, 2.0, inf),
        (0.0, 6.0, inf),
        (-5.0, inf, inf),
        (inf, 0.5, inf),
        (inf, -0.5, inf),
        (inf, -3.0, inf),
        # the lower edge, where log answers
        (0.0, -1.0, -inf),
        (-0.0, -1.0, -inf),
        (-inf, 0.0, -inf),
        (-inf, 1.0, 0.0),
        (-inf, 2.0, 1.0),
        (-big, 1.0, 0.0),
        # beyond it
        (-1e-3, -1.0, nan),
        (-1.0, -1.0, nan),
        (-big, -0.5, nan),
        (0.0, -1.5, nan),
        (0.5, -2.0, nan),
        (2.0, -3.0, nan),
        (-inf, -0.1, nan),
        (1e30, -7.0, nan),
        (3.0, -inf, nan),
        (big, -inf, nan),
        # no numbers
        (nan, 0.0, nan),
        (nan, 0.5, nan),
        (nan, 1.0, nan),
        (nan, -1.0, nan),
        (0.5, nan, nan),
        (inf, nan, nan),
    ]
    x, n, want = np.array(cases, dtype).T
    got = call(mode, ITERATE[solution], x, n)
    eps = np.finfo(dtype).eps  # exp(0) is 1 only to within the conditioning of order 2
    np.testing.assert_allclose(got, want, rtol=8 * eps, atol=0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_largest_and_smallest_numbers(dtype, mode, solution):
    info = np.finfo(dtype)
    x = np.array([[info.max], [-info.max], [info.tiny], [-info.tiny]], dtype)
    n = np.array([-1.5, -0.6, -0.1, 0.2, 0.7, 1.3], dtype)
    x, n, *want = truth.inside(x, n, solution)
    assert_accurate(call(mode, ITERATE[solution], x, n), x, n, *want, dtype)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_subnormal_numbers_count_as_themselves_or_as_zero(dtype, mode, solution):
    info = np.finfo(dtype)
    n = np.array([-0.6, -0.1, 0.2, 0.7, 1.3], dtype)
    zeros = call(mode, ITERATE[solution], np.zeros_like(n), n)
    for number in (info.tiny / 8, -info.tiny / 8, info.smallest_subnormal):
        x = np.full_like(n, number)
        got = call(mode, ITERATE[solution], x, n)
        np.testing.assert_allclose(got, zeros, rtol=truth.EPS_ALLOWED[dtype] * info.eps)
    # As an order they change nothing, whichever they count as.
    x = np.array([-30, -2, 0.3, 1, 5, 1e3], dtype)
    n = np.full_like(x, info.smallest_subnormal)
    want = [float(v) for v in x]
    units = [reference.unit(v, 0, solution) for v in want]
    got = call(mode, ITERATE[solution], x, n)
    truth.assert_accurate(got, want, dtype, units, at=[x])
