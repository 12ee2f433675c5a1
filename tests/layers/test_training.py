"""From its default start, a neuron must find the operation that made the data."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.layers import AddMul, AddMulDense, ExpIterate

pytestmark = pytest.mark.slow

SEEDS = range(10)
NEEDED = 9
ROWS, BATCH = 2048, 128


def train(layer, start, x, y, steps, rate=2e-2):
    """Adam with a cosine schedule from each start; returns the weights it ended at."""
    keras.utils.set_random_seed(0)
    layer(tf.nest.map_structure(lambda a: a[:1], x))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    optimizer.build(layer.trainable_variables)
    fresh = [v.numpy() for v in optimizer.variables]

    @tf.function(jit_compile=True)
    def step(x, y):
        with tf.GradientTape() as tape:
            # A sum over units keeps each unit's gradient as if it were alone.
            loss = tf.reduce_sum(tf.reduce_mean(tf.square(layer(x) - y), axis=0))
        optimizer.apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
        return loss

    for weights in start(layer):
        layer.set_weights(weights)
        for variable, value in zip(optimizer.variables, fresh, strict=True):
            variable.assign(value)
        for i in range(steps):
            rows = slice(i * BATCH % ROWS, i * BATCH % ROWS + BATCH)
            loss = step(tf.nest.map_structure(lambda a, r=rows: a[r], x), y[rows])
        assert np.isfinite(loss)
        yield {w.name: w.numpy() for w in layer.weights}


def default_starts(layer):
    """The default initialisation under each seed; one compiled step serves them all."""
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        again = type(layer).from_config(layer.get_config())
        again.build((None, layer.kernel.shape[0]))
        yield again.get_weights()


def uniform(low, high, inputs):
    return np.random.default_rng(0).uniform(low, high, (ROWS, inputs)).astype("float32")


def found(weights, orders, kernel):
    near_order = np.all(np.abs(weights["order"] - orders) < 0.01)
    return near_order and np.all(np.abs(weights["kernel"] - np.array(kernel)) < 0.02)


TASKS = {
    "a sum of five inputs": (uniform(-2, 2, 5), lambda x: x.sum(1), 0, np.ones((5, 1))),
    "a product of two": (uniform(0.5, 3, 2), lambda x: x.prod(1), 1, np.ones((2, 1))),
    "a ratio of powers": (
        uniform(0.5, 3, 2),
        lambda x: x[:, 0] ** 1.5 / x[:, 1],
        1,
        [[1.5], [-1.0]],
    ),
}


@pytest.mark.parametrize("task", TASKS)
def test_one_neuron_finds(task):
    x, law, order, kernel = TASKS[task]
    runs = list(train(AddMulDense(1), default_starts, x, law(x)[:, None], steps=3000))
    assert sum(found(w, order, kernel) for w in runs) >= NEEDED, runs


def test_one_neuron_finds_a_product_of_signed_inputs_where_the_order_is_given():
    x = uniform(-2, 2, 2)
    layer = AddMulDense(1, order_initializer="ones")
    runs = list(train(layer, default_starts, x, x.prod(1, keepdims=True), steps=1500))
    assert sum(found(w, 1, np.ones((2, 1))) for w in runs) >= NEEDED, runs


def test_two_neurons_of_one_layer_become_a_sum_and_a_product():
    x = uniform(0.5, 3, 2)
    y = np.stack([x.sum(1), x.prod(1)], axis=1)
    layer = AddMulDense(2, use_bias=False)
    runs = list(train(layer, default_starts, x, y, steps=4000, rate=5e-2))
    assert sum(found(w, [0, 1], np.ones((2, 2))) for w in runs) >= NEEDED, runs


def test_free_coupling_finds_a_product():
    x = uniform(0.5, 3, 2)
    layer = AddMulDense(1, coupling="free", use_bias=False, kernel_initializer="ones")
    (weights,) = train(
        layer, lambda layer: [layer.get_weights()], x, x.prod(1, keepdims=True), steps=4000
    )
    np.testing.assert_allclose(weights["order"], 1.0, atol=0.02)
    np.testing.assert_allclose(weights["order_in"], -1.0, atol=0.02)


@pytest.mark.parametrize(("function", "order"), [(np.exp, 1.0), (np.log, -1.0), (np.copy, 0.0)])
def test_exp_iterate_finds_exp_log_and_the_identity(function, order):
    x = uniform(0.2, 2, 2)
    start = lambda layer: [[np.full(2, 0.4, "float32")]]
    (weights,) = train(ExpIterate(), start, x, function(x), steps=800)
    np.testing.assert_allclose(weights["order"], order, atol=0.01)


@pytest.mark.parametrize(("law", "order"), [(np.add, 0.0), (np.multiply, 1.0)])
def test_a_merge_finds_add_and_multiply(law, order):
    x, z = uniform(-2, 2, 3), uniform(-2, 2, 3)[::-1].copy()
    start = lambda layer: [layer.get_weights()]
    (weights,) = train(AddMul(), start, [x, z], law(x, z), steps=1500)
    np.testing.assert_allclose(weights["order"], order, atol=0.01)


@pytest.mark.parametrize("coupling", ["tied", "free"])
def test_ten_thousand_steps_at_any_scale_and_sign_without_a_nan(coupling):
    """Adam at 1e-2 on raw inputs up to 1e4, zeros included, towards a target of their size."""
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 4)) * 10.0 ** random.uniform(-4, 4, (ROWS, 4))
    x = np.clip(np.where(random.uniform(size=x.shape) < 0.1, 0.0, x), -1e4, 1e4).astype("float32")
    y = (x[:, :1] * x[:, 1:2] / (1.0 + np.abs(x[:, 2:3]))).astype("float32")
    keras.utils.set_random_seed(5)  # one of those whose gradients pass 1e21 without a guard
    layers = [AddMulDense(8, coupling=coupling), AddMulDense(1, coupling=coupling)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    optimizer = keras.optimizers.Adam(1e-2)
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=True)
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x) - y))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    for i in range(10_000):
        rows = slice(i * BATCH % ROWS, i * BATCH % ROWS + BATCH)
        loss = step(x[rows], y[rows])
        if i % 100 == 0:
            assert np.isfinite(loss), i
    assert all(np.all(np.isfinite(w)) for w in model.get_weights())
    assert np.all(np.isfinite(model(x)))
