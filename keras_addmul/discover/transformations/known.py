"""All transformations, by name; one more is a file with its object, and a line here."""

from collections.abc import Sequence

from keras_addmul.discover.transformations.activation_law import ACTIVATION
from keras_addmul.discover.transformations.cosine import COSINE
from keras_addmul.discover.transformations.growth import GROWTH
from keras_addmul.discover.transformations.kinds import Transformation
from keras_addmul.discover.transformations.logarithm import LOGARITHM
from keras_addmul.discover.transformations.magnitude import MAGNITUDE
from keras_addmul.discover.transformations.one_minus import ONE_MINUS
from keras_addmul.discover.transformations.one_plus import ONE_PLUS
from keras_addmul.discover.transformations.sine import SINE

__all__ = ["KNOWN", "TRANSFORMATIONS", "asked"]

# What asks for fitted powers of shifted columns.
_POWER = "power"

_ALL = (GROWTH, ACTIVATION, LOGARITHM, ONE_MINUS, ONE_PLUS, MAGNITUDE, SINE, COSINE)

TRANSFORMATIONS: dict[str, Transformation] = {one.name: one for one in _ALL}

# All that `functions=` may name.
KNOWN: tuple[str, ...] = (_POWER, *TRANSFORMATIONS)


def asked(functions: Sequence[str]) -> list[Transformation | None]:
    """Lists the transformations that are asked for.

    Args:
        functions: Names of transformations, or `power` for fitted powers of shifted columns.

    Returns:
        Transformations; first None, if there is `power`.

    Raises:
        ValueError: If a name is unknown; the message lists the known ones.

    Example:

    >>> from keras_addmul.discover.transformations.known import asked
    >>> [one.name for one in asked(["sin", "exp"])], asked(["power"])
    (['exp', 'sin'], [None])
    """
    if isinstance(functions, str) or any(name not in KNOWN for name in functions):
        raise ValueError(
            f"`functions` must be a sequence of names among {[*KNOWN]}. Received: {functions!r}"
        )
    powers: list[Transformation | None] = [None] if _POWER in functions else []
    return powers + [one for one in TRANSFORMATIONS.values() if one.name in functions]
