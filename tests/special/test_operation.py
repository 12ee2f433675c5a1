"""The operation between sum and product, and its continuation to negative numbers."""

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from tests import reference

ORDERS = np.array([0.0, 1e-6, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0 - 1e-6, 1.0])


@pytest.fixture
def positive(rng):
    return rng.uniform(0.2, 6.0, 200)


@pytest.fixture
def signed(rng):
    return rng.normal(size=200) * 3


@pytest.mark.parametrize("solution", ["kneser", "linear"])
@pytest.mark.parametrize("n", ORDERS)
def test_for_positive_sums_it_is_the_papers_operation(n, solution, positive):
    x, y = positive[:20] + 1, positive[20:40] + 1
    for a, b, got in zip(x, y, special.addmul(x, y, n, solution).numpy(), strict=True):
        down = [reference.exp_iterate(v, -n, solution) for v in (a, b)]
        expected = float(reference.exp_iterate(sum(down), n, solution))
        assert abs(got - expected) <= 64 * np.finfo("float64").eps * expected


def test_the_published_values_of_two_and_seven():
    got = special.addmul(2.0, 7.0, np.array([0.25, 0.5]))
    np.testing.assert_allclose(got, [10.33001123093147316, 11.90401186698260055938], rtol=1e-14)
    got = special.addmul(2.0, 7.0, np.array([0.25, 0.5]), "linear")
    np.testing.assert_allclose(got, [10.2146382253, 11.8004213278], rtol=1e-11)


@pytest.mark.parametrize("n", ORDERS)
def test_the_operation_commutes(n, signed):
    x, y = signed[:100], signed[100:]
    np.testing.assert_array_equal(special.addmul(x, y, n), special.addmul(y, x, n))


@pytest.mark.parametrize("n", ORDERS)
def test_it_is_associative_where_sums_are_positive(n, positive):
    x, y, z = (positive[i : i + 50] + 1 for i in (0, 50, 100))
    left = special.addmul(special.addmul(x, y, n), z, n)
    right = special.addmul(x, special.addmul(y, z, n), n)
    np.testing.assert_allclose(left, right, rtol=1e-12)
    together = special.addmul_reduce(np.stack([x, y, z], -1), n)
    np.testing.assert_allclose(together, left, rtol=1e-12)


@pytest.mark.parametrize("n", ORDERS)
def test_the_identity_changes_nothing(n, positive):
    x = positive + 1
    e = special.identity(np.float64(n))
    assert float(e) == pytest.approx(float(reference.exp_iterate(0, n)), rel=1e-15)
    np.testing.assert_allclose(special.addmul(x, e, n), x, rtol=1e-12)


def test_smooth_in_the_order_for_every_sign():
    """A step of 1e-4 in the order moves no result by more than its largest slope allows."""
    n = np.linspace(0, 1, 10_001)
    for x, y in ((2.0, 7.0), (-2.0, 3.0), (-2.0, -3.0), (2.0, -50.0), (-50.0, -50.0)):
        values = special.addmul(x, y, n).numpy()
        assert np.all(np.isfinite(values))
        steps = np.abs(np.diff(values))
        assert steps.max() < 40 * np.median(steps[steps > 0]) + 1e-2 * np.abs(values).max()


@pytest.mark.parametrize("x", [-1e4, -100.0, -5.0, -0.1])
def test_the_slope_in_the_order_stays_moderate_where_the_plain_iterate_s_explodes(x):
    """At order 0 exp_iterate(x, n) rises like exp(-x) in n; the continuation does not."""
    n = tf.constant(0.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(n)
        y = special.signed_exp_iterate(np.float64(x), n)
    assert y == x
    assert abs(tape.gradient(y, n)) < 2 * abs(x) + 2


def test_signed_iterates_are_exact_at_their_ends():
    x = np.array([-20.0, -1.0, 0.0, 0.5, 3.0])
    np.testing.assert_array_equal(special.signed_exp_iterate(x, 0.0), x)
    np.testing.assert_allclose(special.signed_exp_iterate(x, 1.0), np.exp(x), rtol=1e-15)
    logs = special.signed_exp_iterate(x, -1.0, epsilon=1e-7)
    np.testing.assert_allclose(logs, np.log(np.maximum(np.abs(x), 1e-7)), rtol=1e-15)


@pytest.mark.parametrize("solution", ["kneser", "linear"])
@pytest.mark.parametrize("n", [-1.2, -1.0, -0.8, -0.3, 0.0, 0.1, 0.5, 0.9, 1.0, 1.7])
def test_for_negative_numbers_the_signed_iterate_is_what_its_docstring_says(n, solution):
    for x in (-30.0, -2.0, -1.1, -0.3, -1e-3):
        if n < -1.0 and x > -1.1:
            continue
        want = float(reference.signed_exp_iterate(x, n, solution))
        got = float(special.signed_exp_iterate(np.float64(x), n, solution))
        assert got == pytest.approx(want, rel=1e-13, abs=1e-14)


def test_the_signed_iterate_raises_what_lies_below_epsilon_only_towards_the_logarithm():
    x, epsilon = np.array([0.0, 1e-9, -1e-9, -0.3, 0.2]), 1e-3
    down = special.signed_exp_iterate(x, -1.0, epsilon=epsilon)
    np.testing.assert_allclose(down, np.log(np.maximum(np.abs(x), epsilon)), rtol=1e-14)
    for n in (0.0, 0.4, 1.0):
        np.testing.assert_array_equal(
            special.signed_exp_iterate(x, n, epsilon=epsilon), special.signed_exp_iterate(x, n)
        )


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_reduce_is_sum_and_prod_along_any_axis(axis, rng):
    x = rng.normal(size=(4, 5, 3))
    np.testing.assert_allclose(special.addmul_reduce(x, 0.0, axis), x.sum(axis), atol=1e-14)
    np.testing.assert_allclose(special.addmul_reduce(x, 1.0, axis), x.prod(axis), rtol=1e-14)
    n = rng.uniform(size=x.sum(axis).shape)
    for orders in (n, n[0], n[:, :1]):  # broadcast against the result
        got = special.addmul_reduce(x, orders, axis)
        want = special.addmul_reduce(np.moveaxis(x, axis, -1), orders, -1)
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_reduce_leaves_out_what_is_masked():
    x, mask = np.array([[2.0, -3.0, 9.0]]), np.array([[True, True, False]])
    assert special.addmul_reduce(x, 0.0, mask=mask) == -1.0
    np.testing.assert_allclose(special.addmul_reduce(x, 1.0, mask=mask), [-6.0])


def test_a_limit_holds_results_and_still_points_home():
    x = tf.constant([3.0, 200.0, 1e30])
    for n in (0.0, 0.3, 1.0):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = special.exp_iterate(x, n, limit=1e10)
        assert np.all(y.numpy() <= 1.0001e10)
        slope = tape.gradient(y, x).numpy()
        assert np.all(np.isfinite(slope))
        assert np.all(slope[:2] > 0)


@pytest.mark.parametrize(
    ("x", "kernel", "n", "message"),
    [
        (np.ones((2, 3)), np.ones((4, 2)), 0.5, "`kernel` must have shape \\(inputs, units\\)"),
        (np.ones((2, 3)), np.ones((3, 4)), np.ones(3), "`n` must be a scalar or have shape"),
        (np.ones((2, 3)), np.ones((3, 4)), np.ones((2, 2)), "`n` must be a scalar or have shape"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(x, kernel, n, message):
    with pytest.raises(ValueError, match=message):
        special.addmul_matmul(x, kernel, n)


@pytest.mark.parametrize("nodes", [1, -3, 2.5, "many"])
def test_nodes_between_which_nothing_can_be_interpolated_are_refused(nodes):
    with pytest.raises(ValueError, match="`nodes` must be an integer of at least 2, or None"):
        special.addmul_matmul(np.ones((2, 3)), np.ones((3, 4)), np.ones(4), nodes=nodes)


@pytest.mark.parametrize("solution", ["kneser", "linear"])
@pytest.mark.parametrize("n", [-1.0, -0.7, -0.2, 0.0, 0.2, 0.7, 1.0, 1.3])
def test_slopes_of_the_continuation_are_those_of_its_values(n, solution):
    x = np.array([-30.0, -3.0, -0.7, -0.01, 0.02, 0.9, 4.0])
    x, order, h = tf.constant(x), tf.constant([n], tf.float64), 1e-6
    with tf.GradientTape() as tape:
        tape.watch([x, order])
        y = special.signed_exp_iterate(x, order + 0.0 * x, solution, 1e-7)
    in_x, in_n = tape.gradient(y, [x, order])

    def f(x, n):
        return special.signed_exp_iterate(x, n, solution, 1e-7).numpy()

    np.testing.assert_allclose(in_x, (f(x + h, n) - f(x - h, n)) / (2 * h), rtol=2e-6, atol=1e-9)
    # At order 0 the two sides of the continuation meet: it is the right one's slope.
    # So it is at -1, where the constraint of `ExpIterate` ends.
    above, below = (n + h, n) if n in (-1.0, 0.0) else (n + h, n - h)
    differences = (f(x, above) - f(x, below)) / (above - below)
    np.testing.assert_allclose(in_n[0], np.sum(differences), rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("n", [0.0, 1.0])
@pytest.mark.parametrize("solution", ["kneser", "linear"])
def test_the_slope_in_the_order_at_an_end_is_that_of_the_neighbours(n, solution):
    x = tf.constant([2.0, 3.0, 0.5], tf.float64)

    def neuron(n):
        return special.addmul_matmul(x, [[1.0], [0.5], [2.0]], n, epsilon=1e-7, path=solution)

    order = tf.constant(n, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(order)
        y = neuron(order)
    h = 1e-5 if n == 0.0 else -1e-5
    # One-sided, and of second order in h: the order stays in [0, 1].
    rise = -3.0 * neuron(order) + 4.0 * neuron(order + h) - neuron(order + 2.0 * h)
    np.testing.assert_allclose(tape.gradient(y, order), rise[0] / (2.0 * h), rtol=1e-5)
