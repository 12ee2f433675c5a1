"""A formula in other languages answers as the formula does."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import sympy
from openpyxl.formula import Tokenizer

from keras_addmul.discover.forms.column_identifiers import identifiers
from keras_addmul.discover.forms.spreadsheet import cell_formula
from keras_addmul.discover.report import files
from tests.discover.test_report import COST, MASS, RADIUS, X, discovery

# Sums in powers, roots, negative and decimal exponents, named numbers, and functions.
EXPRESSIONS = [
    MASS / RADIUS**2,
    -(MASS**2) + sympy.Float("-1.25e-13") * COST**1.37 - 3,
    2 * sympy.pi * sympy.sqrt(MASS**3 / RADIUS),
    (MASS - COST) ** 2 / (MASS + RADIUS) ** sympy.Rational(2, 3),
    sympy.Float("2.5e30") / (-MASS) ** 3 + (MASS**RADIUS) ** COST + MASS ** (RADIUS**-COST),
    sympy.Rational(1, 3) * sympy.exp(-MASS / RADIUS) + sympy.log(COST) * abs(MASS - COST) + sympy.E,
    sympy.sqrt(MASS) * RADIUS**2 / (sympy.sqrt(MASS) * RADIUS + 1) ** 2,
    sympy.Float("7.5"),
]


def as_spreadsheets_do(text, values):
    """Computes what is in a cell: unary minus binds most, and powers from the left."""
    tokens = [t for t in Tokenizer(text).items if t.type != "WHITE-SPACE"]
    columns = {chr(65 + place): value for place, value in enumerate(values)}
    functions = {
        "SQRT": np.sqrt, "EXP": np.exp, "LN": np.log, "ABS": np.abs, "PI": lambda: np.pi,
    }  # fmt: skip
    binding = {"+": 1, "-": 1, "*": 2, "/": 2, "^": 3}
    operate = {
        "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "^": np.power,
    }  # fmt: skip

    def one():
        token = tokens.pop(0)
        if token.type == "OPERATOR-PREFIX":
            return -one() if token.value == "-" else one()
        if token.type == "PAREN":
            inner = several(0)
            tokens.pop(0)
            return inner
        if token.type == "FUNC":
            given = (
                [] if tokens[0].type == "FUNC" and tokens[0].subtype == "CLOSE" else [several(0)]
            )
            tokens.pop(0)
            return functions[token.value.rstrip("(")](*given)
        if token.subtype == "RANGE":
            assert re.fullmatch(r"[A-Z]2", token.value)
            return columns[token.value[0]]
        return float(token.value)

    def several(least):
        left = one()
        while tokens and tokens[0].type == "OPERATOR-INFIX" and binding[tokens[0].value] > least:
            operator = tokens.pop(0).value
            left = operate[operator](left, several(binding[operator]))
        return left

    told = several(0)
    assert not tokens
    return told


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_a_spreadsheet_computes_what_the_formula_does(expression):
    made = discovery(np.arange(80.0), expression).formula
    told = as_spreadsheets_do(made.spreadsheet, X.T)
    np.testing.assert_allclose(np.broadcast_to(told, 80), made(X), rtol=1e-12)


def test_the_reader_of_cells_reads_as_spreadsheets_do():
    assert as_spreadsheets_do("=-2^2", []) == 4
    assert as_spreadsheets_do("=2^3^2", []) == 64
    assert as_spreadsheets_do("=1-2-3*4/8", []) == -2.5


def test_a_function_that_spreadsheets_lack_gives_no_cell():
    assert cell_formula(sympy.gamma(MASS), ["mass [kg]"]) is None


def test_the_file_runs_alone_with_numpy_only(tmp_path):
    found = discovery(X[:, 0] ** 2, *EXPRESSIONS[:2], notes=('A "note".',))
    (tmp_path / "formula.py").write_text(files.source(found), encoding="utf-8")
    script = (
        "import json, sys\n"
        "sys.path.insert(0, '.')\n"
        "import formula\n"
        "x = json.load(sys.stdin)\n"
        "told = formula.formula(*formula.numpy.transpose(x))\n"
        "loaded = {m.split('.')[0] for m in sys.modules}\n"
        "assert not loaded & {'keras_addmul', 'tensorflow', 'keras', 'sympy', 'pandas'}\n"
        "outside = formula.outside(3, 9, 3)\n"
        "print(json.dumps([told.tolist(), formula.TARGET, formula.RANGES, outside]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        input=json.dumps(X.tolist()), cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told, target, ranges, outside = json.loads(done.stdout)
    np.testing.assert_allclose(told, found.formula(X), rtol=1e-15)
    assert (target, list(ranges), outside) == ("F", list(found.table.names), ["r_0 <b>&"])
    done = subprocess.run(
        [sys.executable, "-I", "formula.py", "2", "2", "9"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, second = done.stdout.splitlines()
    assert float(first.removeprefix("F = ")) == pytest.approx(found.formula([[2, 2, 9]])[0])
    assert second.startswith("This extrapolates: cost $ is outside ")


@pytest.mark.parametrize(
    "names",
    [
        ["a", "b"],
        ["mass [kg]", "mass (kg)", "mass_kg", "mass kg"],
        ["", " ", "%", "\u00b5", "\u03bc", "1", "2nd"],
        ["class", "class_", "numpy", "formula", "None"],
        ["x\u00b2", "x2", "\ufb01eld", "field", "T/\u00b0C"],
    ],
)
def test_every_name_gets_an_identifier_of_its_own(names):
    given = identifiers(names)
    scope = {}
    exec(f"def formula({', '.join(given)}): return [{', '.join(given)}]", scope)
    assert scope["formula"](*range(len(names))) == list(range(len(names)))
    assert all(new == old for new, old in zip(given, names, strict=True) if old in ("a", "b", "x2"))
