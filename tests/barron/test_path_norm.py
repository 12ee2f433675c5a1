"""Path norms: the definition, the invariance, what they bound, and their use in training."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_addmul.barron import (
    PathNorm,
    PathNormLog,
    PathNormMetric,
    convert_activation,
    path_norm,
)
from keras_addmul.layers import RePU
from tests.barron.models import chain, sequences

RNG = np.random.default_rng(0)


def shallow(between, bias=True):
    """A network with known weights, its weights, and the sizes `|w_i| + |b_i|`."""
    model = chain(layers.Dense(7), between, layers.Dense(2, use_bias=bias))
    w, b, a = RNG.normal(size=(3, 7)), RNG.normal(size=7), RNG.normal(size=(7, 2))
    model.set_weights([w, b, a, *([RNG.normal(size=2)] if bias else [])])
    return model, a, np.linalg.norm(w, axis=0) + np.abs(b)


@pytest.mark.parametrize("s", [1, 2, 3, 2.5])
def test_shallow_repu_network_has_the_norm_of_the_definition(s):
    model, a, rho = shallow(RePU(s))
    expected = np.sum(np.abs(a) * rho[:, None] ** s)
    assert float(path_norm(model)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("relu", lambda rho: rho),
        ("tanh", np.ones_like),
        ("softplus", lambda rho: np.log(2) + rho),
        ("elu", lambda rho: rho),
    ],
)
def test_other_activations_are_weighted_by_what_bounds_them(name, weight):
    model, a, rho = shallow(layers.Activation(name))
    expected = np.sum(np.abs(a) * weight(rho)[:, None])
    assert float(path_norm(model)) == pytest.approx(expected, rel=1e-5)
    forced = np.sum(np.abs(a) * rho[:, None] ** 2)
    assert float(path_norm(model, s=2)) == pytest.approx(forced, rel=1e-5)


@pytest.mark.parametrize("s", [1, 2, 3])
def test_rescaling_a_neuron_leaves_function_and_norm(s):
    model = chain(layers.Dense(5), RePU(s), layers.Dense(4), RePU(s), layers.Dense(1))
    x = RNG.uniform(-1, 1, (20, 3)).astype("float32")
    before, y = float(path_norm(model)), np.asarray(model(x))
    w, b, v, c, a, d = model.get_weights()
    first, second = RNG.uniform(0.5, 2, 5), RNG.uniform(0.5, 2, 4)
    scaled = [w * first, b * first, v / first[:, None] ** s * second, c * second]
    model.set_weights([*scaled, a / second[:, None] ** s, d])
    # Powers of rounded factors: some units in the last place each.
    np.testing.assert_allclose(model(x), y, rtol=1e-4, atol=1e-5)
    assert float(path_norm(model)) == pytest.approx(before, rel=1e-5)


def points(norm, rows, inputs):
    x = RNG.normal(size=(rows, inputs))
    if norm == 2:
        return x / np.maximum(1.0, np.linalg.norm(x, axis=1, keepdims=True))
    return np.clip(x, -1, 1)


@pytest.mark.parametrize("norm", [1, 2])
def test_norm_bounds_the_network_on_the_ball_and_on_the_box(norm):
    model = chain(
        layers.Dense(6, "tanh"), layers.Dense(5, "softplus"), layers.Dense(1, use_bias=False)
    )
    converted, _ = convert_activation(model, order=2, latency_rows=None)
    x = points(norm, 500, 3).astype("float32")
    for one in (model, converted):
        offset = np.abs(np.asarray(one.layers[-2].bias)) if one is converted else 0.0
        slack = np.sum(offset * np.abs(one.layers[-1].kernel[:, 0]))
        assert np.max(np.abs(one(x))) <= float(path_norm(one, norm=norm)) + slack


def test_norm_of_a_converted_layer_is_the_sum_over_its_units():
    model, a, _ = shallow(layers.Activation("tanh"))
    converted, certificate = convert_activation(model, order=2, latency_rows=None)
    w, b = model.layers[0].get_weights()
    bank = converted.layers[1]
    t, c = np.asarray(bank.knots), np.asarray(bank.coefficients)
    rho = np.linalg.norm(w, axis=0)[:, None] + np.abs(b[:, None] - t)
    expected = np.sum(np.abs(a) * np.sum(np.abs(c) * rho**2, axis=1)[:, None])
    assert float(path_norm(converted)) == pytest.approx(expected, rel=1e-5)
    assert certificate.path_norm[1] == pytest.approx(expected, rel=1e-5)


def test_convolutions_branches_and_means_have_a_norm():
    x = keras.Input((6, 6, 1))
    y = layers.Conv2D(3, 3, activation="relu")(x)
    z = layers.BatchNormalization()(layers.MaxPooling2D()(y))
    z = layers.Add()([layers.Flatten()(z), layers.Flatten()(layers.AveragePooling2D(2)(y))])
    model = keras.Model(x, layers.Dense(1, use_bias=False)(z))
    image = RNG.uniform(-1, 1, (200, 6, 6, 1)).astype("float32")
    assert np.max(np.abs(model(image))) <= float(path_norm(model, norm=1))
    unit = image / np.linalg.norm(image.reshape(200, -1), axis=1)[:, None, None, None]
    assert np.max(np.abs(model(unit))) <= float(path_norm(model))


def test_one_dense_layer_has_a_norm():
    layer = layers.Dense(2)
    layer.build((None, 2))
    layer.set_weights([np.array([[3.0, 0.0], [4.0, 1.0]]), np.array([1.0, 0.0])])
    assert float(path_norm(layer)) == pytest.approx(6.0)


@pytest.mark.slow
def test_the_penalty_is_in_the_loss_and_lowers_the_norm():
    x = RNG.normal(size=(64, 3)).astype("float32")
    model = chain(layers.Dense(16, "relu"), layers.Dense(1))
    before = float(path_norm(model))
    PathNorm(0.5).attach(model)
    assert float(model.losses[0]) == pytest.approx(0.5 * before)
    model.compile(
        keras.optimizers.Adam(0.03), "mse", metrics=[PathNormMetric(model)], jit_compile=False
    )
    log = PathNormLog(name="after")
    history = model.fit(x, x[:, :1], epochs=8, verbose=0, callbacks=[log]).history
    after = float(path_norm(model))
    # The callback looks at the weights after the last step, the metric during it.
    assert history["after"][-1] == pytest.approx(after, rel=1e-5)
    assert history["path_norm"][-1] == pytest.approx(after, rel=0.1)
    assert after < 0.7 * before


def test_the_penalty_is_saved_and_asks_to_be_attached_again(tmp_path):
    model = PathNorm(0.5, s=2).attach(chain(layers.Dense(4, "relu"), layers.Dense(1)))
    penalty = float(model.losses[0])
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    with pytest.raises(RuntimeError, match="attach"):
        _ = again.losses
    regularizer = again.layers[-1].kernel_regularizer
    assert regularizer.get_config() == {"strength": 0.5, "s": 2, "norm": 2}
    assert float(regularizer.attach(again).losses[0]) == pytest.approx(penalty)


def test_what_has_no_norm_is_refused():
    with pytest.raises(TypeError, match="not defined for Embedding"):
        path_norm(sequences())
    with pytest.raises(TypeError, match="needs argument `s` for activation 'mish'"):
        path_norm(chain(layers.Dense(3, "mish")))
    with pytest.raises(ValueError, match="`norm` must be 1 or 2. Received: 3"):
        path_norm(chain(layers.Dense(3)), norm=3)
    with pytest.raises(ValueError, match="`s` must be None or a number above 0. Received: 0"):
        path_norm(chain(layers.Dense(3)), s=0)
    with pytest.raises(ValueError, match="`strength` must be a number >= 0. Received: -1"):
        PathNorm(-1)
    with pytest.raises(TypeError, match="must be a model or a built Dense layer"):
        path_norm(layers.Dropout(0.5))
