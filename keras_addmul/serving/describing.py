"""What a SavedModel says about itself: the file `metadata.json` beside its graph."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FILE", "check_weights", "described", "hash_of_weights", "metadata", "saved_model_at"]

FILE = "metadata.json"


def saved_model_at(path: str | PathLike[str]) -> Path:
    """Returns the path of a directory that holds a SavedModel.

    Raises:
        FileNotFoundError: If it holds none.
    """
    found = Path(path)
    if not (found / "saved_model.pb").is_file():
        raise FileNotFoundError(f"`path` must hold a SavedModel. Received: {str(path)!r}")
    return found


def metadata(path: str | PathLike[str]) -> dict[str, Any]:
    """Reads what `export` wrote about a model beside its SavedModel.

    Args:
        path: Directory of a SavedModel.

    Returns:
        A dictionary, empty if the SavedModel has no `metadata.json`:

        - `"model"`: name of the model;
        - `"endpoints"`: for each endpoint, `"inputs"` and `"outputs"` by name, each with
          `"dtype"` and `"shape"`;
        - `"features"`: for each input, the `"names"`, `"units"` and `"ranges"` of its
          features, as far as they were given;
        - `"formula"`: text, or None;
        - `"versions"`: of this package, Keras, TensorFlow and Python;
        - `"weights"`: SHA-256 of the file of weights.

    Raises:
        ValueError: If the file is damaged.

    Example:

    >>> import tempfile
    >>> import keras, numpy as np
    >>> from keras_addmul import serving
    >>> model = keras.Sequential([keras.Input((2,), name="x"), keras.layers.Rescaling(3.0)])
    >>> seen = np.array([[1.0, 5.0], [2.0, 4.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = serving.export(model, f"{folder}/m", jit=False, data=seen, names=["a", "b"])
    ...     serving.metadata(path)["features"]
    {'x': {'names': ['a', 'b'], 'ranges': [[1.0, 2.0], [4.0, 5.0]]}}
    """
    file = Path(path) / FILE
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text())
    except ValueError as error:
        raise ValueError(f"`path` must hold a readable {FILE}. Received: {str(file)!r}") from error
    if not isinstance(content, dict):
        raise ValueError(f"`path` must hold a readable {FILE}. Received: {str(file)!r}")
    return content


def described(
    inputs: Mapping[str, Sequence[int | None]], data: Any, names: Any, units: Any
) -> dict[str, dict[str, Any]]:
    """Describes the features of each input.

    Args:
        inputs: Shape of each input by name, in the order of the model.
        data: Inputs seen in training: an array, or a list or dict of arrays, or None.
        names: Names of the features: a list, or a dict of lists by input, or None.
        units: Their units, likewise.

    Returns:
        For each input that anything is known of, a dictionary with the keys `"names"`,
        `"units"` and `"ranges"`, as far as they are known.

    Raises:
        ValueError: If an argument does not fit the inputs.
    """
    given = {"names": _by_input("names", names, inputs), "units": _by_input("units", units, inputs)}
    if data is not None:
        arrays = dict(_by_input("data", data, inputs, several=isinstance(data, (list, tuple))))
        given["ranges"] = {name: _ranges(name, value) for name, value in arrays.items()}
    found: dict[str, dict[str, Any]] = {}
    for key, entries in given.items():
        for name, values in entries.items():
            features = inputs[name][-1] if len(inputs[name]) > 1 else 1
            if features is not None and len(values) != features:
                argument = "data" if key == "ranges" else key
                raise ValueError(
                    f"`{argument}` must have {features} features for input {name!r}. "
                    f"Received: {len(values)}"
                )
            found.setdefault(name, {})[key] = list(values)
    return found


def hash_of_weights(path: Path) -> str:
    """Returns the SHA-256 of the weights of a SavedModel.

    Args:
        path: Directory of the SavedModel.

    Returns:
        Text of the form `"sha256:..."`.
    """
    total = hashlib.sha256()
    for file in sorted((path / "variables").glob("variables.data-*")):
        with file.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return f"sha256:{total.hexdigest()}"


def check_weights(path: Path) -> None:
    """Checks that the weights of a SavedModel are those that were exported.

    Args:
        path: Directory of the SavedModel.

    Raises:
        ValueError: If they are not. Nothing is known of a SavedModel without metadata.
    """
    wanted = metadata(path).get("weights")
    if wanted is not None and wanted != hash_of_weights(path):
        raise ValueError(
            "`path` must hold the weights that were exported: their hash differs from that in "
            f"{FILE}, so the directory is damaged or not complete. Received: {str(path)!r}"
        )


def _by_input(argument: str, given: Any, inputs: Mapping[str, Any], several: bool = False) -> dict:
    """Returns what was given for each input, as a dictionary by the name of the input."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        if set(given) <= set(inputs):
            return dict(given)
        raise ValueError(f"`{argument}` must have keys among {list(inputs)}. Received: {[*given]}")
    values = list(given) if several else [given]
    if len(values) != len(inputs):
        raise ValueError(
            f"`{argument}` must be given for each of the inputs {list(inputs)}. "
            f"Received: {len(values)}"
        )
    return dict(zip(inputs, values, strict=True))


def _ranges(name: str, values: Any) -> list[list[float]]:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf" or array.size == 0:
        raise ValueError(
            f"`data` must hold numbers for input {name!r}. "
            f"Received: {array.dtype.name} of shape {array.shape}"
        )
    columns = array.reshape(-1, array.shape[-1] if array.ndim > 1 else 1).astype("float64")
    if not np.all(np.isfinite(columns)):
        raise ValueError(f"`data` must be finite. Received: nan or inf for input {name!r}")
    return [
        [float(low), float(high)] for low, high in zip(columns.min(0), columns.max(0), strict=True)
    ]
