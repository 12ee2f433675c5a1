"""Kneser's solution against values that others published.

Two independent programs agree on the points of `kneser_base_e.csv` to 4.5e-35; there
`sexp(y) = superexp(y + 1)` and `slog(x) = superlog(x) - 1`.
"""

import csv

import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from tests import reference
from tests.special import truth

HALF_ITERATES = {
    "0": "0.49856328794111443467961909249313329400247186492242",
    "1": "1.64635423375119458097192403159211451820531164896904",
    "2": "3.43129811745375817618045849399876952295357429385",
    "10": "61.4861743673149141004383273",
}
SLOGS = {
    "0.5": "-0.49849837513116899712732121511037885697154317325483",
    "2": "0.70154560183187036575189039808089094938540078439822967853846454",
    "10": "1.8425417879229475398455854809675344225385484342143",
    "1e100": "3.529577841784754787225123622",
}
SLOPE = "1.0917673512583209918013845500271516443847311771937"
LOWEST_HALF_ITERATE = "-0.69602474088608417173296092502920405275724683287608"
TWO_AND_SEVEN = {
    "0": "9",
    "0.25": "10.33001123093147316",
    "0.5": "11.90401186698260055938510804",
    "1": "14",
}


def points():
    with (reference.DATA / "kneser_base_e.csv").open() as file:
        return [(row["fn"], row["x"], row["value"]) for row in csv.DictReader(file)]


def agrees(value, digits):
    """To thirty digits, or to as many as were published."""
    places = min(30, len(digits.lstrip("-").replace(".", "").lstrip("0")) - 1)
    return abs(value / mp.mpf(digits) - 1) <= mp.mpf(10) ** -places


def test_there_are_29_points():
    assert len(points()) == 29


@pytest.mark.parametrize(("name", "x", "value"), points())
def test_reference_equals_99_digits(name, x, value):
    kneser = reference.Kneser
    got = kneser.superexp(mp.mpf(x) + 1) if name == "sexp" else kneser.superlog(x) - 1
    assert agrees(got, value)


@pytest.mark.parametrize(("x", "value"), HALF_ITERATES.items())
def test_reference_has_the_published_half_iterates(x, value):
    assert agrees(reference.exp_iterate(x, "0.5"), value)


@pytest.mark.parametrize(("x", "value"), SLOGS.items())
def test_reference_has_the_published_slogs(x, value):
    assert agrees(reference.Kneser.superlog(x) - 1, value)


@pytest.mark.parametrize("v", [0, 1])
def test_reference_has_the_published_slope(v):
    assert agrees(reference.Kneser.superexp_slope(v), SLOPE)


def test_reference_half_iterate_tends_to_the_published_limit():
    assert agrees(reference.exp_iterate(-200, "0.5"), LOWEST_HALF_ITERATE)


@pytest.mark.parametrize(("n", "value"), TWO_AND_SEVEN.items())
def test_reference_has_the_published_operation_on_2_and_7(n, value):
    iterate = reference.exp_iterate
    order = mp.mpf(n)
    assert agrees(iterate(iterate(2, -order) + iterate(7, -order), order), value)


@pytest.mark.parametrize("name", ["sexp", "slog"])
def test_package_within_8_eps_of_99_digits(name):
    rows = [(float(x), mp.mpf(value)) for fn, x, value in points() if fn == name]
    x = np.array([row[0] for row in rows])
    if name == "sexp":
        got, want = special.superexp(x + 1), [row[1] for row in rows]
        units = [reference.superexp_unit(v + 1) for v in x]
    else:
        got, want = special.superlog(x), [row[1] + 1 for row in rows]
        units = None
    truth.assert_accurate(got, want, "float64", units, at=[x])


def test_package_within_8_eps_of_the_published_half_iterates():
    x = np.array([float(x) for x in HALF_ITERATES])
    want = [mp.mpf(value) for value in HALF_ITERATES.values()]
    units = [reference.unit(v, 0.5) for v in x]
    got = special.exp_iterate(x, 0.5)
    truth.assert_accurate(got, want, "float64", units, at=[x])


def test_package_within_8_eps_of_the_published_slogs():
    x = np.array([float(x) for x in SLOGS])
    want = [mp.mpf(value) + 1 for value in SLOGS.values()]
    truth.assert_accurate(special.superlog(x), want, "float64", at=[x])


def test_package_within_8_eps_of_the_published_slope():
    v = tf.constant([0.0, 1.0], "float64")
    with tf.GradientTape() as tape:
        tape.watch(v)
        y = special.superexp(v)
    truth.assert_accurate(tape.gradient(y, v), [mp.mpf(SLOPE)] * 2, "float64")


@pytest.mark.parametrize("x", [-1e3, -1e300, -np.inf])
def test_package_half_iterate_tends_to_the_published_limit(x):
    units = [reference.unit(-100, 0.5)]
    got = special.exp_iterate(np.array([x]), 0.5)
    truth.assert_accurate(got, [mp.mpf(LOWEST_HALF_ITERATE)], "float64", units)


@pytest.mark.parametrize(("n", "value"), TWO_AND_SEVEN.items())
def test_package_within_8_eps_of_the_published_operation_on_2_and_7(n, value):
    order = float(n)
    inner = [reference.exp_iterate(x, -order) for x in (2, 7)]
    # Errors of the inner iterates reach the result through the slope of the outer one.
    change = sum(reference.unit(x, -order) for x in (2, 7))
    change *= reference.exp_iterate_slope(sum(inner), order)
    unit = change + reference.unit(sum(inner), order)
    got = special.addmul(np.float64(2.0), np.float64(7.0), order)
    truth.assert_accurate(got, [mp.mpf(value)], "float64", [unit])
