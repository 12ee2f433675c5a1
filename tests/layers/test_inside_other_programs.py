"""Layers inside loops, maps and other formats give what they give alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.layers import AddMulDense

X = np.random.default_rng(0).normal(size=(4, 3, 3)).astype("float32")


class Cell(keras.layers.Layer):
    """Adds the state to the input, and hands both to a layer; its output is the next state."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.state_size = inner, 3

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x, states):
        y = keras.ops.tanh(self.inner(x + states[0]))
        return y, [y]


@pytest.mark.parametrize("path", ["kneser", "mixture"])
def test_a_recurrent_layer_trains_alike_with_and_without_jit(path):
    trained = []
    for jit in (False, True):
        keras.utils.set_random_seed(0)
        orders = keras.initializers.RandomUniform(0.2, 0.8, seed=4)
        cell = Cell(AddMulDense(3, path=path, order_initializer=orders))
        model = keras.Sequential([keras.Input((3, 3)), keras.layers.RNN(cell)])
        model.compile("sgd", "mse", jit_compile=jit)
        before = model.get_weights()
        model.train_on_batch(X, X[:, 0])
        trained.append(model.get_weights())
    assert any(np.any(a != b) for a, b in zip(before, trained[1], strict=True))
    for plain, compiled in zip(*trained, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-5, atol=1e-6)


FUNCTIONS = {
    "addmul_reduce": lambda x: special.addmul_reduce(x, 0.5),
    "signed_exp_iterate": lambda x: special.signed_exp_iterate(x, 0.5),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_map_over_matrices_gives_each_its_own_result(name):
    function = FUNCTIONS[name]
    mapped = tf.function(
        lambda x: tf.vectorized_map(function, x),
        input_signature=[tf.TensorSpec((None, 3, 3))],
        jit_compile=True,
    )
    want = np.stack([function(x) for x in X])
    np.testing.assert_allclose(mapped(X), want, rtol=1e-5, atol=1e-6)
