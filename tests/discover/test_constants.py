"""Constants are named where the data can tell, and only there."""

import math

import numpy as np
import pytest
import sympy

from keras_addmul.discover.search.constants import recognize

TRUTHS = ["1/2", "2", "-3", "4/3", "2*pi", "1/(4*pi)", "-pi/2", "4*pi**2", "sqrt(2)/2", "7/16"]


@pytest.mark.parametrize("text", TRUTHS)
def test_simple_constants_are_named(text):
    value = float(sympy.sympify(text))
    assert sympy.sympify(recognize(value, 1e-8)) == sympy.sympify(text)
    assert sympy.sympify(recognize(value * (1 + 1e-6), 1e-6)) == sympy.sympify(text)


def test_a_number_that_is_not_simple_keeps_its_digits():
    assert recognize(6.6743, 1e-9) is None
    assert recognize(math.e, 1e-9) is None
    assert recognize(8.314462618e-7, 1e-9) is None


def test_a_value_off_by_more_than_its_error_is_not_named():
    assert recognize(0.5 * (1 + 5e-6), 1e-6) is None


@pytest.mark.parametrize("uncertainty", [1e-2, 1e-4, 1e-6, 1e-10])
def test_random_numbers_are_seldom_named(uncertainty):
    values = np.exp(np.random.default_rng(0).uniform(-3, 3, 2000))
    named = sum(recognize(value, uncertainty) is not None for value in values)
    # At a precision of p a constant of b bits is accepted where 2^b p is below 2 %.
    assert named < 0.05 * len(values)
