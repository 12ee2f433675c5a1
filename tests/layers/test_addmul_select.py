"""AddMulSelect at its ends: a Dense, a multiplication unit, and the four operations."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.layers import NMU, AddMulSelect
from keras_addmul.layers.constraints import Interval

SIGNED = np.random.default_rng(2).normal(size=(16, 4)).astype("float32")
EPS = np.finfo("float32").eps

WEIGHTS = {"add": (1.0, 1.0, 0.0), "sub": (1.0, -1.0, 0.0)}
WEIGHTS |= {"mul": (1.0, 1.0, 1.0), "div": (1.0, -1.0, 1.0)}
OPERATIONS = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}


def at_order(order, units=3, **kwargs):
    return AddMulSelect(units, order_initializer=keras.initializers.Constant(order), **kwargs)


def test_order_zero_is_a_dense_in_values_and_slopes():
    layer = at_order(0.0, use_bias=True, activation="tanh")
    dense = keras.layers.Dense(3, activation="tanh")
    x = tf.constant(SIGNED)
    layer(x), dense(x)
    layer.bias.assign([0.1, -0.2, 0.3])
    dense.set_weights([layer.kernel, layer.bias])
    np.testing.assert_array_equal(layer(x), dense(x))
    slopes = []
    for each in (layer, dense):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(tf.square(each(x)))
        slopes.append(tape.gradient(loss, [x, each.kernel.value, each.bias.value]))
    for ours, theirs in zip(*slopes, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=64 * EPS, atol=64 * EPS)


def test_order_one_and_weights_from_0_to_1_is_a_neural_multiplication_unit():
    kernel = keras.initializers.RandomUniform(0.0, 1.0, seed=0)
    layer, unit = at_order(1.0, kernel_initializer=kernel), NMU(3)
    layer(SIGNED), unit(SIGNED)
    unit.set_weights([layer.kernel])
    gates = np.asarray(layer.kernel) * SIGNED[..., None] + 1.0 - np.asarray(layer.kernel)
    np.testing.assert_allclose(layer(SIGNED), np.prod(gates, axis=1), rtol=16 * EPS, atol=EPS)
    np.testing.assert_allclose(layer(SIGNED), unit(SIGNED), rtol=16 * EPS, atol=EPS)


@pytest.mark.parametrize("operation", WEIGHTS)
def test_whole_weights_are_the_four_operations_of_numbers_of_either_sign(operation):
    a, b, order = WEIGHTS[operation]
    layer = AddMulSelect(1)
    layer.build((None, 2))
    layer.set_weights([np.array([[a], [b]]), np.array([order])])
    x = SIGNED[:, :2]
    expected = OPERATIONS[operation](x[:, 0], x[:, 1])
    np.testing.assert_allclose(layer(x)[:, 0], expected, rtol=2 * EPS)


def test_the_weights_stay_between_inverted_and_taken_and_the_order_between_sum_and_product():
    layer = AddMulSelect(2)
    assert layer.kernel_constraint.get_config() == Interval(-1.0, 1.0).get_config()
    assert layer.order_constraint.get_config() == Interval(0.0, 1.0).get_config()


def test_structured_starts_are_of_every_kind_before_one_comes_again():
    layer = AddMulSelect(1)
    layer.build((None, 2))
    starts = layer.structured_starts(16, seed=0)
    kinds = np.concatenate([starts["kernel"][..., 0] > 0, starts["order"] > 0.5], axis=1)
    for half in (kinds[:8], kinds[8:]):
        assert len(np.unique(half, axis=0)) == 8
    assert np.all(np.abs(starts["kernel"]) <= 1.0)
    assert np.all(np.abs(starts["kernel"]) >= 0.5)
    again = layer.structured_starts(16, seed=0)
    np.testing.assert_array_equal(starts["kernel"], again["kernel"])


def test_every_second_structured_start_of_many_inputs_leaves_most_of_them_out():
    layer = AddMulSelect(3)
    layer.build((None, 8))
    sizes = np.abs(layer.structured_starts(40, seed=0)["kernel"])
    assert np.all(sizes[::2] >= 0.5)
    taken = np.sum(sizes[1::2] >= 0.5, axis=1)
    assert set(taken.ravel()) == {1, 2, 3}
    assert np.all((sizes[1::2] >= 0.5) | (sizes[1::2] <= 0.05))


def test_structured_starts_leave_alone_what_has_its_own_initializer():
    layer = AddMulSelect(1, kernel_initializer="ones", order_initializer="zeros")
    layer.build((None, 2))
    assert layer.structured_starts(4, seed=0) == {}
