"""Activations by name."""

import difflib
from collections.abc import Callable
from typing import Any

import keras

from keras_addmul.activations.registry import ALIASES, ROWS, key
from keras_addmul.annotations import Config, Identifier

__all__ = ["get", "serialize"]

_OF_KERAS = (
    "glu",
    "hard_shrink",
    "log_softmax",
    "sparsemax",
    "squareplus",
    "threshold",
)


def get(identifier: Identifier) -> Callable[..., Any]:
    """Returns an activation by name, from this package first and then from Keras.

    Names ignore case, spaces, dashes and underscores, and have aliases: `"Hard-ELiSH"`,
    `"lrelu"`. Where this package and Keras have different functions of the same name
    (`hard_sigmoid`, `leaky_relu`), the name means the one in the catalogue. For Keras's, pass
    the function: `get(keras.activations.hard_sigmoid)`.

    Keras layers look up names in Keras only. Pass them the function:
    `keras.layers.Dense(8, activation=activations.get("snake"))`. It is saved by its
    registered name and loads wherever `keras_addmul` is imported.

    Args:
        identifier: A name, including names registered with Keras; a callable; the result of
            `serialize` or of Keras's own `serialize`; or None for the identity.

    Returns:
        A function of one tensor, or the layer that was passed in.

    Raises:
        ValueError: If there is no such activation; the message lists the closest names.

    Example:

    >>> from keras_addmul import activations
    >>> activations.get("PELU") is activations.pelu
    True
    >>> import keras
    >>> dense = keras.layers.Dense(2, activation=activations.get("snake"))
    >>> dense.get_config()["activation"]["config"]
    'keras_addmul>snake'
    """
    if isinstance(identifier, str):
        name = ALIASES.get(key(identifier))
        if name is not None:
            return ROWS[name].function
        registered = keras.saving.get_registered_object(identifier)
        if registered is not None:
            return registered
        try:
            return keras.activations.get(identifier)
        except ValueError:
            raise ValueError(_unknown(identifier)) from None
    if identifier is None or callable(identifier) or isinstance(identifier, dict):
        return keras.activations.get(identifier)
    raise ValueError(
        "Argument `activation` must be a name, a callable, a serialised activation or None. "
        f"Received: {identifier!r}"
    )


def serialize(activation: Callable[..., Any]) -> str | Config:
    """Returns a name or a dictionary that `get` turns back into the activation.

    Args:
        activation: A function, or a layer that is an activation.

    Returns:
        A name or a dictionary.

    Example:

    >>> import keras
    >>> from keras_addmul import activations
    >>> activations.serialize(activations.elish), activations.serialize(keras.activations.relu)
    ('elish', 'relu')
    """
    for name, row in ROWS.items():
        if row.function is activation:
            return name
    config = keras.activations.serialize(activation)
    if isinstance(config, str) and key(config) in ALIASES:
        # Keras has another function of this name; in a dictionary the name means Keras's.
        return keras.saving.serialize_keras_object(activation)
    return config


def _unknown(identifier):
    names = sorted({*ROWS, *_OF_KERAS})
    close = difflib.get_close_matches(key(identifier), [key(name) for name in names], 3, 0.5)
    close = [name for wanted in close for name in names if key(name) == wanted]
    hint = f" Did you mean {', '.join(map(repr, close))}?" if close else ""
    return (
        f"There is no activation {identifier!r}.{hint} Known: {', '.join(names)}. "
        f"Received: {identifier!r}"
    )
