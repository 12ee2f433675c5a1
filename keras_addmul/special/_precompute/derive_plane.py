"""Continues Kneser's solution from its series on the real axis to the complex plane.

In the upper half plane the superexponential T is a function of the Schroeder function chi:

    log(chi(T(v))) / L = v + theta(v),    theta(v) = sum_k c_k exp(2 pi i k v)

and the superlogarithm is u + sum_k d_k exp(2 pi i k u), with u = log(chi(z)) / L - c_0. The
coefficients are Fourier integrals over one period, at a height where the series of T has all
digits. Closer to the axis T and S are polynomials: T of v - 1 on 0.5 <= Re v <= 1.5, by its
Taylor series, and S of (w - MIDDLE) / WIDTH on the image of a rectangle, by least squares.
"""

import mpmath as mp

from keras_addmul.special._precompute.derive_schroeder import Schroeder

__all__ = ["Plane"]

HEIGHT = mp.mpf("0.3")
SAMPLES = 64
MIDDLE, WIDTH = mp.mpf("0.85"), mp.mpf("0.75")
LEFT, RIGHT, TOP = mp.mpf("0.22"), mp.mpf("1.42"), mp.mpf("0.37")


class Plane:
    """The coefficients, in mpmath's current precision.

    Args:
        series: Chebyshev coefficients of T(1 + t / 2) on [-1, 1], lowest first.

    Attributes:
        taylor: Coefficients of T in powers of v - 1.
        theta: The c_k.
        inverse: The d_k from k = 1.
    """

    def __init__(self, series):
        self.schroeder = Schroeder(50)
        self.taylor = _monomials(series)
        limit = self.schroeder.limit
        points = [mp.mpc(mp.mpf(j) / SAMPLES + 0.5, HEIGHT) for j in range(SAMPLES)]
        values = [self._psi(v) - v for v in points]
        values[0] += 2j * mp.pi / limit  # so that c_0 is 2.96 + 0.14i
        # Along the period psi moves from one sheet of the logarithm to the next.
        period = 2j * mp.pi / limit
        for j in range(1, SAMPLES):
            values[j] += period * mp.nint(mp.re((values[j - 1] - values[j]) / period))
        size = mp.mpf(1) / SAMPLES
        self.theta = [
            size * mp.fsum(t * mp.expjpi(-2 * k * v) for v, t in zip(points, values, strict=True))
            for k in range(12)
        ]
        self.inverse = [self._inverse(k, points, values) for k in range(1, 12)]

    def superexp(self, v):
        """T(v) at Im v up to 0.5."""
        if mp.re(v) > 1.5:
            return mp.exp(self.superexp(v - 1))
        if mp.re(v) < 0.5:
            return mp.log(self.superexp(v + 1))
        return mp.polyval(self.taylor[::-1], v - 1)

    def superlog_series(self, degree):
        """Coefficients of S in powers of (w - MIDDLE) / WIDTH, and the largest error."""
        edge = [mp.mpc(LEFT + (RIGHT - LEFT) * _knot(j, 90), TOP) for j in range(91)]
        edge += [mp.mpc(x, TOP * _knot(j, 60)) for x in (LEFT, RIGHT) for j in range(30, 61)]
        rows = [(self.superexp(v) - MIDDLE) / WIDTH for v in edge]
        matrix = mp.matrix(2 * len(edge), degree + 1)
        right = mp.matrix(2 * len(edge), 1)
        for i, (x, v) in enumerate(zip(rows, edge, strict=True)):
            power = mp.mpc(1)
            for k in range(degree + 1):
                matrix[2 * i, k], matrix[2 * i + 1, k] = mp.re(power), mp.im(power)
                power *= x
            right[2 * i], right[2 * i + 1] = mp.re(v), mp.im(v)
        found = mp.lu_solve(matrix.T * matrix, matrix.T * right)
        coefficients = list(found)
        worst = max(
            abs(mp.polyval(coefficients[::-1], x) - v) for x, v in zip(rows, edge, strict=True)
        )
        return coefficients, worst

    def _psi(self, v):
        return mp.log(self.schroeder.chi(self.superexp(v))) / self.schroeder.limit

    def _inverse(self, k, points, values):
        slopes = [
            1 + mp.fsum(2j * mp.pi * m * c * mp.expjpi(2 * m * v) for m, c in enumerate(self.theta))
            for v in points
        ]
        terms = (
            (self.theta[0] - t) * mp.expjpi(-2 * k * (v + t - self.theta[0])) * slope
            for v, t, slope in zip(points, values, slopes, strict=True)
        )
        return mp.fsum(terms) / SAMPLES


def _knot(j, count):
    return (1 - mp.cos(mp.pi * j / count)) / 2


def _monomials(series):
    """Coefficients in powers of v - 1 from those of Chebyshev polynomials of 2 (v - 1)."""
    size = len(series)
    before, now = [mp.mpf(1)], [mp.mpf(0), mp.mpf(2)]
    total = [mp.mpf(0)] * size
    total[0] += series[0]
    for c in series[1:]:
        for k, value in enumerate(now):
            total[k] += c * value
        after = [mp.mpf(0)] + [4 * value for value in now]
        for k, value in enumerate(before):
            after[k] -= value
        before, now = now, after
    return total
