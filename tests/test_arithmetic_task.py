"""The arithmetic task has the published ranges, thresholds and verdict."""

import numpy as np
import pytest
import tensorflow as tf

from tests.benchmarks import arithmetic_task as task

# Published to four digits, by the magnitudes of the extrapolation range: add and sub, mul, div.
PUBLISHED = {
    (20.0, 40.0): (3.667e-07, 3.484e-04, 4.667e-10),
    (2.0, 6.0): (6.667e-09, 1.202e-07, 5.778e-10),
    (1.2, 6.1): (5.729e-09, 9.392e-08, 8.373e-10),
    (1.2, 6.0): (5.568e-09, 8.856e-08, 8.267e-10),
    (0.2, 2.0): (5.380e-10, 8.762e-10, 1.480e-09),
}
SEEDS = 3


@pytest.mark.parametrize("between", task.RANGES, ids=str)
def test_thresholds_are_the_published_ones(between):
    sums, product, quotient = PUBLISHED[tuple(np.sort(np.abs(between.outside)))]
    for operation, wanted in {"add": sums, "sub": sums, "mul": product, "div": quotient}.items():
        assert task.threshold(operation, between) == pytest.approx(wanted, rel=3e-4)


@pytest.mark.parametrize("operation", task.OPERATIONS)
def test_a_threshold_is_the_error_of_weights_that_are_off_by_epsilon(operation):
    x = np.asarray(task.extrapolation_inputs(2, 200_000), "float64")
    size, e = np.abs(x), task.EPSILON
    errors = {
        "add": e * (size[..., 0] + size[..., 1]),
        "sub": e * (size[..., 0] + size[..., 1]),
        "mul": (1 - (1 - e) ** 2) * x[..., 0] * x[..., 1],
        "div": (1 - (1 - e) / (1 + e)) * x[..., 0] / x[..., 1],
    }
    measured = np.mean(errors[operation] ** 2, axis=1)
    # 200 000 rows: the standard error of these means is at most 0.4 %.
    np.testing.assert_allclose(measured, task.thresholds(operation, 2), rtol=0.02)


@pytest.mark.parametrize("outside", [False, True])
def test_numbers_fill_their_range_evenly(outside):
    x = np.asarray(task.sample(SEEDS, 7, 20_000, outside=outside))
    assert x.shape == (len(task.RANGES) * SEEDS, 20_000, 2)
    for rows, between in zip(np.split(x, len(task.RANGES)), task.RANGES, strict=True):
        low, high = between.outside if outside else between.inside
        if outside and between.two_sided:
            assert np.mean(rows < 0) == pytest.approx(0.5, abs=0.01)
            assert np.mean(rows[..., 0] * rows[..., 1] < 0) == pytest.approx(0.5, abs=0.01)
            rows = np.abs(rows)
        unit = (rows - low) / (high - low)
        assert unit.min() > -1e-6
        assert unit.max() < 1 + 1e-6
        np.testing.assert_allclose(np.histogram(unit, 10, (0, 1))[0] / unit.size, 0.1, atol=0.005)


def test_draws_are_independent_of_each_other():
    flat = np.asarray(task.sample(SEEDS, 0, 5000))[3 * SEEDS : 6 * SEEDS]
    later = np.asarray(task.sample(SEEDS, 1, 5000))[3 * SEEDS : 6 * SEEDS]
    outside = np.abs(task.sample(SEEDS, 0, 5000, outside=True))[3 * SEEDS : 6 * SEEDS]
    columns = np.concatenate([a[..., i] for a in (flat, later, outside) for i in (0, 1)])
    correlation = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(correlation).max() < 5 / np.sqrt(5000)


def test_a_seed_sees_the_same_numbers_in_any_company_and_mode():
    few, many = (np.asarray(task.sample(s, 5, 64)) for s in (2, 25))
    np.testing.assert_array_equal(few.reshape(9, 2, 64, 2), many.reshape(9, 25, 64, 2)[:, :2])
    jitted = tf.function(lambda step: task.sample(2, step, 64), jit_compile=True)
    # Equal bits; XLA may fuse the multiplication and the addition.
    np.testing.assert_allclose(jitted(tf.constant(5)), few, rtol=2e-7)


def test_the_verdict_looks_outside_only_at_the_step_chosen_inside():
    models, steps = 9, [0, 1000, 2000]
    extrapolation = np.stack([np.full(models, v) for v in (1.0, 0.0, 1.0)])
    chosen_well = np.stack([np.full(models, v) for v in (1.0, 1e-9, 1e-8)])
    chosen_badly = np.stack([np.full(models, v) for v in (1.0, 1e-8, 1e-9)])
    sparsity = np.full((3, models), 0.125)
    won = task.summary("add", steps, chosen_well, extrapolation, sparsity)
    assert (won["successes"], won["runs"], won["first_success"]) == (9, 9, 1000.0)
    assert won["sparsity"] == 0.125
    lost = task.summary("add", steps, chosen_badly, extrapolation, sparsity)
    assert (lost["successes"], lost["first_success"], lost["by_range"]) == (0, None, [0] * 9)


def test_nan_is_a_failure():
    nothing = np.full((2, 9), np.nan)
    assert task.summary("mul", [0, 1000], nothing, nothing, nothing)["successes"] == 0


def test_wilson_interval_is_the_textbook_one():
    z, n, p = 1.959964, 225, 212 / 225
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    expected = [(centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)]
    assert task.wilson(212, 225) == pytest.approx(expected, abs=1e-4)


def test_sparsity_error_is_the_largest_distance_to_minus_one_zero_and_one():
    weights = tf.constant([[[0.25], [1.0]], [[-1.125], [0.0]], [[1.0], [-1.0]]])
    np.testing.assert_array_equal(task.sparsity_error(weights), [0.25, 0.125, 0.0])
