"""Conversion: the new model is a model like any other, and near the old one."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_addmul.barron import convert_activation
from keras_addmul.barron.models.domain import boxes, random_points
from keras_addmul.layers import RePUBank
from keras_addmul.layers.graph import layers_of
from tests.barron.compared import QUICK, largest_difference, outputs
from tests.barron.models import MODELS, chain, gaussian


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model(name, tmp_path):
    build, degree, domain, left = MODELS[name]
    model = build()
    # Not even a loss that cannot be saved stands in the way.
    model.compile(loss=[lambda y, z: keras.ops.mean(z)] * len(model.outputs))
    before = [np.array(w) for w in model.weights]
    config = json.dumps(model.get_config(), default=str)
    converted, certificate = convert_activation(
        model, degree=degree, tolerance=1e-3, domain=domain, **QUICK
    )
    assert all(np.array_equal(a, w) for a, w in zip(before, model.weights, strict=True))
    assert json.dumps(model.get_config(), default=str) == config
    assert set(certificate.left_out) == left
    assert all(one.error <= 1e-3 for one in certificate.layers)
    pairs, _ = boxes(model, domain, None)
    rows = random_points(model, pairs, 300)
    for bound, difference in zip(
        certificate.output_bounds, largest_difference(model, converted, rows), strict=True
    ):
        assert np.all(difference <= bound)
    assert certificate.measured <= certificate.bound
    json.loads(certificate.to_json())
    if name == "branches":  # the model with every kind of connection
        converted.save(tmp_path / "c.keras")
        again = keras.saving.load_model(tmp_path / "c.keras")
        for a, b in zip(outputs(converted, rows), outputs(again, rows), strict=True):
            np.testing.assert_array_equal(a, b)
    banks = [layer for layer in layers_of(converted) if isinstance(layer, RePUBank)]
    assert [bank.name for bank in banks] == [one.bank for one in certificate.layers]


def test_conversion_by_quadrature_has_a_true_certificate_and_more_units():
    model = chain(layers.Dense(4, "tanh"), layers.Dense(1))
    _, spline = convert_activation(model, degree=2, **QUICK)
    _converted, plain = convert_activation(model, degree=2, method="quadrature", **QUICK)
    assert plain.layers[0].units > 2 * spline.layers[0].units
    assert plain.measured <= plain.bound


def test_extrapolation_goes_on_as_a_polynomial_and_clipping_holds():
    model = chain(layers.Dense(1, "softplus", use_bias=False), inputs=1)
    model.layers[0].kernel.assign([[1.0]])
    far = np.array([[-6.0], [-5.0], [-4.0], [4.0], [5.0], [6.0]], "float32")
    for outside, degree in (("clip", 0), ("extrapolate", 2)):
        converted, _ = convert_activation(model, domain=(-2, 2), outside=outside, **QUICK)
        y = np.asarray(converted(far), float).reshape(2, 3)
        # A polynomial of degree n has vanishing differences beyond the n-th.
        assert np.abs(np.diff(y, n=1)).max() < 1e-6 or degree == 2
        assert (np.abs(np.diff(y, n=2)).max() > 1e-4) == (degree == 2)


def test_clipping_saturated_ends_keeps_the_interval_short():
    model = chain(layers.Dense(4, "tanh"), layers.Dense(1))
    _, certificate = convert_activation(model, domain=(-100, 100), **QUICK)
    low, high = certificate.layers[0].fitted
    assert -8 < low < high < 8
    assert certificate.layers[0].pre_activations[1] > 50
    assert certificate.layers[0].error <= 1e-3
    assert certificate.measured <= certificate.bound


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "silu", "gelu", "elu", gaussian])
def test_degree_one_follows_the_line_that_the_activation_tends_to(name):
    model = chain(layers.Dense(1, name, use_bias=False, dtype="float64"), inputs=1, dtype="float64")
    model.layers[0].kernel.assign([[1.0]])
    asked = {"degree": 1, "domain": (-40, 40), "outside": "extrapolate", "tolerance": 1e-3}
    converted, certificate = convert_activation(model, **asked, **QUICK)
    low, high = certificate.layers[0].fitted
    assert -12 < low < high < 12
    assert certificate.layers[0].error <= 1e-3
    # Far outside of the domain as well, but for the rounding of what is subtracted.
    far = np.array([[-1e4], [-300.0], [-39.0], [7.0], [39.0], [300.0], [1e4]])
    assert largest_difference(model, converted, [far])[0].max() <= 1e-3 + 1e-9


def test_converting_again_lowers_the_degree_of_the_bank():
    model = chain(layers.Dense(4, "tanh"), layers.Dense(1))
    cubic, _ = convert_activation(model, degree=3, tolerance=1e-4, **QUICK)
    linear, certificate = convert_activation(cubic, degree=1, tolerance=1e-3, **QUICK)
    assert certificate.layers[0].activation == "bank of degree 3"
    assert certificate.measured <= certificate.bound
    rows = random_points(model, boxes(model, None, None)[0], 500)
    assert largest_difference(model, linear, rows)[0].max() < 5e-3


@pytest.mark.slow
def test_converted_model_trains_exports_and_compiles(tmp_path, rng):
    x = rng.uniform(-1, 1, (128, 3)).astype("float32")
    y = np.sin(3 * x[:, :1]) * x[:, 1:2]
    model = chain(layers.Dense(16, "tanh"), layers.Dense(1))
    converted, _ = convert_activation(model, degree=2, data=x, **QUICK)
    eager = np.asarray(converted(x))
    converted.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    np.testing.assert_allclose(served.serve(x), eager, rtol=2e-5, atol=2e-5)
    converted.compile(keras.optimizers.Adam(0.02), "mse", jit_compile=False)
    jitted = tf.function(converted, jit_compile=True)(x)
    np.testing.assert_allclose(jitted, eager, rtol=2e-5, atol=2e-5)
    before = np.mean((eager - y) ** 2)
    coefficients = np.array(converted.layers[1].coefficients)
    converted.fit(x, y, epochs=30, batch_size=128, verbose=0)
    assert np.mean((converted(x) - y) ** 2) < 0.7 * before
    assert np.any(np.array(converted.layers[1].coefficients) != coefficients)
