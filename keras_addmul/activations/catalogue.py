"""The table of all activations."""

from keras_addmul.activations.registry import ROWS

__all__ = ["catalogue"]


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
