"""Exponential growth or decay, `exp(rate * x)`."""

from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["GROWTH"]


def _able(x: np.ndarray) -> bool:
    return bool(np.ptp(x) > 0)


def _sympy(x: Any) -> Any:
    return x


def _keras(x: Any) -> Any:
    return x


GROWTH: Transformation = Transformation("exp", _able, np.asarray, _sympy, _keras, exponent=True)
