"""Tables of polynomials compute what the banks compute."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_addmul.barron import convert_activation, to_table
from keras_addmul.layers import PiecewisePolynomial, RePUBank
from tests.barron.models import branches, chain, sine

X = np.concatenate([np.linspace(-4, 4, 301), [0.0, 50.0, -50.0]]).astype("float32")


@pytest.mark.parametrize("outside", ["clip", "extrapolate"])
@pytest.mark.parametrize("shared", [True, False])
def test_table_of_a_bank_is_the_same_function(outside, shared):
    left = 3 if outside == "extrapolate" else 0
    bank = RePUBank(9, 3, -2.0, 3.0, outside=outside, left=left, shared=shared, dtype="float64")
    model = keras.Sequential([keras.Input((2,), dtype="float64"), bank])
    rng = np.random.default_rng(0)
    bank.coefficients.assign(bank.coefficients + 0.1 * rng.normal(size=bank.coefficients.shape))
    table = to_table(model)
    assert isinstance(table.layers[0], PiecewisePolynomial)
    assert table.layers[0].name == bank.name
    assert not table.trainable_weights
    x = np.stack([X, X[::-1]], axis=1).astype("float64")
    # Cubes of numbers up to 60: what is lost is relative to the largest.
    np.testing.assert_allclose(table(x), model(x), rtol=1e-10, atol=1e-10)
    jitted = tf.function(table, jit_compile=True)
    np.testing.assert_allclose(jitted(x), model(x), rtol=1e-10, atol=1e-10)


def test_whole_models_are_converted_and_saved(tmp_path):
    model = branches()
    converted, certificate = convert_activation(model, latency_rows=None)
    table = to_table(converted)
    x = np.random.default_rng(0).uniform(-1, 1, (50, 3)).astype("float32")
    table.save(tmp_path / "t.keras")
    again = keras.saving.load_model(tmp_path / "t.keras")
    for a, b, c in zip(table(x), converted(x), again(x), strict=True):
        # Two ways to add the same single-precision numbers.
        np.testing.assert_allclose(a, b, rtol=0, atol=certificate.rounding_bound)
        np.testing.assert_array_equal(a, c)


@pytest.mark.parametrize("outside", ["clip", "extrapolate"])
def test_pieces_are_found_by_arithmetic_as_by_a_search(outside):
    model = chain(layers.Activation(sine, dtype="float64"), inputs=2, dtype="float64")
    asked = {"degree": 1, "tolerance": 1e-3, "domain": (-4, 4), "outside": outside}
    converted, certificate = convert_activation(model, latency_rows=None, **asked)
    table = to_table(converted).layers[-1]
    assert certificate.units_added > 40
    assert table.cells
    other = PiecewisePolynomial.from_config({**table.get_config(), "cells": None})
    other.build((None, 2))
    for name in ("breaks", "centers", "coefficients"):
        getattr(other, name).assign(getattr(table, name))
    # At the breaks too, and at the ends of the cells.
    x = np.concatenate([X, table.breaks, np.nextafter(table.breaks, -9), np.linspace(-4, 4, 257)])
    x = np.stack([x, x[::-1]], axis=1).astype("float64")
    np.testing.assert_allclose(table(x), other(x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(table(x), converted(x), rtol=1e-10, atol=1e-10)


def test_a_bank_that_bends_nowhere_or_beyond_its_ends_has_a_table():
    straight = RePUBank(2, 2, -1.0, 1.0)
    bent = RePUBank(3, 1, -1.0, 1.0, outside="extrapolate", left=1)
    for bank in (straight, bent):
        model = keras.Sequential([keras.Input((1,)), bank])
        if bank is bent:
            bank.coefficients.assign([1.0, 0.5, 2.0])
        np.testing.assert_allclose(
            to_table(model)(X[:, None]), model(X[:, None]), rtol=1e-6, atol=1e-6
        )


def test_a_model_without_banks_is_refused():
    with pytest.raises(ValueError, match="must have a RePUBank.*Received layers: .'Dense'"):
        to_table(chain(layers.Dense(2, "tanh")))
