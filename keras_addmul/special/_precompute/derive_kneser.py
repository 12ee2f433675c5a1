"""Solves for Kneser's tetration of base e to thirty digits, from its definition.

The superfunction F of exp that is real on the real axis, tends to the fixed
points L and conj(L) of exp far up and down the imaginary direction, and has
F(0) = 1, is the solution of Cauchy's integral equation on the strip between
Re z = -1 and Re z = 1, where F(z + 1) = exp F(z) and F(z - 1) = log F(z):

    F(z) = 1/(2 pi) integral [ exp F(it) / (1 + it - z) + log F(it) / (1 - it + z) ] dt

(D. Kouznetsov, Math. Comp. 78, 2009, doi 10.1090/S0025-5718-09-02188-7). Three
steps make it exact and cheap:

- A function g with the same limits, analytic in the strip, is subtracted, so
  that the integrands vanish exponentially and no caps of the contour are left.
- The trapezoidal rule then converges exponentially in 1/h. Its error from the
  pole at z is known in closed form, and is divided out.
- Newton's method keeps the derivative in float64 and the residual in forty
  digits: each step gains about twelve digits.

`superexp(y) = F(y - 1)`. This takes about a minute; `tetration.py` evaluates the result.
"""

import mpmath as mp
import numpy as np

__all__ = ["Derivation", "fixed_point"]

DIGITS = 31


def fixed_point():
    """The fixed point L of exp in the upper half plane."""
    return mp.findroot(lambda z: mp.exp(z) - z, mp.mpc(0.318, 1.337))


class Derivation:
    """Kneser's tetration on the imaginary axis, and from there on part of the real one.

    Attributes:
        residuals: Largest residual of the integral equation after each step.
        series: Chebyshev coefficients of sexp(t / 2) on [-1, 1], lowest first.
    """

    def __init__(self):
        mp.mp.dps = DIGITS + 12
        self.limit = fixed_point()
        need = mp.log(10) * DIGITS
        self.h = 2 * mp.pi / need
        half = int(mp.ceil(need / mp.im(self.limit) / self.h))
        self.t = [self.h * j for j in range(-half, half + 1)]
        self.half = half
        self.g_right = [self._g(mp.mpc(1, t)) for t in self.t]
        self.g_left = [self._g(mp.mpc(-1, t)) for t in self.t]
        # 1/(1 + i(t_j - t_i)) depends on j - i only, and its conjugate is the other kernel.
        self.kernel = [1 / mp.mpc(1, self.h * d) for d in range(-2 * half, 2 * half + 1)]
        self.values = self._solve()
        self.series = self._chebyshev()

    def _g(self, z):
        """Analytic for |Re z| < 2.3, with the limits of F, as fast as F tends to them."""
        return mp.re(self.limit) + mp.im(self.limit) * mp.tan(mp.im(self.limit) / 2 * z)

    def _densities(self, values):
        right = [mp.exp(f) - g for f, g in zip(values, self.g_right, strict=True)]
        left = [mp.log(f) - g for f, g in zip(values, self.g_left, strict=True)]
        return right, left

    def _mirror(self, upper):
        return [mp.conj(f) for f in reversed(upper[1:])] + upper

    def _residual(self, upper):
        """Right side minus left side of the equation at t >= 0."""
        values = self._mirror(upper)
        right, left = self._densities(values)
        size, scale = len(values), self.h / (2 * mp.pi)
        conj = [mp.conj(k) for k in self.kernel]
        out = []
        for i in range(self.half, size):
            start = 2 * self.half - i
            total = mp.fdot(right, self.kernel[start : start + size])
            total += mp.fdot(left, conj[start : start + size])
            out.append(self._g(mp.mpc(0, self.t[i])) + scale * total - values[i])
        return out

    def _newton_inverse(self, upper):
        """Pseudo-inverse, in float64, of the derivative with F(0) = 1 as one more row."""
        f = np.array([complex(v) for v in self._mirror(upper)])
        t = np.array([float(v) for v in self.t])
        scale = float(self.h) / (2 * np.pi)
        k = 1 / (1 + 1j * (t[None, :] - t[self.half :, None]))
        a = scale * (k * np.exp(f) + np.conj(k) / f)
        up = a[:, self.half :]
        down = a[:, self.half :: -1]  # column j acts on conj(F_j)
        down = np.where(np.arange(up.shape[1]) == 0, 0, down)
        re, im = up + down, 1j * (up - down)
        size = self.half + 1
        top = np.concatenate([re.real, im.real[:, 1:]], axis=1)
        bottom = np.concatenate([re.imag, im.imag[:, 1:]], axis=1)[1:]
        jacobian = np.concatenate([top, bottom]) - np.eye(2 * size - 1)
        pin = np.zeros((1, 2 * size - 1))
        pin[0, 0] = 1
        return np.linalg.pinv(np.concatenate([jacobian, pin]))

    def _solve(self):
        size = self.half + 1
        fade = [1 / mp.cosh(mp.im(self.limit) / 2 * t) for t in self.t[self.half :]]
        upper = [self._g(mp.mpc(0, t)) for t in self.t[self.half :]]
        upper = [u + (1 - mp.re(self.limit)) * f for u, f in zip(upper, fade, strict=True)]
        self.residuals = []
        for step in range(40):
            res = self._residual(upper)
            size_of = max(abs(r) for r in res)
            self.residuals.append(size_of)
            if size_of < mp.mpf(10) ** (-DIGITS) or step == 39:
                break
            if size_of > 1e-9:  # far from the solution the derivative still moves
                inverse = self._newton_inverse(upper)
            unit = size_of
            rhs = [mp.re(r) / unit for r in res] + [mp.im(r) / unit for r in res[1:]]
            rhs = np.array([float(r) for r in rhs] + [float((mp.re(upper[0]) - 1) / unit)])
            delta = -inverse @ rhs
            for j in range(size):
                imag = delta[size + j - 1] if j else 0.0
                upper[j] += unit * mp.mpc(delta[j], imag)
            upper[0] = mp.mpc(mp.re(upper[0]), 0)
        return self._mirror(upper)

    def _cauchy(self, x):
        """F(x) for real |x| < 1 from its values on the imaginary axis."""
        right, left = self._densities(self.values)
        plus = mp.fdot(right, [1 / mp.mpc(1 - x, t) for t in self.t])
        minus = mp.fdot(left, [1 / mp.mpc(1 + x, -t) for t in self.t])
        total = mp.re(plus + minus) * self.h / (2 * mp.pi)
        poles = 1 / mp.expm1(2 * mp.pi * (1 - x) / self.h)
        poles += 1 / mp.expm1(2 * mp.pi * (1 + x) / self.h)
        return mp.re(self._g(mp.mpf(x))) + total / (1 + poles)

    def _chebyshev(self, degree=46):
        """Chebyshev coefficients of F(t / 2) on [-1, 1], lowest first."""
        size = degree + 1
        angles = [mp.pi * (j + mp.mpf(1) / 2) / size for j in range(size)]
        values = [self._cauchy(mp.cos(a) / 2) for a in angles]
        return [
            (2 if k else 1) * mp.fdot(values, [mp.cos(k * a) for a in angles]) / size
            for k in range(size)
        ]
