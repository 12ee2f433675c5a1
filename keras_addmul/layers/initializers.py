"""Initializers for the weights of the layers."""

import abc
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_addmul.annotations import ArrayLike, Config, Tensor

__all__ = [
    "AddMulUniform",
    "NACUniform",
    "NAUUniform",
    "NearEnds",
    "ParityUniform",
    "Repeated",
    "SelectUniform",
]


class _Uniform(keras.initializers.Initializer):
    """Base of the initializers: draws seeded uniform numbers from [-1, 1]."""

    def __init__(self, seed: Any = None) -> None:
        self._uniform = keras.initializers.RandomUniform(-1.0, 1.0, seed=seed)

    def get_config(self) -> Config:
        return {"seed": self._uniform.get_config()["seed"]}


@keras.saving.register_keras_serializable(package="keras_addmul")
class AddMulUniform(_Uniform):
    """Uniform weights: positive for few inputs, of either sign and mean 0 for many.

    A unit with few inputs should start by using all of them. Near exponent 1 a product of
    signed numbers has the right sign, and the unit does not divide by inputs near zero. The
    mean is 3/4 for up to three inputs and 2.5/inputs for four to six. The half-width is 1 minus
    the mean, and at most LeCun's `sqrt(3 / inputs)`.

    For more inputs the mean is 0 and the half-width 1.2 times Glorot's
    `sqrt(6 / (inputs + units))`: what a stack of layers puts out then has the size of its
    inputs, as with `keras.layers.Dense`. At order 1/4 a layer of the width of its inputs
    shrinks them to 0.9 ("kneser") or 0.75 ("mixture") of Glorot's size; the factor makes up
    for it. The inputs of a convolution are all numbers of its window.

    Args:
        seed: Integer, `keras.random.SeedGenerator`, or None.

    Example:

    >>> from keras_addmul.layers.initializers import AddMulUniform
    >>> kernel = AddMulUniform(seed=0)((2, 1000)).numpy()
    >>> bool(kernel.min() > 0.5), bool(kernel.max() < 1.0)
    (True, True)
    >>> kernel = AddMulUniform(seed=0)((300, 300)).numpy()
    >>> bool(kernel.min() > -0.121), bool(kernel.max() < 0.121), bool(abs(kernel.mean()) < 1e-3)
    (True, True, True)
    """

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        inputs = math.prod(shape[:-1])
        if inputs > 6:
            units = math.prod(shape[:-2]) * shape[-1]  # that an input reaches
            return 1.2 * math.sqrt(6.0 / (inputs + units)) * self._uniform(shape, dtype)
        mean = min(0.75, 2.5 / inputs)
        half_width = min(1.0 - mean, (3.0 / inputs) ** 0.5)
        return mean + half_width * self._uniform(shape, dtype)


class _Symmetric(_Uniform):
    """Uniform weights between `-width(inputs, units)` and `width(inputs, units)`."""

    @abc.abstractmethod
    def width(self, inputs: int, units: int) -> float:
        """Returns the half-width of the interval."""

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        return self.width(shape[-2], shape[-1]) * self._uniform(shape, dtype)


@keras.saving.register_keras_serializable(package="keras_addmul")
class NAUUniform(_Symmetric):
    """Uniform weights of a neural addition unit: Glorot's, but within [-1/2, 1/2].

    Args:
        seed: Integer, `keras.random.SeedGenerator`, or None.

    Example:

    >>> from keras_addmul.layers.initializers import NAUUniform
    >>> kernel = NAUUniform(seed=0)((2, 1000)).numpy()
    >>> bool(abs(kernel).max() <= (6.0 / 1002.0) ** 0.5)
    True

    References:
        - [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016)
    """

    def width(self, inputs: int, units: int) -> float:
        return min(0.5, math.sqrt(6.0 / (inputs + units)))


@keras.saving.register_keras_serializable(package="keras_addmul")
class NACUniform(_Symmetric):
    """Uniform `w_hat` and `m_hat`, for weights `tanh(w_hat) * sigmoid(m_hat)`.

    The half-width gives those weights the variance of Glorot's initializer,
    `2 / (inputs + outputs)`.

    Args:
        seed: Integer, `keras.random.SeedGenerator`, or None.

    Example:

    >>> from keras_addmul.layers.initializers import NACUniform
    >>> w_hat = NACUniform(seed=0)((2, 1)).numpy()
    >>> w_hat.shape
    (2, 1)

    References:
        - [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016)
    """

    def width(self, inputs: int, units: int) -> float:
        wanted = 2.0 / max(inputs + units, 5)  # no half-width gives more than 1/2
        low, high = 1e-3, 100.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if _variance(middle) < wanted else (low, middle)
        return high


@keras.saving.register_keras_serializable(package="keras_addmul")
class SelectUniform(_Uniform):
    """Weights of either sign whose magnitude is uniform in [low, high].

    Use it for weights that take (1) or invert (-1) an input. Both signs are equally
    likely. Keep `low` away from 0: a weight near 0 leaves the input out and learns little.

    Args:
        low, high: Bounds of the magnitude.
        seed: Integer, `keras.random.SeedGenerator`, or None.

    Raises:
        ValueError: Unless `0 <= low <= high`.

    Example:

    >>> from keras_addmul.layers.initializers import SelectUniform
    >>> kernel = abs(SelectUniform(seed=0)((2, 1000)).numpy())
    >>> bool(kernel.min() > 0.5), bool(kernel.max() < 1.0)
    (True, True)
    """

    def __init__(self, low: float = 0.5, high: float = 1.0, seed: Any = None) -> None:
        if not 0.0 <= low <= high:
            raise ValueError(
                "Arguments `low` and `high` must be numbers with 0 <= low <= high. "
                f"Received: {low!r}, {high!r}"
            )
        super().__init__(seed)
        self.low, self.high = float(low), float(high)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        u = self._uniform(shape, dtype)
        size = self.low + (self.high - self.low) * ops.abs(u)
        return ops.where(u < 0.0, -size, size)

    def get_config(self) -> Config:
        return {**super().get_config(), "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable(package="keras_addmul")
class NearEnds(_Uniform):
    """Orders near 0, the sum, or near 1, the product, with equal probability.

    Args:
        distance: Distance from 0 or 1, in [0, 1/2).
        seed: Integer, `keras.random.SeedGenerator`, or None.

    Raises:
        ValueError: If `distance` is not in [0, 1/2).

    Example:

    >>> from keras_addmul.layers.initializers import NearEnds
    >>> NearEnds(seed=0)((6,)).numpy()
    array([0.05, 0.95, 0.95, 0.95, 0.05, 0.95], dtype=float32)
    """

    def __init__(self, distance: float = 0.05, seed: Any = None) -> None:
        if not 0.0 <= distance < 0.5:
            raise ValueError(
                f"Argument `distance` must be a number in [0, 0.5). Received: {distance!r}"
            )
        super().__init__(seed)
        self.distance = float(distance)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        u = self._uniform(shape, dtype)
        at = ops.full_like(u, self.distance)
        return ops.where(u < 0.0, at, 1.0 - at)

    def get_config(self) -> Config:
        return {**super().get_config(), "distance": self.distance}


@keras.saving.register_keras_serializable(package="keras_addmul")
class ParityUniform(_Uniform):
    """Parities undecided between even and odd for up to three inputs, and even for more.

    A unit with few inputs finds the sign of its product soonest from the middle. Among many
    inputs, the signs that do not matter would drown the one that does; a unit that starts
    without signs picks them up one by one, and a stack of layers keeps the size of its inputs.

    Args:
        low, high: Bounds of the parities for up to three inputs, in [0, 1].
        seed: Integer, `keras.random.SeedGenerator`, or None.

    Raises:
        ValueError: Unless `0 <= low <= high <= 1`.

    Example:

    >>> from keras_addmul.layers.initializers import ParityUniform
    >>> ParityUniform(seed=0)((2, 3)).numpy().round(2)
    array([[0.38, 0.58, 0.62],
           [0.61, 0.46, 0.65]], dtype=float32)
    >>> float(ParityUniform()((8, 3)).numpy().max())
    0.0
    """

    def __init__(self, low: float = 0.3, high: float = 0.7, seed: Any = None) -> None:
        if not 0.0 <= low <= high <= 1.0:
            raise ValueError(
                "Arguments `low` and `high` must be numbers with 0 <= low <= high <= 1. "
                f"Received: {low!r}, {high!r}"
            )
        super().__init__(seed)
        self.low, self.high = float(low), float(high)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        u = self._uniform(shape, dtype)
        if math.prod(shape[:-1]) > 3:
            return ops.zeros_like(u)
        return self.low + (self.high - self.low) * 0.5 * (u + 1.0)

    def get_config(self) -> Config:
        return {**super().get_config(), "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable(package="keras_addmul")
class Repeated(keras.initializers.Initializer):
    """Repeats given values for each feature.

    Args:
        values: Array or nested list with the shape of the last axes of the weights.

    Example:

    >>> from keras_addmul.layers.initializers import Repeated
    >>> Repeated([1.0, 2.0])((3, 2)).numpy()
    array([[1., 2.],
           [1., 2.],
           [1., 2.]], dtype=float32)
    """

    def __init__(self, values: ArrayLike) -> None:
        self.values: np.ndarray = np.asarray(values)

    def __call__(self, shape: Sequence[int], dtype: str | None = None) -> Tensor:
        values = ops.convert_to_tensor(self.values)
        return ops.cast(ops.broadcast_to(values, shape), dtype or keras.config.floatx())

    def get_config(self) -> Config:
        return {"values": self.values.tolist()}


def _variance(r: float) -> float:
    """The variance of `tanh(u) * sigmoid(v)`, for u and v uniform in [-r, r]."""
    return (1.0 - math.tanh(r) / r) * (r - math.tanh(r / 2.0)) / (2.0 * r)
