"""Layers that learn, or draw, the parameters of an activation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import activations, layers
from keras_addmul.activations import catalogue
from keras_addmul.layers.constraints import AtLeast
from keras_addmul.layers.parametric import ParametricActivation
from tests.layers.cases import NAMES

X = np.random.default_rng(0).normal(0, 2, (6, 4, 5, 3)).astype("float32")
ROWS = {row.name: row for row in catalogue()}
LEARNED = sorted(name for name in NAMES if issubclass(getattr(layers, name), ParametricActivation))
FUNCTION_OF = {row.layer: row for row in catalogue() if row.layer}


def test_the_catalogue_names_every_layer_here():
    assert LEARNED == ["APL", "ISRLU", "ISRU", "PELU", "Rational", "SReLU", "Snake", "Swish"]
    assert {*LEARNED, "CReLU", "Maxout", "RReLU"} <= set(FUNCTION_OF)


@pytest.mark.parametrize("name", sorted({*LEARNED, "CReLU", "RReLU"} - {"APL"}))
def test_a_new_layer_is_its_function_at_the_defaults(name):
    np.testing.assert_array_equal(getattr(layers, name)()(X), FUNCTION_OF[name].function(X))


@pytest.mark.parametrize("name", LEARNED)
def test_each_feature_has_its_own_parameters(name):
    layer = getattr(layers, name)()
    layer.build((None, 3))
    rng = np.random.default_rng(1)
    for weight in layer.weights:
        weight.assign(rng.uniform(0.2, 1.5, weight.shape))
    y = layer(X)
    for feature in range(3):
        alone = [w.numpy()[..., feature : feature + 1] for w in layer.weights]
        expected = FUNCTION_OF[name].function(X[..., feature : feature + 1], *alone)
        np.testing.assert_allclose(y[..., feature : feature + 1], expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ("default", (3,)),
        (None, (4, 5, 3)),
        ([1, 2], (1, 1, 3)),
        ((2, 3), (4, 1, 1)),
        (1, (1, 5, 3)),
        ([1, 2, 3], (1, 1, 1)),
    ],
)
def test_axes_are_shared_as_in_prelu(axes, shape):
    single, several = layers.PELU(shared_axes=axes), layers.Rational(shared_axes=axes)
    y = single(X)
    several(X)
    assert single.a.shape == single.b.shape == shape
    assert several.numerator.shape == (6, *shape)
    np.testing.assert_allclose(y, keras.activations.elu(X), rtol=1e-5, atol=1e-6)
    if axes != "default":
        theirs = keras.layers.PReLU(shared_axes=axes)
        theirs.build(X.shape)
        assert theirs.alpha.shape == shape


def test_channels_first():
    layer = layers.Swish(shared_axes=[2, 3])
    layer.build((None, 4, 5, 3))
    layer.beta.assign(np.arange(4.0).reshape(4, 1, 1))
    np.testing.assert_allclose(layer(X)[:, 0], X[:, 0] / 2, rtol=1e-6)
    np.testing.assert_allclose(layer(X)[:, 1], keras.activations.silu(X[:, 1]), rtol=1e-5)


def test_shared_axes_are_saved(tmp_path):
    model = keras.Sequential(
        [keras.Input((4, 5, 3)), layers.SReLU(shared_axes=[1, 2]), layers.APL(3, shared_axes=None)]
    )
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    assert again.layers[0].shared_axes == [1, 2]
    assert again.layers[1].slopes.shape == (3, 4, 5, 3)
    np.testing.assert_array_equal(again(X), model(X))


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ("all", "must be 'default', None or a list of positive axes"),
        ([0], r"Received: \[0\]"),
        ([1.5], r"Received: \[1.5\]"),
        (True, "Received: True"),
    ],
)
def test_axes_that_are_none_are_refused(axes, message):
    with pytest.raises(ValueError, match=message):
        layers.Snake(shared_axes=axes)


def test_axes_that_do_not_fit_the_input_are_refused():
    with pytest.raises(ValueError, match="must hold axes of an input of shape.*Received: .7."):
        layers.Snake(shared_axes=[7])(X)
    with pytest.raises(ValueError, match="must hold every axis of unknown size"):
        layers.Snake(shared_axes=None)(keras.Input((None, 3)))
    with pytest.raises(ValueError, match="last dimension of its input to be known"):
        layers.Snake()(keras.Input((None,)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.APL(0), "`pieces` must be a positive integer. Received: 0"),
        (
            lambda: layers.Maxout(2, pieces=1.5),
            "`pieces` must be a positive integer. Received: 1.5",
        ),
        (lambda: layers.Maxout("2"), "`units` must be a positive integer. Received: '2'"),
        (lambda: layers.RReLU(0.5, 0.25), "`lower` must not be above `upper`. Received: 0.5, 0.25"),
        (lambda: layers.RReLU(lower=None), "`lower` must be a finite number. Received: None"),
        (lambda: layers.CReLU(axis=0), "must be an integer other than 0. Received: 0"),
        (lambda: layers.CReLU(axis=3)(X[:, 0, 0]), "must be one of an input of shape"),
        (
            lambda: layers.Rational("relu7"),
            "one of 'leaky_relu', 'silu', 'tanh'. Received: 'relu7'",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert message in str(error.value)


@pytest.mark.parametrize("name", [*LEARNED, "CReLU", "RReLU"])
def test_integers_and_vectors_are_refused(name):
    with pytest.raises(TypeError, match="takes floats.*int32"):
        getattr(layers, name)()(np.ones((2, 3), "int32"))
    with pytest.raises(ValueError, match="expected min_ndim=2|must be one of an input of shape"):
        getattr(layers, name)()(np.ones(3, "float32"))


def test_constraints_keep_the_parameters_of_their_domain():
    layer = layers.PELU()
    layer.build((None, 2))
    for weight in (layer.a, layer.b):
        assert isinstance(weight.constraint, AtLeast)
        np.testing.assert_array_equal(
            weight.constraint(np.float32([-3, 0.5])), np.float32([0.1, 0.5])
        )
    free = layers.PELU(a_constraint=None)
    free.build((None, 2))
    assert free.a.constraint is None


def test_regularizers_are_used():
    layer = layers.Snake(alpha_regularizer=keras.regularizers.L1(0.5))
    layer(X)
    assert float(sum(layer.losses)) == pytest.approx(1.5)


def drawn(layer, x, jit=None):
    call = lambda x: layer(x, training=True)
    y = call(x) if jit is None else tf.function(call, jit_compile=jit)(x)
    return y.numpy() / x


def test_rrelu_draws_slopes_in_training_alone():
    x = -np.ones((500, 40), "float32")
    layer = layers.RReLU(0.2, 0.6, seed=3)
    np.testing.assert_allclose(layer(x) / x, 0.4, rtol=1e-6)
    slopes = drawn(layer, x)
    assert slopes.min() >= 0.2
    assert slopes.max() <= 0.6
    # 20 000 draws: five standard errors of mean and variance.
    assert slopes.mean() == pytest.approx(0.4, abs=5 * 0.4 / 12**0.5 / 20_000**0.5)
    assert slopes.var() == pytest.approx(0.4**2 / 12, rel=0.04)
    assert not np.array_equal(slopes, drawn(layer, x))
    np.testing.assert_array_equal(layer(-x, training=True), -x)


def test_rrelu_of_one_seed_draws_the_same_eager_in_a_graph_and_under_xla():
    x = -np.ones((8, 5), "float32")
    runs = [drawn(layers.RReLU(seed=7), x, jit) for jit in (None, False, True)]
    np.testing.assert_array_equal(runs[0], runs[1])
    # XLA may add the least slope without rounding the product before.
    np.testing.assert_allclose(runs[0], runs[2], rtol=2 * np.finfo("float32").eps)
    assert not np.array_equal(runs[0], drawn(layers.RReLU(seed=8), x))


def test_rrelu_gradient_is_the_slope_that_was_drawn():
    x = tf.constant(-np.ones((4, 3), "float32"))
    layer = layers.RReLU(seed=0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    np.testing.assert_allclose(tape.gradient(y, x), -y, rtol=1e-6)


def test_crelu_keeps_a_mask_and_doubles_it_with_its_axis():
    x, mask = X[:, 0], np.random.default_rng(0).random((6, 5)) < 0.5
    along, across = layers.CReLU(), layers.CReLU(axis=1)
    assert along(x).shape == along.compute_output_shape(x.shape) == (6, 5, 6)
    assert across(x).shape == across.compute_output_shape(x.shape) == (6, 10, 3)
    np.testing.assert_array_equal(along.compute_mask(x, mask), mask)
    np.testing.assert_array_equal(across.compute_mask(x, mask), np.concatenate([mask, mask], 1))
    assert across.compute_output_shape((None, None, 3)) == (None, None, 3)


def test_maxout_is_the_largest_of_its_linear_pieces():
    layer = layers.Maxout(2, pieces=3)
    y = layer(X)
    kernel, bias = (w.numpy() for w in layer.weights)
    linear = (X @ kernel + bias).reshape(6, 4, 5, 2, 3)
    np.testing.assert_allclose(y, linear.max(axis=-1), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_snake_learns_a_frequency_and_goes_on_beyond_the_data():
    keras.utils.set_random_seed(0)
    x = np.linspace(-6, 6, 512, dtype="float32")[:, None]
    layer = layers.Snake(alpha_initializer=keras.initializers.Constant(1.2))
    model = keras.Sequential([keras.Input((1,)), layer])
    model.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=True)
    model.fit(x, activations.snake(x, 1.5), epochs=60, batch_size=128, verbose=0)
    assert layer.alpha.numpy()[0] == pytest.approx(1.5, abs=1e-3)


@pytest.mark.slow
def test_srelu_learns_an_s_shape():
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).uniform(-4, 4, (2048, 1)).astype("float32")
    model = keras.Sequential([keras.Input((1,)), layers.SReLU()])
    model.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=True)
    model.fit(x, activations.srelu(x, -1.0, 0.1, 1.5, 0.3), epochs=60, batch_size=256, verbose=0)
    learned = [float(w.numpy()[0]) for w in model.layers[0].weights]
    np.testing.assert_allclose(learned, [-1.0, 0.1, 1.5, 0.3], atol=0.02)
