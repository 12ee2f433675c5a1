"""Trains a model on a small table, in full batches, and shows the progress."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from keras_addmul.demo.networks import Arm
from keras_addmul.keras_types import Callback

__all__ = ["progress_bar", "train"]

LEARNING_RATE: float = 0.05  # at the start; it falls to zero along a cosine


def progress_bar(console: Any) -> Any:
    """Returns a `rich` progress bar with the loss and the time left."""
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total} steps"),
        TimeRemainingColumn(),
        TextColumn("loss {task.fields[loss]:.2e}"),
        console=console,
    )


def train(
    arm: Arm,
    x: np.ndarray,
    y: np.ndarray,
    steps: int,
    progress: Any,
    watch: Callable[[int], object] | None = None,
) -> int:
    """Trains an `Arm`, compiled by XLA. Ctrl-C ends the training and keeps the weights so far.

    Args:
        arm: The `Arm` to train.
        x: Inputs, float32 array of shape `(bodies, 2)`.
        y: Targets, float32 array of shape `(bodies, 1)`.
        steps: Number of steps of Adam, rounded to a multiple of 50 if above 50.
        progress: A progress bar, as `progress_bar` makes it.
        watch: Function called with the step now and then, or None.

    Returns:
        Number of steps done: fewer than `steps` after Ctrl-C.
    """
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    arm.model.compile(keras.optimizers.Adam(schedule), arm.loss, jit_compile=True)
    rows = tf.data.Dataset.from_tensors((arm.encode(x), arm.encode_targets(y))).repeat()
    show = _Show(arm.name, steps, progress, watch)
    each = min(steps, 50)  # the bar shows the mean loss over this many steps
    try:
        arm.model.fit(
            rows,
            epochs=max(1, round(steps / each)),
            steps_per_epoch=each,
            shuffle=False,
            verbose=0,
            callbacks=[show],
        )
    except KeyboardInterrupt:
        show.stop()
    return show.done


class _Show(Callback):
    """Updates the progress bar, and calls `watch` at every step at first, then every ten."""

    def __init__(
        self,
        name: str,
        steps: int,
        progress: Any,
        watch: Callable[[int], object] | None,
    ) -> None:
        super().__init__()
        self.done = 0
        self._name = name
        self._progress = progress
        self._task = progress.add_task(name, total=steps, loss=float("nan"))
        self._watch = watch or (lambda step: None)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.done += 1
        if self.done <= 100 or self.done % 10 == 0:
            self._watch(self.done)
        if self.done % 10 == 0:
            self._progress.update(self._task, completed=self.done, loss=logs["loss"])

    def stop(self) -> None:
        """Marks the training as stopped on the bar."""
        self._progress.update(self._task, description=f"{self._name[:14]}, stopped")
        self._progress.stop_task(self._task)
