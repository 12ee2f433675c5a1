"""What a solution is, and that a third one serves everywhere once it is named."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import layers, special
from keras_addmul.special._precompute import write_tables
from keras_addmul.special.linear import Linear
from keras_addmul.special.solutions import get_solution
from tests.special import truth

RIPPLE = 0.3


class Rippled(Linear):
    """Another solution: P(S(x)) is one for each S, if P(u + 1) = P(u) + 1."""

    def __init__(self, dtype):
        super().__init__(dtype)
        self.end = self.superlog_of_number(self.top)

    def superlog(self, x):
        return rippled(super().superlog(x), keras.ops.sin)

    def superlog_of_number(self, number):
        return float(rippled(super().superlog_of_number(number), np.sin))

    def superexp(self, v):
        return super().superexp(smoothed(v))

    def slope(self, v):
        u = smoothed(v)
        return super().slope(u) * (1.0 + RIPPLE * keras.ops.cos(2.0 * np.pi * u))

    def ratio(self, w):
        u = smoothed(w)
        return super().ratio(u) * (1.0 + RIPPLE * keras.ops.cos(2.0 * np.pi * u))

    def tangent(self, n):
        u = smoothed(n)
        rise = 1.0 + RIPPLE * keras.ops.cos(2.0 * np.pi * u)
        bend = 2.0 * np.pi * RIPPLE * keras.ops.sin(2.0 * np.pi * u)
        return u, (1.0 + RIPPLE) / rise, 1.0 / rise, (1.0 + RIPPLE) * bend / rise**3


def rippled(u, sin):
    return u + RIPPLE * sin(2.0 * np.pi * u) / (2.0 * np.pi)


def smoothed(v):
    """The inverse of `rippled`, by Newton's method."""
    u = v
    for _ in range(30):
        rise = 1.0 + RIPPLE * keras.ops.cos(2.0 * np.pi * u)
        u = u - keras.ops.clip((rippled(u, keras.ops.sin) - v) / rise, -0.1, 0.1)
    return u


@pytest.fixture
def third(monkeypatch):
    monkeypatch.setitem(special.SOLUTIONS, "rippled", Rippled)
    return "rippled"


def test_a_third_solution_is_one_entry(third):
    x = np.array([-3.0, -0.3, 0.2, 0.9, 1.7, 8.0, 200.0])
    level = truth.numpy(special.superlog(x, third))
    plain = truth.numpy(special.superlog(x, "linear"))
    np.testing.assert_allclose(level, rippled(plain, np.sin), rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(special.superexp(level, third), x, rtol=1e-12)
    for n, function in ((0.0, lambda x: x), (1.0, np.exp), (-1.0, np.log)):
        y = special.exp_iterate(x[2:-1], n, third)
        np.testing.assert_allclose(y, function(x[2:-1]), rtol=1e-13)
    half = special.exp_iterate(x, 0.5, third)
    np.testing.assert_allclose(special.exp_iterate(half, -0.5, third), x, rtol=1e-11)
    assert np.max(np.abs(half - special.exp_iterate(x, 0.5, "linear"))[:3]) > 1e-3


def test_its_slopes_are_those_of_its_values(third):
    x, n, h = np.array([-3.0, -0.7, 0.4, 1.7, 8.0]), np.array([0.3, 0.8, 0.6, 0.1, 0.45]), 1e-6

    def f(x, n):
        return truth.numpy(special.signed_exp_iterate(x, n, third))

    tensors = [tf.constant(x), tf.constant(n)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = special.signed_exp_iterate(*tensors, third)
    in_x, in_n = tape.gradient(y, tensors)
    np.testing.assert_allclose(in_x, (f(x + h, n) - f(x - h, n)) / (2 * h), rtol=1e-6)
    np.testing.assert_allclose(in_n, (f(x, n + h) - f(x, n - h)) / (2 * h), rtol=1e-6)


def test_it_serves_the_operation_and_the_layers(third):
    x = np.array([[2.0, 7.0], [0.4, 3.0]], "float32")
    y = truth.numpy(special.addmul(x[:, 0], x[:, 1], 0.5, third))
    down = special.exp_iterate(x, -0.5, third)
    np.testing.assert_allclose(y, special.exp_iterate(tf.reduce_sum(down, -1), 0.5, third), 1e-5)
    at = {"kernel_initializer": "ones", "order_initializer": keras.initializers.Constant(0.5)}
    layer = layers.AddMulDense(1, path=third, **at)
    np.testing.assert_allclose(layer(x)[:, 0], y, rtol=1e-5)
    assert layers.AddMulDense.from_config(layer.get_config()).path_name == third


def test_a_message_lists_it(third):
    with pytest.raises(ValueError, match="one of 'kneser', 'linear', 'rippled'. Received: 'none'"):
        special.superlog(1.0, "none")


def test_a_solution_that_is_named_again_replaces_the_first(third, monkeypatch):
    first = special.superlog(0.3, third)
    monkeypatch.setitem(special.SOLUTIONS, third, Linear)
    assert special.superlog(0.3, third) != first


@pytest.mark.parametrize("dtype", truth.DTYPES)
@pytest.mark.parametrize("solution", truth.SOLUTIONS)
def test_every_solution_is_what_the_protocol_says(solution, dtype):
    """Each piece against the others, on the interval that its docstring names."""
    pieces = get_solution(solution)(dtype)
    for name, member in vars(special.Solution).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            assert callable(getattr(pieces, name))
    eps, most = (float(getattr(np.finfo(dtype), key)) for key in ("eps", "max"))
    x = tf.constant(np.linspace(pieces.bottom, pieces.top, 301), dtype)
    s = pieces.superlog(x)
    np.testing.assert_allclose(pieces.superexp(s), x, rtol=64 * eps, atol=16 * eps)
    assert -0.5 <= pieces.bottom < 0
    assert pieces.end == pytest.approx(float(s[-1]), rel=4 * eps)
    assert pieces.superlog_of_number(pieces.top) == pytest.approx(pieces.end, rel=1e-6)
    assert 0.99 * most < pieces.huge < most
    assert np.exp(pieces.lowest) > np.finfo(dtype).tiny > np.exp(pieces.lowest - 1.0)
    brought = most
    for _ in range(pieces.levels):
        brought = np.log(brought)
    assert brought < pieces.top < np.exp(brought)
    with tf.GradientTape() as tape:
        tape.watch(s)
        y = pieces.superexp(s)
    np.testing.assert_allclose(1.0 / pieces.slope(s), tape.gradient(y, s), rtol=3e4 * eps)
    w = tf.constant(np.linspace(0.0, 0.62, 50), dtype)
    np.testing.assert_allclose(
        pieces.ratio(w), pieces.superexp(w) * pieces.slope(w), rtol=16 * eps, atol=eps
    )


@pytest.mark.parametrize("solution", truth.SOLUTIONS)
def test_the_tangent_is_that_of_the_iterate_at_zero(solution):
    n = tf.constant([0.0, 0.2, 0.5, 0.9], "float64")
    start, slope, d_start, d_slope = get_solution(solution)("float64").tangent(n)
    x = tf.zeros_like(n)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(n)
        with tf.GradientTape() as tape:
            tape.watch([x, n])
            y = special.exp_iterate(x, n, solution)
        in_x, in_n = tape.gradient(y, [x, n])
    np.testing.assert_allclose(start, y, rtol=1e-14)
    np.testing.assert_allclose(slope, in_x, rtol=1e-13)
    np.testing.assert_allclose(d_start, in_n, rtol=1e-13)
    np.testing.assert_allclose(d_slope, outer.gradient(in_x, n), rtol=1e-11, atol=1e-13)


def test_the_tables_are_what_their_script_writes():
    """From the kept series; that the series is Kneser's, `test_kneser_truth.py` says."""
    found, _ = write_tables.tables(write_tables.read_series(), measured=False)
    assert write_tables.module(found) == write_tables.TARGET.read_text()
