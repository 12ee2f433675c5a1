"""Sums of iterates as a few products: how near they are, their ends, their slopes, their growth."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.special import separable
from keras_addmul.special._precompute import fit_sums, write_sums
from keras_addmul.special._sums_tables import SUMS
from keras_addmul.special.separable import separable_sums
from keras_addmul.special.solutions import get_solution
from keras_addmul.special.weighted_sums import exact_sums
from tests.special import truth
from tests.special.modes import MODES, call

# Error on three ranges, relative to the larger of the iterate and 1, as the docstring of
# `addmul_matmul` gives it.
RANGES = ((1e-1, 1e1), (1e-2, 1e2), (1e-3, 1e3))
PROMISED = {4: (6.1e-3, 0.23, 2.0), 6: (3e-4, 0.12, 1.0), 8: (1.2e-4, 0.03, 0.6)}
# The same for the slopes on the first range, that in x by the relative change of x.
SLOPES = {4: 0.2, 6: 5e-3, 8: 1e-2}
# How the three results are mixed, to differentiate them together.
SHARES = (1.0, 0.5, -0.3)
INPUTS, UNITS = 5, 30
ORDERS = np.concatenate([[0, 1, 1e-30, 1e-6, 0.999, 1 - 2.0**-24], np.linspace(0, 1, UNITS - 6)])

by_products = pytest.mark.parametrize("products", SUMS)
by_dtype = pytest.mark.parametrize("dtype", truth.DTYPES)


def iterates(x, n, products, dtype):
    """The approximate iterates of order -n, as a matrix."""
    x, n, one = (tf.constant(a, dtype) for a in (x[:, None], n, np.ones((1, n.size))))
    return separable_sums(x, one, n, products)[0].numpy()


def some(rng, dtype, batch=40):
    x = 10.0 ** rng.uniform(-1, 1, (batch, INPUTS))
    return [a.astype(dtype) for a in (x, rng.uniform(0.2, 0.8, (INPUTS, UNITS)), ORDERS)]


def exact(x, kernel, n):
    kind = get_solution("kneser")(x.dtype.name)
    return exact_sums(x, kernel, n, kind), x @ kernel, tf.math.log(x) @ kernel


def differentiated(sums):
    """A function that returns the sums, and how a mixture of the three depends on its tensors."""

    def function(x, kernel, n):
        x = tf.ensure_shape(x, (None, INPUTS))
        kernel, n = tf.ensure_shape(kernel, (INPUTS, UNITS)), tf.ensure_shape(n, (UNITS,))
        with tf.GradientTape() as tape:
            tape.watch([x, kernel, n])
            found = sums(x, kernel, n)
            mixture = sum(share * t for share, t in zip(SHARES, found, strict=True))
        return found, tape.gradient(mixture, [x, kernel, n])

    return function


@functools.cache
def approximate(products, epsilon=0.0):
    return differentiated(lambda x, kernel, n: separable_sums(x, kernel, n, products, epsilon))


@by_dtype
@by_products
def test_the_error_is_what_the_documentation_says(products, dtype):
    n = np.linspace(0, 1, 101) ** 2
    n = np.concatenate([n, 1 - n])
    for (low, high), promised in zip(RANGES, PROMISED[products], strict=True):
        x = np.geomspace(low, high, 200).astype(dtype)
        want = fit_sums.exact(x.astype("float64"), n.astype(dtype).astype("float64"))
        error = np.abs(iterates(x, n, products, dtype) - want) / np.maximum(1.0, np.abs(want))
        assert np.max(error) <= promised


@by_dtype
@by_products
def test_far_outside_iterates_still_grow(products, dtype):
    x, n = np.geomspace(1e-7, 1e15, 1200), np.linspace(0, 1, 101) ** 2
    y = iterates(x, np.concatenate([n, 1 - n]), products, dtype)
    drop = np.maximum.accumulate(y, axis=0) - y
    # Only what rounding takes: it is that of the largest of the terms of the sum.
    assert np.max(drop / np.maximum(np.abs(y), 1.0)) <= 1024 * np.finfo(dtype).eps


@by_dtype
@by_products
def test_both_ends_are_the_products_themselves(products, dtype, rng):
    x, kernel, n = map(tf.constant, some(rng, dtype))
    total, linear, logs = separable_sums(x, kernel, n, products)
    np.testing.assert_array_equal(linear, x @ kernel)
    np.testing.assert_array_equal(logs, tf.math.log(x) @ kernel)
    np.testing.assert_array_equal(total[:, 0], linear[:, 0])
    np.testing.assert_array_equal(total[:, 1], logs[:, 1])


@by_dtype
@by_products
def test_slopes_are_those_of_the_exact_sums(products, dtype, rng):
    arguments = some(rng, dtype)
    _, near = call("eager", approximate(products), *arguments)
    _, want = call("eager", differentiated(exact), *arguments)
    units = arguments[0], 1.0, 1.0
    for got, slope in ((a * u, b * u) for a, b, u in zip(near, want, units, strict=True)):
        error = np.abs(got - slope) / np.maximum(1.0, np.abs(slope))
        assert np.max(error) <= SLOPES[products]


@by_products
def test_slopes_are_the_derivatives_of_the_values(products, rng):
    x, kernel, n = some(rng, "float64")
    n = np.clip(n, 0.01, 0.99)
    _, slopes = call("eager", approximate(products), x, kernel, n)
    for i, slope in enumerate(slopes):
        step = rng.normal(size=slope.shape) * 1e-4 * (x if i == 0 else 1.0)
        ahead, behind = (
            call("eager", approximate(products), *moved)[0]
            for moved in (
                [a + sign * step if i == k else a for k, a in enumerate((x, kernel, n))]
                for sign in (0.5, -0.5)
            )
        )
        change = [np.sum(a - b) for a, b in zip(ahead, behind, strict=True)]
        assert np.sum(slope * step) == pytest.approx(np.dot(SHARES, change), rel=1e-5)


@pytest.mark.parametrize(
    ("dtype", "mode"), [("float32", "eager"), ("float32", "xla"), ("float64", "eager")]
)
def test_everything_is_finite_everywhere(dtype, mode):
    x = np.array([0.0, 1e-30, 1e-7, 1.0, 1e30], dtype)
    x = np.stack([x, x[::-1]])
    kernel = np.cos(np.arange(INPUTS * UNITS, dtype=dtype)).reshape(INPUTS, UNITS)
    orders = ORDERS.astype(dtype)
    orders[-2:] = [-0.1, 1.1]
    for epsilon in (0.0, 1e-7):
        for tensor in tf.nest.flatten(call(mode, approximate(6, epsilon), x, kernel, orders)):
            assert np.all(np.isfinite(tensor))


@pytest.mark.parametrize("mode", MODES[1:])
def test_compiled_for_any_batch_it_is_the_same(mode, rng):
    for batch in (1, 7):
        arguments = some(rng, "float32", batch)
        want = call("eager", approximate(6, 1e-7), *arguments)
        got = call(mode, approximate(6, 1e-7), *arguments)
        for a, b in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5 * np.max(np.abs(b)))


@pytest.mark.parametrize("jit", [False, True])
def test_a_vectorised_map_gives_each_example_its_gradients(jit, rng):
    x, kernel, n = map(tf.constant, some(rng, "float32", 4))

    @tf.function(jit_compile=jit)
    def each(x):
        return tf.vectorized_map(lambda row: approximate(6)(row[None], kernel, n)[1], x)

    for i, got in enumerate(zip(*each(x), strict=True)):
        want = approximate(6)(x[i : i + 1], kernel, n)[1]
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5 * np.max(np.abs(b)))


def test_any_rank_of_inputs(rng):
    x, kernel, n = some(rng, "float64", 6)
    want = separable_sums(*map(tf.constant, (x, kernel, n)), 6)
    got = separable_sums(*map(tf.constant, (x.reshape(2, 3, INPUTS), kernel, n)), 6)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, tf.reshape(b, (2, 3, UNITS)))


@pytest.mark.parametrize("dtype", truth.HALF)
def test_a_kernel_of_half_precision_makes_the_products_so_and_nothing_else(dtype, rng):
    x, kernel, n = map(tf.constant, some(rng, "float32"))
    kernel = tf.cast(kernel, dtype)
    half = separable_sums(x, kernel, n, 6)
    full = separable_sums(x, tf.cast(kernel, "float32"), n, 6)
    eps = float(tf.as_dtype(dtype).as_numpy_dtype(2.0 ** (-10 if dtype == "float16" else -7)))
    for a, b in zip(half, full, strict=True):
        assert a.dtype == dtype
        size = tf.reduce_sum(x, -1, keepdims=True) + INPUTS
        assert np.max(np.abs(tf.cast(a, "float32") - b) / size) <= 4 * eps


def test_second_derivatives_are_those_of_the_first(rng):
    x, kernel, n = some(rng, "float64", 3)
    step = 1e-5

    def slope_in_n(x):
        return approximate(6)(x, tf.constant(kernel), n)[1][2]

    n = tf.constant(np.clip(n, 0.02, 0.98))
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(slope_in_n(x))
    ahead, behind = (tf.reduce_sum(slope_in_n(x * (1 + s * step))) for s in (1, -1))
    along = tf.reduce_sum(tape.gradient(total, x) * x)
    assert along.numpy() == pytest.approx(((ahead - behind) / (2 * step)).numpy(), rel=1e-6)


@pytest.mark.parametrize(
    ("most", "used"), [(2, 4), (4, 4), (5, 4), (6, 6), (7, 6), (8, 8), (16, 8)]
)
def test_as_many_products_are_used_as_there_may_be(most, used):
    assert separable.products_within(most) == used


def test_the_tables_are_what_their_script_writes():
    """To the digits of the function: the coefficients depend on the machine's last digits."""
    assert write_sums.module(SUMS) == write_sums.TARGET.read_text()
    x, n = np.geomspace(1e-4, 1e5, 90), np.linspace(0, 1, 41)
    for products, again in write_sums.tables().items():
        kept, found = (fit_sums.value(table, x, n) for table in (SUMS[products], again))
        near = (x >= 0.1) & (x <= 10.0)
        difference = np.abs(kept - found) / np.maximum(np.abs(kept), 1.0)
        assert np.max(difference[near]) <= 0.01 * PROMISED[products][0]
