"""Selects the columns that the search uses, if there are many."""

import numpy as np

__all__ = ["relevant"]

_ROWS = 4000


def relevant(x: np.ndarray, y: np.ndarray, at_most: int, seed: int = 0) -> np.ndarray:
    """Selects the columns that matter most to gradient-boosted trees.

    Args:
        x: Columns, of shape `(rows, columns)`.
        y: Targets, of shape `(rows,)`.
        at_most: Largest number of columns to keep.
        seed: Seed of the choice of rows and of the shuffling.

    Returns:
        Ascending indices of the columns.
    """
    if x.shape[1] <= at_most:
        return np.arange(x.shape[1])
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.inspection import permutation_importance
    from threadpoolctl import threadpool_limits

    rows = np.random.default_rng(seed).permutation(len(y))[:_ROWS]
    trees = HistGradientBoostingRegressor(random_state=seed, min_samples_leaf=5)
    # On a busy machine, threads that wait for each other cost ten times what they save.
    with threadpool_limits(1):
        trees.fit(x[rows], y[rows])
        found = permutation_importance(trees, x[rows], y[rows], n_repeats=3, random_state=seed)
    return np.sort(np.argsort(-found.importances_mean, kind="stable")[:at_most])
