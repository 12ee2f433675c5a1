"""A function takes variables where it takes tensors, those of a strategy included."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import activations, special
from keras_addmul.activations import noisy_family
from keras_addmul.special.bounding import bounded, floored
from tests.layers import cases

X = np.array([[0.5, -0.75, 2.0], [1.5, 0.25, -3.0]], "float32")
KERNEL = np.array([[0.5, 1.0], [-0.5, 0.25], [0.75, -1.0]], "float32")
HALF, ORDERS = np.full(3, 0.5, "float32"), np.full(2, 0.5, "float32")

# Every kind of function with a gradient of its own, with what it takes.
FUNCTIONS = {
    "guarded": (special.guarded, X),
    "exp_iterate": (special.exp_iterate, np.abs(X), HALF),
    "superlog": (special.superlog, np.abs(X)),
    "superexp": (special.superexp, HALF),
    "signed_exp_iterate": (special.signed_exp_iterate, X, HALF),
    "addmul_matmul": (special.addmul_matmul, X, KERNEL, ORDERS),
    "addmul_select": (special.addmul_select, X, KERNEL, ORDERS),
    "product_unit": (special.product_unit, X, KERNEL),
    "repu": (activations.repu, X, np.float32(2.5)),
    "bounded": (lambda x: bounded(x, -1.0, 1.0), X),
    "floored": (lambda x: floored(x, 0.1), X),
    "noisy_mean": (activations.noisy_mean, X, np.float32(1.0), np.float32(0.5)),
    "noise_scale": (noisy_family.noise_scale, X, np.float32(1.0), np.float32(0.5)),
}


@pytest.fixture(scope="module")
def strategy():
    return tf.distribute.MirroredStrategy(["CPU:0"])


@pytest.mark.parametrize("make", [tf.Variable, keras.Variable], ids=["tensorflow's", "keras's"])
@pytest.mark.parametrize("mirrored", [False, True], ids=["alone", "mirrored"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_variables_give_the_values_and_slopes_of_tensors(name, mirrored, make, strategy):
    function, *values = FUNCTIONS[name]
    tensors = [tf.constant(value) for value in values]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        want = function(*tensors)
    slopes = tape.gradient(want, tensors)
    with strategy.scope() if mirrored else contextlib.nullcontext():
        variables = [make(value) for value in values]
        with tf.GradientTape() as tape:
            got = function(*variables)
        sources = [getattr(v, "value", v) if make is keras.Variable else v for v in variables]
        sources = [v.values[0] if mirrored else v for v in sources]
        found = tape.gradient(got, sources)
    np.testing.assert_array_equal(got, want)
    for one, other in zip(found, slopes, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", cases.NAMES)
def test_a_layer_made_in_the_scope_of_a_strategy_answers_there(name, strategy):
    x = cases.inputs_for(name, tf.constant(np.abs(X)))
    keras.utils.set_random_seed(0)
    want = cases.build(name, 0)(x)
    with strategy.scope():
        keras.utils.set_random_seed(0)
        got = cases.build(name, 0)(x)
    np.testing.assert_array_equal(got, want)
