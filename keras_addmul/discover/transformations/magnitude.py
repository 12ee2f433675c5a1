"""The magnitude of a column of both signs, of which any power can be taken."""

from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["MAGNITUDE"]


def _able(x: np.ndarray) -> bool:
    return bool((x < 0).any() and (x > 0).any())


def _sympy(x: Any) -> Any:
    import sympy

    return sympy.Abs(x)


def _keras(x: Any) -> Any:
    import keras

    return keras.ops.absolute(x)


MAGNITUDE: Transformation = Transformation("abs", _able, np.abs, _sympy, _keras)
