"""The functions at their edges: every dtype, large inputs, parameters, compilation."""

import functools

import keras
import mpmath
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import activations
from keras_addmul.activations import catalogue
from tests.activations.truth import ELEMENTWISE, exact, slope

ROWS = {row.name: row for row in catalogue()}
EDGES = [-1e4, -300.0, -20.0, -3.0, -1.0, -0.5, -1e-3, 0.0, 1e-3, 0.5, 1.0, 3.0, 20.0, 300.0, 1e4]
LARGEST = {"float16": 65504.0, "bfloat16": 3e38, "float32": 3e38, "float64": 1e308}

# Parameters other than the defaults, by which the survey's misprints show.
PARAMETERS = {
    "apl": {"slopes": (0.5, -0.2, 1.5), "hinges": (-1.0, 0.25, 2.0)},
    "celu": {"alpha": 2.5},
    "elu": {"alpha": 2.5},
    "hard_sigmoid": {"slope": 0.25},
    "isrlu": {"alpha": 3.0},
    "isru": {"alpha": 0.25},
    "leaky_relu": {"negative_slope": 0.3},
    "pelu": {"a": 2.0, "b": 0.5},
    "prelu": {"alpha": -0.5},
    "rational": {"numerator": (0.1, 1.0, -0.5, 0.2), "denominator": (0.5, -0.3)},
    "rrelu": {"lower": 0.25, "upper": 0.5},
    "snake": {"alpha": 0.3},
    "soft_exponential": {"alpha": 0.3},
    "srelu": {"t_left": -1.0, "a_left": 0.5, "t_right": 2.0, "a_right": 0.25},
    "swish": {"beta": 1.7},
}

KNOTS = {
    **{name: (0.0,) for name in ("celu", "elu", "isrlu", "leaky_relu", "pelu", "prelu", "rrelu")},
    "apl": (-1.0, 0.0, 0.25, 2.0),
    "hard_sigmoid": (-2.0, 2.0),
    "srelu": (-1.0, 2.0),
    "rational": (0.0,),
}


@functools.cache
def everything(dtype):
    """Values and slopes of every function at the edges, eager and under XLA."""
    x = tf.constant(np.array(EDGES)[:, None].repeat(2, 1), dtype)

    def f(x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = {name: row.function(x) for name, row in ROWS.items()}
        return {name: (y[name], tape.gradient(y[name], x)) for name in ROWS}

    return f(x), tf.function(f, jit_compile=True)(x)


def both_modes(name, dtype):
    return [results[name] for results in everything(dtype)]


def doubles(tensor):
    return tf.cast(tensor, "float64").numpy()


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("dtype", LARGEST)
def test_values_and_slopes_are_finite_at_ten_thousand(name, dtype):
    row = ROWS[name]
    x = np.array(EDGES)
    fits = np.ones(len(x), bool)
    if row.elementwise:  # what the formula itself takes beyond the dtype may be infinite
        true = [abs(exact(row, mpmath.mpf(v))) < LARGEST[dtype] ** 0.99 for v in EDGES]
        fits = np.array(true)
    for y, g in both_modes(name, dtype):
        assert y.dtype == dtype
        assert g.dtype == dtype
        assert not np.any(np.isnan(doubles(y)))
        assert not np.any(np.isnan(doubles(g)))
        assert np.all(np.isfinite(doubles(y)[fits]))
        assert np.all(np.isfinite(doubles(g)[fits]))


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_compiled_and_eager_agree(name, dtype):
    eager, compiled = both_modes(name, dtype)
    eps = float(np.finfo(dtype).eps)
    knot = np.isin(EDGES, ROWS[name].knots)  # there, the slope of Keras's selu may be either
    for a, b, same in zip(eager, compiled, (knot | ~knot, ~knot), strict=True):
        # A few roundings; XLA computes halves in single precision and exp in its own way.
        a, b = doubles(a)[same], doubles(b)[same]
        np.testing.assert_allclose(a, b, rtol=64 * eps, atol=16 * eps)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_half_precision_is_near_the_truth(row):
    (y, _), _ = both_modes(row.name, "float16")
    x = np.float16(EDGES)
    true = np.array([exact(row, mpmath.mpf(float(v))) for v in x])
    kept = np.array([abs(t) < 3e4 for t in true])  # where soft exponential is bounded
    true, y = true[kept].astype(float), doubles(y)[kept, 0]
    np.testing.assert_array_less(np.abs(y - true), 8 * 2.0**-10 * np.maximum(1, np.abs(true)))


@pytest.mark.parametrize("name", PARAMETERS)
def test_other_parameters_give_the_formula_and_its_slope(name):
    row, given = ROWS[name], PARAMETERS[name]
    x = np.array([-30.0, -3.3, -1.5, -0.6, -0.1, 0.1, 0.7, 1.1, 2.5, 30.0])
    at = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(at)
        y = row.function(at, **given)
    true = [float(exact(row, mpmath.mpf(v), **given)) for v in x]
    true_slope = [float(slope(row, mpmath.mpf(v), **given)) for v in x]
    np.testing.assert_allclose(y, true, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(tape.gradient(y, at), true_slope, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", KNOTS)
def test_there_is_no_jump_at_a_knot_for_any_parameters(name):
    row, given = ROWS[name], PARAMETERS[name]
    for knot in KNOTS[name]:
        x = tf.constant([knot - 1e-9, knot, knot + 1e-9], "float64")
        left, at, right = row.function(x, **given).numpy()
        assert abs(left - at) < 1e-8
        assert abs(right - at) < 1e-8
        formula = [exact(row, mpmath.mpf(float(v)), **given) for v in x]
        assert max(formula) - min(formula) < 1e-8


def test_the_survey_as_printed_would_jump():
    # Leaky ReLU as `alpha x + x`, ELU and PELU as `alpha exp(x) - 1`: what the tests are for.
    for printed in (
        lambda x, a: x if x > 0 else a * mpmath.exp(x) - 1,
        lambda x, a: a * x + x if x > 0 else a * mpmath.exp(x / 2) - 1,
    ):
        assert abs(printed(1e-9, 2.5) - printed(-1e-9, 2.5)) > 1


@pytest.mark.parametrize("name", sorted(set(PARAMETERS) - {"elu", "leaky_relu"}))
def test_parameters_get_the_slope_of_the_formula(name):
    row, given = ROWS[name], PARAMETERS[name]
    x = np.array([-3.3, -1.5, -0.6, 0.1, 0.7, 1.1, 2.5])
    weights = {k: tf.constant(v, "float64") for k, v in given.items()}
    with tf.GradientTape() as tape:
        tape.watch(list(weights.values()))
        y = tf.reduce_sum(row.function(tf.constant(x), **weights))
    for key, g in tape.gradient(y, weights).items():
        for i, got in np.ndenumerate(np.atleast_1d(g)):

            def moved(value, key=key, i=i):
                several = isinstance(given[key], tuple)
                v = [*given[key][: i[0]], value, *given[key][i[0] + 1 :]] if several else value
                return sum(exact(row, mpmath.mpf(u), **{**given, key: v}) for u in x)

            start = np.atleast_1d(given[key])[i]
            step = mpmath.mpf(10) ** -15
            value = (moved(start + step) - moved(start - step)) / (2 * step)
            assert float(value) == pytest.approx(got, rel=1e-10, abs=1e-11), (key, i)


def test_srelu_with_crossed_thresholds_is_continuous():
    x = tf.constant(np.linspace(-3, 3, 60_001))
    y = activations.srelu(x, t_left=1.0, a_left=0.5, t_right=-1.0, a_right=2.0).numpy()
    assert np.abs(np.diff(y)).max() < 2.1 * 1e-4


def test_snake_has_a_slope_in_alpha_where_alpha_is_zero():
    alpha, x = tf.Variable([0.0, 0.0]), tf.constant([[2.0, -3.0]])
    with tf.GradientTape() as tape:
        y = activations.snake(x, alpha)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(tape.gradient(y, alpha), [4.0, 9.0])


@pytest.mark.parametrize("name", ["isru", "isrlu", "rational", "srelu", "apl", "snake", "swish"])
def test_large_numbers_stay_finite_in_single_precision(name):
    x = tf.constant([[-3e38, -1e30, -1e10, 1e10, 1e30, 3e38]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ROWS[name].function(x)
    assert np.all(np.isfinite(y))
    assert np.all(np.isfinite(tape.gradient(y, x)))


def test_rational_far_out_is_the_ratio_of_its_first_terms():
    y = activations.rational(tf.constant([-1e20, 1e20]))
    ratio = 0.42116399 / 0.83398807
    np.testing.assert_allclose(y, [-1e20 * ratio, 1e20 * ratio], rtol=1e-6)
    lower = activations.rational([-1e20, 1e20], numerator=[1.0, 2.0], denominator=[0.0, 1.0, 4.0])
    np.testing.assert_allclose(lower, [0.0, 0.0], atol=1e-35)


@pytest.mark.parametrize("start", activations.RATIONAL_STARTS)
def test_rational_starts_where_it_says(start):
    x = np.linspace(-3, 3, 1001)
    y = activations.rational(x, *activations.RATIONAL_STARTS[start])
    target = {"leaky_relu": activations.leaky_relu, "silu": keras.ops.silu, "tanh": keras.ops.tanh}
    room = 0.0141 if start == "leaky_relu" else 2e-6
    assert np.abs(y - target[start](x)).max() < room


def test_rrelu_draws_between_its_bounds_and_uses_the_mean_without_a_draw():
    x = tf.constant([-1.0, -1.0, -1.0, 2.0])
    y = activations.rrelu(x, 0.2, 0.6, uniform=[0.0, 0.5, 1.0, 0.5])
    np.testing.assert_allclose(y, [-0.2, -0.4, -0.6, 2.0], rtol=1e-6)
    np.testing.assert_allclose(activations.rrelu(x, 0.2, 0.6), [-0.4, -0.4, -0.4, 2.0], rtol=1e-6)


def test_maxout_refuses_features_that_do_not_divide():
    with pytest.raises(ValueError, match=r"`pieces` must divide.*Received: 2 for.*\(1, 3\)"):
        activations.maxout(np.ones((1, 3)), 2)


@pytest.mark.parametrize(
    "name", [r.name for r in catalogue() if r.function.__module__.startswith("keras_addmul")]
)
def test_whole_numbers_lists_and_symbols_are_taken(name):
    function = ROWS[name].function
    whole = function(np.array([[-2, 0, 1, 3]]))
    assert keras.backend.standardize_dtype(whole.dtype) == "float32"
    np.testing.assert_array_equal(whole, function([[-2.0, 0.0, 1.0, 3.0]]))
    if name != "soft_exponential":  # `special` asks for a layer there
        x = keras.Input((4,))
        model = keras.Model(x, function(x))
        np.testing.assert_array_equal(model(np.array([[-2.0, 0, 1, 3]])), whole)
