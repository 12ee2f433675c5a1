"""Draws the starting weights of restarts."""

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import keras
import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.restarts.origins import Initializer, holders, initializers_of

__all__ = ["Starts", "StructuredStarts", "draw_starts", "first_of", "global_seeds"]

# Maps a model, a count and a seed to stacked values by weight path.
Starts = Callable[[keras.Model, int, int], Mapping[str, ArrayLike]]

# These draw nothing at random: one value serves every start.
_CONSTANTS = (
    keras.initializers.Zeros,
    keras.initializers.Ones,
    keras.initializers.Constant,
    keras.initializers.Identity,
)


@runtime_checkable
class StructuredStarts(Protocol):
    """A layer that supplies its own starting weights, which cover its kinds of start in turn."""

    def structured_starts(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Returns a dictionary from names of the layer's weights to arrays `(count, *shape)`."""
        ...


def draw_starts(
    model: keras.Model,
    restarts: int,
    seed: int,
    build: Callable[[], keras.Model] | None = None,
    starts: Starts | None = None,
) -> list[np.ndarray]:
    """Draws starting weights for many restarts of one model.

    Each trainable weight is drawn anew from its initializer for every restart. The seeds
    derive from `seed`; the initializers' own seeds are ignored. All other variables keep
    their values.

    Args:
        model: Built Keras model.
        restarts: Number of restarts.
        seed: Integer. The same seed gives the same starts.
        build: Function that builds a fresh model, called once for each start; or None.
        starts: Function `(model, restarts, seed)` that returns a dictionary from weight
            paths to arrays `(restarts, *shape)`, which take precedence; or None.

    Returns:
        List of arrays `(restarts, *shape)`, one for each variable of the model.

    Raises:
        ValueError: If the initializer of a weight cannot be determined, or the result of
            `starts` or `build` does not fit the model.
    """
    rng = np.random.default_rng(seed)
    if build is not None:
        return _built(model, restarts, rng, build)
    given = _given(model, restarts, seed, starts)
    python = random.getstate()  # initializers without a seed draw one from it
    try:
        drawn = {**_drawn(model, restarts, rng, set(given)), **given}
    finally:
        random.setstate(python)
    as_is = {id(v): keras.ops.convert_to_numpy(v)[None] for v in model.variables}
    values = [{**as_is, **drawn}[id(v)] for v in model.variables]
    return [
        np.array(np.broadcast_to(value, (restarts, *v.shape)), v.dtype)
        for value, v in zip(values, model.variables, strict=True)
    ]


def first_of(build: Callable[[], keras.Model], seed: int) -> keras.Model:
    """Builds the first model of a function, with the global generators seeded by `seed`."""
    with global_seeds():
        keras.utils.set_random_seed(_next(np.random.default_rng([seed, 2])))
        return build()


@contextlib.contextmanager
def global_seeds() -> Iterator[None]:
    """Lets the block seed the global generators, and restores them afterwards.

    The generators of Python and NumPy resume their earlier state. The state of Keras's cannot
    be read: it resumes from a seed that it drew itself.
    """
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    after = int(keras.random.randint((), 0, 2**31 - 1))
    try:
        yield
    finally:
        keras.utils.set_random_seed(after)
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002


def _drawn(
    model: keras.Model, restarts: int, rng: np.random.Generator, given: set[int]
) -> dict[int, np.ndarray]:
    """Draws the trainable weights that are not given: stacked values by variable id."""
    drawn = {}
    for layer, weights in holders(model):
        structured = {}
        if isinstance(layer, StructuredStarts):
            structured = layer.structured_starts(restarts, _next(rng))
        drawn |= {id(w): structured[w.name] for w in weights if w.name in structured}
        if all(id(w) in given or id(w) in drawn for w in weights):
            continue
        for weight, initializer in zip(weights, initializers_of(layer, weights), strict=True):
            if id(weight) not in given and id(weight) not in drawn:
                drawn[id(weight)] = _values(initializer, weight, restarts, rng)
    return drawn


def _values(
    initializer: Initializer, weight: keras.Variable, restarts: int, rng: np.random.Generator
) -> np.ndarray:
    """Returns stacked values of one weight; a single value if its initializer is constant."""

    def value(drawing: Initializer) -> np.ndarray:
        return keras.ops.convert_to_numpy(drawing(tuple(weight.shape), dtype=weight.dtype))

    kind: Any = type(initializer)
    if kind in _CONSTANTS:
        return value(initializer)[None]
    own = isinstance(initializer, keras.initializers.Initializer)
    config = getattr(initializer, "get_config", dict)() if own else {}
    if _has_seed(config):
        again = (kind.from_config(_reseeded(config, rng)) for _ in range(restarts))
        return np.stack([value(one) for one in again])
    values = []
    with global_seeds():  # it may draw from the global generators
        for _ in range(restarts):
            keras.utils.set_random_seed(_next(rng))
            # Made anew, it must not keep a seed that it drew when it was first made.
            values.append(value(kind.from_config(config) if config else initializer))
    return np.stack(values)


def _has_seed(config: Any) -> bool:
    """Tells whether an initializer's configuration, or one nested in it, has a seed."""
    if isinstance(config, dict):
        return "seed" in config or any(map(_has_seed, config.values()))
    return isinstance(config, (list, tuple)) and any(map(_has_seed, config))


def _reseeded(config: Any, rng: np.random.Generator) -> Any:
    """Returns a copy of a configuration with fresh seeds."""
    if isinstance(config, dict):
        return {k: _next(rng) if k == "seed" else _reseeded(v, rng) for k, v in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(_reseeded(v, rng) for v in config)
    return config


def _given(
    model: keras.Model, restarts: int, seed: int, starts: Starts | None
) -> dict[int, np.ndarray]:
    """Returns the values from the user's function `starts`, by variable id."""
    if starts is None:
        return {}
    known = {v.path: v for v in model.variables}
    given = {}
    for path, value in starts(model, restarts, seed).items():
        if path not in known:
            raise ValueError(
                f"`starts` must return values by the paths of weights, {sorted(known)}. "
                f"Received: {path!r}"
            )
        value, shape = np.asarray(value), (restarts, *known[path].shape)
        if value.shape != shape:
            raise ValueError(
                f"`starts` must return an array of shape {shape} for {path!r}. "
                f"Received: an array of shape {value.shape}"
            )
        given[id(known[path])] = value
    return given


def _built(
    model: keras.Model,
    restarts: int,
    rng: np.random.Generator,
    build: Callable[[], keras.Model],
) -> list[np.ndarray]:
    """Returns the stacked variables of models that a function builds."""
    shapes = [tuple(v.shape) for v in model.variables]
    values = []
    with global_seeds():
        for _ in range(restarts):
            keras.utils.set_random_seed(_next(rng))
            variables = build().variables
            if [tuple(v.shape) for v in variables] != shapes:
                raise ValueError(
                    "`model` must build a model of the same weights at each call. "
                    f"Received: weights of the shapes {shapes} at first, then "
                    f"{[tuple(v.shape) for v in variables]}"
                )
            values.append([keras.ops.convert_to_numpy(v) for v in variables])
    return [np.stack(each) for each in zip(*values, strict=True)]


def _next(rng: np.random.Generator) -> int:
    """Draws a fresh seed."""
    return int(rng.integers(2**31 - 1))
