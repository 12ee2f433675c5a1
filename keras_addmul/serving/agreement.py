"""Checks that an exported model gives the expected outputs in a process without Keras."""

import dataclasses
import math
import time
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np

from keras_addmul.serving.describing import check_weights, saved_model_at
from keras_addmul.serving.fresh_process import Answer, answers, flatten

__all__ = ["MismatchError", "Report", "check", "check_tolerance"]

# Relative and absolute tolerance, by the narrowest float that an endpoint computes in.
# Two compilers may order a sum differently, or keep more digits in intermediate results. The
# tolerances allow about a hundred roundings, and ten for formats with few digits.
TOLERANCES: dict[str, tuple[float, float]] = {
    "float64": (1e-12, 1e-13),
    "float32": (1e-5, 1e-6),
    "float16": (1e-2, 1e-3),
    "bfloat16": (8e-2, 8e-3),
}


@dataclasses.dataclass(frozen=True)
class Report:
    """The result of `check`.

    Attributes:
        endpoints: Names of the endpoints that were run.
        max_abs_error: Largest absolute difference from the expected output.
        max_rel_error: Largest difference relative to the expected output, over the elements
            where that is not zero.
        seconds: Duration of the check, including the start of the fresh process.
        ok: Whether every element of every endpoint is within tolerance.

    Example:

    >>> from keras_addmul.serving import Report
    >>> Report(("serve",), max_abs_error=1e-7, max_rel_error=2e-7, seconds=9.0, ok=True).ok
    True
    """

    endpoints: tuple[str, ...]
    max_abs_error: float
    max_rel_error: float
    seconds: float
    ok: bool


class MismatchError(ValueError):
    """Raised by `check` if an endpoint does not return the expected output.

    Args:
        message: Which output of which endpoint differs, and how.
        report: The `Report` with the errors, or None if outputs differ in number or shape.

    Example:

    >>> from keras_addmul.serving import MismatchError
    >>> print(MismatchError("Endpoint 'serve' returns 2 outputs. Expected: 1").report)
    None
    """

    def __init__(self, message: str, report: Report | None = None):
        super().__init__(message)
        self.report: Report | None = report


def check(
    path: str | PathLike[str],
    x: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    endpoints: Sequence[str] | None = None,
    timeout: float = 300,
) -> Report:
    """Runs an exported model in a fresh process and compares its outputs.

    The process cannot import keras_addmul or Keras: it has only what a server has. If
    there is a `metadata.json`, the weights must be those whose hash it holds.

    Args:
        path: Directory of a SavedModel, as written by `export`.
        x: Input of shape `(batch, ...)`: an array, or a list or dict of arrays (with the
            model's own keys or the names of its inputs). It is cast to the dtype of
            the model if the cast only rounds.
        expected: Expected output for `x`, in the structure that the model returns: an
            array, or a list or dict of arrays.
        rtol: Relative tolerance. The default depends on the narrowest float
            that the endpoint computes in: 1e-12 for float64, 1e-5 for float32,
            1e-2 for float16 and 8e-2 for bfloat16.
        atol: Absolute tolerance. The default is a tenth of the default `rtol`.
        endpoints: Names of the endpoints to run. The default is all but `sample`.
        timeout: Time limit for the process, in seconds.

    Returns:
        A `Report`.

    Raises:
        MismatchError: If an endpoint returns a different output. The message names
            the endpoint and its worst element.
        FileNotFoundError: If there is no SavedModel at `path`.
        TypeError: If `x` or `expected` contains anything other than arrays.
        ValueError: If `x` does not fit the model, another argument is invalid, or the
            weights have changed since the export.
        RuntimeError: If the model cannot be loaded or run, or takes too long.

    Example:

    >>> import tempfile
    >>> import keras, numpy as np
    >>> from keras_addmul import serving
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(3.0)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = serving.export(model, f"{folder}/model", jit=False)
    ...     serving.check(path, np.ones((4, 2)), np.full((4, 2), 3.0)).max_abs_error
    0.0
    """
    start = time.perf_counter()
    check_tolerance("rtol", rtol)
    check_tolerance("atol", atol)
    path = saved_model_at(path)
    check_weights(path)
    wanted = flatten(expected, "expected")
    for array in wanted:
        if array.dtype.kind not in "biufc":
            raise TypeError(f"`expected` must hold numbers. Received: {array.dtype.name}")
    found = answers(path, x, endpoints, timeout)
    comparisons = [_compare(name, answer, wanted, rtol, atol) for name, answer in found.items()]
    report = Report(
        endpoints=tuple(found),
        max_abs_error=max(one.abs_error for one in comparisons),
        max_rel_error=max(one.rel_error for one in comparisons),
        seconds=time.perf_counter() - start,
        ok=not any(one.message for one in comparisons),
    )
    for one in comparisons:
        if one.message:
            raise MismatchError(one.message, report)
    return report


@dataclasses.dataclass
class _Comparison:
    """The largest errors of one endpoint, and a message if they are too large."""

    abs_error: float = 0.0
    rel_error: float = 0.0
    excess: float = 0.0
    message: str = ""


def check_tolerance(name: str, value: Any) -> None:
    """Checks a tolerance that may be None.

    Raises:
        ValueError: If it is neither None nor a finite number of at least 0.
    """
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if value is not None and not (number and 0 <= value < math.inf):
        raise ValueError(f"`{name}` must be a finite number >= 0. Received: {value!r}")


def _compare(
    name: str, answer: Answer, expected: list[np.ndarray], rtol: float | None, atol: float | None
) -> _Comparison:
    if len(answer.outputs) != len(expected):
        raise MismatchError(
            f"Endpoint {name!r} returns {len(answer.outputs)} outputs. Expected: {len(expected)}"
        )
    default = TOLERANCES[answer.precision or "float32"]
    rtol = default[0] if rtol is None else rtol
    atol = default[1] if atol is None else atol
    worst = _Comparison()
    for number, (got, want) in enumerate(zip(answer.outputs, expected, strict=True)):
        if got.shape != want.shape:
            raise MismatchError(
                f"Endpoint {name!r} returns shape {got.shape} for output {number}. "
                f"Expected: {want.shape}"
            )
        error, relative = _errors(got, want)
        worst.abs_error = max(worst.abs_error, float(error.max(initial=0.0)))
        worst.rel_error = max(worst.rel_error, float(relative.max(initial=0.0)))
        excess = error - (atol + rtol * np.where(np.isfinite(want), np.abs(want), 0.0))
        if excess.max(initial=0.0) > worst.excess:
            at = np.unravel_index(excess.argmax(), excess.shape)
            worst.excess = float(excess[at])
            worst.message = (
                f"Endpoint {name!r} disagrees at element {tuple(map(int, at))} of output {number}: "
                f"received {got[at]!s}, expected {want[at]!s} (rtol={rtol:g}, atol={atol:g}; "
                f"{np.count_nonzero(excess > 0)} of {excess.size} elements disagree)"
            )
    return worst


def _errors(got: np.ndarray, want: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the absolute and relative error of each element, 0 for equal infinities and nans."""
    dtype = np.result_type(got, want, np.float64)
    got, want = got.astype(dtype), want.astype(dtype)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        error = np.where(same, 0.0, np.abs(got - want))
        error = np.where(np.isnan(error), np.inf, error)
        relative = np.where(same | (want == 0), 0.0, error / np.abs(want))
    return error, np.where(np.isnan(relative), np.inf, relative)
