"""Functions with custom gradients, on every backend."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_addmul.annotations import Tensor

__all__ = ["clipped_gradient", "custom_gradient", "differentiated_as"]


def custom_gradient(
    function: Callable[..., tuple[Any, Callable[..., Any]]],
) -> Callable[..., Any]:
    """Decorates a function that returns its value and its gradient function.

    The gradient function maps the upstream gradient, a tuple of them if there are several
    results, to one gradient per argument, None where none is needed. Every differentiated tensor
    must be an argument: JAX refuses tensors that a closure captured. Arguments may be variables,
    those of a `tf.distribute` strategy included.
    """

    def with_gradient(*arguments):
        value, gradient = function(*arguments)
        value = keras.tree.map_structure(_for_forward_mode, value)

        def backward(*args, upstream=None):  # positional or by name
            if upstream is None:
                # TensorFlow passes one gradient for each of several results, JAX a tuple of them.
                upstream = args[0] if len(args) == 1 else args
            return gradient(upstream)

        return value, backward

    differentiable = ops.custom_gradient(with_gradient)
    return lambda *arguments: differentiable(*map(_read, arguments))


def differentiated_as(value: Tensor, formula: Tensor) -> Tensor:
    """Returns `value`, with the derivatives of `formula`.

    `value` receives no gradient. If no gradient is needed, a compiler drops the formula.

    Args:
        value: Tensor.
        formula: Tensor of the same shape and dtype.

    Returns:
        Tensor equal to `value`.
    """

    @custom_gradient
    def f(value, formula):
        def grad(upstream):
            return None, upstream

        return value, grad

    return f(value, formula)


def clipped_gradient(x: Tensor, most: float) -> Tensor:
    """Returns `x`, and clips its gradient to `[-most, most]`."""

    @custom_gradient
    def f(x):
        def grad(upstream):
            return ops.clip(upstream, -most, most)

        return x, grad

    return f(x)


def _read(argument):
    """Reads a variable, for which TensorFlow would ask the gradient function a gradient apart."""
    value = argument.value if isinstance(argument, keras.Variable) else argument
    return value.read_value() if hasattr(value, "read_value") else value


def _for_forward_mode(value):
    """Hides the steps to a value from TensorFlow's forward mode.

    Forward mode would otherwise follow them instead of the custom gradient. This works for
    eager tensors only, the ones that have a `numpy` method.
    """
    return ops.stop_gradient(value) if hasattr(value, "numpy") else value
