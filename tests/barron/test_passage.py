"""Bounds behind a converted activation: they hold, and nothing much smaller does."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_addmul import activations
from keras_addmul.barron.fitting.ends import fit_between_ends
from keras_addmul.barron.functions.bank import bank_of
from keras_addmul.barron.functions.per_feature import PerFeature
from keras_addmul.barron.models.bounds import Bounds
from keras_addmul.barron.models.passage import Passage, Unknown
from keras_addmul.barron.models.recognition import recognise
from keras_addmul.barron.models.targets import Target
from keras_addmul.layers import NoisyTanh, RePU, RePUBank
from tests.barron.test_rounding import _Alone


def converted(name, degree, tolerance, low, high, outside="clip"):
    layer = layers.Activation(activations.get(name), dtype="float64")
    target = Target(layer, recognise(layer), 1e-3)
    how = "spline", outside, "float64"
    target.bank = fit_between_ends(target.function, degree, (low, high), tolerance, *how)
    return target


def run(target, bounds):
    passage = Passage(_Alone(target.layer), {id(target.layer): target})
    (after,) = passage.run([bounds])
    return passage, after


def at(z, error=0.0, rounding=0.0, width=0.0):
    z = np.atleast_2d(np.asarray(z, float))
    apart = np.full(z.shape, error), np.full(z.shape, rounding)
    return Bounds(z - width, z + width, *apart, "float64")


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("name", ["tanh", "softplus", "gelu", "sin", "gaussian"])
def test_what_a_bank_does_to_an_error_is_bounded_sharply(name, degree):
    # Fitted coarsely, and perturbed by about as much, by less and by more.
    target = converted(name, degree, 3e-2, -2.0, 2.0)
    function, bank = target.function, target.bank
    for error in (0.0, 1e-3, 2e-2, 0.3):
        centers = np.linspace(-1.6, 1.6, 33)
        width = 0.02
        passage, after = run(target, at(centers, error, width=width))
        z = centers[:, None] + np.linspace(-width, width, 9)
        moved = z[..., None] + np.linspace(-error, error, 21)
        apart = np.abs(bank(moved) - function(z)[..., None]).max(axis=(1, 2))
        proved = after.error[0]
        assert np.all(apart <= proved)
        assert np.all((after.low[0] <= function(z).min(1)) & (function(z).max(1) <= after.high[0]))
        reach = np.ptp(function(z), axis=1)
        # Where it turns, to the cells in which its values are kept.
        slack = 1e-12 if function.monotone else 0.1
        assert np.all(after.high[0] - after.low[0] <= reach + slack)
        # By the triangle inequality, of the fit's error and the slope's share.
        slopes = np.abs(function.derivative(moved, 1)).max(axis=(1, 2))
        limit = np.abs(bank(moved) - function(moved)).max(axis=(1, 2)) + slopes * error
        assert np.all(proved <= 1.02 * limit + 3e-3 + 0.03 * error)
        inside = np.abs(bank(z) - function(z)).max(1)
        errors = passage.errors[id(target.layer)][0][0]
        assert np.all((inside <= errors) & (errors <= inside + 3e-3))
        # A Lipschitz constant of the bank where it is.
        steps = np.abs(np.diff(bank(moved.reshape(33, -1)), axis=1))
        slopes = passage.slopes[id(target.layer)][0][0]
        if error:
            widths = np.abs(np.diff(moved.reshape(33, -1), axis=1))
            assert np.all(steps <= slopes[:, None] * widths + 1e-14)


@pytest.mark.parametrize("name", ["tanh", "softplus", "gelu", "sin", "gaussian", "exponential"])
def test_a_function_that_stays_multiplies_errors_by_its_slope(name):
    layer = layers.Activation(activations.get(name), dtype="float64")
    target = Target(layer, recognise(layer), 1e-4)
    centers = np.linspace(-2, 2, 17)
    for what in ("error", "rounding"):
        _, after = run(target, at(centers, width=1e-3, **{what: 1e-3}))
        z = centers[:, None] + np.linspace(-1e-3, 1e-3, 41)
        y, moved = target.function(z), target.function(z + 1e-3)
        back = target.function(z - 1e-3)
        apart = np.maximum(np.abs(moved - y), np.abs(back - y)).max(1)
        proved = getattr(after, what)[0]
        assert np.all(apart <= proved)
        assert np.all(proved <= 1.01 * apart + 4e-5)


def test_rounding_of_either_model_is_the_larger_of_the_two():
    target = converted("tanh", 2, 1e-2, -2.0, 2.0)
    _, after = run(target, at([0.0], rounding=1e-2))
    slope = max(1.0, float(np.abs(target.bank.derivative(np.linspace(-0.01, 0.01, 21), 1)).max()))
    assert slope * 1e-2 <= after.rounding[0, 0] <= 1.01 * slope * 1e-2


def test_a_bank_in_half_precision_loses_its_result_to_the_cast(rng):
    z = rng.uniform(-2, 2, (1, 300))
    target = converted("tanh", 2, 1e-2, -2.0, 2.0)
    for dtype in ("float16", "bfloat16"):
        layer = RePUBank(target.bank.units, 2, target.bank.low, target.bank.high, dtype=dtype)
        half = Target(layers.Activation("tanh", dtype=dtype), target.function, 1e-2, target.bank)
        layer.build((None, 1))
        layer.knots.assign(target.bank.knots)
        layer.coefficients.assign(target.bank.coefficients)
        layer.bias.assign(target.bank.bias)
        bank = bank_of(layer)
        half.bank = bank
        x = np.asarray(keras.ops.cast(keras.ops.cast(z, dtype), "float64"))
        _, after = run(half, Bounds.of_box(x, x, dtype))
        y = np.asarray(keras.ops.cast(layer(keras.ops.cast(x.T, dtype)), "float64"))[:, 0]
        lost = np.abs(y - bank(x[0]))
        assert np.all(lost <= after.rounding[0])
        assert lost.max() > 0.02 * after.rounding.max()


def test_each_feature_has_bounds_of_its_own_function():
    layer = NoisyTanh(kind="NAH", dtype="float64")
    layer.build((None, 4))
    layer.p.assign([0.5, 4.0, -0.5, 1.0])
    function = recognise(layer)
    assert isinstance(function, PerFeature)
    target = Target(layer, function, 1e-3)
    z = np.array([[1.5, 1.5, 1.5, 1.5]])
    _, after = run(target, Bounds.of_box(z, z, "float64"))
    y = np.asarray(layer(z))
    assert np.all((after.low <= y) & (y <= after.high))
    assert np.all(after.high - after.low < 1e-3)
    assert abs(y[0, 1] - y[0, 0]) > 0.01
    assert abs(y[0, 0] - y[0, 2]) < 1e-12


def test_what_a_layer_of_ours_clips_is_refused():
    for layer, z in ((RePU(2, dtype="float16"), 200.0), (RePU(3, dtype="float32"), 1e8)):
        target = Target(layer, recognise(layer))
        _, after = run(target, Bounds.of_box([[0.0]], [[z]], layer.compute_dtype))
        assert isinstance(after, Unknown)
        assert "clipped" in after.why or "overflow" in after.why
    bank = RePUBank(4, 2, -1.0, 1.0, outside="extrapolate", dtype="float16")
    bank.build((None, 1))
    for z, known in ((2.0, True), (500.0, False)):
        _, after = run(Target(bank, recognise(bank)), Bounds.of_box([[0.0]], [[z]], "float16"))
        assert isinstance(after, Bounds) == known


def test_bounds_are_made_once_for_an_interval_and_grow_with_it():
    target = converted("gelu", 2, 1e-2, -2.0, 2.0)
    first = target.cells(0, -1.0, 1.0)
    assert target.cells(0, -0.5, 1.0) is first
    wider = target.cells(0, -3.0, 0.5)
    assert wider.edges[0] <= -3.0
    assert wider.edges[-1] >= 1.0
    assert target.cells(0, -1.0, 1.0) is wider
    target.forget()
    assert target.cells(0, -1.0, 1.0) is not wider
