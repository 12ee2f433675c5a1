"""Trains one small model from many starting points at once."""

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
    """The best model that `fit_restarts` found, and the record of its training.

    Attributes:
        model: The model with the best weights.
        loss: Validation loss of these weights.
        trained: Dictionary with `loss` and `weights`: the best ones before polishing.
        losses: Validation loss of each restart when its training ended.
        history: A dictionary for each validation: `step`, the `loss` and `weights` of the
            best restart so far, and `alive`, the number of restarts still in training.
        snapped: Dictionary from weight paths to boolean arrays: which entries are on their grid.
        interrupted: Whether Ctrl-C ended the training early.

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul.restarts import fit_restarts
    >>> x = np.linspace(-1.0, 1.0, 16)[:, None].astype("float32")
    >>> line = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> found = fit_restarts(line, x, 2.0 * x, restarts=2, steps=200, every=50, verbose=0)
    >>> found.losses.shape, [checked["step"] for checked in found.history]
    ((2,), [0, 50, 100, 150, 200])
    >>> bool(found.loss <= found.trained["loss"]), found.interrupted
    (True, False)
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

    All restarts train side by side in one XLA program: the model takes the weights of
    each in turn for `every` steps. The worse half is dropped at equal intervals until
    `keep` restarts are left. The weights with the lowest validation loss are then
    polished: entries move to the nearest value of a small grid if that does not raise
    the validation loss (or, for noisy rows, raises it no more than chance explains).

    Args:
        model: Built Keras model, whose trainable weights are drawn anew from their
            initializers for each restart; or a function without arguments that builds
            one, called once for each restart.
        x: Input array or nest of arrays; or a function `x(round, rows)` that returns
            `rows` fresh inputs and targets.
        y: Targets; None if `x` is a function.
        validation_data: Pair `(x, y)`; None to hold out a share of the rows.
        validation_split: Share of the rows to hold out, between 0 and 1.
        loss: Keras loss, by name or as an object. Training divides it by the loss of
            predicting the mean target, so that the unit of the targets does not matter.
        optimizer: Keras optimizer; the default is Adam with a rate that decays over `steps`.
        restarts: Number of starting points.
        draws: Number of candidates drawn for each restart. Half of the restarts are the first
            candidates drawn, the others those with the lowest validation loss. Ignored if
            `model` is a function.
        steps: Number of training steps of the restarts that survive to the end.
        batch_size: Rows in a batch; None for all rows, or for 128 if `x` is a function.
        every: Number of steps between validations.
        keep: Number of restarts to train to the end.
        goal: Validation loss at which training stops; None for the loss of predictions
            accurate to two units in the last place.
        polish: Whether to polish the best weights.
        snap: Dictionary from weight names to the values of their grid; `"auto"` for the
            grids of `keras_addmul.restarts.grids`, such as 0 and 1 for orders; None for none.
        penalty_ramp: Pair of shares of the steps between which the regularizers' penalties
            grow from zero to full strength.
        starts: Function `(model, count, seed)` that returns a dictionary from weight paths
            to starting values `(count, *shape)`, where count is `restarts * draws`;
            None for none.
        seed: Integer, 0 or more. The same seed gives the same result.
        verbose: 0 for silence, 1 for a progress bar.

    Returns:
        A `Fitted`. After Ctrl-C it holds the best weights so far.

    Raises:
        TypeError: If `model` is neither a Keras model nor a function that returns one.
        ValueError: If the model is not built, another argument is invalid, the arrays differ
            in their number of rows, the initializer of a weight cannot be determined, or
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
    entries_of(built, snap)  # so that an invalid `snap` raises before the training
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
    """Returns the model if it can be trained; raises otherwise."""
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
    """Returns the object that Keras finds for a name or a configuration."""
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
    """Returns the first half of the restarts, and the best of the other candidates drawn."""
    count = len(drawn[0])
    if count == restarts:
        return drawn
    parts = [slice(i, i + restarts) for i in range(0, count, restarts)]
    losses = [program.measure([w[part] for w in drawn], validation) for part in parts]
    first = np.arange(restarts - restarts // 2)
    others = np.argsort(np.concatenate(losses)[len(first) :], kind="stable") + len(first)
    chosen = np.concatenate([first, others[: restarts // 2]])
    return [w[chosen] for w in drawn]


@functools.lru_cache(maxsize=8)  # one object, so that its compiled program is reused
def _default_optimizer(steps: int) -> keras.optimizers.Optimizer:
    rate = keras.optimizers.schedules.CosineDecay(0.02, steps, alpha=0.01)
    return keras.optimizers.Adam(rate, beta_2=0.95, epsilon=1e-12)
