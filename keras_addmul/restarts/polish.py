"""Moves weights that are nearly simple to simple values, if the loss does not rise."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_addmul import special
from keras_addmul.layers import AddMulDense
from keras_addmul.restarts.grids import Entry, Snap, entries_of
from keras_addmul.restarts.origins import holders
from keras_addmul.restarts.program import Program
from keras_addmul.restarts.rows import Rows

__all__ = ["polish_weights"]

# Pairs of moves are tried only up to about this many.
_PAIRS = 2000

# Number of the first polishing round, beyond the numbers of the race.
_AFTER = 1_000_000


def polish_weights(
    program: Program,
    rows: Rows,
    best: dict[str, Any],
    snap: Snap,
    others: Sequence[list[np.ndarray]] = (),
    rounds: int = 2,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Snaps weight entries to their grid if the validation loss does not rise.

    For noisy rows the loss may rise by what that many free entries gain by chance. First all
    entries snap at once, in the best restart or in whichever is best after rounding; then one
    or two at a time move to neighbouring grid values for as long as that lowers the loss. If
    the result is worse than the original weights, entries are instead held on the grid one
    after the other, while the rest trains on.

    Args:
        program: `Program` of the model.
        rows: `Rows` to train and validate on.
        best: Dictionary `loss`, `weights`, `state` of the best restart.
        snap: As for `fit_restarts`.
        others: Weights of other restarts.
        rounds: Number of training rounds after each entry that is held.

    Returns:
        A dictionary `loss`, `weights`, and a dictionary from weight paths to boolean arrays,
        true where an entry is on its grid.
    """
    work = _Polish(program, rows, best, entries_of(program.model, snap), rounds)
    if work.entries:
        work.all_at_once(others)
        if not work.done:
            work.one_by_one()
        work.settle_parities()
    return {"loss": work.loss, "weights": work.weights}, work.snapped()


Weights = list[np.ndarray]


class _Polish:
    """The current weights, and which of their entries are held on the grid."""

    def __init__(
        self, program: Program, rows: Rows, best: dict[str, Any], entries: list[Entry], rounds: int
    ) -> None:
        self.program, self.rows, self.rounds, self.entries = program, rows, rounds, entries
        self.loss, self.weights = best["loss"], [np.array(w) for w in best["weights"]]
        self.state, self.lowest = best["state"], best["loss"]
        self.slack = rows.rounding(program.loss)
        self.held = set()
        self.done = False

    def all_at_once(self, others: Sequence[list[np.ndarray]]) -> None:
        """Snaps all entries to the grid, then moves them along it."""
        corners = [
            self.replaced(w, {e: e.nearest(self.value(e, w)) for e in self.entries})
            for w in (self.weights, *others)
        ]
        losses = self.measured(corners)
        start = int(np.argmin(losses))
        weights, loss = self.descended(corners[start], losses[start])
        trained = self.program.model.trainable_variables
        if len(self.entries) < sum(int(np.prod(v.shape)) for v in trained):
            weights, loss = self.trained([(weights, set(self.entries))])[0]
        if self.may_take(loss, len(self.entries)):
            self.weights, self.loss, self.held = weights, loss, set(self.entries)
            self.done = True

    def one_by_one(self) -> None:
        """Holds entries on the grid one by one, the nearest first, and trains the others on."""
        refused = set()
        while free := [e for e in self.entries if e not in self.held | refused]:
            free.sort(key=lambda e: abs(e.nearest(self.value(e)) - self.value(e)))
            tried = free[: self.program.sets]
            moved = [self.replaced(self.weights, {e: e.nearest(self.value(e))}) for e in tried]
            sets = [(w, self.held | {e}) for w, e in zip(moved, tried, strict=True)]
            results = self.trained(sets)
            winner = int(np.argmin([loss for _, loss in results]))
            weights, loss = results[winner]
            if self.may_take(loss, len(self.held) + 1):
                self.held.add(tried[winner])
                self.weights, self.loss = weights, loss
            else:
                refused |= set(tried)

    def settle_parities(self) -> None:
        """Takes each parity from its exponent, unless the rows say otherwise."""
        variables = [v.path for v in self.program.model.variables]
        for layer, _ in holders(self.program.model):
            if not isinstance(layer, AddMulDense):
                continue
            parity, kernel = (variables.index(w.path) for w in (layer.parity, layer.kernel))
            if not any(entry.variable == parity for entry in self.held):
                continue
            tried = list(self.weights)
            tried[parity] = np.asarray(special.parity_of(self.weights[kernel]))
            (loss,) = self.measured([tried])
            if loss <= self.loss + self.slack:
                self.weights, self.loss = tried, loss

    def may_take(self, loss: float, numbers: int) -> bool:
        """Tells whether a loss is no higher than the lowest, up to rounding and chance.

        Each free entry fits some of the noise by chance: Schwarz's criterion grants it
        log(rows) / rows of the loss.
        """
        self.lowest = min(self.lowest, self.loss)
        chance = numbers * np.log(self.rows.count) / self.rows.count
        return loss <= self.lowest * (1.0 + min(chance, 0.5)) + self.slack

    def descended(self, weights: Weights, loss: float) -> tuple[Weights, float]:
        """Moves along the grid for as long as one or two moves lower the loss."""
        while True:
            moves = [(e, v) for e in self.entries for v in e.neighbours(self.value(e, weights))]
            tried = [dict([move]) for move in moves]
            if len(moves) ** 2 / 2 <= _PAIRS:
                pairs = itertools.combinations(moves, 2)
                tried += [dict(pair) for pair in pairs if pair[0][0] != pair[1][0]]
            if not tried:
                return weights, loss
            moved = [self.replaced(weights, values) for values in tried]
            losses = self.measured(moved)
            winner = int(np.argmin(losses))
            if not losses[winner] < loss - self.slack:
                return weights, loss
            weights, loss = moved[winner], float(losses[winner])

    def value(self, entry: Entry, weights: Weights | None = None) -> float:
        return float((weights or self.weights)[entry.variable].flat[entry.at])

    def replaced(self, weights: Weights, values: dict[Entry, float]) -> Weights:
        weights = [np.array(w) for w in weights]
        for entry, value in values.items():
            weights[entry.variable].flat[entry.at] = value
        return weights

    def measured(self, sets: list[Weights]) -> list[float]:
        """Returns the validation loss of any number of sets of weights."""
        room, losses = self.program.sets, []
        for start in range(0, len(sets), room):
            some = sets[start : start + room]
            measured = self.program.measure(
                self.stacked(some), self.rows.validation, range(len(some))
            )
            losses += measured[: len(some)].tolist()
        return losses

    def stacked(self, sets: list[Weights]) -> Weights:
        padded = [*sets, *[sets[0]] * (self.program.sets - len(sets))]
        return [np.stack(each) for each in zip(*padded, strict=True)]

    def trained(self, sets: list[tuple[Weights, set[Entry]]]) -> list[tuple[Weights, float]]:
        """Trains sets of weights with some entries held; returns (weights, loss) of each.

        They are the best ones before training or after any round.
        """
        alive = range(len(sets))
        weights = self.stacked([w for w, _ in sets])
        mask = self.stacked([self.mask(held) for _, held in sets])
        state = [np.repeat(s[None], self.program.sets, axis=0) for s in self.state]
        given = [w for w, _ in sets]
        best = list(zip(given, self.measured(given), strict=True))
        for number in range(self.rounds):
            data, index = self.rows.batches(_AFTER + number)
            weights, state, _ = self.program.advance(weights, state, alive, data, index, mask)
            losses = self.program.measure(weights, self.rows.validation, alive)
            for i in alive:
                if losses[i] < best[i][1]:
                    best[i] = [np.asarray(w[i]) for w in weights], float(losses[i])
        return best

    def mask(self, held: set[Entry]) -> Weights:
        """Returns a mask for each trainable weight: 0 where an entry is held, 1 elsewhere."""
        variables = self.program.model.variables
        masks = {v.path: np.ones(v.shape, "float32") for v in variables}
        for entry in held:
            masks[variables[entry.variable].path].flat[entry.at] = 0.0
        return [masks[v.path] for v in self.program.model.trainable_variables]

    def snapped(self) -> dict[str, np.ndarray]:
        """Returns boolean arrays by weight path: which entries are on their grid."""
        found = {}
        for entry in self.entries:
            variable = self.program.model.variables[entry.variable]
            on = found.setdefault(variable.path, np.zeros(variable.shape, bool))
            on.flat[entry.at] = self.value(entry) in np.array(entry.grid, "float32").tolist()
        return found
