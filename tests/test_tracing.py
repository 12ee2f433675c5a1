"""Functions that are traced once: how many nodes they leave, and that they work everywhere."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_addmul.layers import AddMulDense
from keras_addmul.special.shared import elementwise
from keras_addmul.tracing import broadcast_shape, traced
from tests.special.modes import MODES, call


@traced
def power(x, n, *, factor):
    for _ in range(20):  # many nodes
        x = x * 1.0
    return factor * ops.exp(n * ops.log(x))


@traced(shape=lambda x, kernel: [(*x.shape[:-1], kernel.shape[1]), tuple(x.shape)])
def product(x, kernel):
    return ops.matmul(x, kernel), -x


def _slopes(x, n, y, upstream):
    return upstream * n * y / x, upstream * y * ops.log(x)


smooth = elementwise(lambda x, n: ops.exp(n * ops.log(x)), _slopes)


def plain(x, n):
    return tf.exp(n * tf.math.log(x))


def nodes(function, *specs):
    """How many nodes the graph of a function has, with the bodies of what it calls."""
    graph = tf.function(function, input_signature=specs).get_concrete_function().graph
    graph = graph.as_graph_def()
    return len(graph.node) + sum(len(body.node_def) for body in graph.library.function)


def slopes(function):
    """First and second derivatives."""

    def found(x, n):
        with tf.GradientTape(persistent=True) as outer:
            outer.watch([x, n])
            with tf.GradientTape() as tape:
                tape.watch([x, n])
                y = function(x, n)
            first = tape.gradient(y, [x, n])
        return y, *first, *outer.gradient(first[0], [x, n]), *outer.gradient(first[1], [x, n])

    return found


FIRST, SECOND = slopes(plain), slopes(smooth)
X = np.random.default_rng(0).uniform(0.5, 2.0, (4, 3)).astype("float32")
ORDERS = {
    "scalar": np.float32(0.5),
    "row": np.array([0.1, 0.5, -0.7], "float32"),
    "column": np.array([[0.1], [0.5], [-0.7], [1.0]], "float32"),
    "full": X[::-1].copy(),
    "of higher rank": np.array([[[0.5]], [[2.0]]], "float32"),
}


@pytest.mark.parametrize("function", [lambda x, n: power(x, n, factor=1.0), smooth])
def test_another_use_costs_a_few_nodes(function):
    def stack(depth):
        def deep(x, n):
            for _ in range(depth):
                x = function(x, n)
            return x

        return deep

    specs = tf.TensorSpec((None, 3)), tf.TensorSpec((3,))
    one, five = (nodes(stack(depth), *specs) for depth in (1, 5))
    assert five - one <= 4 * 3


def test_what_it_was_traced_with_and_without_a_value_differ():
    def both(x, n):
        return power(x, n, factor=1.0), power(x, n, factor=2.0)

    one, two = tf.function(both)(tf.constant(X), tf.constant(0.5))
    np.testing.assert_allclose(2.0 * one, two)


def test_the_static_shape_is_kept():
    def shapes(x, kernel):
        y, turned = product(x, kernel)
        assert tuple(y.shape) == (None, 2)
        assert tuple(turned.shape) == (None, 3)
        z = power(x[:, None, :], ops.ones((5, 1)), factor=1.0)
        assert tuple(z.shape) == (None, 5, 3)
        return y, turned, z

    kernel = np.ones((3, 2), "float32")
    specs = [tf.TensorSpec((None, 3)), tf.TensorSpec((3, 2))]
    y, turned, _ = tf.function(shapes, input_signature=specs)(X, kernel)
    np.testing.assert_allclose(y, X @ kernel, rtol=1e-6)
    np.testing.assert_array_equal(turned, -X)


@pytest.mark.parametrize(
    ("shapes", "want"),
    [
        ([(2, 3), (3,)], (2, 3)),
        ([(None, 3), (1, 1)], (None, 3)),
        ([(None, 1), (5, 1, None)], (5, None, None)),
        ([(None, 4), (7, 4)], (7, 4)),
        ([(), (1,)], (1,)),
    ],
)
def test_broadcast_shape(shapes, want):
    assert broadcast_shape(*(keras.KerasTensor(shape) for shape in shapes)) == want


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", ORDERS)
def test_first_and_second_derivatives_have_the_shape_of_their_argument(order, mode):
    n = ORDERS[order]
    got, want = (call(mode, function, X, n) for function in (SECOND, FIRST))
    for g, w in zip(got, want, strict=True):
        assert g.shape == w.shape
        np.testing.assert_allclose(g, w, rtol=3e-5, atol=1e-6)


@pytest.mark.parametrize("rows", [1, 4])
def test_a_size_that_is_known_only_at_run_time_may_be_one(rows):
    specs = [tf.TensorSpec((None, 3)), tf.TensorSpec((None, 3))]
    arguments = X[:rows], ORDERS["full"]
    got, want = (tf.function(f, input_signature=specs)(*arguments) for f in (SECOND, FIRST))
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, w, rtol=3e-5, atol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_vectorized_map(jit):
    def mapped(function):
        return tf.function(
            lambda x: tf.vectorized_map(lambda row: function(row, tf.constant(ORDERS["row"])), x),
            jit_compile=jit,
        )

    for g, w in zip(mapped(SECOND)(X), mapped(FIRST)(X), strict=True):
        np.testing.assert_allclose(g, w, rtol=3e-5, atol=1e-6)


def test_derivatives_of_a_function_that_was_traced_around_it():
    """Second derivatives taken outside of a traced function that uses an elementwise one."""

    @traced
    def around(x, n):
        return 2.0 * smooth(x, n)

    arguments = tf.constant(X), tf.constant(ORDERS["row"])
    got, want = tf.function(slopes(around))(*arguments), FIRST(*arguments)
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g, 2.0 * w, rtol=3e-5, atol=1e-6)


@pytest.mark.parametrize("form", [{}, {"path": "mixture"}, {"coupling": "free"}])
def test_layers_of_a_stack_share_what_they_compute(form):
    def of(depth):
        layers = [AddMulDense(32, **form) for _ in range(depth)]
        model = keras.Sequential([keras.Input((10,)), *layers])
        return nodes(lambda x: model(x), tf.TensorSpec((None, 10)))

    one, three = of(1), of(3)
    assert one < 1100
    assert three - one < 200  # a body of its own would be hundreds for each
