"""Activations with all their derivatives, and bounds of those, in NumPy."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial import Polynomial

__all__ = [
    "SMOOTH",
    "Smooth",
    "in_powers_of",
    "largest",
    "rectified_power",
    "times_gaussian_bound",
]


@dataclasses.dataclass(frozen=True)
class Smooth:
    """A function of one number that the Taylor remainder can turn into RePU units.

    Attributes:
        name: Of the function.
        derivative: `derivative(z, k)` is the k-th derivative at an array; at a kink,
            the one from the right.
        bound: `bound(k, low, high)` is at least the largest magnitude of the k-th
            derivative, k >= 1, on [low, high], kinks apart.
        max_order: The largest order of RePU it embeds into, or None for every order.
        kinks: Where a derivative jumps.
        monotone: Whether the function never decreases.
        limits: Whether it tends to a finite number on the left, and on the right.
        order: Of the RePU if it is one, else None.
        why: What limits the order, in words.
    """

    name: str
    derivative: Callable
    bound: Callable
    max_order: int | None = None
    kinks: tuple = ()
    monotone: bool = False
    limits: tuple = (False, False)
    order: int | None = None
    why: str = ""

    def __call__(self, z):
        return self.derivative(np.asarray(z, float), 0)

    def left_derivative(self, z, k):
        """The k-th derivative from the left."""
        return self.derivative(np.nextafter(np.asarray(z, float), -np.inf), k)

    def jump(self, kink, k):
        """By how much the k-th derivative jumps at a kink."""
        return float(self.derivative(np.array(kink), k) - self.left_derivative(kink, k))


def rectified_power(order):
    """`max(0, z)^order` for an integer order: it embeds into RePU of every lower order."""

    def derivative(z, k):
        if k > order:
            return np.zeros_like(z)
        falling = math.factorial(order) / math.factorial(order - k)
        return np.where(z >= 0, falling * np.maximum(z, 0.0) ** (order - k), 0.0)

    def bound(k, low, high):
        return float(derivative(np.array(max(high, 0.0)), k)) if high >= 0 else 0.0

    return Smooth(
        name="relu" if order == 1 else f"repu of order {order}",
        derivative=derivative,
        bound=bound,
        max_order=order,
        kinks=(0.0,),
        monotone=True,
        limits=(True, False),
        order=order,
        why=f"its derivative of order {order} jumps at 0",
    )


def in_powers_of(value, step, start=None):
    """Returns `derivative(z, k)` of `start(p(z))` where `p' = step(p)`, and their polynomials.

    Every derivative is a polynomial in `p`, so it is bounded by what that is between the
    bounds of `p`. Without a start it is `p` itself.
    """
    polynomials = [Polynomial([0.0, 1.0]) if start is None else start]

    def polynomial(k):
        while len(polynomials) <= k:
            polynomials.append(polynomials[-1].deriv() * step)
        return polynomials[k]

    def derivative(z, k):
        return polynomial(k)(value(z))

    return derivative, polynomial


def largest(polynomial, low, high):
    """The largest magnitude of a polynomial on an interval."""
    points = [low, high]
    if polynomial.degree() > 0:
        roots = polynomial.deriv().roots()
        points += [r.real for r in np.atleast_1d(roots) if low <= r.real <= high]
    # Critical points are known to many digits, and the value there varies little.
    return float(np.max(np.abs(polynomial(np.array(points))))) * (1 + 1e-6)


_sigmoid_derivative, _sigmoid_polynomial = in_powers_of(
    lambda z: 0.5 * (1.0 + np.tanh(z / 2.0)), Polynomial([0.0, 1.0, -1.0])
)
_tanh_derivative, _tanh_polynomial = in_powers_of(np.tanh, Polynomial([1.0, 0.0, -1.0]))


def _sigmoid_bound(k, low, high):
    return largest(_sigmoid_polynomial(k), 0.0, 1.0)


def _tanh_bound(k, low, high):
    return largest(_tanh_polynomial(k), -1.0, 1.0)


def _softplus_derivative(z, k):
    return np.logaddexp(0.0, z) if k == 0 else _sigmoid_derivative(z, k - 1)


def _softplus_bound(k, low, high):
    return 1.0 if k == 1 else _sigmoid_bound(k - 1, low, high)


def _log_sigmoid_derivative(z, k):
    return -((-1.0) ** k) * _softplus_derivative(-z, k)


def _times_z(derivative):
    """Derivatives of `z f(z)`, of those of `f`."""

    def of_product(z, k):
        last = k * derivative(z, k - 1) if k else 0.0
        return z * derivative(z, k) + last

    return of_product


def _silu_bound(k, low, high):
    # |f^(k)| <= C f (1 - f) with a polynomial quotient C, and |z| f (1 - f) <= |z| e^-|z| <= 1/e.
    quotient, _ = divmod(_sigmoid_polynomial(k), Polynomial([0.0, 1.0, -1.0]))
    before = 1.0 if k == 1 else _sigmoid_bound(k - 1, low, high)
    return largest(quotient, 0.0, 1.0) / math.e + k * before


def _times_gaussian(rate, first):
    """Polynomials `p_k` with `(p_0 e)^(k) = p_k e`, where `e = exp(-rate z^2)`."""
    polynomials = [Polynomial([first])]

    def polynomial(k):
        while len(polynomials) <= k:
            last = polynomials[-1]
            polynomials.append(last.deriv() - Polynomial([0.0, 2.0 * rate]) * last)
        return polynomials[k]

    return polynomial


def times_gaussian_bound(polynomial, rate, least=None):
    """The largest magnitude of `polynomial(z) exp(-rate z^2)` on the line, or from `least` on."""
    slope = polynomial.deriv() - Polynomial([0.0, 2.0 * rate]) * polynomial
    points = np.array([0.0, *np.real(slope.roots())])
    if least is not None:
        points = np.append(points[points > least], least)
    return float(np.max(np.abs(polynomial(points) * np.exp(-rate * points**2)))) * (1 + 1e-6)


_gaussian_polynomial = _times_gaussian(1.0, 1.0)
_normal_polynomial = _times_gaussian(0.5, 1.0 / math.sqrt(2.0 * math.pi))


def _gaussian_derivative(z, k):
    z = np.clip(z, -40.0, 40.0)  # exp(-1600) is 0, whatever multiplies it
    return _gaussian_polynomial(k)(z) * np.exp(-(z**2))


def _gaussian_bound(k, low, high):
    return times_gaussian_bound(_gaussian_polynomial(k), 1.0)


def _normal_cdf_derivative(z, k):
    from scipy.special import ndtr

    if k == 0:
        return ndtr(z)
    inside = np.clip(z, -60.0, 60.0)
    return _normal_polynomial(k - 1)(inside) * np.exp(-(inside**2) / 2.0)


def _gelu_bound(k, low, high):
    z = Polynomial([0.0, 1.0])
    if k == 1:  # z phi(z) is at most phi(1), and the other term at most 1
        return 1.0 + times_gaussian_bound(z * _normal_polynomial(0), 0.5)
    together = z * _normal_polynomial(k - 1) + k * _normal_polynomial(k - 2)
    return times_gaussian_bound(together, 0.5)


def _sin_derivative(z, k):
    return (np.sin, np.cos, lambda z: -np.sin(z), lambda z: -np.cos(z))[k % 4](z)


def _exponential_derivative(z, k):
    return np.exp(z)


def _elu_derivative(z, k):
    below = np.expm1(np.minimum(z, 0.0)) if k == 0 else np.exp(np.minimum(z, 0.0))
    above = z if k == 0 else np.full_like(z, float(k == 1))
    return np.where(z >= 0, above, below)


def _softsign_derivative(z, k):
    size = 1.0 + np.abs(z)
    if k == 0:
        return z / size
    side = np.where(z >= 0, 1.0, -1.0)
    return side ** (k + 1) * (-1.0) ** (k + 1) * math.factorial(k) / size ** (k + 1)


def _elu_bound(k, low, high):
    above = 1.0 if k == 1 and high >= 0 else 0.0
    return max(above, math.exp(min(high, 0.0)) if low < 0 else 0.0)


def _constant(values):
    return lambda k, low, high: values(k)


_ONCE = "it has one continuous derivative, and the second one jumps at 0"

SMOOTH = {
    f.name: f
    for f in (
        Smooth("sigmoid", _sigmoid_derivative, _sigmoid_bound, monotone=True, limits=(True, True)),
        Smooth("tanh", _tanh_derivative, _tanh_bound, monotone=True, limits=(True, True)),
        Smooth(
            "softplus", _softplus_derivative, _softplus_bound, monotone=True, limits=(True, False)
        ),
        Smooth(
            "log_sigmoid",
            _log_sigmoid_derivative,
            _softplus_bound,
            monotone=True,
            limits=(False, True),
        ),
        Smooth("silu", _times_z(_sigmoid_derivative), _silu_bound, limits=(True, False)),
        Smooth("gelu", _times_z(_normal_cdf_derivative), _gelu_bound, limits=(True, False)),
        Smooth("sin", _sin_derivative, _constant(lambda k: 1.0)),
        Smooth("gaussian", _gaussian_derivative, _gaussian_bound, limits=(True, True)),
        Smooth(
            "exponential",
            _exponential_derivative,
            lambda k, low, high: math.exp(min(high, 700.0)),
            monotone=True,
            limits=(True, False),
        ),
        Smooth(
            "elu",
            _elu_derivative,
            _elu_bound,
            max_order=1,
            kinks=(0.0,),
            monotone=True,
            limits=(True, False),
            why=_ONCE,
        ),
        Smooth(
            "softsign",
            _softsign_derivative,
            _constant(lambda k: float(math.factorial(k))),
            max_order=1,
            kinks=(0.0,),
            monotone=True,
            limits=(True, True),
            why=_ONCE,
        ),
    )
}
