"""Activations by name, and through files."""

import keras
import numpy as np
import pytest

from keras_addmul import activations
from keras_addmul.activations import catalogue
from keras_addmul.layers import AddMulDense

X = np.linspace(-3, 3, 12, dtype="float32").reshape(3, 4)


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.name)
def test_every_name_and_alias_is_found_in_any_spelling(row):
    for name in (row.name, *row.aliases):
        dashed = name.replace("_", "-")
        for spelling in (name, name.upper(), dashed, name.replace("_", ""), f" {name} "):
            assert activations.get(spelling) is row.function, spelling
    assert activations.get(f"keras_addmul>{row.name}") is row.function


def test_keras_own_are_found_after_ours():
    assert activations.get("sparsemax") is keras.activations.sparsemax
    assert activations.get("relu") is keras.activations.relu
    assert activations.get("hard_sigmoid") is not keras.activations.hard_sigmoid
    assert activations.get(None) is keras.activations.linear


def test_callables_are_returned_as_they_are():
    layer = keras.layers.ReLU(max_value=1.0)
    for function in (np.tanh, layer, keras.activations.hard_sigmoid):
        assert activations.get(function) is function


@pytest.mark.parametrize(
    ("wrong", "closest"),
    [
        ("plelu", "'pelu'"),
        ("snek", "'snake'"),
        ("hardsigmod", "'hard_sigmoid'"),
        ("squarepls", "'squareplus'"),
    ],
)
def test_unknown_names_are_answered_with_the_closest(wrong, closest):
    with pytest.raises(ValueError) as error:
        activations.get(wrong)
    message = str(error.value)
    assert f"There is no activation {wrong!r}. Did you mean" in message
    assert closest in message.split("Known:")[0]
    assert message.endswith(f"Received: {wrong!r}")


def test_what_is_no_activation_is_refused():
    with pytest.raises(ValueError, match="must be a name, a callable.*Received: 3"):
        activations.get(3)
    with pytest.raises(ValueError, match="There is no activation 'qqqq'. Known: apl, celu"):
        activations.get("qqqq")


def functions():
    every = [row.function for row in catalogue()]
    return [*every, *(getattr(keras.activations, n) for n in ("hard_sigmoid", "leaky_relu", "glu"))]


@pytest.mark.parametrize("function", functions(), ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_serialized_and_read_back_is_the_same_function(function):
    assert activations.get(activations.serialize(function)) is function
    # As Keras's layers do it.
    assert keras.activations.get(keras.activations.serialize(function)) is function


def test_objects_with_a_config_are_read_back():
    config = activations.serialize(keras.layers.LeakyReLU(negative_slope=0.5))
    assert activations.get(config).negative_slope == 0.5


def test_custom_objects_are_found():
    with keras.saving.custom_object_scope({"mine": np.tanh}):
        assert activations.get("mine") is np.tanh


def test_a_dense_of_keras_is_saved_with_any_elementwise_function(tmp_path):
    x = keras.Input((4,))
    outputs = {
        row.name: keras.layers.Dense(2, activation=activations.get(row.name))(x)
        for row in catalogue()
        if row.elementwise
    }
    model = keras.Model(x, outputs)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")(X)
    for name, y in model(X).items():
        np.testing.assert_array_equal(y, again[name], err_msg=name)


@pytest.mark.parametrize(
    ("given", "function"),
    [
        ("snake", activations.snake),
        ("Hard-ELiSH", activations.hard_elish),
        ("hard_sigmoid", activations.hard_sigmoid),
        (keras.activations.hard_sigmoid, keras.activations.hard_sigmoid),
        ("softplus", keras.activations.softplus),
        (None, keras.activations.linear),
    ],
)
def test_addmul_dense_takes_ours_first_and_keeps_it_in_a_file(given, function, tmp_path):
    layer = AddMulDense(2, activation=given)
    assert layer.activation is function
    assert AddMulDense.from_config(layer.get_config()).activation is function
    model = keras.Sequential([keras.Input((4,)), layer])
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.layers[0].activation is function
    np.testing.assert_array_equal(again(X), model(X))


def test_addmul_dense_names_the_closest_activation():
    with pytest.raises(ValueError, match="no activation 'snak'. Did you mean 'snake'"):
        AddMulDense(2, activation="snak")
