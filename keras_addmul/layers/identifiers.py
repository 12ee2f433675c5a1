"""Initializers, regularizers and constraints by name: this package's first, then Keras's."""

import inspect
import reprlib
from typing import Any

import keras

from keras_addmul.annotations import Identifier
from keras_addmul.layers import constraints, initializers, regularizers

__all__ = ["KINDS", "get_object", "known_names", "or_default", "serialize_object"]

KINDS: tuple[str, ...] = ("initializer", "regularizer", "constraint")

_OURS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}
_EXAMPLES = {
    "initializer": "keras.initializers.Constant(0.5)",
    "regularizer": "keras.regularizers.L2(0.01)",
    "constraint": "keras.constraints.NonNeg()",
}


def or_default(value: Any, default: Any) -> Any:
    """Returns `default` for the string `"default"`, and any other value unchanged.

    A `default` of None replaces nothing.

    Example:

    >>> from keras_addmul.layers.identifiers import or_default
    >>> or_default("default", "ones"), or_default("zeros", "ones"), or_default("default", None)
    ('ones', 'zeros', 'default')
    """
    wanted = default is not None and isinstance(value, str) and value == "default"
    return default if wanted else value


def known_names(kind: str) -> list[str]:
    """Returns the names that work alone, for objects with default arguments.

    Args:
        kind: `"initializer"`, `"regularizer"` or `"constraint"`.

    Returns:
        List of names.

    Example:

    >>> from keras_addmul.layers.identifiers import known_names
    >>> known_names("constraint")[0], "non_neg" in known_names("constraint")
    ('AtLeast', True)
    """
    return [*_ours(kind), *_keras_names(kind)]


def get_object(kind: str, identifier: Identifier, argument: str, has_default: bool = False) -> Any:
    """Returns an initializer, regularizer or constraint.

    Args:
        kind: `"initializer"`, `"regularizer"` or `"constraint"`.
        identifier: An object, a function, a class, a configuration, a name or None.
        argument: Name of the argument, for the message.
        has_default: Whether the argument may also be `"default"`, for the message.

    Returns:
        The object, or None.

    Raises:
        ValueError: If the identifier is invalid; the message lists the known names.

    Example:

    >>> from keras_addmul.layers.identifiers import get_object
    >>> get_object("regularizer", "OrdersToEnds", "order_regularizer").strength
    0.01
    """
    if isinstance(identifier, str) and identifier in _ours(kind):
        return _ours(kind)[identifier]()
    try:
        found = _module(kind).get(identifier)
    except (KeyError, TypeError, ValueError) as error:
        # The object itself reports arguments that it does not take.
        if isinstance(identifier, (dict, type)):
            raise
        names = [*(["default"] if has_default else []), *known_names(kind)]
        optional = "" if kind == "initializer" else "None, "
        raise ValueError(
            f"Argument `{argument}` must be {optional}an object such as "
            f"`{_EXAMPLES[kind]}`, or one of the names {', '.join(map(repr, names))}. "
            f"Received: {reprlib.repr(identifier)}"
        ) from error
    return found


def serialize_object(layer: keras.layers.Layer, argument: str) -> Any:
    """Returns the config of the object that a layer keeps as `argument`."""
    return _module(argument.rsplit("_", 1)[1]).serialize(getattr(layer, argument))


def _module(kind: str) -> Any:
    return getattr(keras, f"{kind}s")


def _ours(kind: str) -> dict[str, Any]:
    """This package's registered classes of a kind, by name, except those that need arguments."""
    module = _OURS[kind]
    classes = {name: getattr(module, name) for name in sorted(module.__all__)}
    return {
        name: found
        for name, found in classes.items()
        if keras.saving.get_registered_name(found) != name and not _needs_arguments(found)
    }


def _needs_arguments(found: type) -> bool:
    parameters = inspect.signature(found).parameters.values()
    return any(parameter.default is parameter.empty for parameter in parameters)


def _keras_names(kind: str) -> list[str]:
    """The names of Keras's objects of a kind, as Keras documents them."""
    found = {name: value for name, value in vars(_module(kind)).items() if name.islower()}
    names = sorted(name for name, value in found.items() if isinstance(value, type))
    return [name for name in names if _is_known(kind, name)]


def _is_known(kind: str, name: str) -> bool:
    """Whether the name alone is enough: `"constant"` needs a value, `"l1_l2"` has two names."""
    try:
        return _module(kind).get(name) is not None
    except (KeyError, TypeError, ValueError):
        return False
