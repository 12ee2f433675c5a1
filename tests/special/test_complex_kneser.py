"""Kneser's solution in the plane: real on the axis, its equation, reference values, sheets."""

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import special
from keras_addmul.special import _plane_tables, koenigs
from tests.special.test_complex import numbers, with_gradients

# Of a solution of Cauchy's integral equation in forty digits, made apart from the tables.
SUPEREXP = {
    0.5 + 0.3j: 0.497469230824084390 + 0.282708533773033109j,
    1.25 + 0.5j: 1.18580228401858713 + 0.599266015236519590j,
    -0.5 + 1j: -0.0497518523027990635 + 1.04456419817681416j,
    2.5 + 0.2j: 4.79153893853170330 + 1.53951287513691264j,
    -1.5 + 0.1j: -0.350774901882328933 + 2.86937281740232583j,
    0.3 + 2j: 0.368188842214031104 + 1.19173950083008911j,
}
HALF_LOG = {
    -10: 0.0894701742300188123 + 6.71996505133593371j,
    -2: -1.65902275159555720 + 3.25159904660495459j,
    -1: -1.95881837915991432 + 2.09524927045990805j,
    -0.5: -2.0472408479459045 + 1.11971092078748515j,
    -0.1: -1.65210050772216651 - 0.525731020661166532j,
}
SQUARE = np.random.default_rng(1).uniform((-4, -7), (4, 7), (300, 2)) @ [1, 1j]


def test_published_values_are_met_and_conjugate_at_conjugate_numbers():
    v, want = np.array(list(SUPEREXP)), np.array(list(SUPEREXP.values()))
    np.testing.assert_allclose(numbers(special.complex_superexp(v)), want, rtol=1e-14)
    np.testing.assert_allclose(numbers(special.complex_superexp(v.conj())), want.conj(), rtol=1e-14)
    x, want = np.array(list(HALF_LOG), "float64"), np.array(list(HALF_LOG.values()))
    got = numbers(special.complex_exp_iterate(x, -0.5, "kneser"))
    np.testing.assert_allclose(got, want, rtol=1e-13)
    first = _plane_tables.PLANE["float64"]["theta"][0]
    assert abs(first - (0.00385157873541120442 - 0.0905647779541168204j)) < 1e-17


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_pair_inverts_itself(dtype):
    z = SQUARE.astype({"float32": "complex64", "float64": "complex128"}[dtype])
    v = special.complex_superlog(z)
    error = np.abs(numbers(special.complex_superexp(v)) - z) / (1 + np.abs(z))
    # The slope of superexp, 1e3 where results are 10, times the rounding of the superlogarithm.
    assert np.max(error) < 1e4 * np.finfo(dtype).eps


def test_abels_equation_holds():
    v = numbers(special.complex_superlog(SQUARE))
    left, right = (numbers(special.complex_superexp(u)) for u in (v + 1, v))
    error = np.abs(left - np.exp(right)) / (1 + np.abs(left))
    assert np.quantile(error, 0.99) < 1e-11
    assert np.max(error) < 1e-10


def test_it_is_the_real_solution_on_the_axis_and_next_to_it():
    x = np.concatenate([-np.geomspace(1e-3, 30, 40), np.geomspace(1e-3, 1e4, 60)])
    s = special.superlog(x).numpy()
    for found, known in (
        (special.complex_superlog(x), s),
        (special.complex_superexp(s), special.superexp(s)),
        (special.complex_exp_iterate(x[40:], 0.5, "kneser"), special.exp_iterate(x[40:], 0.5)),
    ):
        np.testing.assert_allclose(numbers(found), np.asarray(known), rtol=1e-11, atol=1e-14)
        assert np.all(numbers(found).imag == 0)
    beside = numbers(special.complex_superlog(x + 1e-13j))
    np.testing.assert_allclose(beside, s, rtol=0, atol=1e-10)


def test_both_sides_of_every_seam_agree():
    x = np.linspace(-0.9, 3.2, 60)
    for height in (_plane_tables.EXP_HEIGHT, 1e-12):
        v = x + 1j * height
        up, down = (numbers(special.complex_superexp(v * [[f]])) for f in (1 + 1e-13, 1 - 1e-13))
        np.testing.assert_allclose(up, down, rtol=1e-10, atol=1e-12)
    v = x + 1j * _plane_tables.LOG_HEIGHT
    z = numbers(special.complex_superexp(v))[x < 2]
    found = numbers(special.complex_superlog(z))
    np.testing.assert_allclose(numbers(special.complex_superexp(found)), z, rtol=1e-11)


def test_negative_numbers_have_smooth_iterates_between_their_ends():
    x = -np.geomspace(0.01, 100, 30)
    n = np.linspace(-1, 0, 201)
    y = numbers(special.complex_exp_iterate(x[:, None] + 0 * n, n, "kneser"))
    np.testing.assert_array_equal(y[:, -1], x)
    np.testing.assert_allclose(y[:, 0], np.log(-x) + 1j * np.pi, rtol=1e-14)
    steps = np.abs(np.diff(y, axis=1))
    # Nothing jumps: no step is far from the one before.
    assert np.all(np.abs(np.diff(steps, axis=1)) < 0.2 * np.max(steps, axis=1, keepdims=True))
    back = numbers(special.complex_exp_iterate(y, -n, "kneser"))
    inside = np.abs(back - x[:, None]) < 1e-8 * (1 + np.abs(x[:, None]))
    assert np.mean(inside) > 0.95


def test_slopes_are_differences():
    z = np.concatenate([SQUARE[:60], [-2.0, -0.3, 0.4, 2.5]])
    n = np.resize([-0.5, 0.4, 0.8], z.shape)
    y, grads = with_gradients("kneser")(*map(tf.constant, (z.real, z.imag, n, 0 * n)))
    h = 1e-6
    for got, dz, dn in ((grads[:2], h, 0), (grads[2:], 0, h)):
        up, down = (
            numbers(special.complex_exp_iterate(z + s * dz, n + s * dn, "kneser")) for s in (1, -1)
        )
        want = (up - down) / (2 * h)
        got = np.asarray(got[0]) - 1j * np.asarray(got[1])
        error = np.abs(got - want) / (1 + np.abs(want))
        assert np.quantile(error, 0.97) < 1e-6
    assert np.all(np.isfinite(numbers(y)))


def test_the_fixed_point_and_the_series_belong_to_the_same_solution():
    v = np.array([0.3 + 1.0j, 1.4 + 2.0j])
    y = numbers(special.complex_superexp(v))
    chi = numbers(special.schroeder(y))
    moved = numbers(special.schroeder(numbers(special.complex_superexp(v + 0.5))))
    # One step of the superfunction is a turn by L, up to the small periodic part.
    assert np.all(np.abs(moved / chi / koenigs.L**0.5 - 1) < 0.01)
