"""The sine of a column, in radians."""

from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["SINE"]


def _able(x: np.ndarray) -> bool:
    return bool(np.abs(x).max() < 1e4)


def _sympy(x: Any) -> Any:
    import sympy

    return sympy.sin(x)


def _keras(x: Any) -> Any:
    import keras

    return keras.ops.sin(x)


SINE: Transformation = Transformation("sin", _able, np.sin, _sympy, _keras, whole=True)
