"""A schedule for the scale of noisy activations."""

import math
from collections.abc import Callable
from typing import Any

import keras

from keras_addmul.annotations import Config
from keras_addmul.keras_types import Callback
from keras_addmul.layers.checks import check_name, check_number, check_positive_integer
from keras_addmul.layers.inside import layers_inside
from keras_addmul.layers.noisy_activation import NoisyActivation

__all__ = ["NoiseAnnealing"]

# The scale c, by schedule.
SCHEDULES: dict[str, Callable[[int, Any, float, float], float]] = {
    "root": lambda t, steps, start, end: start / math.sqrt(t + 1.0),
    "linear": lambda t, steps, start, end: start + (end - start) * min(t / steps, 1.0),
    "cosine": lambda t, steps, start, end: (
        end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * min(t / steps, 1.0)))
    ),
}


@keras.saving.register_keras_serializable(package="keras_addmul")
class NoiseAnnealing(Callback):
    """Lowers the scale c of every noisy activation in a model during training.

    Let `t` be the number of batches trained so far, divided by `every` and rounded down.

    - `"root"`: `c = start / sqrt(t + 1)`, but at least `end`.
    - `"linear"` and `"cosine"`: c goes from `start` to `end` in `steps` steps of t.

    The optimizer counts the batches, so that training resumed from a `.keras` file or by
    `keras.callbacks.BackupAndRestore` continues the schedule. The weights of the model include
    c. After each epoch the logs hold it as `noise_scale`.

    Args:
        schedule: `"root"`, `"linear"` or `"cosine"`.
        start: Nonnegative number, c at the first batch.
        end: Number from 0 to `start`, the smallest c.
        every: Positive integer, number of batches that share one c.
        steps: Positive integer, the t at which `"linear"` and `"cosine"` reach `end`.
            `"root"` does not need it.

    Raises:
        ValueError: If an argument is invalid or, when training starts, if the model has no
            noisy activation.

    Example:

    >>> import keras
    >>> from keras_addmul.callbacks import NoiseAnnealing
    >>> from keras_addmul.layers import NoisyTanh
    >>> model = keras.Sequential([keras.Input((2,)), NoisyTanh(), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x = keras.ops.ones((4, 2))
    >>> annealing = NoiseAnnealing(every=1)
    >>> history = model.fit(x, x[:, :1], batch_size=1, callbacks=[annealing], verbose=0)
    >>> history.history["noise_scale"]  # 30 / sqrt(4)
    [15.0]

    References:
        - [Gulcehre et al., 2016](https://arxiv.org/abs/1603.00391), whose schedule is
          the default.
    """

    def __init__(
        self,
        schedule: str = "root",
        start: float = 30.0,
        end: float = 0.5,
        every: int = 200,
        steps: int | None = None,
    ) -> None:
        super().__init__()
        self.schedule: str = check_name("schedule", schedule, SCHEDULES)
        self.start: float = check_number("start", start, 0.0, strict=False)
        self.end: float = check_number("end", end, 0.0, strict=False)
        if self.end > self.start:
            raise ValueError(
                f"Argument `end` must be at most `start`, {self.start}. Received: {end!r}"
            )
        self.every: int = check_positive_integer("every", every)
        self.steps: int | None = check_positive_integer("steps", steps, optional=schedule == "root")
        self._layers: list[NoisyActivation] = []
        self._scale: float = self.start
        self._everywhere = False

    def scale_at(self, batch: int) -> float:
        """Returns c after a number of batches.

        Args:
            batch: Number of batches trained so far.

        Example:

        >>> from keras_addmul.callbacks import NoiseAnnealing
        >>> NoiseAnnealing("linear", start=3.0, end=1.0, every=10, steps=4).scale_at(25)
        2.0
        """
        t = batch // self.every
        return max(self.end, SCHEDULES[self.schedule](t, self.steps, self.start, self.end))

    def on_train_begin(self, logs: Any = None) -> None:
        self._layers = layers_inside(self.model, NoisyActivation)
        if not self._layers:
            raise ValueError(
                "NoiseAnnealing needs a model with noisy activations, such as `NoisyTanh`. "
                f"Received: {self.model.name!r}, which has none"
            )
        self._everywhere = False
        self._set()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._set()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs["noise_scale"] = self._scale

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        names = ("schedule", "start", "end", "every", "steps")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: Config) -> "NoiseAnnealing":
        """Returns a callback from the result of `get_config`."""
        return cls(**config)

    def _set(self) -> None:
        now = self.scale_at(int(self.model.optimizer.iterations))
        if now != self._scale or not self._everywhere:
            for layer in self._layers:
                if layer.built:
                    layer.scale.assign(now)
            # Layers that are not built yet get their scale at the next batch.
            self._scale = now
            self._everywhere = all(layer.built for layer in self._layers)
