"""One plus a column above -1, such as a strain or a share: also in denominators."""

from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["ONE_PLUS"]


def _able(x: np.ndarray) -> bool:
    return bool((x > -1).all() and np.abs(x).max() < 1e3)


def _numpy(x: np.ndarray) -> np.ndarray:
    return 1 + x


def _sympy(x: Any) -> Any:
    return 1 + x


def _keras(x: Any) -> Any:
    return 1.0 + x


ONE_PLUS: Transformation = Transformation("1 + x", _able, _numpy, _sympy, _keras)
