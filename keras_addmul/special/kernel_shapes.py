"""Shape checks for products with a kernel."""

from keras import ops

from keras_addmul.annotations import Tensor

__all__ = [
    "check_kernel",
    "check_parity",
    "check_vector",
    "for_each_unit",
    "in_rows",
    "like_rows_of",
]


def check_kernel(x: Tensor, kernel: Tensor, name: str = "kernel", copies: int = 1) -> None:
    """Raises unless `x` can be multiplied by the kernel.

    Args:
        x: Tensor of shape `(..., inputs)`.
        kernel: Tensor that should have the shape `(copies * inputs, units)`.
        name: Name of the kernel in the message.
        copies: Number of rows of the kernel per input.

    Raises:
        ValueError: If it has another shape.
    """
    fits = len(kernel.shape) == 2 and len(x.shape) > 0
    if not fits or x.shape[-1] is None or kernel.shape[0] != copies * x.shape[-1]:
        rows = "inputs" if copies == 1 else f"{copies} * inputs"
        raise ValueError(
            f"Argument `{name}` must have shape ({rows}, units), with inputs the last dimension of "
            f"`x`. Received: x of shape {tuple(x.shape)}, {name} of shape {tuple(kernel.shape)}"
        )


def check_parity(parity: Tensor, kernel: Tensor) -> None:
    """Raises unless there is one parity for each weight of the kernel.

    Raises:
        ValueError: If the shapes differ.
    """
    if tuple(parity.shape) != tuple(kernel.shape):
        raise ValueError(
            f"Argument `parity` must have the shape of `kernel`, {tuple(kernel.shape)}. "
            f"Received: parity of shape {tuple(parity.shape)}"
        )


def check_vector(name: str, vector: Tensor, size: int, what: str) -> None:
    """Raises unless a tensor is a scalar or a vector of a given size.

    Args:
        name: Name of the tensor in the message.
        vector: Tensor that should have the shape `()`, `(1,)` or `(size,)`.
        size: The size.
        what: What each of its numbers belongs to, for the message.

    Raises:
        ValueError: If it has another shape.
    """
    if tuple(vector.shape) not in ((), (1,), (size,)):
        raise ValueError(
            f"Argument `{name}` must be a scalar or have shape ({size},), one for each {what}. "
            f"Received: {name} of shape {tuple(vector.shape)}"
        )


def for_each_unit(n: Tensor, units: int) -> Tensor:
    """Repeats the orders of groups, or the one of all units, for each of the units.

    Unlike that of `ops.repeat` and `ops.broadcast_to`, the gradient of this product needs no
    shape while a program runs, which XLA refuses inside loops.
    """
    if tuple(n.shape) == (units,):
        return n
    groups = n.shape[0] if len(n.shape) else 1
    each = ops.ones((groups, units // groups), n.dtype)
    return ops.reshape(ops.reshape(n, (groups, 1)) * each, (units,))


def in_rows(x: Tensor) -> Tensor:
    """Returns `x`, of shape `(..., inputs)`, as a matrix `(rows, inputs)`."""
    return x if len(x.shape) == 2 else ops.reshape(x, (-1, x.shape[-1]))


def like_rows_of(x: Tensor, y: Tensor) -> Tensor:
    """Returns a matrix `(rows, units)` in the shape `(..., units)` that `x` has."""
    if len(x.shape) == 2:
        return y
    return ops.reshape(y, (*ops.shape(x)[:-1], y.shape[-1]))
