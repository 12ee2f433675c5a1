"""Makes a SavedModel refuse the derivatives that it does not hold."""

from pathlib import Path
from typing import Any

__all__ = ["signature_of", "without_second_derivatives"]

_MESSAGE = b"A SavedModel holds the first derivatives of its model only."


def without_second_derivatives(path: Path) -> None:
    """Replaces operations of unknown derivative by ones whose derivative is an error.

    TensorFlow saves the gradient function of each operation that has a gradient of its own, but
    not the gradients of these functions in turn, and warns of each when it loads the model. With
    `PreventGradient` in their place, the values stay the same, nothing warns, and who asks for a
    second derivative reads why there is none.

    Args:
        path: Directory of the SavedModel, which is changed.
    """
    saved = _read(path)
    for graph in saved.meta_graphs:
        library = graph.graph_def.library
        known = {entry.registered_op_type for entry in library.registered_gradients}
        for function in library.function:
            _seal(function, known)
    (path / "saved_model.pb").write_bytes(saved.SerializeToString(deterministic=True))


def signature_of(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Returns the inputs and outputs of each endpoint of a SavedModel.

    Args:
        path: Directory of the SavedModel.

    Returns:
        For each endpoint `{"inputs": {name: {"dtype": ..., "shape": ...}}, "outputs": ...}`.
    """
    import tensorflow as tf

    def told(tensors):
        return {
            name: {
                "dtype": tf.as_dtype(tensors[name].dtype).name,
                "shape": tf.TensorShape(tensors[name].tensor_shape).as_list(),
            }
            for name in sorted(tensors)
        }

    return {
        name: {"inputs": told(entry.inputs), "outputs": told(entry.outputs)}
        for name, entry in sorted(_read(path).meta_graphs[0].signature_def.items())
        if not name.startswith("__")
    }


def _read(path: Path) -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    return saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())


def _seal(function: Any, known: set[str]) -> None:
    """Replaces each `IdentityN` of unknown gradient in a function."""
    moved: dict[str, str] = {}
    nodes = list(function.node_def)
    for node in nodes:
        kind = node.attr["_gradient_op_type"].s.decode() if "_gradient_op_type" in node.attr else ""
        if not kind or kind in known or node.op != "IdentityN":
            continue
        name, data = node.name, [i for i in node.input if not i.startswith("^")]
        control = [i for i in node.input if i.startswith("^")]
        for number, (source, dtype) in enumerate(zip(data, node.attr["T"].list.type, strict=True)):
            new = function.node_def.add()
            new.name, new.op = f"{name}__{number}", "PreventGradient"
            new.device = node.device
            new.input.extend([source, *control])
            new.attr["T"].type = dtype
            new.attr["message"].s = _MESSAGE
            moved[f"{name}:output:{number}"] = f"{new.name}:output:0"
        # Who waited for the node itself waits for the first of the new ones.
        moved[f"^{name}"] = f"^{name}__0"
        function.node_def.remove(node)
    if not moved:
        return
    for node in function.node_def:
        for place, source in enumerate(node.input):
            node.input[place] = moved.get(source, source)
    for key, source in function.ret.items():
        function.ret[key] = moved.get(source, source)
