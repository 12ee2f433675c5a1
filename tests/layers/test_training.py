"""From its default start, a neuron must find the operation that made the data."""

import keras
import numpy as np
import pytest

from keras_addmul.layers import AddMul, AddMulDense, Bilinear, ExpIterate
from tests.layers.training import fit, train

pytestmark = pytest.mark.slow

SEEDS = range(10)
NEEDED = 9
ROWS = 2048


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


def found_often(layer, x, y, order, kernel, **how):
    runs = train(layer, x, y, seeds=SEEDS, **how)
    assert sum(found(w, order, kernel) for w in runs) >= NEEDED, runs


@pytest.mark.parametrize("task", TASKS)
def test_one_neuron_finds(task):
    x, law, order, kernel = TASKS[task]
    found_often(AddMulDense(1), x, law(x)[:, None], order, kernel, steps=3000)


@pytest.mark.parametrize("sign", [1, -1], ids=["x y", "x / y"])
def test_one_neuron_finds_a_law_of_inputs_of_either_sign(sign):
    x = uniform(0.3, 3, 2)
    x[: ROWS // 2, 0] *= -1
    x[ROWS // 4 : 3 * ROWS // 4, 1] *= -1
    x = np.random.default_rng(1).permutation(x)
    y = x[:, :1] * x[:, 1:] ** sign
    found_often(AddMulDense(1), x, y, 1, [[1], [sign]], steps=2000)


def test_two_neurons_of_one_layer_become_a_sum_and_a_product():
    x = uniform(0.5, 3, 2)
    y = np.stack([x.sum(1), x.prod(1)], axis=1)
    layer = AddMulDense(2, use_bias=False)
    found_often(layer, x, y, [0, 1], np.ones((2, 2)), steps=4000, rate=5e-2)


def test_free_coupling_finds_a_product():
    x = uniform(0.5, 3, 2)
    layer = AddMulDense(1, coupling="free", use_bias=False, kernel_initializer="ones")
    (weights,) = train(layer, x, x.prod(1, keepdims=True), steps=4000)
    np.testing.assert_allclose(weights["order"], 1.0, atol=0.02)
    np.testing.assert_allclose(weights["order_in"], -1.0, atol=0.02)


def test_four_bilinear_units_find_a_product_of_signed_inputs_from_every_start():
    x = uniform(-2, 2, 2)
    given, outputs = keras.Input((2,)), []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        outputs.append(keras.layers.Dense(1)(Bilinear(4)(given)))
    model = keras.Model(given, keras.layers.Concatenate()(outputs))
    y = np.tile(x.prod(1, keepdims=True), len(outputs))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-2, 1500))
    fit(model, optimizer, x, y, 1500)
    wider = uniform(-6, 6, 2)
    np.testing.assert_allclose(model(wider), np.tile(wider.prod(1, keepdims=True), 10), atol=0.05)


def test_iterates_find_exp_log_and_the_identity():
    x = uniform(0.2, 2, 3)
    y = np.stack([np.exp(x[:, 0]), np.log(x[:, 1]), x[:, 2]], axis=1)
    layer = ExpIterate(order_initializer=keras.initializers.Constant(0.4))
    (weights,) = train(layer, x, y, steps=800)
    np.testing.assert_allclose(weights["order"], [1.0, -1.0, 0.0], atol=0.01)


def test_a_merge_finds_where_to_add_and_where_to_multiply():
    x, z = uniform(-2, 2, 4), uniform(-2, 2, 4)[::-1].copy()
    y = np.concatenate([x[:, :2] + z[:, :2], x[:, 2:] * z[:, 2:]], axis=1)
    (weights,) = train(AddMul(), [x, z], y, steps=1500)
    np.testing.assert_allclose(weights["order"], [0.0, 0.0, 1.0, 1.0], atol=0.01)


@pytest.mark.parametrize(
    ("coupling", "seed", "rate"), [("tied", 3, 3e-2), ("free", 0, 1e-1)], ids=["tied", "free"]
)
def test_training_at_any_scale_and_sign_without_a_nan(coupling, seed, rate):
    """A high rate on raw inputs up to 1e4, zeros included, towards a target of their size.

    Without `special.guarded`, these starts end in nan within 64 steps.
    """
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 4)) * 10.0 ** random.uniform(-4, 4, (ROWS, 4))
    x = np.clip(np.where(random.uniform(size=x.shape) < 0.1, 0.0, x), -1e4, 1e4).astype("float32")
    y = (x[:, :1] * x[:, 1:2] / (1.0 + np.abs(x[:, 2:3]))).astype("float32")
    keras.utils.set_random_seed(seed)
    layers = [AddMulDense(8, coupling=coupling), AddMulDense(1, coupling=coupling)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    fit(model, keras.optimizers.Adam(rate), x, y, 1000)
    assert all(np.all(np.isfinite(w)) for w in model.get_weights())
    assert np.all(np.isfinite(model(x)))
