"""The expectation of a noisy activation, with its derivatives."""

import functools
import math
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

from keras_addmul.activations.saturating import get_base
from keras_addmul.barron.functions.noisy_soft import soft_input_noise, soft_output_noise
from keras_addmul.barron.functions.per_feature import PerFeature
from keras_addmul.barron.functions.polynomials import in_powers_of, largest, times_gaussian_bound
from keras_addmul.barron.functions.smooth import Smooth

__all__ = ["noisy_expectation"]


def _slope_of_tanh(z):
    from scipy.special import expit

    return 4.0 * expit(2.0 * z) * expit(-2.0 * z)


_SQUARED_TANH, _SQUARED_TANH_POLYNOMIAL = in_powers_of(
    np.tanh, _slope_of_tanh, Polynomial([1.0, 0.0, -1.0]), start=Polynomial([0.0, 0.0, 1.0])
)


def noisy_expectation(layer: Any) -> Smooth | PerFeature | str:
    """Returns the function that a `NoisyActivation` computes at inference, or why it is unknown.

    The function is a `Smooth`, or a `PerFeature` if each feature has learned its own `p`.
    Over a hard base the expectation is smooth in three pieces, whose slopes differ: it embeds
    into RePU of degree 1, with an atom at each joint. The exception is normal noise of fixed
    scale on the input, which makes it smooth. Over a soft base, noise on the input leaves
    it smooth, and noise with a mean on the output leaves five derivatives continuous.
    """
    if layer.monte_carlo or layer.clip:
        return "a noisy activation with `monte_carlo` or `clip` has no expectation that is known"
    if not layer.built:
        return "the noisy activation is not built"
    mean = {"normal": 0.0, "half_normal": math.sqrt(2.0 / math.pi)}.get(layer.noise.name)
    if mean is None:
        return "its noise is neither normal nor half-normal"
    base, scale = get_base(layer.base), float(layer.scale)
    if layer.kind in ("NAN", "NAH"):
        output = soft_output_noise if base.soft else _output_noise
        make = functools.partial(output, base, layer.alpha, mean * scale)
        return _each(make, layer.p if mean * scale else np.zeros(()))
    if mean:
        return f"{layer.kind} with half-normal noise on the input: it is for normal noise"
    if layer.kind == "NANIS" and scale:
        return (
            "the expectation of NANIS jumps at the threshold, where its noise begins: no sum of "
            "RePU units does"
        )
    if base.soft:
        make = functools.partial(soft_input_noise, base, scale)
        return _each(make, layer.p) if layer.kind == "NANIL" else make(None)
    if layer.kind == "NANIL":
        return _each(functools.partial(_learned_input_noise, base, scale), layer.p)
    return _input_noise(base, scale) if scale else _saturated(base)


def _each(make, p):
    """Makes a function for each distinct `|p|`; the sign of `p` does not matter."""
    p = np.abs(np.asarray(p, float))
    values, of_feature = np.unique(p, return_inverse=True)
    if len(values) == 1:
        return make(float(values[0]))
    return PerFeature(tuple(make(float(v)) for v in values), of_feature.reshape(-1))


def _saturated(base):
    """Returns the hard function itself, without noise."""
    return _output_noise(base, 1.0, 0.0, 0.0)


def _output_noise(base, alpha, size, p):
    """Outside the threshold t, for x > 0: `alpha high + (1 - alpha) u +- size/4 tanh(..)^2`."""
    leak = (1.0 - alpha) * base.slope
    push = (-1.0 if alpha <= 1.0 else 1.0) * size / 4.0
    rate = p * base.slope / 2.0

    def beyond(y, k):
        value = push * rate**k * _SQUARED_TANH(rate * y, k)
        return value + (leak * y if k == 0 else leak if k == 1 else 0.0)

    def upper(k, low, high):
        curved = abs(push * rate**k) * largest(_SQUARED_TANH_POLYNOMIAL(k), -1.0, 1.0)
        return curved + (max(base.slope, abs(leak)) if k == 1 else 0.0)

    line = leak, push * bool(rate)
    return _three_pieces(base, beyond, upper, line)


def _learned_input_noise(base, scale, p):
    """`E h(x + s noise)`, with `s = scale/4 tanh(p (h - u) / 2)^2` and normal noise.

    At `x = t + y`, y > 0, with `d = slope y`, `w = high - low`, `sigma = slope s(y)` and
    `R(v) = phi(v) - v Q(v)` the mean excess of normal noise above v,

        E h = high - sigma R(d / sigma) + sigma R((d + w) / sigma).

    Since `R' = -Q` and `Q' = -phi`, with `v = (d + c) / sigma` for c = 0 or w,

        (sigma R)' = sigma' phi(v) - slope Q(v)
        (sigma R)'' = phi(v) A,  A = sigma'' + sigma v'^2
        (sigma R)''' = phi(v) (A' - v v' A).

    Bounds: `sigma = a tanh(b y)^2` is at most `a b^2 y^2`, so `1/y <= kappa v` with
    `kappa = a b^2 / slope`. From `sigma' / sigma = 4 b / sinh(2 b y)`, in (0, 2/y), and from
    `0 <= -(sigma'/sigma)' <= 2.4 / y^2` (`u^2 cosh u / sinh^2 u` is at most 1.17), with r = 1 for
    c = 0 and 2 for c = w, follow `|v'| <= r v/y`, `|v''| <= (r^2 + 2.4) v/y^2`,
    `sigma v'^2 <= r^2 slope kappa v^2` and so on for each term: all is a polynomial of v times
    `phi(v)`, on the v that occur, of which the least is `w / a` for c = w, and
    `1.7 slope / (a b)` for c = 0 (`u / tanh(u)^2` is at least 1.71).
    """
    a, b, slope = scale * base.slope / 4.0, p * base.slope / 2.0, base.slope
    if a == 0.0 or b == 0.0:
        return _saturated(base)
    wide, kappa = base.high - base.low, a * b * b / slope
    least = (1.7 * slope / (a * b), 1.0), (max(wide / a, 1.7 * slope / (a * b)), 2.0)

    def excess(y, offset, k):
        """Returns the k-th derivative of `sigma R((slope y + offset) / sigma)` for y >= 0."""
        sigma = [a * b**j * _SQUARED_TANH(b * y, j) for j in range(k + 1)]
        some = (y > 0) & (slope * y + offset < 38.0 * sigma[0])  # phi(38) is nearly 0
        s = [np.where(some, each, 1.0 if j == 0 else 0.0) for j, each in enumerate(sigma)]
        v = np.where(some, (slope * y + offset) / s[0], 38.0)
        return np.where(some, _excess(s, v, slope, k), 0.0)

    def beyond(y, k):
        return excess(y, wide, k) - excess(y, 0.0, k)

    def upper(k, low, high):
        if k > 3:
            raise ValueError(f"Derivatives are bounded up to the third. Received: {k!r}")
        powers = _SQUARED_TANH_POLYNOMIAL(k)
        steep = a * b**k * largest(powers, -1.0, 1.0)
        if k == 1:  # the two Q lie in [0, 1/2] and are subtracted
            return max(slope, slope / 2.0 + steep * math.exp(-(least[0][0] ** 2) / 2.0))
        total = 0.0
        for start, r in least:
            if k == 2:
                terms = Polynomial([steep, 0.0, r * r * slope * kappa])
            else:
                cubes = 2.0 * r * r + 2.0 * r * (r * r + 2.4) + 2.0 * r
                terms = Polynomial([0.0, 0.0, 0.0, cubes, 0.0, r**3]) * slope * kappa**2 + steep
            total += times_gaussian_bound(terms, 0.5, start) / math.sqrt(2.0 * math.pi)
        return total

    return _three_pieces(base, beyond, upper, line=(0.0, 0.0))


def _excess(sigma, v, slope, k):
    """Returns the k-th derivative of `sigma R(v)` of `_learned_input_noise`, k <= 3."""
    from scipy.special import ndtr

    density = np.exp(-(v**2) / 2.0) / math.sqrt(2.0 * math.pi)
    if k == 0:
        return sigma[0] * (density - v * ndtr(-v))
    if k == 1:
        return sigma[1] * density - slope * ndtr(-v)
    dv = (slope - v * sigma[1]) / sigma[0]
    a = sigma[2] + sigma[0] * dv**2
    if k == 2:
        return density * a
    ddv = -(2.0 * dv * sigma[1] + v * sigma[2]) / sigma[0]
    da = sigma[3] + sigma[1] * dv**2 + 2.0 * sigma[0] * dv * ddv
    return density * (da - v * dv * a)


def _three_pieces(base, beyond, upper, line):
    """Returns the odd function that is `u` up to the threshold t, and `h + beyond(y)` at t + y.

    `beyond(y)` tends to `line` as y goes to infinity.
    """
    threshold = base.threshold
    far = base.high - base.middle + line[1] - line[0] * threshold

    def derivative(x, k):
        outer = (x >= threshold) | (x < -threshold)
        out = beyond(np.where(outer, np.abs(x) - threshold, 0.0), k)
        side = np.where(x >= 0, 1.0, -1.0)
        if k == 0:
            out = out + base.slope * threshold
            return base.middle + np.where(outer, side * out, base.slope * x)
        return np.where(outer, side ** (k + 1) * out, base.slope if k == 1 else 0.0)

    return Smooth(
        name="noisy expectation",
        derivative=derivative,
        upper=upper,
        smoothness=0,
        kinks=(-threshold, threshold),
        lines=((line[0], base.middle - far), (line[0], base.middle + far)),
        why="its slope jumps where saturation begins",
    )


def _input_noise(base, scale):
    """`E h(x + scale noise)`: a difference of two integrals of the normal distribution."""
    threshold, slope, middle = base.threshold, base.slope, base.middle

    def ramp(v, k):  # v Phi(v) + phi(v), whose derivative is Phi
        from scipy.special import ndtr

        inside = np.clip(v, -60.0, 60.0)
        density = np.exp(-(inside**2) / 2.0) / math.sqrt(2.0 * math.pi)
        if k == 0:
            return v * ndtr(v) + density
        return ndtr(v) if k == 1 else _hermite(k - 2)(inside) * density

    def derivative(x, k):
        left, right = (x + threshold) / scale, (x - threshold) / scale
        value = slope * scale ** (1 - k) * (ramp(left, k) - ramp(right, k))
        return value + middle - slope * threshold if k == 0 else value

    def upper(k, low, high):
        if k == 1:
            return slope
        # The second derivative is the difference of two positive numbers.
        terms = (1.0 if k == 2 else 2.0) / math.sqrt(2.0 * math.pi)
        return terms * slope * scale ** (1 - k) * times_gaussian_bound(_hermite(k - 2), 0.5)

    return Smooth(
        name="noisy expectation",
        derivative=derivative,
        upper=upper,
        monotone=True,
        lines=((0.0, base.low), (0.0, base.high)),
    )


@functools.lru_cache
def _hermite(k):
    """Returns the polynomial `exp(-v^2/2)^(k) / exp(-v^2/2)`, without the factor 1/sqrt(2 pi)."""
    if k == 0:
        return Polynomial([1.0])
    last = _hermite(k - 1)
    return last.deriv() - Polynomial([0.0, 1.0]) * last
