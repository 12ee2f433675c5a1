"""Pooling, sets and graphs: values are those of NumPy, and masks leave out what they cover."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import layers, special

HALF = keras.initializers.Constant(0.5)
ENDS = [("zeros", np.sum), ("ones", np.prod)]


def identity(order_initializer):
    return {"zeros": 0.0, "ones": 1.0}[order_initializer]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("order", "reduce"), ENDS)
def test_a_window_is_summed_and_multiplied_and_padding_changes_neither(order, reduce, padding, rng):
    x = rng.normal(size=(2, 5, 6, 3)).astype("float32")
    how = {"pool_size": (2, 3), "strides": (2, 1), "padding": padding}
    y = layers.AddMulPooling2D(**how, order_initializer=order)(x)
    around = ((0, 0), (0, 1), (1, 1), (0, 0)) if padding == "same" else ((0, 0),) * 4
    padded = np.pad(x, around, constant_values=identity(order))
    expected = keras.layers.MaxPooling2D(**how)(x).numpy()
    for i, j in itertools.product(*map(range, expected.shape[1:3])):
        expected[:, i, j] = reduce(padded[:, 2 * i : 2 * i + 2, j : j + 3], axis=(1, 2))
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)
    first = layers.AddMulPooling2D(**how, order_initializer=order, data_format="channels_first")
    turned = np.moveaxis(first(np.moveaxis(x, -1, 1)).numpy(), 1, -1)
    np.testing.assert_array_equal(turned, y)
    for sizes in ((5, 6), (None, None)):
        given = keras.Input((*sizes, 3))
        model = keras.Model(given, layers.AddMulPooling2D(**how, order_initializer=order)(given))
        assert model.output.shape[1:3] == (expected.shape[1:3] if sizes[0] else (None, None))
        np.testing.assert_array_equal(model(x), y)


def test_masked_steps_are_left_out_of_windows_and_windows_of_them_are_masked(rng):
    x = rng.uniform(0.5, 2.0, (2, 6, 3)).astype("float32")
    mask = np.arange(6) < np.array([[6], [3]])
    y = layers.AddMulPooling1D(order_initializer="ones")(x, mask=mask)
    expected = np.where(mask[..., None], x, 1.0).reshape(2, 3, 2, 3).prod(axis=2)
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    np.testing.assert_array_equal(y._keras_mask, [[True] * 3, [True, True, False]])
    half = layers.GlobalAddMulPooling1D(order_initializer=HALF)
    np.testing.assert_allclose(half(x, mask=mask)[1:], half(x[1:, :3]), rtol=1e-6)


def test_axes_of_a_set_reduce_as_numpy_does(rng):
    x = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    for axis, keepdims in itertools.product([1, 2, (1, 2), (-3, -1), -1], [False, True]):
        for order, reduce in ENDS:
            how = {"axis": axis, "keepdims": keepdims, "order_initializer": order}
            layer = layers.AddMulReduce(**how, shared=True)
            y = layer(x)
            expected = reduce(x, axis=axis, keepdims=keepdims)
            np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
            assert layer.compute_output_shape((None, 4, 5, 3)) == (None, *expected.shape[1:])
    assert layers.GlobalAddMulPooling2D(keepdims=True)(x).shape == (2, 1, 1, 3)


def test_ragged_sets_are_those_of_a_mask(rng):
    sets = [rng.normal(size=(size, 2)).astype("float32") for size in (1, 3, 0, 2)]
    ragged = tf.RaggedTensor.from_row_lengths(np.concatenate(sets), [1, 3, 0, 2])
    layer = layers.AddMulReduce(order_initializer=HALF)
    y = layer(ragged)
    dense = layer(ragged.to_tensor(), mask=tf.sequence_mask(ragged.row_lengths()))
    np.testing.assert_allclose(y, dense, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="reduces the ragged axis 1"):
        layers.AddMulReduce(axis=2, shared=True)(ragged)


def test_a_node_gets_what_its_neighbours_hold_and_no_padding(rng):
    nodes = rng.normal(size=(2, 3, 2)).astype("float32")
    edges = np.array([[[0, 2], [1, 2], [2, 0]], [[2, 1], [-1, -1], [0, 3]]])
    layer = layers.GraphAddMulAggregation(order_initializer=HALF)
    y = layer([nodes, edges])
    e = np.full(2, special.identity(np.float32(0.5)))
    np.testing.assert_allclose(
        y[0, 2], special.addmul(nodes[0, 0], nodes[0, 1], np.float32(0.5)), rtol=1e-5
    )
    np.testing.assert_allclose(np.asarray(y)[1, [0, 2]], [e, e], rtol=1e-6)
    np.testing.assert_allclose(layer([nodes[0], edges[0]]), y[0], rtol=1e-6)
    masked = layer([nodes, edges], mask=[np.array([[True, False, True]] * 2), None])
    np.testing.assert_allclose(masked[0, 2], layer([nodes, edges[:, :1]])[0, 2], rtol=1e-6)
    with pytest.raises(TypeError, match="takes edges as pairs of integers"):
        layer([nodes, nodes])


BAD = [
    (lambda: layers.AddMulPooling1D(0), "`pool_size` must be a positive integer, or a list of 1"),
    (lambda: layers.AddMulPooling2D(padding="full"), "`padding` must be one of 'valid', 'same'"),
    (lambda: layers.AddMulReduce(axis="time"), "`axis` must be an integer, or a list of them"),
    (lambda: layers.AddMulReduce(0)(np.ones((2, 3))), "`axis` must name axes of the input after"),
    (lambda: layers.AddMulReduce(1)(np.ones((2, 3))), "`axis` must leave out the last axis"),
    (lambda: layers.AddMulPooling1D(4)(np.ones((2, 3, 1))), "must hold a window of size"),
    (lambda: layers.GlobalAddMulPooling1D("last"), "`data_format` must be one of"),
    (lambda: layers.GraphAddMulAggregation()(np.ones((2, 3))), "takes a list of nodes"),
]


@pytest.mark.parametrize(("make", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def learned(layer, inputs, given, target):
    """The orders after a short training from the default start."""
    model = keras.Model(inputs, layer)
    model.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=True)
    model.fit(given, target, batch_size=128, epochs=15, verbose=0)
    return model.layers[-1].order.numpy()


def signed(rng, *shape):
    return rng.uniform(0.5, 1.5, shape).astype("float32") * rng.choice([-1, 1, 1], shape)


@pytest.mark.slow
def test_a_set_function_sums_one_feature_and_multiplies_the_other():
    rng = np.random.default_rng(0)
    x, kept = signed(rng, 2048, 5, 2), np.arange(5) < rng.integers(1, 6, (2048, 1))
    y = np.stack([(x[..., 0] * kept).sum(1), np.where(kept, x[..., 1], 1).prod(1)], axis=1)
    keras.utils.set_random_seed(0)
    sets, mask = keras.Input((5, 2)), keras.Input((5,), dtype="bool")
    found = learned(layers.AddMulReduce()(sets, mask=mask), [sets, mask], [x, kept], y)
    np.testing.assert_allclose(found, [0.0, 1.0], atol=1e-3)


@pytest.mark.slow
def test_pooling_adds_in_one_channel_and_multiplies_in_the_other():
    rng = np.random.default_rng(0)
    x = signed(rng, 2048, 8, 2)
    pairs = x.reshape(2048, 4, 2, 2)
    y = np.stack([pairs[..., 0].sum(2), pairs[..., 1].prod(2)], axis=-1)
    keras.utils.set_random_seed(0)
    steps = keras.Input((8, 2))
    found = learned(layers.AddMulPooling1D()(steps), steps, x, y)
    np.testing.assert_allclose(found, [0.0, 1.0], atol=1e-3)


@pytest.mark.slow
def test_the_aggregation_of_a_graph_is_found_for_each_feature():
    rng = np.random.default_rng(0)
    nodes, edges = signed(rng, 2048, 6, 2), rng.integers(0, 6, (2048, 8, 2))
    y = np.zeros((2048, 6, 2), "float32")
    y[..., 1] = 1.0
    rows = np.arange(2048)
    for source, target in edges.transpose(1, 2, 0):
        y[rows, target, 0] += nodes[rows, source, 0]
        y[rows, target, 1] *= nodes[rows, source, 1]
    keras.utils.set_random_seed(0)
    given = [keras.Input((6, 2)), keras.Input((8, 2), dtype="int32")]
    found = learned(layers.GraphAddMulAggregation()(given), given, [nodes, edges], y)
    np.testing.assert_allclose(found, [0.0, 1.0], atol=1e-3)
