"""The operation for operands of either sign: its law, its ends, zero, and its slopes."""

import functools

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from tests import reference
from tests.special.modes import MODES, call

PATHS = ["kneser", "linear", "mixture"]
by_path = pytest.mark.parametrize("path", PATHS)
EPS = np.finfo("float64").eps


def drawn(rng, rows=6, inputs=3, units=5):
    """Inputs of either sign, exponents, orders with both ends, and parities."""
    x = rng.uniform(0.2, 4.0, (rows, inputs)) * rng.choice([-1.0, 1.0], (rows, inputs))
    n = np.array([0.0, 1.0, *rng.uniform(0.0, 1.0, units - 2)])
    return x, rng.uniform(-1.5, 2.0, (inputs, units)), n, rng.uniform(0.0, 1.0, (inputs, units))


@by_path
def test_the_matrix_product_is_its_formula_in_fifty_digits(path, rng):
    x, kernel, n, parity = drawn(rng)
    parity[0] = np.round(parity[0])
    got = special.addmul_matmul(x, kernel, n, parity, nodes=None, path=path).numpy()
    for row, found in zip(x.tolist(), got, strict=True):
        for i in range(5):
            want = float(reference.operation(row, kernel[:, i], n[i], parity[:, i], path))
            size = float(
                reference.operation(np.abs(row), np.abs(kernel[:, i]), n[i], [0] * 3, path)
            )
            assert abs(found[i] - want) <= 512 * EPS * max(abs(want), size)


@by_path
def test_addmul_and_reduce_are_the_formula_with_every_sign_counted(path, rng):
    x = rng.normal(size=(12, 3)) * 3.0
    for n in (0.0, 0.2, 0.6, 0.95, 1.0):
        together = special.addmul_reduce(x, n, path=path).numpy()
        two = special.addmul(x[:, 0], x[:, 1], n, path=path).numpy()
        for row, three, pair in zip(x.tolist(), together, two, strict=True):
            for count, got in ((3, three), (2, pair)):
                ones = [1] * count
                want = float(reference.operation(row[:count], ones, n, ones, path))
                size = float(reference.operation(np.abs(row[:count]), ones, n, ones, path))
                assert abs(got - want) <= 64 * EPS * size


@by_path
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_ends_are_the_sum_and_the_product_to_the_last_bit(path, dtype, rng):
    x = tf.cast(rng.normal(size=(200, 2)) * 3.0, dtype)
    x = tf.concat([x, tf.cast([[0.0, 5.0], [-2.0, 0.0], [0.0, 0.0]], dtype)], 0)
    a, b = x[:, 0], x[:, 1]
    for n, want in ((0.0, a + b), (1.0, a * b)):
        for epsilon in (0.0, 1e-7):
            got = special.addmul_reduce(x, tf.cast(n, dtype), path=path, epsilon=epsilon)
            np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(special.addmul(a, b, tf.cast(n, dtype), path), want)


@by_path
def test_slopes_at_the_ends_are_those_of_the_sum_and_the_product_at_zero_too(path):
    x = tf.constant([[2.0, -3.0, 0.5], [0.0, -4.0, 3.0], [0.0, 0.0, 5.0]], "float64")
    for n, plain in ((0.0, tf.reduce_sum), (1.0, tf.reduce_prod)):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            ours = special.addmul_reduce(x, n, path=path, epsilon=1e-7)
            theirs = plain(x, axis=-1)
        want = tape.gradient(theirs, x)
        np.testing.assert_allclose(tape.gradient(ours, x), want, rtol=1e-14)


@by_path
def test_matrix_products_are_exact_at_their_ends(path, rng):
    x, kernel, n, _ = drawn(rng, rows=40)
    kernel = np.round(kernel)
    got = special.addmul_matmul(x, kernel, n, path=path)
    size = np.abs(x) @ np.abs(kernel)
    assert np.all(np.abs(got - x @ kernel)[:, 0] <= 4 * EPS * size[:, 0])
    product = np.prod(x[..., None] ** kernel, axis=1)
    np.testing.assert_allclose(got[:, 1], product[:, 1], rtol=32 * EPS)


@by_path
@pytest.mark.parametrize("n", [0.0, 0.1, 0.5, 0.9])
def test_nothing_jumps_where_an_operand_passes_through_zero(path, n, rng):
    """Beside zero the answers differ by what a step of that size may change."""
    others = rng.uniform(-3.0, 3.0, (20, 1))
    for step in (1e-3, 1e-6, 1e-9):
        sides = [np.concatenate([others, np.full_like(others, s * step)], 1) for s in (-1, 1)]
        merged = [special.addmul_reduce(side, n, path=path).numpy() for side in sides]
        kernel, parity = np.array([[1.0], [0.7]]), np.array([[1.0], [0.8]])
        mapped = [
            special.addmul_matmul(side, kernel, n, parity, path=path).numpy() for side in sides
        ]
        # A power of exponent 0.7 is steep at zero; so is an iterate of order close to -1.
        for below, above in (merged, mapped):
            np.testing.assert_allclose(below, above, atol=100.0 * step**0.7)


def test_without_a_parity_a_sign_counts_where_the_nearest_whole_exponent_is_odd(rng):
    kernel = np.array([[1.0, 2.0, -1.0, 0.0], [0.6, 1.4, -3.2, 2.6], [-0.4, 5.0, 0.2, -7.7]])
    odd = [[1, 0, 1, 0], [1, 1, 1, 1], [0, 1, 0, 0]]
    np.testing.assert_array_equal(special.parity_of(kernel), odd)
    x, n = rng.normal(size=(7, 3)), np.array([0.2, 0.5, 0.9, 1.0])
    for path in PATHS:
        got = special.addmul_matmul(x, kernel, n, path=path)
        want = special.addmul_matmul(x, kernel, n, np.array(odd, "float64"), path=path)
        np.testing.assert_array_equal(got, want)
    free = [special.free_matmul(x, kernel, None, -0.6, n, *p) for p in ((), (np.array(odd),))]
    np.testing.assert_array_equal(*free)


def test_free_orders_count_signs_as_far_as_both_go(rng):
    x, kernel, n_out, parity = drawn(rng)
    n_in = np.array([-0.4, -1.0, 0.5])
    got = special.free_matmul(x, kernel, None, n_in, n_out, parity).numpy()
    for row, found in zip(x.tolist(), got, strict=True):
        inner = [reference.signed_exp_iterate(v, n) for v, n in zip(row, n_in, strict=True)]
        for i in range(5):
            total = mp.fdot(inner, kernel[:, i])
            gates = [
                1 - 2 * mp.mpf(v) * max(-n, 0) for v, n in zip(parity[:, i], n_in, strict=True)
            ]
            sign = mp.fprod(g for g, v in zip(gates, row, strict=True) if v < 0)
            want = reference.signed_exp_iterate(total, n_out[i]) * (1 - n_out[i] + n_out[i] * sign)
            assert found[i] == pytest.approx(float(want), rel=1e-11, abs=1e-11)


def tied(path):
    how = {"nodes": None, "path": path}
    return lambda x, kernel, n, v, **limits: special.addmul_matmul(x, kernel, n, v, **how, **limits)


def free(x, kernel, n, v, **limits):
    return special.free_matmul(x, kernel, None, -n[: kernel.shape[0]], n, v, **limits)


def merged(path):
    return lambda x, kernel, n, v, **limits: special.addmul_reduce(
        x[..., None] * kernel, n, -2, path=path, **limits
    )


FUNCTIONS = {
    **{f"matmul, {p}": tied(p) for p in PATHS},
    **{f"reduce, {p}": merged(p) for p in PATHS},
    "free": free,
}
by_function = pytest.mark.parametrize("name", FUNCTIONS)


@functools.cache
def slopes(name, **limits):
    def function(x, kernel, n, v):
        kernel, n = tf.ensure_shape(kernel, (3, 5)), tf.ensure_shape(n, (5,))
        tensors = [x, kernel, n, tf.ensure_shape(v, (3, 5))]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            y = FUNCTIONS[name](*tensors, **limits)
        zero = tf.UnconnectedGradients.ZERO
        return y, *tape.gradient(y, tensors, unconnected_gradients=zero)

    return function


@by_function
def test_slopes_are_the_differences_of_values(name, rng):
    arguments = list(drawn(rng))
    arguments[2][:2] = 0.35, 0.8
    _, *found = slopes(name)(*map(tf.constant, arguments))
    for place, slope in enumerate(found):
        along, step = rng.normal(size=slope.shape), 1e-6
        sides = [
            np.sum(slopes(name)(*map(tf.constant, moved))[0])
            for moved in (
                [a + s * step * along if i == place else a for i, a in enumerate(arguments)]
                for s in (1, -1)
            )
        ]
        want = (sides[0] - sides[1]) / (2 * step)
        assert np.sum(slope * along) == pytest.approx(want, rel=1e-6, abs=1e-6), place


@by_function
@pytest.mark.parametrize("mode", MODES[1:])
def test_modes_agree_with_and_without_negative_numbers(name, mode, rng):
    arguments = [a.astype("float32") for a in drawn(rng)]
    for x in (arguments[0], np.abs(arguments[0])):
        want = call("eager", slopes(name), x, *arguments[1:])
        got = call(mode, slopes(name), x, *arguments[1:])
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4 * np.max(np.abs(b)))


@by_function
def test_mapped_over_rows_it_answers_as_it_does_for_all(name, rng):
    arguments = [tf.constant(a, "float32") for a in drawn(rng)]
    want, in_x, *_ = slopes(name)(*arguments)

    def one(row):
        found = slopes(name)(row[None], *arguments[1:])
        return found[0][0], found[1][0]

    # XLA takes no branch that depends on the rows; `free` and `reduce` still have one.
    for jit in (False, True) if name.startswith("matmul") else (False,):
        mapped = tf.function(lambda x: tf.vectorized_map(one, x), jit_compile=jit)
        y, slope = mapped(arguments[0])
        np.testing.assert_allclose(y, want, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(slope, in_x, rtol=1e-3, atol=1e-3)


@by_function
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_slopes_are_finite_at_zero_and_at_any_size(name, dtype, rng):
    _, kernel, n, v = drawn(rng)
    sizes = np.array([0.0, 1e-30, 1e-7, 1.0, 1e7, 1e30])
    line = np.concatenate([sizes, -sizes])
    x = np.stack([line, np.roll(line, 1), np.roll(line, 5)], axis=-1)
    limits = {"epsilon": 1e-7, "limit": special.output_bound(dtype)}
    for parity in (v, np.full_like(v, 0.5), np.round(v)):
        arguments = [tf.cast(a, dtype) for a in (x, kernel, n, parity)]
        y, *found = slopes(name, **limits)(*arguments)
        assert np.all(np.isfinite(y))
        for slope in found:
            assert np.all(np.isfinite(slope))


def test_positive_numbers_meet_the_plain_operation_whatever_the_parity(rng):
    x, kernel, n, v = drawn(rng)
    down = special.exp_iterate(np.abs(x)[..., None], -n).numpy()
    kernel = np.abs(kernel)
    inside = down.min(axis=1) > 0.0
    want = special.exp_iterate(np.sum(down * kernel, axis=1), n).numpy()
    got = special.addmul_matmul(np.abs(x), kernel, n, v, nodes=None).numpy()
    np.testing.assert_allclose(got[inside], want[inside], rtol=64 * EPS)
    assert np.sum(inside) > 10
