"""The cosine of a column, in radians."""

from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["COSINE"]


def _able(x: np.ndarray) -> bool:
    return bool(np.abs(x).max() < 1e4)


def _sympy(x: Any) -> Any:
    import sympy

    return sympy.cos(x)


def _keras(x: Any) -> Any:
    import keras

    return keras.ops.cos(x)


COSINE: Transformation = Transformation("cos", _able, np.cos, _sympy, _keras, whole=True)
