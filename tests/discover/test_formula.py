"""A formula is called, printed, and taken away as Python."""

import dataclasses
import re
import time

import numpy as np
import pytest
import sympy

from keras_addmul.discover.formula import Formula, expression_of
from keras_addmul.discover.report.html_page import _mathml
from keras_addmul.discover.search.constants import Constant
from keras_addmul.discover.search.stack import Stack

A, B = sympy.symbols("a b")
X = np.random.default_rng(0).uniform(0.5, 2.0, (50, 2))


def formula(expression, names=("a", "b"), target="y"):
    return Formula(expression, names, target, "a test", 0.0, 1.0, True, 0.0)


def test_called_on_rows_in_the_order_of_the_columns():
    np.testing.assert_allclose(formula(A / B)(X), X[:, 0] / X[:, 1])
    np.testing.assert_allclose(formula(sympy.Integer(3))(X), np.full(50, 3.0))


def test_wrong_shape_is_told_with_the_columns():
    with pytest.raises(ValueError, match=r"shape \(rows, 2\).*'a', 'b'.*Received.*\(50, 1\)"):
        formula(A)(X[:, :1])


def test_python_is_source_that_answers_the_same():
    for expression in (
        A * sympy.sqrt(B) / (2 * sympy.pi),
        A**2 - sympy.Float("1.234567890123") / B,
    ):
        scope = {}
        exec(formula(expression).python, scope)
        np.testing.assert_allclose(scope["formula"](*X.T), formula(expression)(X), rtol=1e-14)


def test_names_that_python_does_not_take():
    names = ("mass [kg]", "lambda")
    mass, wave = map(sympy.Symbol, names)
    made = formula(mass * wave, names, "E/J")
    scope = {}
    exec(made.python, scope)
    np.testing.assert_allclose(scope["formula"](*X.T), X[:, 0] * X[:, 1])
    assert "def formula(mass_kg, lambda_):\n    # mass_kg: mass [kg]\n" in made.python
    assert made.text == "E/J = lambda*mass [kg]"
    np.testing.assert_allclose(made(X), X[:, 0] * X[:, 1])


def test_columns_named_like_what_the_source_uses():
    names = ("pi", "sqrt", "numpy", "column_3", "formula", "class")
    pi, sqrt, module, third, own, word = map(sympy.Symbol, names)
    made = formula(sympy.pi * pi + sympy.sqrt(sqrt) * module - third * own**word, names)
    x = np.random.default_rng(0).uniform(0.5, 2.0, (20, 6))
    scope = {}
    exec(made.python, scope)
    expected = np.pi * x[:, 0] + np.sqrt(x[:, 1]) * x[:, 2] - x[:, 3] * x[:, 4] ** x[:, 5]
    np.testing.assert_allclose(scope["formula"](*x.T), expected, rtol=1e-14)
    np.testing.assert_allclose(made(x), expected, rtol=1e-14)


def test_text_and_latex():
    made = formula(sympy.Float("0.123456789") * A / B**2)
    assert made.text == "y = 0.123457*a/b**2"
    assert made.latex == r"y = \frac{0.123457 a}{b^{2}}"


def test_numbers_are_shown_to_six_digits_and_not_one_more():
    for value, digits in (
        ("768680.123", "768680"),
        ("123456.7", "123457"),
        ("100000", "100000"),
        ("76868.01", "76868.0"),
        ("2.0000001", "2.0"),
    ):
        made = formula(sympy.Float(value) * A + B**2 / 100000)
        told = made.text, made.latex, _mathml(made)
        assert all(re.search(rf"(?<![\w.]){re.escape(digits)}(?![\w.])", said) for said in told)


def test_names_in_latex_are_escaped():
    names = ("period_days", "x2", "50 %")
    days, x2, share = map(sympy.Symbol, names)
    made = formula(days * x2 + share, names, "T")
    assert made.latex == r"T = \mathrm{50\ \%} + \mathrm{period\_days} x_{2}"


def test_more_complex_is_longer():
    assert formula(A).complexity < formula(A * B).complexity < formula(A * B + B**2).complexity


def read(exponents, powers=(1.0,), sums=(1,), names=("1",)):
    stack = Stack(sums, 2)
    exponents = np.array(exponents, float)
    parameters = stack.join(exponents, np.ones(len(exponents)), np.array(powers))
    constants = [Constant(1.0, 1e-10, name) for name in names]
    return expression_of(
        stack,
        parameters,
        constants,
        ("a", "b"),
    )


def test_a_root_is_drawn_once():
    assert str(read([[0.5, -0.5]])) == "sqrt(a/b)"
    assert str(read([[1.5, -0.5]])) == "sqrt(a**3/b)"
    assert str(read([[1.0, -2 / 3]])) == "a/b**(2/3)"


def test_sums_products_and_ratios_are_written_short():
    two = {"sums": (2,), "names": ("1/2", "1/2")}
    assert str(read([[1, 0], [1, 2]], **two)) == "a*(b**2 + 1)/2"
    ratio = read([[1, 0], [1, 0], [0, 1]], (1.0, -1.0), (1, 2), ("2*pi", "1", "-1"))
    assert sympy.simplify(ratio - 2 * sympy.pi * A / (A - B)) == 0


def test_huge_exponents_and_coefficients_are_written_at_once():
    # Such fits come up in a search for the mileage of cars; sympy.factor takes 20 s for this one.
    names = ("acceleration", "cylinders", "horsepower", "origin", "weight", "year")
    exponents = np.array(
        [[100.28, 0, 196.48, 0, 0, 0], [0, 30.694, 0, 112.54, 176.44, 780.05]], float
    )
    stack = Stack((2,), len(names))
    parameters = stack.join(exponents, np.ones(2), np.ones(1))
    constants = [Constant(1.014e304, 1e-2), Constant(1.0, 1e-10, "1")]
    begun = time.process_time()
    told = expression_of(stack, parameters, constants, names)
    assert time.process_time() - begun < 4
    assert len(told.args) == 2


def test_constants_keep_their_digits_and_the_text_rounds_them():
    stack = Stack((1,), 2)
    parameters = stack.join(np.zeros((1, 2)), np.ones(1), np.ones(1))
    told = expression_of(stack, parameters, [Constant(1.23456789012, 1e-3)], ("a", "b"))
    assert float(told) == 1.23456789012
    made = dataclasses.replace(formula(told * A), digits=5)
    assert made.text == "y = 1.2346*a"
    assert made(X)[0] == 1.23456789012 * X[0, 0]
