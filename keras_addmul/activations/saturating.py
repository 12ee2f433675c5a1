"""Functions that saturate, hard and soft, each with the line it follows around zero."""

import dataclasses
from collections.abc import Callable

from keras import ops

__all__ = ["BASES", "Saturating", "get_base", "hard_sigmoid", "hard_tanh"]


def hard_tanh(x):
    """Returns `x` kept in [-1, 1].

    >>> import keras
    >>> from keras_addmul.activations.saturating import hard_tanh
    >>> hard_tanh(keras.ops.array([-2.0, 0.5, 3.0])).numpy()
    array([-1. ,  0.5,  1. ], dtype=float32)
    """
    return ops.clip(x, -1.0, 1.0)


def hard_sigmoid(x):
    """Returns `x / 4 + 1 / 2` kept in [0, 1]: the tangent of the sigmoid at zero.

    Keras's function of this name has the slope 1/6.

    >>> import keras
    >>> from keras_addmul.activations.saturating import hard_sigmoid
    >>> hard_sigmoid(keras.ops.array([-3.0, 0.0, 1.0])).numpy()
    array([0.  , 0.5 , 0.75], dtype=float32)
    """
    return ops.clip(0.25 * x + 0.5, 0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Saturating:
    """A function `h`, its tangent at zero `u(x) = slope x + middle`, and its two limits."""

    name: str
    function: Callable
    slope: float
    middle: float
    low: float
    high: float
    soft: bool

    def __call__(self, x):
        """Returns `h(x)`."""
        return self.function(x)

    def linear(self, x):
        """Returns `u(x)`."""
        return x if (self.slope, self.middle) == (1.0, 0.0) else self.slope * x + self.middle

    def clip(self, y):
        """Returns `y` kept between the two limits."""
        return ops.clip(y, self.low, self.high)

    @property
    def threshold(self):
        """The `|x|` at which the line meets the limits."""
        return (self.high - self.middle) / self.slope


_TANH = {"slope": 1.0, "middle": 0.0, "low": -1.0, "high": 1.0}
_SIGMOID = {"slope": 0.25, "middle": 0.5, "low": 0.0, "high": 1.0}

BASES = {
    base.name: base
    for base in (
        Saturating("hard_tanh", hard_tanh, **_TANH, soft=False),
        Saturating("hard_sigmoid", hard_sigmoid, **_SIGMOID, soft=False),
        Saturating("tanh", ops.tanh, **_TANH, soft=True),
        Saturating("sigmoid", ops.sigmoid, **_SIGMOID, soft=True),
    )
}


def get_base(name):
    """Returns a saturating function by its name.

    >>> from keras_addmul.activations.saturating import get_base
    >>> get_base("hard_sigmoid").threshold
    2.0

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.
    """
    if not isinstance(name, str) or name not in BASES:
        known = ", ".join(repr(n) for n in BASES)
        raise ValueError(f"Argument `base` must be one of {known}. Received: {name!r}")
    return BASES[name]
