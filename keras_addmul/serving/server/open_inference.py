"""The Open Inference Protocol, version 2: what requests and answers look like."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_addmul.serving.server.checked_values import Spec, checked, describe, from_json
from keras_addmul.serving.server.loaded_model import DEFAULT, Endpoint, LoadedModel
from keras_addmul.serving.server.refusals import Refusal
from keras_addmul.serving.server.repository import Model

__all__ = ["Question", "answer", "infer_request", "metadata_of"]


class Question:
    """What a request asks.

    Attributes:
        signature: Name of the endpoint.
        arrays: The inputs by name.
        outputs: Names of the outputs that are wanted, each with whether it is sent as bytes.
        id: What the answer repeats, or None.
    """

    def __init__(
        self, signature: str, arrays: dict[str, np.ndarray], outputs: dict[str, bool], id: Any
    ) -> None:
        self.signature: str = signature
        self.arrays: dict[str, np.ndarray] = arrays
        self.outputs: dict[str, bool] = outputs
        self.id: Any = id


def infer_request(body: Any, binary: bytes, model: LoadedModel) -> Question:
    """Reads the body of an inference.

    Args:
        body: Its JSON, parsed.
        binary: The bytes after it: tensors of the binary extension, in the order of the inputs.
        model: The version that is asked.

    Raises:
        Refusal: If the body does not fit.
    """
    if not isinstance(body, dict) or not isinstance(body.get("inputs"), list):
        raise Refusal(400, 'The body must be an object with a list "inputs".')
    options = _parameters(body)
    signature = options.get("signature_name", DEFAULT)
    if not isinstance(signature, str) or signature not in model.endpoints:
        raise Refusal(
            400,
            f"Parameter signature_name must be one of {sorted(model.endpoints)}. "
            f"Received: {signature!r}",
        )
    endpoint = model.endpoints[signature]
    arrays: dict[str, np.ndarray] = {}
    start = 0
    for entry in body["inputs"]:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name not in endpoint.inputs or name in arrays:
            raise Refusal(
                400,
                f"Each of the inputs must have one of the names {sorted(endpoint.inputs)}, once. "
                f"Received: {name!r}",
            )
        spec = endpoint.inputs[name]
        shape = _shape(entry, spec)
        size = _parameters(entry).get("binary_data_size")
        if size is None:
            arrays[name] = _from_data(entry.get("data"), shape, spec)
            continue
        if type(size) is not int or not 0 <= size <= len(binary) - start:
            raise Refusal(
                400,
                f"binary_data_size of input {name!r} must be at most the {len(binary) - start} "
                f"bytes that are left. Received: {size!r}",
            )
        arrays[name] = _from_bytes(binary[start : start + size], shape, spec)
        start += size
    if start != len(binary):
        raise Refusal(
            400, f"The inputs must use all bytes after the JSON. {len(binary) - start} are left."
        )
    missing = sorted(set(endpoint.inputs) - set(arrays))
    if missing:
        raise Refusal(400, f"The inputs {missing} must be given. Received: {sorted(arrays)}")
    endpoint.check_rows(arrays)
    arrays = {key: arrays[key] for key in endpoint.inputs}
    return Question(signature, arrays, _wanted(body, options, endpoint), body.get("id"))


def answer(
    outputs: Mapping[str, np.ndarray], question: Question, name: str, model: LoadedModel
) -> tuple[dict[str, Any], bytes]:
    """Returns the JSON of an answer, and the bytes that follow it.

    Args:
        outputs: All outputs of the endpoint, by name.
        question: What was asked.
        name: Name of the model.
        model: The version that answered.
    """
    told, parts = [], []
    for key, as_bytes in question.outputs.items():
        array, spec = outputs[key], model.endpoints[question.signature].outputs[key]
        datatype = "FP32" if spec.dtype == "bfloat16" else spec.datatype
        entry: dict[str, Any] = {"name": key, "datatype": datatype, "shape": list(array.shape)}
        if as_bytes:
            parts.append(_to_bytes(array))
            entry["parameters"] = {"binary_data_size": len(parts[-1])}
        elif spec.dtype == "string":
            entry["data"] = [value.decode(errors="replace") for value in array.ravel()]
        else:
            entry["data"] = array.ravel()
        told.append(entry)
    content = {"model_name": name, "model_version": str(model.number), "outputs": told}
    if question.id is not None:
        content["id"] = question.id
    return content, b"".join(parts)


def metadata_of(name: str, model: Model, version: LoadedModel) -> dict[str, Any]:
    """Returns the metadata of a model, of the inputs and outputs of one version."""
    endpoint = version.endpoints[DEFAULT]
    return {
        "name": name,
        "versions": [str(number) for number in sorted(model.ready)],
        "platform": "tensorflow_savedmodel",
        "inputs": describe(list(endpoint.inputs.values())),
        "outputs": describe(list(endpoint.outputs.values())),
    }


def _parameters(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    given = entry.get("parameters")
    if given is not None and not isinstance(given, dict):
        raise Refusal(400, '"parameters" must be an object.')
    return given or {}


def _shape(entry: Mapping[str, Any], spec: Spec) -> tuple[int, ...]:
    if entry.get("datatype") != spec.datatype:
        raise Refusal(
            400,
            f"Input {spec.name!r} must have the datatype {spec.datatype}. "
            f"Received: {entry.get('datatype')!r}",
        )
    shape = entry.get("shape")
    sizes = shape if isinstance(shape, list) else []
    whole = all(type(size) is int and 0 < size < 2**31 for size in sizes)
    if not whole or len(sizes) != len(spec.shape):
        raise Refusal(
            400,
            f"Input {spec.name!r} must be {spec.wanted}, and say its shape. Received: {shape!r}"[
                :300
            ],
        )
    return tuple(sizes)


def _from_data(data: Any, shape: tuple[int, ...], spec: Spec) -> np.ndarray:
    """Converts a list, flat or nested, to an array."""
    level = [data]
    for _ in range(len(shape) + 1):
        if set(map(type, level)) != {list}:
            break
        level = list(itertools.chain.from_iterable(level))
    flat = Spec(spec.name, spec.dtype, (None,), spec.numpy)
    array = from_json(level if isinstance(data, list) else data, flat)
    return _reshaped(array, shape, spec)


def _from_bytes(content: bytes, shape: tuple[int, ...], spec: Spec) -> np.ndarray:
    if spec.dtype == "string":
        values = []
        while content:
            size = int.from_bytes(content[:4], "little")
            if len(content) < 4 + size:
                raise Refusal(400, f"Input {spec.name!r} must give the length before each string.")
            values.append(content[4 : 4 + size])
            content = content[4 + size :]
        return _reshaped(np.array(values, dtype=object), shape, spec)
    dtype = np.dtype(spec.numpy)
    if len(content) != dtype.itemsize * int(np.prod(shape, dtype=object)):
        raise Refusal(
            400,
            f"Input {spec.name!r} of shape {list(shape)} must have {dtype.itemsize} bytes for "
            f"each value. Received: {len(content)} bytes",
        )
    return checked(np.frombuffer(content, dtype).reshape(shape), spec)


def _reshaped(array: np.ndarray, shape: tuple[int, ...], spec: Spec) -> np.ndarray:
    if int(np.prod(shape, dtype=object)) != array.size:
        raise Refusal(
            400,
            f"Input {spec.name!r} of shape {list(shape)} must have as many values. "
            f"Received: {array.size}",
        )
    return checked(array.reshape(shape), spec)


def _to_bytes(array: np.ndarray) -> bytes:
    if array.dtype != object:
        return array.tobytes()
    return b"".join(len(value).to_bytes(4, "little") + value for value in array.ravel())


def _wanted(
    body: Mapping[str, Any], options: Mapping[str, Any], endpoint: Endpoint
) -> dict[str, bool]:
    """Returns the outputs that are wanted, each with whether it is sent as bytes."""
    default = options.get("binary_data_output") is True
    entries = body.get("outputs") or [{"name": name} for name in endpoint.outputs]
    wanted: dict[str, bool] = {}
    for entry in entries if isinstance(entries, list) else [None]:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name not in endpoint.outputs:
            raise Refusal(
                400, f"Outputs must be among {sorted(endpoint.outputs)}. Received: {name!r}"
            )
        wanted[name] = _parameters(entry or {}).get("binary_data", default) is True
    return wanted
