"""What is chosen is likely, lies on the front, and its numbers have errors that hold."""

import re

import numpy as np
import pytest
from scipy import stats
from statsmodels.datasets import longley

from keras_addmul import demo
from keras_addmul.discover import discover
from keras_addmul.discover.search.choosing import identified, likeliest
from keras_addmul.discover.search.estimating import best_estimate, estimate
from keras_addmul.discover.search.noise_model import KINDS, Noise
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.simple_exponents import simple_together
from keras_addmul.discover.search.snapping import Fit
from keras_addmul.discover.search.stack import Stack
from tests.benchmarks import power_laws


def quietly(x, y, **options):
    return discover(x, y, **{"verbose": 0, "baselines": False, **options})


def product(columns, scaled):
    """The fit of one product, all exponents free, begun at one half."""
    stack = Stack((1,), columns)
    free = np.ones(stack.size, bool)
    free[-1] = False
    start = stack.join(np.full((1, columns), 0.5), np.ones(1), np.ones(1))
    return Fit.of(stack, start, free, 1.0, len(scaled))


def drawn(kind, rows=400, size=0.1, seed=0):
    r = np.random.default_rng(seed)
    x = 10 ** r.uniform(0, 1, (rows, 2))
    truth = 2 * x[:, 0] ** 1.3 / x[:, 1] ** 0.7
    noise = size * r.normal(size=rows)
    return x, {
        "additive": truth + np.sqrt(np.mean(truth**2)) * noise,
        "relative": truth * (1 + noise),
        "factor": truth * np.exp(3 * noise),
        "both": truth + 0.4 * truth.min() * r.normal(size=rows) + truth * noise,
    }[kind]


@pytest.mark.parametrize("kind", ["additive", "relative", "factor"])
def test_the_kind_of_noise_is_estimated_from_the_residuals(kind):
    x, y = drawn(kind, rows=1500)
    scaled = Scaled.of(x, y)
    one = best_estimate(product(2, scaled), scaled)
    assert one.noise.kind == kind
    assert not one.noise.heavy
    share = one.noise.additive if kind == "additive" else one.noise.relative
    expected = 0.3 if kind == "factor" else 0.1
    assert share == pytest.approx(expected, rel=0.1)


def test_outliers_are_known_as_such_and_move_nothing():
    x, y = drawn("relative")
    y[::40] *= 8
    scaled = Scaled.of(x, y)
    one = best_estimate(product(2, scaled), scaled)
    assert one.noise.heavy
    np.testing.assert_allclose(one.fit.parameters[:2], [1.3, -0.7], atol=0.05)


@pytest.mark.parametrize(("kind", "rows"), [*((kind, 30) for kind in KINDS), ("additive", 14)])
def test_standard_errors_hold_as_often_as_they_say(kind, rows):
    held = []
    for seed in range(60):
        x, y = drawn(kind, rows=rows, seed=seed)
        if (y <= 0).any() and kind != "additive":
            continue
        scaled = Scaled.of(x, y)
        one = estimate(product(2, scaled), scaled, Noise.start(kind))
        wide = stats.t.ppf(0.975, one.freedom)
        held += [
            abs(one.fit.parameters[j] - e) < wide * one.error(j) for j, e in ((0, 1.3), (1, -0.7))
        ]
    # Of 120 intervals at 95 %, fewer than 105 hold in one of two thousand runs.
    assert np.mean(held) > 105 / 120


def test_standard_errors_hold_beside_outliers():
    held = []
    for seed in range(60):
        r = np.random.default_rng(seed)
        x = 10 ** r.uniform(0, 1, (80, 1))
        scaled = Scaled.of(x, 2 * x[:, 0] ** 1.3 * np.exp(0.05 * r.standard_t(4, 80)))
        one = estimate(product(1, scaled), scaled, Noise.start("factor", True))
        held.append(
            abs(one.fit.parameters[0] - 1.3) < stats.t.ppf(0.975, one.freedom) * one.error(0)
        )
    assert sum(held) > 50


def test_simple_numbers_are_judged_together():
    # Neither 3/2 nor -1/2 lies within two of its own errors, but both lie in their ellipse.
    alike = np.array([[1.0, -0.93], [-0.93, 1.0]]) * np.outer([1e-4, 8e-5], [1e-4, 8e-5])
    assert simple_together(np.array([1.50024, -0.50014]), alike, 55) == {0: 1.5, 1: -0.5}
    # If they do not go together, not both can be meant.
    away = np.array([[1.0, 0.93], [0.93, 1.0]]) * np.outer([1e-4, 8e-5], [1e-4, 8e-5])
    assert simple_together(np.array([1.50024, -0.50014]), away, 55) == {1: -0.5}
    # Too wide an error says nothing, also of two numbers.
    assert simple_together(np.array([1.05, -0.52]), np.diag([0.1, 0.1]) ** 2, 20) == {}


@pytest.mark.slow
def test_the_law_of_kepler_has_the_powers_three_halves_and_one_half():
    bodies = demo.split(demo.load()).training
    x = np.stack([bodies.semi_major_axis, bodies.central_mass], axis=1)
    f = quietly(x, bodies.period, names=["a", "M"], target="T").formula
    assert re.fullmatch(r"T = 7\.68\d+e\+5\*sqrt\(a\*\*3/M\)", f.text)
    assert {m.name for m in f.measured} == {"exponent of a", "exponent of M", "factor"}


def test_powers_that_cancel_are_not_identified(rng):
    x = np.linspace(250, 400, 40)[:, None]
    y = 100 / x[:, 0] * np.log(x[:, 0]) + 1e-4 * rng.normal(size=40)
    scaled = Scaled.of(x, y)
    stack = Stack((2,), 1)
    start = stack.join(np.array([[-0.9995], [-1.0]]), np.array([-2800.0, 2801.0]), np.ones(1))
    free = np.array([True, False, True, True, False])
    one = estimate(Fit.of(stack, start, free, 1.0, 40), scaled, Noise.start("additive"))
    assert not identified(one, scaled)


def test_few_laws_of_the_benchmark_are_products_with_the_right_exponents():
    # Without a search: the full product must be likelier than its parts and the mean.
    for number in range(20):
        x, y, _, _, exponents = power_laws.law(number)
        scaled = Scaled.of(x, y)
        if 3 * x.shape[1] > len(y):
            continue
        best = likeliest([], scaled)[0]
        error = [best.error(j) for j in range(len(exponents))]
        assert np.abs((best.fit.parameters[: len(exponents)] - exponents) / error).max() < 6


MERCURY = [
    0.0002, 0.0012, 0.006, 0.03, 0.09, 0.27, 0.75, 1.85, 4.2, 8.8, 17.3, 32.1, 57, 96, 157, 247,
    376, 558, 806,
]  # fmt: skip


def _mercury():
    return np.arange(0, 361, 20.0)[:, None], np.array(MERCURY), 0.006


def _saturation():
    s = np.array([0.05, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2.5, 4])
    return s[:, None], 2.5 * s / (0.7 + s), 1e-12


def _shifted_power():
    x = np.linspace(1, 6, 11)
    return x[:, None], 4 + 1.5 * x**1.7, 1e-12


def _heat_transfer():
    r = np.random.default_rng(3)
    x = np.stack([10 ** r.uniform(4, 5.5, 100), 10 ** r.uniform(-0.15, 2, 100)], axis=1)
    y = 0.023 * x[:, 0] ** 0.8 * x[:, 1] ** 0.4
    return x, y * (1 + 0.05 * r.normal(size=100)), 0.08


@pytest.mark.slow
@pytest.mark.parametrize("make", [_mercury, _saturation, _shifted_power, _heat_transfer])
def test_tables_of_the_textbooks_give_their_law_and_it_lies_on_the_front(make):
    x, y, error = make()
    found = quietly(x, y)
    f = found.formula
    assert f in found.front
    assert f.error < error
    assert not any(
        g.complexity <= f.complexity and g.error < f.error for g in found.front if g is not f
    )
    assert found.cross_validated == (len(y) < 100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2])
def test_the_folds_do_not_choose_the_formula_of_few_rows(seed):
    table = longley.load_pandas().data
    f = quietly(table, "TOTEMP", seed=seed).formula
    assert f.text == "TOTEMP = -0.77748*ARMED - 1.471*UNEMP + 958.52*YEAR - 1.8014e+6"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_products_of_columns_of_both_signs_are_found(seed):
    r = np.random.default_rng(seed)
    x = r.normal(size=(300, 10))
    used = r.permutation(10)[:3]
    found = quietly(x, x[:, used].prod(axis=1), seed=seed)
    assert {str(s) for s in found.formula.expression.free_symbols} == {f"x{j + 1}" for j in used}
    assert found.formula.exact


@pytest.mark.slow
def test_power_laws_with_ordinary_noise_are_power_laws():
    done = [power_laws._trial(number) for number in range(10)]
    assert sum(d["product"] for d in done) == 10
    off = np.array([[d["deviation"], d["best"]] for d in done])
    assert np.median(off[:, 0] / off[:, 1]) < 1.1


def test_known_errors_weigh_the_rows():
    r = np.random.default_rng(4)
    x = 10 ** r.uniform(0, 1, (60, 1))
    sigma = np.where(np.arange(60) % 2, 0.01, 3.0)
    y = 3 * x[:, 0] ** 1.2 + sigma * r.normal(size=60)
    found = quietly(x, y, sigma=sigma)
    exponent = next(m for m in found.formula.measured if m.name == "exponent of x1")
    assert abs(exponent.value - 1.2) < 4 * exponent.error < 0.01
    assert found.formula.noise.startswith("the given errors, times ")
    with pytest.raises(ValueError, match="`sigma` must be above 0. Received: 0"):
        quietly(x, y, sigma=np.arange(60.0))
    with pytest.raises(ValueError, match=r"`sigma` must have the shape \(rows,\)"):
        quietly(x, y, sigma=sigma[:5])
