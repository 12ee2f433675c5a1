"""The rectified power unit, the bank of such units, and the table of polynomials."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.activations.rectified_power import repu
from keras_addmul.layers import PiecewisePolynomial, RePU, RePUBank

X = np.array([-3.0, -1e-3, 0.0, 1e-4, 0.5, 2.0, 9.0], "float32")


def value_and_slope(f, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return y.numpy(), tape.gradient(y, x).numpy()


@pytest.mark.parametrize("s", [1, 2, 3, 5, 0.5, 1.0, 2.5])
def test_value_and_slope_are_those_of_the_definition(s):
    y, slope = value_and_slope(lambda x: repu(x, s), X)
    z = np.maximum(X.astype(float), 0)
    np.testing.assert_allclose(y, z**s, rtol=2e-6)
    expected = np.where(X > 0, s * np.where(z > 0, z, 1) ** (s - 1), 0.0)
    np.testing.assert_allclose(slope, expected, rtol=2e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("s", [0.25, 1, 2, 3.0])
def test_nothing_is_lost_or_infinite_near_zero(dtype, s):
    small = [0.0, -0.0, 1e-300, 1e-40, 1e-37, 7e-5, -7e-5]
    x = tf.cast(tf.constant(small, tf.float64), dtype)
    y, slope = value_and_slope(lambda x: repu(x, s), x)
    assert y.dtype == x.dtype.as_numpy_dtype
    assert np.all(np.isfinite(y.astype(float)))
    assert np.all(np.isfinite(slope.astype(float)))
    assert y[0] == y[1] == slope[0] == slope[1] == 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_real_power_takes_every_normal_number_and_no_smaller_one(dtype):
    smallest = np.finfo(dtype).smallest_normal
    x = np.array([smallest * 1.01, smallest / 2], dtype)
    taken = keras.ops.convert_to_numpy(repu(x, np.array(1.0, dtype)))
    np.testing.assert_allclose(taken, [x[0], 0.0], rtol=200 * np.finfo(dtype).eps)


def test_learned_order_has_the_slope_of_the_definition_and_none_at_zero():
    s = tf.Variable([1.5, 2.0, 3.0])
    x = tf.constant([[2.0, 0.0, -1.0], [0.5, 3.0, 0.0]])
    with tf.GradientTape() as tape:
        y = repu(x, s)
    expected = np.array([2**1.5 * np.log(2) + 0.5**1.5 * np.log(0.5), 9 * np.log(3), 0.0])
    np.testing.assert_allclose(tape.gradient(y, s), expected, rtol=1e-6)


def test_second_derivative_is_right_for_whole_and_real_orders():
    for s in (3, 3.0):
        x = tf.constant([-1.0, 0.0, 2.0])
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = repu(x, s)
            slope = inner.gradient(y, x)
        np.testing.assert_allclose(outer.gradient(slope, x), [0.0, 0.0, 12.0], rtol=1e-6)


@pytest.mark.parametrize("s", [2, 2.0])
def test_beyond_the_limit_the_value_stays_and_the_slope_leads_back(s):
    y, slope = value_and_slope(lambda x: repu(x, s, limit=100.0), np.float32([5.0, 10.0, 1e20]))
    np.testing.assert_allclose(y, [25.0, 100.0, 100.0], rtol=1e-6)
    np.testing.assert_allclose(slope, [10.0, 20.0, 20.0], rtol=1e-6)


@pytest.mark.slow
def test_learned_order_finds_the_power():
    x = np.random.default_rng(0).uniform(0.1, 2, (256, 2)).astype("float32")
    y = np.stack([x[:, 0] ** 3, x[:, 1] ** 0.5], axis=1)
    layer = RePU(1.5, learned=True)
    model = keras.Sequential([keras.Input((2,)), layer])
    model.compile(keras.optimizers.Adam(0.05), "mse", jit_compile=True)
    model.fit(x, y, epochs=40, batch_size=64, verbose=0)
    np.testing.assert_allclose(layer.s, [3.0, 0.5], atol=0.01)


@pytest.mark.parametrize("s", [1, 2, 3])
def test_a_new_bank_and_a_new_table_are_the_identity_and_hold_their_ends(s):
    x = np.linspace(-3, 4, 141).astype("float32")[:, None]
    bank = RePUBank(s + 4, s, low=-2.0, high=3.0)
    table = PiecewisePolynomial(5, s, low=-2.0, high=3.0)
    for layer in (bank, table):
        # The units of a bank reach (s high)^s: a few units in the last place of that.
        np.testing.assert_allclose(layer(x), np.clip(x, -2, 3), atol=2e-5)


def test_a_bank_has_one_function_for_each_feature_if_not_shared():
    bank = RePUBank(3, 1, low=0.0, high=1.0, shared=False)
    x = np.array([[0.5, 0.5]], "float32")
    bank(x)
    assert bank.coefficients.shape == (2, 3)
    bank.bias.assign([1.0, 2.0])
    np.testing.assert_allclose(bank(x), [[1.5, 2.5]])


@pytest.mark.parametrize("layer", [RePU(), RePUBank(), PiecewisePolynomial()])
def test_what_is_not_a_batch_of_floats_is_refused(layer):
    with pytest.raises(TypeError, match="takes floats.*int32"):
        layer(np.ones((2, 3), "int32"))
    with pytest.raises(ValueError, match="last dimension of its input to be known"):
        type(layer)()(keras.Input((None,)))


BAD = [
    (lambda: RePU(0), "`s` must be a number above 0.0. Received: 0"),
    (lambda: RePU("two"), "`s` must be a number above 0.0. Received: 'two'"),
    (lambda: repu(X, -1), "`s` must be a number above 0. Received: -1"),
    (lambda: repu(X, "2"), "`s` must be a number above 0. Received: '2'"),
    (lambda: RePUBank(0), "`units` must be a positive integer. Received: 0"),
    (lambda: RePUBank(4, s=1.5), "`s` must be a positive integer. Received: 1.5"),
    (lambda: RePUBank(2, s=3), "at least s = 3 units that open to the right. Received: units=2"),
    (lambda: RePUBank(8, low=1.0, high=1.0), "`low` below `high`. Received: 1.0, 1.0"),
    (lambda: RePUBank(8, low="a"), "`low` below `high`. Received: 'a', 1.0"),
    (lambda: RePUBank(8, outside="x"), "one of 'clip', 'extrapolate'. Received: 'x'"),
    (lambda: PiecewisePolynomial(0), "`pieces` must be a positive integer. Received: 0"),
    (lambda: PiecewisePolynomial(4, 0), "`degree` must be a positive integer. Received: 0"),
    (lambda: PiecewisePolynomial(cells=0), "`cells` must be a positive integer or None. Received"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
