"""The operation over chosen inputs: exact at its ends, and true to its definition between."""

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from tests import reference

# Both signs, apart from 0 and from each other; the last two rows hold zeros.
NONZERO = np.round(2.0 * np.sin(np.arange(1.0, 61.0) ** 2).reshape(20, 3) + 1e-3, 3)
SIGNED = np.concatenate([NONZERO, [[0.0, 1.0, -2.0], [0.0, 0.0, 3.0]]])
KERNEL = np.array([[1.0, 0.3, -0.4, 0.0], [0.6, -1.0, 0.0, -0.8], [0.0, 0.7, 1.0, 0.5]])
EPS = np.finfo("float64").eps


def gates_of_products(x, kernel):
    inverse = 1.0 / np.where(x == 0.0, np.inf, x)[..., None]
    taken = np.where(kernel >= 0.0, kernel * x[..., None], -kernel * inverse)
    return taken + 1.0 - np.abs(kernel)


def slopes(function, *arguments):
    tensors = [tf.constant(a) for a in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = tf.reduce_sum(tf.square(function(*tensors)))
    return [g.numpy() for g in tape.gradient(y, tensors)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_order_zero_is_the_matrix_product(dtype):
    x, kernel = SIGNED.astype(dtype), KERNEL.astype(dtype)
    got = special.addmul_select(x, kernel, 0.0)
    np.testing.assert_allclose(got, x @ kernel, rtol=0, atol=8 * np.finfo(dtype).eps)


def test_slopes_at_order_zero_are_those_of_the_matrix_product():
    got = slopes(lambda x, k: special.addmul_select(x, k, 0.0, epsilon=1e-7), SIGNED, KERNEL)
    expected = slopes(lambda x, k: x @ k, SIGNED, KERNEL)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=64 * EPS, atol=64 * EPS)


def test_order_one_multiplies_what_is_taken_and_divides_by_what_is_inverted():
    got = special.addmul_select(NONZERO, KERNEL, 1.0)
    expected = np.prod(gates_of_products(NONZERO, KERNEL), axis=-2)
    np.testing.assert_allclose(got, expected, rtol=16 * EPS, atol=4 * EPS)


def test_order_one_and_weights_from_0_to_1_is_a_multiplication_unit_with_its_slopes():
    kernel = np.abs(KERNEL)

    def unit(x, kernel):
        return tf.reduce_prod(kernel * x[..., None] + 1.0 - kernel, axis=-2)

    def ours(x, kernel):
        return special.addmul_select(x, kernel, 1.0, epsilon=1e-7)

    np.testing.assert_allclose(
        ours(SIGNED, kernel), unit(SIGNED, kernel), rtol=16 * EPS, atol=4 * EPS
    )
    inside = kernel * 0.98 + 0.01  # at 0 the weight may also go below
    for a, b in zip(slopes(ours, SIGNED, inside), slopes(unit, SIGNED, inside), strict=True):
        np.testing.assert_allclose(a, b, rtol=256 * EPS, atol=256 * EPS)


def test_division_is_exact_up_to_one_rounding_more_than_its_own(rng):
    x = rng.normal(size=(200, 2)).astype("float32")
    kernel = np.array([[1.0], [-1.0]], "float32")
    got = special.addmul_select(x, kernel, 1.0, epsilon=1e-7)[:, 0]
    np.testing.assert_allclose(got, x[:, 0] / x[:, 1], rtol=2 * np.finfo("float32").eps)


@pytest.mark.parametrize("solution", ["kneser", "linear"])
@pytest.mark.parametrize("n", [0.0, 0.2, 0.7, 1.0])
def test_weights_of_one_join_by_the_operation(n, solution):
    x = np.abs(NONZERO[:, :2]) + 0.3
    got = special.addmul_select(x, np.ones((2, 1)), n, solution=solution)[:, 0]
    expected = special.addmul(x[:, 0], x[:, 1], n, solution)
    np.testing.assert_allclose(got, expected, rtol=64 * EPS)


@pytest.mark.parametrize("n", [0.0, 0.3, 0.9, 1.0])
def test_a_weight_of_zero_leaves_the_input_out(n, rng):
    kernel = np.array([[1.0], [0.0], [-1.0]], "float32")
    x = SIGNED.astype("float32")
    other = x.copy()
    other[:, 1] = rng.normal(size=len(x)) * 100
    a, b = (special.addmul_select(v, kernel, n, epsilon=1e-7) for v in (x, other))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n", [0.0, 1.0])
def test_what_is_taken_and_inverted_is_the_identity_element(n):
    x = np.repeat(NONZERO[:, :1], 2, axis=1)
    got = special.addmul_select(x, np.array([[1.0], [-1.0]]), n, epsilon=1e-7)
    np.testing.assert_allclose(got, np.full((20, 1), n), rtol=2 * EPS)


def test_between_the_ends_it_is_its_definition():
    x, n = [5.7, 2.6, 0.3], 0.4
    e = reference.exp_iterate(0, n)
    # The inverse of an input below e is that of `special.inverse`, and above its continuation.
    inverses = [reference.signed_exp_iterate(-reference.exp_iterate(v, -n), n) for v in x]
    assert float(inverses[2]) == pytest.approx(
        float(special.inverse(np.float64(x[2]), n)), rel=64 * EPS
    )
    for kernel in ([0.6, -0.3, 0.0], [-1.0, 1.0, 0.7], [0.2, 0.5, -0.8]):
        gates = [
            (w * v if w >= 0 else -w * other) + (1 - abs(w)) * e
            for w, v, other in zip(kernel, x, inverses, strict=True)
        ]
        expected = float(reference.operation(gates, [1, 1, 1], n, [1, 1, 1]))
        got = special.addmul_select(np.array([x]), np.array(kernel)[:, None], n)
        np.testing.assert_allclose(got, [[expected]], rtol=256 * EPS)


@pytest.mark.parametrize("n", [0.2, 0.7])
def test_a_negative_input_is_met_on_the_straight_line_between_sum_and_product(n):
    x, kernel = np.array([[-2.0, 3.0]]), np.array([[0.6, 0.0, -1.0], [-0.5, 1.0, 0.4]])
    ends = [special.addmul_select(x, kernel, end) for end in (0.0, 1.0)]
    got = special.addmul_select(x, kernel, n).numpy()
    line = ((1.0 - n) * ends[0] + n * ends[1]).numpy()
    np.testing.assert_allclose(got[0, [0, 2]], line[0, [0, 2]], rtol=8 * EPS)
    # Where the weight of the negative input is 0 it is not met.
    np.testing.assert_allclose(got[0, 1], 3.0, rtol=64 * EPS)


@pytest.mark.parametrize("n", [0.0, 0.4, 1.0])
def test_the_slope_in_the_order_is_the_limit_of_its_differences(n):
    x, kernel = np.abs(NONZERO) + 0.5, KERNEL

    def at(n):
        return special.addmul_select(x, kernel, n, epsilon=1e-7).numpy()

    h = 1e-5
    if n == 0.4:
        expected = (at(n + h) - at(n - h)) / (2 * h)
    else:  # from inside, three points
        h = h if n == 0.0 else -h
        expected = (4 * at(n + h) - 3 * at(n) - at(n + 2 * h)) / (2 * h)
    order = tf.constant(np.full(4, n))
    with tf.GradientTape() as tape:
        tape.watch(order)
        y = special.addmul_select(x, kernel, order, epsilon=1e-7)
    got = tape.gradient(y, order)
    np.testing.assert_allclose(got, expected.sum(axis=0), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n", [0.0, 0.01, 0.5, 0.99, 1.0])
def test_values_and_slopes_are_finite_everywhere(n):
    sizes = np.array([0.0, 1e-30, 1e-7, 1e-3, 1.0, 50.0, 1e4, 1e8, 1e15], "float32")
    both = np.concatenate([sizes, -sizes])
    x = tf.constant(np.stack([both, np.roll(both, 1), np.roll(both, 5)], axis=-1))
    kernel, order = tf.constant(KERNEL.astype("float32")), tf.constant(np.full(4, n, "float32"))
    with tf.GradientTape() as tape:
        tape.watch([x, kernel, order])
        y = special.addmul_select(x, kernel, order, epsilon=1e-7, limit=1e15)
    assert np.all(np.abs(y) <= 1.001e15 if n else np.isfinite(y))
    for g in tape.gradient(y, [x, kernel, order]):
        assert np.all(np.isfinite(g))


def test_shapes_that_do_not_fit_are_refused_by_name():
    with pytest.raises(ValueError, match=r"`kernel` must have shape \(inputs, units\).*\(2, 1\)"):
        special.addmul_select(np.ones((4, 3)), np.ones((2, 1)), 0.0)
    with pytest.raises(ValueError, match=r"`n` must be a scalar or have shape \(1,\).*\(3,\)"):
        special.addmul_select(np.ones((4, 2)), np.ones((2, 1)), np.zeros(3))
