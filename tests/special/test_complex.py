"""The Schroeder function and its iterates: definition, equation, ends, jumps, edges, slopes."""

import functools
import math
import re

import keras
import mpmath as mp
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.special import _schroeder_tables, koenigs
from keras_addmul.special._precompute import write_plane, write_schroeder
from tests.special import plane
from tests.special.modes import call
from tests.special.truth import EPS_ALLOWED

ORDERS = [-0.9, -0.5, 0.25, 0.5, 0.75 + 0.5j]
DTYPES = {"float32": "complex64", "float64": "complex128"}
SINGULAR = [0.0, 1.0, math.e, math.e**math.e]

by_dtype = pytest.mark.parametrize("dtype", DTYPES)


def numbers(result):
    if isinstance(result, tuple):
        return np.asarray(result[0]) + 1j * np.asarray(result[1])
    return np.asarray(result)


def pair(z, dtype="float64"):
    z = np.asarray(z, "complex128")
    return z.real.astype(dtype), z.imag.astype(dtype)


@functools.cache
def truth(n):
    """Iterates of all points, their slopes in z and n, and what one eps makes of each.

    An eps of z, of n and of log(L) n changes a result by its slope. Slopes bend likewise, where
    iterates, being functions of each other, have d2y/dzdn / (dy/dz) = d2y/dn2 / (dy/dn).
    """
    rows = []
    for z in plane.points().tolist():
        y = plane.iterate(z, n)
        (in_z, bend_z), (in_n, bend_n) = plane.slopes(plane.iterate, z, n)
        turn = (1 + abs(n)) * abs(bend_n / in_n)
        unit = abs(y) + abs(z * in_z) + (1 + abs(n)) * abs(in_n)
        unit_z = abs(in_z) * (1 + turn) + abs(z * bend_z)
        unit_n = abs(in_n) * (1 + turn) + abs(z * in_z * bend_n / in_n)
        rows.append([complex(v) for v in (y, in_z, in_n, unit, unit_z, unit_n)])
    return np.array(rows).T


@by_dtype
@pytest.mark.parametrize("n", ORDERS)
def test_iterates_are_the_limits_that_define_them(n, dtype):
    z = plane.points().astype(DTYPES[dtype])
    want, _, _, unit, *_ = truth(n)
    got = numbers(special.complex_exp_iterate(z, np.full(z.shape, n, DTYPES[dtype])))
    assert got.dtype == DTYPES[dtype]
    error = np.abs(got - want) / (np.finfo(dtype).eps * unit.real)
    assert np.max(error) < EPS_ALLOWED[dtype], z[np.argmax(error)]
    if dtype == "float64":
        assert np.quantile(np.abs(got - want) / (1 + np.abs(want)), 0.99) < 1e-12


def test_both_functions_are_the_limits_that_define_them():
    z = plane.points()
    want = np.array([complex(plane.chi(mp.mpmathify(v))) for v in z.tolist()])
    np.testing.assert_allclose(numbers(special.schroeder(z)), want, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(numbers(special.schroeder_inverse(want)), z, rtol=1e-11, atol=1e-13)


@by_dtype
def test_schroeders_equation_holds(dtype):
    z = plane.points()
    z = np.where(z.imag < 0, z.conj(), z)
    z = z[(z.imag > 0.1) & (z.imag < 3) & (z.real < 5)].astype(DTYPES[dtype])
    left, right = (numbers(special.schroeder(v)) for v in (np.exp(z), z))
    assert np.abs(left - koenigs.L * right).max() < 60 * np.finfo(dtype).eps


def test_published_values_are_met():
    # Of the authors' notebook, whose disc is good for four digits, and of its exact version.
    got = numbers(special.complex_exp_iterate(0.05j, 0.5))
    assert abs(got - (0.5209466080 - 0.2284965867j)) < 1e-9
    assert abs(numbers(special.schroeder(0.05j)) - (-1.55587194 - 1.74448268j)) < 1e-4


@by_dtype
@pytest.mark.parametrize("solution", ["schroeder", "kneser"])
def test_ends_are_exact(dtype, solution):
    z = np.append(plane.points(), [0.0, -1.0, 1.0]).astype(DTYPES[dtype])
    at = {n: numbers(special.complex_exp_iterate(z, n, solution)) for n in (0, 1, -1)}
    np.testing.assert_array_equal(at[0], z)
    small = np.abs(z.real) < 85  # else exp leaves the normal numbers of float32
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(at[1][small], np.exp(z[small]), rtol=4 * eps)
    known = z != 0
    principal = np.log(np.where(known, z, 1))
    want = np.where(principal.imag < _schroeder_tables.BRANCH, principal + 2j * np.pi, principal)
    if solution == "kneser":  # the cut is another curve below the axis
        further = at[-1].imag > np.pi
        assert np.all(z.imag[further] < 0)
        want = np.where(further, principal + 2j * np.pi, principal)
    np.testing.assert_allclose(at[-1][known], want[known], rtol=4 * eps, atol=eps)
    assert np.all(np.isfinite(at[-1]))


def test_it_jumps_where_the_docstring_says_and_nowhere_else():
    # A walk around each circle: steps of the function stay small but at the ray and the arcs.
    angles = np.linspace(-np.pi, np.pi, 4001)
    for size, arcs in {0.3: 0, 1.4: 1, 1.7: 1, 2.6: 0, 2.9: 1, 7.0: 0, 16.0: 1, 40.0: 0}.items():
        y = numbers(special.schroeder(size * np.exp(1j * angles)))
        steps = np.abs(np.diff(np.append(y, y[0])))
        jumps = angles[steps > 0.05]
        assert len(jumps) == 1 + arcs
        assert abs(jumps[0] - _schroeder_tables.BRANCH) < 0.002
        assert np.all(jumps[1:] < -0.05), jumps


@pytest.mark.parametrize("at", SINGULAR)
def test_singular_points_are_logarithms(at):
    # Rounding of the point itself is enlarged by one over the distance, and nothing else is.
    d = np.array([1e-3, 1e-6, 1e-9])
    for turn in (1j, 1.0, -1.0):
        z = at + d * turn
        want = [complex(plane.chi(mp.mpmathify(complex(v)))) for v in z]
        allowed = 4e-15 * np.maximum(1, at) / (d if at else np.ones(3))
        assert np.all(np.abs(numbers(special.schroeder(z)) - want) < allowed)


@functools.cache
def with_gradients(solution):
    def function(re, im, nr, ni):
        with tf.GradientTape() as tape:
            tape.watch((re, im, nr, ni))
            y = special.complex_exp_iterate((re, im), (nr, ni), solution)
        return y, tape.gradient(y[0], (re, im, nr, ni))

    return function


@by_dtype
def test_slopes_are_those_of_the_definition(dtype):
    z = plane.points()
    for n in ORDERS:
        order = pair(np.full(z.shape, n), dtype)
        _, grads = with_gradients("schroeder")(*map(tf.constant, (*pair(z, dtype), *order)))
        _, in_z, in_n, _, unit_z, unit_n = truth(n)
        for got, want, unit in ((grads[:2], in_z, unit_z), (grads[2:], in_n, unit_n)):
            got = np.asarray(got[0]) - 1j * np.asarray(got[1])  # d Re f = Re(f' dz)
            error = np.abs(got - want) / (np.finfo(dtype).eps * unit.real)
            assert np.max(error) < 2 * EPS_ALLOWED[dtype], n  # twenty-two sums of steps


@by_dtype
def test_slopes_are_exact_at_the_ends(dtype):
    z = pair(plane.points()[:40], dtype)
    for n, want in ((0, lambda z: 1 + 0 * z), (1, np.exp), (-1, lambda z: 1 / z)):
        order = pair(np.full(40, n), dtype)
        _, grads = with_gradients("schroeder")(*map(tf.constant, (*z, *order)))
        got = np.asarray(grads[0]) - 1j * np.asarray(grads[1])
        np.testing.assert_allclose(got, want(numbers(z)), rtol=40 * np.finfo(dtype).eps)
        assert np.all(np.asarray(grads[2])[:20] != 0)  # of the square: exp vanishes far left


EDGES = [0.0, 1e-300, 1e-40, 1.0, math.e, 15.154262, 90.0, 3814279.1, 1e38]


@by_dtype
@pytest.mark.parametrize("solution", ["schroeder", "kneser"])
def test_values_and_gradients_are_finite_at_every_finite_input(dtype, solution):
    sizes = np.array([*EDGES, koenigs.L.real, np.finfo(dtype).max])
    sizes = np.concatenate([-sizes, sizes])
    re, im = (np.ravel(v) for v in np.meshgrid(sizes, [*sizes, koenigs.L.imag]))
    for n in (0.0, 1.0, -1.0, 0.3, 40.0, 0.5 - 9j, 1e38):
        order = pair(np.full(re.shape, n), dtype)
        given = [tf.constant(v.astype(dtype)) for v in (re, im, *order)]
        y, grads = with_gradients(solution)(*given)
        for part in (*y, *grads):
            assert np.all(np.isfinite(part)), n


@pytest.mark.parametrize("solution", ["schroeder", "kneser"])
def test_xla_with_unknown_batch_agrees_with_eager(solution):
    z = plane.points()
    z = z[np.abs(z) < 8]  # beyond, exp overflows, and rounding decides the argument
    n = np.resize([0.0, 0.5, -0.5, 1.0, -0.8], z.shape)
    given = (*pair(z, "float32"), *pair(n, "float32"))
    function = with_gradients(solution)
    want, got = (tf.nest.flatten(call(m, function, *given)) for m in ("eager", "xla"))
    # Numbers beside 0, 1 and e are known to fewer digits, and slopes there to fewer still.
    distance = np.min(np.abs(z[:, None] - SINGULAR[:3]), axis=1)
    allowed = 1500 * np.finfo("float32").eps / np.minimum(distance, 1)
    for a, b in zip(got, want, strict=True):
        assert np.all(np.abs(a - b) < allowed * (1 + np.abs(b)))


def test_orders_broadcast_and_are_learned():
    z = tf.constant([[1.0 + 1.0j], [-2.0 + 0.5j]], tf.complex64)
    order = keras.Variable([0.2, 0.5, 0.9])
    with tf.GradientTape() as tape:
        y = special.complex_exp_iterate(z, order)
        loss = tf.reduce_sum(tf.abs(y))
    assert y.shape == (2, 3)
    assert tape.gradient(loss, order.value).shape == (3,)


def test_second_derivatives_are_those_of_the_first():
    re, im, n = (tf.constant([v], "float64") for v in (-0.7, 0.4, 0.5))

    def first(re, n):
        with tf.GradientTape() as tape:
            tape.watch((re, n))
            y = special.complex_exp_iterate((re, im), n)[0]
        return tape.gradient(y, (re, n))

    with tf.GradientTape(persistent=True) as tape:
        tape.watch((re, n))
        slopes = first(re, n)
    h = 1e-6
    for i, moved in enumerate(((h, 0), (0, h))):
        up, down = (first(re + s * moved[0], n + s * moved[1]) for s in (1, -1))
        for slope, a, b in zip(slopes, up, down, strict=True):
            got = tape.gradient(slope, (re, n)[i])
            np.testing.assert_allclose(got, (a - b) / (2 * h), rtol=1e-6)


@pytest.mark.parametrize(
    ("z", "dtype"),
    [
        (2, "complex128"),
        (2.0, "complex128"),
        (1j, "complex128"),
        ([1, 2], "complex128"),
        (np.array([1, 2]), "complex128"),
        (np.float32(2.0), "complex64"),
        (np.ones(2, "float16"), "complex64"),
        (np.ones(2, "complex64"), "complex64"),
        ((np.ones(2, "float32"), 0), "float32"),
        ((np.ones(2, "float16"), np.ones(2, "float16")), "float16"),
        (([2.0], [1.0]), "float64"),
    ],
)
def test_the_result_has_the_dtype_and_the_form_of_the_argument(z, dtype):
    y = special.complex_exp_iterate(z, 0.5)
    assert isinstance(y, tuple) == isinstance(z, tuple)
    first = y[0] if isinstance(y, tuple) else y
    assert keras.backend.standardize_dtype(first.dtype) == dtype


FUNCTIONS = {
    "z": [
        special.schroeder,
        special.complex_superlog,
        lambda z: special.complex_exp_iterate(z, 0.5),
    ],
    "v": [special.complex_superexp],
    "y": [special.schroeder_inverse],
    "n": [lambda n: special.complex_exp_iterate(1.0, n)],
}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("abc", "must hold complex numbers. Received"),
        (True, "must hold complex numbers. Received dtype: bool"),
        (None, "must hold complex numbers. Received: None"),
        ((1.0, 2.0, 3.0), r"must be a pair \(re, im\) .*Received: a tuple of 3"),
        ((1.0, 1j), "must hold real numbers in a pair. Received dtype: complex128"),
        (keras.Input((2,)), "must be a tensor that holds numbers"),
    ],
)
def test_what_holds_no_numbers_is_refused_by_its_name(value, message):
    for name, functions in FUNCTIONS.items():
        for function in functions:
            with pytest.raises(TypeError, match=f"Argument `{name}` {message}"):
                function(value)


def test_an_unknown_solution_lists_the_known_ones():
    with pytest.raises(
        ValueError, match="`solution` must be one of 'schroeder', 'kneser'. Received: 'abel'"
    ):
        special.complex_exp_iterate(1.0, 0.5, solution="abel")


def test_the_tables_are_what_their_script_writes():
    """But for the last digit, which hangs on the libraries that solve the equations."""
    number = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
    for script in (write_schroeder, write_plane):
        kept, fresh = script.TARGET.read_text(), script.text()
        assert number.sub("", kept) == number.sub("", fresh)
        both = ([float(v) for v in number.findall(text)] for text in (kept, fresh))
        np.testing.assert_allclose(*both, rtol=1e-13, atol=1e-16)
