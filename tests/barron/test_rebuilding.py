"""The new model is the old one in all that was not converted."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_addmul.barron import convert_activation
from keras_addmul.layers import NoisyActivation, RePUBank
from keras_addmul.layers.graph import Graph, layers_of, rebuild
from tests.barron.compared import QUICK, largest_difference
from tests.barron.models import chain


def same(model, rows):
    """The largest difference of a model and its copy."""
    copy = rebuild(model, lambda layer: None)
    return max(d.max() for d in largest_difference(model, copy, rows))


def adapted():
    layer = layers.Normalization()
    layer.adapt(np.arange(12.0).reshape(4, 3))
    return layer


def tanh(x):
    return 5.0 * ops.tanh(x)


COPIED = {
    "adapted normalization": adapted,
    "given normalization": lambda: layers.Normalization(mean=3.0, variance=2.0),
    "lambda": lambda: layers.Lambda(lambda x: 10.0 * x),
    "activation that cannot be saved": lambda: layers.Dense(3, lambda x: x * x),
    "activation that is called like another": lambda: layers.Dense(3, tanh),
    "recurrent one that is called like another": lambda: layers.LSTM(2, recurrent_activation=tanh),
    "activation with weights": lambda: layers.Dense(3, NoisyActivation(kind="NAH", units=3)),
    "batch normalization": lambda: layers.BatchNormalization(),
    "recurrent": lambda: layers.TimeDistributed(layers.Dense(2, "tanh")),
    "bidirectional": lambda: layers.Bidirectional(layers.LSTM(2)),
    "layer in layer": lambda: layers.SpectralNormalization(layers.Dense(3)),
}


@pytest.mark.parametrize("name", COPIED)
def test_a_copied_layer_is_the_same_function(name, rng):
    shape = (4, 3) if "recurrent" in name or name == "bidirectional" else (3,)
    x = keras.Input(shape)
    model = keras.Model(x, COPIED[name]()(x))
    for w in model.weights:
        if w.dtype == "float32":
            w.assign(w + 0.1 * rng.uniform(size=w.shape))
    for layer in model.layers:
        if isinstance(layer, layers.Normalization):
            layer.finalize_state()
    assert same(model, [rng.normal(size=(20, *shape)).astype("float32")]) < 1e-6


def test_layers_of_one_name_in_two_models_are_both_converted(rng):
    inner = keras.Sequential(
        [keras.Input((3,)), layers.Activation("tanh", name="act"), layers.Dense(3, name="d")]
    )
    x = keras.Input((3,))
    y = layers.Activation("sigmoid", name="act")(layers.Dense(3, name="d")(inner(x)))
    model = keras.Model(x, y)
    converted, certificate = convert_activation(model, domain=(-2, 2), **QUICK)
    assert sorted(one.activation for one in certificate.layers) == ["sigmoid", "tanh"]
    assert sum(isinstance(layer, RePUBank) for layer in layers_of(converted)) == 2
    assert certificate.measured <= certificate.bound
    assert certificate.bound < 5e-3


def test_a_layer_called_twice_keeps_one_bank_and_meets_both_ranges():
    shared = layers.Dense(3, "tanh", name="shared")
    x = keras.Input((3,))
    model = keras.Model(x, shared(10.0 * shared(x)))
    converted, certificate = convert_activation(model, domain=(-1, 1), **QUICK)
    assert sum(isinstance(layer, RePUBank) for layer in layers_of(converted)) == 1
    (one,) = certificate.layers
    kernel = np.abs(np.asarray(shared.kernel)).sum(axis=0)
    assert one.pre_activations[1] > 5 * kernel.max() * 0.5
    assert certificate.measured <= certificate.bound


def test_models_that_take_and_return_dictionaries(rng):
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    hidden = layers.Dense(4, "tanh")(a) + layers.Dense(4, "sigmoid")(b)
    inner = keras.Model({"b": b, "a": a}, {"y": layers.Dense(1)(hidden), "h": hidden})
    p, q = keras.Input((2,), name="p"), keras.Input((3,), name="q")
    out = inner({"a": p, "b": q})
    model = keras.Model({"p": p, "q": q}, out["y"] * 2.0)
    domain = {"p": (-1, 1), "q": (-2, 2)}
    _, certificate = convert_activation(model, domain=domain, **QUICK)
    assert 0 < certificate.measured <= certificate.bound < 0.02
    rows = {k: rng.uniform(-1, 1, (10, n)).astype("float32") for k, n in (("p", 2), ("q", 3))}
    _, certificate = convert_activation(model, data=rows, **QUICK)
    assert certificate.measured <= certificate.bound


def test_layers_of_several_outputs_are_carried_along():
    x = keras.Input((4, 3))
    sequence, state, _ = layers.LSTM(2, return_sequences=True, return_state=True)(x)
    y = layers.Dense(3, "tanh")(layers.Concatenate()([layers.Flatten()(sequence), state]))
    model = keras.Model(x, y)
    data = np.random.default_rng(0).normal(size=(30, 4, 3)).astype("float32")
    _, certificate = convert_activation(model, data=data, **QUICK)
    assert certificate.bound is None
    assert "LSTM" in certificate.no_bound
    assert "inside a recurrence" in " ".join(certificate.left_out.values())
    assert certificate.measured < 0.01


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda: layers.TimeDistributed(layers.Dense(2, "tanh", name="mine")),
        lambda: layers.TimeDistributed(layers.Activation("gelu", name="mine")),
        lambda: layers.TimeDistributed(chain(layers.Dense(2, "tanh", name="mine"), inputs=3)),
        lambda: layers.Bidirectional(layers.LSTM(2, return_sequences=True, name="mine")),
        lambda: layers.SpectralNormalization(layers.Dense(2, "tanh", name="mine")),
    ],
    ids=["dense", "activation", "model", "recurrent", "normalized"],
)
def test_activations_inside_of_wrappers_are_named_among_what_is_left(wrapped):
    layer = wrapped()
    model = keras.Sequential([keras.Input((4, 3)), layer, layers.Dense(1, "tanh", name="plain")])
    data = np.random.default_rng(0).normal(size=(30, 4, 3)).astype("float32")
    _, certificate = convert_activation(model, data=data, **QUICK)
    assert [one.layer for one in certificate.layers] == ["plain"]
    assert set(certificate.left_out) == {layer.name}
    why = rf"the activation of '.*mine.*' is inside a {type(layer).__name__}"
    assert re.fullmatch(why, certificate.left_out[layer.name])
    assert certificate.bound is None
    assert layer.name in certificate.no_bound


def test_values_run_through_a_graph_as_the_model_computes_them(rng):
    x = keras.Input((3,))
    h = layers.Dense(3)(x)
    model = keras.Model(x, [ops.add(h, x), layers.Subtract()([h, x]) * 0.5, h])
    rows = rng.normal(size=(7, 3)).astype("float32")
    found = Graph(model).run([rows], lambda layer, *args, **kwargs: layer(*args, **kwargs))
    for a, b in zip(found, model(rows), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_trainable_stays_as_it_was():
    model = chain(layers.Dense(4, "tanh", name="kept"), layers.Dense(2))
    model.layers[0].trainable = False
    converted, _ = convert_activation(model, **QUICK)
    assert not converted.get_layer("kept").trainable
    assert converted.layers[-1].trainable
