"""Jacobians, vectorised maps and forward mode agree with reverse mode.

TensorFlow's forward mode, started inside a `tf.function`, looks inside custom gradients and
differentiates what it finds there. That is right wherever the iterate takes its usual way: for
every x, and for n outside {-1, 0, 1}. It cannot pass through a `cond` twice there, nor in XLA
with an unknown shape.
"""

import functools

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from tests.special import truth
from tests.special.modes import MODES, call
from tests.special.test_derivatives import derivatives, gradients

# On and off the middle stretch, so that both branches of the superlog are taken.
X = np.array([-3.0, -0.3, 0.2, 0.9, 1.5, 7.0, 100.0], "float32")
N = np.array([1.4, 0.3, -0.2, 0.7, 0.5, -0.4, -1.3], "float32")

pytestmark = pytest.mark.parametrize("solution", truth.SOLUTIONS)
by_mode = pytest.mark.parametrize("mode", MODES)
by_extreme = pytest.mark.parametrize("mode", ["eager", "xla"])  # XLA is a graph, too


def assert_same(got, want):
    # Other instructions in another order, with conditionings up to ten. The linear
    # solution's second derivatives vanish here and there, up to roundings of terms near 1.
    eps = np.finfo("float32").eps
    np.testing.assert_allclose(got, want, rtol=200 * eps, atol=8 * eps)


@functools.cache
def jacobians(solution):
    def function(x, n):
        with tf.GradientTape() as tape:
            tape.watch([x, n])
            y = special.exp_iterate(x, n, solution)
        return tape.jacobian(y, [x, n])

    return function


@by_mode
def test_jacobians_are_diagonal_and_hold_the_gradients(solution, mode):
    _, *want = call("eager", gradients(solution), X, N)
    for got, slope in zip(call(mode, jacobians(solution), X, N), want, strict=True):
        np.testing.assert_array_equal(got - np.diag(np.diag(got)), 0)
        assert_same(np.diag(got), slope)


@functools.cache
def hessian(solution):
    def function(x, n):
        with tf.GradientTape() as outer:
            outer.watch(x)
            slope = gradients(solution)(x, n)[1]
        return outer.jacobian(slope, x)

    return function


@pytest.mark.slow  # compiles derivatives of derivatives
@by_extreme
def test_jacobian_of_the_gradient_holds_the_second_derivatives(solution, mode):
    want = call("eager", derivatives(solution), X, N)[3]
    assert_same(np.diag(call(mode, hessian(solution), X, N)), want)


@functools.cache
def mapped(solution):
    def function(x, n):
        value = lambda pair: special.exp_iterate(*pair, solution)
        slopes = lambda pair: gradients(solution)(*pair)[1:]
        return tf.vectorized_map(value, (x, n)), *tf.vectorized_map(slopes, (x, n))

    return function


@by_mode
def test_vectorized_map_gives_values_and_gradients_row_by_row(solution, mode):
    want = call("eager", gradients(solution), X, N)
    for got, w in zip(call(mode, mapped(solution), X, N), want, strict=True):
        assert_same(got, w)


# Tangents of x and n: one sweep of forward mode sees both gradients.
ALONG = np.stack([np.cos(np.arange(7)), np.sin(1 + np.arange(7))]).astype("float32")


@functools.cache
def forward(solution):
    def function(x, n, along_x, along_n):
        with tf.autodiff.ForwardAccumulator([x, n], [along_x, along_n]) as tangent:
            y = special.exp_iterate(x, n, solution)
        return tangent.jvp(y)

    return function


@pytest.mark.slow  # TensorFlow traces a function for each operation
@by_extreme
def test_forward_mode_gives_the_gradients(solution, mode):
    _, in_x, in_n = call("eager", gradients(solution), X, N)
    arguments = [tf.constant(a) for a in (X, N, *ALONG)]
    if mode == "xla":  # needs to know the shape
        got = tf.function(forward(solution), jit_compile=True)(*arguments)
    else:
        got = call(mode, forward(solution), *arguments)
    assert_same(got, in_x * ALONG[0] + in_n * ALONG[1])


@pytest.mark.parametrize("order", [-1.0, 0.0, 1.0])
def test_forward_mode_gives_the_gradients_at_the_exact_orders(solution, order):
    x = tf.constant(X[2:6])
    n = tf.fill(x.shape, tf.constant(order, x.dtype))
    _, in_x, in_n = gradients(solution)(x, n)
    for along in ((1.0, 0.0), (0.0, 1.0)):
        along_x, along_n = (tf.fill(x.shape, tf.constant(a)) for a in along)
        got = forward(solution)(x, n, along_x, along_n)
        assert_same(got, along_x * in_x + along_n * in_n)


def test_forward_over_reverse_gives_the_second_derivatives(solution):
    x, n = tf.constant(X), tf.constant(N)
    want = derivatives(solution)(x, n)
    for variable, found in ((x, want[3]), (n, want[4])):
        with tf.autodiff.ForwardAccumulator(variable, tf.ones_like(variable)) as tangent:
            slope = gradients(solution)(x, n)[1]
        assert_same(tangent.jvp(slope), found)
