"""The arms of a comparison: what each is, how it is built, and what describes it."""

import dataclasses
import inspect
import json
import pickle
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import Config

__all__ = ["Arm", "arms_of", "described"]

# How often a model is built until two in a row are equal.
TRIES = 8


@dataclasses.dataclass(frozen=True)
class Arm:
    """One of the models that are compared.

    Attributes:
        name: Its name in the report.
        build: Function that returns a fresh model, or None where `config` describes it.
        config: Keras's description of the model as JSON, or None.
    """

    name: str
    build: Callable[..., Any] | None = None
    config: str | None = None

    def model(self, seed: int, x: np.ndarray, y: np.ndarray) -> Any:
        """Builds the model with initial weights drawn from a seed.

        Keras draws from generators that the whole process shares, so that another thread, such
        as one of an executor, may draw in between. Two equal models in a row had no such luck.

        Args:
            seed: Seed of Python's, NumPy's and the backend's generators.
            x: Training rows, for functions that take them.
            y: Their targets.

        Raises:
            TypeError: If the function returns no model.
            ValueError: If the initial weights do not depend on the seed alone.
        """
        model = self._built(seed, x, y)
        if not isinstance(model, keras.Model):
            return model
        for _ in range(TRIES):
            again = self._built(seed, x, y)
            if _equal(model, again):
                return again
            model = again
        raise ValueError(
            "Argument `models` must hold functions whose initial weights follow from the seed that "
            f"`keras.utils.set_random_seed` has set. Received: {self.name!r}, whose differ"
        )

    def _built(self, seed: int, x: np.ndarray, y: np.ndarray) -> Any:
        keras.utils.set_random_seed(seed)
        try:
            if self.build is None:
                model = keras.saving.deserialize_keras_object(json.loads(self.config or "null"))
            else:
                model = self.build(*((x, y) if _takes_rows(self.build) else ()))
        except Exception as error:
            error.add_note(f"This came of building the model {self.name!r}.")
            raise
        if isinstance(model, keras.Model):
            try:
                # Activations that are layers have no weights before the first call.
                model(x[:256])
            except Exception as error:
                raise ValueError(
                    "Argument `models` must hold models that take inputs of shape (rows, "
                    f"{', '.join(map(str, x.shape[1:]))}). Received: {self.name!r}, with {error}"
                ) from error
        elif not all(callable(getattr(model, name, None)) for name in ("fit", "predict")):
            raise TypeError(
                f"Argument `models` must hold functions that return a Keras model, or another "
                f"object with `fit` and `predict`. Received: {type(model).__name__} from "
                f"{self.name!r}"
            )
        return model


def arms_of(models: Mapping[str, Any], processes: bool = True) -> tuple[Arm, ...]:
    """Returns the arms of a comparison, the baseline first.

    Args:
        models: Functions, Keras models or configs by name, as in `compare`.
        processes: Whether the arms have to reach other processes.

    Raises:
        ValueError: If there are fewer than two, or one cannot reach another process.
        TypeError: If one is neither a function nor a Keras model nor a config.
    """
    if not isinstance(models, Mapping) or len(models) < 2:
        received = list(models) if isinstance(models, Mapping) else type(models).__name__
        raise ValueError(
            "Argument `models` must be a dictionary of at least two models by name, the baseline "
            f"first. Received: {received}"
        )
    if len({str(name) for name in models}) < len(models):
        raise ValueError(
            "Argument `models` must have names that differ as text. "
            f"Received: {', '.join(map(repr, models))}"
        )
    return tuple(_arm(str(name), model, processes) for name, model in models.items())


def _arm(name: str, model: Any, processes: bool) -> Arm:
    if isinstance(model, keras.Model):
        return Arm(name, config=json.dumps(keras.saving.serialize_keras_object(model)))
    if isinstance(model, Mapping) and "class_name" in model:
        return Arm(name, config=json.dumps(model))
    if not callable(model) or isinstance(model, keras.layers.Layer):
        raise TypeError(
            "Argument `models` must hold functions that return a model, Keras models, or their "
            f"configs. Received: {type(model).__name__} as {name!r}"
        )
    if processes and not _reaches_processes(model):
        raise ValueError(
            f"Argument `models` must hold functions that other processes can import: defined with "
            f"`def` at the top level of a module. Give the Keras model itself instead, or train "
            f"in this process with `workers=0`. Received: {model!r} as {name!r}"
        )
    return Arm(name, build=model)


def _reaches_processes(function: Any) -> bool:
    main = sys.modules["__main__"]
    inner = getattr(function, "func", function)  # of functools.partial
    if getattr(inner, "__module__", None) == "__main__" and not hasattr(main, "__file__"):
        return False  # typed into a notebook or a console
    try:
        pickle.dumps(function)
    except Exception:
        return False
    return True


def _equal(a: keras.Model, b: keras.Model) -> bool:
    """Whether two models have the same weights and the same seeds."""
    pairs = list(zip(a.variables, b.variables, strict=False))
    same = all(np.array_equal(np.asarray(v), np.asarray(w), equal_nan=True) for v, w in pairs)
    return same and len(a.variables) == len(b.variables)


def _takes_rows(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # a class of C
        return False
    needed = [
        parameter
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    return len(needed) == 2


def described(arm: Arm, model: Any) -> Config:
    """Returns what distinguishes an arm from others, without its name, as JSON can hold it.

    Names of layers that count how many were made before become numbers of their place.
    """
    origin = {}
    if arm.build is not None:
        inner = getattr(arm.build, "func", arm.build)
        origin = {"function": f"{inner.__module__}.{getattr(inner, '__qualname__', '')}"}
        if inner is not arm.build:
            origin["arguments"] = repr((arm.build.args, arm.build.keywords))  # type: ignore
    if not isinstance(model, keras.Model):
        # A place in memory tells nothing of the object.
        return {**origin, "model": re.sub(r" at 0x[0-9a-f]+", "", repr(model))}
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(model), default=repr))
    names = {name: f"layer {i}" for i, name in enumerate(dict.fromkeys(_names(config)))}
    return {**origin, "model": _renamed(config, names)}


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "class_name" in node and isinstance(node.get("config"), dict):
            name = node["config"].get("name")
            if isinstance(name, str):
                yield name
        for value in node.values():
            yield from _names(value)
    elif isinstance(node, list):
        for value in node:
            yield from _names(value)


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _renamed(value, names) for key, value in node.items()}
    if isinstance(node, list):
        return [_renamed(value, names) for value in node]
    return names.get(node, node) if isinstance(node, str) else node
