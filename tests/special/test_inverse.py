"""The inverse: its definition at fifty digits, where there is one, and that it undoes."""

import functools

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from tests import reference
from tests.special import truth
from tests.special.modes import call

INVERSE = {s: functools.partial(special.inverse, solution=s) for s in truth.SOLUTIONS}
UNDONE = {
    s: lambda x, n, s=s: special.addmul(x, special.inverse(x, n, s), n, s) for s in truth.SOLUTIONS
}
BETWEEN = [1e-3, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999]

by_solution = pytest.mark.parametrize("solution", truth.SOLUTIONS)
by_dtype = pytest.mark.parametrize("dtype", truth.DTYPES)
by_mode = pytest.mark.parametrize("mode", ["eager", "xla"])  # XLA is a graph, too


def definition(x, n, solution):
    """exp_iterate(-exp_iterate(x, -n), n) where it is not negative, None elsewhere; its unit."""
    down = reference.exp_iterate(x, -n, solution)
    y = reference.exp_iterate(-down, n, solution)
    slope = reference.exp_iterate_slope(-down, n, solution)
    unit = reference.unit(x, -n, solution) * slope + reference.unit(-down, n, solution)
    return (y if y >= 0 else None), unit


@functools.cache
def grid(dtype, solution):
    """Numbers from 0 to a little beyond the last that has an inverse, for each order."""
    if dtype == "float64":  # the same numbers
        return grid("float32", solution)
    points = []
    for n in np.array(BETWEEN, dtype).tolist():
        last = float(reference.exp_iterate(-reference.exp_iterate(0, -n, solution), n, solution))
        for share in (0.0, 1e-6, 0.01, 0.2, 0.5, 0.8, 0.99, 1.01, 1.5, 30.0):
            x = float(np.dtype(dtype).type(share * last))
            points.append((x, n, *definition(x, n, solution)))
    return points


@by_mode
@by_dtype
@by_solution
def test_between_the_ends_it_is_its_definition_or_nan(solution, dtype, mode):
    points = grid(dtype, solution)
    x, n = (np.array([p[i] for p in points], dtype) for i in (0, 1))
    got = call(mode, INVERSE[solution], x, n)
    exists = np.array([p[2] is not None for p in points])
    assert got.dtype == dtype
    assert np.all(np.isnan(got[~exists]))
    assert 0.6 < np.mean(exists) < 0.8
    want, units = zip(*[p[2:] for p in points if p[2] is not None], strict=True)
    truth.assert_accurate(got[exists], want, dtype, units, at=[x[exists], n[exists]])


@by_dtype
@by_solution
def test_it_undoes_wherever_it_is_a_number(solution, dtype):
    points = [p for p in grid(dtype, solution) if p[2] is not None]
    x, n = (np.array([p[i] for p in points], dtype) for i in (0, 1))
    got = truth.numpy(UNDONE[solution](x, n))
    want = [reference.exp_iterate(0, p[1], solution) for p in points]
    units = []
    for x_, n_, y, unit in points:
        # The sum of two opposite numbers is as exact as the larger error of theirs.
        slope = reference.exp_iterate_slope(y, -n_, solution)
        down = reference.unit(x_, -n_, solution) + reference.unit(y, -n_, solution) + unit * slope
        change = down * reference.exp_iterate_slope(0, n_, solution)
        units.append(change + reference.unit(0, n_, solution))
    # An inverse of 0 is as good as one of half the smallest normal number.
    keep = [i for i, p in enumerate(points) if p[2] > 1e-30]
    truth.assert_accurate(
        got[keep], [want[i] for i in keep], dtype, [units[i] for i in keep], at=[x[keep], n[keep]]
    )


@by_dtype
@by_solution
def test_the_inverse_of_the_inverse_is_the_number(solution, dtype):
    points = [p for p in grid(dtype, solution) if p[2] is not None and 1e-3 < p[0] < 1e3]
    x, n = (np.array([p[i] for p in points], dtype) for i in (0, 1))
    back = truth.numpy(special.inverse(special.inverse(x, n, solution), n, solution))
    units = []
    for x_, n_, y, unit in points:
        slope = abs(slope_of_definition(y, n_, (1, 0), solution))
        units.append(definition(y, n_, solution)[1] + unit * slope + abs(x_))
    truth.assert_accurate(back, [p[0] for p in points], dtype, units, at=[x, n])


@functools.cache
def slope_of_definition(x, n, along, solution):
    """The derivative of the formula in x or in n, from differences of many digits."""

    def formula(x, n):
        return reference.exp_iterate(-reference.exp_iterate(x, -n, solution), n, solution)

    return mp.diff(formula, (mp.mpf(x), mp.mpf(n)), along)


@by_mode
@pytest.mark.parametrize("dtype", truth.DTYPES + truth.HALF)
@by_solution
def test_minus_x_and_one_over_x_at_the_ends_for_either_sign(solution, dtype, mode):
    x = np.array([-1e4, -3.0, -0.7, 0.3, 1.0, 2.5, 1e4]).astype(tf.as_dtype(dtype).as_numpy_dtype)
    np.testing.assert_array_equal(call(mode, INVERSE[solution], x, np.zeros_like(x)), -x)
    one_over = (1.0 / x.astype("float64")).astype(x.dtype)
    np.testing.assert_array_equal(call(mode, INVERSE[solution], x, np.ones_like(x)), one_over)


@by_mode
@by_dtype
@by_solution
def test_edges(solution, dtype, mode):
    inf, nan, big = np.inf, np.nan, float(np.finfo(dtype).max)
    cases = [
        # x, n, answer
        (0.0, 0.0, 0.0),
        (0.0, 1.0, inf),
        (inf, 0.0, -inf),
        (inf, 1.0, 0.0),
        (-inf, 1.0, 0.0),
        (inf, 0.5, nan),
        (big, 0.5, nan),
        (-1e-3, 0.5, nan),
        (-5.0, 0.9, nan),
        (-inf, 0.1, nan),
        (3.0, 0.5, nan),
        (nan, 0.0, nan),
        (nan, 0.5, nan),
        (nan, 1.0, nan),
        (0.5, nan, nan),
    ]
    x, n, want = np.array(cases, dtype).T
    np.testing.assert_array_equal(call(mode, INVERSE[solution], x, n), want)


@functools.cache
def slopes(solution):
    def function(x, n):
        with tf.GradientTape() as tape:
            tape.watch([x, n])
            y = special.inverse(x, n, solution)
        return y, *tape.gradient(y, [x, n])

    return function


@by_mode
@by_dtype
@by_solution
def test_slopes_are_those_of_the_definition(solution, dtype, mode):
    points = [p for p in grid(dtype, solution) if p[2] is not None and 1e-3 < p[0] < 1e3]
    x, n = (np.array([p[i] for p in points], dtype) for i in (0, 1))
    _, in_x, in_n = call(mode, slopes(solution), x, n)
    for got, along in ((in_x, (1, 0)), (in_n, (0, 1))):
        want = [slope_of_definition(p[0], p[1], along, solution) for p in points]
        # Two chained slopes, each with the conditioning of its level: a few hundred eps.
        want = np.array(want, "float64")
        np.testing.assert_allclose(got, want, rtol=1e3 * np.finfo(dtype).eps)


@by_solution
def test_slopes_at_the_ends(solution):
    x = np.array([-3.0, -0.5, 0.4, 2.0])
    _, in_x, in_n = slopes(solution)(tf.constant(x), tf.zeros(4, "float64"))
    np.testing.assert_array_equal(in_x, -np.ones(4))
    np.testing.assert_array_equal(in_n, np.zeros(4))  # no neighbour has an inverse
    _, in_x, in_n = slopes(solution)(tf.constant(x), tf.ones(4, "float64"))
    np.testing.assert_allclose(in_x, -1.0 / x**2, rtol=1e-15)
    np.testing.assert_array_equal(in_n[:2], 0.0)
    h = 1e-6
    y = [truth.numpy(special.inverse(x[2:], 1.0 - k * h, solution)) for k in range(3)]
    np.testing.assert_allclose(in_n[2:], (3 * y[0] - 4 * y[1] + y[2]) / (2 * h), rtol=1e-6)


@by_mode
@by_dtype
@by_solution
def test_gradients_are_finite_wherever_x_is(solution, dtype, mode):
    sizes = np.array([0.0, 1e-30, 1e-7, 0.3, 1.0, 1.2, 3.0, 1e4, 1e30])
    x, n = np.meshgrid(np.concatenate([-sizes, sizes]), [0.0, *BETWEEN, 1.0 - 2.0**-24, 1.0])
    y, *found = call(mode, slopes(solution), x.ravel().astype(dtype), n.ravel().astype(dtype))
    for slope in found:
        assert np.all(np.isfinite(slope))
        assert np.all(slope[np.isnan(y)] == 0.0)


@by_solution
def test_orders_and_numbers_broadcast(solution):
    y = special.inverse(np.array([[0.1], [0.7]]), np.array([0.0, 0.5, 1.0]), solution)
    assert y.shape == (2, 3)
    np.testing.assert_allclose(y[:, 0], [-0.1, -0.7])
    np.testing.assert_allclose(y[:, 2], [10.0, 1.0 / 0.7])
