"""AddMulDense at its ends, and its three ways of computing one thing."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.layers import AddMulDense
from keras_addmul.layers.regularizers import OrdersToEnds, WeightsToSigns
from keras_addmul.special.solutions import get_solution
from keras_addmul.special.weighted_sums import exact_sums, interpolated_sums, nodes_of
from tests.special.modes import call

SIGNED = np.random.default_rng(1).normal(size=(16, 5)).astype("float32")
POSITIVE = np.abs(SIGNED) + 0.2


def at_order(order, units=3, **kwargs):
    kwargs.setdefault("kernel_initializer", keras.initializers.RandomUniform(-1, 1, seed=0))
    initializer = keras.initializers.Constant(order)
    return AddMulDense(units, order_initializer=initializer, **kwargs)


@pytest.mark.parametrize("kwargs", [{}, {"groups": 3}, {"coupling": "free"}, {"units": 20}])
def test_order_zero_is_a_dense(kwargs):
    layer = at_order(0.0, **kwargs)
    y = layer(SIGNED)
    dense = keras.layers.Dense(layer.units)
    dense(SIGNED)
    dense.set_weights([layer.kernel, layer.bias])
    np.testing.assert_allclose(y, dense(SIGNED), rtol=1e-6, atol=1e-6)


def test_the_gradients_at_order_zero_are_those_of_a_dense_at_zeros_too():
    x = tf.constant(np.where(SIGNED > 0, SIGNED, 0.0).astype("float32"))
    layer = at_order(0.0)
    dense = keras.layers.Dense(3)
    layer(x), dense(x)
    dense.set_weights([layer.kernel, layer.bias])
    slopes = []
    for each in (layer, dense):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(tf.square(each(x)))
        slopes.append(tape.gradient(loss, [x, each.kernel.value, each.bias.value]))
    for ours, theirs in zip(*slopes, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_order_one_is_a_layer_of_product_units():
    layer = at_order(1.0)
    y = layer(POSITIVE)
    expected = np.prod(POSITIVE[:, :, None] ** np.asarray(layer.kernel)[None], axis=1)
    np.testing.assert_allclose(y, expected, rtol=1e-5)


@pytest.mark.parametrize("kwargs", [{}, {"coupling": "free"}, {"path": "mixture"}])
def test_order_one_multiplies_signs_where_the_parity_says_so(kwargs):
    exponents = np.array([[1.0, 2.0], [1.0, -1.0], [0.0, 3.0], [2.0, 0.0], [1.0, 1.0]], "float32")
    layer = at_order(1.0, units=2, use_bias=False, **kwargs)
    layer.build((None, 5))
    layer.kernel.assign(exponents)
    if layer.coupling == "free":
        layer.order_in.assign(-np.ones(5, "float32"))
    sizes = np.abs(SIGNED)[:, :, None] ** exponents
    for parity in (exponents % 2, np.zeros_like(exponents), 1.0 - exponents % 2):
        layer.parity.assign(parity)
        signs = np.where((SIGNED < 0)[:, :, None] & (parity > 0), -1.0, 1.0)
        np.testing.assert_allclose(layer(SIGNED), np.prod(sizes * signs, axis=1), rtol=2e-5)


@pytest.mark.parametrize("coupling", ["tied", "free"])
def test_weights_saved_before_there_was_a_parity_get_that_of_their_exponents(coupling):
    kernel = np.array([[2.0, -0.9], [1.2, 3.0], [0.4, 0.0]], "float32")
    model = keras.Sequential([keras.Input((3,)), AddMulDense(2, coupling=coupling)])
    layer = model.layers[0]
    layer.kernel.assign(kernel)
    stored = {str(place): np.asarray(weight) for place, weight in enumerate(layer.weights)}
    assert layer.weights[-1] is layer.parity
    del stored[str(len(stored) - 1)]
    config = layer.get_config()
    for key in [key for key in config if key.startswith(("parity", "path"))]:
        del config[key]
    old = AddMulDense.from_config({**config, "solution": "linear"})
    old.build((None, 3))
    old.load_own_variables(stored)
    assert old.path_name == "linear"
    np.testing.assert_array_equal(old.parity, [[0, 1], [1, 1], [0, 0]])
    for weight, value in zip(old.weights[:-1], layer.weights[:-1], strict=True):
        np.testing.assert_array_equal(weight, value)


def test_groups_share_an_order_and_are_exact():
    layer = AddMulDense(6, groups=2, order_initializer=keras.initializers.RandomUniform(0, 1))
    y = layer(SIGNED)
    each = AddMulDense(6)
    each.build((None, 5))
    each.set_weights([layer.kernel, layer.bias, np.repeat(layer.order, 3), layer.parity])
    assert layer.order.shape == (2,)
    np.testing.assert_allclose(y, each(SIGNED), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("path", "reach", "tolerance"),
    [
        ("kneser", 1, 2e-6),  # float32 rounds by more than the 3e-7 of the approximation
        ("kneser", 2, 1.5e-4),
        ("kneser", 3, 3e-3),
        ("linear", 1, 8e-4),
        ("linear", 2, 1.4e-3),
        ("linear", 3, 3.1e-3),
    ],
)
def test_interpolated_iterates_are_as_near_as_the_docstring_says(path, reach, tolerance, rng):
    x = tf.constant(10.0 ** rng.uniform(-reach, reach, (400, 1)), "float32")
    n = tf.constant(rng.uniform(0, 1, 40), "float32")
    one, pieces = tf.ones((1, 40)), get_solution(path)("float32")
    exact = exact_sums(x, one, n, pieces).numpy()
    near = interpolated_sums(x, one, n, 16, pieces).numpy()
    error = np.abs(near - exact) / np.maximum(1.0, np.abs(exact))
    assert np.max(error) < tolerance


def test_units_of_many_orders_are_exact_at_the_ends(rng):
    n = np.linspace(0, 1, 20).astype("float32")
    kernel = rng.normal(size=(5, 20)).astype("float32")
    exact = special.addmul_matmul(SIGNED, kernel, n, nodes=None, epsilon=1e-7)
    near = special.addmul_matmul(SIGNED, kernel, n, epsilon=1e-7)
    np.testing.assert_allclose(near[:, 0], SIGNED @ kernel[:, 0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(near[:, -1], exact[:, -1], rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "mode", "tolerance"),
    [("float64", "eager", 1e-5), ("float32", "eager", 5e-4), ("float32", "xla", 5e-4)],
)
def test_interpolation_has_the_true_slope_in_every_order(dtype, mode, tolerance, rng):
    ends = [0.0, 1e-6, 0.999, 1.0 - 2.0**-20, 1.0 - 2.0**-24, 1.0]
    n = np.concatenate([ends, nodes_of(16)[0], np.linspace(0.0, 1.0, 8)])
    x, kernel = SIGNED + np.sign(SIGNED) * 0.2, rng.uniform(0.2, 0.8, (5, n.size))
    x, kernel, n = (tf.constant(a, dtype) for a in (x, kernel, n))
    _, near = call(mode, sums_and_slopes(16), x, kernel, n)
    _, exact = call(mode, sums_and_slopes(None), x, kernel, n)
    np.testing.assert_allclose(near, exact, rtol=0, atol=tolerance * np.max(np.abs(exact)))


@functools.cache
def sums_and_slopes(nodes):
    def function(x, kernel, n):
        kernel, n = tf.ensure_shape(kernel, (5, 30)), tf.ensure_shape(n, (30,))
        with tf.GradientTape() as tape:
            tape.watch(n)
            given = tf.abs(x), kernel, n
            pieces = get_solution("kneser")(x.dtype.name)
            if nodes is None:
                y = exact_sums(*given, pieces, 1e-7)
            else:
                y = interpolated_sums(*given, nodes, pieces, 1e-7)
        return y, tape.gradient(y, n)

    return function


def test_default_constraint_keeps_orders_where_they_mean_something():
    tied, free = AddMulDense(2), AddMulDense(2, coupling="free")
    wild = np.array([-3.0, 3.0], "float32")
    np.testing.assert_array_equal(tied.order_constraint(wild), [0.0, 1.0])
    np.testing.assert_array_equal(free.order_constraint(wild), [-1.0, 1.0])
    assert AddMulDense(2, order_constraint=None).order_constraint is None


def test_regularizers_are_serialised_and_counted(tmp_path):
    layer = AddMulDense(
        2, kernel_regularizer=WeightsToSigns(0.1), order_regularizer=OrdersToEnds(0.2)
    )
    model = keras.Sequential([keras.Input((5,)), layer])
    assert len(model.losses) == 2
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.layers[0].kernel_regularizer.strength == 0.1
    assert again.layers[0].order_regularizer.strength == 0.2
    np.testing.assert_allclose(sum(again.losses), sum(model.losses), rtol=1e-6)


def test_regularizers_vanish_at_their_targets_and_pull_towards_them():
    assert float(WeightsToSigns(1.0)(np.array([-1.0, 0.0, 1.0], "float32"))) == 0
    x = tf.constant([0.1, 0.9, -0.9, 1.2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = WeightsToSigns(1.0)(x)
    np.testing.assert_array_equal(np.sign(tape.gradient(y, x)), [1, -1, 1, 1])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_orders_to_ends_pulls_full_at_the_ends_and_not_at_all_half_way(dtype):
    """n (1 - n) of the magnitude: vanishes at the ends, and its slope leads to the nearer one."""
    n = tf.constant([0.0, 0.25, 0.5, 0.75, 1.0, 1.5, -0.25, -0.5, -0.75, -1.0, -1.5], dtype)
    values = [0.0, 0.1875, 0.25, 0.1875, 0.0, 0.75, 0.1875, 0.25, 0.1875, 0.0, 0.75]
    slopes = [1.0, 0.5, 0.0, -0.5, -1.0, 2.0, -0.5, 0.0, 0.5, 1.0, -2.0]
    old = {"class_name": "keras_addmul>OrdersToEnds", "config": {"strength": 0.5}}
    for value, slope, order in zip(values, slopes, n, strict=True):
        penalty = keras.regularizers.get(old)
        with tf.GradientTape() as tape:
            tape.watch(order)
            y = penalty(order[None])
        assert y.dtype == order.dtype
        assert float(y) == 0.5 * value
        assert float(tape.gradient(y, order)) == 0.5 * slope
    assert float(OrdersToEnds(2.0)(n[1:3])) == 2.0 * (0.1875 + 0.25) / 2


def test_an_order_that_its_constraint_holds_at_an_end_stays_there():
    """The penalty outweighs a weaker pull of the loss, also at the end itself."""
    for end, pull in ((0.0, -0.5), (1.0, 0.5)):
        layer = AddMulDense(
            1, order_initializer=keras.initializers.Constant(end), order_regularizer=OrdersToEnds(1)
        )
        layer.build((None, 2))
        optimizer = keras.optimizers.Adam(0.01)
        optimizer.build([layer.order])
        for _ in range(3):
            with tf.GradientTape() as tape:
                loss = sum(layer.losses) + pull * layer.order[0]
            optimizer.apply(tape.gradient(loss, [layer.order.value]), [layer.order])
            assert float(layer.order[0]) == end


def test_loss_scaling_sees_the_gradients_as_they_are():
    x = tf.constant([[1.0, 2.0]])
    gradients = {}
    for policy, scale in (("float32", 1.0), ("mixed_float16", 2.0**12)):
        layer = AddMulDense(1, order_initializer="zeros", kernel_initializer="ones", dtype=policy)
        layer.build((None, 2))
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.cast(layer(x), "float32")) * scale
        gradients[policy] = tape.gradient(loss, layer.kernel.value) / scale
    np.testing.assert_allclose(gradients["mixed_float16"], gradients["float32"], rtol=2e-3)
