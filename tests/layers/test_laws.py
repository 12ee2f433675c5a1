"""What every layer owes, checked once over all of them."""

import functools
import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers.cases import (
    ALIKE,
    BIASED,
    CASES,
    EVERY,
    MERGES,
    MIRRORED,
    NAMES,
    NOISE_ONLY,
    SEQUENCES,
    SHAPED,
    build,
    inputs_for,
    steps,
)

SIGNED = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")

OF_FEATURES = [case for case in EVERY if case[0] not in SHAPED]
OF_STEPS = [case for case in EVERY if SHAPED.get(case[0], steps) is steps]

every_case = pytest.mark.parametrize(("name", "index"), EVERY, ids=lambda v: str(v))


def model_of(name, layer, shape=(3,)):
    if name in SHAPED:
        x = keras.Input(shape)
        return keras.Model([x], layer(SHAPED[name](x)))
    shape = (2, *shape) if name in SEQUENCES else shape
    x = [keras.Input(shape, name="a"), keras.Input(shape, name="b")]
    given = x if name in MERGES else x[:1]
    return keras.Model(given, layer(given if name in MERGES else given[0]))


def loss_at_inference(model, x):
    return np.mean(np.square(model(x)))


def loss_with_noise(model, x):
    """The mean over 1000 draws, the same ones at each call."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        if getattr(layer, "seed_generator", None) is not None:
            layer.seed_generator.state.assign([0, 0])
    many = [np.tile(each, (1000, 1)) for each in x]
    return np.mean(np.square(copy(many, training=True)))


def as_list(name, x):
    given = x if name in SHAPED else inputs_for(name, x)
    return given if isinstance(given, list) else [given]


def test_every_layer_has_cases():
    assert set(CASES) == set(NAMES)


@every_case
def test_config_holds_every_argument(name, index):
    layer = build(name, index)
    arguments = set(inspect.signature(type(layer)).parameters) - {"kwargs"}
    assert arguments <= set(layer.get_config())


@every_case
def test_rebuilt_from_config_has_the_same_config(name, index):
    layer = build(name, index)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@every_case
def test_saved_and_reloaded_answers_the_same(name, index, tmp_path):
    model = model_of(name, build(name, index))
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    x = as_list(name, SIGNED)
    np.testing.assert_array_equal(model(x), again(x))


@every_case
def test_every_weight_gets_a_finite_gradient_that_is_not_zero(name, index):
    layer = build(name, index)
    positive = tf.abs(SIGNED) + 0.3
    x = inputs_for(name, -2.0 * positive if (name, index) in MIRRORED else positive)
    noisy = (name, index) in NOISE_ONLY
    layer(x)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(x, training=noisy)))
    for weight, g in zip(
        layer.trainable_variables, tape.gradient(loss, layer.trainable_variables), strict=True
    ):
        assert np.all(np.isfinite(g)), weight.path
        assert np.any(g.numpy() != 0), weight.path


@pytest.mark.parametrize(
    ("name", "index", "rank"),
    [(*case, rank) for case in OF_FEATURES for rank in (2, 3, 4) if case[0] not in SEQUENCES],
)
def test_any_rank_and_the_shape_that_was_promised(name, index, rank, rng):
    shape = (2, 5, 4)[: rank - 1]
    x = rng.normal(size=(*shape, 3)).astype("float32")
    layer = build(name, index)
    y = layer(inputs_for(name, x))
    promised = [(None, *shape[1:], 3)] * 2 if name in MERGES else (None, *shape[1:], 3)
    assert tuple(layer.compute_output_shape(promised))[1:] == tuple(y.shape)[1:]
    by_rows = layer(inputs_for(name, x.reshape(-1, 3)))
    np.testing.assert_allclose(np.reshape(y, (-1, y.shape[-1])), by_rows, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "index"), [case for case in EVERY if case not in ALIKE])
def test_jit_with_unknown_batch_agrees_with_eager(name, index):
    layer = build(name, index)
    expected = layer(inputs_for(name, SIGNED))
    spec = tf.TensorSpec((None, 3), tf.float32)
    jitted = tf.function(
        lambda x: layer(inputs_for(name, x)), jit_compile=True, input_signature=[spec]
    )
    for rows in (6, 1):
        got = jitted(SIGNED[:rows])
        np.testing.assert_allclose(got, expected[:rows], rtol=2e-5, atol=2e-6)


# Keras's own LSTM takes no empty batch in eager mode.
@pytest.mark.parametrize(("name", "index"), [case for case in EVERY if case[0] != "NoisyLSTM"])
def test_an_empty_batch_gives_an_empty_batch(name, index):
    layer = build(name, index)
    y = layer(inputs_for(name, SIGNED[:0]))
    assert y.shape[0] == 0


@functools.cache
def in_single_precision(name, index):
    """One layer for all policies, each of which sets its weights."""
    layer = build(name, index)
    layer(inputs_for(name, SIGNED))
    return layer


@every_case
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64", "float16"])
def test_dtype_policies(name, index, policy):
    layer = build(name, index, dtype=policy)
    y = layer(inputs_for(name, tf.constant(np.abs(SIGNED) + 0.3)))
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    assert all(w.dtype == layer.variable_dtype for w in layer.weights if "int" not in w.dtype)
    single = in_single_precision(name, index)
    single.set_weights([w.astype("float32") for w in layer.get_weights()])
    expected = single(inputs_for(name, tf.constant(np.abs(SIGNED) + 0.3)))
    eps = {"float16": 1e-3, "bfloat16": 8e-3, "float64": 1e-6}[layer.compute_dtype]
    np.testing.assert_allclose(tf.cast(y, tf.float32), expected, rtol=20 * eps, atol=10 * eps)


@pytest.mark.parametrize(("name", "index"), OF_STEPS)
def test_a_mask_passes_through(name, index):
    x = keras.Input((None,), dtype="int32")
    embedded = keras.layers.Embedding(5, 3, mask_zero=True)(x)
    given = [embedded, embedded] if name in MERGES else embedded
    y = build(name, index)(given)
    one = y if len(y.shape) < 3 else keras.layers.GlobalAveragePooling1D()(y)
    model = keras.Model(x, one)
    tokens = np.array([[1, 2, 0, 0], [3, 4, 1, 2]])
    short = model(tokens[:1, :2])
    np.testing.assert_allclose(model(tokens)[:1], short, rtol=1e-5, atol=1e-6)


@every_case
def test_outputs_and_gradients_stay_finite_at_any_input(name, index):
    sizes = np.array([0.0, 1e-30, 1e-7, 1e-3, 1.0, 50.0, 1e4, 1e8, 1e20], "float32")
    signed = np.concatenate([sizes, -sizes])
    x = tf.constant(np.stack([signed, np.roll(signed, 1), np.roll(signed, 5)], axis=-1))
    for order in (0.0, 0.01, 0.5, 0.99, 1.0):
        layer = build(name, index)
        layer(inputs_for(name, x))
        if hasattr(layer, "order"):
            layer.order.assign(np.full(layer.order.shape, order, "float32"))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(inputs_for(name, x))
        assert np.all(np.isfinite(y)), order
        for g in tape.gradient(y, [x, *layer.trainable_variables]):
            assert not np.any(np.isnan(g)), order
        if not hasattr(layer, "order"):
            return


@pytest.mark.parametrize(("name", "index"), [case for case in EVERY if case not in ALIKE])
def test_trains_under_jit_through_fit(name, index):
    keras.utils.set_random_seed(0)
    model = model_of(name, build(name, index))
    # Where it has nothing to train, what stands before it is trained through it.
    if not model.trainable_weights or (name, index) in NOISE_ONLY:
        given = [keras.Input((3,))]
        model = keras.Model(given, build(name, index)(keras.layers.Dense(3)(given[0])))
    model.compile("adam", "mse", jit_compile=True)
    x = as_list(name, SIGNED)
    zeros = np.zeros_like(model(x))
    loss = loss_with_noise if (name, index) in BIASED else loss_at_inference
    before = loss(model, x)
    model.fit(x, zeros, epochs=3, batch_size=6, verbose=0)
    assert loss(model, x) < before
    for layer in model.layers:
        if hasattr(layer, "order"):  # and on from where a constraint may have put the orders
            layer.order.assign(np.resize([0.0, 1.0], layer.order.shape))
    model.fit(x, zeros, epochs=2, batch_size=6, verbose=0)
    assert all(np.all(np.isfinite(w)) for w in model.trainable_weights)


@every_case
def test_cloned_and_deterministic(name, index):
    model = model_of(name, build(name, index))
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    x = as_list(name, SIGNED)
    np.testing.assert_array_equal(clone(x), model(x))
    np.testing.assert_array_equal(model(x), model(x))
