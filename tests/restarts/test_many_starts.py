"""Training with restarts: finds the operation, in one program, whatever goes wrong."""

import random

import keras
import numpy as np
import pytest

from keras_addmul.layers import AddMulDense, AddMulSelect
from keras_addmul.restarts import fit_restarts, many_starts
from keras_addmul.restarts.grids import GRIDS, entries_of
from keras_addmul.restarts.program import compiled
from keras_addmul.restarts.rows import Rows

X = np.random.default_rng(0).uniform(1.0, 2.0, (256, 2)).astype("float32")
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
def test_the_seed_decides_everything(neuron, rng):
    y = X[:, 0] / X[:, 1] + 0.1 * rng.normal(size=256)
    results = []
    for chance, seed in ((7, 3), (8, 3), (7, 4)):
        keras.utils.set_random_seed(chance)
        after = random.random()
        keras.utils.set_random_seed(chance)
        found = fit(neuron, y, batch_size=32, seed=seed, snap=None)
        assert random.random() == after
        results.append([flat(found.model.get_weights()), found.losses.tolist()])
    assert results[0] == results[1]
    assert results[0] != results[2]


@pytest.mark.slow
def test_restarts_that_end_in_nan_are_dropped_and_the_others_win(neuron, rng):
    def starts(model, count, seed):
        kernel = rng.uniform(0.5, 1.0, (count, 2, 1))
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
def test_stopped_from_the_keyboard_it_returns_the_best_so_far(neuron, monkeypatch, rng):
    calls = []

    def batches(rows, number, original=Rows.batches):
        calls.append(number)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(rows, number)

    monkeypatch.setattr(Rows, "batches", batches)
    y = X[:, 0] + 0.1 * rng.normal(size=256)
    found = fit(neuron, y)
    assert found.interrupted
    assert len(calls) == 2
    assert found.loss == min(h["loss"] for h in found.history)


@pytest.mark.slow
def test_silence_and_a_bar_with_the_time_left(neuron, capsys, rng):
    y = X[:, 0] + 0.1 * rng.normal(size=256)
    fit(neuron, y)
    assert capsys.readouterr().out == ""
    fit(neuron, y, verbose=1)
    assert "validation_loss" in capsys.readouterr().out


@pytest.mark.slow
def test_the_worse_half_is_dropped_until_one_is_left(neuron, rng):
    found = fit(neuron, X[:, 0] + 0.1 * rng.normal(size=256))
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
    how = {"restarts": 4, "steps": 800, "verbose": 0, "optimizer": keras.optimizers.SGD(0.1)}
    found = fit_restarts(build, X, y, loss=loss, **how)
    assert len(np.unique(found.losses)) == 4
    measured = float(keras.ops.mean(loss(y, found.model(X))))
    assert measured < 0.05
    assert found.snapped == {}


def test_what_may_be_snapped_is_asked_for_by_name(neuron):
    assert len(entries_of(neuron, "auto")) == 3
    assert entries_of(neuron, None) == []
    assert [e.grid for e in entries_of(neuron, {"order": (1, 0)})] == [(0.0, 1.0)]
    with pytest.raises(ValueError, match=r"`snap` must name weights.*\['kernel', 'order'\].*'w'"):
        entries_of(neuron, {"w": (0, 1)})


class Lookalike(AddMulSelect):
    """A layer of another class, with weights of the same names."""


Lookalike.__name__ = "AddMulSelect"


def test_grids_belong_to_classes_and_not_to_their_names():
    model = keras.Sequential([keras.Input((2,)), Lookalike(1), AddMulDense(1, coupling="free")])
    variables = [model.variables[e.variable].name for e in entries_of(model, "auto")]
    assert sorted(set(variables)) == ["kernel", "order", "order_in", "parity"]
    assert all(e.variable >= 2 for e in entries_of(model, "auto"))
    assert all(list(grid) == sorted(grid) for grids in GRIDS.values() for grid in grids.values())


def test_entries_know_their_place_and_their_neighbours(neuron):
    kernel = entries_of(neuron, "auto")[1]
    assert (kernel.variable, kernel.at, kernel.grid) == (0, 1, (-1.0, 0.0, 1.0))
    assert [kernel.nearest(v) for v in (-9.0, -0.4, 0.6)] == [-1.0, 0.0, 1.0]
    assert [kernel.neighbours(v) for v in (-0.9, 0.1, 2.0)] == [[0.0], [-1.0, 1.0], [0.0]]


UNBUILT = keras.Sequential([keras.layers.Dense(1)], name="raw")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"model": "m"},
            TypeError,
            r"`model` must be a Keras model.*Received: 'm' \(of type",
        ),
        ({"model": lambda: 3}, TypeError, r"`model` must be a Keras model.*Received: 3 \(of type"),
        ({"model": UNBUILT}, ValueError, "`model` must be built.*Received: 'raw', which is not"),
        ({"loss": "mes"}, ValueError, "`loss` must be a Keras loss, or the name.*Received: 'mes'"),
        ({"loss": 3}, ValueError, "`loss` must be a Keras loss, or the name of one. Received: 3"),
        ({"optimizer": "adamm"}, ValueError, "`optimizer` must be a Keras opt.*Received: 'adamm'"),
        ({"validation_split": 1.0}, ValueError, "`validation_split` must be a .*Received: 1.0"),
        ({"penalty_ramp": (0.5, 0.2)}, ValueError, r"`penalty_ramp` must be .*: \(0.5, 0.2\)"),
        ({"seed": -1}, ValueError, "`seed` must be an integer of at least 0. Received: -1"),
        ({"seed": None}, ValueError, "`seed` must be an integer of at least 0. Received: None"),
        ({"snap": "all"}, ValueError, "`snap` must be 'auto', None or a dictionary.*'all'"),
        ({"y": X[:10, 0]}, ValueError, r"`x` and `y` must have as many rows. .*\[10, 256\]"),
    ],
)
def test_what_cannot_be_trained_is_refused(neuron, arguments, error, message):
    how = {"model": neuron, "x": X, "y": X[:, 0], "verbose": 0, "restarts": 1, "steps": 1}
    with pytest.raises(error, match=message):
        fit_restarts(**{**how, **arguments})


def linear(**kwargs):
    dense = keras.layers.Dense(1, use_bias=False, **kwargs)
    return keras.Sequential([keras.Input((1,)), dense])


def measured(weights, x, y):
    return np.mean((x @ np.array(weights[0]) - y) ** 2)


def test_validation_chooses_even_where_training_disagrees():
    x = np.linspace(1.0, 2.0, 32, dtype="float32")[:, None]
    model = linear(kernel_initializer="normal")
    rows = {"x": x, "y": 3.0 * x, "validation_data": (x, -2.0 * x)}  # training says 3, we want -2
    begins = np.array([2.5, -1.5, 0.5, -0.25]).reshape(4, 1, 1)
    how = {"steps": 20, "every": 5, "verbose": 0, "optimizer": keras.optimizers.SGD(0.05)}
    path = model.variables[0].path
    found = fit_restarts(
        model, **rows, restarts=4, draws=1, starts=lambda *_: {path: begins}, snap=None, **how
    )
    np.testing.assert_allclose(found.model.get_weights()[0], [[-1.5]])  # before any training
    assert found.loss == pytest.approx(measured([[[-1.5]]], x, -2.0 * x), rel=1e-6)
    assert found.loss == min(h["loss"] for h in found.history) == found.trained["loss"]
    for note in found.history:
        assert note["loss"] == pytest.approx(measured(note["weights"], x, -2.0 * x), rel=1e-5)


def test_half_of_the_restarts_are_the_best_of_what_was_drawn():
    x = np.linspace(1.0, 2.0, 32, dtype="float32")[:, None]
    model = linear(kernel_initializer="normal")
    begins = np.arange(24.0).reshape(24, 1, 1)[::-1]
    how = {"restarts": 4, "draws": 6, "steps": 1, "every": 1, "verbose": 0, "polish": False}
    counts = []

    def starts(model, count, seed):
        counts.append(count)
        return {model.variables[0].path: begins}

    still = keras.optimizers.SGD(0.0)
    found = fit_restarts(model, x, 2.0 * x, starts=starts, optimizer=still, **how)
    assert counts == [24]
    np.testing.assert_allclose(found.model.get_weights()[0], [[2.0]])
    # The first two, 23 and 22, and of the others the two that are nearest to 2.
    rows = Rows(x, 2.0 * x, None, 0.25, None, 1, 0).validation
    expected = [measured([[[w]]], *rows) for w in (23.0, 22.0, 2.0, 1.0)]
    np.testing.assert_allclose(sorted(found.losses), sorted(expected), rtol=1e-5)


@pytest.mark.parametrize("snap", [{"kernel": (-3.0, 3.0)}, {"kernel": (0.0, 1.0, 2.0)}])
def test_polish_takes_no_higher_loss_than_chance_allows(snap):
    x = np.linspace(1.0, 2.0, 400, dtype="float32")[:, None]
    model = linear()
    for truth in (1.02, 1.4):
        found = fit_restarts(model, x, truth * x, restarts=2, steps=300, snap=snap, verbose=0)
        rows = round(400 * 0.25)
        chance = 1.0 + np.log(rows) / rows
        assert found.loss <= found.trained["loss"] * chance + 1e-9
        kept = model.get_weights()[0].item()
        assert found.snapped[model.variables[0].path].all() == (kept in snap["kernel"])
        assert kept == pytest.approx(truth, rel=1e-3)


def test_ctrl_c_while_polishing_keeps_the_best_of_the_training(monkeypatch):
    x = np.linspace(1.0, 2.0, 32, dtype="float32")[:, None]
    monkeypatch.setattr(many_starts, "polish_weights", interrupt)
    found = fit_restarts(linear(), x, 3.0 * x, restarts=2, steps=50, verbose=0)
    assert found.interrupted
    assert found.loss == found.trained["loss"] == min(h["loss"] for h in found.history)


def interrupt(*arguments):
    raise KeyboardInterrupt


def test_compiled_programs_are_used_again_only_where_nothing_has_changed():
    model, mse = linear(), keras.losses.MeanSquaredError()
    adam = keras.optimizers.Adam

    def scaled(factor):
        return lambda y, p: factor * keras.ops.mean((y - p) ** 2)

    def cosine(steps):
        return adam(keras.optimizers.schedules.CosineDecay(0.1, steps))

    first, second = scaled(1.0), scaled(2.0)
    one = compiled(model, mse, adam(0.1), 2)
    assert compiled(model, mse, adam(0.1), 2) is one
    others = [
        compiled(model, mse, adam(0.2), 2),
        compiled(model, mse, keras.optimizers.Nadam(0.1), 2),
        compiled(model, mse, adam(0.1), 3),
        compiled(linear(), mse, adam(0.1), 2),
        compiled(model, first, adam(0.1), 2),
        compiled(model, second, adam(0.1), 2),
        compiled(model, mse, cosine(5), 2),
    ]
    assert len({id(program) for program in [one, *others]}) == 8


@pytest.mark.slow
def test_exponents_go_to_small_rationals_and_constants_stay_free():
    model = keras.Sequential([keras.Input((2,)), AddMulDense(1)])
    y = X[:, :1] ** 1.5 / X[:, 1:] + 0.7
    found = fit_restarts(model, X, y, restarts=8, steps=1500, verbose=0)
    kernel, bias, order, _ = found.model.get_weights()
    assert kernel.ravel().tolist() == [1.5, -1.0]
    assert order.tolist() == [1.0]
    np.testing.assert_allclose(bias, [0.7], atol=1e-3)


@pytest.mark.slow
def test_noise_does_not_keep_weights_from_being_whole(neuron, rng):
    found = fit(neuron, X[:, 0] - X[:, 1] + 0.03 * rng.normal(size=256))
    assert flat(found.model.get_weights()) == [1.0, -1.0, 0.0]
    assert flat(found.trained["weights"]) != [1.0, -1.0, 0.0]
