"""Reads a network: what its units became, and what it costs to take them at their word."""

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.extras import require_extra
from keras_addmul.layers.checks import check_model, check_number
from keras_addmul.layers.graph import rebuild, require_graph
from keras_addmul.layers.orders import layers_with_orders, lowest_inputs
from keras_addmul.read import shown
from keras_addmul.read.names import named_inputs
from keras_addmul.read.snapping_weights import snapped_values
from keras_addmul.read.unit_records import Unit, units_of

__all__ = ["Reading", "read"]


@dataclasses.dataclass(frozen=True)
class Reading:
    """What the units of a network became; print it, or show it in a notebook.

    Attributes:
        units: A `Unit` for each unit of the layers that learn orders, in the order of the model.
        others: Name and class of every other layer.
        columns: Names of the inputs.
        tolerance: Distance from an end that counts as settled.
        moved: How far the answers move when every order, and what settles with it, goes to its
            nearer end: root mean square of the change over that of the answers about their
            mean, the largest of the outputs. None without data.
        moved_settled: The same if only the settled units go to their ends.

    Example:

    >>> import keras
    >>> import keras_addmul
    >>> starts = dict.fromkeys(("kernel_initializer", "order_initializer"), "ones")
    >>> layer = keras_addmul.AddMulDense(1, parity_initializer="ones", **starts)
    >>> reading = keras_addmul.read(keras.Sequential([keras.Input((2,)), layer]))
    >>> reading.settled, reading.units[0].text, reading.expression()
    (1.0, 'x1 x2', x1*x2)
    """

    units: tuple[Unit, ...]
    others: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    tolerance: float
    moved: float | None
    moved_settled: float | None
    _model: Any = dataclasses.field(repr=False, compare=False)
    _positive: tuple[bool, ...] = dataclasses.field(repr=False, compare=False)
    _weights: list[Any] = dataclasses.field(repr=False, compare=False)
    _changes: list[Any] = dataclasses.field(repr=False, compare=False)

    @property
    def settled(self) -> float:
        """The share of units that are settled."""
        return float(np.mean([unit.settled for unit in self.units]))

    @functools.cached_property
    def snapped(self) -> keras.Model:
        """A copy of the model as it was read, with every order at its nearer end.

        Raises:
            TypeError: If the model is neither sequential nor functional.
        """
        require_graph(self._model)
        as_read = zip(self._model.weights, self._weights, strict=True)
        with _with_values([*as_read, *self._changes]):
            return rebuild(self._model, lambda layer: None)

    def expression(self, output: int = 0, digits: int = 4) -> Any:
        """Returns one output of a small network as a `sympy.Expr` of the columns.

        Settled units are written as what they are; those between sum and product with the
        undefined function `exp_iterate(x, n)`.

        Args:
            output: Number of the output, over all outputs of the model.
            digits: Digits of the coefficients; exponents nearer than that to a simple
                fraction become it.

        Raises:
            ImportError: If sympy is not installed.
            TypeError: If the model is neither sequential nor functional.
            ValueError: If a layer has no formula here, the network is too large, or there is
                no such output.
        """
        require_extra("discover", "sympy")
        from keras_addmul.read.symbols import expressions_of

        with _with_values(zip(self._model.weights, self._weights, strict=True)):
            found = expressions_of(
                self._model, self.columns, self._positive, self.tolerance, digits
            )
        if not 0 <= output < len(found):
            raise ValueError(
                f"Argument `output` must be from 0 to {len(found) - 1}. Received: {output!r}"
            )
        return found[output]

    def __str__(self) -> str:
        return shown.as_text(self)

    def __rich__(self) -> Any:
        return shown.as_table(self)

    def _repr_html_(self) -> str:
        return shown.as_html(self)


def read(
    model: keras.Model,
    x: Any = None,
    *,
    names: Sequence[str] | None = None,
    tolerance: float = 0.05,
    exponents: float | None = None,
) -> Reading:
    """Says what each unit of the layers that learn orders became.

    Args:
        model: A built model. The names of inputs, and formulas of the whole, need a
            sequential or functional one.
        x: Inputs, as for `model.predict`. They tell how far the answers move when the orders
            go to their ends, and which inputs are never negative, so that their signs do not
            matter. None leaves both unknown.
        names: Names of the columns, over all inputs; `x1`, `x2`, ... by default.
        tolerance: Largest distance of an order from its end, or of a parity from 0 or 1, that
            counts as settled.
        exponents: Step to which the exponents of products are rounded where orders go to
            their ends, such as 1/2; None leaves them.

    Returns:
        A `Reading`.

    Raises:
        TypeError: If `model` is not a Keras model.
        ValueError: If it is not built or has no layer that learns orders, or an argument is
            invalid.

    Example:

    >>> import keras, numpy as np
    >>> import keras_addmul
    >>> layer = keras_addmul.AddMulDense(2, order_initializer="ones", name="law")
    >>> model = keras.Sequential([keras.Input((2,)), layer])
    >>> _ = layer.order.assign([0.01, 1.0])
    >>> _ = layer.kernel.assign([[2.0, 1.5], [-1.0, -1.0]])
    >>> reading = keras_addmul.read(model, np.ones((4, 2)), names=["m", "r"])
    >>> [unit.text for unit in reading.units]
    ['2 m - r', 'm^1.5 / r']
    """
    check_model(model)
    if not model.built:
        raise ValueError(
            "Argument `model` must be built: give it a `keras.Input`, or call it once. "
            f"Received: {model.name!r}, which is not"
        )
    check_number("tolerance", tolerance, 0.0, strict=False)
    if exponents is not None:
        check_number("exponents", exponents, 0.0)
    ordered = layers_with_orders(model)
    if not ordered:
        raise ValueError(
            "Argument `model` must have a layer that learns orders, such as `AddMulDense`. "
            f"Received: {model.name!r}, which has none"
        )
    inputs, columns, others = named_inputs(model, ordered, names)
    lowest = {} if x is None else _lowest(model, x)
    units = [
        unit
        for layer in ordered
        for unit in units_of(layer, inputs[id(layer)], tolerance, lowest.get(id(layer)))
    ]
    every = snapped_values(ordered, lowest, np.inf, exponents)
    some = snapped_values(ordered, lowest, tolerance, exponents)
    return Reading(
        units=tuple(units),
        others=others,
        columns=columns,
        tolerance=float(tolerance),
        moved=None if x is None else _moved(model, x, every),
        moved_settled=None if x is None else _moved(model, x, some),
        _model=model,
        _positive=_positive(model, x, len(columns)),
        _weights=[np.array(w) for w in model.weights],
        _changes=every,
    )


def _positive(model: keras.Model, x: Any, count: int) -> tuple[bool, ...]:
    """For each column, whether it is never negative in the data."""
    if x is None or not count:
        return (False,) * count
    given = [x[t.name] for t in model.inputs] if isinstance(x, dict) else keras.tree.flatten(x)
    lowest = [np.reshape(part, (-1, np.shape(part)[-1])).min(axis=0) for part in given]
    return tuple(bool(low >= 0.0) for part in lowest for low in part)


def _lowest(model: keras.Model, x: Any) -> dict[int, np.ndarray]:
    try:
        return lowest_inputs(model, [x])
    except TypeError:  # a subclass of Model does not say what meets its layers
        return {}


def _moved(model: keras.Model, x: ArrayLike, changes: list[Any]) -> float:
    """How far the answers move, in standard deviations of the output that moves most."""
    before = keras.tree.flatten(model.predict(x, verbose=0))
    with _with_values(changes):
        after = keras.tree.flatten(model.predict(x, verbose=0))
    shares = []
    for y, z in zip(before, after, strict=True):
        y, z = (np.reshape(t, (-1, t.shape[-1])).astype(float) for t in (y, z))
        spread = np.maximum(np.std(y, axis=0), 1e-12 * np.maximum(np.abs(y).max(axis=0), 1e-30))
        shares.append(np.max(np.sqrt(np.mean((z - y) ** 2, axis=0)) / spread))
    return float(np.max(shares))


@contextlib.contextmanager
def _with_values(values: Any) -> Iterator[None]:
    """Gives variables other values, for as long as it is open."""
    before: list[tuple[Any, np.ndarray]] = []
    try:
        for variable, value in values:
            before.append((variable, np.array(variable)))
            variable.assign(value)
        yield
    finally:
        for variable, value in reversed(before):
            variable.assign(value)
