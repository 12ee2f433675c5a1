"""Convolutions by a learned operation: those of Keras at order 0, products at order 1."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import layers, special

HOW = {
    "plain": {},
    "same": {"padding": "same"},
    "strided": {"padding": "same", "strides": 2},
    "dilated": {"padding": "same", "dilation_rate": 2},
    "grouped": {"groups": 2},
    "channels first": {"data_format": "channels_first", "padding": "same"},
}


def of_rank(rank, rng, batch=2):
    return rng.normal(size=(batch, *(5, 4, 3)[:rank], 4)).astype("float32")


@pytest.mark.parametrize(("rank", "how"), list(itertools.product((1, 2, 3), HOW)))
def test_order_0_is_the_convolution_of_keras(rank, how, rng):
    if (rank, how) in ((1, "grouped"), (3, "grouped"), (3, "channels first")):
        how = "same"  # Keras itself compiles these anew at each call
    x = of_rank(rank, rng)
    ours = getattr(layers, f"AddMulConv{rank}D")(8, 2, order_initializer="zeros", **HOW[how])
    theirs = getattr(keras.layers, f"Conv{rank}D")(8, 2, **HOW[how])
    x = np.moveaxis(x, -1, 1) if how == "channels first" else x
    expected, got = theirs(x), ours(x)
    assert ours.compute_output_shape(x.shape) == expected.shape
    ours.kernel.assign(theirs.kernel)
    np.testing.assert_allclose(ours(x), expected, rtol=1e-4, atol=1e-5)
    assert got.shape == expected.shape


def test_depthwise_and_causal_ones_too(rng):
    x = of_rank(2, rng)
    ours = layers.DepthwiseAddMulConv2D(2, depth_multiplier=2, order_initializer="zeros")
    theirs = keras.layers.DepthwiseConv2D(2, depth_multiplier=2)
    expected, _ = theirs(x), ours(x)
    ours.kernel.assign(np.reshape(theirs.kernel, ours.kernel.shape))
    np.testing.assert_allclose(ours(x), expected, rtol=1e-4, atol=1e-5)
    x = of_rank(1, rng)
    ours = layers.AddMulConv1D(3, 2, padding="causal", dilation_rate=2, order_initializer="zeros")
    theirs = keras.layers.Conv1D(3, 2, padding="causal", dilation_rate=2)
    expected, _ = theirs(x), ours(x)
    ours.kernel.assign(theirs.kernel)
    np.testing.assert_allclose(ours(x), expected, rtol=1e-4, atol=1e-5)


FORMS = [
    {"nodes": None},
    {"nodes": 4},
    {"nodes": 4, "groups": 2},
    {"nodes": 16},
    {"path": "linear"},
    {"path": "mixture"},
    {"shared": True},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_each_window_is_what_a_dense_layer_makes_of_it(form, rng):
    """Of either sign, between the ends and at them; at the border, of what is inside."""
    x, size, filters = of_rank(2, rng), (2, 3), 24
    layer = layers.AddMulConv2D(filters, size, padding="same", use_bias=False, **form)
    layer.build(x.shape)
    layer.order.assign(0.4 if form.get("shared") else np.linspace(0.0, 1.0, filters))
    layer.parity.assign(rng.uniform(0.0, 1.0, layer.parity.shape))
    got = layer(x).numpy()
    padded = np.pad(x, ((0, 0), (0, 1), (1, 1), (0, 0)))
    inside = np.pad(np.ones_like(x[0, ..., 0], bool), ((0, 1), (1, 1)))
    how = {"path": form.get("path", "kneser"), "nodes": form.get("nodes", 6), "epsilon": 1e-7}
    groups = form.get("groups", 1)
    seen, each = 4 // groups, filters // groups
    for i, j, g in itertools.product(range(5), range(4), range(groups)):
        here = np.s_[i : i + 2, j : j + 3]
        of_group = np.s_[..., g * each : (g + 1) * each]
        rows = padded[:, *here, g * seen : (g + 1) * seen][:, inside[here]].reshape(2, -1)
        kernel, parity = (
            np.asarray(w)[of_group][inside[here]].reshape(-1, each)
            for w in (layer.kernel, layer.parity)
        )
        order = np.asarray(layer.order)
        order = order if order.ndim == 0 else order[of_group]
        # Fewer filters of a group are approximated as all filters are.
        expected = special.addmul_matmul(rows, kernel, order, parity, **how)
        np.testing.assert_allclose(got[:, i, j][of_group], expected, rtol=2e-4, atol=2e-4)


def test_a_mask_leaves_steps_out_and_windows_of_them(rng):
    x = of_rank(1, rng)
    mask = np.arange(5) < np.array([[5], [2]])
    layer = layers.AddMulConv1D(9, 2, order_initializer="random_uniform", padding="same")
    layer.build(x.shape)
    layer.order.assign(np.linspace(0.0, 1.0, 9))
    y = layer(x, mask=mask)
    np.testing.assert_allclose(y[1, :2], layer(x[1:, :2])[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(y._keras_mask, mask)


BAD = [
    ({"kernel_size": 0}, "`kernel_size` must be a positive integer, or a list of 2"),
    ({"filters": 1.5}, "`filters` must be a positive integer"),
    ({"padding": "causal"}, "`padding` must be one of 'valid', 'same'"),
    ({"strides": 2, "dilation_rate": 2}, "`strides` and `dilation_rate` must not both be above 1"),
    ({"groups": 2}, "`groups` must divide the 3 filters"),
    ({"nodes": 1}, "`nodes` must be at least 2"),
    ({"path": "straight"}, "`path` must be one of"),
    ({"kernel_size": 9}, "must hold a window of size"),
    ({"filters": 6, "groups": 3}, "channels that its 3 groups divide"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_arguments_are_named(change, message, rng):
    with pytest.raises(ValueError, match=message):
        layers.AddMulConv2D(**{"filters": 3, "kernel_size": 2, **change})(of_rank(2, rng))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["AddMulConv1D", "DepthwiseAddMulConv2D"])
def test_neighbours_are_multiplied(name):
    """A filter for the sum of a step and the next, and one for their product."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = (rng.uniform(0.5, 1.5, (2048, 8)) * rng.choice([-1, 1, 1], (2048, 8))).astype("float32")
    now, later = x[:, :-1], x[:, 1:]
    if name == "AddMulConv1D":
        shape, layer = (8, 1), layers.AddMulConv1D(2, 2)
    else:
        shape, layer = (1, 8, 1), layers.DepthwiseAddMulConv2D((1, 2), depth_multiplier=2)
    # Which of the two filters multiplies, the target says.
    y = np.stack([now + later, now * later], axis=-1)
    y = y.reshape(2048, *shape[:-2], 7, 2)
    model = keras.Sequential([keras.Input(shape), layer])
    model.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=True)
    model.fit(x.reshape(-1, *shape), y, batch_size=128, epochs=25, verbose=0)
    np.testing.assert_allclose(layer.order, [0.0, 1.0], atol=1e-3)
    np.testing.assert_allclose(layer.kernel, np.ones_like(layer.kernel), atol=1e-2)
    np.testing.assert_allclose(layer.parity[..., 1], np.ones_like(layer.parity[..., 1]), atol=1e-2)


@pytest.mark.parametrize("kind", ["normal", "positive"])
def test_a_stack_keeps_the_size_of_its_inputs(kind):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 8, 8, 16)) if kind == "normal" else rng.uniform(0.5, 2.0, (8, 8, 8, 16))
    ours = theirs = tf.constant(x.astype("float32"))
    for _ in range(6):
        ours = layers.AddMulConv2D(16, 3, padding="same")(ours)
        theirs = keras.layers.Conv2D(16, 3, padding="same")(theirs)
        ratio = float(tf.norm(ours) / tf.norm(theirs))
        assert 1 / 3 < ratio < 3, ratio
