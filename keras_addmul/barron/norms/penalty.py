"""The path norm in training: a penalty, a metric and a callback."""

from typing import Any

import keras
from keras import ops

from keras_addmul.annotations import Config, Tensor
from keras_addmul.barron.norms.network_norm import PathNormOf
from keras_addmul.keras_types import Callback, Regularizer

__all__ = ["PathNorm", "PathNormLog", "PathNormMetric"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class PathNorm(Regularizer):
    """Adds `strength * path_norm(model)` to the loss.

    A path norm involves the weights of all layers, so the regularizer needs the model: call
    `attach` once the model is built. The regularizer is saved with the model; attach it again
    after loading.

    Args:
        strength: Factor of the penalty, 0 or more.
        s: As in `path_norm`.
        norm: As in `path_norm`.

    Raises:
        ValueError: If `strength` is negative or not a number.
        RuntimeError: If a loss is computed before `attach`.

    Example:

    >>> import keras
    >>> from keras_addmul.barron import PathNorm, path_norm
    >>> layers = [keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
    >>> model = PathNorm(0.5).attach(keras.Sequential(layers))
    >>> abs(float(model.losses[0] / path_norm(model)) - 0.5) < 1e-6
    True
    """

    def __init__(self, strength: float = 1e-3, s: float | None = None, norm: int = 2) -> None:
        number = isinstance(strength, (int, float)) and not isinstance(strength, bool)
        if not number or not strength >= 0:
            raise ValueError(f"Argument `strength` must be a number >= 0. Received: {strength!r}")
        self.strength: float = float(strength)
        self.s: float | None = s
        self.norm: int = norm
        self._path_norm: PathNormOf | None = None

    def attach(self, model: keras.Model) -> keras.Model:
        """Adds the penalty to a model, as the regularizer of its last kernel.

        Args:
            model: A built sequential or functional model.

        Returns:
            The same model.

        Raises:
            TypeError: If the path norm is not defined for the model.
            ValueError: If no layer of the model has a kernel.
        """
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

    def __call__(self, kernel: Tensor) -> Tensor:
        if self._path_norm is None:
            raise RuntimeError(
                "PathNorm does not know its model. Call `PathNorm(...).attach(model)` once the "
                "model is built, and again after it is loaded."
            )
        return ops.cast(self.strength * self._path_norm(), kernel.dtype)

    def get_config(self) -> Config:
        return {"strength": self.strength, "s": self.s, "norm": self.norm}


@keras.saving.register_keras_serializable(package="keras_addmul")
class PathNormMetric(keras.metrics.Metric):
    """Reports the path norm as a metric: `model.compile(..., metrics=[PathNormMetric(model)])`.

    Args:
        model: The model in training. None, as after loading, makes the metric nan.
        s: As in `path_norm`.
        norm: As in `path_norm`.
        name: Name of the metric.
        **kwargs: Base metric arguments.

    Raises:
        TypeError: If the path norm is not defined for the model.
        ValueError: If an argument is out of range, or the model is not built.

    Example:

    >>> import keras
    >>> from keras_addmul.barron import PathNormMetric, path_norm
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu")])
    >>> float(PathNormMetric(model).result()) == float(path_norm(model))
    True
    """

    def __init__(
        self,
        model: keras.Model | None = None,
        s: float | None = None,
        norm: int = 2,
        name: str = "path_norm",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.s: float | None = s
        self.norm: int = norm
        self._path_norm = None if model is None else PathNormOf(model, s, norm)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Does nothing: the norm depends on the weights alone."""

    def result(self) -> Tensor:
        return ops.convert_to_tensor(float("nan")) if self._path_norm is None else self._path_norm()

    def reset_state(self) -> None:
        """Does nothing: the metric has no state."""

    def get_config(self) -> Config:
        return {**super().get_config(), "s": self.s, "norm": self.norm}


class PathNormLog(Callback):
    """Writes the path norm into the logs after each epoch.

    Args:
        s: As in `path_norm`.
        norm: As in `path_norm`.
        name: Key in the logs.

    Raises:
        TypeError: When training begins, if the path norm is not defined for the model.

    Example:

    >>> import numpy as np
    >>> import keras
    >>> from keras_addmul.barron import PathNormLog
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = np.ones((4, 2))
    >>> history = model.fit(x, x[:, :1], verbose=0, callbacks=[PathNormLog()]).history
    >>> sorted(history)
    ['loss', 'path_norm']
    """

    def __init__(self, s: float | None = None, norm: int = 2, name: str = "path_norm") -> None:
        super().__init__()
        self.s: float | None = s
        self.norm: int = norm
        self.name: str = name

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._path_norm = PathNormOf(self.model, self.s, self.norm)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs[self.name] = float(self._path_norm())
