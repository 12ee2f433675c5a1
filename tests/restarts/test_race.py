"""The race and its rows: who stays, what is kept, and which rows decide it."""

import types

import keras
import numpy as np
import pytest

from keras_addmul.restarts.race import Race, penalty, sizes
from keras_addmul.restarts.rows import Rows

ROUNDS = 10


class Planted:
    """In place of a `Program`: the loss of a restart after each round is planted."""

    def __init__(self, losses):
        self.losses = np.array(losses, float)  # (rounds + 1, restarts)
        self.sets = self.losses.shape[1]
        self.rounds_of = np.zeros(self.sets, int)
        self.trained, self.penalties, self.judged = [], [], []
        self.penalty = types.SimpleNamespace(assign=self.penalties.append)

    def fresh_state(self):
        return [np.zeros(self.sets)]

    def measure(self, weights, data, alive=None):
        self.judged.append(data)
        alive = range(self.sets) if alive is None else alive
        losses = np.full(self.sets, np.inf)
        for i in alive:
            losses[i] = self.losses[self.rounds_of[i], i]
        return losses

    def advance(self, weights, state, alive, data, index):
        self.trained.append((list(alive), data, index))
        self.rounds_of[alive] += 1
        return [self.rounds_of + 100.0 * np.arange(self.sets)], [self.rounds_of.copy()], None


def race(losses, keep=1, goal=-1.0, ramp=(0.2, 0.5), every=1, steps=ROUNDS):
    program = Planted(losses)
    rows = Rows(np.arange(12.0), np.arange(12.0), None, 0.25, None, every, 0)
    weights = [100.0 * np.arange(program.sets)]
    return Race(program, rows, weights, keep, steps, every, goal, ramp, 0), program, rows


@pytest.fixture
def losses(rng):
    return rng.uniform(1.0, 2.0, (ROUNDS + 1, 8))


@pytest.mark.parametrize("keep", [1, 3])
def test_the_best_weights_ever_seen_are_kept_with_their_state(losses, keep):
    run, program, _ = race(losses, keep)
    assert run.run() is False
    seen = [(losses[0, i], 0, i) for i in range(8)]
    steps = np.zeros(8, int)
    for alive, _, _ in program.trained:
        steps[alive] += 1
        seen += [(losses[steps[i], i], steps[i], i) for i in alive]
    loss, step, winner = min(seen)
    assert run.best["loss"] == loss == min(h["loss"] for h in run.history)
    assert run.best["weights"] == [100.0 * winner + step]
    assert run.best["state"] == [step]
    np.testing.assert_array_equal(run.losses, losses[steps, range(8)])


def test_the_worse_half_is_dropped_again_and_again(losses):
    run, program, _ = race(losses)
    run.run()
    steps = np.zeros(8, int)
    before = range(8)
    counts = []
    for alive, _, _ in program.trained:
        ranked = sorted(before, key=lambda i: losses[steps[i], i])
        assert sorted(alive) == sorted(ranked[: len(alive)])
        steps[list(alive)] += 1
        before = alive
        counts.append(len(alive))
    assert counts == [8, 8, 8, 4, 4, 2, 2, 2, 1, 1]
    assert [h["alive"] for h in run.history] == [8, *counts]
    assert [h["step"] for h in run.history] == list(range(ROUNDS + 1))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((8, 1, 8), [8, 8, 4, 4, 2, 2, 1, 1]),
        ((8, 3, 4), [8, 8, 4, 4]),
        ((5, 1, 3), [5, 2, 1]),
        ((1, 1, 3), [1, 1, 1]),
        ((2, 4, 2), [4, 4]),
        ((16, 1, 2), [16, 8]),
    ],
)
def test_rounds_train_all_then_halves_and_at_least_the_kept(arguments, expected):
    assert sizes(*arguments) == expected


def test_the_best_is_the_best_of_all_even_where_training_spoils_it():
    losses = np.full((ROUNDS + 1, 4), 5.0)
    losses[0, 2] = 1.0
    run, _, _ = race(losses)
    run.run()
    assert run.best["loss"] == 1.0
    assert run.best["weights"] == [200.0]
    assert [h["loss"] for h in run.history] == [1.0] * (ROUNDS + 1)


def test_restarts_without_a_finite_loss_are_trained_no_further():
    losses = np.full((ROUNDS + 1, 4), 2.0)
    losses[1:, :3] = np.inf
    run, program, _ = race(losses, keep=4)
    run.run()
    assert [list(alive) for alive, _, _ in program.trained[1:]] == [[3]] * (ROUNDS - 1)
    run, program, _ = race([[1.0] * 4] + [[np.inf] * 4] * ROUNDS)
    run.run()
    assert len(program.trained) == 1
    assert run.best["loss"] == 1.0


def test_penalties_grow_along_the_ramp(losses):
    assert [penalty(s, (0.2, 0.6)) for s in (0.0, 0.2, 0.6, 1.0)] == [0.0, 0.0, 1.0, 1.0]
    assert penalty(0.3, (0.2, 0.6)) == pytest.approx(0.25)
    assert [penalty(s, (0.0, 0.0)) for s in (0.0, 0.5)] == [1.0, 1.0]
    assert penalty(0.4, (0.5, 0.5)) == 0.0
    run, program, _ = race(losses, ramp=(0.2, 0.6))
    run.run()
    expected = [penalty(i / ROUNDS, (0.2, 0.6)) for i in range(ROUNDS)]
    assert program.penalties == expected
    assert expected[0] == 0.0
    assert expected[-1] == 1.0


def test_the_goal_ends_the_race(losses):
    losses[:4] += 1.0
    losses[3] = 0.5
    run, program, _ = race(losses, goal=0.5)
    run.run()
    assert len(program.trained) == 3
    run, program, _ = race(losses, goal=0.49)
    run.run()
    assert len(program.trained) == ROUNDS


def test_validation_rows_judge_and_training_rows_train(losses):
    run, program, rows = race(losses)
    run.run()
    assert all(data is rows.validation for data in program.judged)
    learned = {float(v) for _, (x, _), index in program.trained for v in x[index.ravel()]}
    judged = {float(v) for v in rows.validation[0]}
    assert len(judged) == 3
    assert not learned & judged
    assert len(learned | judged) == 12


def test_no_finite_loss_at_all_is_an_error():
    with pytest.raises(ValueError, match="No restart has a finite loss.*targets between 0.0 and"):
        race([[np.inf, np.inf]])


def rows_of(count=40, split=0.25, batch=None, every=5, seed=0, validation=None):
    x = np.arange(count, dtype="float64")
    return Rows({"a": x, "b": np.stack([x, x], 1)}, -x, validation, split, batch, every, seed)


@pytest.mark.parametrize("split", [0.1, 0.25, 0.9, 0.001, 0.999])
def test_a_share_of_the_rows_is_set_aside(split):
    rows = rows_of(split=split)
    x, y = rows.validation
    assert rows.count == len(y) == min(max(1, round(40 * split)), 39)
    (more, targets), index = rows.batches(1)
    assert sorted([*x["a"], *more["a"]]) == list(range(40))
    np.testing.assert_array_equal(y[:, 0], -x["a"])
    np.testing.assert_array_equal(targets[:, 0], -more["b"][:, 1])
    assert y.dtype == "float32"
    assert index.shape == (5, 40 - rows.count)


def test_batches_go_through_all_rows_before_one_comes_again():
    rows = rows_of(batch=6)
    _, index = rows.batches(1)
    assert index.shape == (5, 6)
    assert sorted(index.ravel()) == list(range(30))
    _, again = rows.batches(2)
    assert not np.array_equal(index, again)
    same, other = rows_of(batch=6).batches(1)[1], rows_of(batch=6, seed=1).batches(1)[1]
    np.testing.assert_array_equal(index, same)
    assert not np.array_equal(index, other)


def test_the_seed_decides_which_rows_validate():
    one, same, other = (rows_of(seed=s).validation[1] for s in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_validation_data_are_taken_as_they_are():
    rows = rows_of(validation=({"a": np.ones(3), "b": np.ones((3, 2))}, np.array([1.0, 2.0, 6.0])))
    np.testing.assert_array_equal(rows.validation[1], [[1.0], [2.0], [6.0]])
    assert len(rows.batches(1)[0][1]) == 40
    mse = keras.losses.MeanSquaredError()
    assert rows.baseline(mse) == pytest.approx(np.var([1.0, 2.0, 6.0]))
    eps = 8 * np.finfo("float32").eps
    squares = np.mean((np.array([1.0, 2.0, 6.0]) * eps) ** 2)
    assert rows.rounding(mse) == pytest.approx(squares, rel=1e-3)
    assert rows.rounding(mse, 2) == pytest.approx(squares / 16, rel=1e-3)


def test_targets_that_are_constant_or_classes_have_no_scale():
    constant = Rows(np.arange(8.0), np.ones(8), None, 0.25, None, 1, 0)
    assert constant.baseline(keras.losses.MeanSquaredError()) == 1.0
    classes = Rows(np.arange(8.0), np.arange(8), None, 0.25, None, 1, 0)
    assert classes.baseline(keras.losses.SparseCategoricalCrossentropy()) == 1.0
    assert classes.rounding(keras.losses.SparseCategoricalCrossentropy()) == 0.0


def test_rows_from_a_function_are_asked_for_by_round():
    asked = []

    def sampler(number, count):
        asked.append((number, count))
        return np.full(count, float(number)), np.ones(count)

    rows = Rows(sampler, None, None, 0.25, 16, 5, 0)
    assert asked == [(0, 10_000)]
    (x, _), index = rows.batches(3)
    assert asked[1:] == [(3, 80)]
    assert set(x.ravel()) == {3.0}
    np.testing.assert_array_equal(index, np.arange(80).reshape(5, 16))
    assert Rows(sampler, None, None, 0.25, None, 2, 0).batches(1)[1].shape == (2, 128)


def test_rows_that_do_not_fit_one_another_are_refused():
    with pytest.raises(ValueError, match=r"must have as many rows. Received: \[3, 4\]"):
        Rows(np.ones(4), np.ones(3), None, 0.25, None, 1, 0)
    with pytest.raises(ValueError, match="as many rows"):
        Rows(np.ones(4), np.ones(4), (np.ones(2), np.ones(3)), 0.25, None, 1, 0)
    with pytest.raises(ValueError, match="at least 2 rows.*Received: 1"):
        Rows(np.ones(1), np.ones(1), None, 0.25, None, 1, 0)
