"""A schedule for the strength of penalties."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_addmul.keras_types import Callback
from keras_addmul.layers.regularizers import Penalty

__all__ = ["RegularizerSchedule"]


class RegularizerSchedule(Callback):
    """Scales the penalties of a model by a function of the training step.

    A weight that is pulled to -1, 0 or 1 from the start cannot learn which of them it should
    be. The published schedule first keeps the penalty at zero, and then increases it linearly
    to full strength while training continues.

    The schedule scales the penalties of `keras_addmul.layers.regularizers`, not Keras's own.
    The optimizer counts the steps, so that a second `fit` continues where the first stopped.

    Args:
        schedule: Two steps between which the scale grows linearly from 0 to 1, or a function
            from the step to the scale.

    Raises:
        ValueError: If `schedule` is neither or, when training starts, if the model is not
            built or has no penalty to scale.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.callbacks import RegularizerSchedule
    >>> from keras_addmul.layers import NAU
    >>> from keras_addmul.layers.regularizers import WeightsToSigns
    >>> layer = NAU(1, kernel_regularizer=WeightsToSigns(0.01))
    >>> model = keras.Sequential([keras.Input((2,)), layer])
    >>> model.compile("adam", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> schedule = RegularizerSchedule((2, 6))
    >>> _ = model.fit(x, y, batch_size=2, verbose=0, callbacks=[schedule])
    >>> float(layer.kernel_regularizer.scale)
    0.25

    References:
        - [Madsen & Johansen, 2020](https://arxiv.org/abs/2001.05016)
    """

    def __init__(self, schedule: Sequence[int] | Callable[[int], float]) -> None:
        super().__init__()
        self.schedule: Callable[[int], float] = schedule if callable(schedule) else _ramp(schedule)
        self.scales: tuple[Any, ...] = ()

    def on_train_begin(self, logs: Any = None) -> None:
        self.scales = _scales(self.model)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        scale = float(self.schedule(int(self.model.optimizer.iterations)))
        for variable in self.scales:
            variable.assign(scale)


def _ramp(steps: Any) -> Callable[[int], float]:
    if np.shape(steps) != (2,) or not steps[0] < steps[1]:
        raise ValueError(
            "Argument `schedule` must be two steps, first < last, or a function of the step. "
            f"Received: {steps!r}"
        )
    first, last = steps
    return lambda step: min(max((step - first) / (last - first), 0.0), 1.0)


def _scales(model: keras.Model) -> tuple[Any, ...]:
    """The scales of all penalties in the model, each once."""
    if not model.built:
        raise ValueError(
            "RegularizerSchedule needs a model that is built before it is trained: give it a "
            f"`keras.Input`, or call it once. Received: {model.name!r}"
        )
    penalties = [getattr(v, "regularizer", None) for v in model.trainable_variables]
    scales = {id(p): p.scale for p in penalties if isinstance(p, Penalty)}
    if not scales:
        raise ValueError(
            "RegularizerSchedule needs a model with a penalty of "
            "`keras_addmul.layers.regularizers`, for instance `WeightsToSigns`. Received "
            f"regularizers: {sorted({type(p).__name__ for p in penalties})}"
        )
    return tuple(scales.values())
