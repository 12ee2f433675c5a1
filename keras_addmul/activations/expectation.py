"""Noisy activations: their exact means over the noise, which are used at inference."""

import math

from keras import ops

from keras_addmul.activations._logistic_mixture import MIXTURE
from keras_addmul.activations.distributions import get_noise
from keras_addmul.activations.noisy_family import (
    ON_OUTPUT,
    get_kind,
    input_scale,
    output_mean,
    output_scale,
)
from keras_addmul.activations.saturating import get_base
from keras_addmul.special.dtypes import in_working_dtype

__all__ = ["clipped_mean", "noisy_mean", "smoothed_sigmoid"]

_FAR = 40.0  # standard deviations; nothing is left there in float64


def noisy_mean(
    x, p=1.0, c=0.5, base="hard_tanh", kind="NAH", alpha=1.0, clip=False, noise="normal"
):
    """Returns the mean of `noisy` over its noise.

    In closed form where the noise is normal or half-normal: on the output, by the
    mean of the noise or, clipped, by the normal distribution; on the input of a hard
    function, by the normal distribution; on the input of a soft one, by a mixture of
    normal distributions within 3e-9. Otherwise by quadrature of the quantiles.

    Args:
        x: Tensor.
        p: Tensor, learned steepness of the scale.
        c: Tensor, scale of the noise.
        base: Name of the saturating function.
        kind: Kind of noise, as of `noisy`.
        alpha: Number, as of `noisy`.
        clip: Whether noisy outputs are kept between the limits of the function.
        noise: `"normal"`, `"half_normal"` or a distribution of
            tensorflow_probability.

    >>> from keras_addmul.activations.expectation import noisy_mean
    >>> round(float(noisy_mean(4.0, alpha=1.2, noise="half_normal")), 3)
    0.482
    >>> round(float(noisy_mean(1.0, c=0.5, kind="NANI")), 3)  # half the noise is cut off
    0.801
    """
    base, kind, noise = get_base(base), get_kind(kind), get_noise(noise)

    def value(dtype, x, p, c):
        if kind in ON_OUTPUT:
            middle, scale = output_mean(x, base, alpha), output_scale(x, p, c, base, alpha)
            if clip:
                return clipped_mean(middle, scale, base.low, base.high, noise)
            return middle + scale * noise.mean if noise.mean else middle
        scale = input_scale(x, p, c, base, kind)
        if not base.soft:
            return clipped_mean(base.linear(x), base.slope * scale, base.low, base.high, noise)
        if noise.name != "normal":
            return _by_nodes(noise, dtype, lambda z: base(x[..., None] + scale[..., None] * z))
        if base.name == "tanh":
            return 2.0 * smoothed_sigmoid(2.0 * x, 2.0 * scale) - 1.0
        return smoothed_sigmoid(x, scale)

    return in_working_dtype(value, x=x, p=p, c=c)


def clipped_mean(middle, scale, low, high, noise):
    """Returns the mean of `clip(middle + scale * noise, low, high)`.

    Args:
        middle: Tensor.
        scale: Tensor, of either sign.
        low: Number.
        high: Number, above it.
        noise: `keras_addmul.activations.distributions.Noise`.
    """
    scale = ops.broadcast_to(scale, ops.shape(middle))
    if noise.name not in ("normal", "half_normal"):
        return _by_nodes(
            noise,
            middle.dtype,
            lambda z: ops.clip(middle[..., None] + scale[..., None] * z, low, high),
        )
    size = ops.abs(scale)
    over_low, over_high = middle - low, middle - high
    below, above = _overshoot(over_low, size), _overshoot(over_high, size)
    clipped = ops.clip(middle, low, high)
    if noise.name == "normal":
        # The mean is smooth where the middle meets a bound: half the slope is left there.
        clipped = ops.where(over_low == 0.0, low + 0.5 * over_low, clipped)
        clipped = ops.where(over_high == 0.0, high + 0.5 * over_high, clipped)
        return clipped + size * (below - above)
    # Half-normal noise moves one way. A bound behind the middle is never reached; on
    # one that lies ahead, what overshoots counts twice, as the density is doubled.
    ahead_low = (over_low > 0.0) == (scale < 0.0)
    ahead_high = (over_high > 0.0) == (scale < 0.0)
    inside = ops.logical_and(over_low > 0.0, over_high <= 0.0)
    moved = ops.where(inside, scale * noise.mean, 0.0)
    twice = 2.0 * size
    return (
        clipped
        + moved
        + twice * (ops.where(ahead_low, below, 0.0) - ops.where(ahead_high, above, 0.0))
    )


def smoothed_sigmoid(x, scale):
    """Returns the mean of `sigmoid(x + scale * noise)` over normal noise, within 3e-9.

    The sigmoid is within 3e-9 of a mean of normal distribution functions, and that of
    a normal distribution function is one again, whatever the scale: the error of a
    mean is at most the error of what is averaged.

    Args:
        x: Tensor.
        scale: Tensor.
    """
    total = 0.0
    for b, weight in MIXTURE:
        total = total + (0.5 * weight) * ops.erfc(
            x * (-b / math.sqrt(2.0)) / ops.sqrt(1.0 + ops.square(b * scale))
        )
    return total


def _overshoot(distance, size):
    """The mean of `max(xi - |distance| / size, 0)` over normal xi; 0 where the size is."""
    positive = size > 1e-30  # far from where numbers lose digits
    safe = ops.where(positive, size, 1.0)
    t = ops.minimum(ops.abs(distance), _FAR * safe) / safe
    density = math.sqrt(0.5 / math.pi) * ops.exp(-0.5 * t * t)
    return ops.where(positive, density - 0.5 * t * ops.erfc(t * math.sqrt(0.5)), 0.0)


def _by_nodes(noise, dtype, function):
    values, weights = (ops.convert_to_tensor(a, dtype=dtype) for a in noise.nodes())
    return ops.sum(function(values) * weights, axis=-1)
