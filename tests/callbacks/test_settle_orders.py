"""Settling: what is near its end goes there, stays there, and the loss does not rise."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.callbacks import SettleOrders
from keras_addmul.layers import AddMulDense
from keras_addmul.layers.regularizers import OrdersToEnds

RNG = np.random.default_rng(0)
X = RNG.uniform(0.5, 2.0, (256, 2)).astype("float32")
TWO = np.stack([X[:, 0] + 2.0 * X[:, 1], X[:, 0] ** 1.5 / X[:, 1]], axis=1)


def start(layer, orders=(0.1, 0.9)):
    """Weights that know their law but for the orders."""
    layer.kernel.assign([[1.0, 1.5], [2.0, -1.0]])
    layer.order.assign(orders)


def unit(orders=(0.1, 0.9), optimizer=None, jit=False, **how):
    layer = AddMulDense(2, **how)
    model = keras.Sequential([keras.Input((2,)), layer])
    start(layer, orders)
    model.compile(optimizer or keras.optimizers.SGD(0.0), "mse", jit_compile=jit)
    return model


def loss_of(model, x=X, y=TWO):
    return float(np.mean(np.square(model.predict(x, verbose=0) - y)))


def test_what_lowers_the_loss_settles_at_once():
    model = unit(jit=True)
    settle = SettleOrders((X, TWO), epochs=1)
    history = model.fit(X, TWO, epochs=2, verbose=0, callbacks=[settle]).history
    np.testing.assert_array_equal(model.layers[0].order, [0.0, 1.0])
    assert history["settled_orders"] == [0, 2]
    assert loss_of(model) < 1e-10


def test_what_raises_the_loss_is_restored_with_the_optimizer():
    # The second unit is at its law already, at an order near 0 that is not 0.
    model = unit(orders=(0.1, 0.2), optimizer=keras.optimizers.Adam(1e-9))
    targets = np.stack([TWO[:, 0], model.predict(X, verbose=0)[:, 1]], axis=1)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((float(self.model.layers[0].order[1]), loss_of(self.model, y=targets)))

    settle = SettleOrders((X, targets), epochs=4, tolerance=0.0, patience=1)
    model.fit(X, targets, epochs=4, verbose=0, callbacks=[settle, Watch()])
    assert float(model.layers[0].order[0]) == 0.0
    assert seen[0][0] == 0.0  # on trial
    assert seen[0][1] > 1e-3
    np.testing.assert_allclose(model.layers[0].order[1], 0.2, atol=1e-6)
    assert loss_of(model, y=targets) < 1e-9
    assert settle.settled == 1
    assert int(model.optimizer.iterations) == 4 * 8  # schedules go on


@pytest.mark.slow
def test_from_its_default_start_a_layer_ends_on_its_sum_and_its_product():
    """The sum had learned a bias for an order that is not 0: on trial, it unlearns it."""
    layer = AddMulDense(2)
    model = keras.Sequential([keras.Input((2,)), layer])
    adam = keras.optimizers.Adam(0.02)
    model.compile(adam, "mse", jit_compile=True, steps_per_execution=8)
    settle = SettleOrders((X, TWO), epochs=60, near=0.5)
    losses = model.fit(X, TWO, batch_size=32, epochs=300, verbose=0, callbacks=[settle]).history
    np.testing.assert_array_equal(layer.order, [0.0, 1.0])
    assert losses["settled_orders"][239] < 2  # but for the callback, the sum has a small order
    np.testing.assert_allclose(layer.kernel, [[1.0, 1.5], [2.0, -1.0]], atol=0.01)
    assert losses["loss"][-1] <= losses["loss"][239]


def test_what_is_far_from_its_end_stays_free():
    model = unit(orders=(0.3, 0.9))
    model.fit(X, TWO, verbose=0, callbacks=[SettleOrders((X, TWO), near=0.2)])
    np.testing.assert_allclose(model.layers[0].order, [0.3, 1.0])


@pytest.mark.parametrize("jit", [True, False])
def test_settled_orders_stay_at_their_ends_in_later_steps(jit):
    model = unit(optimizer=keras.optimizers.Adam(0.01), jit=jit)
    model.fit(X, TWO, verbose=0)  # a training step is compiled before the callback comes
    assert not np.any(np.isin(model.layers[0].order, (0.0, 1.0)))
    start(model.layers[0])
    model.fit(X, TWO, verbose=0, callbacks=[SettleOrders((X, TWO), tolerance=1e6)])
    np.testing.assert_array_equal(model.layers[0].order, [0.0, 1.0])
    kernel = model.layers[0].kernel.numpy()
    model.fit(X, TWO[:, ::-1], verbose=0)  # away from the law, without the callback
    np.testing.assert_array_equal(model.layers[0].order, [0.0, 1.0])
    assert np.all(kernel != model.layers[0].kernel)


def test_penalties_neither_pay_for_an_end_nor_change():
    model = unit(orders=(0.2, 0.9), order_regularizer=OrdersToEnds(100.0))
    targets = np.stack([model.predict(X, verbose=0)[:, 0], TWO[:, 1]], axis=1)
    settle = SettleOrders((X, targets), epochs=1)
    model.fit(X, targets, verbose=0, callbacks=[settle])
    np.testing.assert_allclose(model.layers[0].order, [0.2, 1.0], atol=1e-6)
    assert float(model.layers[0].order_regularizer.scale) == 1.0


def test_a_saved_model_with_its_optimizer_goes_on(tmp_path):
    model = unit(optimizer=keras.optimizers.Adam(0.01))
    model.fit(X, TWO, verbose=0, callbacks=[SettleOrders((X, TWO), tolerance=1e6)])
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.layers[0].order, [0.0, 1.0])
    assert again.layers[0].get_config() == model.layers[0].get_config()
    again.fit(X, TWO, verbose=0, callbacks=[SettleOrders((X, TWO), tolerance=1e6)])
    np.testing.assert_array_equal(again.layers[0].order, [0.0, 1.0])


class Losses(keras.callbacks.Callback):
    """The loss on rows after each epoch; whatever the callbacks before it have changed."""

    def __init__(self, x, y):
        super().__init__()
        self.rows, self.values = (x, y), []

    def on_epoch_end(self, epoch, logs=None):
        self.values.append(loss_of(self.model, *self.rows))


def learned(layers, x, y, epochs, last):
    """Trains from the default start, settling on a dataset; the losses before and after."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((x.shape[1],)), *layers])
    rate = keras.optimizers.schedules.CosineDecay(0.02, epochs * len(x[256:]) // 64)
    model.compile(keras.optimizers.Adam(rate), "mse")
    kept = x[:256], y[:256]
    settle = SettleOrders(tf.data.Dataset.from_tensor_slices(kept).batch(64), epochs=last)
    losses = Losses(*kept)
    model.fit(x[256:], y[256:], 64, epochs, verbose=0, callbacks=[settle, losses])
    return settle, losses.values[-last - 1], losses.values[-1]


@pytest.mark.slow
def test_a_training_whose_rate_has_fallen_ends_on_the_law():
    """The rate that is left is too small to unlearn the coefficients of an order that is not 0."""
    x = RNG.uniform(0.5, 2.0, (1024, 2)).astype("float32")
    y = np.stack([x[:, 0] + 2.0 * x[:, 1], x[:, 0] ** 1.5 / x[:, 1]], axis=1)
    layer = AddMulDense(2)
    _, before, after = learned([layer], x, y, epochs=80, last=20)
    np.testing.assert_array_equal(layer.order, [0.0, 1.0])
    np.testing.assert_allclose(layer.kernel, [[1.0, 1.5], [2.0, -1.0]], atol=0.02)
    assert after <= before


@pytest.mark.slow
def test_orders_of_two_layers_settle_without_raising_the_loss():
    x = RNG.uniform(0.5, 2.0, (1024, 3)).astype("float32")
    y = (x[:, 0] + x[:, 1])[:, None] * x[:, 2:]
    layers = [AddMulDense(2), AddMulDense(1)]
    settle, before, after = learned(layers, x, y, epochs=80, last=30)
    settled = np.concatenate([layer.order for layer in layers])
    assert settle.settled == np.sum((settled == 0.0) | (settled == 1.0)) > 0
    assert after <= before * 1.01


def test_what_cannot_settle_is_refused():
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    plain.compile("sgd", "mse")
    with pytest.raises(ValueError, match="a layer that learns orders.*Received: 'sequential"):
        plain.fit(X, TWO, verbose=0, callbacks=[SettleOrders((X, TWO))])
    late = keras.Sequential([AddMulDense(2)])
    late.compile("sgd", "mse")
    with pytest.raises(ValueError, match="needs a model that is built.*`keras.Input`"):
        late.fit(X, TWO, verbose=0, callbacks=[SettleOrders((X, TWO))])
    for wrong, message in (
        ({"data": X}, "`data` must be.*Received: ndarray"),
        ({"near": 0.6}, "`near` must be at most 0.5. Received: 0.6"),
        ({"epochs": 0}, "`epochs` must be a positive integer. Received: 0"),
        ({"tolerance": -1.0}, "`tolerance` must be a number of at least 0.0. Received: -1.0"),
        ({"patience": 1.5}, "`patience` must be a positive integer. Received: 1.5"),
    ):
        with pytest.raises(ValueError, match=message):
            SettleOrders(**{"data": (X, TWO), **wrong})
