"""A model made noisy and quiet again: the same weights, and in the end the same answers."""

import keras
import numpy as np
import pytest

from keras_addmul.conversion import make_noisy, monte_carlo, remove_noise
from keras_addmul.layers import NoisyActivation, NoisyLSTM, NoisyTanh
from keras_addmul.layers.inside import layers_inside

X = np.random.default_rng(0).normal(size=(6, 5, 3)).astype("float32")


def model_of():
    keras.utils.set_random_seed(0)
    x = keras.Input((5, 3))
    y = keras.layers.Dense(4, "tanh", name="first")(x)
    y = keras.layers.Conv1D(4, 2, padding="same")(y)
    y = keras.layers.Activation("sigmoid", name="alone")(y)
    inner = keras.Sequential([keras.Input((5, 4)), keras.layers.Dense(3, "tanh")], name="inner")
    y = keras.layers.Bidirectional(keras.layers.LSTM(2, return_sequences=True))(inner(y))
    y = keras.layers.RNN(keras.layers.GRUCell(3))(y)
    y = keras.layers.Dense(1, "sigmoid", name="probability")(y)
    model = keras.Model(x, y)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def pair():
    model = model_of()
    return model, make_noisy(model, tanh={"soft": True}, sigmoid={"soft": True, "clip": False})


def test_every_tanh_and_sigmoid_is_replaced_but_the_output(pair):
    model, noisy = pair
    found = layers_inside(noisy, NoisyActivation)
    # Dense, Activation, the inner Dense, two LSTM cells with two each, a GRU cell with two.
    assert len(found) == 9
    assert all(layer.built for layer in found)
    assert noisy.get_layer("probability").activation is keras.activations.sigmoid
    assert len(layers_inside(make_noisy(model, outputs=True), NoisyActivation)) == 10
    assert [layer.name for layer in noisy.layers] == [layer.name for layer in model.layers]


def test_weights_are_kept_and_the_copy_trains(pair):
    model, noisy = pair
    own = {id(w) for layer in layers_inside(noisy, NoisyActivation) for w in layer.weights}
    rest = [w.numpy() for w in noisy.weights if id(w) not in own]
    for a, b in zip(rest, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    again = make_noisy(model)
    again.run_eagerly = True  # nine activations in a graph take long to trace
    before = again.get_weights()
    again.fit(X, np.ones((6, 1)), verbose=0)
    assert any(np.any(a != b) for a, b in zip(again.get_weights(), before, strict=True))


def test_without_noise_and_leak_a_soft_copy_answers_as_the_model():
    model = model_of()
    still = {"soft": True, "c": 0.0, "alpha": 1.0, "clip": False}
    copy = make_noisy(model, tanh=still, sigmoid=still)
    for training in (False, True):
        np.testing.assert_allclose(copy(X, training=training), model(X), rtol=1e-5, atol=1e-6)


def test_the_way_back_gives_the_same_answers(pair):
    model, noisy = pair
    back = remove_noise(noisy)
    assert not layers_inside(back, NoisyActivation)
    np.testing.assert_array_equal(back(X), model(X))
    assert back.get_layer("alone").activation is keras.activations.sigmoid


def test_layers_of_ours_become_layers_of_keras():
    model = keras.Sequential([keras.Input((5, 3)), NoisyLSTM(4), NoisyTanh(kind="NANI")])
    back = remove_noise(model)
    assert type(back.layers[0]) is keras.layers.LSTM
    assert back.layers[0].activation is keras.activations.tanh
    assert back.layers[0].recurrent_activation is keras.activations.sigmoid
    assert type(back.layers[1]) is keras.layers.Activation
    for a, b in zip(back.get_weights(), model.layers[0].cell.get_weights()[:3], strict=True):
        np.testing.assert_array_equal(a, b)


def test_arguments_reach_the_layers_that_are_made(pair):
    model, _ = pair
    noisy = make_noisy(model, tanh={"kind": "NANI", "c": 0.3}, sigmoid={"kind": "NANIS"})
    for layer in layers_inside(noisy, NoisyActivation):
        tanh = layer.base == "hard_tanh"
        assert (layer.kind, layer.c) == (("NANI", 0.3) if tanh else ("NANIS", 0.25))
    bases = [layer.base for layer in layers_inside(noisy, NoisyActivation)]
    assert sorted(bases) == 5 * ["hard_tanh"] + 4 * ["tangent_sigmoid"]
    back = remove_noise(noisy)  # each to what it was
    assert back.get_layer("first").activation is keras.activations.tanh
    assert back.get_layer("alone").activation is keras.activations.sigmoid


def test_monte_carlo_switches_samples_on_and_off(pair):
    _, noisy = pair
    loud = monte_carlo(noisy)
    assert np.any(loud(X) != loud(X))
    quiet = monte_carlo(loud, on=False)
    np.testing.assert_array_equal(quiet(X), noisy(X))


@pytest.mark.parametrize("function", [make_noisy, remove_noise, monte_carlo])
def test_what_is_no_model_that_can_be_rebuilt_is_refused(function, tmp_path):
    class Own(keras.Model):
        def call(self, x):
            return x

    own = Own()
    own.build((None, 3))
    with pytest.raises(ValueError, match="must be a Functional or Sequential.*Received: Own"):
        function(own)
    with pytest.raises(ValueError, match="must be built.*Received: 'sequential"):
        function(keras.Sequential([keras.layers.Dense(1)]))
    for given in ("m.keras", tmp_path, None, keras.layers.Dense(1)):
        with pytest.raises(TypeError, match="`model` must be a Keras model") as raised:
            function(given)
        assert len(str(raised.value)) < 300
    quiet = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="`model` must have .*Received: 'sequential.*has none"):
        function(quiet)


def test_an_impostor_of_tanh_is_refused_and_not_exchanged():
    """Keras describes a function by its name alone, and would bring back its own."""

    def tanh(x):
        return 3.0 * x

    for layer in (keras.layers.Dense(2, tanh), keras.layers.LSTM(2, recurrent_activation=tanh)):
        model = keras.Sequential([keras.Input((4, 3)), layer])
        with pytest.raises(ValueError, match="a function 'tanh' as `.*activation` of layer"):
            make_noisy(model)
