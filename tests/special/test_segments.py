"""Segments of any size and order of rows are what `addmul_reduce` makes of them one by one."""

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special

IDS = np.array([2, 0, 2, 5, 2, 0, -1, 7, 5])
ORDERS = np.array([0.0, 0.3, 1.0])


@pytest.fixture
def rows(rng):
    x = rng.normal(size=(9, 3)) * 3.0
    x[3] = 0.0  # the only zero of its segment, beside another number
    return x


@pytest.mark.parametrize("path", ["kneser", "linear", "mixture"])
def test_values_and_slopes_are_those_of_each_segment_by_itself(path, rows):
    x, n = tf.constant(rows), tf.constant(ORDERS)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, n])
        y = special.addmul_segment(x, IDS, 6, n, path=path, epsilon=1e-7)
        each = [
            special.addmul_reduce(tf.boolean_mask(x, i == IDS), n, 0, path=path, epsilon=1e-7)
            for i in range(6)
        ]
        loss, expected = (tf.reduce_sum(tf.sin(t)) for t in (y, tf.stack(each)))
    np.testing.assert_allclose(y, tf.stack(each), rtol=1e-13, atol=1e-13)
    for got, want in zip(tape.gradient(loss, [x, n]), tape.gradient(expected, [x, n]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


def test_an_empty_segment_gives_the_identity_and_an_order_may_be_shared(rows):
    y = special.addmul_segment(rows[:1], [1], 3, 0.5)
    np.testing.assert_allclose(y[0], special.identity(np.float64(0.5)), rtol=1e-15)
    np.testing.assert_array_equal(y[0], y[2])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_dtype_stays_and_all_is_finite_at_any_size(dtype):
    x = tf.cast([[0.0, 1e4], [-1e-4, 1e4], [3e4, 1e4], [3e4, -1e4]], dtype)
    for n in (0.0, 0.01, 0.5, 1.0):
        limit = special.output_bound(dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = special.addmul_segment(x, [0, 0, 1, 1], 2, n, epsilon=1e-7, limit=limit)
        assert y.dtype == dtype
        assert np.all(np.isfinite(y.numpy().astype("float32")))
        assert not np.any(np.isnan(tape.gradient(y, x).numpy().astype("float32")))


def test_orders_of_segments_and_what_holds_no_numbers_are_refused(rows):
    with pytest.raises(ValueError, match=r"`n` must be a scalar, or have fewer axes.*\(6, 3\)"):
        special.addmul_segment(rows, IDS, 6, np.ones((6, 3)))
    for arguments in (("abc", IDS, 6, 0.5), (rows, IDS, 6, "abc")):
        with pytest.raises(TypeError, match="must hold real numbers"):
            special.addmul_segment(*arguments)
