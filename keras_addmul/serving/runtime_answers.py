"""Runs converted models in their own runtimes."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["RUNTIMES", "SUFFIX"]

# A function from the inputs by name, and the names of the outputs, to the outputs by name.
Run = Callable[[Mapping[str, np.ndarray], Sequence[str]], dict[str, np.ndarray]]

SUFFIX: dict[str, str] = {"onnx": ".onnx", "litert": ".tflite", "openvino": ".xml"}


def _onnx(file: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])

    def run(inputs, outputs):
        names = [entry.name for entry in session.get_inputs()]
        answers = session.run(list(outputs), {name: inputs[name] for name in names})
        return {name: np.asarray(a) for name, a in zip(outputs, answers, strict=True)}

    return run


def _litert(file: Path) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(file))

    def run(inputs, outputs):
        places = interpreter.get_signature_list()["serving_default"]
        runner: Any = interpreter.get_signature_runner("serving_default")
        assert set(places["outputs"]) == set(outputs)
        return dict(runner(**inputs))

    return run


def _openvino(file: Path) -> Run:
    import openvino

    core: Any = openvino.Core()
    model = core.compile_model(str(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def run(inputs, outputs):
        given = {
            number: inputs[_named(port, list(inputs), number)]
            for number, port in enumerate(model.inputs)
        }
        answers = model(given)
        return {
            _named(port, list(outputs), number): np.array(answers[port])
            for number, port in enumerate(model.outputs)
        }

    return run


def _named(port: Any, names: Sequence[str], number: int) -> str:
    """Returns the name of an input or output; OpenVINO keeps no names for some."""
    own = {one.split(":")[0].removeprefix("serving_default_") for one in port.get_names()}
    return next((name for name in names if name in own), names[number])


# What each format needs installed, and how its files are run.
RUNTIMES: dict[str, tuple[tuple[str, ...], Callable[[Path], Run]]] = {
    "onnx": (("tf2onnx", "onnxruntime"), _onnx),
    "litert": (("ai_edge_litert",), _litert),
    "openvino": (("openvino",), _openvino),
}
