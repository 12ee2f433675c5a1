"""Describes the server for OpenAPI 3.1, with the inputs of each of its models."""

from collections.abc import Mapping
from typing import Any

import keras_addmul
from keras_addmul.serving.server.checked_values import Spec
from keras_addmul.serving.server.loaded_model import DEFAULT, LoadedModel
from keras_addmul.serving.server.repository import Model

__all__ = ["description", "example_row"]

_ERROR = {
    "description": "The request cannot be met; `error` says what was expected",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}},
            }
        }
    },
}

_FIXED = {
    "/v2/health/live": "Whether the process answers",
    "/v2/health/ready": "Whether every model is ready: 200 or 503",
    "/v2": "Name and version of the server",
    "/v1/models": "All models, with formula, features and signature",
    "/metrics": "Figures for Prometheus",
}


def description(models: Mapping[str, Model]) -> dict[str, Any]:
    """Returns the OpenAPI document of the server.

    Args:
        models: The models that are served.
    """
    paths: dict[str, Any] = {path: _get(text) for path, text in _FIXED.items()}
    for name, model in sorted(models.items()):
        if model.newest is None:
            continue
        found = model.newest
        v1, v2 = f"/v1/models/{name}", f"/v2/models/{name}"
        formula = found.metadata.get("formula")
        about = f": {formula}" if formula else ""
        for place in ("", "/versions/{version}", "/labels/{label}"):
            paths[f"{v1}{place}"] = _get("State of the versions", place)
            paths[f"{v1}{place}/metadata"] = _get("Signatures", place)
            paths[f"{v1}{place}:predict"] = _post(
                f"Predictions of {name}{about}", _rows(found), place
            )
        for place in ("", "/versions/{version}"):
            paths[f"{v2}{place}"] = _get("Inputs and outputs", place)
            paths[f"{v2}{place}/ready"] = _get("Whether the model is ready", place)
            paths[f"{v2}{place}/infer"] = _post(
                f"Predictions of {name}{about}", _tensors(found), place
            )
    info = {"title": "keras_addmul", "version": keras_addmul.__version__}
    return {"openapi": "3.1.0", "info": info, "paths": paths}


def example_row(model: LoadedModel) -> dict[str, Any]:
    """Returns one row of inputs by name: the middle of the range seen in training, or ones.

    Args:
        model: The model that takes the row.
    """
    return {name: _example(model, spec) for name, spec in model.endpoints[DEFAULT].inputs.items()}


def _example(model: LoadedModel, spec: Spec) -> Any:
    ranges = model.metadata.get("features", {}).get(spec.name, {}).get("ranges")
    if len(spec.shape) == 2 and ranges:
        return [float(f"{(low + high) / 2:.6g}") for low, high in ranges]
    value: Any = "" if spec.dtype == "string" else True if spec.dtype == "bool" else 1
    for size in reversed(spec.shape[1:]):
        value = [value] * (size or 1)
    return value


def _rows(model: LoadedModel) -> dict[str, Any]:
    """The body of `:predict`, by rows or by columns."""
    inputs = model.endpoints[DEFAULT].inputs
    row = example_row(model)
    single = len(inputs) == 1
    columns = {name: _array(spec) for name, spec in inputs.items()}
    of_row = {"type": "object", "required": [*inputs]}
    one = _array(next(iter(inputs.values())))["items"] if single else of_row
    return {
        "type": "object",
        "properties": {
            "signature_name": {"type": "string", "enum": sorted(model.endpoints)},
            "instances": {"type": "array", "items": one},
            "inputs": {"type": "object", "properties": columns},
        },
        "example": {"instances": [next(iter(row.values())) if single else row]},
    }


def _tensors(model: LoadedModel) -> dict[str, Any]:
    """The body of an inference of the Open Inference Protocol."""
    row = example_row(model)
    inputs = [
        {
            "name": spec.name,
            "datatype": spec.datatype,
            "shape": [1, *(size or 1 for size in spec.shape[1:])],
            "data": [row[spec.name]],
        }
        for spec in model.endpoints[DEFAULT].inputs.values()
    ]
    return {"type": "object", "required": ["inputs"], "example": {"inputs": inputs}}


def _array(spec: Spec) -> dict[str, Any]:
    kind = {"string": "string", "bool": "boolean"}.get(spec.dtype, "number")
    schema: dict[str, Any] = {"type": kind}
    for size in reversed(spec.shape):
        sizes = {} if size is None else {"minItems": size, "maxItems": size}
        schema = {"type": "array", "items": schema, **sizes}
    return schema


def _get(text: str, place: str = "") -> dict[str, Any]:
    answers = {"200": {"description": "The answer"}, "default": _ERROR}
    return {"get": {"summary": text, "responses": answers, **_parameters(place)}}


def _post(text: str, schema: dict[str, Any], place: str) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    answers = {"200": {"description": "The predictions"}, "default": _ERROR}
    return {
        "post": {
            "summary": text,
            "requestBody": body,
            "responses": answers,
            **_parameters(place),
        }
    }


def _parameters(place: str) -> dict[str, Any]:
    names = [name for name in ("version", "label") if f"{{{name}}}" in place]
    if not names:
        return {}
    kind = {"type": "string"}
    return {
        "parameters": [{"name": n, "in": "path", "required": True, "schema": kind} for n in names]
    }
