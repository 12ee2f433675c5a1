"""Records of facts about activations, kept next to the functions they describe."""

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import keras

__all__ = [
    "ALIASES",
    "ROWS",
    "Activation",
    "Line",
    "activation",
    "catalogue",
    "describe",
    "key",
    "record_of",
]

# Slope and offset of `slope * x + offset`.
Line: TypeAlias = tuple[float, float]

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Activation:
    """Facts about one activation, at its default parameters.

    `record_of` finds the record of a function; `catalogue` lists those that `get` finds by
    name. All code in this package that relies on such a fact reads it here.

    Attributes:
        name: Its name in `activations.get`.
        function: The function itself, of a tensor.
        formula: A Python expression in `x` and the parameters, or a description in words if
            the function combines several features.
        parameters: Pairs of names in the formula and their defaults.
        range: Infimum and supremum of the values.
        smoothness: Number of continuous derivatives: infinite if all are continuous, -1 for
            a function that jumps.
        knots: Where the next derivative jumps.
        monotone: Whether the function never decreases.
        straight: Whether it is linear between its knots.
        left: Slope and offset of the line that the values tend to as `x` goes to minus
            infinity, or None if there is no such line.
        right: The same as `x` goes to infinity.
        at_zero: The value at 0.
        saturates: The side on which the values tend to a finite limit: `"left"`,
            `"right"`, `"both"` or `"none"`. It follows from `left` and `right`.
        lipschitz: The Lipschitz constant: the largest magnitude of the slope, or of
            the Jacobian in the Euclidean norm if features are combined. Infinite if there
            is none.
        elementwise: Whether each output depends on one input.
        layer: Name of the layer that learns or draws the parameters, or "".
        aliases: Other names.
        twins: Other functions with the same values, such as `keras.ops.tanh`.
        listed: Whether `get` finds it by its name.
        note: A caution, such as another function of the same name.
        source: Link to the origin of the function.

    Example:

    >>> from keras_addmul import activations
    >>> row = activations.record_of(activations.celu)
    >>> row.formula, row.parameters
    ('x if x > 0 else alpha * (exp(x / alpha) - 1)', (('alpha', 1.0),))
    >>> row.range, row.left, row.saturates, row.lipschitz
    ((-1.0, inf), (0.0, -1.0), 'left', 1.0)
    """

    name: str
    function: Callable[..., Any] = dataclasses.field(repr=False)
    formula: str
    parameters: tuple[tuple[str, Any], ...] = ()
    range: tuple[float, float]
    smoothness: float
    knots: tuple[float, ...] = ()
    monotone: bool
    straight: bool = False
    left: Line | None
    right: Line | None
    at_zero: float = 0.0
    saturates: str = dataclasses.field(init=False)
    lipschitz: float
    elementwise: bool = True
    layer: str = ""
    aliases: tuple[str, ...] = ()
    twins: tuple[Callable[..., Any], ...] = dataclasses.field(default=(), repr=False)
    listed: bool = True
    note: str = ""
    source: str

    def __post_init__(self) -> None:
        flat = [line is not None and line[0] == 0 for line in (self.left, self.right)]
        sides = {(True, True): "both", (True, False): "left", (False, True): "right"}
        object.__setattr__(self, "saturates", sides.get((flat[0], flat[1]), "none"))


# The listed records by name, and their names by the keys of names and aliases.
ROWS: dict[str, Activation] = {}
ALIASES: dict[str, str] = {}

# All records, by the identity of the function and its twins, which the records keep alive.
_BY_IDENTITY: dict[int, Activation] = {}


def describe(function: _Function, name: str | None = None, **facts: Any) -> _Function:
    """Adds the record of a function, with the parameters from its signature.

    Args:
        function: A function of one tensor.
        name: Its name, by default the function's own.
        **facts: The other attributes of `Activation`.

    Returns:
        The function.

    Raises:
        ValueError: If the function, a name or an alias already has a record.
    """
    name = name or function.__name__
    row = Activation(name=name, function=function, parameters=_defaults(function, facts), **facts)
    names = (name, *row.aliases) if row.listed else ()
    functions = (function, *row.twins)
    for known in names:  # all are checked before any is added
        other = ALIASES.get(key(known), name)
        if other != name:
            raise ValueError(f"The name {known!r} belongs to {other!r}. Received it for: {name!r}")
    if any(id(one) in _BY_IDENTITY for one in functions):
        raise ValueError(f"The function has a record already. Received: {name!r}")
    ALIASES.update({key(known): name for known in names})
    _BY_IDENTITY.update({id(one): row for one in functions})
    if row.listed:
        ROWS[name] = row
    return function


def activation(**facts: Any) -> Callable[[_Function], _Function]:
    """Decorates a function: adds it to the catalogue and registers it with Keras.

    Args:
        **facts: Attributes of `Activation`, except name, function and parameters.

    Returns:
        A decorator, which returns the function.
    """

    def decorate(function: _Function) -> _Function:
        register = keras.saving.register_keras_serializable("keras_addmul", function.__name__)
        return describe(register(function), **facts)

    return decorate


def catalogue() -> list[Activation]:
    """Returns the records of all named activations, sorted by name.

    The tests check each record against its function. For a data frame, use
    `pandas.DataFrame(map(dataclasses.asdict, catalogue()))`.

    Returns:
        List of `Activation`.

    Example:

    >>> from keras_addmul.activations import catalogue
    >>> {row.name: row.lipschitz for row in catalogue()}["hard_elish"]
    1.5
    >>> [row.name for row in catalogue() if row.saturates == "right"]
    ['log_sigmoid']
    """
    return [ROWS[name] for name in sorted(ROWS)]


def record_of(function: Any) -> Activation | None:
    """Returns the record of a function, or None if it has none.

    The object decides, never its name. Records exist for the functions of this package and of
    `keras.activations`, the same functions in `keras.ops`, and layers of Keras's own classes
    `Activation`, `ReLU`, `LeakyReLU`, `ELU` and `Softmax` whose arguments make them one of
    these. A user's function, a lambda, a `functools.partial`, a subclass and a layer with other
    arguments have none, whatever their names. Two functions of the same name have two records:
    `activations.hard_sigmoid` has slope 1/2, `keras.activations.hard_sigmoid` 1/6.

    A record describes the function at its default parameters, for all finite `x`. Proofs may
    rely on `lipschitz`, `range`, `monotone`, `at_zero`, `elementwise`, on `knots` with
    `straight` (between two knots the function is a line) and on `left` and `right` (the lines
    that it tends to; if `straight`, it equals these lines beyond the outermost knots). Irrational
    numbers are rounded to the nearest double.

    Args:
        function: Any object, such as a layer or its `activation`.

    Returns:
        An `Activation`, or None.

    Example:

    >>> import keras
    >>> from keras_addmul import activations
    >>> activations.record_of(keras.activations.hard_sigmoid).lipschitz == 1 / 6
    True
    >>> activations.record_of(keras.layers.ReLU(max_value=6)).name
    'relu6'
    >>> activations.record_of(lambda x: keras.ops.tanh(x)) is None
    True
    """
    if isinstance(function, keras.layers.Layer):
        return _record_of_layer(function)
    row = _BY_IDENTITY.get(id(function))
    known = row is not None and any(one is function for one in (row.function, *row.twins))
    return row if known else None


def key(name: str) -> str:
    """Returns the normal form of a name, by which `get` looks it up.

    Args:
        name: A name, in any spelling.

    Returns:
        The name in lower case, without prefix, spaces, dashes and underscores.

    Example:

    >>> from keras_addmul.activations.registry import key
    >>> key("Hard-Sigmoid"), key("keras_addmul>hard_sigmoid")
    ('hardsigmoid', 'hardsigmoid')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower().removeprefix("keras_addmul>"))


def _record_of_layer(layer: Any) -> Activation | None:
    """The record of a Keras layer that is an activation without weights."""
    kind, named = type(layer), keras.activations
    if kind is keras.layers.Activation:
        return record_of(layer.activation)
    if kind is keras.layers.ReLU and not layer.negative_slope and not layer.threshold:
        same = {None: named.relu, 6: named.relu6}.get(layer.max_value)
    elif kind is keras.layers.LeakyReLU:
        both = named.leaky_relu, ROWS["leaky_relu"].function
        same = {_default(f, "negative_slope"): f for f in both}.get(layer.negative_slope)
    elif kind is keras.layers.ELU:
        same = named.elu if layer.alpha == _default(named.elu, "alpha") else None
    elif kind is keras.layers.Softmax:
        same = named.softmax if layer.axis == _default(named.softmax, "axis") else None
    else:
        same = None
    return None if same is None else _BY_IDENTITY[id(same)]


def _default(function, parameter):
    return inspect.signature(function).parameters[parameter].default


def _defaults(function, facts):
    if not facts.get("elementwise", True):
        return ()
    names = {n.id for n in ast.walk(ast.parse(facts["formula"])) if isinstance(n, ast.Name)}
    given = inspect.signature(function).parameters.values()
    return tuple((p.name, p.default) for p in given if p.name in names and p.name != "x")
