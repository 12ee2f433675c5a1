"""Noisy activations in a model: when there is noise, whose it is, and what is saved."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from keras_addmul.layers import NoisyActivation, NoisyLSTM, NoisySigmoid, NoisyTanh
from keras_addmul.layers.inside import layers_inside

WIDE = (3 * np.random.default_rng(0).normal(size=(64, 5))).astype("float32")

KINDS = ("NAN", "NAH", "NANI", "NANIL", "NANIS")


@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_of_many_trainings_is_the_answer_at_inference(kind):
    layer = NoisyActivation(kind=kind, c=1.5, p_initializer="ones", seed=1)
    x = np.repeat(np.linspace(-3, 3, 7, dtype="float32")[None], 40_000, axis=0)
    samples = layer(x, training=True).numpy()
    error = samples.std(axis=0) / 200 + 1e-6
    assert np.all(np.abs(samples.mean(axis=0) - layer(x[:1]).numpy()[0]) < 5 * error)


def test_other_layers_and_other_seeds_have_other_noise():
    first, second, third = (
        NoisyTanh(kind="NANI", seed=s)(WIDE * 0.1, training=True) for s in (1, 2, 1)
    )
    assert np.mean(np.abs(first - second)) > 0.01
    np.testing.assert_array_equal(first, third)
    keras.utils.set_random_seed(3)
    unseeded = [NoisyTanh(kind="NANI")(WIDE * 0.1, training=True) for _ in range(2)]
    assert np.mean(np.abs(unseeded[0] - unseeded[1])) > 0.01


def test_monte_carlo_samples_at_inference_and_its_mean_is_the_mean():
    layer = NoisyTanh(kind="NANI", c=0.3, monte_carlo=True, seed=1)
    still = NoisyTanh(kind="NANI", c=0.3)
    x = WIDE[:4]
    samples = layer(np.repeat(x[None], 2000, axis=0)).numpy()
    assert samples.std(axis=0).max() > 0.05
    assert np.any(layer(x) != layer(x))
    np.testing.assert_allclose(samples.mean(axis=0), still(x), atol=5 * 0.3 / np.sqrt(2000))


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.layers.Dense(
            4, activation=NoisyTanh(kind="NANIL", c=4.0, units=4, soft=True)
        ),
        lambda: keras.layers.Conv1D(4, 2, activation=NoisySigmoid(c=4.0, units=4)),
        lambda: keras.layers.Conv1D(4, 2, activation=NoisyTanh(c=4.0)),
        lambda: keras.layers.TimeDistributed(keras.layers.Dense(3, NoisyTanh(c=4.0, soft=True))),
    ],
)
def test_drops_into_layers_of_keras(make, tmp_path, rng):
    keras.utils.set_random_seed(1)
    x = (4 * rng.normal(size=(8, 5, 3))).astype("float32")
    model = keras.Sequential([keras.Input((5, 3)), make()])
    quiet = model(x).numpy()
    np.testing.assert_array_equal(quiet, model(x))
    assert np.any(model(x, training=True) != quiet)
    model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=True)
    before = [w.numpy() for w in model.trainable_weights]
    model.fit(x, np.zeros_like(quiet), verbose=0)
    after = model.trainable_weights
    assert len(after) == 3  # kernel, bias and p
    assert all(np.any(a.numpy() != b) for a, b in zip(after, before, strict=True))
    model.save(tmp_path / "m.keras")
    for other in (keras.saving.load_model(tmp_path / "m.keras"), keras.models.clone_model(model)):
        other.set_weights(model.get_weights())
        np.testing.assert_array_equal(other(x), model(x))


def test_exported_it_is_deterministic_in_a_process_that_does_not_know_us(tmp_path, rng):
    """Trained, saved, exported, reloaded: the same answers twice in a row."""
    keras.utils.set_random_seed(0)
    x = rng.normal(size=(8, 6, 3)).astype("float32")
    wide = keras.initializers.RandomUniform(-5.0, 5.0, seed=1)
    recurrent = NoisyLSTM(4, NoisyTanh(kind="NAN", units=4), kernel_initializer=wide)
    model = keras.Sequential([keras.Input((6, 3)), recurrent, keras.layers.Dense(1)])
    model.compile("adam", "mse", jit_compile=False)
    model.fit(x, x[:, 0, :1], verbose=0)
    assert np.any(model(x, training=True) != model(x, training=True))
    model.save(tmp_path / "m.keras")
    keras.saving.load_model(tmp_path / "m.keras").export(tmp_path / "served", verbose=False)
    np.save(tmp_path / "x.npy", x)
    script = """
        import sys, numpy as np, tensorflow as tf
        served = tf.saved_model.load("served")
        x = np.load("x.npy")
        first, second = served.serve(x).numpy(), served.serve(x).numpy()
        assert np.array_equal(first, second)
        assert not any(name.startswith("keras_addmul") for name in sys.modules)
        np.save("y.npy", first)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, check=True)
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), model(x), rtol=1e-5, atol=1e-6)


def test_the_noise_of_a_distribution_is_saved_with_the_layer(tmp_path):
    tfd = pytest.importorskip("tensorflow_probability").distributions
    layer = NoisyActivation(kind="NAN", noise=tfd.Laplace(0.0, 0.5), c=4.0, seed=2)
    model = keras.Sequential([keras.Input((5,)), layer])
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(WIDE, training=True), model(WIDE, training=True))
    assert again.layers[0].get_config() == layer.get_config()


def test_every_layer_inside_is_found_once():
    inner = keras.Sequential([keras.Input((4, 3)), keras.layers.Dense(3, NoisyTanh())])
    shared = keras.layers.TimeDistributed(keras.layers.Dense(3, NoisyTanh()))
    x = keras.Input((4, 3))
    y = keras.layers.Bidirectional(NoisyLSTM(2))(shared(shared(inner(x))))
    model = keras.Model(x, y)
    assert len(layers_inside(model, NoisyActivation)) == 6
    assert layers_inside(keras.layers.Dense(2), NoisyActivation) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NoisyActivation("relu"), "`base` must be one of 'hard_tanh', 'tangent_sigmoid'"),
        (lambda: NoisyTanh(kind="loud"), "`kind` must be one of 'NAN', 'NAH', 'NANI'"),
        (lambda: NoisyTanh(alpha="a"), "`alpha` must be a finite number. Received: 'a'"),
        (lambda: NoisyTanh(c=-1.0), "`c` must be a number of at least 0.0. Received: -1.0"),
        (lambda: NoisyTanh(noise="pink"), "`noise` must be one of 'normal', 'half_normal'"),
        (lambda: NoisyTanh(units=0), "`units` must be a positive integer or None. Received: 0"),
        (lambda: NoisyTanh(units=4)(WIDE), "expected axis -1 of input shape to have value 4"),
        (lambda: NoisyTanh()(keras.Input((None,))), "last dimension of its input to be known"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_defaults_are_those_of_the_paper_and_its_code():
    values = lambda layer: (layer.kind, layer.alpha, layer.c, layer.noise.name)
    assert values(NoisyTanh()) == ("NAH", 1.15, 0.5, "half_normal")
    assert values(NoisySigmoid()) == ("NAH", 1.1, 0.15, "half_normal")
    assert values(NoisyTanh(kind="NANI"))[2:] == (0.05, "normal")
    assert values(NoisySigmoid(kind="NANIS"))[2:] == (0.25, "normal")
    layer = NoisyTanh(units=2000)
    p = layer.p.numpy()
    assert -1.0 <= p.min() < -0.99
    assert 0.99 < p.max() <= 1.0
    assert NoisyTanh(c=0.0)(WIDE).shape == WIDE.shape
