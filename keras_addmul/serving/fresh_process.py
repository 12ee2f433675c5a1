"""Runs an exported model in a fresh process that can import neither Keras nor this package."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Answer", "answers", "flatten"]

ERRORS: dict[str, type[Exception]] = {"ValueError": ValueError, "RuntimeError": RuntimeError}


@dataclasses.dataclass(frozen=True)
class Answer:
    """The outputs of one endpoint.

    Attributes:
        outputs: One array for each output of the model.
        precision: Name of the narrowest float that the endpoint computes in, or None if it
            computes without floats.
    """

    outputs: list[np.ndarray]
    precision: str | None


def answers(
    path: Path, x: Any, endpoints: Sequence[str] | None = None, timeout: float = 300
) -> dict[str, Answer]:
    """Returns the outputs of each endpoint of a SavedModel for the input `x`.

    Args:
        path: Directory of the SavedModel.
        x: An array, or a list or dict of arrays.
        endpoints: Names of the endpoints to run. The default is all of them.
        timeout: Time limit for the process, in seconds.

    Returns:
        Dictionary from the name of each endpoint to its `Answer`.

    Raises:
        TypeError: If `x` contains anything other than arrays.
        ValueError: If `x` or `endpoints` does not fit the model.
        RuntimeError: If the model cannot be loaded or run, or takes too long.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        np.savez(folder / "inputs.npz", *flatten(x, "x", ordered=False))
        request = {
            "path": str(path.resolve()),
            "keys": list(x) if isinstance(x, dict) else None,
            "endpoints": None if endpoints is None else list(endpoints),
        }
        (folder / "request.json").write_text(json.dumps(request))
        reply = _run_child(folder, timeout)
        found = {}
        for number, (name, precision) in enumerate(reply["endpoints"].items()):
            with np.load(folder / f"{number}.npz") as outputs:
                found[name] = Answer(list(outputs.values()), precision)
        return found


def flatten(values: Any, argument: str, ordered: bool = True) -> list[np.ndarray]:
    """Lists the arrays in a structure.

    Args:
        values: An array, or a list or dict of arrays.
        argument: Name of the argument, for messages.
        ordered: Whether to take a dict in the order of its sorted keys, as TensorFlow does,
            rather than in its own order.

    Returns:
        A list of NumPy arrays.

    Raises:
        TypeError: If an element is not an array.
    """
    if isinstance(values, dict):
        values = [values[key] for key in (sorted(values) if ordered else values)]
    elif not isinstance(values, list | tuple):
        values = [values]
    arrays = [np.asarray(value) for value in values]
    for value, array in zip(values, arrays, strict=True):
        if array.dtype == object:
            raise TypeError(
                f"`{argument}` must be an array, or a list or dict of arrays. "
                f"Received elements of type {type(value).__name__}"
            )
    # NumPy cannot store bfloat16; float32 holds the same numbers.
    return [
        array.astype("float32") if array.dtype.name == "bfloat16" else array for array in arrays
    ]


def _run_child(folder: Path, timeout: float) -> dict[str, Any]:
    script = Path(__file__).with_name("_child.py")
    # -P: the folder of the script, with our modules, stays off the search path.
    command = [sys.executable, "-P", str(script), str(folder)]
    try:
        done = _run(command, {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, timeout)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"The exported model took more than {timeout} seconds.") from error
    reply = folder / "reply.json"
    if not reply.is_file():
        raise RuntimeError(f"The fresh process {_how_it_ended(done)}")
    content = json.loads(reply.read_text())
    if "error" in content:
        raise ERRORS[content["error"]](content["message"])
    return content


def _run(
    command: list[str], environment: dict[str, str], timeout: float
) -> subprocess.CompletedProcess:
    """`subprocess.run`, which an interrupt leaves only after the process has ended.

    The original loses a process that was started, but not returned, when the interrupt came.
    """
    with (
        _interrupt_held() as let_go,
        subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child,
    ):
        try:
            let_go()
            out, err = child.communicate(timeout=timeout)
        except BaseException:
            child.kill()
            child.wait()
            raise
    return subprocess.CompletedProcess(command, child.returncode, out, err)


@contextlib.contextmanager
def _interrupt_held() -> Iterator[Callable[[], None]]:
    """Holds an interrupt back until the end of the block, or until the function is called."""
    before = signal.getsignal(signal.SIGINT)
    held = callable(before) and threading.current_thread() is threading.main_thread()
    came = []

    def let_go():
        nonlocal held
        if held:
            held = False
            signal.signal(signal.SIGINT, before)
            if came:
                signal.raise_signal(signal.SIGINT)

    if held:
        signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield let_go
    finally:
        let_go()


def _how_it_ended(done: subprocess.CompletedProcess) -> str:
    if done.returncode < 0:
        # It then wrote nothing but TensorFlow's start-up lines.
        return f"was ended by {signal.Signals(-done.returncode).name}"
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return f"ended with status {done.returncode}: {last}"
