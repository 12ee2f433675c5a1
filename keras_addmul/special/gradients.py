"""Functions that bring their own gradient, on every backend."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_addmul.annotations import Tensor

__all__ = ["clipped_gradient", "custom_gradient", "differentiated_as"]


def custom_gradient(
    function: Callable[..., tuple[Any, Callable[..., Any]]],
) -> Callable[..., Any]:
    """Decorates a function that returns its value and its gradient, a function of the upstream.

    What is differentiated must come in as an argument: JAX refuses what a closure
    captured. The gradient of an argument that needs none is None.
    """

    def with_gradient(*arguments):
        value, gradient = function(*arguments)
        value = keras.tree.map_structure(_for_forward_mode, value)

        def backward(*args, upstream=None):  # handed in either way
            if upstream is None:
                (upstream,) = args
            return gradient(upstream)

        return value, backward

    return ops.custom_gradient(with_gradient)


def differentiated_as(value: Tensor, formula: Tensor) -> Tensor:
    """Returns `value`, which is differentiated as if it were `formula`.

    Nothing flows to `value`. Where no gradient is taken, a compiler drops the formula.

    Args:
        value: Tensor.
        formula: Tensor of the same shape and dtype.
    """

    @custom_gradient
    def f(value, formula):
        def grad(upstream):
            return None, upstream

        return value, grad

    return f(value, formula)


def clipped_gradient(x: Tensor, most: float) -> Tensor:
    """Returns `x`; what flows back to it is clipped to `[-most, most]`."""

    @custom_gradient
    def f(x):
        def grad(upstream):
            return ops.clip(upstream, -most, most)

        return x, grad

    return f(x)


def _for_forward_mode(value):
    """Hides the steps to a value from TensorFlow's forward mode, which would follow them.

    Only eager tensors have a `numpy` method, and only there does it then take the gradient.
    """
    return ops.stop_gradient(value) if hasattr(value, "numpy") else value
