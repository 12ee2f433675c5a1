"""Every row of the catalogue, checked against the function it speaks of."""

import dataclasses
import functools
import inspect
import math

import keras
import mpmath
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import activations, layers
from keras_addmul.activations import catalogue
from keras_addmul.activations.registry import record_of
from tests.activations.truth import ELEMENTWISE, exact, slope

POINTS = np.array([-800, -40.5, -9, -3.2, -2, -1.1, -0.7, -0.3, -1e-3, -1e-9, 0.0])
POINTS = np.unique(np.concatenate([POINTS, -POINTS]))

every_row = pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)


@functools.cache
def sampled(name):
    """Places, values and slopes of a function in double precision, dense near zero."""
    row = {row.name: row for row in ELEMENTWISE}[name]
    far = np.geomspace(30, 1e4, 3001)
    beside = [knot + side for knot in row.knots for side in (-1e-9, 0.0, 1e-9)]
    x = np.unique(np.concatenate([np.linspace(-30, 30, 120_001), far, -far, beside]))
    return x, *value_and_slope(row.function, x)


def value_and_slope(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y.numpy(), tape.gradient(y, x).numpy()


def beyond_reach(row, largest=1e280):
    """Where a formula that grows without bound leaves the numbers."""
    return lambda x: abs(exact(row, mpmath.mpf(float(x)))) > largest


def test_the_survey_is_complete():
    steps = ["sigmoid", "hard_sigmoid", "dsilu", "tanh", "hard_tanh", "softmax", "softsign"]
    rectifiers = ["relu", "leaky_relu", "prelu", "rrelu", "srelu", "softplus", "maxout"]
    exponentials = ["elu", "pelu", "selu", "silu", "swish", "elish", "hard_elish"]
    survey = [*steps, *rectifiers, *exponentials]
    missed = ["snake", "lisht", "isru", "isrlu", "apl", "crelu", "rational", "soft_exponential"]
    assert len(survey) == 21
    assert {*survey, *missed} <= {row.name for row in catalogue()}


def test_every_activation_of_keras_but_five_has_a_record():
    given = {f for f in vars(keras.activations).values() if inspect.isfunction(f)}
    given -= {getattr(keras.activations, name) for name in ("get", "serialize", "deserialize")}
    without = {"glu", "log_softmax", "sparsemax", "squareplus", "threshold"}
    assert {f.__name__ for f in given if record_of(f) is None} == without


def test_rows_are_whole():
    for row in catalogue():
        assert row.name in activations.__all__
        assert getattr(activations, row.name) is row.function
        assert row.saturates in ("left", "right", "both", "none")
        assert row.source.startswith("https://")
        assert not row.layer or row.layer in layers.__all__, row.layer
        assert row.range[0] < row.range[1]
        with pytest.raises(dataclasses.FrozenInstanceError):
            row.name = "another"


@every_row
def test_values_and_slopes_are_those_of_the_formula(row):
    # In single precision: TensorFlow's erf keeps no more than 9 digits in double.
    x = np.float32([p for p in POINTS if not beyond_reach(row, 1e30)(np.float32(p))])
    # Closer to a knot than that, Keras's selu has rounded its exponential to 1.
    x = x[[all(abs(p - knot) > 1e-7 for knot in row.knots) for p in x]]
    y, dy = value_and_slope(row.function, x)
    true = np.array([float(exact(row, mpmath.mpf(float(p)))) for p in x])
    true_slope = np.array([float(slope(row, mpmath.mpf(float(p)))) for p in x])
    eps = np.finfo("float32").eps
    # A few roundings, relative to the value and to its conditioning, the slope times x.
    room = np.maximum(np.abs(true), np.abs(x * true_slope))
    if not row.function.__module__.startswith("keras_addmul"):
        room = np.maximum(room, 1)  # Keras's elu is exp(x) - 1 near 0, and others likewise
    elif row.name in ("rational", "dsilu"):
        room = np.maximum(room, np.minimum(1, np.abs(x)))  # sums of terms that cancel
    np.testing.assert_array_less(np.abs(y - true), 16 * eps * room + 1e-37)
    np.testing.assert_array_less(np.abs(dy - true_slope), 32 * eps * np.maximum(1, abs(true_slope)))


@every_row
def test_smoothness_is_what_the_knots_say(row):
    if math.isinf(row.smoothness):
        assert not row.knots
        analytic = row.formula.replace("abs(sum", "")  # of what has no sign to lose
        assert not any(word in analytic for word in ("max(", "min(", "abs(", "if x"))
        return
    assert row.knots
    jumps = []
    for knot in row.knots:
        sides = [
            [
                exact(row, knot + side * mpmath.mpf(10) ** -45)
                if order == 0
                else slope(row, knot + side * mpmath.mpf(10) ** -40, side, order)
                for side in (-1, 1)
            ]
            for order in range(row.smoothness + 2)
        ]
        gaps = [abs(left - right) for left, right in sides]
        assert all(gap < 1e-6 for gap in gaps[: row.smoothness + 1]), (knot, gaps)
        jumps.append(gaps[-1])
    assert all(jump > 1e-2 for jump in jumps)


@every_row
def test_there_is_no_knot_that_the_row_conceals(row):
    order, step = row.smoothness, 5e-4
    if order < 0 or math.isinf(order):
        return
    x = (np.arange(-60_000, 60_000) + 0.5) * step
    # Of the slope; a jump of the next derivative shows, its own growth does not.
    bends = np.abs(np.diff(value_and_slope(row.function, x)[1], 1 + order)) / step**order
    for place in x[: len(bends)][bends > 0.05]:
        assert min(abs(place - knot) for knot in row.knots) < (2 + order) * step, place


@every_row
def test_slope_at_a_knot_is_between_those_of_its_sides(row):
    if row.smoothness != 0:
        return
    for knot in row.knots:
        _, (at,) = value_and_slope(row.function, np.array([knot]))
        _, sides = value_and_slope(row.function, np.array([knot - 1e-9, knot + 1e-9]))
        assert min(sides) - 1e-6 <= at <= max(sides) + 1e-6, knot


@every_row
def test_the_range_is_reached_and_never_left(row):
    _, y, _ = sampled(row.name)
    y = y[np.isfinite(y)]
    low, high = row.range
    ends = np.concatenate([y, row.function(tf.constant([-1e60, 1e60], "float64")).numpy()])
    ends = ends[~np.isnan(ends)]
    room = 1e-8  # the sampling, and the 9 digits of erf
    for bound, reached in ((low, ends.min()), (-high, -ends.max())):
        if math.isinf(bound):
            assert reached < -1e3
        else:
            assert bound - room <= reached <= bound + room


@every_row
def test_monotone_is_said_of_functions_that_never_fall(row):
    _, y, _ = sampled(row.name)
    y = y[np.isfinite(y)]
    falls = np.diff(y).min() < -1e-9
    assert row.monotone == (not falls)


@every_row
def test_saturates_where_the_values_tend_to_a_limit(row):
    far = [exact(row, mpmath.mpf(v)) for v in (-1e8, -1e6, 1e6, 1e8)]
    settled = {"left": abs(far[1] - far[0]) < 1e-3, "right": abs(far[3] - far[2]) < 1e-3}
    assert (
        row.saturates
        in {
            (False, False): ("none",),
            (True, False): ("left",),
            (False, True): ("right",),
            (True, True): ("both",),
        }[settled["left"], settled["right"]]
    )


@every_row
def test_lipschitz_constant_is_the_largest_slope(row):
    x, y, dy = sampled(row.name)
    if row.smoothness < 0:
        assert math.isinf(row.lipschitz)
        return
    if math.isinf(row.lipschitz):
        assert np.max(np.abs(dy[np.isfinite(dy)])) > 1e3
        return
    largest = np.max(np.abs(dy))
    assert largest <= row.lipschitz * (1 + 1e-9)
    # The sampling, whose step is 5e-4, and knots that are left out by half of it.
    assert largest >= row.lipschitz * (1 - 1e-6)
    # No secant is steeper, so that no slope was missed between the samples.
    with np.errstate(invalid="ignore"):
        secants = np.abs(np.diff(y)) / np.diff(x)
    fine = np.diff(x) > 1e-6
    assert np.nanmax(secants[fine]) <= row.lipschitz * (1 + 1e-6)


@pytest.mark.parametrize(
    "row", [row for row in catalogue() if not row.elementwise], ids=lambda row: row.name
)
def test_functions_that_join_features_have_the_norm_and_range_of_their_row(row):
    x = np.random.default_rng(0).normal(size=(2000, 4)) * np.array([[0.1], [3.0]]).repeat(1000, 0)
    x = tf.constant(np.concatenate([x, [[0, 0, -800, -800], [800, 0, 0, 0]]]))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = row.function(x)
    norms = np.linalg.norm(tape.batch_jacobian(y, x), ord=2, axis=(1, 2))
    assert norms.max() == pytest.approx(row.lipschitz, rel=1e-9)
    assert row.range[0] <= np.min(y)
    assert np.max(y) <= row.range[1]
    bound = [b if np.isfinite(b) else np.sign(b) * 5 for b in row.range]
    assert np.min(y) == pytest.approx(bound[0], abs=1e-6) or np.min(y) < -5
    assert np.max(y) == pytest.approx(bound[1], abs=1e-6) or np.max(y) > 5
    raised = row.function(x + tf.one_hot(0, 4, dtype="float64"))
    assert row.monotone == bool(np.all(raised - y > -1e-12))


def test_the_table_makes_a_data_frame():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(map(dataclasses.asdict, catalogue()))
    assert len(frame) == len(catalogue())
    assert frame.set_index("name").loc["tanh", "lipschitz"] == 1.0


def test_what_keras_has_is_keras_own():
    ours = {row.name for row in catalogue() if row.function.__module__.startswith("keras_addmul")}
    for row in catalogue():
        if row.name not in ours:
            assert row.function is getattr(keras.activations, row.name)
    namesakes = {name for name in ours if hasattr(keras.activations, name)}
    # Each of them differs from Keras's, and its row says how.
    assert namesakes == {"celu", "hard_sigmoid", "leaky_relu", "swish"}
    rows = {row.name: row for row in catalogue()}
    assert all("Keras" in rows[name].note for name in namesakes)


def test_three_functions_that_papers_call_hard_sigmoid_have_three_names_and_records():
    x = tf.constant([0.5])
    for function, value in (
        (activations.hard_sigmoid, 0.5 + 1 / 4),
        (activations.sparse_sigmoid, 0.5 + 1 / 4),
        (keras.activations.hard_sigmoid, 0.5 + 1 / 12),
        (activations.tangent_sigmoid, 0.5 + 1 / 8),
    ):
        assert float(function(x)[0]) == pytest.approx(value, abs=1e-6)
        assert activations.record_of(function).lipschitz == pytest.approx(2 * value - 1)
