"""Tells how much of a formula's residuals is noise, and how much the formula lacks."""

import math

import numpy as np

from keras_addmul.annotations import ArrayLike

__all__ = ["noise_share"]

# Residuals of neighbours are alike by chance in one of so many tables.
_SURE = 2.6
_ROWS = 4000


def noise_share(x: ArrayLike, residuals: ArrayLike) -> float:
    """Returns the share of the variance of residuals that is noise; 1 if nothing speaks against.

    Residuals that are noise do not know of each other. What a formula lacks is alike in rows
    whose columns are alike: so half the mean square of the difference of neighbours estimates
    the noise (Rice, Ann. Stat. 12, 1984).

    Args:
        x: The columns, of shape `(rows, columns)`.
        residuals: The residuals, in units of their noise, of shape `(rows,)`.

    Returns:
        A number between 0 and 1.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover.scoring.lack_of_fit import noise_share
    >>> x = np.linspace(0, 1, 200)[:, None]
    >>> noise_share(x, np.random.default_rng(0).normal(size=200))
    1.0
    >>> noise_share(x, np.sin(9 * x[:, 0])) < 0.01
    True
    """
    from scipy.spatial import cKDTree
    from scipy.stats import rankdata

    x, residuals = np.asarray(x, float)[:_ROWS], np.asarray(residuals, float)[:_ROWS]
    rows = len(residuals)
    total = float(np.mean((residuals - residuals.mean()) ** 2))
    if rows < 8 or not np.isfinite(residuals).all() or total == 0:
        return 1.0
    # By rank, so that every column counts the same over its whole range.
    place = np.stack([rankdata(column) / rows for column in x.T], axis=1)
    near = cKDTree(place).query(place, k=2)[1][:, 1]
    centred = residuals - residuals.mean()
    alike = centred * centred[near]
    error = float(np.std(alike)) / math.sqrt(rows)
    if not alike.mean() > _SURE * max(error, total / math.sqrt(2 * rows)):
        return 1.0
    return float(np.clip(0.5 * np.mean((centred - centred[near]) ** 2) / total, 0.0, 1.0))
