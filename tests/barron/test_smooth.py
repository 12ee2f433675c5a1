"""The derivatives of the activations, and their bounds."""

import keras
import mpmath
import numpy as np
import pytest

from keras_addmul import activations
from keras_addmul.activations import record_of
from keras_addmul.barron.fitting.units import fit
from keras_addmul.barron.functions.bank_derivatives import smooth_bank
from keras_addmul.barron.functions.noisy_hard import noisy_expectation
from keras_addmul.barron.functions.polynomials import largest, times_gaussian_bound
from keras_addmul.barron.functions.smooth import SMOOTH, rectified_power
from keras_addmul.layers import NoisyActivation
from tests.barron import exactly

GRID = np.linspace(-9.0, 9.0, 18_001)

NOISY = [
    {"kind": "NAN", "alpha": 1.1},
    {"kind": "NAH", "p": 1.0, "alpha": 0.9, "c": 2.0},
    {"kind": "NAH", "base": "tangent_sigmoid", "p": -1.0},
    {"kind": "NAH", "base": "tanh", "p": 2.0},
    {"kind": "NAH", "base": "sigmoid", "p": 5.0, "alpha": 1.0, "c": 2.0},
    {"kind": "NAN", "base": "tanh", "alpha": 0.8},
    {"kind": "NANI", "c": 0.4},
    {"kind": "NANI", "base": "tangent_sigmoid", "c": 0.7},
    {"kind": "NANI", "base": "tanh", "c": 0.7},
    {"kind": "NANI", "base": "sigmoid"},
    {"kind": "NANIL", "p": 8.0, "c": 4.0},
    {"kind": "NANIL", "base": "tangent_sigmoid", "p": 40.0, "c": 4.0},
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
    """Each function that can be converted, and its definition."""
    yield from ((smooth, exactly.DEFINITIONS[name]) for name, smooth in SMOOTH.items())
    yield from ((rectified_power(degree), exactly.power(degree)) for degree in (1, 2, 3, 5))
    for options in NOISY:
        layer = noisy_layer(options)
        # Its weights: Keras makes them from numbers in single precision.
        yield (
            noisy_expectation(layer),
            exactly.noisy(**{**options, "c": float(layer.scale), "p": options.get("p", 0.0)}),
        )
    bank, _ = fit(SMOOTH["tanh"], 3, -2.0, 2.5, 1e-2, outside="extrapolate", dtype="float64")
    yield smooth_bank(bank), exactly.bank(bank)
    clipped, _ = fit(SMOOTH["silu"], 2, -5.0, 4.0, 1e-2, dtype="float64")
    yield smooth_bank(clipped), exactly.bank(clipped)


EVERY = [*every_function()]
ALL = [smooth for smooth, _ in EVERY]
every = pytest.mark.parametrize(
    ("smooth", "exact"), EVERY, ids=[f"{i}-{s.name}" for i, s in enumerate(ALL)]
)


def test_what_has_every_derivative_has_no_jump_to_name():
    for smooth in SMOOTH.values():
        assert (smooth.why == "") == np.isinf(smooth.smoothness), smooth.name


def test_every_function_has_a_definition():
    assert set(exactly.DEFINITIONS) == set(SMOOTH)


@every
def test_facts_are_those_of_the_record(smooth, exact):
    if smooth.name not in SMOOTH:
        return
    row = record_of(activations.get(smooth.name))
    assert (smooth.kinks, smooth.monotone, smooth.lines) == (
        row.knots,
        row.monotone,
        (row.left, row.right),
    )
    assert (smooth.lipschitz, smooth.smoothness) == (row.lipschitz, row.smoothness)
    assert smooth.limits == (row.saturates in ("left", "both"), row.saturates in ("right", "both"))
    assert smooth.bound(1, -50, 50) <= row.lipschitz * (1 + 1e-9)


@every
def test_derivatives_and_bounds_hold_at_forty_digits(smooth, exact, rng):
    spread = [rng.uniform(-r, r, n) for r, n in ((1, 4), (3, 6), (12, 6), (40, 8))]
    z = np.concatenate([*spread, [-37.0, 37.0]])  # where 1 + tanh has lost its digits
    z = z[np.min(np.abs(z[:, None] - [*smooth.kinks, 1e9]), axis=1) > 1e-3]
    with mpmath.workdps(40):
        for k in range(4):
            true = [
                mpmath.diff(exact, mpmath.mpf(float(v)), k, h=mpmath.mpf(10) ** -9)
                if k
                else exact(mpmath.mpf(float(v)))
                for v in z
            ]
            pairs = zip(smooth.derivative(z, k), true, strict=True)
            off = np.array([float(abs(got - t)) for got, t in pairs])
            # Half of what is claimed: no more than that was found in any of many draws.
            assert np.all(off <= 0.5 * smooth.rounding(z, k) + 1e-40), k
            if k == 0:
                continue
            for v, t in zip(z, true, strict=True):
                assert abs(t) <= smooth.bound(k, v - 1e-3, v + 2e-3), (k, v)


def test_bounds_hold_and_are_not_idle():
    for smooth in ALL:
        for k in (1, 2, 3):
            largest = np.max(np.abs(smooth.derivative(GRID, k)))
            bound = smooth.bound(k, GRID[0], GRID[-1])
            # Of noise of learned scale a chain of estimates bounds the third derivative.
            idle = 4 if smooth.name in SMOOTH or k < 3 else 30
            if smooth.terms is None:  # a sum of units is bounded by that of its terms
                assert bound <= idle * largest + 1e-12, (smooth.name, k)
            assert largest <= bound, (smooth.name, k)


def test_functions_are_continuous_and_kinks_are_where_they_are_said_to_be():
    for smooth in ALL:
        for kink in smooth.kinks:
            assert abs(smooth.jump(kink, 0)) < 1e-12
            if smooth.terms is not None:
                continue  # units that open to both sides may join smoothly
            assert (
                abs(smooth.jump(kink, smooth.max_degree + 1))
                + abs(smooth.jump(kink, smooth.max_degree))
                > 1e-3
            ), smooth.name
        away = GRID[np.all(np.abs(GRID[:, None] - np.array([*smooth.kinks, 99.0])) > 2e-3, axis=1)]
        slope = (smooth(away + 1e-4) - smooth(away - 1e-4)) / 2e-4
        # The central difference is off by h^2/6 f''', and by eps |f| / h in rounding.
        slack = 1e-8 * smooth.bound(3, -10, 10) + 1e-11 * np.max(np.abs(smooth(GRID)))
        np.testing.assert_allclose(smooth.derivative(away, 1), slope, rtol=0, atol=slack + 1e-11)


@every
def test_lines_are_those_that_it_tends_to_and_monotone_functions_never_fall(smooth, exact):
    if smooth.monotone:
        # Where it is flat, rounding shows.
        assert np.all(np.diff(smooth(GRID)) >= -2e-15)
    for side, line in zip((-1, 1), smooth.lines, strict=True):
        if line is None:
            continue
        with mpmath.workdps(40):
            for far in (3e8, 7e9):
                x = mpmath.mpf(side * far)
                assert abs(exact(x) - line[0] * x - line[1]) < 1e-7 + 1e-15 * abs(x), far


def test_polynomials_are_bounded_everywhere(rng):
    for _ in range(20):
        p = np.polynomial.Polynomial(
            rng.normal(size=rng.integers(1, 9)) * 10.0 ** rng.integers(0, 5)
        )
        low, high = np.sort(rng.uniform(-2, 3, 2))
        true = np.max(np.abs(p(np.linspace(low, high, 100_003))))
        assert true <= largest(p, low, high) <= true * (1 + 1e-4) + 1e-9
        for rate, least in ((0.5, None), (1.0, 0.7), (0.5, 3.0), (2.0, 30.0)):
            z = np.linspace(-30 if least is None else least, 40, 200_003)
            true = np.max(np.abs(p(z)) * np.exp(-rate * z**2))
            bound = times_gaussian_bound(p, rate, least)
            assert true <= bound <= true * (1.001 if least != 30.0 else 100) + 1e-200, (rate, least)


@pytest.mark.parametrize("options", NOISY, ids=lambda o: f"{o['kind']}-{o.get('base', '')}")
def test_noisy_expectation_is_the_layer_at_inference(options):
    layer = noisy_layer(options)
    smooth = noisy_expectation(layer)
    got = keras.ops.convert_to_numpy(layer(GRID[:, None]))[:, 0]
    # Two routes to one closed form in double precision.
    np.testing.assert_allclose(smooth(GRID), got, rtol=0, atol=1e-12)
