"""What a user must know beside the formula is said: decades, outliers, twin columns, few rows."""

import numpy as np
import pytest
import sympy

from keras_addmul.discover import Formula, discover
from keras_addmul.discover.remarks import on_columns, on_residuals, on_structures
from keras_addmul.discover.scoring.decades import by_decade
from keras_addmul.discover.scoring.scores import outlying_rows, robust_r2


def quietly(x, y, **options):
    return discover(x, y, **{"verbose": 0, "baselines": False, **options})


def formula(text, names):
    expression = sympy.sympify(text)
    return Formula(expression, names, "y", "one product", 0.0, 1.0, False, 1.0)


def test_every_row_lies_in_one_decade_and_the_score_of_each_is_its_own(rng):
    y = -(10 ** rng.uniform(-3, 4, 500))
    told = y * (1 + np.where(np.abs(y) < 1, 0.5, 0.01))
    decades = by_decade(y, told)
    assert sum(d.rows for d in decades) == 500
    for d in decades:
        assert d.high == pytest.approx(10 * d.low)
        assert d.error == pytest.approx(0.5 if d.low < 1 else 0.01)
    assert by_decade([1.0, 50.0], [1.0, 50.0]) == []
    assert by_decade(np.zeros(3), np.ones(3)) == by_decade([1e-3, -1e3], [0.0, 0.0]) == []


def test_what_is_far_off_at_the_small_end_is_said_and_nothing_else(rng):
    y = np.geomspace(1e-3, 1e4, 70)
    (said,) = on_residuals(y, y + 0.02, "P")
    assert said.startswith("The formula is far off where P is small: in the median by ")
    assert "for 0.001 < |P| < 0.01" in said
    assert not list(on_residuals(y, y * (1 + 0.03 * rng.normal(size=70)), "P"))
    assert not list(on_residuals(y[-20:], y[-20:] + 1e-9, "P"))


@pytest.mark.parametrize("count", [1, 4])
def test_rows_that_rule_the_score_are_named_and_others_are_not(count, rng):
    y = rng.uniform(1, 2, 100)
    told = y + 0.01 * rng.normal(size=100)
    assert not len(outlying_rows(y, told))
    y[:count] += 30
    np.testing.assert_array_equal(outlying_rows(y, told), np.arange(count))
    assert robust_r2(y, told) > 0.99
    (said,) = on_residuals(y, told, "y")
    assert said.startswith("1 row rules" if count == 1 else "4 rows rule")
    assert "without them it is 0.99" in said


def test_twin_columns_are_named_with_what_the_rows_cannot_tell(rng):
    a, c = rng.uniform(1, 5, (2, 80))
    names, x = ("a", "b", "c"), np.stack([a, a * (1 + 1e-3 * rng.normal(size=80)), c], axis=1)
    (alone,) = on_columns(x, names, formula("a*c", names))
    assert "another formula with 'b' in the place of 'a' may fit" in alone
    (both,) = on_columns(x, names, formula("a**2/b", names))
    assert "what depends on one of them" in both
    assert not list(on_columns(x, names, formula("c**2", names)))
    assert not list(on_columns(x[:, 1:], names[1:], formula("b*c", names[1:])))


def test_what_was_not_tried_for_want_of_rows_is_said_and_numbers_held_fixed_do_not_count():
    (said,) = on_structures(1, 10)
    assert said.startswith("With 10 rows to learn from, larger formulas were not tried: ")
    assert "product and power of a linear sum" not in said
    assert not list(on_structures(3, 400))


LONGLEY = """83.0 234289 2356 1590 107608 1947 60323
88.5 259426 2325 1456 108632 1948 61122
88.2 258054 3682 1616 109773 1949 60171
89.5 284599 3351 1650 110929 1950 61187
96.2 328975 2099 3099 112075 1951 63221
98.1 346999 1932 3594 113270 1952 63639
99.0 365385 1870 3547 115094 1953 64989
100.0 363112 3578 3350 116219 1954 63761
101.2 397469 2904 3048 117388 1955 66019
104.6 419180 2822 2857 118734 1956 67857
108.4 442769 2936 2798 120445 1957 68169
110.8 444546 4681 2637 121950 1958 66513
112.6 482704 3813 2552 123366 1959 68655
114.2 502601 3931 2514 125368 1960 69564
115.7 518173 4806 2572 127852 1961 69331
116.9 554894 4007 2827 130081 1962 70551"""


@pytest.mark.slow
def test_sixteen_rows_of_six_columns_give_a_linear_law_and_name_what_goes_together():
    *x, y = np.array([line.split() for line in LONGLEY.splitlines()], float).T
    names = ["deflator", "gnp", "unemployed", "armed", "population", "year"]
    found = quietly(np.stack(x, axis=1), y, names=names, target="employed")
    expression = found.formula.expression
    assert all(sympy.diff(expression, s, 2) == 0 for s in expression.free_symbols)
    assert {"unemployed", "armed", "year"} <= {str(s) for s in expression.free_symbols}
    assert found.formula.error < 0.008
    notes = " ".join(found.table.notes)
    assert "The columns 'gnp' and 'year' go together" in notes
    assert "With 16 rows to learn from, larger formulas were not tried" in notes


@pytest.mark.slow
@pytest.mark.parametrize("size", [5, 40])
def test_outliers_hide_no_law_and_signed_columns_give_no_jumps_or_cosines(size):
    r = np.random.default_rng(0)
    x = r.normal(size=(150, 3))
    y = x[:, 0] * x[:, 1] ** 2 + 0.3 * x[:, 2] + 0.1 * r.normal(size=150)
    y[::50] += size
    found = quietly(x, y, names=["a", "b", "c"])
    a, b, c = sympy.symbols("a b c")
    told = sympy.expand(found.formula.expression)
    assert float(told.coeff(a * b**2)) == pytest.approx(1, abs=0.05)
    assert float(told.coeff(c)) == pytest.approx(0.3, abs=0.05)
    assert found.formula.noise.endswith("with outliers")
    assert found.robust_r2 > 0.9
    for f in found.front:
        assert not f.expression.atoms(sympy.Function)
    assert found.by_decade == []
