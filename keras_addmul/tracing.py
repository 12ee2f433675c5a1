"""Functions that are traced once and called often.

A layer is traced anew in every model and at every place in it. A network of many layers of
one kind then repeats the same hundreds of operations: building its graph, compiling it and
exporting it take long. A function decorated with `traced` is traced once for each
combination of dtypes and ranks. In a graph each use of it is one node, and all uses share one
body and one gradient.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_addmul.annotations import Tensor

__all__ = ["StaticShape", "broadcast_shape", "traced"]

StaticShape = tuple[int | None, ...]


def traced(
    function: Callable[..., Any] | None = None,
    *,
    shape: Callable[..., StaticShape | list[StaticShape]] | None = None,
) -> Callable[..., Any]:
    """Decorates a function of tensors so that the graphs which call it share its body.

    How to use it: decorate a function at the top level of a module. Its positional arguments
    are tensors, its keyword arguments are Python values that can be hashed, such as the pieces
    of a solution or a limit. It may call other traced functions and may define custom
    gradients.

        @traced
        def soft(x, n, *, limit):                 # elementwise: shapes are broadcast
            return ops.minimum(x * n, limit)

        @traced(shape=lambda x, kernel: (*x.shape[:-1], kernel.shape[1]))
        def product(x, kernel):
            return ops.matmul(x, kernel)

    Three rules keep it fast under XLA. Pass tensors of rank 2 as they are, rather than flattened
    or broadcast before the call. Broadcast inside the function. And concatenate outside, unless
    the function has a gradient of its own: a gradient of TensorFlow's takes the axis from what the
    function has computed, so that XLA needs all arguments as constants and compiles anew for each
    new value. Inside, sizes are unknown, except for sizes of 1: use `ops.shape`, and give what
    depends on a size as a keyword argument.

    While TensorFlow builds a graph, the function is traced for the dtypes and ranks of the
    arguments, if it has not been before, and called. Everywhere else, which is in eager mode
    and on the other backends, the decorator does nothing.

    Args:
        function: Returns a tensor or a list of tensors.
        shape: Returns the static shape of the result, or a list with one for each result, from
            the tensors. By default it is the broadcast shape of all tensors.

    Returns:
        Function of the same arguments.

    Example:

    >>> import tensorflow as tf
    >>> from keras_addmul.tracing import traced
    >>> @traced
    ... def cubed(x, *, times):
    ...     return times * x * x * x
    >>> @tf.function
    ... def deep(x):
    ...     return cubed(cubed(x, times=1.0), times=1.0)
    >>> deep(tf.constant([2.0])).numpy()
    array([512.], dtype=float32)
    >>> [op.type for op in deep.get_concrete_function(tf.constant([2.0])).graph.get_operations()]
    ['Placeholder', 'PartitionedCall', 'PartitionedCall', 'Identity']
    """
    if function is None:
        return functools.partial(traced, shape=shape)
    shape_of = shape or broadcast_shape

    @functools.wraps(function)
    def call(*tensors: Tensor, **static: Any) -> Any:
        if keras.backend.backend() != "tensorflow":
            return function(*tensors, **static)
        import tensorflow as tf

        if tf.executing_eagerly():
            return function(*tensors, **static)
        signature = tuple(_signature(tensor) for tensor in tensors)
        found = _concrete(function, signature, tuple(sorted(static.items())))(*tensors)
        results, shapes = tf.nest.flatten(found), shape_of(*tensors)
        for i, result in enumerate(results):
            result.set_shape(shapes[i] if isinstance(shapes, list) else shapes)
        return found

    return call


def broadcast_shape(*tensors: Tensor) -> StaticShape:
    """Returns the static shape to which tensors are broadcast; None where it is unknown."""
    rank = max(len(tensor.shape) for tensor in tensors)
    shapes = [(1,) * (rank - len(t.shape)) + tuple(t.shape) for t in tensors]
    return tuple(_broadcast_size(sizes) for sizes in zip(*shapes, strict=True))


def _broadcast_size(sizes: Sequence[int | None]) -> int | None:
    known = {size for size in sizes if size != 1}
    if None in known and len(known) > 1:
        known.discard(None)
    return known.pop() if known else 1


def _signature(tensor: Tensor) -> tuple[str, StaticShape]:
    shape = tuple(1 if size == 1 else None for size in tensor.shape)
    return keras.backend.standardize_dtype(tensor.dtype), shape


@functools.cache
def _concrete(
    function: Callable[..., Any],
    signature: tuple[tuple[str, StaticShape], ...],
    static: tuple[tuple[str, Any], ...],
) -> Callable[..., Any]:
    import tensorflow as tf

    def body(*tensors: Tensor) -> Any:
        return function(*tensors, **dict(static))

    body.__name__ = function.__name__
    specs = [tf.TensorSpec(shape, dtype) for dtype, shape in signature]
    # Outside the graph that is being built, so that it belongs to none.
    with tf.init_scope():
        return tf.function(body, input_signature=specs, autograph=False).get_concrete_function()
