"""Samples of noisy activations, used in training. `expectation` has their means."""

from typing import Any

from keras import ops

from keras_addmul.activations.distributions import default_noise
from keras_addmul.activations.noise_kinds import Kind, get_kind
from keras_addmul.activations.saturating import Saturating, get_base
from keras_addmul.annotations import ArrayLike, Tensor
from keras_addmul.special.dtypes import in_working_dtype
from keras_addmul.special.gradients import custom_gradient

__all__ = ["input_scale", "noise_scale", "noisy", "noisy_sample", "output_mean", "output_scale"]


def noise_scale(delta: ArrayLike, p: ArrayLike, c: ArrayLike) -> Tensor:
    """Returns `c (sigmoid(p delta) - 1/2)^2`: zero without saturation, at most `c / 4`.

    Args:
        delta: Tensor, `h(x) - u(x)`.
        p: Tensor, the learned steepness; its sign does not matter.
        c: Tensor, the scale.

    Returns:
        Tensor with the broadcast shape of the arguments.

    Example:

    >>> from keras_addmul.activations.noisy_family import noise_scale
    >>> round(float(noise_scale(-1.0, 1.0, 0.5)), 4)  # hard tanh at 2
    0.0267
    """
    return 0.25 * c * ops.square(ops.tanh(0.5 * p * delta))  # no cancellation near zero


def noisy(
    x: ArrayLike,
    noise: ArrayLike,
    p: ArrayLike = 1.0,
    c: ArrayLike = 0.5,
    base: str = "hard_tanh",
    kind: str = "NAH",
    alpha: float = 1.0,
    clip: bool = False,
) -> Tensor:
    """Returns a saturating function of `x`, with the given noise where it saturates.

    With h the function, u its tangent at zero and `s = c (sigmoid(p (h - u)) - 1/2)^2`:

    - `NAN`, `NAH`: `alpha h(x) + (1 - alpha) u(x) + d(x) s noise`, with
      `d(x) = -sgn(x) sgn(1 - alpha)` and `sgn(0) = 1`, so that positive noise
      counteracts the leak `(1 - alpha)`, and at alpha = 1 points inwards;
    - `NANI`: `h(x + c noise)`;
    - `NANIL`: `h(x + s noise)`;
    - `NANIS`: `h(x + c noise)` where `|x|` is at least the threshold, else `h(x)`.

    Args:
        x: Tensor.
        noise: Tensor of the shape of `x`, the random numbers; for `NAH`, nonnegative.
        p: Tensor, the learned steepness of the scale.
        c: Tensor, the scale of the noise.
        base: Name of h: `"hard_tanh"`, `"tangent_sigmoid"` (slope 1/4), `"tanh"` or
            `"sigmoid"`.
        kind: One of the five above.
        alpha: Number; beyond the threshold, the slope of the mean is `1 - alpha` times the
            slope at zero.
        clip: Whether `NAN` and `NAH` clip their outputs to the limits of h. The other
            kinds never leave these limits.

    Returns:
        A tensor of the shape of `x`, in its dtype.

    Raises:
        ValueError: If `base` or `kind` is unknown; the message lists the known ones.
        TypeError: If an argument does not hold real numbers.

    Example:

    >>> from keras_addmul.activations.noisy_family import noisy
    >>> noisy([4.0], [0.0], alpha=1.1).numpy().round(4), noisy([4.0], [1.0]).numpy().round(4)
    (array([0.7], dtype=float32), array([0.8976], dtype=float32))

    References:
        - [Gulcehre et al., 2016](https://arxiv.org/abs/1603.00391)
    """
    h, how = get_base(base), get_kind(kind)

    def value(dtype: str, x: Tensor, noise: Tensor, p: Tensor, c: Tensor) -> Tensor:
        fast = not h.soft and len(noise.shape) == len(x.shape)
        if how.on_output:
            if not fast:
                y = output_mean(x, h, alpha) + output_scale(x, p, c, h, alpha) * noise
            else:
                y = _hard_with_noise(x, noise, p, c, h, alpha)
            return h.clip(y) if clip else y
        if how.learned and fast:
            return _hard_of_noise(x, noise, p, c, h)
        return h(x + input_scale(x, p, c, h, how) * noise)

    return in_working_dtype(value, x=x, noise=noise, p=p, c=c)


def noisy_sample(
    x: Tensor,
    seed: Tensor,
    p: ArrayLike = 1.0,
    c: ArrayLike = 0.5,
    base: str = "hard_tanh",
    kind: str = "NAH",
    alpha: float = 1.0,
    clip: bool = False,
    noise: Any = None,
) -> Tensor:
    """Returns `noisy` of `x` with random noise; its mean is `noisy_mean` of the same arguments.

    Args:
        x: Tensor.
        seed: Two `int32`, the seed of the noise.
        p: Tensor, as for `noisy`.
        c: Tensor, as for `noisy`.
        base: Name, as for `noisy`.
        kind: Name, as for `noisy`.
        alpha: Number, as for `noisy`.
        clip: Whether outputs are clipped, as for `noisy`.
        noise: `"normal"`, `"half_normal"`, or a distribution of tensorflow_probability.
            None means half-normal for `NAH` and normal for the other kinds.

    Returns:
        A tensor of the shape of `x`, in its dtype.

    Raises:
        ValueError: If `base`, `kind` or `noise` is unknown.

    Example:

    >>> import keras
    >>> from keras_addmul.activations.noisy_family import noisy_sample
    >>> x = keras.ops.full((10000,), 4.0)
    >>> y = noisy_sample(x, keras.ops.array([1, 2]))
    >>> round(float(keras.ops.mean(y)), 2), float(keras.ops.max(y)) <= 1.0  # inwards
    (0.92, True)
    """
    drawn = default_noise(kind, noise).draw(ops.shape(x), seed)
    return noisy(x, drawn, p, c, base, kind, alpha, clip)


def _hard_with_noise(
    x: Tensor, noise: Tensor, p: Tensor, c: Tensor, base: Saturating, alpha: float
) -> Tensor:
    """`output_mean + output_scale * noise`, in half the passes over the elements.

    Where a hard function saturates, `h - middle` has the sign of x and is constant. Where it
    does not saturate, there is no noise.
    """
    push = -1.0 if alpha <= 1.0 else 1.0  # sgn(1 - alpha) is 1 at alpha = 1

    @custom_gradient
    def f(x, noise, half_p):
        u = base.linear(x)
        h = base.clip(u)
        delta = h - u
        t = ops.tanh(half_p * delta)
        square = t * t
        pushed = noise * (h - base.middle) if base.middle else noise * h

        def grad(upstream):
            steeper = upstream * pushed * t * (2.0 - 2.0 * square)
            by_delta = alpha * upstream + steeper * half_p
            by_u = upstream - ops.where(delta == 0.0, 0.0, by_delta)
            by_x = by_u if base.slope == 1.0 else base.slope * by_u
            by_noise = upstream * square * (h - base.middle)
            return by_x, by_noise, steeper * delta

        return u + alpha * delta + pushed * square, grad

    scaled = noise * (push * 0.25 / (base.high - base.middle) * c)
    return f(x, scaled, ops.broadcast_to(0.5 * p, ops.shape(x)))


def _hard_of_noise(x: Tensor, noise: Tensor, p: Tensor, c: Tensor, base: Saturating) -> Tensor:
    """`base(x + input_scale * noise)` for `NANIL`, in half the passes over the elements.

    The scale has zero slope where `h - u` is zero, so no branch is needed.
    """

    @custom_gradient
    def f(x, noise, half_p):
        u = base.linear(x)
        delta = base.clip(u) - u
        t = ops.tanh(half_p * delta)
        square = t * t
        moved = u + noise * square
        y = base.clip(moved)

        def grad(upstream):
            by_moved = ops.where(y == moved, upstream, 0.0)
            steeper = by_moved * noise * t * (2.0 - 2.0 * square)
            by_u = by_moved - steeper * half_p
            by_x = by_u if base.slope == 1.0 else base.slope * by_u
            return by_x, by_moved * square, steeper * delta

        return y, grad

    return f(x, noise * (0.25 * base.slope * c), ops.broadcast_to(0.5 * p, ops.shape(x)))


def output_mean(x: Tensor, base: Saturating, alpha: float) -> Tensor:
    """Returns `alpha h + (1 - alpha) u`, the mean if the noise has mean zero."""
    h = base(x)
    return h if alpha == 1.0 else h + (1.0 - alpha) * (base.linear(x) - h)


def output_scale(x: Tensor, p: Tensor, c: Tensor, base: Saturating, alpha: float) -> Tensor:
    """Returns the signed factor of noise on the output."""
    size = noise_scale(base(x) - base.linear(x), p, c)
    push = -1.0 if alpha <= 1.0 else 1.0  # for x >= 0; sgn(1 - alpha) is 1 at alpha = 1
    return ops.where(x >= 0.0, push * size, -push * size)


def input_scale(x: Tensor, p: Tensor, c: Tensor, base: Saturating, kind: Kind) -> Tensor:
    """Returns the factor of noise on the input, for the kinds with noise there."""
    if kind.learned:
        return noise_scale(base(x) - base.linear(x), p, c)
    if kind.only_saturated:
        return ops.where(ops.abs(x) >= base.threshold, c, ops.zeros_like(c))
    return c
