"""Every argument of every layer does something, and inputs that no layer takes are refused."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import layers
from keras_addmul.layers.checks import check_model
from tests.layers.cases import (
    MERGES,
    NAMES,
    SEQUENCES,
    SHAPED,
    inputs_for,
    make,
    needed,
    shapes_for,
)

X = np.concatenate([np.linspace(-7.0, 7.0, 15), [-0.4, 0.7, 0.9]]).reshape(6, 3).astype("float32")
WIDE = keras.initializers.RandomUniform(0.6, 1.2, seed=2)

# What an argument is changed to, if it is not a switch; and beside which others it acts.
CHANGED = {
    "solution": "linear",
    ("ComplexAddMulDense", "solution"): "kneser",
    ("ComplexAddMulDense", "output"): "modulus",
    "path": "mixture",
    "activation": "softplus",
    "pieces": 5,
    "degree": 3,
    "axis": 1,
    ("AddMulReduce", "axis"): 2,
    ("AddMulPooling1D", "pool_size"): [1],
    ("AddMulPooling1D", "strides"): [2],
    ("AddMulPooling2D", "pool_size"): [1, 2],
    ("AddMulPooling2D", "strides"): [2, 1],
    ("AddMulConv1D", "kernel_size"): [1],
    ("AddMulConv1D", "strides"): [2],
    ("AddMulConv1D", "dilation_rate"): [2],
    ("AddMulConv2D", "kernel_size"): [2, 1],
    ("AddMulConv2D", "strides"): [1, 2],
    ("AddMulConv2D", "dilation_rate"): [1, 2],
    ("AddMulConv3D", "kernel_size"): [1, 1, 2],
    ("AddMulConv3D", "strides"): [1, 2, 1],
    ("AddMulConv3D", "dilation_rate"): [1, 2, 1],
    ("DepthwiseAddMulConv2D", "kernel_size"): [2, 1],
    ("DepthwiseAddMulConv2D", "strides"): [1, 2],
    ("DepthwiseAddMulConv2D", "dilation_rate"): [1, 2],
    "depth_multiplier": 2,
    "filters": 4,
    "padding": "same",
    "data_format": "channels_first",
    "outside": "extrapolate",
    "coupling": "free",
    "start": "tanh",
    "left": 3,
    "cells": 8,
    "low": -0.5,
    "high": 0.5,
    "epsilon": 0.4,
    "omega": 0.5,
    "groups": 2,
    "nodes": 3,
    "units": 6,
    "shared_axes": [1],
    "noise": (1.0, 5.0),
    "seed": 7,
    "s": 3,
    "signs": None,
    "places": [1, 0, 2, 3],
    "scale": 2.0,
    "lower": 0.3,
    "upper": 0.9,
}
OTHERS = {
    ("RePU", "shared"): {"learned": True},
    ("NMU", "seed"): {"noise": (1.0, 5.0)},
    ("AddMulDense", "nodes"): {"units": 20, "order_initializer": WIDE},
    ("PiecewisePolynomial", "cells"): {"pieces": 8},
    ("GeometricScale", "invert"): {"scale": 2.0},
    ("AddMulReduce", "axis"): {"shared": True},
    ("AddMulPooling1D", "strides"): {"pool_size": 1},
    ("AddMulPooling2D", "strides"): {"pool_size": 1},
    ("AddMulPooling1D", "padding"): {"strides": 1},
    ("AddMulPooling2D", "padding"): {"strides": 1},
    ("AddMulPooling2D", "data_format"): {"strides": 1, "padding": "same"},
}
for rank in (1, 2, 3):
    for argument in ("strides", "dilation_rate", "data_format"):
        OTHERS[f"AddMulConv{rank}D", argument] = {"padding": "same"}
    OTHERS[f"AddMulConv{rank}D", "groups"] = {"filters": 3}
    CHANGED[f"AddMulConv{rank}D", "groups"] = 3
    OTHERS[f"AddMulConv{rank}D", "nodes"] = {"filters": 20, "order_initializer": WIDE}
for argument in ("strides", "dilation_rate", "data_format"):
    OTHERS["DepthwiseAddMulConv2D", argument] = {"padding": "same", "kernel_size": 2}
OTHERS["DepthwiseAddMulConv2D", "nodes"] = {"depth_multiplier": 5, "order_initializer": WIDE}
NOISY = {"NMU", "RReLU"}
OF_AN_AXIS = {"CReLU", "GeometricScale"}
# Layers whose arguments are tested with their noise, or are those of Keras.
ELSEWHERE = {"NoisyActivation", "NoisyTanh", "NoisySigmoid", "NoisyLSTM", "NoisyGRU"}


def plain_arguments():
    for name in sorted(set(NAMES) - ELSEWHERE):
        for argument in inspect.signature(getattr(layers, name)).parameters:
            kinds = ("initializer", "regularizer", "constraint")
            # `layers` holds layers, whose own arguments are theirs.
            if not argument.endswith(kinds) and argument not in ("kwargs", "layers"):
                yield name, argument


def outcome(name, kwargs):
    """The layer; its weights, and its answers at inference and in training."""
    keras.utils.set_random_seed(0)
    layer = make(name, **kwargs)
    x = inputs_for(name, X.reshape(3, 2, 3) if name in OF_AN_AXIS else X)
    layer(x)
    started = layer.get_weights()
    for weight in layer.trainable_weights:
        if weight.name in ("order", "order_in", "alpha"):
            logarithm = name in ("ExpIterate", "SoftExponential")
            weight.assign(np.full(weight.shape, -0.6 if logarithm else 0.6, "float32"))
    training = layer(x, training=True) if name in NOISY else layer(x)
    return layer, [*started, np.asarray(layer(x)), np.asarray(training)]


def equal(these, those):
    return len(these) == len(those) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-7)
        for a, b in zip(these, those, strict=True)
    )


@pytest.mark.parametrize(("name", "argument"), list(plain_arguments()))
def test_every_argument_is_kept_and_changes_weights_or_answers(name, argument):
    default = inspect.signature(getattr(layers, name)).parameters[argument].default
    base = {**needed(name), **OTHERS.get((name, argument), {})}
    other = CHANGED.get((name, argument), CHANGED.get(argument))
    changed = {**base, argument: not default if isinstance(default, bool) else other}
    if argument == "seed" and name == "RReLU":
        base["seed"] = 3
    before, after = outcome(name, base), outcome(name, changed)
    kept = after[0].get_config()[argument]
    assert kept != before[0].get_config()[argument]
    assert np.array_equal(np.asarray(kept), np.asarray(changed[argument]))
    assert not equal(before[1], after[1])


@pytest.mark.parametrize("name", sorted(set(NAMES) - SEQUENCES - set(SHAPED)))
def test_integers_and_sparse_tensors_are_refused_by_every_layer(name):
    units = needed(name)

    def call(x):
        return getattr(layers, name)(**units, name="mine")([x, x] if name in MERGES else x)

    takes = rf"'mine' \({name}\) takes"
    for x in (np.ones((2, 3), "int32"), keras.Input((3,), dtype="int32")):
        with pytest.raises(TypeError, match=rf"{takes} floats.*int32"):
            call(x)
    for x in (tf.sparse.from_dense(np.ones((2, 3), "float32")), keras.Input((3,), sparse=True)):
        with pytest.raises(TypeError, match=rf"{takes} dense tensors.*sparse tensor of shape"):
            call(x)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_for_linear_layers_is_refused_by_name(name):
    layer = getattr(layers, name)(**needed(name), name="mine")
    layer.build(shapes_for(name))
    with pytest.raises(NotImplementedError, match=rf"'mine' \({name}\) cannot be quantized.*int8"):
        layer.quantize("int8")
    assert not hasattr(layer, "enable_lora")
    with pytest.raises(AttributeError, match=rf"'mine' \({name}\) has no LoRA.*Expected.*Dense"):
        layer.enable_lora(2)


def test_quantizing_a_model_passes_over_our_layers():
    model = keras.Sequential([keras.Input((3,)), layers.AddMulDense(4), keras.layers.Dense(2)])
    x = np.abs(X)
    before = model.layers[0](x)
    with pytest.warns(UserWarning, match="AddMulDense. cannot be quantized"):
        model.quantize("int8")
    np.testing.assert_array_equal(model.layers[0](x), before)
    assert model.layers[1].quantization_mode == "int8"


def test_a_model_of_keras_2_is_told_apart():
    tf_keras = pytest.importorskip("tf_keras")
    old = tf_keras.Sequential([tf_keras.layers.Dense(1, input_shape=(2,))])
    with pytest.raises(TypeError, match="must be a Keras model of Keras 3.*a model of Keras 2"):
        check_model(old)
    with pytest.raises(TypeError, match="`old` must be a Keras model. Received: 'm.keras' of ty"):
        check_model("m.keras", "old")
    new = keras.Sequential([keras.layers.Dense(1)])
    assert check_model(new) is new
