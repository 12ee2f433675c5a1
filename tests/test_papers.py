"""The pieces of the papers' experiments: their data, their models, and their training."""

import keras
import numpy as np
import pytest

from tests.benchmarks.papers import polynomial
from tests.benchmarks.papers.arms import ARMS
from tests.benchmarks.papers.many_starts import Plan, train


@pytest.mark.parametrize("task", polynomial.TASKS)
def test_no_point_of_training_lies_in_the_disc_and_all_targets_are_one_polynomial(task):
    x, y, outside, there, inside, here = polynomial.rows(task, 3)
    *_, middle = polynomial.TASKS[task]
    distance = [np.hypot(*(part - middle).T) for part in (x, outside, inside)]
    assert min(distance[0].min(), distance[1].min()) > polynomial.RADIUS > distance[2].max()
    assert len(x) == len(outside) == len(inside) == 600
    points, values = np.concatenate([x, outside, inside]), np.concatenate([y, there, here])
    terms = np.prod(points[:, None].astype("float64") ** np.array(polynomial.POWERS), axis=2)
    *_, rank, _ = fitted = np.linalg.lstsq(terms[:600], values[:600], rcond=None)
    assert rank == 15
    np.testing.assert_allclose(terms @ fitted[0], values, atol=1e-4 * np.abs(values).max())


def test_models_have_about_as_many_weights_as_asked_for():
    for arm in ARMS:
        model = arm.build(arm.units(145, 2, 1), 2, 1)
        assert 140 <= sum(np.prod(v.shape) for v in model.trainable_variables) <= 150, arm.name


def test_each_start_learns_from_its_own_rows_at_the_rate_that_suits():
    def rows(seed):
        x = np.random.default_rng(seed).normal(size=(64, 1)).astype("float32")
        return (x, (seed % 7 + 1.0) * x) * 2

    def build():
        return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

    found = train(build, rows, 2, Plan(steps=750, batch=16, rates=(1e-6, 0.03), pilots=1))
    assert found.rate == 0.03
    np.testing.assert_allclose([w[0].item() for w in found.weights], [1.0, 2.0], atol=1e-3)
    np.testing.assert_allclose(found.answers(1, np.ones((1, 1), "float32")), [[2.0]], atol=1e-3)
