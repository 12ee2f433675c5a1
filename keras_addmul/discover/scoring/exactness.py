"""Tells whether a formula meets every row up to rounding."""

from collections.abc import Callable

import numpy as np

__all__ = ["holds_exactly"]

# Residuals of a law, in units of what rounding of the data and of the formula explains.
_UNITS = 64.0
# Accuracy of the fitted numbers, relative to the spread of the targets.
_FITTED = 1e-11
# If rounding explains a larger share of the spread than this, the rows cannot tell.
_CLEAR = 1e-3


def holds_exactly(
    predict: Callable[[np.ndarray], np.ndarray], x: np.ndarray, y: np.ndarray, eps: float
) -> bool:
    """Tells whether residuals are rounding, and rounding small beside the spread of the targets.

    A target is rounded by its own size, and by the rounding of each column times the slope of
    the formula. So `1.7e9 + 3*a*b` is judged by what varies, not by `1.7e9`; and rows in
    float32 may be exact, too.

    Args:
        predict: The formula, from rows `(rows, columns)` to predictions `(rows,)`.
        x: The rows.
        y: The targets, of shape `(rows,)`.
        eps: Relative rounding of the data: that of its dtype.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover.scoring.exactness import holds_exactly
    >>> x = np.linspace(1.0, 2.0, 20)[:, None]
    >>> holds_exactly(lambda x: 3 * x[:, 0], x, 3 * x[:, 0], 2.0**-52)
    True
    >>> holds_exactly(lambda x: 1e9 + x[:, 0], x, 1e9 + x[:, 0] ** 1.01, 2.0**-52)
    False
    """
    told = predict(x)
    if not np.isfinite(told).all():
        return False
    step = 1e-6
    size = np.abs(y)
    with np.errstate(all="ignore"):
        for j in range(x.shape[1]):
            moved = x.copy()
            moved[:, j] *= 1 + step
            change = np.abs(predict(moved) - told) / step
            size = size + np.where(np.isfinite(change), change, 0.0)
    spread = float(np.std(y / np.abs(y).max())) * float(np.abs(y).max())
    rounding = _UNITS * eps * size
    clear = float(np.median(rounding)) <= _CLEAR * spread
    return clear and bool((np.abs(told - y) <= rounding + _FITTED * spread).all())
