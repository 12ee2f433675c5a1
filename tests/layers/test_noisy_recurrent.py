"""Noisy activations inside recurrent layers, by object and as layers of their own."""

import keras
import numpy as np
import pytest

from keras_addmul.layers import NoisyGRU, NoisyLSTM, NoisySigmoid, NoisyTanh
from keras_addmul.layers.inside import layers_inside

X = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")
WIDE = keras.initializers.RandomUniform(-5.0, 5.0, seed=1)

BY_OBJECT = {
    "LSTM": lambda **k: keras.layers.LSTM(
        4, activation=NoisyTanh(units=4), recurrent_activation=NoisySigmoid(units=4), **k
    ),
    "GRU": lambda **k: keras.layers.GRU(
        4, activation=NoisyTanh(units=4), recurrent_activation=NoisySigmoid(units=4), **k
    ),
    "SimpleRNN": lambda **k: keras.layers.SimpleRNN(4, activation=NoisyTanh(units=4), **k),
}
OWN = {"NoisyLSTM": lambda **k: NoisyLSTM(4, **k), "NoisyGRU": lambda **k: NoisyGRU(4, **k)}
ALL = {**BY_OBJECT, **OWN}

every = pytest.mark.parametrize("name", ALL)


@every
def test_noise_in_training_only_and_fresh_at_every_step(name):
    layer = ALL[name](kernel_initializer=WIDE, return_sequences=True)
    np.testing.assert_array_equal(layer(X), layer(X))
    first, second = layer(X, training=True), layer(X, training=True)
    assert np.any(first != second)
    # The same input at each time: only the noise tells the times apart.
    still = np.repeat(X[:1, :1], 5, axis=1)
    constant = ALL[name](
        kernel_initializer=WIDE, recurrent_initializer="zeros", return_sequences=True
    )
    y = constant(still, training=True).numpy()[0]
    assert all(np.any(y[i] != y[j]) for i in range(5) for j in range(i))


@every
def test_weights_of_the_noise_are_there_once_it_is_built(name):
    layer = ALL[name]()
    layer.build((None, 5, 3))
    noisy = layers_inside(layer, (NoisyTanh, NoisySigmoid))
    assert len(noisy) == (1 if name == "SimpleRNN" else 2)
    known = {id(w) for w in layer.trainable_weights}
    assert all(id(n.p) in known for n in noisy)


@every
def test_unrolled_masked_and_reversed_answer_as_they_should(name):
    layer = ALL[name](kernel_initializer=WIDE, return_sequences=True)
    layer(X)
    config = layer.get_config()
    for change in ({"unroll": True}, {"return_sequences": False}, {"go_backwards": True}):
        other = type(layer).from_config({**config, **change})
        other.build(X.shape)
        other.set_weights(layer.get_weights())
        y = other(X[:, ::-1] if "go_backwards" in change else X)
        expected = layer(X)[:, -1] if "return_sequences" in change else layer(X)
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    mask = np.array([[1, 1, 1, 0, 0]] * 4, bool)
    for training in (False, True):
        short = layer(X, mask=keras.ops.array(mask), training=training)
        np.testing.assert_array_equal(short[:, 3], short[:, 2])
    np.testing.assert_allclose(
        layer(X, mask=keras.ops.array(mask))[:, 2], layer(X)[:, 2], atol=1e-6
    )


def test_unrolled_and_looped_draw_noise_of_one_law():
    """The same mean and spread over many rows, in training."""
    x = np.repeat(X[:1], 4000, axis=0)
    looped = NoisyLSTM(2, kernel_initializer=WIDE, seed=1)
    looped(x[:1])
    unrolled = NoisyLSTM.from_config({**looped.get_config(), "unroll": True})
    unrolled.build(x.shape)
    unrolled.set_weights(looped.get_weights())
    a, b = looped(x, training=True).numpy(), unrolled(x, training=True).numpy()
    error = a.std(axis=0) * np.sqrt(2 / 4000) + 1e-6
    assert np.all(np.abs(a.mean(axis=0) - b.mean(axis=0)) < 5 * error)
    np.testing.assert_allclose(a.std(axis=0), b.std(axis=0), rtol=0.15, atol=1e-4)


@pytest.mark.parametrize("stateful", [False, True])
def test_in_both_directions_and_with_a_state_that_stays(stateful, tmp_path):
    """Trained by XLA where the state stays, which is written inside the compiled step."""
    x = keras.Input(batch_shape=(4, 5, 3))
    both = keras.layers.Bidirectional(BY_OBJECT["SimpleRNN"](return_sequences=True))
    layer = NoisyLSTM(3, stateful=True) if stateful else both
    model = keras.Model(x, layer(x))
    model.compile("adam", "mse", jit_compile=stateful)
    before = [w.numpy() for w in model.trainable_weights]
    model.fit(X, np.zeros(model.output_shape), batch_size=4, epochs=2, verbose=0)
    changed = [np.any(w.numpy() != b) for w, b in zip(model.trainable_weights, before, strict=True)]
    assert sum(changed) >= len(changed) - 2  # p moves where something was saturated
    first = model(X)
    assert np.any(model(X) != first) == stateful  # the state went on
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    if stateful:
        model.layers[-1].reset_state()
        again.layers[-1].reset_state()
    np.testing.assert_array_equal(again(X), model(X))


def test_a_layer_of_ours_is_keras_s_with_noisy_activations():
    ours = NoisyLSTM(4, return_sequences=True, kernel_initializer=WIDE)
    theirs = BY_OBJECT["LSTM"](return_sequences=True)
    ours(X), theirs(X)
    theirs.set_weights(ours.get_weights())
    np.testing.assert_array_equal(ours(X), theirs(X))
    assert isinstance(ours, keras.layers.LSTM)


def test_cells_take_them_too():
    cell = keras.layers.LSTMCell(4, activation=NoisyTanh(), recurrent_activation=NoisySigmoid())
    layer = keras.layers.RNN([cell, keras.layers.GRUCell(2, activation=NoisyTanh())])
    model = keras.Sequential([keras.Input((5, 3)), layer])
    np.testing.assert_array_equal(model(X), model(X))
    assert len(layers_inside(model, (NoisyTanh, NoisySigmoid))) == 3
