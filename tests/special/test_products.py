"""Products with a kernel: their definition, interpolated orders, signs, and mixed dtypes."""

import itertools

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.special import weighted_sums
from keras_addmul.special.solutions import get_solution
from tests import reference

EPS = np.finfo("float64").eps


@pytest.fixture
def x(rng):
    return rng.uniform(0.5, 4.0, (7, 3))


@pytest.fixture
def kernel(rng):
    return rng.uniform(0.1, 1.2, (3, 6))


def neuron(x, weights, n, solution):
    """exp_iterate(sum_j w_j exp_iterate(x_j, -n), n) of a positive sum, in fifty digits."""
    total = sum(w * reference.exp_iterate(v, -n, solution) for w, v in zip(weights, x, strict=True))
    return float(reference.exp_iterate(total, n, solution))


@pytest.mark.parametrize("solution", ["kneser", "linear"])
@pytest.mark.parametrize("n", [[0.3], [0.1, 0.8], [0.7, 0.0, 0.2], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]])
def test_each_group_of_neighbouring_units_is_the_papers_neuron_of_its_order(x, kernel, n, solution):
    x = x + 2.0  # so that all sums are positive
    got = special.addmul_matmul(x, kernel, np.array(n), path=solution)
    orders = np.repeat(n, 6 // len(n))
    want = [
        [neuron(row, kernel[:, i], orders[i], solution) for i in range(6)] for row in x.tolist()
    ]
    np.testing.assert_allclose(got, want, rtol=256 * EPS)
    if len(n) == 1:
        scalar = special.addmul_matmul(x, kernel, n[0] * np.ones(()), path=solution)
        np.testing.assert_allclose(scalar, got, rtol=8 * EPS)


@pytest.mark.parametrize(
    ("path", "nodes"), [("kneser", 2), ("kneser", 6), ("kneser", 16), ("linear", 2), ("linear", 16)]
)
def test_more_units_than_nodes_are_approximated_and_no_others(x, path, nodes):
    n, kernel = np.linspace(0.0, 1.0, 17), np.ones((3, 17))
    exact = special.addmul_matmul(x, kernel, n, nodes=None, path=path).numpy()
    enough = special.addmul_matmul(x, kernel, n, nodes=17, path=path)
    np.testing.assert_array_equal(enough, exact)
    near = special.addmul_matmul(x, kernel, n, nodes=nodes, path=path).numpy()
    np.testing.assert_allclose(near[:, [0, 16]], exact[:, [0, 16]], rtol=256 * EPS)
    assert 1e-9 < np.max(np.abs(near / exact - 1.0)) < 0.05


def test_interpolation_converges_with_the_nodes(x):
    n, kernel = tf.constant(np.linspace(0.0, 1.0, 23)), tf.constant(np.ones((3, 23)))
    how = {"pieces": get_solution("kneser")("float64")}
    exact = weighted_sums.exact_sums(tf.constant(x), kernel, n, **how)
    errors = [
        np.max(
            np.abs(weighted_sums.interpolated_sums(tf.constant(x), kernel, n, nodes, **how) - exact)
        )
        for nodes in (4, 8, 12, 16)
    ]
    for few, many in itertools.pairwise(errors):
        assert many < few / 8
    assert errors[-1] < 2e-6


@pytest.mark.parametrize("count", [2, 3, 8, 16])
def test_nodes_run_from_sum_to_product_and_their_weights_are_lagrange_s(count):
    orders, places, scales = weighted_sums.nodes_of(count)
    assert orders[0] == 0.0
    assert orders[-1] == 1.0
    assert np.all(np.diff(orders) > 0)
    np.testing.assert_allclose(places**2, 1.0 + 2.0**-10 - orders, atol=1e-15)
    middle = (places[0] + places[-1]) / 2
    half = np.abs(places[0] - places[-1]) / 2
    angles = np.pi * np.arange(count) / (count - 1)
    np.testing.assert_allclose(places, middle + half * np.cos(angles), atol=1e-15)
    for i in range(count):
        others = np.delete(places, i)
        assert scales[i] * np.prod(places[i] - others) == pytest.approx(1.0)


def test_at_a_node_the_interpolation_is_exact_and_its_slope_is_near(x):
    orders = weighted_sums.nodes_of(16)[0]
    kernel, pieces = tf.constant(np.ones((3, 16))), get_solution("kneser")("float64")
    found = []
    for sums in (
        lambda n: weighted_sums.interpolated_sums(tf.constant(x), kernel, n, 16, pieces),
        lambda n: weighted_sums.exact_sums(tf.constant(x), kernel, n, pieces),
    ):
        n = tf.constant(orders)
        with tf.GradientTape() as tape:
            tape.watch(n)
            y = sums(n)
        found.append((y, tape.gradient(y, n)))
    (near, near_slope), (exact, exact_slope) = found
    np.testing.assert_allclose(near, exact, rtol=64 * EPS, atol=64 * EPS)
    np.testing.assert_allclose(near_slope, exact_slope, rtol=1e-4)


def test_at_order_one_and_whole_exponents_it_is_the_signed_product(rng):
    x = rng.normal(size=(20, 3)) * 2
    kernel = np.array([[1.0, 0.0, -1.0, 2.0], [1.0, 3.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1.0]])
    want = np.prod(x[:, :, None] ** kernel, axis=1)
    for n in (np.ones(()), np.ones(2), np.ones(4)):
        np.testing.assert_allclose(special.addmul_matmul(x, kernel, n), want, rtol=64 * EPS)
    free = special.free_matmul(x, kernel, None, -1.0, 1.0)
    np.testing.assert_allclose(free, want, rtol=64 * EPS)


@pytest.mark.parametrize("solution", ["kneser", "linear"])
def test_free_orders_iterate_inputs_and_results_separately(x, kernel, solution):
    n_in, n_out = [-0.7, 0.3, 0.0], [0.0, 0.2, 0.5, 0.9, 1.0, -0.3]
    bias = np.array([0.5, 1.0, 2.0, 0.3, -0.2, 4.0])
    got = special.free_matmul(x, kernel, bias, np.array(n_in), np.array(n_out), solution=solution)
    for row, found in zip(x.tolist(), got.numpy(), strict=True):
        inner = [reference.exp_iterate(v, n, solution) for v, n in zip(row, n_in, strict=True)]
        for i in range(6):
            total = mp.fdot(inner, kernel[:, i]) + bias[i]
            if total > 0:
                want = float(reference.exp_iterate(total, n_out[i], solution))
                assert found[i] == pytest.approx(want, rel=512 * EPS)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_keeps_its_dtype_and_takes_orders_of_another(dtype, x, kernel):
    x, kernel = (tf.cast(tf.constant(a), dtype) for a in (x, kernel))
    n = tf.constant(np.linspace(0, 1, 6), "float32")
    for nodes in (None, 4):
        y = special.addmul_matmul(x, kernel, n, nodes=nodes)
        assert y.dtype == dtype
        wide = special.addmul_matmul(
            tf.cast(x, "float64"), tf.cast(kernel, "float64"), tf.cast(n, "float64"), nodes=nodes
        )
        np.testing.assert_allclose(
            tf.cast(y, "float64"), wide, rtol=0.01 if dtype == "float16" else 0.08
        )
    free = special.free_matmul(x, kernel, kernel[0], n[:3], n)
    assert free.dtype == dtype


@pytest.mark.parametrize("function", ["addmul_matmul", "addmul_select"])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (2, 5, 3), (2, 2, 2, 3)])
def test_any_rank_of_inputs(function, shape, rng):
    x, kernel, n = (
        rng.normal(size=shape),
        rng.uniform(-1, 1, (3, 4)),
        np.array([0.0, 0.3, 0.7, 1.0]),
    )
    function = getattr(special, function)
    want = np.asarray(function(x.reshape(-1, 3), kernel, n)).reshape(*shape[:-1], 4)
    np.testing.assert_allclose(function(x, kernel, n), want, rtol=1e-12)


def test_an_order_beyond_one_is_interpolated_as_its_neighbours_are(x):
    orders = tf.constant([1.0, 1.0 + 1e-6, 1.05], "float64")
    kernel, pieces = tf.constant(np.ones((3, 3))), get_solution("kneser")("float64")
    with tf.GradientTape() as tape:
        tape.watch(orders)
        sums = weighted_sums.interpolated_sums(tf.constant(x), kernel, orders, 16, pieces)
    np.testing.assert_allclose(sums[:, 1], sums[:, 0], rtol=1e-3)
    assert np.all(np.isfinite(sums))
    assert np.all(np.isfinite(tape.gradient(sums, orders)))


def test_the_neural_power_unit_is_the_real_part_of_complex_powers(rng):
    x = rng.normal(size=(9, 4))
    real, imaginary = rng.normal(size=(2, 4, 3))
    logarithms = np.log(np.abs(x)) + 1j * np.pi * (x < 0)
    expected = np.exp(logarithms @ (real + 1j * imaginary)).real
    y = special.npu(x, real, np.ones(4), imaginary).numpy()
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())
