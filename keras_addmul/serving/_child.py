"""Runs a SavedModel as a server would. `fresh_process` starts it as a script.

It reads `request.json` and `inputs.npz` from the given folder, and writes one .npz file for
each endpoint and `reply.json`.
"""

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np


def run(folder: Path) -> dict[str, Any]:
    """Runs the request in `folder`, and returns the reply."""
    import tensorflow as tf

    request = json.loads((folder / "request.json").read_text())
    with np.load(folder / "inputs.npz") as stored:
        arrays = list(stored.values())
    loaded = tf.saved_model.load(request["path"])
    # What takes a seed beside the inputs has no answer to compare with.
    known = [
        name
        for name in loaded.signatures
        if len(getattr(getattr(loaded, name, None), "input_signature", ())) == 1
    ]
    names = known if request["endpoints"] is None else request["endpoints"]
    if not names or not set(names) <= set(known):
        return _refused(f"`endpoints` must be among {known}. Received: {names}")
    reply = {}
    for number, name in enumerate(names):
        endpoint = getattr(loaded, name)
        try:
            inputs = _pack(endpoint, arrays, request["keys"])
        except ValueError as error:
            return _refused(str(error))
        try:
            outputs = endpoint(inputs)
        except Exception as error:
            reason = textwrap.shorten(str(error), 300, placeholder=" ...")
            message = f"Endpoint {name!r} failed: {type(error).__name__}: {reason}"
            return {"error": "RuntimeError", "message": message}
        outputs = [_plain(value) for value in tf.nest.flatten(outputs)]
        np.savez(folder / f"{number}.npz", *outputs)
        reply[name] = _precision(loaded.signatures[name])
    return {"endpoints": reply}


def _refused(message: str) -> dict[str, str]:
    return {"error": "ValueError", "message": message}


def _pack(endpoint: Any, arrays: list[np.ndarray], keys: list[str] | None) -> Any:
    """Converts the arrays to tensors in the structure that the endpoint takes."""
    import tensorflow as tf

    (structure,) = endpoint.input_signature
    specs = tf.nest.flatten(structure)
    if keys is not None:
        own = sorted(structure) if isinstance(structure, dict) else None
        names = [spec.name for spec in specs]
        # Match the keys of the model's own dict, or else the names of its inputs.
        order = own if own is not None and set(own) == set(keys) else names
        if set(order) != set(keys):
            raise ValueError(f"`x` must have the keys {order}. Received: {keys}")
        arrays = [arrays[keys.index(key)] for key in order]
    if len(arrays) != len(specs):
        raise ValueError(f"`x` must have {len(specs)} arrays. Received: {len(arrays)}")
    tensors = [_tensor(array, spec) for array, spec in zip(arrays, specs, strict=True)]
    return tf.nest.pack_sequence_as(structure, tensors)


def _tensor(array: np.ndarray, spec: Any) -> Any:
    """Converts the array to a tensor of the dtype that the endpoint takes."""
    import tensorflow as tf

    if not spec.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"`x` must have shape {tuple(spec.shape)} for input {spec.name!r}. "
            f"Received: shape {array.shape}"
        )
    dtype, kind = spec.dtype, array.dtype.kind
    if dtype.is_floating:
        fits = kind in "biuf"
    elif dtype.is_integer:  # whole numbers may come as floats
        fits = kind in "biu" or (kind == "f" and np.array_equal(array, np.rint(array)))
    else:
        fits = kind in {tf.bool: "b", tf.string: "SU"}.get(dtype, "biufc")
    if not fits:
        raise ValueError(
            f"`x` must hold {dtype.name} for input {spec.name!r}. Received: {array.dtype.name}"
        )
    return tf.constant(array if dtype == tf.string else array.astype(dtype.as_numpy_dtype))


def _plain(value: Any) -> np.ndarray:
    """Converts a tensor to a NumPy array that a .npz file can hold."""
    array = value.numpy()
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _precision(signature: Any) -> str | None:
    """Returns the name of the narrowest float dtype in the graph and its functions."""
    import tensorflow as tf

    graph = signature.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    found = {a.type for node in nodes for a in node.attr.values()}
    for dtype in (tf.bfloat16, tf.float16, tf.float32, tf.float64):
        if dtype.as_datatype_enum in found:
            return dtype.name
    return None


if __name__ == "__main__":
    # Importing any of these now raises: the SavedModel must not need them.
    for name in ("keras_addmul", "keras", "tf_keras"):
        sys.modules[name] = None  # type: ignore[assignment]
    target = Path(sys.argv[1])
    answer = run(target)
    (target / "reply.json").write_text(json.dumps(answer))
