"""A transformation of a column, in NumPy, in sympy and in Keras side by side."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["Transformation"]


@dataclasses.dataclass(frozen=True)
class Transformation:
    """A function of one column whose powers a formula may have as factors.

    Attributes:
        name: What `functions=` and reports call it.
        able: Tells of a column's values whether the function can be taken of them.
        numpy: The function, of an array.
        sympy: The same, of a `sympy.Expr`.
        keras: The same, of a tensor of Keras.
        exponent: Whether the factor is not the function but `exp(rate * function)`; the rate is
            then any number, and takes the place of the exponent.
        whole: Whether its powers are whole numbers only.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover.transformations.logarithm import LOGARITHM
    >>> LOGARITHM.able(np.array([1.0, 2.0])), LOGARITHM.able(np.array([-1.0, 2.0]))
    (True, False)
    """

    name: str
    able: Callable[[np.ndarray], bool]
    numpy: Callable[[np.ndarray], np.ndarray]
    sympy: Callable[[Any], Any]
    keras: Callable[[Any], Any]
    exponent: bool = False
    whole: bool = False
