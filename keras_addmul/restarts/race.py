"""Trains all restarts in rounds, and repeatedly drops the worse half."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from keras_addmul.restarts.program import Program
from keras_addmul.restarts.rows import Rows

__all__ = ["Race", "penalty", "sizes"]


class Race:
    """Trains the restarts in rounds, validates after each round, and drops the worst.

    Args:
        program: `Program` with room for the restarts.
        rows: `Rows` to train and validate on.
        weights: Stacked starting weights of the restarts.
        keep, steps, every, goal, ramp, verbose: As for `fit_restarts`, `ramp` for
            `penalty_ramp`.

    Attributes:
        best: Dictionary `loss`, `weights`, `state` with the lowest validation loss so far.
        losses: The last validation loss of each restart.
        history: As in `Fitted`.

    Raises:
        ValueError: If no restart has a finite loss at the beginning.
    """

    def __init__(
        self,
        program: Program,
        rows: Rows,
        weights: Sequence[np.ndarray],
        keep: int,
        steps: int,
        every: int,
        goal: float,
        ramp: tuple[float, float],
        verbose: int,
    ) -> None:
        self._program, self._rows = program, rows
        self._weights: Sequence[Any] = weights
        self._rounds = -(-steps // every)
        self._every, self._goal, self._ramp, self._verbose = every, goal, ramp, verbose
        self._sizes = sizes(len(weights[0]), keep, self._rounds)
        self._state: Sequence[Any] = program.fresh_state()
        self.losses: np.ndarray = program.measure(weights, rows.validation)
        self.history: list[dict[str, Any]] = []
        self.best: dict[str, Any] = {"loss": np.inf}
        if not np.isfinite(self.losses).any():
            y = rows.validation[1]
            raise ValueError(
                "No restart has a finite loss on the validation rows. Received: targets between "
                f"{np.min(y)} and {np.max(y)}"
            )
        self._note(0, range(len(self.losses)))

    def run(self) -> bool:
        """Trains the restarts; returns whether Ctrl-C ended the training."""
        bar = keras.utils.Progbar(self._rounds, verbose=self._verbose, unit_name="round")
        alive = np.arange(len(self.losses))
        try:
            for number, size in enumerate(self._sizes, 1):
                alive = alive[np.argsort(self.losses[alive], kind="stable")][:size]
                alive = alive[np.isfinite(self.losses[alive])]
                if not len(alive):
                    break
                self._program.penalty.assign(penalty((number - 1) / self._rounds, self._ramp))
                data, index = self._rows.batches(number)
                self._weights, self._state, _ = self._program.advance(
                    self._weights, self._state, alive, data, index
                )
                measured = self._program.measure(self._weights, self._rows.validation, alive)
                self.losses[alive] = measured[alive]
                self._note(number * self._every, alive)
                done = self.best["loss"] <= self._goal
                shown = [("validation_loss", self.best["loss"]), ("restarts", len(alive))]
                bar.update(number, shown, finalize=done or number == self._rounds)
                if done:
                    break
        except KeyboardInterrupt:
            return True
        return False

    def others(self) -> list[list[np.ndarray]]:
        """Returns the last weights of every restart."""
        stacks = [np.asarray(w) for w in self._weights]
        return [[s[i] for s in stacks] for i in range(len(self.losses))]

    def _note(self, step: int, alive: Iterable[int]) -> None:
        """Keeps the best weights, and appends them to the history."""
        alive = list(alive)
        winner = min(alive, key=lambda i: self.losses[i])
        loss = float(self.losses[winner])
        if loss < self.best["loss"]:
            both = self._weights, self._state
            weights, state = ([np.asarray(a[winner]) for a in stacks] for stacks in both)
            self.best = {"loss": loss, "weights": weights, "state": state}
        best = {name: self.best[name] for name in ("loss", "weights")}
        self.history.append({"step": step, "alive": len(alive), **best})


def penalty(share: float, ramp: tuple[float, float]) -> float:
    """Returns the factor of the penalties after a share of the steps: 0 to 1 along the ramp."""
    low, high = ramp
    if share >= high:
        return 1.0
    return 0.0 if share <= low else (share - low) / (high - low)


def sizes(restarts: int, keep: int, rounds: int) -> list[int]:
    """Returns how many restarts each round trains: all at first, then halved at equal intervals."""
    halvings = 0
    while restarts >> (halvings + 1) >= keep and halvings + 1 < rounds:
        halvings += 1
    return [max(keep, restarts >> (halvings + 1) * i // rounds) for i in range(rounds)]
