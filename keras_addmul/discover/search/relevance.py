"""Which columns a search over many may look at."""

import numpy as np

__all__ = ["relevant"]

_ROWS = 4000


def relevant(x: np.ndarray, y: np.ndarray, at_most: int, seed: int = 0) -> np.ndarray:
    """Indices of the columns that matter most to gradient-boosted trees, in their order.

    Args:
        x: Columns, (rows, columns).
        y: Targets, (rows,).
        at_most: How many to keep; all are kept where there are no more.
        seed: Of the rows that are looked at and of the shuffling.
    """
    if x.shape[1] <= at_most:
        return np.arange(x.shape[1])
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.inspection import permutation_importance
    from threadpoolctl import threadpool_limits

    rows = np.random.default_rng(seed).permutation(len(y))[:_ROWS]
    trees = HistGradientBoostingRegressor(random_state=seed, min_samples_leaf=5)
    # Threads that wait for each other on a busy machine cost ten times what they save.
    with threadpool_limits(1):
        trees.fit(x[rows], y[rows])
        found = permutation_importance(trees, x[rows], y[rows], n_repeats=3, random_state=seed)
    return np.sort(np.argsort(-found.importances_mean, kind="stable")[:at_most])
