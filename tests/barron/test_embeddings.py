"""Which activation represents which: the constants, and the formulas behind them."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from keras_addmul.barron import can_represent, embeddings, spectral_norm_bound
from keras_addmul.barron.norms.hierarchy import hierarchy_constant


@pytest.mark.parametrize(
    ("s", "t", "expected"),
    [(0, 1, 1), (0, 3, 1), (1, 2, 3), (2, 3, 7), (3, 4, 15), (1, 3, 5), (1, 4, 7), (2, 4, 17)],
)
def test_hierarchy_constants(s, t, expected):
    assert can_represent(f"repu{t}", f"repu{s}").constant == pytest.approx(expected, rel=1e-12)
    assert hierarchy_constant(s, t) <= 2**s * math.comb(t, s) * (1 + 1e-12)


def test_hierarchy_formula_represents_the_power():
    for s, t in ((1, 2), (1, 2.5), (2, 4)):
        factor = math.gamma(t + 1) / (math.gamma(s + 1) * math.gamma(t - s))
        for z in (0.3, 1.7):
            value, _ = quad(lambda u, z=z, s=s, t=t: (z - u) ** s * u ** (t - s - 1), 0, z)
            assert factor * value == pytest.approx(z**t, rel=1e-7)
        mass, _ = quad(lambda u, s=s, t=t: (1 + u) ** s * u ** (t - s - 1), 0, 1)
        assert hierarchy_constant(s, t) == pytest.approx(factor * mass, rel=1e-7)


@pytest.mark.parametrize(
    ("name", "variations"),
    [
        ("tanh", (2.0, 3.0792, 6.6667)),
        ("sigmoid", (0.5, 0.3849, 0.4167)),
        ("softplus", (1.0, 0.5, 0.3849)),
        ("gaussian", (3.4311, 7.5701, 19.856)),
        ("elu", (1.0, 2.0)),
        ("softsign", (2.0, 8.0)),
    ],
)
def test_taylor_constants_are_the_integrals_of_the_derivatives(name, variations):
    for s, variation in enumerate(variations, start=1):
        constant = can_represent(name, f"repu{s}").constant
        assert constant == pytest.approx(2**s / math.factorial(s) * variation, rel=1e-4)


def test_what_holds_and_what_does_not():
    assert can_represent("relu", "relu").theorem == "identity"
    assert not can_represent("relu", "repu2")
    assert can_represent("elu", "relu")
    # The jump of the second derivative is a unit of degree 2, that of the third would be none.
    assert can_represent("elu", "repu2")
    assert not can_represent("elu", "repu3")
    assert can_represent("elu", "repu3").note == "its second derivative jumps at 0"
    assert can_represent("sin", "repu2")
    assert can_represent("sin", "repu2").constant is None
    assert can_represent("tanh", "sigmoid").constant == 2.0
    assert can_represent("tanh", "gelu").holds is None
    assert can_represent("Swish", "ReQU").source == "swish"
    assert can_represent("logistic", "step").target == "heaviside"
    rows = embeddings(["tanh", "elu"], [1, 2])
    assert [(e.source, e.target, e.holds) for e in rows] == [
        ("relu", "repu2", False),
        ("repu2", "relu", True),
        ("tanh", "relu", True),
        ("tanh", "repu2", True),
        ("elu", "relu", True),
        ("elu", "repu2", True),
    ]


@pytest.mark.parametrize("name", ["softmax", "repu-two", 2])
def test_unknown_names_are_answered_with_the_known_ones(name):
    with pytest.raises(ValueError, match=r"`from_activation` must be .*tanh.*Received"):
        can_represent(name, "relu")


@pytest.mark.parametrize("s", [1, 2])
def test_spectral_bound_holds_for_the_representation_of_a_gaussian(s):
    # exp(-x^2/2) on [-1, 1]: F(v) = exp(-v^2/2) / sqrt(2 pi), real and even.
    def transform(v):
        return np.exp(-(v**2) / 2) / math.sqrt(2 * math.pi)

    def cosine(z, k):
        return np.cos(z + k * math.pi / 2)

    moment = quad(lambda v: abs(v) ** (s + 1) * transform(v), -20, 20)[0]
    v = np.linspace(0, 12, 1201)[1:]
    dv = v[1] - v[0]
    x, mass = 0.8, 0.0
    value = (
        sum(
            2 * np.sum(v**k * transform(v)) * dv * cosine(0, k) * x**k / math.factorial(k)
            for k in range(s + 1)
        )
        + transform(0.0) * dv
    )
    u = (np.arange(400) + 0.5) / 400
    for one in v:
        t, dt = one * u, one / 400
        for side in (1, -1):
            density = side ** (s + 1) * cosine(side * t, s + 1) / math.factorial(s)
            units = np.maximum(0.0, side * one * x - t) ** s
            value += 2 * transform(one) * dv * np.sum(units * density) * dt
            mass += 2 * transform(one) * dv * np.sum(np.abs(density) * (one + t) ** s) * dt
    # Sums with steps of 1/100 and 1/400 in place of integrals.
    assert value == pytest.approx(math.exp(-(x**2) / 2), abs=1e-3)
    assert mass <= spectral_norm_bound(moment, s)


def test_bad_arguments_of_the_spectral_bound():
    with pytest.raises(ValueError, match="`moment` must be a number >= 0. Received: -1"):
        spectral_norm_bound(-1, 1)
    with pytest.raises(ValueError, match="`s` must be an integer >= 0. Received: 1.5"):
        spectral_norm_bound(1, 1.5)
