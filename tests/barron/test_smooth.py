"""The derivatives of the activations, and their bounds."""

import keras
import mpmath
import numpy as np
import pytest

from keras_addmul.barron.functions.noisy_hard import noisy_expectation
from keras_addmul.barron.functions.smooth import SMOOTH, rectified_power
from keras_addmul.layers import NoisyActivation

DEFINITIONS = {
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "tanh": mpmath.tanh,
    "softplus": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "log_sigmoid": lambda z: -mpmath.log(1 + mpmath.exp(-z)),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "gelu": lambda z: z * mpmath.ncdf(z),
    "sin": mpmath.sin,
    "gaussian": lambda z: mpmath.exp(-z * z),
    "exponential": mpmath.exp,
    "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "softsign": lambda z: z / (1 + abs(z)),
}
POINTS = [-7.5, -2.0, -0.3, 0.1, 0.9, 4.0]
GRID = np.linspace(-9.0, 9.0, 18_001)

NOISY = [
    {"kind": "NAN", "alpha": 1.1},
    {"kind": "NAH", "p": 1.0, "alpha": 0.9, "c": 2.0},
    {"kind": "NAH", "base": "hard_sigmoid", "p": -1.0},
    {"kind": "NAH", "base": "tanh", "p": 2.0},
    {"kind": "NAH", "base": "sigmoid", "p": 5.0, "alpha": 1.0, "c": 2.0},
    {"kind": "NAN", "base": "tanh", "alpha": 0.8},
    {"kind": "NANI", "c": 0.4},
    {"kind": "NANI", "base": "hard_sigmoid", "c": 0.7},
    {"kind": "NANI", "base": "tanh", "c": 0.7},
    {"kind": "NANI", "base": "sigmoid"},
    {"kind": "NANIL", "p": 8.0, "c": 4.0},
    {"kind": "NANIL", "base": "hard_sigmoid", "p": 40.0, "c": 4.0},
    {"kind": "NANIL", "base": "tanh", "p": 8.0, "c": 4.0},
    {"kind": "NANIL", "base": "sigmoid", "p": 40.0, "c": 4.0},
    {"kind": "NANIS", "c": 0.0},
]


def noisy_layer(options):
    start = keras.initializers.Constant(options.get("p", 0.0))
    others = {k: v for k, v in options.items() if k != "p"}
    layer = NoisyActivation(dtype="float64", p_initializer=start, **others)
    layer.build((None, 1))
    return layer


def every_function():
    yield from SMOOTH.values()
    yield rectified_power(3)
    for options in NOISY:
        yield noisy_expectation(noisy_layer(options))


def test_every_function_has_a_definition():
    assert set(DEFINITIONS) == set(SMOOTH)


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("k", range(5))
def test_derivatives_are_those_of_the_definition(name, k):
    with mpmath.workdps(40):
        expected = [float(mpmath.diff(DEFINITIONS[name], z, k)) for z in POINTS]
    got = SMOOTH[name].derivative(np.array(POINTS), k)
    # A polynomial of degree k + 1 in a rounded number: cancellation loses 100 eps at most.
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=100 * np.finfo(float).eps)


def test_bounds_hold_and_are_not_idle():
    for smooth in every_function():
        for k in (1, 2, 3):
            largest = np.max(np.abs(smooth.derivative(GRID, k)))
            bound = smooth.bound(k, GRID[0], GRID[-1])
            # Of noise of learned scale a chain of estimates bounds the third derivative.
            idle = 4 if smooth.name in SMOOTH or k < 3 else 30
            assert largest <= bound <= idle * largest + 1e-12, (smooth.name, k)


def test_functions_are_continuous_and_kinks_are_where_they_are_said_to_be():
    for smooth in every_function():
        for kink in smooth.kinks:
            assert abs(smooth.jump(kink, 0)) < 1e-12
            assert (
                abs(smooth.jump(kink, smooth.max_order + 1))
                + abs(smooth.jump(kink, smooth.max_order))
                > 1e-3
            ), smooth.name
        away = GRID[np.all(np.abs(GRID[:, None] - np.array([*smooth.kinks, 99.0])) > 2e-3, axis=1)]
        slope = (smooth(away + 1e-4) - smooth(away - 1e-4)) / 2e-4
        # The central difference is off by h^2/6 f''', and by eps |f| / h in rounding.
        slack = 1e-8 * smooth.bound(3, -10, 10) + 1e-11 * np.max(np.abs(smooth(GRID)))
        np.testing.assert_allclose(smooth.derivative(away, 1), slope, rtol=0, atol=slack + 1e-11)


def test_monotone_and_limits_are_what_they_say():
    for smooth in every_function():
        if smooth.monotone:
            # Where it is flat, rounding shows.
            assert np.all(np.diff(smooth(GRID)) >= -2e-15), smooth.name
        for side, limit in zip((-1, 1), smooth.limits, strict=True):
            far = smooth(side * np.array([300.0, 600.0]))
            near = smooth(side * np.array([2.0, 4.0]))
            assert (abs(far[1] - far[0]) < 2e-3 * (1 + abs(near[1] - near[0]))) or not limit


@pytest.mark.parametrize("options", NOISY, ids=lambda o: f"{o['kind']}-{o.get('base', '')}")
def test_noisy_expectation_is_the_layer_at_inference(options):
    layer = noisy_layer(options)
    smooth = noisy_expectation(layer)
    got = keras.ops.convert_to_numpy(layer(GRID[:, None]))[:, 0]
    # Two routes to one closed form in double precision.
    np.testing.assert_allclose(smooth(GRID), got, rtol=0, atol=1e-12)
