"""Units of complex numbers: exact ends, pairs in and out, and what they learn."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.layers import ComplexAddMulDense


def complex_normal(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype("complex64")


def joined(re, im):
    return np.asarray(re) + 1j * np.asarray(im)


def weights_of(layer):
    return np.asarray(layer.kernel) + 1j * np.asarray(layer.imaginary_kernel)


@pytest.mark.parametrize("solution", ["kneser", "schroeder"])
@pytest.mark.parametrize("shared", [True, False])
def test_order_0_is_a_complex_dense_layer_and_order_1_a_product_of_powers(solution, shared, rng):
    x = complex_normal(rng, 5, 3)
    for order, reference in (
        (0.0, lambda w: x @ w),
        (1.0, lambda w: np.exp(_log(x, solution).astype("complex128") @ w)),
    ):
        layer = ComplexAddMulDense(
            4,
            shared=shared,
            solution=solution,
            output="pair",
            order_initializer=keras.initializers.Constant(order),
        )
        re, im = layer(x)
        expected = reference(weights_of(layer))
        np.testing.assert_allclose(joined(re, im), expected, rtol=1e-4, atol=1e-5)


def _log(x, solution):
    re, im = special.complex_exp_iterate((x.real, x.imag), -1.0, solution)
    np.testing.assert_allclose(np.exp(joined(re, im)), x, rtol=1e-5, atol=1e-5)
    return joined(re, im)


def test_a_unit_is_made_of_complex_iterates(rng):
    x = complex_normal(rng, 6, 2)
    layer = ComplexAddMulDense(
        2,
        output="pair",
        solution="kneser",
        complex_order=True,
        bias_initializer="random_normal",
    )
    re, im = layer(x)
    layer.order.assign([0.3, 0.8])
    layer.imaginary_order.assign([0.1, -0.05])
    n = np.asarray(layer.order) + 1j * np.asarray(layer.imaginary_order)
    terms = np.asarray(special.complex_exp_iterate(x[..., None], -n, "kneser"))
    total = (terms * weights_of(layer)).sum(axis=1)
    expected = np.asarray(special.complex_exp_iterate(total.astype("complex64"), n, "kneser"))
    expected = expected + np.asarray(layer.bias) + 1j * np.asarray(layer.imaginary_bias)
    re, im = layer(x)
    np.testing.assert_allclose(joined(re, im), expected, rtol=1e-4, atol=1e-4)


def test_the_forms_of_input_and_output_agree(rng):
    x = complex_normal(rng, 5, 3)
    pair = ComplexAddMulDense(2, output="pair")
    re, im = pair([x.real, x.imag])
    np.testing.assert_array_equal(pair(x)[0], re)
    for output, expected in (("real", re), ("modulus", np.hypot(re, im))):
        other = ComplexAddMulDense(2, output=output)
        other.build((None, 3))
        for weight in other.weights:
            weight.assign(next(w for w in pair.weights if w.name == weight.name))
        np.testing.assert_allclose(other(x), expected, rtol=1e-5)
        # A layer that was built on one form takes the other.
        assert other.compute_output_shape((None, 3)) == (None, 2)
    real = pair(x.real)
    np.testing.assert_array_equal(real[1], pair([x.real, 0 * x.real])[1])


def test_layers_take_the_pairs_of_others_through_a_saved_model(rng, tmp_path):
    given = keras.Input((3,))
    hidden = ComplexAddMulDense(4, output="pair", shared=True)(given)
    model = keras.Model(given, ComplexAddMulDense(2, output="modulus", shared=True)(hidden))
    model.save(tmp_path / "m.keras")
    x = rng.normal(size=(4, 3)).astype("float32")
    y = model(x)
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "m.keras")(x), y)
    assert y.shape == (4, 2)
    assert np.all(np.isfinite(y))
    assert np.all(y >= 0)


def test_the_modulus_has_a_slope_everywhere():
    layer = ComplexAddMulDense(1, output="modulus", order_initializer="zeros")
    x = tf.zeros((2, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    assert np.all(np.isfinite(tape.gradient(y, x)))


BAD = [
    ({"output": "complex"}, "`output` must be one of 'real', 'modulus', 'pair'"),
    ({"solution": "linear"}, "`solution` must be one of 'schroeder', 'kneser'"),
    ({"output": "pair", "activation": "relu"}, "`activation` must be None where `output` is"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        ComplexAddMulDense(2, **change)


def test_a_list_of_three_is_no_pair():
    x = np.ones((2, 3), "float32")
    with pytest.raises(ValueError, match="a list of the real and the imaginary part"):
        ComplexAddMulDense(2).check([x, x, x])


@pytest.mark.slow
def test_units_find_the_sum_and_the_product_of_numbers_of_either_sign():
    """From the default start, where signs of the weights are random: of six units, the best."""
    rng = np.random.default_rng(0)
    x = (rng.uniform(0.3, 2.0, (64, 2)) * rng.choice([-1, 1], (64, 2))).astype("float32")
    targets = np.stack([x.sum(1), x[:, 0] * x[:, 1]], axis=1)
    keras.utils.set_random_seed(0)
    tries = 6
    layer = ComplexAddMulDense(2 * tries)
    model = keras.Sequential([keras.Input((2,)), layer])
    rate = keras.optimizers.schedules.CosineDecay(0.05, 400)
    model.compile(keras.optimizers.Adam(rate), "mean_absolute_error", jit_compile=True)
    wanted = np.repeat(targets, tries, axis=1)
    model.fit(x, wanted, batch_size=64, epochs=400, verbose=0)
    errors = np.sqrt(np.mean((model(x) - wanted) ** 2, axis=0)) / wanted.std(axis=0)
    best = np.argmin(errors.reshape(2, tries), axis=1) + tries * np.arange(2)
    assert np.all(errors[best] < 0.02), errors
    np.testing.assert_allclose(np.asarray(layer.order)[best], [0.0, 1.0], atol=0.03)
    np.testing.assert_allclose(np.asarray(layer.kernel)[:, best], np.ones((2, 2)), atol=0.05)
    # That of the sum has no part in its real part.
    np.testing.assert_allclose(np.asarray(layer.imaginary_kernel)[:, best[1]], 0.0, atol=0.05)
