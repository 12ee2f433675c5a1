"""What is claimed holds: exact laws are exact, and no formula fails on a row it was given."""

import numpy as np
import pytest

from keras_addmul.discover import discover
from keras_addmul.discover.report.sentences import judged
from keras_addmul.discover.scoring.exactness import holds_exactly
from keras_addmul.discover.search.levenberg_marquardt import minimize
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.simple_exponents import simple_together
from keras_addmul.discover.search.stack import Inputs, Stack

EPS = 2.0**-52


def simplest(value, error):
    return simple_together(np.array([value]), np.array([[error**2]]), 100).get(0, value)


def quietly(x, y, **options):
    return discover(x, y, **{"verbose": 0, "baselines": False, **options})


@pytest.mark.parametrize("offset", [0.0, 1.0, 1e3, 1.7e9, -1e12])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exactness_is_judged_by_what_varies_and_by_the_dtype(offset, dtype, rng):
    x = rng.uniform(1, 5, (100, 2)).astype(dtype).astype(float)
    y = (offset + 3 * x[:, 0] * x[:, 1]).astype(dtype).astype(float)
    eps = float(np.finfo(dtype).eps)
    clear = 64 * eps * abs(offset) < 1e-3 * 15

    def law(x):
        return offset + 3 * x[:, 0] * x[:, 1]

    def line(x):
        return offset - 27 + 9 * x[:, 0] + 9 * x[:, 1]  # R^2 is 0.93

    assert holds_exactly(law, x, y, eps) == clear
    assert not holds_exactly(line, x, y, eps)
    assert not holds_exactly(lambda x: law(x) * (1 + 1e-2) - 1e-2 * offset, x, y, eps)


def test_a_formula_that_has_no_value_on_a_row_does_not_hold():
    x = np.linspace(0, 1, 20)[:, None]
    with np.errstate(divide="ignore"):
        assert not holds_exactly(lambda x: 1 / x[:, 0], x, x[:, 0], EPS)


def test_zero_has_no_negative_power_and_every_positive_power_of_it_is_zero(rng):
    x = rng.uniform(1, 5, (50, 2))
    x[::3, 0] = 0.0
    inputs, stack = Inputs.of(x), Stack((1,), 2)
    for e in (1e-3, 0.5, 2.0):
        value = stack.values(np.array([[e, 1.0, 1.0, 1.0]]), inputs)[0]
        assert np.abs(value[::3]).max() < 1e-60
    free = np.array([[True, True, True, False]])
    start = np.array([[0.5, -0.5, 1.0, 1.0]])
    y = np.where(x[:, 0] == 0, 3.0, 1 / np.maximum(x[:, 0], 1))
    found, cost = minimize(stack, start, free, inputs, y, np.ones(50), 40)
    assert found[0, 0] >= 0
    assert np.isfinite(cost).all()


@pytest.mark.parametrize(
    ("value", "error", "number"),
    [
        (0.8 + 3e-12, 1e-11, 0.8),
        (2 / 7, 1e-10, 2 / 7),
        (0.287, 1e-9, 0.287),
        (1.37 - 1e-10, 1e-9, 1.37),
        (1.997, 0.002, 2.0),
        (-0.5001, 1e-3, -0.5),
    ],
)
def test_exponents_are_the_simple_numbers_that_lie_within_their_error(value, error, number):
    assert simplest(value, error) == number


@pytest.mark.parametrize("error", [1e-3, 1e-2, 1e-1])
def test_random_exponents_are_seldom_simple_numbers(error):
    values = np.random.default_rng(0).uniform(-3, 3, 500)
    named = sum(simplest(value, error) != value for value in values)
    assert named < 0.1 * len(values)


def test_an_offset_is_subtracted_only_from_targets_that_hardly_vary(rng):
    x = rng.uniform(1, 5, (60, 2))
    assert Scaled.of(x, x[:, 0] + 300).offset == 0
    scaled = Scaled.of(x, x[:, 0] + 1.7e9)
    assert abs(scaled.offset - 1.7e9) < 5
    np.testing.assert_allclose(np.mean(scaled.y**2), 1.0)


def _many_signed_columns():
    r = np.random.default_rng(9)
    r.normal(size=(400, 30)), r.uniform(1, 5, (300, 30)), r.normal(size=300)
    x = r.normal(size=(300, 30))
    return x, x[:, 2] * x[:, 9] * x[:, 17], "x10*x18*x3"


def _offset():
    x = np.random.default_rng(92).uniform(1, 5, (200, 2))
    return x, 1.7e9 + 3 * x[:, 0] * x[:, 1], None


def _single_precision():
    x = np.random.default_rng(92).uniform(1, 5, (200, 2)).astype("float32")
    return x, 3 * x[:, 0] * x[:, 1] ** 2, "3*x1*x2**2"


def _decimals():
    x = np.random.default_rng(1).uniform(1, 5, (200, 3))
    return x, 0.023 * x[:, 0] ** 0.8 * x[:, 1] ** 0.4 * x[:, 2] ** 0.287, None


def _sevenths():
    x = np.random.default_rng(1).uniform(1, 5, (60, 2))
    return x, x[:, 0] ** (2 / 7) / x[:, 1] ** 1.37, None


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [_many_signed_columns, _offset, _single_precision, _decimals, _sevenths]
)
def test_exact_laws_are_claimed_whatever_their_units_and_exponents(make):
    x, y, text = make()
    found = quietly(x, y)
    assert found.formula.exact
    assert text is None or str(found.formula.expression) == text
    np.testing.assert_allclose(found.formula(x), y, rtol=1e-6 if x.dtype == "float32" else 1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_columns_of_zeros_and_ones_give_a_formula_that_every_row_has(seed):
    r = np.random.default_rng(seed)
    weight, gear = r.uniform(1.5, 5.5, 32), r.integers(3, 6, 32).astype(float)
    shape, manual = r.integers(0, 2, (2, 32)).astype(float)
    y = 37 - 5 * weight + 2 * manual + 1.5 * shape + 2 * r.normal(size=32)
    found = quietly(np.stack([weight, gear, shape, manual], axis=1), y, seed=seed)
    assert found.formula.r2 > 0.5
    told = found.formula(found.table.x)
    assert np.isfinite(told).all()
    assert np.isfinite(found.model(found.table.x.astype("float32"))).all()
    assert not found.formula.exact


@pytest.mark.slow
def test_no_law_is_claimed_of_noise():
    claimed = []
    for seed in range(8):
        r = np.random.default_rng(seed)
        found = quietly(r.normal(size=(14, 2)), r.normal(size=14), seed=seed)
        claimed += [judged(found)[0]] * bool(found.formula.expression.free_symbols)
    assert len(claimed) >= 2
    assert set(claimed) == {"none"}
