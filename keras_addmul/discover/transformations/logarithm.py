"""The logarithm of a positive column."""

from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["LOGARITHM"]


def _able(x: np.ndarray) -> bool:
    return bool((x > 0).all())


def _sympy(x: Any) -> Any:
    import sympy

    return sympy.log(x)


def _keras(x: Any) -> Any:
    import keras

    return keras.ops.log(x)


LOGARITHM: Transformation = Transformation("log", _able, np.log, _sympy, _keras, whole=True)
