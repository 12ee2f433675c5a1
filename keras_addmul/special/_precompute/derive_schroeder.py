"""Derives the Schroeder function of exp at its fixed point L, to any number of digits.

With A(u) = chi(L + u) = sum a_k u^k and chi^-1(w) = L + B(w), B(w) = sum b_k w^k,
Schroeder's equation chi(exp z) = L chi(z) gives the coefficients one after the other:

    a_n = [u^n] sum_{k<n} a_k (L (e^u - 1))^k / (L - L^n)
    b_n = L s_n / (L^n - L),  s_n = (1/n) sum_{k<n} k b_k e_{n-k},  e = those of exp(B)

(G. Koenigs, Ann. Sci. ENS 1, 1884; normalised by a_1 = b_1 = 1.)
"""

import mpmath as mp

from keras_addmul.special._precompute.derive_kneser import fixed_point

__all__ = ["Schroeder"]


class Schroeder:
    """The two series, in mpmath's current precision.

    Args:
        terms: Number of coefficients of each.
        lowest: The branch line: logarithms have imaginary parts in [lowest, lowest + 2 pi).

    Attributes:
        a: Coefficients a_0 = 0, a_1 = 1, a_2, ... of chi around L.
        b: Coefficients b_0 = 0, b_1 = 1, b_2, ... of chi^-1 - L around 0.
    """

    def __init__(self, terms: int = 40, lowest: float = -1.0):
        self.limit = fixed_point()
        self.lowest = lowest
        self.a, self.b = self._direct(terms), self._inverse(terms)

    def _direct(self, terms):
        limit = self.limit
        step = [mp.mpc(0)] + [limit / mp.factorial(k) for k in range(1, terms)]
        a = [mp.mpc(0), mp.mpc(1)]
        power, total = step, list(step)
        for n in range(2, terms):
            a.append(total[n] / (limit - limit**n))
            power = [
                mp.fsum(power[j] * step[k - j] for j in range(n - 1, k)) if k >= n else mp.mpc(0)
                for k in range(terms)
            ]
            total = [t + a[n] * p for t, p in zip(total, power, strict=True)]
        return a

    def _inverse(self, terms):
        limit = self.limit
        b, e = [mp.mpc(0), mp.mpc(1)], [mp.mpc(1), mp.mpc(1)]
        for n in range(2, terms):
            s = mp.fsum(k * b[k] * e[n - k] for k in range(1, n)) / n
            b.append(limit * s / (limit**n - limit))
            e.append(s + b[n])
        return b

    def log(self, z):
        """The logarithm with its cut at the argument `lowest`."""
        w = mp.log(z)
        return w + 2j * mp.pi if mp.im(w) < self.lowest else w

    def chi(self, z):
        """The Schroeder function: logarithms until the series has all digits."""
        z, steps = mp.mpc(z), 0
        while abs(z - self.limit) > 0.05:
            z, steps = self.log(z), steps + 1
        u = z - self.limit
        return self.limit**steps * mp.polyval(self.a[::-1], u)

    def chi_inverse(self, w):
        """Its inverse: the series, then exponentials."""
        w, steps = mp.mpc(w), 0
        while abs(w) > 0.05:
            w, steps = w / self.limit, steps + 1
        z = self.limit + mp.polyval(self.b[::-1], w)
        for _ in range(steps):
            z = mp.exp(z)
        return z

    def iterate(self, z, n):
        """The iterate of order `n` of exp at `z`."""
        return self.chi_inverse(mp.exp(self.limit * n) * self.chi(z))
