"""Compiled models, which the next seed uses again: tracing takes longer than a small training."""

import copy
import json
from collections import OrderedDict
from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import Config
from keras_addmul.compare import metric
from keras_addmul.compare.arms import Arm, described
from keras_addmul.layers.inside import layers_inside

__all__ = ["prepared"]

# How many are kept.
KEPT = 6

_kept: OrderedDict[str, tuple[Any, list[np.ndarray]]] = OrderedDict()


def prepared(
    arm: Arm, model: keras.Model, settings: Config, at_once: int, x: np.ndarray, y: np.ndarray
) -> keras.Model:
    """Returns the model compiled, or an equal one that was compiled before, with its weights.

    Args:
        arm: What the model is.
        model: A fresh model, with its initial weights.
        settings: How models are trained. The epochs are no part of the compilation.
        at_once: Number of steps that TensorFlow runs without returning to Python.
        x: Inputs, of which the shape and the dtype count.
        y: Targets, likewise.
    """
    settings = {key: value for key, value in settings.items() if key != "epochs"}
    if not _is_known_by_its_config(model):
        _compiled(model, settings, at_once)
        return model
    shapes = [(array.shape[1:], str(array.dtype)) for array in (x, y)]
    key = json.dumps([described(arm, model), settings, at_once, shapes], sort_keys=True)
    if key in _kept:
        used, fresh = _kept[key]
        for target, source in zip(used.variables, model.variables, strict=True):
            target.assign(source)
        for target, value in zip(used.optimizer.variables, fresh, strict=True):
            target.assign(value)
    else:
        _compiled(model, settings, at_once)
        model.optimizer.build(model.trainable_variables)
        _kept[key] = model, [np.array(v) for v in model.optimizer.variables]
    _kept.move_to_end(key)
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return _kept[key][0]


def _compiled(model: keras.Model, settings: Config, at_once: int) -> None:
    """Compiles a model for the training; an optimizer that it was compiled with is kept."""
    own = getattr(model, "optimizer", None)
    config = settings["optimizer"] if own is None else keras.optimizers.serialize(own)
    model.compile(
        # Copies, because Keras changes what it is given.
        optimizer=keras.optimizers.deserialize(copy.deepcopy(config)),
        loss=keras.losses.get(copy.deepcopy(settings["loss"])),
        metrics=[metric.made(settings)],
        jit_compile=settings["jit"],
        steps_per_execution=at_once,
    )


def _is_known_by_its_config(model: keras.Model) -> bool:
    """Whether a model of the same config computes the same: so do Keras's layers and ours."""
    if not isinstance(model, keras.Sequential) and "layers" not in model.get_config():
        return False
    return all(
        type(layer).__module__.split(".")[0] in ("keras", "keras_addmul")
        and not isinstance(layer, keras.layers.Lambda)
        and not hasattr(layer, "adapt")  # what it saw may be part of its graph
        for layer in layers_inside(model)
    )
