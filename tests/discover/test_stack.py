"""The stack in closed form: what the layers compute, its slopes, its training, its snapping."""

import numpy as np
import pytest

from keras_addmul.discover.keras_model import network_of
from keras_addmul.discover.search.candidates import weightings
from keras_addmul.discover.search.description import EXPONENTS
from keras_addmul.discover.search.levenberg_marquardt import minimize
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.snapping import Fit, snap
from keras_addmul.discover.search.stack import Inputs, Stack
from keras_addmul.discover.search.structures import growing

POSITIVE = np.random.default_rng(0).uniform(0.5, 2.0, (40, 3))
SIGNED = np.where(np.random.default_rng(1).random((40, 3)) < 0.3, -POSITIVE, POSITIVE)
SHAPES = [Stack((1,), 3), Stack((3,), 3), Stack((2, 2), 3), Stack((1, 3), 3)]


def settings(stack, rng, count=3):
    """Parameters without rounded numbers; sums that stay away from zero."""
    exponents = rng.normal(size=(count, stack.terms, stack.columns))
    coefficients = rng.uniform(0.5, 1.5, (count, stack.terms))
    powers = rng.choice([1.0, -1.0, 0.5, 2.0], (count, len(stack.sums)))
    return stack.join(exponents, coefficients, powers)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_relative_errors_are_tried_for_targets_of_one_sign_over_a_decade(sign):
    assert weightings(sign * np.array([1.0, 5.0, 10.1])) == (True, False)
    for y in ([1.0, 5.0, 9.9], [1.0, -5.0, 10.1], [0.0, 0.0, 0.0]):
        assert weightings(sign * np.array(y)) == (False,)


@pytest.mark.parametrize("stack", SHAPES, ids=str)
@pytest.mark.parametrize("x", [POSITIVE, SIGNED], ids=["positive", "signed"])
def test_slopes_are_those_of_the_values(stack, x, rng):
    inputs, parameters, h = Inputs.of(x), settings(stack, rng), 1e-7
    values, slopes = stack.slopes(parameters, inputs)
    np.testing.assert_array_equal(values, stack.values(parameters, inputs))
    positive = (stack._forward(parameters, inputs)[1] > 0).all(axis=-1)
    assert not slopes[:, stack.first_power :][~positive].any()
    powers = stack.first_power + np.flatnonzero(positive.all(axis=0))
    for k in [*range(stack.first_power), *powers]:
        step = h * np.eye(stack.size)[k]
        up, down = stack.values(parameters + step, inputs), stack.values(parameters - step, inputs)
        # Where a sum changes sign within the step, its power has no slope.
        near = np.isclose((up - down) / (2 * h), slopes[:, k], rtol=1e-4, atol=1e-6)
        assert near.mean() > 0.97


@pytest.mark.parametrize("stack", SHAPES, ids=str)
def test_the_closed_form_is_what_the_layers_compute(stack, rng):
    for x in (POSITIVE, SIGNED):
        exponents = np.round(2 * rng.normal(size=(stack.terms, 3)))
        exponents[-1] = 0.0 if stack.terms > 1 else exponents[-1]
        coefficients = rng.uniform(0.5, 1.5, stack.terms)
        powers = np.array([1.0, -1.0])[: len(stack.sums)]
        parameters = stack.join(exponents, coefficients, powers)
        y = stack.values(parameters[None], Inputs.of(x))[0]
        scaled = Scaled.of(x, y)
        fit = Fit(stack, parameters, np.zeros(stack.size, bool), 0.0, 0.0, 0.0)
        model = network_of(fit, scaled, np.arange(3), 3)
        wanted = stack.values(parameters[None], scaled.inputs)[0] * scaled.y_scale
        got = model(x.astype("float32")).numpy()[:, 0]
        # float32, and of a ratio's denominator what cancels in its sum
        near = np.abs(got - wanted) <= 1e-4 * np.abs(wanted).max()
        assert near.mean() > 0.9, stack
        np.testing.assert_allclose(np.median(np.abs(got / wanted - 1)), 0.0, atol=2e-6)


def test_training_reaches_rounding_and_leaves_what_may_not_move():
    stack = Stack((1,), 3)
    truth = stack.join(np.array([[1.5, -0.5, 0.0]]), np.array([2.0]), np.array([1.0]))
    inputs = Inputs.of(POSITIVE)
    y = stack.values(truth[None], inputs)[0]
    start = np.zeros((4, stack.size))
    start[:, -2:] = 1.0
    free = np.ones(start.shape, bool)
    free[:, -1] = False
    free[3, 0] = False
    found, cost = minimize(stack, start, free, inputs, y, np.ones(40), 50)
    np.testing.assert_allclose(found[:3], np.tile(truth, (3, 1)), atol=1e-12)
    assert cost[:3].max() < 1e-24 < cost[3]
    assert found[3, 0] == 0.0
    assert np.all(found[:, -1] == 1.0)


def test_a_start_without_a_finite_value_harms_no_other():
    stack = Stack((2,), 1)
    inputs = Inputs.of(np.array([[0.0], [1.0], [2.0], [3.0]]))
    start = stack.join(
        np.array([[[-300.0], [400.0]], [[1.0], [0.0]]]), np.ones((2, 2)), np.ones((2, 1))
    )
    start[0, 0] = np.nan
    free = np.ones(start.shape, bool)
    y = np.array([1.0, 2.0, 3.0, 4.0])
    _, cost = minimize(stack, start, free, inputs, y, np.ones(4), 10)
    assert np.isinf(cost[0])
    assert cost[1] < 1e-20


def test_snapping_finds_the_simplest_form_and_drops_what_is_not_needed(rng):
    stack = Stack((3,), 3)
    inputs = Inputs.of(rng.uniform(0.5, 2.0, (300, 3)))
    exact = stack.join(
        np.array([[1.0, -1.0, 0.0], [0.0, 0.5, 2.0], [0.0, 0.0, 0.0]]),
        np.array([1.3, 0.7, 0.0]),
        np.array([1.0]),
    )
    y = stack.values(exact[None], inputs)[0] + 1e-3 * rng.normal(size=300)
    near = exact + 0.02 * rng.normal(size=stack.size)
    near[-1] = 1.0
    free = np.ones(stack.size, bool)
    free[-1] = False
    fit = snap(Fit.of(stack, near, free, 1.0, 300), inputs, y, np.ones(300))
    assert fit.settled
    assert fit.stack.sums == (2,)
    exponents, coefficients, _ = fit.stack.split(fit.parameters)
    rows = np.lexsort(exponents.T)
    np.testing.assert_array_equal(exponents[rows], [[1.0, -1.0, 0.0], [0.0, 0.5, 2.0]])
    np.testing.assert_allclose(coefficients[rows], [1.3, 0.7], atol=2e-3)


def test_structures_grow_and_no_more_than_the_rows_can_tell():
    sizes = [s.stack.terms for s in growing(2, 1000)]
    assert sizes[0] == 1
    assert max(sizes) == 7
    assert max(s.numbers for s in growing(8, 30)) <= 15
    # Exponents that are held are no numbers to fit: a linear law of 6 columns needs 14 rows.
    assert "linear" in {s.name for s in growing(6, 14)}
    assert "product and power of a linear sum" in {s.name for s in growing(1, 9)}
    assert growing(50, 8)


@pytest.mark.parametrize("structure", growing(3, 1000), ids=lambda s: f"{s.name} {s.stack.sums}")
def test_every_start_has_a_value_and_what_is_known_is_held(structure):
    stack = structure.stack
    for x in (POSITIVE, SIGNED):
        y = np.abs(x).sum(axis=1)
        start, free = structure.starts(16, Inputs.of(x), y, np.random.default_rng(1))
        assert start.shape == free.shape == (16, stack.size)
        assert np.isfinite(stack.values(start, Inputs.of(x))).mean() > 0.9
        exponents, _, powers = stack.split(start)
        loose, _, moving = stack.split(free)
        assert not moving.any()
        assert all(set(powers[:, g]) <= set(c) for g, c in enumerate(structure.powers))
        for g in np.flatnonzero(structure.constant):
            last = np.flatnonzero(stack.owner == g)[-1]
            assert not exponents[:, last].any()
            assert not loose[:, last].any()


def test_simple_exponents_come_in_pairs_and_a_quotient_costs_half_a_bit_more():
    assert {-e for e in EXPONENTS} == set(EXPONENTS)
    for e in (e for e in EXPONENTS if e > 0):
        assert 0 < EXPONENTS[-e] - EXPONENTS[e] <= 1.0, e


@pytest.mark.parametrize("power", [-1.5, -0.5, 0.5, 2.5])
def test_the_root_of_a_negative_sum_is_nothing_whatever_the_coefficient(power):
    stack = Stack((1,), 1)
    parameters = np.array([[1.0, -1e32, power], [1.0, -1.0, power]])
    assert not stack.values(parameters, Inputs.of(np.array([[0.5], [2.0]]))).any()
