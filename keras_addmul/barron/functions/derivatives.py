"""Derivatives of the convertible activations, and bounds of their magnitudes."""

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import keras
import numpy as np
from numpy.polynomial import Polynomial

from keras_addmul import activations
from keras_addmul.barron.functions.polynomials import in_powers_of, largest, times_gaussian_bound

__all__ = ["DERIVATIVES"]

# `derivative(z, k)`, and `upper(k, low, high)`, a bound of its magnitude on [low, high].
_Derivative: TypeAlias = Callable[[Any, int], Any]
_Upper: TypeAlias = Callable[[int, float, float], float]


def _sigmoid(z):
    from scipy.special import expit

    return expit(z)


_sigmoid_derivative, _sigmoid_polynomial = in_powers_of(
    _sigmoid, lambda z: _sigmoid(z) * _sigmoid(-z), Polynomial([0.0, 1.0, -1.0])
)
_tanh_derivative, _tanh_polynomial = in_powers_of(
    np.tanh, lambda z: 4.0 * _sigmoid(2.0 * z) * _sigmoid(-2.0 * z), Polynomial([1.0, 0.0, -1.0])
)


def _sigmoid_upper(k, low, high):
    return largest(_sigmoid_polynomial(k), 0.0, 1.0)


def _tanh_upper(k, low, high):
    return largest(_tanh_polynomial(k), -1.0, 1.0)


def _softplus_derivative(z, k):
    return np.logaddexp(0.0, z) if k == 0 else _sigmoid_derivative(z, k - 1)


def _softplus_upper(k, low, high):
    return 1.0 if k == 1 else _sigmoid_upper(k - 1, low, high)


def _log_sigmoid_derivative(z, k):
    return -((-1.0) ** k) * _softplus_derivative(-z, k)


def _times_z(derivative):
    """Returns the derivatives of `z f(z)`, from those of `f`."""

    def of_product(z, k):
        last = k * derivative(z, k - 1) if k else 0.0
        return z * derivative(z, k) + last

    return of_product


def _silu_upper(k, low, high):
    # |f^(k)| <= C f (1 - f) with a polynomial quotient C, and |z| f (1 - f) <= |z| e^-|z| <= 1/e.
    quotient = _sigmoid_polynomial(k - 1).deriv()
    before = 1.0 if k == 1 else _sigmoid_upper(k - 1, low, high)
    return largest(quotient, 0.0, 1.0) / math.e + k * before


def _times_gaussian(rate, first):
    """Returns polynomials `p_k` with `(p_0 e)^(k) = p_k e`, where `e = exp(-rate z^2)`."""
    polynomials = [Polynomial([first])]

    def polynomial(k):
        while len(polynomials) <= k:
            last = polynomials[-1]
            polynomials.append(last.deriv() - Polynomial([0.0, 2.0 * rate]) * last)
        return polynomials[k]

    return polynomial


_gaussian_polynomial = _times_gaussian(1.0, 1.0)
_normal_polynomial = _times_gaussian(0.5, 1.0 / math.sqrt(2.0 * math.pi))


def _gaussian_derivative(z, k):
    z = np.clip(z, -40.0, 40.0)  # exp(-1600) is 0, whatever multiplies it
    return _gaussian_polynomial(k)(z) * np.exp(-(z**2))


def _gaussian_upper(k, low, high):
    return times_gaussian_bound(_gaussian_polynomial(k), 1.0)


def _normal_cdf_derivative(z, k):
    from scipy.special import ndtr

    if k == 0:
        return ndtr(z)
    inside = np.clip(z, -60.0, 60.0)
    return _normal_polynomial(k - 1)(inside) * np.exp(-(inside**2) / 2.0)


def _gelu_upper(k, low, high):
    z = Polynomial([0.0, 1.0])
    if k == 1:
        return math.inf  # the Lipschitz constant is known
    together = z * _normal_polynomial(k - 1) + k * _normal_polynomial(k - 2)
    return times_gaussian_bound(together, 0.5)


def _sin_derivative(z, k):
    return (np.sin, np.cos, lambda z: -np.sin(z), lambda z: -np.cos(z))[k % 4](z)


def _exponential_derivative(z, k):
    return np.exp(z)


def _exponential_upper(k, low, high):
    return math.exp(high) if high < 709.0 else math.inf


def _elu_derivative(z, k):
    below = np.expm1(np.minimum(z, 0.0)) if k == 0 else np.exp(np.minimum(z, 0.0))
    above = z if k == 0 else np.full_like(z, float(k == 1))
    return np.where(z >= 0, above, below)


def _elu_upper(k, low, high):
    above = 1.0 if k == 1 and high >= 0 else 0.0
    return max(above, math.exp(min(high, 0.0)) if low < 0 else 0.0)


def _softsign_derivative(z, k):
    size = 1.0 + np.abs(z)
    if k == 0:
        return z / size
    side = np.where(z >= 0, 1.0, -1.0)
    return side ** (k + 1) * (-1.0) ** (k + 1) * math.factorial(k) / size ** (k + 1)


_OF_KERAS = keras.activations

# Each row makes an activation convertible: the function, its derivatives, and their bounds up
# to the last roundings. All other facts are in the activation's record.
DERIVATIVES: tuple[tuple[Callable[..., Any], _Derivative, _Upper], ...] = (
    (_OF_KERAS.sigmoid, _sigmoid_derivative, _sigmoid_upper),
    (_OF_KERAS.tanh, _tanh_derivative, _tanh_upper),
    (_OF_KERAS.softplus, _softplus_derivative, _softplus_upper),
    (_OF_KERAS.log_sigmoid, _log_sigmoid_derivative, _softplus_upper),
    (_OF_KERAS.silu, _times_z(_sigmoid_derivative), _silu_upper),
    (activations.swish, _times_z(_sigmoid_derivative), _silu_upper),
    (_OF_KERAS.gelu, _times_z(_normal_cdf_derivative), _gelu_upper),
    (activations.sin, _sin_derivative, lambda k, low, high: 1.0),
    (activations.gaussian, _gaussian_derivative, _gaussian_upper),
    (_OF_KERAS.exponential, _exponential_derivative, _exponential_upper),
    (_OF_KERAS.elu, _elu_derivative, _elu_upper),
    (activations.celu, _elu_derivative, _elu_upper),
    (activations.pelu, _elu_derivative, _elu_upper),
    (_OF_KERAS.softsign, _softsign_derivative, lambda k, low, high: float(math.factorial(k))),
)
