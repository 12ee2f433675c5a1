"""Saturating functions, hard and soft, each with its tangent at zero."""

import dataclasses
from collections.abc import Callable

from keras import ops

from keras_addmul.activations import from_keras, sigmoids  # noqa: F401  the records of the bases
from keras_addmul.activations.registry import ROWS, Activation
from keras_addmul.annotations import Tensor

__all__ = ["BASES", "Saturating", "get_base"]


@dataclasses.dataclass(frozen=True)
class Saturating:
    """A function `h`, its tangent at zero `u(x) = slope x + middle`, and its two limits.

    Attributes:
        name: Its name.
        function: `h`, of a tensor.
        slope: Its slope at zero, where it is steepest.
        middle: Its value at zero, half-way between the limits.
        low: The limit on the left.
        high: The limit on the right.
        soft: Whether it is curved; otherwise it is the tangent, clipped to the limits.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    slope: float
    middle: float
    low: float
    high: float
    soft: bool

    def __call__(self, x: Tensor) -> Tensor:
        """Returns `h(x)`."""
        return self.function(x)

    def linear(self, x: Tensor) -> Tensor:
        """Returns `u(x)`."""
        return x if (self.slope, self.middle) == (1.0, 0.0) else self.slope * x + self.middle

    def clip(self, y: Tensor) -> Tensor:
        """Returns `y`, clipped to the two limits."""
        return ops.clip(y, self.low, self.high)

    @property
    def threshold(self) -> float:
        """The `|x|` at which the tangent meets the limits."""
        return (self.high - self.middle) / self.slope


def _base(row: Activation) -> Saturating:
    """A base from the record of a function that is odd about its value at zero."""
    # The plain operation if there is one: Keras's sigmoid attaches its input to its output.
    function = (*row.twins, row.function)[0]
    return Saturating(
        row.name, function, row.lipschitz, row.at_zero, *row.range, soft=not row.straight
    )


BASES: dict[str, Saturating] = {
    name: _base(ROWS[name]) for name in ("hard_tanh", "tangent_sigmoid", "tanh", "sigmoid")
}

# Names of bases in older saved files.
_EARLIER = {"hard_sigmoid": "tangent_sigmoid"}


def get_base(name: str) -> Saturating:
    """Returns a saturating function by its name.

    `"hard_sigmoid"`, the former name of the function of slope 1/4, still means
    `"tangent_sigmoid"` here, so that older files load.

    Args:
        name: `"hard_tanh"`, `"tangent_sigmoid"`, `"tanh"` or `"sigmoid"`.

    Returns:
        A `Saturating`.

    Raises:
        ValueError: If the name is unknown; the message lists the known ones.

    Example:

    >>> from keras_addmul.activations.saturating import get_base
    >>> get_base("tangent_sigmoid").threshold
    2.0
    """
    name = _EARLIER.get(name, name) if isinstance(name, str) else name
    if not isinstance(name, str) or name not in BASES:
        known = ", ".join(repr(n) for n in BASES)
        raise ValueError(f"Argument `base` must be one of {known}. Received: {name!r}")
    return BASES[name]
