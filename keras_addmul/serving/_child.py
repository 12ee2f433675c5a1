"""Runs a SavedModel as a server would. Started by `check`, as a script, in a fresh process.

Reads `request.json` and `inputs.npz` in the folder it is given; writes one .npz
file for each endpoint, and `reply.json`.
"""

import json
import sys
from pathlib import Path

import numpy as np


def run(folder):
    """Answers the request in `folder`."""
    import tensorflow as tf

    request = json.loads((folder / "request.json").read_text())
    with np.load(folder / "inputs.npz") as stored:
        arrays = list(stored.values())
    loaded = tf.saved_model.load(request["path"])
    known = [name for name in loaded.signatures if hasattr(loaded, name)]
    names = known if request["endpoints"] is None else request["endpoints"]
    if not names or not set(names) <= set(known):
        return {"error": f"`endpoints` must be among {known}. Received: {names}"}
    reply = {}
    for number, name in enumerate(names):
        try:
            endpoint = getattr(loaded, name)
            outputs = endpoint(_pack(endpoint, arrays, request))
        except Exception as error:
            reason = " ".join(str(error).split())
            return {"error": f"Endpoint {name!r} failed: {type(error).__name__}: {reason}"}
        outputs = [_plain(value) for value in tf.nest.flatten(outputs)]
        np.savez(folder / f"{number}.npz", *outputs)
        reply[name] = _precision(loaded.signatures[name])
    return {"endpoints": reply}


def _pack(endpoint, arrays, request):
    """The arrays as tensors of the dtypes and in the structure that the endpoint takes."""
    import tensorflow as tf

    (structure,) = endpoint.input_signature
    specs = tf.nest.flatten(structure)
    keys = request["keys"]
    if keys is not None:
        own = sorted(structure) if isinstance(structure, dict) else None
        names = [spec.name for spec in specs]
        # By the keys of the model's own dict, or else by the names of its inputs.
        order = own if own is not None and set(own) == set(keys) else names
        if set(order) != set(keys):
            raise ValueError(f"`x` must have the keys {order}. Received: {keys}")
        arrays = [arrays[keys.index(key)] for key in order]
    if len(arrays) != len(specs):
        raise ValueError(f"`x` must have {len(specs)} arrays. Received: {len(arrays)}")
    tensors = [
        tf.convert_to_tensor(array.astype(spec.dtype.as_numpy_dtype))
        for array, spec in zip(arrays, specs, strict=True)
    ]
    return tf.nest.pack_sequence_as(structure, tensors)


def _plain(value):
    """A NumPy array that a .npz file can hold."""
    array = value.numpy()
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _precision(signature):
    """Name of the narrowest float among the dtypes of the graph and its functions."""
    import tensorflow as tf

    graph = signature.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    found = {a.type for node in nodes for a in node.attr.values()}
    for dtype in (tf.bfloat16, tf.float16, tf.float32, tf.float64):
        if dtype.as_datatype_enum in found:
            return dtype.name
    return None


if __name__ == "__main__":
    # Importing any of these now raises: the SavedModel has to do without.
    for name in ("keras_addmul", "keras", "tf_keras"):
        sys.modules[name] = None
    target = Path(sys.argv[1])
    answer = run(target)
    (target / "reply.json").write_text(json.dumps(answer))
