"""Layers and activations that are exchanged: the same weights, and the same answers if possible."""

import keras
import numpy as np
import pytest

from keras_addmul import activations, layers
from keras_addmul.conversion import replace_activation, replace_dense

X = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")

# The units of this package that can compute what a `Dense` does.
AGREE = [layers.AddMulDense, layers.AddMulSelect]
OTHERS = [layers.NALU, layers.Bilinear, layers.ProductUnit, layers.Maxout]


def model_of(dtype="float32"):
    keras.utils.set_random_seed(0)
    x = keras.Input((3,))
    y = keras.layers.Dense(4, "tanh", name="first", dtype=dtype)(x)
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name="inner")
    y = keras.layers.Activation("relu", name="alone")(inner(y))
    y = keras.layers.LeakyReLU(name="leaky")(keras.layers.BatchNormalization()(y))
    model = keras.Model(x, keras.layers.Dense(1, "sigmoid", name="probability")(y))
    model.compile("adam", "binary_crossentropy")
    return model


@pytest.mark.parametrize(
    ("layer", "dtype"), [*((layer, "float32") for layer in AGREE), (layers.AddMulDense, "float16")]
)
def test_a_layer_that_can_computes_what_the_dense_did(layer, dtype):
    model = model_of(dtype)
    ours = replace_dense(model, layer, outputs=True)
    assert [type(part) for part in ours.layers].count(layer) == 2
    assert type(ours.get_layer("inner").layers[0]) is layer
    eps = 2.0**-10 if dtype == "float16" else 2.0**-22
    np.testing.assert_allclose(ours(X), model(X), atol=4 * eps)
    assert ours.get_layer("first").compute_dtype == dtype
    assert ours.optimizer is not model.optimizer


@pytest.mark.parametrize("layer", OTHERS, ids=lambda layer: layer.__name__)
def test_a_layer_that_cannot_starts_with_its_own_weights_and_the_others_keep_theirs(layer):
    model = model_of()
    other = replace_dense(model, layer)
    assert [part.name for part in other.layers] == [part.name for part in model.layers]
    for name in ("batch_normalization", "probability"):
        old, new = (next(p for p in m.layers if p.name.startswith(name)) for m in (model, other))
        for a, b in zip(old.get_weights(), new.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert np.all(np.isfinite(other(X)))


def test_only_the_layers_named_are_replaced():
    ours = replace_dense(model_of(), layers.AddMulDense, names=["first"], groups=2)
    kinds = [type(part).__name__ for part in ours.layers]
    assert kinds.count("AddMulDense") == 1
    assert ours.get_layer("first").order.shape == (2,)
    learned = replace_activation(model_of(), layers.PELU, names=["alone"])
    assert learned.get_layer("first").activation is keras.activations.tanh
    assert type(learned.get_layer("alone")) is layers.PELU


@pytest.mark.parametrize(
    "activation",
    ["snake", activations.elish, layers.PELU, layers.NoisyTanh, keras.activations.gelu],
    ids=lambda given: getattr(given, "__name__", given),
)
def test_activations_are_exchanged_and_all_other_weights_kept(activation):
    model = model_of()
    other = replace_activation(model, activation)
    of_layers = isinstance(activation, type)
    function = None if of_layers else activations.get(activation)
    for name in ("first", "alone", "leaky"):
        layer = other.get_layer(name)
        new = layer if of_layers and name != "first" else layer.activation
        assert type(new) is activation if of_layers else new is function
    assert other.get_layer("probability").activation is keras.activations.sigmoid
    assert other.get_layer("inner").layers[0].activation is keras.activations.linear
    for name in ("first", "inner", "probability"):
        old, new = model.get_layer(name), other.get_layer(name)
        for a, b in zip(old.get_weights(), new.get_weights(), strict=False):
            np.testing.assert_array_equal(a, b)
    assert np.all(np.isfinite(other(X)))
    # And back: a layer of ours gives way to a function again.
    back = replace_activation(other, "tanh")
    assert back.get_layer("first").activation is keras.activations.tanh
    assert back.count_params() == model.count_params()


@keras.saving.register_keras_serializable("tests")
def softmax(x):
    """No softmax at all, but called so."""
    return 3.0 * keras.ops.tanh(x)


def test_an_impostor_of_softmax_is_an_activation_like_others():
    layer = keras.layers.Dense(2, softmax, name="hidden")
    model = keras.Sequential([keras.Input((3,)), layer, keras.layers.Dense(1)])
    other = replace_activation(model, "tanh")
    assert other.get_layer("hidden").activation is keras.activations.tanh


def test_gates_of_recurrent_layers_stay():
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(2), keras.layers.Dense(1)])
    other = replace_activation(model, layers.NoisyTanh)
    cell = other.layers[0].cell
    assert type(cell.activation) is layers.NoisyTanh
    assert cell.recurrent_activation is keras.activations.sigmoid


def test_what_cannot_be_replaced_is_refused():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="only")])
    for function, new in ((replace_dense, layers.AddMulDense), (replace_activation, "snake")):
        with pytest.raises(ValueError, match="`model` must have a hidden .*without any"):
            function(model, new)
        with pytest.raises(ValueError, match=r"without \['nobody'\]"):
            function(model_of(), new, names=["nobody"])
        with pytest.raises(TypeError, match="`model` must be a Keras model"):
            function("m.keras", new)
    with pytest.raises(TypeError, match="`layer` must be a class.*Received: 'AddMulDense'"):
        replace_dense(model_of(), "AddMulDense")
    with pytest.raises(ValueError, match="no activation 'snaek'"):
        replace_activation(model_of(), "snaek")
