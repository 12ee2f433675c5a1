"""Measures how long a training step of each arm takes, the arms in turns."""

import time
from typing import Any

import keras

from keras_addmul.annotations import Config
from keras_addmul.compare import rows_of_data
from keras_addmul.compare.arms import Arm
from keras_addmul.compare.compiled_models import prepared
from keras_addmul.compare.one_training import divisor, started

__all__ = ["measure"]

# Rounds, and what one measurement should take: less is noise, more is patience.
ROUNDS, SECONDS = 12, 0.1
LONGEST = 200  # steps of one measurement


def measure(arms: tuple[Arm, ...], seed: int, settings: Config, rows: str) -> Config:
    """Times training steps of all arms that are Keras models, one after the other, in rounds.

    Arms measured at different times would differ by what else the machine does; here each round
    visits all of them, and every other round in the opposite order.

    Args:
        arms: All arms, the baseline first.
        seed: Seed of split, batches and initial weights.
        settings: How models are trained.
        rows: Path of the file of the rows.

    Returns:
        Dictionary with the seconds of a step by arm, a list with one entry a round.
    """
    x, y = rows_of_data.load(rows)
    known, _ = rows_of_data.of_seed(x, y, seed, settings)
    runs = {}
    for arm in arms:
        model = started((arm,), seed, known[0], known[1])
        if isinstance(model, keras.Model):
            runs[arm.name] = _Run(arm, model, known[0], known[1], seed, settings)
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(ROUNDS):
        for name in list(runs)[:: 1 if number % 2 else -1]:
            seconds[name].append(runs[name].seconds_of_a_step())
    return {"seed": seed, "outcome": "finished", "seconds_of_a_step": seconds}


class _Run:
    """A model that is trained for some steps at a time, always with the same overhead."""

    def __init__(
        self, arm: Arm, model: keras.Model, x: Any, y: Any, seed: int, settings: Config
    ) -> None:
        batch = min(settings["batch_size"], len(x))
        self.steps = min(len(x) // batch, LONGEST)
        self.model = prepared(arm, model, settings, divisor(self.steps), x, y)
        self.batches = rows_of_data.batches(x, y, batch, seed)
        self.epochs = 1
        self.seconds_of_a_step()  # traces and compiles
        while self.seconds_of_a_step() * self.steps * self.epochs < SECONDS:
            self.epochs *= 2
            if self.epochs * self.steps >= LONGEST:
                break

    def seconds_of_a_step(self) -> float:
        began = time.perf_counter()
        self.model.fit(
            self.batches,
            epochs=self.epochs,
            steps_per_epoch=self.steps,
            shuffle=False,
            verbose=0,
        )
        return (time.perf_counter() - began) / (self.steps * self.epochs)
