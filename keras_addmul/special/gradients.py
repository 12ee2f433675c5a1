"""Functions that bring their own gradient, on every backend."""

import keras
from keras import ops

__all__ = ["custom_gradient"]


def custom_gradient(function):
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


def _for_forward_mode(value):
    """Hides the steps to a value from TensorFlow's forward mode, which would follow them.

    Only eager tensors have a `numpy` method, and only there does it then take the gradient.
    """
    return ops.stop_gradient(value) if hasattr(value, "numpy") else value
