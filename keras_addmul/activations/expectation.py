"""The exact means of noisy activations over their noise, used at inference."""

from collections.abc import Callable
from typing import Any

from keras import ops

from keras_addmul.activations._logistic_mixture import MIXTURE
from keras_addmul.activations.distributions import Noise, default_noise
from keras_addmul.activations.noise_kinds import get_kind
from keras_addmul.activations.noisy_family import input_scale, output_mean, output_scale
from keras_addmul.activations.normal_distribution import normal_density, normal_tail
from keras_addmul.activations.saturating import get_base
from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.dtypes import in_working_dtype

__all__ = ["clipped_mean", "noisy_mean", "smoothed_sigmoid"]

_FAR = 40.0  # standard deviations; the tail beyond is 0 in float64


def noisy_mean(
    x: ArrayLike,
    p: ArrayLike = 1.0,
    c: ArrayLike = 0.5,
    base: str = "hard_tanh",
    kind: str = "NAH",
    alpha: float = 1.0,
    clip: bool = False,
    noise: Any = None,
) -> Tensor:
    """Returns the mean of `noisy` over its noise.

    Normal and half-normal noise have closed forms. Noise on the output needs the mean of the
    noise or, if clipped, the normal distribution. Noise on the input of a hard function needs
    the normal distribution. Normal noise on the input of a soft function needs a mixture of
    normal distributions, accurate within 3e-9. All other cases use a quadrature of the
    quantiles.

    Rounding adds a few eps times the larger of 1, `abs(x)` and the scale of the noise. The
    error is absolute: a tail smaller than that is rounding noise.

    Args:
        x: Tensor.
        p: Tensor, the learned steepness of the scale.
        c: Tensor, the scale of the noise.
        base: Name of the saturating function, as for `noisy`.
        kind: Kind of noise, as for `noisy`.
        alpha: Number, as for `noisy`.
        clip: Whether noisy outputs are clipped, as for `noisy`.
        noise: `"normal"`, `"half_normal"` or a distribution of tensorflow_probability.
            None means half-normal for `NAH` and normal for the other kinds.

    Returns:
        A tensor of the shape of `x`, in its dtype.

    Raises:
        ValueError: If `base`, `kind` or `noise` is unknown; the message lists the known
            ones.
        TypeError: If `x`, `p` or `c` does not hold real numbers.

    Example:

    >>> from keras_addmul.activations import noisy_mean
    >>> round(float(noisy_mean(4.0, alpha=1.2)), 3)
    0.482
    >>> round(float(noisy_mean(1.0, c=0.5, kind="NANI")), 3)  # half the noise is cut off
    0.801
    """
    h, how, z = get_base(base), get_kind(kind), default_noise(kind, noise)

    def value(dtype: str, x: Tensor, p: Tensor, c: Tensor) -> Tensor:
        if how.on_output:
            middle, scale = output_mean(x, h, alpha), output_scale(x, p, c, h, alpha)
            if clip:
                return clipped_mean(middle, scale, h.low, h.high, z)
            return middle + scale * z.mean if z.mean else middle
        scale = input_scale(x, p, c, h, how)
        if not h.soft:
            return clipped_mean(h.linear(x), h.slope * scale, h.low, h.high, z)
        if z.name != "normal":
            return _by_nodes(z, dtype, lambda z: h(x[..., None] + scale[..., None] * z))
        # Both soft functions are a sigmoid, stretched.
        height = h.high - h.low
        stretch = 4.0 * h.slope / height
        return h.low + height * smoothed_sigmoid(stretch * x, stretch * scale)

    return in_working_dtype(value, x=x, p=p, c=c)


def clipped_mean(middle: Tensor, scale: Tensor, low: float, high: float, noise: Noise) -> Tensor:
    """Returns the mean of `clip(middle + scale * noise, low, high)`.

    Args:
        middle: Tensor.
        scale: Tensor, of either sign.
        low: Number.
        high: Number, above it.
        noise: Distribution of the noise.

    Returns:
        Tensor like `middle`.
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
        # The mean is smooth where the middle meets a bound: there it has half the slope.
        clipped = ops.where(over_low == 0.0, low + 0.5 * over_low, clipped)
        clipped = ops.where(over_high == 0.0, high + 0.5 * over_high, clipped)
        return clipped + size * (below - above)
    # Half-normal noise has one direction. It never reaches a bound behind the middle; at a
    # bound ahead the overshoot counts twice, because the density is doubled.
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


def smoothed_sigmoid(x: Tensor, scale: Tensor) -> Tensor:
    """Returns the mean of `sigmoid(x + scale * noise)` over normal noise, within 3e-9.

    The sigmoid is within 3e-9 of a mixture of normal distribution functions. Averaging a
    normal distribution function over normal noise gives another one, at every scale, and
    averaging does not increase the error.

    Args:
        x: Tensor.
        scale: Tensor, the scale of the noise.

    Returns:
        Tensor like `x`.
    """
    total = 0.0
    for b, weight in MIXTURE:
        total = total + weight * normal_tail(x * -b / ops.sqrt(1.0 + ops.square(b * scale)))
    return total


def _overshoot(distance: Tensor, size: Tensor) -> Tensor:
    """The mean of `max(xi - |distance| / size, 0)` over normal xi; 0 where `size` is 0."""
    positive = size > 1e-30  # well above the subnormal numbers
    safe = ops.where(positive, size, 1.0)
    t = ops.minimum(ops.abs(distance), _FAR * safe) / safe
    return ops.where(positive, normal_density(t) - t * normal_tail(t), 0.0)


def _by_nodes(noise: Noise, dtype: str, function: Callable[[Tensor], Tensor]) -> Tensor:
    values, weights = (ops.convert_to_tensor(a, dtype=dtype) for a in noise.nodes())
    return ops.sum(function(values) * weights, axis=-1)
