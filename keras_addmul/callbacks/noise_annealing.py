"""The scale of noisy activations, lowered during training."""

import math

import keras

from keras_addmul.layers.checks import check_number, check_positive_integer
from keras_addmul.layers.inside import layers_inside
from keras_addmul.layers.noisy_activation import NoisyActivation

__all__ = ["NoiseAnnealing"]

SCHEDULES = {
    "root": lambda t, steps, start, end: start / math.sqrt(t + 1.0),
    "linear": lambda t, steps, start, end: start + (end - start) * min(t / steps, 1.0),
    "cosine": lambda t, steps, start, end: (
        end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * min(t / steps, 1.0)))
    ),
}


@keras.saving.register_keras_serializable(package="keras_addmul")
class NoiseAnnealing(keras.callbacks.Callback):
    """Lowers the scale c of every noisy activation of a model, batch by batch.

    With `t` the batches trained so far divided by `every`, rounded down:

    - `"root"`: `c = start / sqrt(t + 1)`, but not below `end`;
    - `"linear"` and `"cosine"`: from `start` to `end` in `steps` of t.

    The batches are counted by the optimizer, so a training that is resumed, from a
    `.keras` file or by `keras.callbacks.BackupAndRestore`, goes on where it stopped;
    c itself is saved with the weights of the model. After each epoch it is in the
    logs as `noise_scale`.

    Args:
        schedule: One of the three.
        start: Number, c at the first batch.
        end: Number, the least c.
        every: Positive integer, how many batches share one c.
        steps: Positive integer, when `"linear"` and `"cosine"` arrive.

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

    def __init__(self, schedule="root", start=30.0, end=0.5, every=200, steps=None):
        super().__init__()
        if schedule not in SCHEDULES:
            known = ", ".join(repr(n) for n in SCHEDULES)
            raise ValueError(f"Argument `schedule` must be one of {known}. Received: {schedule!r}")
        self.schedule = schedule
        self.start = check_number("start", start, 0.0, strict=False)
        self.end = check_number("end", end, 0.0, strict=False)
        if self.end > self.start:
            raise ValueError(
                f"Argument `end` must be at most `start`, {self.start}. Received: {end!r}"
            )
        self.every = check_positive_integer("every", every)
        self.steps = check_positive_integer("steps", steps, optional=schedule == "root")
        self._layers, self._now = [], None

    def scale_at(self, batch):
        """Returns c after a number of batches."""
        t = batch // self.every
        return max(self.end, SCHEDULES[self.schedule](t, self.steps, self.start, self.end))

    def on_train_begin(self, logs=None):
        self._layers = layers_inside(self.model, NoisyActivation)
        if not self._layers:
            raise ValueError("NoiseAnnealing needs a model with noisy activations. Received none")
        self._now = None
        self._set()

    def on_train_batch_begin(self, batch, logs=None):
        self._set()

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["noise_scale"] = self._now

    def get_config(self):
        """Returns the arguments, as of a layer."""
        names = ("schedule", "start", "end", "every", "steps")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        """Returns a callback with these arguments."""
        return cls(**config)

    def _set(self):
        now = self.scale_at(int(self.model.optimizer.iterations))
        if now != self._now:
            for layer in self._layers:
                if layer.built:
                    layer.scale.assign(now)
            self._now = now
