"""Functions that bring their own gradient, on every backend."""

from keras import ops

__all__ = ["custom_gradient"]


def custom_gradient(function):
    """Decorates a function that returns its value and its gradient, a function of the upstream.

    What is differentiated must come in as an argument: JAX refuses what a closure
    captured. The gradient of an argument that needs none is None.
    """

    def with_gradient(*arguments):
        value, gradient = function(*arguments)

        def backward(*args, upstream=None):  # handed in either way
            if upstream is None:
                (upstream,) = args
            return gradient(upstream)

        return value, backward

    return ops.custom_gradient(with_gradient)
