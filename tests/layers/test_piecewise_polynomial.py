"""The table of polynomials: the piece that is found, in every dtype and in what is exported."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.layers import PiecewisePolynomial

DTYPES = ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16", "float32", "float64"]
EPS = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}


@pytest.mark.parametrize("cells", [None, 512, 8192])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_new_table_of_many_pieces_is_the_identity_in_every_dtype(dtype, cells):
    x = np.linspace(-1.2, 1.2, 1000).reshape(500, 2)
    for shared in (True, False):
        table = PiecewisePolynomial(400, cells=cells, shared=shared, dtype=dtype)
        given = tf.cast(x, table.compute_dtype)
        expected = np.clip(tf.cast(given, "float64"), -1.0, 1.0)
        # The output is rounded, and so are the centers, where they are kept in half precision.
        eps = EPS[table.compute_dtype] + 2.0 * EPS[table.variable_dtype]
        np.testing.assert_allclose(tf.cast(table(given), "float64"), expected, rtol=0, atol=eps)
        assert table(given).dtype == table.compute_dtype


def test_numbers_of_pieces_are_integers_which_no_precision_rounds():
    table = PiecewisePolynomial(400, cells=512, dtype="bfloat16")
    table.build((None, 1))
    assert table.cell_pieces.dtype == "int64"
    assert table.cell_pieces.numpy().max() == 399


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("pieces", [1, 2, 3, 4, 5, 8, 9, 33])
def test_the_piece_is_the_one_that_a_number_lies_in(pieces, shared, rng):
    layer = PiecewisePolynomial(pieces, degree=1, shared=shared, low=-1.0, high=1.0)
    layer.build((None, 2))
    breaks = np.sort(rng.uniform(-1, 1, layer.breaks.shape), axis=-1).astype("float32")
    layer.breaks.assign(breaks)
    number = np.stack([np.arange(pieces), np.zeros(pieces)], axis=-1)
    layer.coefficients.assign(np.broadcast_to(number, layer.coefficients.shape))
    each = np.broadcast_to(breaks, (2, pieces - 1))
    at = [np.concatenate([b, np.nextafter(b, -2), [-1.0, 1.0, 0.0]]) for b in each]
    x = np.stack(at, axis=-1).astype("float32")
    expected = [np.searchsorted(b, x[:, i], side="right") for i, b in enumerate(each)]
    np.testing.assert_array_equal(layer(x), np.stack(expected, axis=-1))


@pytest.mark.parametrize("kwargs", [{}, {"shared": False}, {"cells": 32}])
def test_it_is_exported_without_an_operation_that_searches(kwargs):
    layer = PiecewisePolynomial(20, **kwargs)
    x = keras.Input((3,))
    model = keras.Model(x, layer(x))
    function = tf.function(model, input_signature=[tf.TensorSpec((None, 3), tf.float32)])
    concrete = function.get_concrete_function()
    assert not {"UpperBound", "LowerBound"} & {op.type for op in concrete.graph.get_operations()}
