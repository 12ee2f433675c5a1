"""Iterates of exp in the complex plane at seventy digits, from their definition as a limit.

    chi(z) = lim L^k (log^k(z) - L),    chi^-1(y) = lim exp^k(L + y / L^k)

After 160 steps the distance to L is about 1e-22, and the limits are reached to 21 digits.
"""

import functools

import mpmath as mp
import numpy as np

STEPS, LOWEST = 160, -1
DIGITS = 70


@functools.cache
def fixed_point():
    with mp.workdps(DIGITS):
        return mp.findroot(lambda z: mp.exp(z) - z, mp.mpc(0.318, 1.337))


def log(z):
    w = mp.log(z)
    return w + 2j * mp.pi if mp.im(w) < LOWEST else w


def chi(z):
    with mp.workdps(DIGITS):
        for _ in range(STEPS):
            z = log(z)
        return fixed_point() ** STEPS * (z - fixed_point())


def chi_inverse(y):
    with mp.workdps(DIGITS):
        z = fixed_point() + y / fixed_point() ** STEPS
        for _ in range(STEPS):
            z = mp.exp(z)
        return z


def iterate(z, n):
    with mp.workdps(DIGITS):
        return chi_inverse(mp.exp(fixed_point() * mp.mpmathify(n)) * chi(mp.mpmathify(z)))


def slopes(function, *at, step="1e-12"):
    """First and second derivatives in each argument, to about 20 digits."""
    with mp.workdps(DIGITS):
        h = mp.mpf(step)
        middle, out = function(*at), []
        for i in range(len(at)):
            up, down = (
                function(*(mp.mpmathify(a) + (s * h if j == i else 0) for j, a in enumerate(at)))
                for s in (1, -1)
            )
            out.append(((up - down) / (2 * h), (up - 2 * middle + down) / h**2))
        return out


def points(seed=0, number=28):
    """Points of the square |Re|, |Im| < 3, and of either sign and all sizes to 1e4, as complex64.

    None lies close to a jump: those have tests of their own.
    """
    rng = np.random.default_rng(seed)
    square = rng.uniform(-3, 3, number) + 1j * rng.uniform(-3, 3, number)
    sizes = 10 ** rng.uniform(-3, 4, number)
    z = np.concatenate([square, sizes[::2] * np.exp(1j * rng.uniform(-3, 3, number // 2))])
    z = np.concatenate([z, sizes[1::4], -sizes[::4]]).astype("complex64")
    return z[np.abs(np.angle(z) + 1) > 0.02].astype("complex128")
