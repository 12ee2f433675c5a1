"""Selects the columns that the search uses, if there are many."""

import warnings

import numpy as np

__all__ = ["relevant"]

_ROWS = 4000
# A share of the variance that noise alone would not give.
_MUCH = 0.3


def relevant(x: np.ndarray, y: np.ndarray, at_most: int, seed: int = 0) -> np.ndarray:
    """Selects the columns of a sparse linear law or product, then those that matter to trees.

    Up to half of them are from the better of two sparse least squares, of the columns and of
    their logarithms, if that explains much; gradient-boosted trees rank the others.

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
        first = _sparse(x[rows], y[rows], max(at_most // 2, 1))
        trees.fit(x[rows], y[rows])
        found = permutation_importance(trees, x[rows], y[rows], n_repeats=3, random_state=seed)
    ranked = [*first, *np.argsort(-found.importances_mean, kind="stable").tolist()]
    return np.sort(list(dict.fromkeys(ranked))[:at_most])


def _sparse(x: np.ndarray, y: np.ndarray, at_most: int) -> list[int]:
    """Returns the columns of a sparse linear law, or of a sparse product, if there is one."""
    from sklearn.linear_model import OrthogonalMatchingPursuit

    best, chosen = _MUCH, np.zeros(0, int)
    able = (np.abs(x) > 0).all(axis=0)
    tasks = [(np.arange(x.shape[1]), x, y)]
    if able.any() and (y != 0).all():
        tasks.append((np.flatnonzero(able), np.log(np.abs(x[:, able])), np.log(np.abs(y))))
    for names, columns, target in tasks:
        spread = columns.std(axis=0)
        columns = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        sparse = OrthogonalMatchingPursuit(n_nonzero_coefs=min(at_most, columns.shape[1]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it ends early where fewer columns tell everything
            explained = float(sparse.fit(columns, target).score(columns, target))
        if explained > best:
            best, chosen = explained, names[np.flatnonzero(sparse.coef_)]
    return chosen.tolist()
