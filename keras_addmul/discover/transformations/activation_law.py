"""The law of Arrhenius, `exp(rate / x)`, for a column of one sign."""

from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["ACTIVATION"]


def _able(x: np.ndarray) -> bool:
    return bool((x > 0).all() or (x < 0).all())


def _sympy(x: Any) -> Any:
    return 1 / x


def _keras(x: Any) -> Any:
    import keras

    return keras.ops.reciprocal(x)


ACTIVATION: Transformation = Transformation(
    "exp(1/x)", _able, np.reciprocal, _sympy, _keras, exponent=True
)
