"""Eager, graph and XLA agree, and a row's answer does not depend on the others."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.special.solutions import get_solution
from tests.special import truth
from tests.special.modes import MODES, call
from tests.special.test_derivatives import gradients

pytestmark = [
    pytest.mark.parametrize("solution", truth.SOLUTIONS),
    pytest.mark.parametrize("dtype", truth.DTYPES),
]
ORDERS = [-0.7, -0.2, 0.0, 0.3, 0.8, 1.0]


def batches(dtype, solution):
    """Wholly on the stretch that needs no logarithm, wholly off it, and mixed."""
    pieces = get_solution(solution)(dtype)
    inside = np.linspace(0.95 * pieces.bottom, 0.99 * pieces.top, 40)
    outside = np.concatenate([np.linspace(-4, -0.6, 15), np.geomspace(100, 1e4, 15)])
    return [a.astype(dtype) for a in (inside, outside, np.concatenate([inside, outside]))]


def arguments(x, dtype):
    return [np.ravel(a) for a in np.meshgrid(x, np.array(ORDERS, dtype))]


def units(x, n, solution):
    """The unit of each point, nan outside the domain and where it overflows."""
    points = zip(x.tolist(), n.tolist(), strict=True)
    found = [truth.exp_iterate(v, order, solution) for v, order in points]
    found = [None if f is None or f[0] > 1e308 else f for f in found]
    return np.array([np.nan if f is None else float(f[1]) for f in found])


@functools.cache
def values(solution):
    return lambda x, n: special.exp_iterate(x, n, solution)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_modes_agree_on_values(dtype, solution, mode):
    # Each is within EPS_ALLOWED of the truth; in practice half of that lies between them.
    allowed = truth.EPS_ALLOWED[dtype] * np.finfo(dtype).eps
    for batch in batches(dtype, solution):
        x, n = arguments(batch, dtype)
        got, want = (call(m, values(solution), x, n) for m in (mode, "eager"))
        inside = np.isfinite(want) & np.isfinite(got)
        np.testing.assert_array_equal(got[~inside], want[~inside])
        assert np.mean(inside) > 0.5
        distance = np.abs(got[inside].astype("float64") - want[inside])
        assert np.all(distance <= allowed * units(x, n, solution)[inside])


@pytest.mark.parametrize("mode", MODES)
def test_a_row_does_not_depend_on_the_others(dtype, solution, mode):
    # A batch inside the middle stretch takes another branch than one that is not: the
    # same polynomials, in vectors of another length. Two eps, one for each of the superlog
    # and the result.
    inside, _, mixed = batches(dtype, solution)
    x, n = arguments(inside, dtype)
    alone = call(mode, values(solution), x, n)
    first = np.isin(arguments(mixed, dtype)[0], inside)
    together = call(mode, values(solution), *arguments(mixed, dtype))[first]
    finite = np.isfinite(alone)
    np.testing.assert_array_equal(np.isfinite(together), finite)
    allowed = 2 * np.finfo(dtype).eps * units(x, n, solution)[finite]
    distance = np.abs(alone[finite].astype("float64") - together[finite])
    assert np.all(distance <= allowed), np.max(distance / allowed)


@pytest.mark.parametrize("mode", MODES)
def test_a_row_of_nan_spoils_no_other(dtype, solution, mode):
    inside = batches(dtype, solution)[0]
    x, n = arguments(inside, dtype)
    want = call(mode, gradients(solution), x, n)
    x, n = np.append(x, np.array(np.nan, dtype)), np.append(n, np.array(0.5, dtype))
    spoiled = call(mode, gradients(solution), x, n)
    for got, w in zip(spoiled, want, strict=True):
        np.testing.assert_allclose(got[:-1], w, rtol=1e3 * np.finfo(dtype).eps)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_one_compiled_function_serves_every_batch_size(dtype, solution, mode):
    function = tf.function(
        values(solution),
        input_signature=[tf.TensorSpec([None, 3], dtype), tf.TensorSpec([3], dtype)],
        jit_compile=mode == "xla",
    )
    n = np.array([-0.2, 0.5, 1.0], dtype)
    for rows in (0, 1, 7):
        x = np.linspace(0.3, 9, 3 * rows).reshape(rows, 3).astype(dtype)
        got = function(x, n)
        assert got.shape == (rows, 3)
        want = special.exp_iterate(x, n, solution)
        np.testing.assert_allclose(got, want, rtol=100 * np.finfo(dtype).eps)
    assert function.experimental_get_tracing_count() == 1
