"""Distributions of the noise: samples, means, and quadrature over them."""

import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from keras_addmul.activations import noise
from keras_addmul.activations.noise_kinds import get_kind
from keras_addmul.annotations import Config, Tensor

__all__ = ["Noise", "default_noise", "get_noise", "noise_config"]

_STEP = 0.0625  # of the trapezoidal rule, whose error is e^(-2 pi d / step), poles at d


class Noise:
    """A distribution of noise, with samples and a quadrature over it.

    Attributes:
        name: `"normal"`, `"half_normal"`, or the name of a distribution.
        mean: The mean of the noise.
        draw: Function from a shape and a seed of two `int32` to `float32` noise.
        unwrapped: The distribution of tensorflow_probability that it wraps, or None.

    Example:

    >>> from keras_addmul.activations.distributions import get_noise
    >>> values, weights = get_noise("half_normal").nodes()
    >>> round(float(weights @ values**2), 6)  # the mean of the square
    1.0
    """

    def __init__(
        self,
        name: str,
        mean: float,
        draw: Callable[[Any, Tensor], Tensor],
        quantile: Callable[[np.ndarray], np.ndarray],
        reach: float = 8.0,
        unwrapped: Any = None,
    ) -> None:
        self.name: str = name
        self.mean: float = mean
        self.draw: Callable[[Any, Tensor], Tensor] = draw
        self.unwrapped: Any = unwrapped
        self._quantile, self._reach = quantile, reach

    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns values `z` and weights `w` such that `sum(w f(z))` is the mean of `f`.

        It is the trapezoidal rule in a normal score `t`, with `z` the quantile at `Phi(t)`.
        It has full precision for an analytic `f` without poles near the real line.
        """
        count = round(self._reach / _STEP)
        t = np.arange(-count, count + 1) * _STEP
        weights = np.exp(-0.5 * t * t)
        return self._quantile(t), weights / weights.sum()


def _half_normal_quantile(t: np.ndarray) -> np.ndarray:
    # P(|z| < q) = Phi(t) where 2 Q(q) = Q(t): the tail keeps its digits on both sides.
    inverse = statistics.NormalDist().inv_cdf
    return np.array([-inverse(0.25 * math.erfc(s / math.sqrt(2.0))) for s in t])


NORMAL: Noise = Noise("normal", 0.0, noise.normal, np.asarray)
HALF_NORMAL: Noise = Noise(
    "half_normal", math.sqrt(2.0 / math.pi), noise.half_normal, _half_normal_quantile
)
_KNOWN = {n.name: n for n in (NORMAL, HALF_NORMAL)}


def get_noise(identifier: Any) -> Noise:
    """Returns the distribution of the noise, by name or from a distribution.

    Args:
        identifier: `"normal"`, `"half_normal"`, a scalar distribution of
            tensorflow_probability with quantiles, or the result of `noise_config`.

    Returns:
        A `Noise`.

    Raises:
        ValueError: If the identifier is none of these.

    Example:

    >>> from keras_addmul.activations.distributions import get_noise
    >>> round(get_noise("half_normal").mean, 4)
    0.7979
    """
    if isinstance(identifier, Noise):
        return identifier
    if isinstance(identifier, str) and identifier in _KNOWN:
        return _KNOWN[identifier]
    if isinstance(identifier, dict) and set(identifier) == {"distribution", "parameters"}:
        import tensorflow_probability as tfp

        kind = getattr(tfp.distributions, identifier["distribution"])
        return _from_distribution(kind(**identifier["parameters"]))
    if hasattr(identifier, "quantile") and hasattr(identifier, "parameters"):
        return _from_distribution(identifier)
    known = ", ".join(repr(n) for n in _KNOWN)
    raise ValueError(
        f"Argument `noise` must be one of {known}, or a distribution of tensorflow_probability. "
        f"Received: {identifier!r}"
    )


def default_noise(kind: str, identifier: Any = None) -> Noise:
    """Returns `get_noise(identifier)`, or for None the default of a kind of noise.

    Args:
        kind: Name of the kind, such as `"NAH"`.
        identifier: As for `get_noise`, or None.

    Returns:
        A `Noise`.

    Raises:
        ValueError: If the kind or the identifier is unknown.

    Example:

    >>> from keras_addmul.activations.distributions import default_noise
    >>> [default_noise(*a).name for a in (["NAH"], ["NAN"], ["NAN", "half_normal"])]
    ['half_normal', 'normal', 'half_normal']
    """
    known = get_kind(kind)
    return get_noise(known.noise if identifier is None else identifier)


def noise_config(noise: Noise) -> str | Config:
    """Returns a config for `get_noise`: a name, or a dictionary for a wrapped distribution.

    Raises:
        ValueError: If a parameter of the distribution is not a number.
    """
    if noise.unwrapped is None:
        return noise.name
    parameters = noise.unwrapped.parameters
    return {
        "distribution": type(noise.unwrapped).__name__,
        "parameters": {k: _plain(v) for k, v in parameters.items() if v is not None},
    }


def _from_distribution(distribution: Any) -> Noise:
    name = type(distribution).__name__
    if tuple(distribution.batch_shape) or tuple(distribution.event_shape):
        raise ValueError(
            "Argument `noise` must be a distribution of single numbers. Received: "
            f"{name} of batch shape {tuple(distribution.batch_shape)} and event shape "
            f"{tuple(distribution.event_shape)}"
        )
    normal = statistics.NormalDist()

    def quantile(t: np.ndarray) -> np.ndarray:
        p = np.array([normal.cdf(s) for s in t])
        return np.asarray(distribution.quantile(p.astype(_numpy_dtype(distribution))), "float64")

    def draw(shape: Any, seed: Tensor) -> Tensor:
        u = ops.cast(noise.uniform(shape, seed), distribution.dtype)
        return ops.cast(distribution.quantile(u), "float32")

    # Beyond the reach, 1 - Phi(t) is rounded away.
    reach = 5.0 if _numpy_dtype(distribution) != "float64" else 8.0
    made = Noise(name, 0.0, draw, quantile, reach, distribution)
    try:
        values, weights = made.nodes()
        mean = float(distribution.mean())
    except NotImplementedError:
        try:
            values, weights = made.nodes()
        except NotImplementedError as error:
            raise ValueError(
                f"Argument `noise` needs a distribution that knows its quantiles. Received: {name}"
            ) from error
        mean = float(weights @ values)
    if not np.all(np.isfinite(values)) or not np.isfinite(mean):
        raise ValueError(
            f"Argument `noise` needs a distribution with a finite mean. Received: {name}"
        )
    made.mean = mean
    return made


def _numpy_dtype(distribution: Any) -> str:
    return distribution.dtype.as_numpy_dtype.__name__


def _plain(value: Any) -> Any:
    """A parameter as a value that a config may hold."""
    if isinstance(value, (bool, str, int, float)):
        return value
    value = np.asarray(value)
    if value.dtype == object:
        raise ValueError(
            "Argument `noise` must be a distribution whose parameters are numbers. Received: "
            f"{value!r}"
        )
    return value.item()
