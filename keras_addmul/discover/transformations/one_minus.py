"""One minus a column between 0 and 1, such as a porosity or a share."""

from typing import Any

import numpy as np

from keras_addmul.discover.transformations.kinds import Transformation

__all__ = ["ONE_MINUS"]


def _able(x: np.ndarray) -> bool:
    return bool((x >= 0).all() and (x < 1).all())


def _numpy(x: np.ndarray) -> np.ndarray:
    return 1 - x


def _sympy(x: Any) -> Any:
    return 1 - x


def _keras(x: Any) -> Any:
    return 1.0 - x


ONE_MINUS: Transformation = Transformation("1 - x", _able, _numpy, _sympy, _keras)
