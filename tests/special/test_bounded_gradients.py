"""What keeps values and gradients finite: laws of guards, bounds and limits."""

import functools
import inspect
import math

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.special import bounding, gradients
from tests.special import truth
from tests.special.modes import MODES, call

ALL = truth.DTYPES + truth.HALF
by_mode = pytest.mark.parametrize("mode", MODES)


def largest(dtype):
    return float(ml_dtypes.finfo(dtype).max)


def flow_back(function, x, upstream):
    """The value of a function, and what flows back to x."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y, tape.gradient(y, x, output_gradients=upstream)


@functools.cache
def flowing(name, *bounds):
    """The same as one function object for each case, so that it is compiled once."""
    functions = {
        "guarded": special.guarded,
        "bounded": lambda x: bounding.bounded(x, *bounds),
        "clipped": lambda x: gradients.clipped_gradient(x, *bounds),
        "floored": lambda x: bounding.floored(x, *bounds),
        "magnitude": bounding.magnitude,
    }
    return lambda x, upstream: flow_back(functions[name], x, upstream)


@pytest.mark.parametrize("dtype", ALL)
def test_the_output_bound_is_the_largest_number_to_the_power_two_fifths(dtype):
    bound = special.output_bound(dtype)
    if dtype == "float16":
        assert bound == 32752.0
    else:
        assert bound == pytest.approx(largest(dtype) ** 0.4, rel=1e-3)
        # A square of it, and its product with its exponential's slope, is finite.
        assert bound**2 * bound**0.4 < largest(dtype)


@pytest.mark.parametrize("dtype", ["int32", "complex64", "float8", None])
def test_what_is_no_float_has_no_bound(dtype):
    with pytest.raises(ValueError, match="`dtype` must be one of 'float16'.*Received"):
        special.output_bound(dtype)


@by_mode
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_guarded_clips_a_gradient_where_its_square_would_overflow(dtype, mode):
    most = largest(dtype) ** 0.45
    assert most**2 < largest(dtype)
    kind = tf.as_dtype(dtype).as_numpy_dtype
    upstream = np.array([1.0, -2.5, 0.0, most / 4, most * 4, -most * 4, np.inf, -np.inf], kind)
    x = np.arange(8).astype(kind)
    y, flow = call(mode, flowing("guarded"), x, upstream)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(flow[:4], upstream[:4])
    limit = np.array([1, -1, 1, -1]) * most
    np.testing.assert_allclose(flow[4:].astype("float64"), limit, rtol=1e-2)


def test_guarded_leaves_float16_to_the_loss_scale():
    x = tf.constant([1.0, 2.0, 3.0], "float16")
    upstream = tf.constant([np.inf, -60000.0, 1.0], "float16")
    y, flow = flow_back(special.guarded, x, upstream)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(flow, upstream)


@by_mode
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_bounded_keeps_outside_only_what_leads_back(dtype, mode):
    x = np.array([-3.0, -3.0, -2.0, -2.0, 0.5, 0.5, 4.0, 4.0, 9.0, 9.0, np.inf, -np.inf], dtype)
    upstream = np.array([1.0, -1.0] * 6, dtype)  # descent goes the other way
    y, flow = call(mode, flowing("bounded", -2.0, 4.0), x, upstream)
    np.testing.assert_array_equal(y, np.clip(x, -2.0, 4.0))
    want = np.array([0, -1, 1, -1, 1, -1, 1, -1, 1, 0, 1, -1], dtype)
    np.testing.assert_array_equal(flow, want)


@by_mode
@pytest.mark.parametrize("dtype", truth.DTYPES)
def test_bounded_clips_what_flows_to_the_output_bound(dtype, mode):
    most, x = special.output_bound(dtype), np.zeros(4, dtype)
    upstream = np.array([most * 10, -most * 10, most / 2, np.inf], dtype)
    _, flow = call(mode, flowing("bounded", -1.0, 1.0), x, upstream)
    np.testing.assert_allclose(flow, [most, -most, most / 2, most], rtol=1e-6)


@by_mode
def test_clipped_gradient_clips_nothing_else(mode):
    x, upstream = np.array([1e9, -3.0, 0.0], "float32"), np.array([7.0, -7.0, 2.0], "float32")
    y, flow = call(mode, flowing("clipped", 5.0), x, upstream)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(flow, [5.0, -5.0, 2.0])


@by_mode
def test_floored_and_magnitude_have_the_slope_one_where_others_have_none(mode):
    x = np.array([-2.0, 0.0, 1e-9, 1e-3, 5.0], "float32")
    ones = np.ones_like(x)
    y, flow = call(mode, flowing("floored", 1e-6), x, ones)
    np.testing.assert_array_equal(y, np.maximum(x, np.float32(1e-6)))
    np.testing.assert_array_equal(flow, ones)
    y, flow = call(mode, flowing("magnitude"), x, ones)
    np.testing.assert_array_equal(y, np.abs(x))
    np.testing.assert_array_equal(flow, [-1.0, 1.0, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("mode", MODES)
def test_differentiated_as_has_the_value_of_one_and_the_slope_of_the_other(mode):
    y, first, second = call(mode, _mixed, np.array([3.0, -2.0]), np.array([5.0, 7.0]))
    np.testing.assert_array_equal(y, [9.0, 4.0])
    np.testing.assert_array_equal(first, [0.0, 0.0])
    np.testing.assert_array_equal(second, [75.0, 147.0])


def _mixed(a, b):
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = gradients.differentiated_as(a**2, b**3)
    return y, *tape.gradient(y, [a, b], unconnected_gradients="zero")


@pytest.mark.parametrize("limit", [None, 1e6])
def test_gated_products_and_exponentials_are_themselves_within_the_limit(limit, rng):
    x, kernel = rng.normal(size=(30, 5)), rng.uniform(0, 1, (5, 3))
    want = np.prod(kernel * x[..., None] + 1.0 - kernel, axis=1)
    np.testing.assert_allclose(bounding.gated_product(tf.constant(x), kernel, limit), want, 1e-12)
    np.testing.assert_allclose(bounding.bounded_exp(tf.constant(x), limit), np.exp(x), 1e-14)


def test_exponentials_stop_at_the_limit():
    y = bounding.bounded_exp(tf.constant([1.0, 50.0, 1e30]), 1e6)
    np.testing.assert_allclose(y, [math.e, 1e6, 1e6], rtol=1e-5)
    assert np.isinf(bounding.bounded_exp(tf.constant(100.0), None))


# Whatever takes a limit: its results stay within it, and its gradients are finite.

SIZES = np.array([0.0, 1e-30, 1e-7, 1e-3, 0.6, 1.0, 3.0, 50.0, 1e4, 1e8, 1e15, 3e38])
LINE = np.concatenate([SIZES, -SIZES])
ROWS = np.stack([LINE, np.roll(LINE, 1), np.roll(LINE, 5)], axis=-1)
KERNEL = np.array([[1.0, 0.3, -0.4], [0.6, -1.0, 0.2], [0.9, 0.7, 1.0]])
N = np.array([0.0, 0.45, 1.0])
WITH_LIMIT = {
    "addmul_matmul": (ROWS, 3 * KERNEL, N, np.abs(KERNEL)),
    "addmul_reduce": (ROWS, np.array(0.45)),
    "addmul_select": (ROWS, KERNEL, N),
    "bilinear": (ROWS, KERNEL, KERNEL),
    "exp_iterate": (LINE[:, None], np.linspace(0, 1, 7)),
    "free_matmul": (ROWS, KERNEL, np.zeros(3), np.array([-1.0, 0.4, 0.0]), N, KERNEL**2),
    "nalu": (ROWS, 3 * KERNEL, 0 * KERNEL),
    "nmru": (ROWS, np.abs(np.concatenate([KERNEL, KERNEL]))),
    "nmu": (ROWS, np.abs(KERNEL)),
    "npu": (ROWS, 3 * KERNEL, np.array([1.0, 0.5, 0.0])),
    "product_of_powers": (ROWS, 3 * KERNEL),
    "product_unit": (ROWS, 3 * KERNEL),
    "signed_exp_iterate": (LINE[:, None], np.linspace(-1, 1, 7)),
    "soft_exponential": (LINE[:, None], np.linspace(-1, 1, 7)),
}
# Their sums are linear in the inputs, and go as far as those.
SUMS = ("addmul_matmul", "addmul_reduce", "addmul_select", "free_matmul", "nalu")


def test_every_function_with_a_limit_is_asked():
    functions = {name: getattr(special, name) for name in special.__all__}
    taking = {
        name
        for name, function in functions.items()
        if inspect.isfunction(function) and "limit" in inspect.signature(function).parameters
    }
    assert taking == set(WITH_LIMIT) | {"addmul_segment"}  # which takes whole numbers too, below


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", N)
def test_segments_stay_within_the_limit_and_gradients_are_finite(order, dtype):
    limit, count = special.output_bound(dtype), len(ROWS) // 2
    x = tf.clip_by_value(tf.constant(ROWS, dtype), -limit, limit)
    n, ids = tf.constant(order, dtype), np.arange(len(ROWS)) % count
    with tf.GradientTape() as tape:
        tape.watch([x, n])
        y = special.addmul_segment(x, ids, count, n, epsilon=1e-7, limit=limit)
    assert np.all(np.abs(y) <= 20.0 * limit)
    for slope in tape.gradient(y, [x, n]):
        assert np.all(np.isfinite(slope))


@pytest.mark.parametrize("name", WITH_LIMIT)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_stay_within_the_limit_and_gradients_are_finite(name, dtype):
    function, limit = getattr(special, name), special.output_bound(dtype)
    tensors = [tf.constant(a, dtype) for a in WITH_LIMIT[name]]
    # A layer's inputs are another layer's outputs.
    tensors[0] = tf.clip_by_value(tensors[0], -limit, limit)
    epsilon = {} if name in ("bilinear", "exp_iterate", "nmu") else {"epsilon": 1e-7}
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = function(*tensors, **epsilon, limit=limit)
    slack = 20.0 if name in SUMS else 1.001  # a weighted sum of three inputs at the limit
    assert np.all(np.abs(y) <= slack * limit)
    for tensor, slope in zip(tensors, tape.gradient(y, tensors), strict=True):
        assert slope.shape == tensor.shape
        assert np.all(np.isfinite(slope)), name


@pytest.mark.parametrize("name", WITH_LIMIT)
def test_a_limit_that_is_not_reached_changes_nothing(name):
    tensors = [np.array(a) for a in WITH_LIMIT[name]]
    tensors[0] = np.clip(np.where(tensors[0] == 0.0, 0.3, tensors[0]), -3.0, 3.0)
    tensors[0] = np.where(np.abs(tensors[0]) < 0.1, 0.2, tensors[0])
    function = getattr(special, name)
    got, want = function(*tensors, limit=1e30), function(*tensors)
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert np.nanmax(np.abs(want)) > 1.0


@pytest.mark.parametrize("solution", truth.SOLUTIONS)
@pytest.mark.parametrize("n", [0.0, 0.3, 0.8, 1.0])
def test_beyond_the_limit_results_are_held_and_what_flows_back_is_clipped(n, solution):
    limit = 100.0
    x = tf.constant([2.0, 60.0, 1e4, 1e30], "float64")
    order = tf.fill(x.shape, tf.constant(n, x.dtype))
    with tf.GradientTape() as tape:
        tape.watch([x, order])
        y = special.exp_iterate(x, order, solution, limit)
    free = special.exp_iterate(x, n, solution).numpy()
    np.testing.assert_allclose(y, np.minimum(free, limit), rtol=1e-12)
    for upstream in (1.0, 1e9, -1e9):
        with tf.GradientTape() as tape:
            tape.watch([x, order])
            y = upstream * special.exp_iterate(x, order, solution, limit)
        in_x, in_n = (g.numpy() for g in tape.gradient(y, [x, order]))
        assert np.all(np.abs(in_x) <= limit)
        assert np.all(np.abs(in_n) <= limit)
        assert np.all(in_n * upstream > 0.0)
        assert np.all(in_x * upstream >= 0.0)
        assert np.all(in_x[:3] * upstream > 0.0)
