"""Where restarts start."""

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import keras
import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.restarts.origins import Initializer, holders, initializers_of

__all__ = ["Starts", "StructuredStarts", "draw_starts", "first_of", "global_seeds"]

# From a model, a count and a seed to stacked values by the paths of weights.
Starts = Callable[[keras.Model, int, int], Mapping[str, ArrayLike]]

# They draw nothing, so that one value serves every start.
_CONSTANTS = (
    keras.initializers.Zeros,
    keras.initializers.Ones,
    keras.initializers.Constant,
    keras.initializers.Identity,
)


@runtime_checkable
class StructuredStarts(Protocol):
    """A layer that knows which kinds of start there are, and covers them in turn."""

    def structured_starts(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Returns arrays `(count, *shape)` by the names of the layer's own weights."""
        ...


def draw_starts(
    model: keras.Model,
    restarts: int,
    seed: int,
    build: Callable[[], keras.Model] | None = None,
    starts: Starts | None = None,
) -> list[np.ndarray]:
    """Draws the weights of many restarts of one model.

    Each trainable weight is drawn anew from its initializer for every restart, with seeds
    that `seed` decides: those that the initializers were given do not count. Other
    variables are as they are in the model.

    Args:
        model: Built Keras model.
        restarts: How many.
        seed: Integer. The same seed gives the same starts.
        build: Function that returns a fresh model, each one a start, or None.
        starts: Function `(model, restarts, seed)` that returns a dictionary from paths
            of weights to arrays `(restarts, *shape)`, which come first; or None.

    Returns:
        List of arrays `(restarts, *shape)`, one for each variable of the model.

    Raises:
        ValueError: If the initializer of a weight is not known, or what `starts` or
            `build` returns does not fit the model.
    """
    rng = np.random.default_rng(seed)
    if build is not None:
        return _built(model, restarts, rng, build)
    given = _given(model, restarts, seed, starts)
    python = random.getstate()  # initializers without a seed take one from it when they are made
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
    """What a function builds, where a seed decides what it draws."""
    with global_seeds():
        keras.utils.set_random_seed(_next(np.random.default_rng([seed, 2])))
        return build()


@contextlib.contextmanager
def global_seeds() -> Iterator[None]:
    """Inside, the global generators may be seeded; afterwards they go on as if they were not.

    Those of Python and NumPy continue where they were; that of Keras, whose state cannot
    be read, continues from a number that it drew itself.
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
    """Stacked values of the trainable weights that are not given, by their identity."""
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
    """Stacked values of one weight: of one that draws nothing, a single one."""

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
    with global_seeds():  # it draws from them, or not at all
        for _ in range(restarts):
            keras.utils.set_random_seed(_next(rng))
            # A seed that it took for itself when it was made must not be kept.
            values.append(value(kind.from_config(config) if config else initializer))
    return np.stack(values)


def _has_seed(config: Any) -> bool:
    """Whether an initializer's configuration, or one inside it, has a seed."""
    if isinstance(config, dict):
        return "seed" in config or any(map(_has_seed, config.values()))
    return isinstance(config, (list, tuple)) and any(map(_has_seed, config))


def _reseeded(config: Any, rng: np.random.Generator) -> Any:
    """A copy of a configuration with fresh seeds."""
    if isinstance(config, dict):
        return {k: _next(rng) if k == "seed" else _reseeded(v, rng) for k, v in config.items()}
    if isinstance(config, (list, tuple)):
        return type(config)(_reseeded(v, rng) for v in config)
    return config


def _given(
    model: keras.Model, restarts: int, seed: int, starts: Starts | None
) -> dict[int, np.ndarray]:
    """The values that a user's function gives to weights, by their identity."""
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
    """The stacked variables of models that a function builds."""
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
    """A fresh seed."""
    return int(rng.integers(2**31 - 1))
