"""Training many units at once trains each by the published rules."""

import numpy as np
import tensorflow as tf

from tests.benchmarks import arithmetic_task as task
from tests.benchmarks import arithmetic_training as training
from tests.benchmarks.arithmetic_peers import PEERS, UNITS, nac_kernels, staircase


def test_all_models_at_once_answer_as_each_layer_alone():
    for name in PEERS:
        layer = UNITS[name].make()
        layer.build((None, 2))
        weights = [w[:9] for w in training.initial_weights(layer, 1)]
        x = task.sample(1, 0, 16)
        together = training.predict(layer, [tf.constant(w) for w in weights], x)
        for model in (0, 4, 8):
            layer.set_weights([w[model] for w in weights])
            alone = layer(x[model])[:, 0]
            # Where terms cancel, the sum is as exact as they are.
            lost = 4 * np.finfo("float32").eps * np.abs(alone).max()
            np.testing.assert_allclose(together[model], alone, 2e-6, lost, err_msg=name)


def test_a_seed_starts_alike_in_every_range_and_seeds_start_apart():
    layer = UNITS["NMU"].make()
    layer.build((None, 2))
    (kernels,) = training.initial_weights(layer, 3)
    by_range = kernels.reshape(9, 3, 2, 1)
    np.testing.assert_array_equal(by_range, np.broadcast_to(by_range[:1], by_range.shape))
    assert len(np.unique(by_range[0].ravel())) == 6
    (again,) = training.initial_weights(layer, 3, attempt=1)
    assert not np.any(again == kernels)


def test_noise_is_that_of_the_step_and_only_of_training():
    layer = UNITS["sNMU"].make()
    layer.build((None, 2))
    weights = [tf.fill((9, 2, 1), 0.5)]
    x = task.sample(1, 0, 16)
    first, again, later = (training.predict(layer, weights, x, s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - later).max() > 1e-3
    np.testing.assert_array_equal(*(training.predict(layer, weights, x) for _ in range(2)))


def test_restarts_follow_the_rule_taken_literally(rng):
    models = 12
    logs = rng.uniform(0.0, 3.0, (20, models)) * rng.choice([0.1, 1.0, 5.0], models)
    restarts = training.Restarts(models)
    when = [restarts.times(1000 * i, error) for i, error in enumerate(logs)]
    for model in range(models):
        errors, first, found = np.repeat(logs[:, model], 1000), 0, []
        for step in range(10, 20_000, 10):
            losses = errors[first : step + 1]
            early, late = losses[: len(losses) // 2], losses[len(losses) // 2 :]
            stuck = np.mean(early) <= np.mean(late) + np.std(late) and np.mean(late) > 1.0
            if len(losses) > 5000 and stuck:
                found.append(step)
                first = step + 1
        assert [w[model] for w in when if w[model] >= 0] == found
    assert sum(np.sum(w >= 0) for w in when) > models / 2


def test_adam_and_clipping_are_the_textbook_ones(rng):
    w, g1, g2 = (rng.normal(size=(3, 2, 1)).astype("float32") for _ in range(3))
    zeros = [tf.zeros((3, 2, 1))]
    state = training.adam([tf.constant(w)], zeros, zeros, [tf.constant(g1)], tf.constant(0), 0.1)
    (got,), _, _ = training.adam(*state, [tf.constant(g2)], tf.constant(1), 0.1)
    expected = w - 0.1 * np.sign(g1)  # the first step, whatever the gradient
    mean = (0.09 * g1 + 0.1 * g2) / (1.0 - 0.9**2)
    square = (0.000999 * g1**2 + 0.001 * g2**2) / (1.0 - 0.999**2)
    np.testing.assert_allclose(got, expected - 0.1 * mean / np.sqrt(square), rtol=1e-4, atol=1e-5)
    together = training.clipped([tf.constant(10.0 * g1)], UNITS["NMRU"])[0]
    np.testing.assert_allclose(np.sqrt(np.sum(together**2, axis=(1, 2))), 1.0, rtol=1e-5)
    single = training.clipped([tf.constant(10.0 * g1)], UNITS["iNALU"])[0]
    np.testing.assert_array_equal(single, np.clip(10.0 * g1, -0.1, 0.1))


def test_schedules_are_the_published_ones():
    steps = tf.constant([0.0, 9999.0, 10_000.0, 20_000.0, 49_999.0])
    np.testing.assert_allclose(
        staircase(1e-7, 1e-5)(steps), [1e-7, 1e-7, 1e-6, 1e-5, 1e-5], rtol=1e-5
    )
    schedule = UNITS["NMU"].schedule("mul")
    steps = tf.constant([0.0, 20_000.0, 27_500.0, 35_000.0, 50_000.0])
    np.testing.assert_allclose(schedule(steps), [0.0, 0.0, 0.5, 1.0, 1.0])


def test_weights_of_both_paths_count_as_discrete():
    large = tf.fill((4, 2, 1), 50.0)
    weights = [large, large, -large, large, tf.zeros((4, 1))]
    np.testing.assert_array_equal(nac_kernels(weights)[0, :, 0], [1.0, 1.0, -1.0, -1.0])
