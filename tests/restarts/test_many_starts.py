"""Training with restarts: finds the operation, in one program, whatever goes wrong."""

import keras
import numpy as np
import pytest

from keras_addmul.layers import AddMulDense, AddMulSelect
from keras_addmul.restarts import fit_restarts
from keras_addmul.restarts import many_starts as restarts
from keras_addmul.restarts.grids import entries_of
from keras_addmul.restarts.starts import draw_starts

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(1.0, 2.0, (256, 2)).astype("float32")
OPERATIONS = {
    "add": (np.add, [1.0, 1.0, 0.0]),
    "sub": (np.subtract, [1.0, -1.0, 0.0]),
    "mul": (np.multiply, [1.0, 1.0, 1.0]),
    "div": (np.divide, [1.0, -1.0, 1.0]),
}


@pytest.fixture(scope="module")
def neuron():
    """One model, so that its program is compiled once."""
    return keras.Sequential([keras.Input((2,)), AddMulSelect(1)])


def fit(model, y, **kwargs):
    how = {"restarts": 16, "steps": 500, "verbose": 0, **kwargs}
    return fit_restarts(model, X, y, **how)


def flat(weights):
    return np.concatenate([np.ravel(w) for w in weights]).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_one_neuron_finds_the_operation(neuron, operation):
    function, weights = OPERATIONS[operation]
    found = fit(neuron, function(X[:, 0], X[:, 1]))
    assert flat(found.model.get_weights()) == weights
    assert all(np.all(s) for s in found.snapped.values())


@pytest.mark.slow
def test_the_same_seed_gives_the_same_result(neuron):
    y = X[:, 0] / X[:, 1] + 0.1 * RANDOM.normal(size=256)
    results = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        found = fit(neuron, y, batch_size=32, seed=3)
        after = float(keras.random.uniform(()))
        results.append([flat(found.model.get_weights()), found.losses.tolist(), after])
    assert results[0] == results[1]


@pytest.mark.slow
def test_restarts_that_end_in_nan_are_dropped_and_the_others_win(neuron):
    def starts(model, count, seed):
        kernel = RANDOM.uniform(0.5, 1.0, (count, 2, 1))
        kernel[::2] = np.nan
        return {model.variables[0].path: kernel}

    for draws, hopeless in ((1, 8), (3, 4)):  # half of the restarts are the best that were drawn
        found = fit(neuron, X[:, 0] * X[:, 1], starts=starts, draws=draws)
        assert np.isinf(found.losses).sum() == hopeless
        assert flat(found.model.get_weights()) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("argument", ["restarts", "draws"])
@pytest.mark.parametrize("value", [0, 2.5, "8"])
def test_numbers_of_starts_that_are_none_are_refused(neuron, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be a positive integer. Received: "):
        fit(neuron, X[:, 0], **{argument: value})


def test_no_finite_loss_at_all_is_an_error_that_says_so(neuron):
    y = np.full(256, np.nan)
    with pytest.raises(ValueError, match="No restart has a finite loss.*targets between nan"):
        fit(neuron, y)


@pytest.mark.slow
def test_stopped_from_the_keyboard_it_returns_the_best_so_far(neuron, monkeypatch):
    calls = []

    def batches(rows, number, original=restarts.Rows.batches):
        calls.append(number)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(rows, number)

    monkeypatch.setattr(restarts.Rows, "batches", batches)
    y = X[:, 0] + 0.1 * RANDOM.normal(size=256)
    found = fit(neuron, y)
    assert found.interrupted
    assert len(calls) == 2
    assert found.loss == min(h["loss"] for h in found.history)


@pytest.mark.slow
def test_silence_and_a_bar_with_the_time_left(neuron, capsys):
    y = X[:, 0] + 0.1 * RANDOM.normal(size=256)
    fit(neuron, y)
    assert capsys.readouterr().out == ""
    fit(neuron, y, verbose=1)
    assert "validation_loss" in capsys.readouterr().out


@pytest.mark.slow
def test_the_worse_half_is_dropped_until_one_is_left(neuron):
    found = fit(neuron, X[:, 0] + 0.1 * RANDOM.normal(size=256))
    alive = [h["alive"] for h in found.history]
    assert alive == sorted(alive, reverse=True)
    assert (alive[0], alive[-1]) == (16, 1)


@pytest.mark.slow
def test_fresh_rows_from_a_function_and_the_loss_is_that_of_the_model(neuron):
    asked = []

    def rows(step, count):
        x = np.random.default_rng(step).uniform(1.0, 2.0, (count, 2)).astype("float32")
        asked.append((step, count))
        return x, x[:, :1] - x[:, 1:]

    how = {"restarts": 16, "steps": 500, "batch_size": 32, "verbose": 0}
    found = fit_restarts(neuron, rows, validation_data=rows(999, 1000), **how)
    assert flat(found.model.get_weights()) == [1.0, -1.0, 0.0]
    assert {count for _, count in asked[1:]} == {3200}
    assert found.loss == 0.0


@pytest.mark.slow
def test_a_function_that_builds_gives_each_restart_its_own_start():
    def build():
        return keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)]
        )

    loss = keras.losses.Huber()
    y = X[:, :1] * X[:, 1:]
    how = {"restarts": 4, "steps": 400, "verbose": 0, "optimizer": keras.optimizers.SGD(0.1)}
    found = fit_restarts(build, X, y, loss=loss, **how)
    assert len(np.unique(found.losses)) == 4
    measured = float(keras.ops.mean(loss(y, found.model(X))))
    assert measured < 0.05
    assert found.snapped == {}


def test_starts_are_drawn_anew_from_the_initializers():
    model = keras.Sequential([keras.Input((2,)), AddMulDense(2), keras.layers.Dense(1)])
    before = [v.numpy() for v in model.variables]
    drawn = draw_starts(model, 5, seed=0)
    for variable, values in zip(model.variables, drawn, strict=True):
        different = len(np.unique(values.reshape(5, -1), axis=0))
        assert different == (5 if variable.name == "kernel" else 1), variable.path
    for a, b in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_may_be_snapped_is_asked_for_by_name(neuron):
    assert len(entries_of(neuron, "auto")) == 3
    assert entries_of(neuron, None) == []
    assert [e.grid for e in entries_of(neuron, {"order": (1, 0)})] == [(0.0, 1.0)]
    with pytest.raises(ValueError, match=r"`snap` must name weights.*\['kernel', 'order'\].*'w'"):
        entries_of(neuron, {"w": (0, 1)})


def test_rows_that_do_not_fit_one_another_are_refused(neuron):
    with pytest.raises(ValueError, match="as many rows"):
        fit_restarts(neuron, X, X[:10, :1], verbose=0)


@pytest.mark.slow
def test_exponents_go_to_small_rationals_and_constants_stay_free():
    model = keras.Sequential([keras.Input((2,)), AddMulDense(1)])
    y = X[:, :1] ** 1.5 / X[:, 1:] + 0.7
    found = fit_restarts(model, X, y, restarts=8, steps=1500, verbose=0)
    kernel, bias, order = found.model.get_weights()
    assert kernel.ravel().tolist() == [1.5, -1.0]
    assert order.tolist() == [1.0]
    np.testing.assert_allclose(bias, [0.7], atol=1e-3)


@pytest.mark.slow
def test_noise_does_not_keep_weights_from_being_whole(neuron):
    found = fit(neuron, X[:, 0] - X[:, 1] + 0.03 * RANDOM.normal(size=256))
    assert flat(found.model.get_weights()) == [1.0, -1.0, 0.0]
    assert flat(found.trained["weights"]) != [1.0, -1.0, 0.0]
