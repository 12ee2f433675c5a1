"""Turns the values of a request into arrays that fit an input, or says what does not fit."""

import base64
import binascii
import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_addmul.serving.server.refusals import Refusal

__all__ = ["DATATYPES", "Spec", "checked", "describe", "from_json"]

# The names that the Open Inference Protocol gives to dtypes.
DATATYPES: dict[str, str] = {
    **{f"int{bits}": f"INT{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"UINT{bits}" for bits in (8, 16, 32, 64)},
    **{"float16": "FP16", "bfloat16": "BF16", "float32": "FP32", "float64": "FP64"},
    **{"bool": "BOOL", "string": "BYTES"},
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Spec:
    """What an endpoint takes or returns under one name.

    Attributes:
        name: Name of the input or output.
        dtype: Name of its dtype in TensorFlow.
        shape: Its shape, with None for sizes that are free.
        numpy: The dtype in NumPy.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    numpy: Any

    @property
    def datatype(self) -> str:
        """The name of the dtype in the Open Inference Protocol."""
        return DATATYPES.get(self.dtype, self.dtype.upper())

    @property
    def wanted(self) -> str:
        """What is expected, in words."""
        sizes = ", ".join("any" if size is None else str(size) for size in self.shape)
        return f"{self.dtype} of shape ({sizes})"


def from_json(values: Any, spec: Spec) -> np.ndarray:
    """Converts nested lists to an array.

    Args:
        values: Numbers, strings or booleans in nested lists.
        spec: What is expected.

    Returns:
        An array of the dtype and shape of `spec`.

    Raises:
        Refusal: If the values do not fit.
    """
    shape: list[int] = []
    level: list[Any] = [values]
    for _ in spec.shape:
        if set(map(type, level)) != {list}:
            received = f"values in lists of depth {len(shape)}"
            raise _refusal(spec, received if shape else _kind(values))
        lengths = set(map(len, level))
        if len(lengths) > 1 or 0 in lengths:
            received = "an empty list" if 0 in lengths else "lists that are not equally long"
            raise _refusal(spec, received)
        shape.append(lengths.pop())
        level = list(itertools.chain.from_iterable(level))
    allowed = {"bool": {bool}, "string": {str, dict}}.get(spec.dtype, {int, float})
    kinds = set(map(type, level))
    if not kinds <= allowed:
        foreign = next(value for value in level if type(value) not in allowed)
        raise _refusal(spec, _kind(foreign))
    try:
        if spec.dtype == "string":
            array = np.array([_text(value, spec) for value in level], dtype=object)
        elif float in kinds or np.dtype(spec.numpy).kind not in "iu":
            array = np.array(level, dtype=bool if spec.dtype == "bool" else np.float64)
        else:
            array = np.array(level, dtype=spec.numpy)
    except (OverflowError, ValueError) as error:
        raise _refusal(spec, f"a number that is out of range ({error})") from error
    return checked(array.reshape(shape), spec)


def checked(array: np.ndarray, spec: Spec) -> np.ndarray:
    """Casts an array to the dtype of an input, and checks its shape and its values.

    Args:
        array: Any array.
        spec: What is expected.

    Returns:
        The array, with the dtype of `spec`.

    Raises:
        Refusal: If the shape differs, a number is not finite in that dtype, or a whole number is
            due and another one is given.
    """
    fits = len(array.shape) == len(spec.shape) and all(
        wanted in (None, size) for wanted, size in zip(spec.shape, array.shape, strict=True)
    )
    if not fits or 0 in array.shape:
        raise _refusal(spec, f"shape {array.shape}")
    if spec.dtype in ("string", "bool"):
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        cast = array.astype(spec.numpy)
    if np.dtype(spec.numpy).kind in "iu":
        wrong = cast.astype(array.dtype) != array
        what = "is no whole number in the range of the dtype"
    else:
        wrong = ~np.isfinite(cast.astype(np.float64))
        what = "is not finite in this dtype"
    if np.any(wrong):
        at = tuple(map(int, np.argwhere(wrong)[0]))
        raise _refusal(spec, f"{array[at]!s} at {list(at)}, which {what}")
    return cast


def _text(value: Any, spec: Spec) -> bytes:
    """Returns a string, or what TensorFlow Serving writes for bytes: `{"b64": ...}`."""
    if isinstance(value, str):
        return value.encode()
    try:
        if set(value) == {"b64"}:
            return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        pass
    raise _refusal(spec, 'an object that is not {"b64": "..."}')


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else names.get(type(value), "a number")


def _refusal(spec: Spec, received: str) -> Refusal:
    return Refusal(400, f"Input {spec.name!r} must be {spec.wanted}. Received: {received}")


def describe(specs: Sequence[Spec]) -> list[dict[str, Any]]:
    """Describes inputs or outputs as the Open Inference Protocol does."""
    return [
        {
            "name": spec.name,
            "datatype": spec.datatype,
            "shape": [-1 if size is None else size for size in spec.shape],
        }
        for spec in specs
    ]
