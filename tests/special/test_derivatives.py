"""First and second derivatives of iterates, in every mode of TensorFlow."""

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

NAMES = ["y", "x", "n", "xx", "xn", "nn"]

# Second derivatives differentiate polynomials that were fitted to first ones: the error of
# a fit grows with the square of its degree, and float32 fits are the least exact.
EPS_ALLOWED_IN_SECOND = {"float32": 16, "float64": 8}

X = [-80, -30, -5, -2.1, -0.9, -0.51, -0.49, -0.3, -0.01, -1e-6, 1e-5, 0.02, 0.2, 0.45, 0.77]
X += [0.97, 1.3, 1.59, 1.61, 2, 2.7, 4, 6.5, 6.7, 10, 15, 50, 88, 89, 300, 1e4, 1e6, 1e10, 1e15]
N = [-3.2, -1.7, -1, -0.99, -0.8, -0.5, -0.3, -0.1, -0.01, 0, 0.001]
N += [0.1, 0.3, 0.5, 0.8, 0.99, 1, 1.1, 1.9]

by_solution = pytest.mark.parametrize("solution", truth.SOLUTIONS)
by_dtype = pytest.mark.parametrize("dtype", truth.DTYPES)
by_mode = pytest.mark.parametrize("mode", MODES)


@functools.cache
def truths(solution):
    """Arguments and derivatives, away from the edge, overflow and the breaks of the linear one."""
    points = []
    for x in np.array(X, "float32").tolist():
        level = truth.superlog(x, solution)
        for n in np.array(N, "float32").tolist():
            v = level + mp.mpf(n)
            broken = solution == "linear" and abs(v - mp.nint(v)) < 1e-3
            if -1 + 1e-4 < v < 4.3 and not broken:
                points.append((x, n, reference.derivatives(x, n, solution)))
    return points


@functools.cache
def derivatives(solution):
    def function(x, n):
        with tf.GradientTape(persistent=True) as outer:
            outer.watch([x, n])
            with tf.GradientTape() as inner:
                inner.watch([x, n])
                y = special.exp_iterate(x, n, solution)
            in_x, in_n = inner.gradient(y, [x, n])
        return y, in_x, in_n, *outer.gradient(in_x, [x, n]), outer.gradient(in_n, n)

    return function


@functools.cache
def gradients(solution):
    def function(x, n):
        with tf.GradientTape() as tape:
            tape.watch([x, n])
            y = special.exp_iterate(x, n, solution)
        return y, *tape.gradient(y, [x, n])

    return function


@pytest.mark.slow  # compiles derivatives of derivatives
@by_mode
@by_dtype
@by_solution
def test_first_and_second_derivatives_are_the_true_ones(solution, dtype, mode):
    points = truths(solution)
    assert len(points) > 400
    x, n = (np.array([p[i] for p in points], dtype) for i in (0, 1))
    found = call(mode, derivatives(solution), x, n)
    tiny, most = float(np.finfo(dtype).tiny / np.finfo(dtype).eps), float(np.finfo(dtype).max)
    for name, got in zip(NAMES, found, strict=True):
        assert not np.any(np.isnan(got)), name
        want, units = zip(*[p[2][name] for p in points], strict=True)
        # What leaves the normal numbers on the way loses its digits.
        keep = [i for i, u in enumerate(units) if tiny < u and abs(want[i]) < most / 4]
        allowed = EPS_ALLOWED_IN_SECOND[dtype] if len(name) == 2 else None
        truth.assert_accurate(
            got[keep],
            [want[i] for i in keep],
            dtype,
            [units[i] for i in keep],
            at=[x[keep], n[keep]],
            allowed=allowed,
        )


@by_dtype
@by_solution
def test_mixed_derivative_does_not_depend_on_the_order_of_differentiation(solution, dtype):
    points = truths(solution)
    x, n = (tf.constant([p[i] for p in points], dtype) for i in (0, 1))
    with tf.GradientTape() as outer:
        outer.watch(x)
        in_n = gradients(solution)(x, n)[2]
    got = outer.gradient(in_n, x)
    want, units = zip(*[p[2]["xn"] for p in points], strict=True)
    keep = [i for i, u in enumerate(units) if u > 1e-30 and abs(want[i]) < 1e37]
    truth.assert_accurate(
        truth.numpy(got)[keep],
        [want[i] for i in keep],
        dtype,
        [units[i] for i in keep],
        at=[truth.numpy(x)[keep], truth.numpy(n)[keep]],
        allowed=EPS_ALLOWED_IN_SECOND[dtype],
    )


@by_dtype
@by_solution
@pytest.mark.parametrize("name", ["superlog", "superexp"])
def test_second_derivative_of_the_pair(name, solution, dtype):
    s = reference.SOLUTIONS[solution]
    points = [-0.8, -0.41, -0.39, -0.1, 0.1, 0.5, 0.9, 1.5, 1.61, 1.99, 2.01, 2.6, 2.7]
    points += [3.3, 3.9] if name == "superexp" else [5.0, 6.7, 50.0, 89.0, 1e6]
    v = tf.constant(points, "float32")
    points, v = v.numpy().tolist(), tf.cast(v, dtype)
    with tf.GradientTape() as outer:
        outer.watch(v)
        with tf.GradientTape() as inner:
            inner.watch(v)
            y = getattr(special, name)(v, solution)
        slope = inner.gradient(y, v)
    got = outer.gradient(slope, v)
    want, units = [], []
    for p in points:
        u = p if name == "superexp" else truth.superlog(p, solution)
        one, two = s.superexp_slope(u), mp.diff(s.superexp_slope, u)
        three = mp.diff(s.superexp_slope, u, 2)
        want.append(two if name == "superexp" else -two / one**3)
        # A second derivative is known as well as the level, on which it depends.
        unit = one + abs(two) + abs(u) * (abs(three) + 3 * two**2 / one)
        units.append(unit if name == "superexp" else unit / one**3)
    allowed = EPS_ALLOWED_IN_SECOND[dtype]
    truth.assert_accurate(got, want, dtype, units, at=[v], allowed=allowed)


@pytest.mark.parametrize("mode", ["eager", "xla"])
@by_dtype
@by_solution
def test_gradients_are_finite_inside_the_domain_and_nothing_outside(solution, dtype, mode):
    info = np.finfo(dtype)
    with np.errstate(over="ignore"):
        sizes = np.geomspace(info.tiny, info.max, 300).astype(dtype)
    special_ones = [info.smallest_subnormal, 0.4, 0.5, 1, 1.6, 2, np.e, 6.6, 88.8, info.max]
    sizes = np.concatenate([sizes[np.isfinite(sizes)], np.array(special_ones, dtype)])
    orders = np.concatenate([np.linspace(-2, 2, 81), [1e-30, -1e-30]]).astype(dtype)
    x, n = np.meshgrid(np.concatenate([-sizes, [0], sizes]).astype(dtype), orders)
    y, *slopes = call(mode, gradients(solution), x.ravel(), n.ravel())
    outside = np.isnan(y)
    assert 0.2 < np.mean(outside) < 0.5
    for slope in slopes:
        assert np.all(np.isfinite(slope[~outside]))
        assert np.all((slope[outside] == 0) | np.isnan(slope[outside]))


@by_solution
def test_second_derivatives_are_finite_where_branches_meet(solution):
    # superlog(x) + n = 0 exactly, where the unused logarithm would be one of zero.
    x = tf.constant([0.0, -30.0, -80.0, 1.0, 1.0, np.e, 0.0, 88.75, 88.75], "float32")
    n = tf.constant([0.0, 1.0, 1.0, -1.0, 0.0, -1.0, 1.0, 0.0, 0.1], "float32")
    for found in derivatives(solution)(x, n)[1:]:
        assert np.all(np.isfinite(found[:3]))
        assert np.all(np.isfinite(found[4:]))


@by_solution
def test_gradients_broadcast_like_the_arguments(solution):
    x, n = np.linspace(0.3, 3, 5)[:, None], np.array([-0.3, 0.0, 0.6])
    x, n = tf.constant(x), tf.constant(n)
    y, in_x, in_n = gradients(solution)(x, n)
    full = gradients(solution)(*(tf.broadcast_to(t, [5, 3]) for t in (x, n)))
    assert y.shape == (5, 3)
    np.testing.assert_allclose(y, full[0], rtol=1e-15)
    np.testing.assert_allclose(in_x, tf.reduce_sum(full[1], 1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(in_n, tf.reduce_sum(full[2], 0), rtol=1e-14)


@by_mode
@by_solution
def test_scalars_and_empty_batches_have_gradients(solution, mode):
    y, in_x, in_n = call(mode, gradients(solution), np.float32(2.0), np.float32(0.5))
    assert y.shape == in_x.shape == in_n.shape == ()
    assert in_x > 0
    assert in_n > 0
    empty = np.zeros((0, 4), "float32")
    for found in call(mode, gradients(solution), empty, np.float32(0.5)):
        assert found.shape in ((0, 4), ())
        assert np.sum(found) == 0


@by_solution
def test_keras_variables_are_arguments(solution):
    x, n = keras.Variable([0.5, 2.0]), keras.Variable(0.3)
    with tf.GradientTape() as tape:
        y = special.exp_iterate(x, n, solution)
    found = tape.gradient(y, [x.value, n.value])
    want = gradients(solution)(tf.constant([0.5, 2.0]), tf.constant(0.3))
    for g, w in zip((y, *found), want, strict=True):
        np.testing.assert_array_equal(g, w)
