"""What the noise follows: how it is drawn, its mean, and means over it."""

import math
import statistics

import numpy as np
from keras import ops

from keras_addmul.activations import noise

__all__ = ["Noise", "get_noise", "noise_config"]

_STEP = 0.0625  # of the trapezoidal rule, whose error is e^(-2 pi d / step), poles at d


class Noise:
    """Noise with a name: `"normal"` or `"half_normal"`.

    Attributes:
        name: What `get_noise` knows it by.
        mean: Its mean.
        unwrapped: The distribution of tensorflow_probability it stands for, or None.
    """

    def __init__(self, name, mean, draw, quantile, reach=8.0, unwrapped=None):
        self.name, self.mean, self.draw = name, mean, draw
        self._quantile, self._reach = quantile, reach
        self.unwrapped = unwrapped

    def nodes(self):
        """Returns values `z` and weights `w`, with `sum(w f(z))` the mean of `f`.

        The trapezoidal rule in a normal score `t`, with `z` the quantile at `Phi(t)`:
        for an analytic `f` without poles near the real line it has all digits.
        """
        count = round(self._reach / _STEP)
        t = np.arange(-count, count + 1) * _STEP
        weights = np.exp(-0.5 * t * t)
        return self._quantile(t), weights / weights.sum()


def _half_normal_quantile(t):
    # P(|z| < q) = Phi(t) where 2 Q(q) = Q(t): the tail keeps its digits on both sides.
    inverse = statistics.NormalDist().inv_cdf
    return np.array([-inverse(0.25 * math.erfc(s / math.sqrt(2.0))) for s in t])


NORMAL = Noise("normal", 0.0, noise.normal, np.asarray)
HALF_NORMAL = Noise(
    "half_normal", math.sqrt(2.0 / math.pi), noise.half_normal, _half_normal_quantile
)
_KNOWN = {n.name: n for n in (NORMAL, HALF_NORMAL)}


def get_noise(identifier):
    """Returns a `Noise`.

    Args:
        identifier: `"normal"`, `"half_normal"`, a scalar distribution of
            tensorflow_probability that knows its quantiles, or what `noise_config`
            returned.

    >>> from keras_addmul.activations.distributions import get_noise
    >>> round(get_noise("half_normal").mean, 4)
    0.7979

    Raises:
        ValueError: If it is none of them.
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


def noise_config(noise):
    """Returns a name, or a dictionary for a distribution, that `get_noise` reads."""
    if noise.unwrapped is None:
        return noise.name
    parameters = noise.unwrapped.parameters
    return {
        "distribution": type(noise.unwrapped).__name__,
        "parameters": {k: _plain(v) for k, v in parameters.items() if v is not None},
    }


def _from_distribution(distribution):
    name = type(distribution).__name__
    if tuple(distribution.batch_shape) or tuple(distribution.event_shape):
        raise ValueError(
            "Argument `noise` must be a distribution of single numbers. Received: "
            f"{name} of batch shape {tuple(distribution.batch_shape)} and event shape "
            f"{tuple(distribution.event_shape)}"
        )
    normal = statistics.NormalDist()

    def quantile(t):
        p = np.array([normal.cdf(s) for s in t])
        return np.asarray(distribution.quantile(p.astype(_numpy_dtype(distribution))), "float64")

    def draw(shape, seed):
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


def _numpy_dtype(distribution):
    return distribution.dtype.as_numpy_dtype.__name__


def _plain(value):
    """A parameter as what a config may hold."""
    if isinstance(value, (bool, str, int, float)):
        return value
    value = np.asarray(value)
    if value.dtype == object:
        raise ValueError(
            "Argument `noise` must be a distribution whose parameters are numbers. Received: "
            f"{value!r}"
        )
    return value.item()
