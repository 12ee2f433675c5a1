"""The annealing of noise: its schedules, and a training that is interrupted."""

import keras
import numpy as np
import pytest

from keras_addmul.callbacks import NoiseAnnealing
from keras_addmul.layers import NoisyTanh

X = np.linspace(-2, 2, 32, dtype="float32").reshape(16, 2)


def model_of():
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(3, NoisyTanh(units=3)), NoisyTanh(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("sgd", "mse", jit_compile=False)
    return model


def fit(model, epochs, *callbacks):
    return model.fit(
        X, X[:, :1], batch_size=4, epochs=epochs, callbacks=list(callbacks), verbose=0
    ).history


def scales(model):
    return [float(layer.scale) for layer in (model.layers[0].activation, model.layers[1])]


def test_the_schedule_of_the_paper_reaches_its_floor_when_it_should():
    schedule = NoiseAnnealing()
    assert schedule.scale_at(0) == 30.0
    assert schedule.scale_at(199) == 30.0
    assert schedule.scale_at(200) == pytest.approx(30 / np.sqrt(2))
    assert schedule.scale_at(3598 * 200) > 0.5
    assert schedule.scale_at(3599 * 200) == 0.5
    assert schedule.scale_at(10**9) == 0.5


def test_other_schedules_run_from_start_to_end():
    """Every value, each for as many batches as `every` says."""
    tilt = 0.75 * np.sqrt(0.5)  # half of start - end, times cos(pi / 4)
    for schedule, values in (
        ("linear", [2.0, 1.625, 1.25, 0.875, 0.5, 0.5, 0.5]),
        ("cosine", [2.0, 1.25 + tilt, 1.25, 1.25 - tilt, 0.5, 0.5, 0.5]),
        (
            "root",
            [2.0, 2.0 / np.sqrt(2), 2.0 / np.sqrt(3), 1.0, 2.0 / np.sqrt(5), 0.816497, 0.755929],
        ),
    ):
        annealing = NoiseAnnealing(schedule, start=2.0, end=0.5, every=3, steps=4)
        found = [annealing.scale_at(batch) for batch in range(3 * len(values))]
        assert found == pytest.approx(np.repeat(values, 3), rel=1e-6), schedule


def test_layers_that_are_built_by_the_first_batch_are_set_too():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(3, NoisyTanh()), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    fit(model, 1, NoiseAnnealing(start=8.0, every=100))
    assert float(model.layers[0].activation.scale) == 8.0


def test_every_noisy_layer_is_set_and_the_value_is_logged():
    model = model_of()
    history = fit(model, 3, NoiseAnnealing(start=8.0, every=2))
    # The last of 4, 8 and 12 batches begins after 3, 7 and 11: t = 1, 3, 5.
    expected = [8.0 / np.sqrt(t + 1) for t in (1, 3, 5)]
    assert history["noise_scale"] == pytest.approx(expected)
    assert scales(model) == pytest.approx([expected[-1]] * 2)


def test_a_training_that_is_saved_and_resumed_goes_on_where_it_stopped(tmp_path):
    straight = model_of()
    whole = fit(straight, 4, NoiseAnnealing(start=8.0, every=1))
    halved = model_of()
    fit(halved, 2, NoiseAnnealing(start=8.0, every=1))
    halved.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    assert scales(resumed) == scales(halved)
    rest = fit(resumed, 2, NoiseAnnealing(start=8.0, every=1))
    assert rest["noise_scale"] == whole["noise_scale"][2:]
    assert scales(resumed) == scales(straight)


def test_it_survives_its_config_and_refuses_what_cannot_be():
    annealing = NoiseAnnealing("cosine", 4.0, 1.0, 3, 9)
    assert NoiseAnnealing.from_config(annealing.get_config()).scale_at(12) == annealing.scale_at(12)
    for arguments, message in (
        ({"schedule": "steep"}, "`schedule` must be one of 'root', 'linear', 'cosine'"),
        ({"schedule": "linear"}, "`steps` must be a positive integer. Received: None"),
        ({"start": -1.0}, "`start` must be a number of at least 0.0. Received: -1.0"),
        ({"start": 1.0, "end": 2.0}, "`end` must be at most `start`, 1.0. Received: 2.0"),
        ({"every": 0}, "`every` must be a positive integer. Received: 0"),
    ):
        with pytest.raises(ValueError, match=message):
            NoiseAnnealing(**arguments)
    quiet = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    quiet.compile("sgd", "mse")
    with pytest.raises(ValueError, match="needs a model with noisy activations"):
        fit(quiet, 1, NoiseAnnealing())
