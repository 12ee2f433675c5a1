"""What is known of each activation, kept beside the function it describes."""

import ast
import dataclasses
import inspect
import re
from collections.abc import Callable

import keras

__all__ = ["ALIASES", "ROWS", "Activation", "activation", "catalogue", "describe", "key"]

# By the key of the name; `catalogue` and `get` read them.
ROWS = {}
ALIASES = {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Activation:
    """One row of the catalogue: what holds for a function at its default parameters.

    Attributes:
        name: What `activations.get` knows it by.
        function: The function itself, of a tensor.
        formula: A Python expression in `x` and the parameters, unless the function
            joins several features: then words.
        parameters: Names in the formula and their defaults, as pairs.
        range: Infimum and supremum of the values.
        smoothness: How many derivatives are continuous: infinite where all are, -1
            for a function that jumps.
        knots: Where the next derivative jumps.
        monotone: Whether the function never decreases.
        saturates: On which side the values tend to a finite limit: `"left"`,
            `"right"`, `"both"` or `"none"`.
        lipschitz: The Lipschitz constant: the largest magnitude of the slope, or of
            the Jacobian in the Euclidean norm where features are joined.
        elementwise: Whether each output depends on one input.
        layer: Name of the layer that learns the parameters or draws them, or "".
        aliases: Other names.
        note: What to mind, such as a namesake that is another function.
        source: Where the function comes from, as a link.
    """

    name: str
    function: Callable = dataclasses.field(repr=False)
    formula: str
    parameters: tuple = ()
    range: tuple
    smoothness: float
    knots: tuple = ()
    monotone: bool
    saturates: str
    lipschitz: float
    elementwise: bool = True
    layer: str = ""
    aliases: tuple = ()
    note: str = ""
    source: str


def describe(function, name=None, **facts):
    """Adds a row for a function, which is returned; its defaults are read off its signature."""
    name = name or function.__name__
    row = Activation(name=name, function=function, parameters=_defaults(function, facts), **facts)
    for known in (name, *row.aliases):
        other = ALIASES.setdefault(key(known), name)
        if other != name:
            raise ValueError(f"The name {known!r} belongs to {other!r}. Received it for: {name!r}")
    ROWS[name] = row
    return function


def activation(**facts):
    """Decorates a function that joins the catalogue, and that Keras shall save by its name."""

    def decorate(function):
        register = keras.saving.register_keras_serializable("keras_addmul", function.__name__)
        return describe(register(function), **facts)

    return decorate


def catalogue():
    """Returns what is known of each activation, as a list of `Activation`, by name.

    Each row is checked against its function by the tests. As a data frame:
    `pandas.DataFrame(map(dataclasses.asdict, catalogue()))`.

    >>> from keras_addmul.activations import catalogue
    >>> {row.name: row.lipschitz for row in catalogue()}["hard_elish"]
    1.5
    >>> [row.name for row in catalogue() if row.saturates == "right"]
    ['log_sigmoid']
    """
    return [ROWS[name] for name in sorted(ROWS)]


def key(name):
    """Returns a name without what people write differently.

    >>> from keras_addmul.activations.registry import key
    >>> key("Hard-Sigmoid"), key("keras_addmul>hard_sigmoid")
    ('hardsigmoid', 'hardsigmoid')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower().removeprefix("keras_addmul>"))


def _defaults(function, facts):
    if not facts.get("elementwise", True):
        return ()
    names = {n.id for n in ast.walk(ast.parse(facts["formula"])) if isinstance(n, ast.Name)}
    given = inspect.signature(function).parameters.values()
    return tuple((p.name, p.default) for p in given if p.name in names and p.name != "x")
