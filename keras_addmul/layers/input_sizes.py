"""A warning, once for each layer, where inputs are far from 1."""

import warnings
from typing import Any

import numpy as np
from keras import ops

from keras_addmul.annotations import Tensor
from keras_addmul.layers.typical_size import sums_of_logs

__all__ = ["warn_if_far_from_one"]

# Within this factor of 1, Kneser's iterates of many orders are good to 3e-4; columns of a table
# that are beyond it spoil the training of a stack.
_FAR = 10.0
_SHOWN = 5


def warn_if_far_from_one(layer: Any, inputs: Tensor) -> None:
    """Warns where the first numbers that a layer meets are far from 1, and names the columns.

    It looks at the first batch that holds numbers: not at what is traced or compiled.

    Args:
        layer: The layer that was called; an attribute remembers that it was looked at.
        inputs: Its inputs, of shape `(batch, ..., inputs)`.
    """
    if getattr(layer, "_sizes_were_seen", False):
        return
    x = _numbers(inputs)
    if x is None or x.size == 0:
        return
    layer._sizes_were_seen = True
    logs, count = sums_of_logs(x, tuple(range(x.ndim - 1)))
    logs = logs / np.maximum(count, 1)
    far = np.flatnonzero(np.abs(logs) > np.log(_FAR))
    if not far.size:
        return
    worst = far[np.argsort(-np.abs(logs[far]), kind="stable")][:_SHOWN]
    with np.errstate(over="ignore"):
        sizes = ", ".join(f"{np.exp(logs[j]):.2g} in column {j}" for j in sorted(worst))
    more = f" and {far.size - worst.size} more" if far.size > worst.size else ""
    warnings.warn(
        f"Layer {layer.name!r} ({type(layer).__name__}) learns from numbers near 1. Received "
        f"inputs of the typical size {sizes}{more}. Put a `keras_addmul.layers.GeometricScale` "
        "before the layer, and call its `adapt(data)`: it divides each column by its typical "
        "size, and leaves power laws intact.",
        stacklevel=2,
    )


def _numbers(inputs: Any) -> np.ndarray | None:
    """Returns inputs as doubles, or None where they are symbols of what will be computed."""
    if hasattr(inputs, "graph"):  # TensorFlow would warn before it raises
        return None
    try:
        return np.asarray(ops.convert_to_numpy(inputs)).astype("float64")
    except (TypeError, ValueError, NotImplementedError, AttributeError):
        return None
