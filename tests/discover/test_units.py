"""Units are typeset as units, kept from the file, and the dimensions of a formula are checked."""

import numpy as np
import pytest
import sympy

from keras_addmul.discover.dimension_check import dimensions
from keras_addmul.discover.formula import Formula
from keras_addmul.discover.report.html_page import _mathml
from keras_addmul.discover.table.reading import read_csv

A, B, C = sympy.symbols("a b c")
AGREE = "The dimensions agree: every number of the formula is a pure number."


def made(expression, names=("a", "b", "c"), target="y"):
    return Formula(expression, names, target, "a test", 0.0, 1.0, True, 0.0)


@pytest.mark.parametrize(
    ("expression", "units", "said"),
    [
        (A * B**2 / 2, "kg m/s - J", AGREE),
        (A * B**2 * 5e-4, "kg m/s - kJ", AGREE),
        (3.6 * A, "m/s - - km/h", AGREE),
        (sympy.sqrt(A**2 + B**2), "V mV - V", AGREE),
        (A / (B + C), "V ohm kohm A", AGREE),
        (A * (1 - sympy.exp(-B / C)), "V s ms V", AGREE),
        (A + 273.15, "degC - - K", "273.15 is in K"),
        (2.5 * A**1.5 / sympy.sqrt(B), "m kg - s", "2.5 is in kg**0.5*s/m**1.5"),
        (A + 0.5 * B, "m s - m", "The dimensions agree if 0.5 is in m/s."),
        (A + B, "m s - m", "The dimensions do not agree: 1 would have to be in m/s."),
        (A * (B + 4.0 * C), "N m s J", "The dimensions agree if 4 is in m/s."),
        (A + B, "m parrot - m", ""),
        (A + B, "m - - m", ""),
    ],
)
def test_dimensions_are_checked_if_every_column_has_a_unit(expression, units, said):
    written = {name: unit for name, unit in zip("abcy", units.split(), strict=True) if unit != "-"}
    told = dimensions(made(expression), written)
    assert said in told if said else told == ""


def test_units_in_names_are_found_in_brackets_and_behind():
    mass, speed = sympy.Symbol("mass [kg]"), sympy.Symbol("v_m/s")
    names = ("mass [kg]", "v_m/s")
    assert dimensions(made(mass * speed**2 / 2, names, "E/J"), {}) == AGREE


def test_units_are_typeset_as_units():
    names = ("a [m/s^2]", "rate (1/s)", "f(x)", "T [\u00b0C]", "p [kg*m**-1]")
    symbols = [sympy.Symbol(name) for name in names]
    law = made(sympy.Mul(*symbols), names, "E [J]")
    for piece in (
        r"E\,[\mathrm{J}] = ",
        r"a\,[\mathrm{m/s^{2}}]",
        r"\mathrm{f(x)}",
        r"T\,[\mathrm{^{\circ}C}]",
        r"p\,[\mathrm{kg\cdot m^{-1}}]",
    ):
        assert piece in law.latex
    page = _mathml(law)
    for piece in (
        "<mrow><mi>E</mi><mtext>\u2009[J]</mtext></mrow><mo>=</mo>",
        "<mrow><mi>a</mi><mtext>\u2009[m/s\u00b2]</mtext></mrow>",
        "<mi>f(x)</mi>",
        "<mrow><mi>p</mi><mtext>\u2009[kg\u00b7m\u207b\u00b9]</mtext></mrow>",
    ):
        assert piece in page


def test_a_power_is_that_of_the_quantity_not_of_its_unit():
    speed, mass = sympy.Symbol("v [m/s]"), sympy.Symbol("m [kg]")
    law = made(mass * speed**2 / sympy.sqrt(mass), ("v [m/s]", "m [kg]"), "E [J]")
    assert law.latex == (
        r"E\,[\mathrm{J}] = \sqrt{m\,[\mathrm{kg}]} \left(v\,[\mathrm{m/s}]\right)^{2}"
    )
    row = "<mrow><mo>(</mo><mi>v</mi><mtext>\u2009[m/s]</mtext><mo>)</mo></mrow><mn>2</mn>"
    assert f"<msup>{row}</msup>" in _mathml(law)


@pytest.mark.parametrize(
    "text",
    [
        "m;v;E\n[kg];[m/s];[J]\n" + "".join(f"{i},5;{i * i}.5;{3 * i}\n" for i in range(12)),
        "m,v,E\n" + "".join(f"{i}.5 kg,{i * i} m/s,{3 * i} J\n" for i in range(12)),
    ],
    ids=["a row of units", "units behind the numbers"],
)
def test_units_in_a_file_are_kept(tmp_path, text):
    (tmp_path / "table.csv").write_text(text)
    table = read_csv(tmp_path / "table.csv", "E", leave_out=["v"])
    assert dict(table.units) == {"m": "kg", "v": "m/s", "E": "J"}
    np.testing.assert_array_equal(table.y, 3 * np.arange(12.0))
