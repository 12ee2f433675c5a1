"""The types that annotations of this package share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

__all__ = ["ArrayLike", "Config", "Identifier", "Shape", "Tensor"]

# Tensors of TensorFlow, JAX and PyTorch have no common class.
Tensor: TypeAlias = Any

# What `keras.ops.convert_to_tensor` takes: a tensor, an array, a number, nested lists of them.
ArrayLike: TypeAlias = Any

Shape: TypeAlias = Sequence[int | None]

# What `get_config` returns and `from_config` takes.
Config: TypeAlias = dict[str, Any]

# What the `get` functions of Keras take: a name, a configuration, an object, or None.
Identifier: TypeAlias = str | Mapping[str, Any] | Callable[..., Any] | None
