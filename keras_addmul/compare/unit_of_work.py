"""One unit of work: what it is, the name of its file, and carrying it out once."""

import dataclasses
import hashlib
import json
import math
import os
import pickle
import platform
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

import keras_addmul
from keras_addmul.annotations import Config
from keras_addmul.compare import claims, one_training, step_times
from keras_addmul.compare.arms import Arm

__all__ = ["CRASHED", "Unit", "carry_out", "held", "versions"]

CRASHED = "crashed"

# Seeds are global to a process: runs in threads of one process take turns.
ONE_AT_A_TIME = threading.Lock()

WORK: dict[str, Callable[..., Config]] = {
    "training": one_training.train,
    "step times": step_times.measure,
}


@dataclasses.dataclass(frozen=True)
class Unit:
    """The training of one arm with one seed, or a measurement of the step times of all arms.

    Attributes:
        kind: A key of `WORK`.
        arms: The arm to train, and the one that it starts like; or all arms.
        seed: Seed of the split, of the batches and of the initial weights.
        settings: How models are trained, as JSON can hold it.
        rows: Path of the file of the rows.
        specification: All that the result depends on, as JSON can hold it.
        folder: Where the file of the result lies.
    """

    kind: str
    arms: tuple[Arm, ...]
    seed: int
    settings: Config
    rows: str
    specification: Config
    folder: str

    @property
    def name(self) -> str:
        """What a person calls it."""
        return f"{self.arms[0].name}, seed {self.seed}" if self.kind == "training" else self.kind

    @property
    def file(self) -> Path:
        """Where the result is kept."""
        text = json.dumps(self.specification, sort_keys=True)
        return Path(self.folder) / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def versions() -> dict[str, str]:
    """Returns the versions of what computes the results."""
    import tensorflow as tf

    return {
        "keras_addmul": keras_addmul.__version__,
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
    }


def held(unit: Unit) -> Config | None:
    """Returns the result of a unit if its file is there and whole."""
    try:
        result = json.loads(unit.file.read_text())
    except (FileNotFoundError, ValueError):  # ValueError: a disk ran full, or someone wrote to it
        return None
    return result if isinstance(result, dict) and "outcome" in result else None


def carry_out(pickled: bytes) -> Config | None:
    """Carries out a pickled unit unless its result is there, and keeps the result in its file.

    Returns:
        The result; None if another process is at it. An error of Python is a result too, with
        the outcome "crashed"; it is not kept, and so tried again by the next comparison.
    """
    try:
        unit: Unit = pickle.loads(pickled)
    except Exception as error:
        return {"outcome": "unreadable", "error": f"{type(error).__name__}: {error}"}
    with ONE_AT_A_TIME:
        result = held(unit)
        if result is not None:
            return result
        with claims.claimed(unit.file) as ours:
            if not ours:
                return None
            result = held(unit)
            return _fresh(unit) if result is None else result


def _fresh(unit: Unit) -> Config:
    try:
        result = WORK[unit.kind](unit.arms, unit.seed, unit.settings, unit.rows)
    except Exception as error:
        return {
            "outcome": CRASHED,
            "error": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exc(),
        }
    result = _finite({"kind": unit.kind, "name": unit.name, **result})
    text = json.dumps({**result, "specification": unit.specification}, indent=1) + "\n"
    handle, staging = tempfile.mkstemp(prefix=".run.", dir=unit.folder)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.chmod(staging, 0o644)  # other machines, and other users, read it too
    os.replace(staging, unit.file)
    return json.loads(text)


def _finite(node: Any) -> Any:
    """Replaces numbers that JSON does not know by None."""
    if isinstance(node, dict):
        return {key: _finite(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_finite(value) for value in node]
    return None if isinstance(node, float) and not math.isfinite(node) else node
