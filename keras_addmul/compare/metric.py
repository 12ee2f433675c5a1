"""What is compared: a metric, its name, and whether more of it is better."""

import copy
import dataclasses
from typing import Any

import keras

from keras_addmul.annotations import Config

__all__ = ["Metric", "made", "metric_of"]

ALIASES = {"rmse": "root_mean_squared_error", "r2": "r2_score"}

# Metrics of Keras of which more is better; of its losses and errors, less is.
MORE = ("accuracy", "acc", "auc", "precision", "recall", "r2_score", "score", "similarity", "iou")
LESS = ("loss", "error", "entropy", "divergence", "hinge", "logcosh", "cosh", "poisson", "mse")
LESS = (*LESS, "mae", "mape", "msle")


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric as a unit of work takes it.

    Attributes:
        name: What a report calls it.
        config: `"loss"`, or what Keras makes the metric of.
        higher_is_better: Its direction.
    """

    name: str
    config: Any
    higher_is_better: bool


def metric_of(metric: Any, loss: Any, higher_is_better: bool | None) -> Metric:
    """Returns a metric by name, or as Keras knows it.

    Raises:
        ValueError: If there is no such metric, or its direction is not known.
    """
    if isinstance(metric, str) and metric == "loss":
        # Not the loss of `fit`, to which regularizers add.
        return Metric(_name(loss), "loss", bool(higher_is_better))
    if isinstance(metric, str) and metric in ("accuracy", "acc"):
        # Which accuracy is meant depends on the loss.
        sparse, binary = ("sparse" in _name(loss), "binary" in _name(loss))
        metric = "sparse_categorical_accuracy" if sparse else "categorical_accuracy"
        metric = "binary_accuracy" if binary else metric
    try:
        known = keras.metrics.get(
            ALIASES.get(metric, metric) if isinstance(metric, str) else metric
        )
    except ValueError as error:
        raise ValueError(
            "Argument `metric` must be 'loss', a metric of Keras, or its name. "
            f"Received: {metric!r}"
        ) from error
    if not isinstance(known, keras.metrics.Metric):
        known = keras.metrics.MeanMetricWrapper(known, name=getattr(known, "__name__", "metric"))
    if higher_is_better is None:
        name = known.name.lower()
        more, less = (any(name.endswith(end) for end in ends) for ends in (MORE, LESS))
        if more == less:
            raise ValueError(
                "Argument `higher_is_better` must be True or False where the name of the metric "
                f"does not tell. Received: None for {known.name!r}"
            )
        higher_is_better = more
    config = keras.saving.serialize_keras_object(known)
    try:
        made({"metric": config})
    except Exception as error:
        raise ValueError(
            "Argument `metric` must be a metric that Keras can build from its config; register a "
            "function of your own with `keras.saving.register_keras_serializable`. "
            f"Received: {metric!r}"
        ) from error
    return Metric(known.name, config, bool(higher_is_better))


def made(settings: Config) -> keras.metrics.Metric:
    """Returns a fresh metric by the settings of a training."""
    if settings["metric"] != "loss":
        # A copy, because Keras changes what it is given.
        return keras.saving.deserialize_keras_object(copy.deepcopy(settings["metric"]))
    loss = copy.deepcopy(settings["loss"])
    if isinstance(loss, dict):
        loss = {**loss, "config": {**loss["config"], "reduction": "none"}}
    return keras.metrics.MeanMetricWrapper(keras.losses.get(loss), name="held_out_loss")


def _name(loss: Any) -> str:
    return loss if isinstance(loss, str) else getattr(loss, "name", "loss")
