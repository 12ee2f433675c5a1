"""The path norm in training: as a penalty, as a metric, and in the logs."""

import keras
from keras import ops

from keras_addmul.barron.norms.network_norm import PathNormOf

__all__ = ["PathNorm", "PathNormLog", "PathNormMetric"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class PathNorm(keras.regularizers.Regularizer):
    """Penalises `strength * path_norm(model)`.

    A path norm joins the weights of all layers, so the regularizer has to know the model:
    `attach` hangs it on the last kernel, once the model is built. It is saved with the
    model; after loading, attach again.

    Args:
        strength: Non-negative number.
        s: As in `path_norm`.
        norm: As in `path_norm`.

    >>> import keras
    >>> from keras_addmul.barron import PathNorm, path_norm
    >>> layers = [keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
    >>> model = PathNorm(0.5).attach(keras.Sequential(layers))
    >>> abs(float(model.losses[0] / path_norm(model)) - 0.5) < 1e-6
    True
    """

    def __init__(self, strength=1e-3, s=None, norm=2):
        number = isinstance(strength, (int, float)) and not isinstance(strength, bool)
        if not number or not strength >= 0:
            raise ValueError(f"Argument `strength` must be a number >= 0. Received: {strength!r}")
        self.strength, self.s, self.norm = float(strength), s, norm
        self._path_norm = None

    def attach(self, model):
        """Penalises the path norm of this model; returns the model."""
        self._path_norm = PathNormOf(model, self.s, self.norm)
        last = [layer for layer in model.layers if hasattr(layer, "kernel_regularizer")]
        if not last:
            raise ValueError(
                "Argument `model` must have a layer with a kernel. Received layers: "
                f"{[layer.name for layer in model.layers]}"
            )
        last[-1].kernel_regularizer = self
        last[-1].kernel.regularizer = self
        return model

    def __call__(self, kernel):
        if self._path_norm is None:
            raise RuntimeError(
                "PathNorm does not know its model. Call `PathNorm(...).attach(model)` once the "
                "model is built, and again after it is loaded."
            )
        return ops.cast(self.strength * self._path_norm(), kernel.dtype)

    def get_config(self):
        return {"strength": self.strength, "s": self.s, "norm": self.norm}


@keras.saving.register_keras_serializable(package="keras_addmul")
class PathNormMetric(keras.metrics.Metric):
    """The path norm as a metric: `model.compile(..., metrics=[PathNormMetric(model)])`.

    Args:
        model: The model that is trained; None in one that was loaded, where it is nan.
        s: As in `path_norm`.
        norm: As in `path_norm`.
        name: Name of the metric.
        **kwargs: Base metric arguments.
    """

    def __init__(self, model=None, s=None, norm=2, name="path_norm", **kwargs):
        super().__init__(name=name, **kwargs)
        self.s, self.norm = s, norm
        self._path_norm = None if model is None else PathNormOf(model, s, norm)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes nothing from the batch: the norm is one of weights."""

    def result(self):
        return ops.convert_to_tensor(float("nan")) if self._path_norm is None else self._path_norm()

    def reset_state(self):
        """There is no state."""

    def get_config(self):
        return {**super().get_config(), "s": self.s, "norm": self.norm}


class PathNormLog(keras.callbacks.Callback):
    """Writes the path norm into the logs after each epoch, as `path_norm`.

    Args:
        s: As in `path_norm`.
        norm: As in `path_norm`.
        name: Under which name.
    """

    def __init__(self, s=None, norm=2, name="path_norm"):
        super().__init__()
        self.s, self.norm, self.name = s, norm, name

    def on_train_begin(self, logs=None):
        self._path_norm = PathNormOf(self.model, self.s, self.norm)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs[self.name] = float(self._path_norm())
