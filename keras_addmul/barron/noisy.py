"""The expectation of a noisy activation, with its derivatives."""

import functools
import math

import numpy as np
from numpy.polynomial import Polynomial

from keras_addmul.activations.saturating import get_base
from keras_addmul.barron.smooth import Smooth, in_powers_of, largest, times_gaussian_bound

__all__ = ["noisy_expectation"]

_SQUARED_TANH, _SQUARED_TANH_POLYNOMIAL = in_powers_of(
    np.tanh, Polynomial([1.0, 0.0, -1.0]), start=Polynomial([0.0, 0.0, 1.0])
)


def noisy_expectation(layer):
    """Returns what a `NoisyActivation` does at inference as a `Smooth`, or why there is none.

    For noise on the output of a hard activation, `alpha h + (1 - alpha) u + d s E[noise]` is
    smooth in three pieces, whose slopes differ: it embeds into RePU of order 1, with an
    atom at each joint. For normal noise of fixed scale on the input it is smooth.
    """
    if layer.monte_carlo or layer.clip:
        return "a noisy activation with `monte_carlo` or `clip` has no expectation in closed form"
    if not layer.base.startswith("hard_") or layer.kind not in ("NAN", "NAH", "NANI"):
        return (
            f"the expectation of {layer.kind} over {layer.base} is not known here: only those of "
            "NAN, NAH and NANI over hard_tanh and hard_sigmoid are"
        )
    if not layer.built:
        return "the noisy activation is not built"
    base = get_base(layer.base)
    means = {"normal": 0.0, "half_normal": math.sqrt(2.0 / math.pi)}
    name = getattr(layer.noise, "name", None)
    if name not in means:
        return "its noise is neither normal nor half-normal"
    scale = float(layer.scale)
    if layer.kind == "NANI":
        if name != "normal" or scale == 0.0:
            return "NANI needs normal noise of a scale above 0"
        return _input_noise(base, scale)
    p = np.unique(np.asarray(layer.p, float))
    if means[name] == 0.0:
        p = p[:1]
    if len(p) > 1:
        return "its p differs between features, which then have no function in common"
    return _output_noise(base, layer.alpha, means[name] * scale, float(p[0]))


def _output_noise(base, alpha, size, p):
    """Outside the threshold t, for x > 0: `alpha high + (1 - alpha) u +- size/4 tanh(..)^2`."""
    threshold, slope, middle = base.threshold, base.slope, base.middle
    leak = (1.0 - alpha) * slope
    push = (-1.0 if alpha <= 1.0 else 1.0) * size / 4.0
    rate = p * slope / 2.0

    def derivative(x, k):
        outer = (x >= threshold) | (x < -threshold)
        y = np.where(outer, np.abs(x) - threshold, 0.0)
        side = np.where(x >= 0, 1.0, -1.0)
        far = push * rate**k * _SQUARED_TANH(rate * y, k)
        if k == 0:
            far = far + slope * threshold + leak * y
            return middle + np.where(outer, side * far, slope * x)
        far = far + (leak if k == 1 else 0.0)
        return np.where(outer, side ** (k + 1) * far, slope if k == 1 else 0.0)

    def bound(k, low, high):
        curved = abs(push * rate**k) * largest(_SQUARED_TANH_POLYNOMIAL(k), -1.0, 1.0)
        return curved + (max(slope, abs(leak)) if k == 1 else 0.0)

    return Smooth(
        name="noisy expectation",
        derivative=derivative,
        bound=bound,
        max_order=1,
        kinks=(-threshold, threshold),
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

    def bound(k, low, high):
        if k == 1:
            return slope
        # The second derivative is the difference of two positive numbers.
        terms = (1.0 if k == 2 else 2.0) / math.sqrt(2.0 * math.pi)
        return terms * slope * scale ** (1 - k) * times_gaussian_bound(_hermite(k - 2), 0.5)

    return Smooth(
        name="noisy expectation",
        derivative=derivative,
        bound=bound,
        monotone=True,
        limits=(True, True),
    )


@functools.lru_cache
def _hermite(k):
    """The polynomial of `exp(-v^2/2)^(k) / exp(-v^2/2)`; with 1/sqrt(2 pi) elsewhere."""
    if k == 0:
        return Polynomial([1.0])
    last = _hermite(k - 1)
    return last.deriv() - Polynomial([0.0, 1.0]) * last
