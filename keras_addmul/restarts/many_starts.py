"""Training of one small model from many starting points at once."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import Identifier
from keras_addmul.layers.checks import check_positive_integer
from keras_addmul.restarts.grids import Snap, entries_of
from keras_addmul.restarts.polish import polish_weights
from keras_addmul.restarts.program import Program, compiled
from keras_addmul.restarts.race import Race
from keras_addmul.restarts.rows import Data, Rows, Sampler
from keras_addmul.restarts.starts import Starts, draw_starts, first_of

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
    trained: dict[str, Any]
    losses: np.ndarray
    history: list[dict[str, Any]]
    snapped: dict[str, np.ndarray]
    interrupted: bool = False


def fit_restarts(
    model: keras.Model | Callable[[], keras.Model],
    x: Any | Sampler,
    y: Any = None,
    *,
    validation_data: Data | None = None,
    validation_split: float = 0.25,
    loss: Identifier = "mse",
    optimizer: Identifier | keras.optimizers.Optimizer = None,
    restarts: int = 32,
    draws: int = 8,
    steps: int = 3000,
    batch_size: int | None = None,
    every: int = 100,
    keep: int = 1,
    goal: float | None = None,
    polish: bool = True,
    snap: Snap = "auto",
    penalty_ramp: tuple[float, float] = (0.2, 0.5),
    starts: Starts | None = None,
    seed: int = 0,
    verbose: int = 1,
) -> Fitted:
    """Trains a small model from many starting points, and keeps the best one.

    All restarts are trained side by side in one XLA program: each in turn is the
    model for `every` steps. The worse half is dropped again and again until `keep`
    are left. The best weights ever seen, by their loss on validation rows, are then
    polished: numbers are moved to the nearest one of a small grid where that does
    not raise the validation loss (by more than chance, where the rows are noisy).

    Args:
        model: Built Keras model, whose trainable weights are drawn anew from their
            initializers for each restart; or a function of no argument that returns
            one, which is called for each restart.
        x: Array, or nest of arrays, of inputs; or a function `x(round, rows)` that
            returns inputs and targets of so many fresh rows.
        y: Targets; None where `x` is a function.
        validation_data: Pair (x, y); None to set aside a share of the rows.
        validation_split: That share.
        loss: Keras loss, by name or as an object. In training it is divided by its
            value for the mean of the targets, so that their unit does not matter.
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
        polish: Whether the best weights are polished.
        snap: From names of weights to the numbers they may be moved to; `"auto"` for
            those of `keras_addmul.restarts.grids`, such as 0 and 1 for orders; None for none.
        penalty_ramp: Between which shares of the steps the penalties of the model's
            regularizers grow from nothing to their full strength.
        starts: Function `(model, count, seed)` that returns a dictionary from paths of
            weights to where they start, `(count, *shape)`, with a count of
            `restarts * draws`; None for none.
        seed: Integer of at least 0. The same seed gives the same result.
        verbose: 0 for silence, 1 for a progress bar.

    Returns:
        `Fitted`. After Ctrl-C it holds the best until then.

    Raises:
        TypeError: If `model` is neither a Keras model nor a function that returns one.
        ValueError: If the model is not built, another argument has no possible value, the
            rows do not fit one another, the initializer of a weight is not known, or
            no restart has a finite loss.

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
    restarts, draws, steps, every, keep = (
        _positive(name, value)
        for name, value in [
            ("restarts", restarts), ("draws", draws), ("steps", steps), ("every", every),
            ("keep", keep),
        ]
    )  # fmt: skip
    if batch_size is not None:
        batch_size = _positive("batch_size", batch_size)
    _check(validation_split, penalty_ramp, seed)
    build = None if isinstance(model, keras.Model) else model
    built = _checked_model(first_of(build, seed) if callable(build) else model)
    entries_of(built, snap)  # what it cannot mean is told before the training
    rows = Rows(x, y, validation_data, validation_split, batch_size, every, seed)
    loss = _resolved("loss", loss, keras.losses.get, callable)
    optimizer = _default_optimizer(steps) if optimizer is None else optimizer
    optimizer = _resolved("optimizer", optimizer, keras.optimizers.get, _is_optimizer)
    program = compiled(built, loss, optimizer, restarts)
    program.scale.assign(rows.baseline(loss))
    drawn = draw_starts(built, restarts * (1 if build else draws), seed, build, starts)
    weights = _promising(program, rows.validation, drawn, restarts)
    goal = rows.rounding(loss, 2) if goal is None else goal
    race = Race(program, rows, weights, keep, steps, every, goal, penalty_ramp, verbose)
    interrupted = race.run()
    best = race.best
    trained = {"loss": best["loss"], "weights": best["weights"]}
    snapped, found = {}, best
    if polish and not interrupted:
        try:
            found, snapped = polish_weights(program, rows, best, snap, race.others())
        except KeyboardInterrupt:
            interrupted = True
    for variable, value in zip(built.variables, found["weights"], strict=True):
        variable.assign(value)
    return Fitted(built, found["loss"], trained, race.losses, race.history, snapped, interrupted)


def _positive(name: str, value: Any) -> int:
    checked = check_positive_integer(name, value)
    assert checked is not None
    return checked


def _check(validation_split: float, penalty_ramp: tuple[float, float], seed: int) -> None:
    if not 0.0 < validation_split < 1.0:
        raise ValueError(
            "Argument `validation_split` must be a share between 0 and 1. "
            f"Received: {validation_split!r}"
        )
    if len(penalty_ramp) != 2 or not 0.0 <= penalty_ramp[0] <= penalty_ramp[1] <= 1.0:
        raise ValueError(
            "Argument `penalty_ramp` must be two shares between 0 and 1, the lower one first. "
            f"Received: {penalty_ramp!r}"
        )
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"Argument `seed` must be an integer of at least 0. Received: {seed!r}")


def _checked_model(model: Any) -> keras.Model:
    """The model, if it is one that can be trained."""
    if not isinstance(model, keras.Model):
        raise TypeError(
            "Argument `model` must be a Keras model, or a function of no argument that returns "
            f"one. Received: {model!r} (of type {type(model).__name__})"
        )
    if not model.built or not model.trainable_variables:
        raise ValueError(
            "Argument `model` must be built and have trainable weights. Call it on a batch, or "
            f"begin it with `keras.Input`. Received: {model.name!r}, which is "
            f"{'without such weights' if model.built else 'not built'}"
        )
    return model


def _resolved(name: str, value: Any, get: Callable[[Any], Any], fits: Callable[[Any], bool]) -> Any:
    """What Keras finds under a name or a configuration."""
    try:
        found = get(value)
    except (TypeError, ValueError):
        found = None
    if found is None or not fits(found):
        raise ValueError(
            f"Argument `{name}` must be a Keras {name}, or the name of one. Received: {value!r}"
        )
    return found


def _is_optimizer(value: Any) -> bool:
    return isinstance(value, keras.optimizers.Optimizer)


def _promising(
    program: Program, validation: Data, drawn: list[np.ndarray], restarts: int
) -> list[np.ndarray]:
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


@functools.lru_cache(maxsize=8)  # one object, so that its compiled program is found again
def _default_optimizer(steps: int) -> keras.optimizers.Optimizer:
    rate = keras.optimizers.schedules.CosineDecay(0.02, steps, alpha=0.01)
    return keras.optimizers.Adam(rate, beta_2=0.95, epsilon=1e-12)
