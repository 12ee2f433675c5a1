"""Whether an exported model still answers the same, far away from the code that made it."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

__all__ = ["MismatchError", "Report", "check"]

# Relative and absolute tolerance by the narrowest float an endpoint computes in.
# Two compilers may order a sum differently and keep more digits in between; what
# is allowed is about a hundred roundings, and ten where the format has few digits.
TOLERANCES = {
    "float64": (1e-12, 1e-13),
    "float32": (1e-5, 1e-6),
    "float16": (1e-2, 1e-3),
    "bfloat16": (8e-2, 8e-3),
}


@dataclasses.dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        endpoints: Names of the endpoints that were run.
        max_abs_error: Largest difference to what was expected.
        max_rel_error: Largest difference divided by what was expected, where
            that is not zero.
        seconds: Time taken, start of the fresh process included.
        ok: Whether every element of every endpoint was within tolerance.
    """

    endpoints: tuple[str, ...]
    max_abs_error: float
    max_rel_error: float
    seconds: float
    ok: bool


class MismatchError(ValueError):
    """An endpoint does not answer what was expected. Its `report` has the figures."""

    def __init__(self, message, report=None):
        super().__init__(message)
        self.report = report


def check(path, x, expected, rtol=None, atol=None, endpoints=None, timeout=300):
    """Runs an exported model in a fresh process and compares its answers.

    The process cannot import keras_addmul or Keras: it has what a server has.

    Args:
        path: Directory of a SavedModel, as written by `export`.
        x: Input: an array, or a list or dict of arrays (by the model's own
            keys or by the names of its inputs).
        expected: Output at `x`, in the structure the model returns: an array,
            or a list or dict of arrays.
        rtol: Relative tolerance. The default depends on the narrowest float
            that the endpoint computes in: 1e-12 for float64, 1e-5 for float32,
            1e-2 for float16 and 8e-2 for bfloat16.
        atol: Absolute tolerance. The default is a tenth of that `rtol`.
        endpoints: Names of the endpoints to run. The default is all of them.
        timeout: Seconds the process may take.

    Returns:
        A `Report`.

    Raises:
        MismatchError: An endpoint answers something else. The message names
            the endpoint and its worst element.
        FileNotFoundError: There is no SavedModel at `path`.
        RuntimeError: The model could not be loaded or run.
    """
    start = time.perf_counter()
    path = Path(path)
    if not (path / "saved_model.pb").is_file():
        raise FileNotFoundError(f"`path` must hold a SavedModel. Received: {str(path)!r}")
    answers = _answers(path, x, endpoints, timeout)
    expected = _flatten(expected, "expected")
    errors = [_compare(name, answer, expected, rtol, atol) for name, answer in answers.items()]
    report = Report(
        endpoints=tuple(answers),
        max_abs_error=max(error["abs"] for error in errors),
        max_rel_error=max(error["rel"] for error in errors),
        seconds=time.perf_counter() - start,
        ok=not any(error["message"] for error in errors),
    )
    for error in errors:
        if error["message"]:
            raise MismatchError(error["message"], report)
    return report


def _answers(path, x, endpoints, timeout):
    """What each endpoint returns at `x`: `{name: {"outputs": [...], "precision": ...}}`."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        np.savez(folder / "inputs.npz", *_flatten(x, "x", ordered=False))
        request = {
            "path": str(path.resolve()),
            "keys": list(x) if isinstance(x, dict) else None,
            "endpoints": None if endpoints is None else list(endpoints),
        }
        (folder / "request.json").write_text(json.dumps(request))
        reply = _run_child(folder, timeout)
        answers = {}
        for number, (name, precision) in enumerate(reply["endpoints"].items()):
            with np.load(folder / f"{number}.npz") as outputs:
                answers[name] = {"outputs": list(outputs.values()), "precision": precision}
        return answers


def _run_child(folder, timeout):
    script = Path(__file__).with_name("_child.py")
    # -P: the folder of the script, with our modules, stays off the search path.
    command = [sys.executable, "-P", str(script), str(folder)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=timeout
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"The exported model took more than {timeout} seconds.") from error
    reply = folder / "reply.json"
    if not reply.is_file():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"The fresh process ended with status {done.returncode}: {last}")
    reply = json.loads(reply.read_text())
    if "error" in reply:
        raise RuntimeError(reply["error"])
    return reply


def _compare(name, answer, expected, rtol, atol):
    """Largest errors of one endpoint, and a message if they are too large."""
    outputs = answer["outputs"]
    if len(outputs) != len(expected):
        raise MismatchError(
            f"Endpoint {name!r} returns {len(outputs)} outputs. Expected: {len(expected)}"
        )
    default = TOLERANCES.get(answer["precision"], TOLERANCES["float32"])
    rtol = default[0] if rtol is None else rtol
    atol = default[1] if atol is None else atol
    worst = {"abs": 0.0, "rel": 0.0, "message": "", "excess": 0.0}
    for number, (got, want) in enumerate(zip(outputs, expected, strict=True)):
        if got.shape != want.shape:
            raise MismatchError(
                f"Endpoint {name!r} returns shape {got.shape} for output {number}. "
                f"Expected: {want.shape}"
            )
        error, relative = _errors(got, want)
        worst["abs"] = max(worst["abs"], error.max(initial=0.0))
        worst["rel"] = max(worst["rel"], relative.max(initial=0.0))
        excess = error - (atol + rtol * np.where(np.isfinite(want), np.abs(want), 0.0))
        if excess.max(initial=0.0) > worst["excess"]:
            at = np.unravel_index(excess.argmax(), excess.shape)
            worst["excess"] = excess[at]
            worst["message"] = (
                f"Endpoint {name!r} disagrees at element {tuple(map(int, at))} of output {number}: "
                f"received {got[at]!s}, expected {want[at]!s} (rtol={rtol:g}, atol={atol:g}; "
                f"{np.count_nonzero(excess > 0)} of {excess.size} elements disagree)"
            )
    return worst


def _errors(got, want):
    """Absolute and relative error of each element; equal infinities and nans have none."""
    got, want = got.astype("float64"), want.astype("float64")
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        error = np.where(same, 0.0, np.abs(got - want))
        error = np.where(np.isnan(error), np.inf, error)
        relative = np.where(same | (want == 0), 0.0, error / np.abs(want))
    return error, np.where(np.isnan(relative), np.inf, relative)


def _flatten(values, argument, ordered=True):
    """A list of arrays. A dict is ordered by its keys, as TensorFlow orders it."""
    if isinstance(values, dict):
        values = [values[key] for key in (sorted(values) if ordered else values)]
    elif not isinstance(values, list | tuple):
        values = [values]
    arrays = [np.asarray(value) for value in values]
    for array in arrays:
        if array.dtype == object:
            raise TypeError(
                f"`{argument}` must be an array, or a list or dict of arrays. "
                f"Received elements of type {type(values[0]).__name__}"
            )
    return [
        array.astype("float32") if array.dtype.name == "bfloat16" else array for array in arrays
    ]
