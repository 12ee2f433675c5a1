"""Type aliases shared by the annotations of this package."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

__all__ = ["ArrayLike", "Config", "Identifier", "Shape", "Tensor"]

# The tensors of TensorFlow, JAX and PyTorch have no common base class.
Tensor: TypeAlias = Any

# Input of `keras.ops.convert_to_tensor`: a tensor, an array, a number, or nested lists of them.
ArrayLike: TypeAlias = Any

Shape: TypeAlias = Sequence[int | None]

# Result of `get_config` and argument of `from_config`.
Config: TypeAlias = dict[str, Any]

# Argument of the `get` functions of Keras: a name, a configuration, an object, or None.
Identifier: TypeAlias = str | Mapping[str, Any] | Callable[..., Any] | None
