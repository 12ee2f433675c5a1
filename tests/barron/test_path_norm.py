"""Path norms: the definition, the invariance, what they bound, and their use in training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_addmul import activations
from keras_addmul.activations import catalogue
from keras_addmul.barron import (
    PathNorm,
    PathNormLog,
    PathNormMetric,
    convert_activation,
    path_norm,
)
from keras_addmul.layers import RePU
from tests.barron.models import chain, sequences


def shallow(between, rng, bias=True):
    """A network with known weights, its weights, and the sizes `|w_i| + |b_i|`."""
    model = chain(layers.Dense(7), between, layers.Dense(2, use_bias=bias))
    w, b, a = rng.normal(size=(3, 7)), rng.normal(size=7), rng.normal(size=(7, 2))
    model.set_weights([w, b, a, *([rng.normal(size=2)] if bias else [])])
    return model, a, np.linalg.norm(w, axis=0) + np.abs(b)


@pytest.mark.parametrize("s", [1, 2, 3, 2.5])
def test_shallow_repu_network_has_the_norm_of_the_definition(s, rng):
    model, a, rho = shallow(RePU(s), rng)
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
def test_other_activations_are_weighted_by_what_bounds_them(name, weight, rng):
    model, a, rho = shallow(layers.Activation(name), rng)
    expected = np.sum(np.abs(a) * weight(rho)[:, None])
    assert float(path_norm(model)) == pytest.approx(expected, rel=1e-5)
    forced = np.sum(np.abs(a) * rho[:, None] ** 2)
    assert float(path_norm(model, s=2)) == pytest.approx(forced, rel=1e-5)


RECORDS = [row for row in catalogue() if row.elementwise]


@pytest.mark.parametrize("row", RECORDS, ids=lambda row: row.name)
def test_every_activation_of_the_catalogue_is_weighted_by_its_record_and_bounded(row, rng):
    largest = max(map(abs, row.range))
    model, a, rho = shallow(layers.Activation(row.function), rng, bias=False)
    if row.name == "repu":
        weight = rho**2
    elif np.isinf(largest) and np.isinf(row.lipschitz):
        with pytest.raises(TypeError, match=f"needs argument `s` for activation '{row.name}'"):
            path_norm(model)
        return
    elif row.name in ("linear", "hard_shrink"):
        weight = rho
    else:
        weight = np.full(7, largest)
        if np.isinf(largest):
            zero = keras.ops.convert_to_numpy(row.function(np.zeros((1, 1))))
            weight = abs(float(zero[0, 0])) + row.lipschitz * rho
    norm = float(path_norm(model))
    if row.name == "linear":
        bound = norm + np.sum(np.abs(a).T @ np.abs(model.layers[0].bias))
    else:
        assert norm == pytest.approx(np.sum(np.abs(a) * weight[:, None]), rel=1e-5)
        bound = norm
    x = points(2, 400, 3, rng).astype("float32")
    assert np.max(np.sum(np.abs(model(x)), axis=1)) <= bound


# Layers between a hidden one of shape (4, 4, 2), or (16, 2), and the output.
LINEAR = [
    layers.Flatten(),
    layers.Reshape((2, 16)),
    layers.Permute((3, 1, 2)),
    layers.AveragePooling2D(3, strides=2, padding="same"),
    layers.GlobalAveragePooling2D(),
    layers.ZeroPadding2D(1),
    layers.Conv2D(3, 2, strides=2, padding="same", use_bias=False),
    layers.Conv2D(4, 3, groups=2, dilation_rate=1, use_bias=False),
    layers.Dense(3, use_bias=False),
    layers.BatchNormalization(center=False),
    layers.Dropout(0.5),
    layers.Identity(),
    layers.SpatialDropout2D(0.5),
    layers.GaussianNoise(0.5),
]


@pytest.mark.parametrize("layer", LINEAR, ids=lambda layer: type(layer).__name__)
def test_a_linear_layer_multiplies_by_the_magnitudes_of_its_jacobian(layer, rng):
    layer = type(layer).from_config(layer.get_config())
    x = keras.Input((3,))
    hidden = layers.Reshape((4, 4, 2))(layers.Dense(32, "relu")(x))
    model = keras.Model(x, layers.Dense(1, use_bias=False)(layers.Flatten()(layer(hidden))))
    for w in model.weights:
        w.assign(rng.uniform(0.2, 1, w.shape) if "variance" in w.name else rng.normal(size=w.shape))
    if type(layer) is layers.BatchNormalization:
        layer.moving_mean.assign(np.zeros(2))
    w, b = (np.asarray(v) for v in model.layers[1].get_weights())
    rho = np.linalg.norm(w, axis=0) + np.abs(b)
    units = tf.eye(32)
    moved = np.asarray(tf.reshape(layer(tf.reshape(units, (32, 4, 4, 2))), (32, -1)))
    a = np.asarray(model.layers[-1].kernel)
    expected = (rho @ np.abs(moved) @ np.abs(a)).item()
    assert float(path_norm(model)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("pooling", [layers.MaxPooling2D(3, 2), layers.GlobalMaxPooling2D()])
def test_maxima_take_the_largest_bound_with_its_offset(pooling, rng):
    x = keras.Input((4, 4, 1))
    y = layers.Flatten()(pooling(layers.Conv2D(2, 1)(x)))
    model = keras.Model(x, layers.Dense(1, use_bias=False)(y))
    w, b, a = (rng.normal(size=v.shape) for v in model.weights)
    model.set_weights([w, b, a])
    bound = np.abs(w[0, 0, 0]) + np.abs(b)
    expected = np.sum(np.abs(a).reshape(-1, 2) * bound)
    assert float(path_norm(model)) == pytest.approx(expected, rel=1e-5)


def test_sums_differences_numbers_and_concatenation_add_paths_and_offsets(rng):
    x = keras.Input((3,))
    one, two = layers.Dense(4, name="one")(x), layers.Dense(4, name="two")(x)
    models = {
        "add": (layers.Add()([one, two]), 1),
        "subtract": (layers.Subtract()([one, two]), -1),
        "plus": (one + two, 1),
        "minus": (one - two, -1),
        "number": (one + two + 1.5, 1),
    }
    for name, (y, sign) in models.items():
        model = keras.Model(x, layers.Dense(1, use_bias=False)(layers.Activation("relu")(y)))
        v, b, w, c, a = (rng.normal(size=u.shape) for u in model.weights)
        model.set_weights([v, b, w, c, a])
        offset = b + sign * c + (1.5 if name == "number" else 0)
        rho = np.linalg.norm(v, axis=0) + np.linalg.norm(w, axis=0) + np.abs(offset)
        assert float(path_norm(model)) == pytest.approx((rho @ np.abs(a)).item(), rel=1e-5), name
    both = layers.Activation("relu")(layers.Concatenate()([one, two]))
    model = keras.Model(x, layers.Dense(1, use_bias=False)(both))
    v, b, w, c, a = (rng.normal(size=u.shape) for u in model.weights)
    model.set_weights([v, b, w, c, a])
    rho = np.concatenate([np.linalg.norm(v, axis=0) + abs(b), np.linalg.norm(w, axis=0) + abs(c)])
    assert float(path_norm(model)) == pytest.approx((rho @ np.abs(a)).item(), rel=1e-5)


def test_batch_normalisation_scales_and_moves(rng):
    model = chain(
        layers.Dense(7), layers.BatchNormalization(), layers.Activation("relu"), layers.Dense(2)
    )
    w, b, a, d = (rng.normal(size=s) for s in ((3, 7), 7, (7, 2), 2))
    gamma, beta, mean = rng.normal(size=(3, 7))
    variance = rng.uniform(0.2, 2, 7)
    model.set_weights([w, b, gamma, beta, mean, variance, a, d])
    scale = gamma / np.sqrt(variance + 1e-3)
    rho = np.linalg.norm(w, axis=0) * np.abs(scale) + np.abs((b - mean) * scale + beta)
    assert float(path_norm(model)) == pytest.approx(float(np.sum(rho @ np.abs(a))), rel=1e-5)


def test_a_softmax_at_the_end_does_not_count_and_one_between_is_at_most_1(rng):
    model, a, _ = shallow(layers.Softmax(), rng)
    assert float(path_norm(model)) == pytest.approx(np.sum(np.abs(a)), rel=1e-6)
    plain = chain(layers.Dense(7, "relu"), layers.Dense(2))
    ended = chain(layers.Dense(7, "relu"), layers.Dense(2, "softmax"), layers.Dropout(0.1))
    ended.set_weights(plain.get_weights())
    assert float(path_norm(ended)) == float(path_norm(plain))


def test_an_activation_layer_counts_inside_a_layer_as_beside_it(rng):
    beside, _, _ = shallow(RePU(3), rng)
    inside = chain(layers.Dense(7, RePU(3)), layers.Dense(2))
    inside.set_weights(beside.get_weights())
    assert float(path_norm(inside)) == pytest.approx(float(path_norm(beside)), rel=1e-6)


@pytest.mark.parametrize("policy", ["float64", "mixed_bfloat16"])
def test_the_norm_is_taken_in_single_precision_at_least(policy, rng):
    def build(dtype):
        between = [layers.Reshape((7, 1), dtype=dtype), layers.MaxPooling1D(2, dtype=dtype)]
        ends = layers.Flatten(dtype=dtype), layers.Dense(2, dtype=dtype)
        return chain(layers.Dense(7, "relu", dtype=dtype), *between, *ends)

    model, same = build(policy), build("float32")
    same.set_weights(model.get_weights())
    assert float(path_norm(model)) == pytest.approx(float(path_norm(same)), rel=1e-5)


@keras.saving.register_keras_serializable("tests")
def relu(x):
    return 5.0 * keras.ops.relu(x)


@keras.saving.register_keras_serializable("tests")
class Add(layers.Add):
    def call(self, inputs):
        return 10.0 * super().call(inputs)


def test_what_is_called_like_a_known_layer_or_function_is_refused():
    with pytest.raises(TypeError, match="needs argument `s` for activation 'relu': unknown"):
        path_norm(chain(layers.Dense(3, relu), layers.Dense(1)))
    with pytest.raises(TypeError, match="needs argument `s` for activation 'ReLU': unknown"):
        path_norm(chain(layers.Dense(3), layers.ReLU(negative_slope=5.0), layers.Dense(1)))
    x = keras.Input((3,))
    with pytest.raises(TypeError, match="not defined for Add 'sum'"):
        path_norm(keras.Model(x, Add(name="sum")([x, layers.Dense(3)(x)])))
    with pytest.raises(TypeError, match="not defined for Multiply"):
        path_norm(keras.Model(x, layers.Multiply()([x, layers.Dense(3)(x)])))
    with pytest.raises(TypeError, match="needs argument `s` for activation 'crelu': unknown"):
        path_norm(chain(layers.Dense(3), layers.Activation(activations.crelu), layers.Dense(1)))


@pytest.mark.parametrize("s", [1, 2, 3])
def test_rescaling_a_neuron_leaves_function_and_norm(s, rng):
    model = chain(layers.Dense(5), RePU(s), layers.Dense(4), RePU(s), layers.Dense(1))
    x = rng.uniform(-1, 1, (20, 3)).astype("float32")
    before, y = float(path_norm(model)), np.asarray(model(x))
    w, b, v, c, a, d = model.get_weights()
    first, second = rng.uniform(0.5, 2, 5), rng.uniform(0.5, 2, 4)
    scaled = [w * first, b * first, v / first[:, None] ** s * second, c * second]
    model.set_weights([*scaled, a / second[:, None] ** s, d])
    # Powers of rounded factors: some units in the last place each.
    np.testing.assert_allclose(model(x), y, rtol=1e-4, atol=1e-5)
    assert float(path_norm(model)) == pytest.approx(before, rel=1e-5)


def points(norm, rows, inputs, rng):
    x = rng.normal(size=(rows, inputs))
    if norm == 2:
        return x / np.maximum(1.0, np.linalg.norm(x, axis=1, keepdims=True))
    return np.clip(x, -1, 1)


@pytest.mark.parametrize("norm", [1, 2])
def test_norm_bounds_the_network_on_the_ball_and_on_the_box(norm, rng):
    model = chain(
        layers.Dense(6, "tanh"), layers.Dense(5, "softplus"), layers.Dense(1, use_bias=False)
    )
    converted, _ = convert_activation(model, degree=2, latency_rows=None)
    x = points(norm, 500, 3, rng).astype("float32")
    for one in (model, converted):
        offset = np.abs(np.asarray(one.layers[-2].bias)) if one is converted else 0.0
        slack = np.sum(offset * np.abs(one.layers[-1].kernel[:, 0]))
        assert np.max(np.abs(one(x))) <= float(path_norm(one, norm=norm)) + slack


def test_norm_of_a_converted_layer_is_the_sum_over_its_units(rng):
    model, a, _ = shallow(layers.Activation("tanh"), rng)
    converted, certificate = convert_activation(model, degree=2, latency_rows=None)
    w, b = model.layers[0].get_weights()
    bank = converted.layers[1]
    t, c = np.asarray(bank.knots), np.asarray(bank.coefficients)
    rho = np.linalg.norm(w, axis=0)[:, None] + np.abs(b[:, None] - t)
    expected = np.sum(np.abs(a) * np.sum(np.abs(c) * rho**2, axis=1)[:, None])
    assert float(path_norm(converted)) == pytest.approx(expected, rel=1e-5)
    assert certificate.path_norm[1] == pytest.approx(expected, rel=1e-5)


def test_convolutions_branches_and_means_have_a_norm(rng):
    x = keras.Input((6, 6, 1))
    y = layers.Conv2D(3, 3, activation="relu")(x)
    z = layers.BatchNormalization()(layers.MaxPooling2D()(y))
    z = layers.Add()([layers.Flatten()(z), layers.Flatten()(layers.AveragePooling2D(2)(y))])
    model = keras.Model(x, layers.Dense(1, use_bias=False)(z))
    image = rng.uniform(-1, 1, (200, 6, 6, 1)).astype("float32")
    assert np.max(np.abs(model(image))) <= float(path_norm(model, norm=1))
    unit = image / np.linalg.norm(image.reshape(200, -1), axis=1)[:, None, None, None]
    assert np.max(np.abs(model(unit))) <= float(path_norm(model))


def test_one_dense_layer_has_a_norm():
    layer = layers.Dense(2)
    layer.build((None, 2))
    layer.set_weights([np.array([[3.0, 0.0], [4.0, 1.0]]), np.array([1.0, 0.0])])
    assert float(path_norm(layer)) == pytest.approx(6.0)


@pytest.mark.slow
def test_the_penalty_is_in_the_loss_and_lowers_the_norm(rng):
    x = rng.normal(size=(64, 3)).astype("float32")
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
    with pytest.raises(TypeError, match="needs argument `s` for activation 'exponential': it has"):
        path_norm(chain(layers.Dense(3, "exponential")))
    with pytest.raises(ValueError, match="`norm` must be 1 or 2. Received: 3"):
        path_norm(chain(layers.Dense(3)), norm=3)
    with pytest.raises(ValueError, match="`s` must be None or a number above 0. Received: 0"):
        path_norm(chain(layers.Dense(3)), s=0)
    with pytest.raises(ValueError, match="`strength` must be a number >= 0. Received: -1"):
        PathNorm(-1)
    with pytest.raises(TypeError, match="must be a model or a built Dense layer"):
        path_norm(layers.Dropout(0.5))
