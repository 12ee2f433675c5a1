"""Training of one small model from many starting points at once."""

import dataclasses
import weakref

import keras
import numpy as np

from keras_addmul.layers.checks import check_positive_integer
from keras_addmul.restarts.polish import polish_weights
from keras_addmul.restarts.program import Program
from keras_addmul.restarts.rows import Rows
from keras_addmul.restarts.starts import draw_starts

__all__ = ["Fitted", "fit_restarts"]


@dataclasses.dataclass
class Fitted:
    """What `fit_restarts` found.

    Attributes:
        model: The model, with the best weights.
        loss: Their loss on the validation rows.
        trained: Dictionary `loss`, `weights`: the best before they were polished.
        losses: Validation loss of each restart when its training ended.
        history: For each validation, a dictionary `step`, `loss`, `weights` of the
            best restart until then, and `alive`, how many were still trained.
        snapped: From the paths of weights to booleans: which numbers are on the grid.
        interrupted: Whether the training was cut short from the keyboard.
    """

    model: keras.Model
    loss: float
    trained: dict
    losses: np.ndarray
    history: list
    snapped: dict
    interrupted: bool = False


def fit_restarts(
    model,
    x,
    y=None,
    *,
    validation_data=None,
    validation_split=0.25,
    loss="mse",
    optimizer=None,
    restarts=32,
    draws=8,
    steps=3000,
    batch_size=None,
    every=100,
    keep=1,
    goal=None,
    polish=True,
    snap="auto",
    penalty_ramp=(0.2, 0.5),
    starts=None,
    seed=0,
    verbose=1,
):
    """Trains a small model from many starting points, and keeps the best one.

    All restarts are trained side by side in one XLA program: each in turn is the
    model for `every` steps. The worse half is dropped again and again until `keep`
    are left. The best weights ever seen, by their loss on validation rows, are then
    polished: numbers are moved to the nearest one of a small grid where that does
    not raise the validation loss (by more than chance, where the rows are noisy).

    Args:
        model: Built Keras model, or a function of no argument that returns one, which
            is then called once for each restart. The weights of a model that is
            handed in are drawn anew for each restart from their initializers.
        x: Array, or nest of arrays, of inputs; or a function `x(step, rows)` that
            returns inputs and targets of so many fresh rows.
        y: Targets; None where `x` is a function.
        validation_data: Pair (x, y); None to set aside a share of the rows.
        validation_split: That share.
        loss: Keras loss, by name or as an object. In training it is divided by what
            it is for the mean of the targets, so that their unit does not matter.
        optimizer: Keras optimizer; by default Adam, its rate falling over `steps`.
        restarts: Number of starting points.
        draws: How many are drawn for each that is trained: half of the restarts are the first
            drawn, the others those of the lowest validation loss. 1 where `model` is
            a function.
        steps: Number of steps of the survivors.
        batch_size: Rows of a step; None for all, and for 128 where `x` is a function.
        every: Number of steps between validations.
        keep: How many restarts are trained to the end.
        goal: Training stops where the validation loss is no higher; None for that of
            predictions that are right up to two units in the last place.
        polish: Whether the best is polished.
        snap: From names of weights to the numbers they may be moved to; `"auto"` for
            those of `discover.grids`, as 0 and 1 for orders; None for none.
        penalty_ramp: Between which shares of the steps the penalties of the model's
            regularizers grow from nothing to their full strength.
        starts: Function `(model, count, seed)` that returns a dictionary from paths of
            weights to where they start, `(count, *shape)`, with a count of
            `restarts * draws`; None for none.
        seed: Integer. The same seed gives the same result.
        verbose: 0 for silence, 1 for a progress bar.

    Returns:
        `Fitted`. Stopped by the keyboard, it holds the best until then.

    Raises:
        ValueError: If the rows do not fit one another, `restarts` or `draws` is no
            positive integer, or no restart has a finite loss.

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul.restarts import fit_restarts
    >>> from keras_addmul.layers import AddMulSelect
    >>> x = np.random.default_rng(0).uniform(1.0, 2.0, (256, 2)).astype("float32")
    >>> model = keras.Sequential([keras.Input((2,)), AddMulSelect(1)])
    >>> found = fit_restarts(model, x, x[:, :1] / x[:, 1:], restarts=8, steps=500, verbose=0)
    >>> [w.tolist() for w in found.model.get_weights()]
    [[[1.0], [-1.0]], [1.0]]
    """
    restarts = check_positive_integer("restarts", restarts)
    draws = check_positive_integer("draws", draws)
    build = None if isinstance(model, keras.Model) else model
    model = build() if build else model
    rows = Rows(x, y, validation_data, validation_split, batch_size, every, seed)
    loss = keras.losses.get(loss)
    program = _program(model, loss, optimizer or _default_optimizer(steps), restarts)
    program.scale.assign(rows.baseline(loss))
    drawn = draw_starts(model, restarts * (1 if build else draws), seed, build, starts)
    weights = _promising(program, rows.validation, drawn, restarts)
    goal = rows.rounding(loss, 2) if goal is None else goal
    race = _Race(program, rows, weights, keep, steps, every, goal, penalty_ramp, verbose)
    interrupted = race.run()
    best = race.best
    trained = {"loss": best["loss"], "weights": best["weights"]}
    snapped, found = {}, best
    if polish and not interrupted:
        found, snapped = polish_weights(program, rows, best, snap, race.others())
    for variable, value in zip(model.variables, found["weights"], strict=True):
        variable.assign(value)
    return Fitted(model, found["loss"], trained, race.losses, race.history, snapped, interrupted)


class _Race:
    """Rounds of training, each followed by a validation, with ever fewer restarts."""

    def __init__(self, program, rows, weights, keep, steps, every, goal, ramp, verbose):
        self.program, self.rows, self.weights = program, rows, weights
        self.rounds = max(1, -(-steps // every))
        self.every, self.goal, self.ramp, self.verbose = every, goal, ramp, verbose
        self.sizes = _sizes(len(weights[0]), max(1, keep), self.rounds)
        self.losses = program.measure(weights, rows.validation)
        self.state = program.fresh_state()
        self.history, self.best = [], None
        self._note(0, range(len(self.losses)))

    def run(self):
        """Trains; returns whether it was interrupted."""
        bar = keras.utils.Progbar(self.rounds, verbose=self.verbose, unit_name="round")
        alive = np.arange(len(self.losses))
        try:
            for number, size in enumerate(self.sizes, 1):
                alive = alive[np.argsort(self.losses[alive], kind="stable")][:size]
                alive = alive[np.isfinite(self.losses[alive])]
                if not len(alive):
                    break
                self.program.penalty.assign(self._penalty((number - 1) / self.rounds))
                data, index = self.rows.batches(number)
                self.weights, self.state, _ = self.program.advance(
                    self.weights, self.state, alive, data, index
                )
                measured = self.program.measure(self.weights, self.rows.validation, alive)
                self.losses[alive] = measured[alive]
                self._note(number * self.every, alive)
                done = self.best["loss"] <= self.goal
                shown = [("validation_loss", self.best["loss"]), ("restarts", len(alive))]
                bar.update(number, shown, finalize=done or number == self.rounds)
                if done:
                    break
        except KeyboardInterrupt:
            return True
        return False

    def others(self):
        """The weights of all restarts."""
        stacks = [np.asarray(w) for w in self.weights]
        return [[s[i] for s in stacks] for i in range(len(self.losses))]

    def _penalty(self, share):
        low, high = self.ramp
        return 1.0 if share >= high else max(0.0, (share - low) / (high - low))

    def _note(self, step, alive):
        winner = min(alive, key=lambda i: self.losses[i])
        loss = float(self.losses[winner])
        if self.best is None or loss < self.best["loss"]:
            both = self.weights, self.state
            weights, state = ([np.asarray(a[winner]) for a in stacks] for stacks in both)
            self.best = {"loss": loss, "weights": weights, "state": state}
        if not np.isfinite(self.best["loss"]) and step == 0:
            raise ValueError(
                "No restart has a finite loss on the validation rows. Received: targets between "
                f"{np.min(self.rows.validation[1])} and {np.max(self.rows.validation[1])}"
            )
        best = {name: self.best[name] for name in ("loss", "weights")}
        self.history.append({"step": step, "alive": len(alive), **best})


def _promising(program, validation, drawn, restarts):
    """The first half of the restarts, and of what was drawn beside them the best."""
    count = len(drawn[0])
    if count == restarts:
        return drawn
    parts = [slice(i, i + restarts) for i in range(0, count, restarts)]
    losses = [program.measure([w[part] for w in drawn], validation) for part in parts]
    first = np.arange(restarts - restarts // 2)
    others = np.argsort(np.concatenate(losses)[len(first) :], kind="stable") + len(first)
    chosen = np.concatenate([first, others[: restarts // 2]])
    return [w[chosen] for w in drawn]


def _sizes(restarts, keep, rounds):
    """How many restarts each round trains: all at first, then halved at equal distances."""
    halvings = 0
    while restarts >> (halvings + 1) >= keep and halvings + 1 < rounds:
        halvings += 1
    return [max(keep, restarts >> (halvings + 1) * i // rounds) for i in range(rounds)]


def _default_optimizer(steps):
    rate = keras.optimizers.schedules.CosineDecay(0.02, steps, alpha=0.01)
    return keras.optimizers.Adam(rate, beta_2=0.95, epsilon=1e-12)


_PROGRAMS = weakref.WeakKeyDictionary()


def _program(model, loss, optimizer, restarts):
    """The compiled program of a model: kept for as long as the model is."""
    known = _PROGRAMS.setdefault(model, {})
    key = (
        repr(keras.losses.serialize(loss)),
        repr({**optimizer.get_config(), "name": type(optimizer)}),
        restarts,
    )
    if key not in known:
        optimizer = type(optimizer).from_config(optimizer.get_config())
        known[key] = Program(model, optimizer, loss, restarts)
    return known[key]
