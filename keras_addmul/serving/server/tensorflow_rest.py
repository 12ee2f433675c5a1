"""TensorFlow Serving's REST API, version 1: what requests and answers look like."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_addmul.serving.server.checked_values import Spec, from_json
from keras_addmul.serving.server.loaded_model import DEFAULT, Endpoint, LoadedModel
from keras_addmul.serving.server.refusals import Refusal
from keras_addmul.serving.server.repository import Model

__all__ = ["answer", "listed", "predict_request", "signature_def", "status"]


def predict_request(body: Any, model: LoadedModel) -> tuple[str, dict[str, np.ndarray], bool]:
    """Reads the body of `:predict`.

    Args:
        body: The body, parsed.
        model: The version that is asked.

    Returns:
        The name of the signature, the inputs by name, and whether they were given by rows.

    Raises:
        Refusal: If the body does not fit.
    """
    if not isinstance(body, dict):
        raise Refusal(400, 'The body must be an object with "instances" or "inputs".')
    unknown = sorted(set(body) - {"signature_name", "instances", "inputs"})
    if unknown or ("instances" in body) == ("inputs" in body):
        raise Refusal(
            400,
            'The body must have either "instances" (rows) or "inputs" (columns), and may have '
            f'"signature_name". Received: {sorted(body)[:10]}',
        )
    name = body.get("signature_name", DEFAULT)
    if not isinstance(name, str) or name not in model.endpoints:
        raise Refusal(
            400, f'"signature_name" must be one of {sorted(model.endpoints)}. Received: {name!r}'
        )
    endpoint = model.endpoints[name]
    if "instances" in body:
        columns = _columns_of_rows(body["instances"], endpoint)
    else:
        columns = _columns(body["inputs"], endpoint)
    arrays = {key: from_json(columns[key], spec) for key, spec in endpoint.inputs.items()}
    endpoint.check_rows(arrays)
    return name, arrays, "instances" in body


def answer(outputs: Mapping[str, np.ndarray], endpoint: Endpoint, by_rows: bool) -> dict[str, Any]:
    """Returns the answer of `:predict`: `{"predictions": ...}` for rows, else `{"outputs": ...}`.

    Args:
        outputs: The outputs by name.
        endpoint: The endpoint they are from.
        by_rows: Whether the inputs were given by rows.
    """
    values = {name: _jsonable(value, endpoint.outputs[name]) for name, value in outputs.items()}
    if len(values) == 1:
        (one,) = values.values()
        return {"predictions" if by_rows else "outputs": one}
    if not by_rows:
        return {"outputs": values}
    rows = zip(*values.values(), strict=True)
    return {"predictions": [dict(zip(values, row, strict=True)) for row in rows]}


def status(model: Model, only: int | None = None) -> dict[str, Any]:
    """Returns the states of a model's versions.

    Args:
        model: The model.
        only: Number of the version that is asked for, or None for all.
    """
    known = {number: ("AVAILABLE", "OK", "") for number in model.ready}
    known |= {
        number: ("END", "UNKNOWN", why)
        for number, why in model.failed.items()
        if number not in known
    }
    return {
        "model_version_status": [
            {
                "version": str(number),
                "state": known[number][0],
                "status": {"error_code": known[number][1], "error_message": known[number][2]},
            }
            for number in sorted(known, reverse=True)
            if only in (None, number)
        ]
    }


def signature_def(name: str, model: LoadedModel) -> dict[str, Any]:
    """Returns the metadata of a version, as TensorFlow Serving writes it."""
    signatures = {
        key: {
            "inputs": {spec.name: _tensor_info(spec) for spec in endpoint.inputs.values()},
            "outputs": {spec.name: _tensor_info(spec) for spec in endpoint.outputs.values()},
            "method_name": "tensorflow/serving/predict",
        }
        for key, endpoint in sorted(model.endpoints.items())
    }
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(model.number)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def listed(models: Mapping[str, Model]) -> dict[str, Any]:
    """Returns what the page at `/` shows of each model."""
    return {
        "models": [
            {
                "name": name,
                "versions": sorted(model.ready),
                "labels": dict(model.labels),
                "failed": {str(number): why for number, why in model.failed.items()},
                "formula": model.newest.metadata.get("formula"),
                "features": model.newest.metadata.get("features", {}),
                "inputs": _described(model.newest.endpoints[DEFAULT].inputs),
                "outputs": _described(model.newest.endpoints[DEFAULT].outputs),
                "signatures": sorted(model.newest.endpoints),
            }
            for name, model in sorted(models.items())
            if model.newest is not None
        ]
    }


def _described(specs: Mapping[str, Spec]) -> dict[str, Any]:
    return {key: {"dtype": spec.dtype, "shape": spec.shape} for key, spec in specs.items()}


def _columns_of_rows(instances: Any, endpoint: Endpoint) -> dict[str, Any]:
    if not endpoint.batchable:
        raise Refusal(
            400,
            'This signature must be asked with "inputs" (columns), because its inputs '
            f'{sorted(endpoint.inputs)} have no common rows. Received: "instances"',
        )
    if not isinstance(instances, list) or not instances:
        raise Refusal(400, '"instances" must be a list of at least one row.')
    if len(endpoint.inputs) == 1 and not isinstance(instances[0], dict):
        return {next(iter(endpoint.inputs)): instances}
    names = set(endpoint.inputs)
    for row in instances:
        if not isinstance(row, dict) or set(row) != names:
            received = sorted(row)[:10] if isinstance(row, dict) else "something else"
            raise Refusal(
                400,
                f'Each row in "instances" must be an object with the keys {sorted(names)}. '
                f"Received: {received}",
            )
    return {name: [row[name] for row in instances] for name in endpoint.inputs}


def _columns(inputs: Any, endpoint: Endpoint) -> dict[str, Any]:
    names = set(endpoint.inputs)
    if len(names) == 1 and not isinstance(inputs, dict):
        return {next(iter(names)): inputs}
    if not isinstance(inputs, dict) or set(inputs) != names:
        received = sorted(inputs)[:10] if isinstance(inputs, dict) else "something else"
        raise Refusal(
            400, f'"inputs" must be an object with the keys {sorted(names)}. Received: {received}'
        )
    return inputs


def _jsonable(array: np.ndarray, spec: Spec) -> Any:
    if spec.dtype != "string":
        return array.tolist() if array.dtype != np.float32 else _shortest(array)
    return (
        [_text(value) for value in array.ravel()]
        if array.ndim == 1
        else [_jsonable(row, spec) for row in array]
    )


def _shortest(array: np.ndarray) -> Any:
    """Keeps float32 as arrays, which are written with as many digits as they need."""
    return list(array) if array.ndim > 1 else array


def _text(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def _tensor_info(spec: Spec) -> dict[str, Any]:
    sizes = [{"size": str(-1 if size is None else size), "name": ""} for size in spec.shape]
    dtype = {"float16": "DT_HALF", "float32": "DT_FLOAT", "float64": "DT_DOUBLE"}
    return {
        "dtype": dtype.get(spec.dtype, f"DT_{spec.dtype.upper()}"),
        "tensor_shape": {"dim": sizes, "unknown_rank": False},
        "name": spec.name,
    }
