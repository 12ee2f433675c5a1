"""Scores standard methods on the same table, for comparison with a formula."""

import dataclasses
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.discover.scoring import scores
from keras_addmul.discover.table.reading import Table
from keras_addmul.extras import require_extra

__all__ = ["Baseline", "compare"]

# Predictions for the held-out rows or None, number of parameters or None, and a note.
Result = tuple[np.ndarray | None, int | None, str]

FOLDS = 5  # of the cross-validation
NETWORK_ROWS = 20_000  # of more rows, the network is given so many
NETWORK_WORK = 4_000_000  # rows that the network may see, each as often as there are epochs
TREE_ROWS = 100_000  # of more rows, the trees are given so many
SMALL = 2_000  # rows; below it trees grow one by one, on the values themselves


@dataclasses.dataclass(frozen=True)
class Baseline:
    """The scores of another method on the held-out rows.

    Attributes:
        name: Name of the method.
        r2: R^2 on the held-out rows, or None if the method cannot be used.
        error: Root mean square of the residuals over that of the target, or None.
        parameters: Number of fitted parameters; for trees, of leaves.
        seconds: Time taken.
        note: Why the method could not be used, what it was not given, or an empty string.
    """

    name: str
    r2: float | None
    error: float | None
    parameters: int | None
    seconds: float
    note: str = ""


def compare(
    table: Table,
    train: ArrayLike,
    held_out: ArrayLike,
    seed: int = 0,
    interrupted: Callable[[], None] | None = None,
) -> list[Baseline]:
    """Fits other methods on the training rows, and scores them on the held-out rows.

    The methods are from scikit-learn: ordinary least squares; least squares on logarithms,
    if every value is positive; a network of two hidden layers of 16 units; and
    gradient-boosted trees. Inputs and target are standardised, and none of the methods
    sees the held-out rows. If the two sets of rows are the same, the methods are
    cross-validated in five folds. Ctrl-C ends the comparison with the methods fitted so far.

    Args:
        table: The `Table` to fit.
        train: Indices of the rows to fit on.
        held_out: Indices of the rows to score on.
        seed: Seed of all random draws.
        interrupted: Called if Ctrl-C ended the comparison.

    Returns:
        List of `Baseline`, one for each method.

    Raises:
        ImportError: If scikit-learn is missing.

    Example:
    >>> import numpy as np
    >>> from keras_addmul.discover.scoring import baselines
    >>> from keras_addmul.discover.table import reading
    >>> x = np.random.default_rng(0).uniform(1, 5, (80, 2))
    >>> rows = reading.read(x, x[:, 0] ** 2 / x[:, 1])
    >>> found = baselines.compare(rows, np.arange(60), np.arange(60, 80))
    >>> [(b.name, b.parameters) for b in found[:2]]
    [('least squares', 3), ('least squares on logarithms', 3)]
    >>> found[1].error < 1e-13
    True
    """
    require_extra("discover", "sklearn")
    from threadpoolctl import threadpool_limits

    train, held_out = np.asarray(train), np.asarray(held_out)
    splits = [(train, held_out)]
    if len(train) == len(held_out) and np.array_equal(train, held_out):
        folds = np.random.default_rng(seed).permutation(len(train)) % FOLDS
        splits = [(train[folds != k], train[folds == k]) for k in range(FOLDS)]
        held_out = np.concatenate([unseen for _, unseen in splits])
    methods = {
        "least squares": _linear,
        "least squares on logarithms": _logarithmic,
        "network, 2 x 16 units": _network,
        "gradient-boosted trees": _trees,
    }
    found = []
    for name, method in methods.items():
        start = time.perf_counter()
        try:
            # On a busy machine, threads that wait for each other cost ten times what they save.
            with threadpool_limits(1):
                answers = [_answer(method, table, *split, seed) for split in splits]
        except KeyboardInterrupt:
            if interrupted:
                interrupted()
            break
        seconds = time.perf_counter() - start
        _, parameters, note = answers[0]
        told = [answer for answer, _, _ in answers if answer is not None]
        r2 = error = None
        if len(told) == len(splits):
            prediction = np.concatenate(told)
            r2 = scores.r2(table.y[held_out], prediction)
            error = scores.relative_error(table.y[held_out], prediction)
        found.append(Baseline(name, r2, error, parameters, seconds, note))
    return found


def _answer(
    method: Callable[["_Task"], Result],
    table: Table,
    train: np.ndarray,
    unseen: np.ndarray,
    seed: int,
) -> Result:
    """Fits a method, and returns its predictions in units of the target."""
    # Scaled to magnitudes of at most 1, whose squares neither overflow nor vanish.
    units, unit = _largest(table.x[train]), _largest(table.y[train])
    names = (*table.names, table.target)
    task = _Task(
        table.x[train] / units, table.y[train] / unit, table.x[unseen] / units, names, seed
    )
    prediction, parameters, note = method(task)
    with np.errstate(over="ignore"):
        return None if prediction is None else prediction * unit, parameters, note


@dataclasses.dataclass(frozen=True)
class _Task:
    """Rows to fit on, rows to predict, and the names of the columns and the target."""

    x: np.ndarray
    y: np.ndarray
    unseen: np.ndarray
    names: tuple[str, ...]
    seed: int

    def some(self, at_most: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Returns at most this many rows to fit on, and a note if some are left out."""
        rows = np.random.default_rng(self.seed).permutation(len(self.y))[:at_most]
        few = len(rows) < len(self.y)
        notes = [f"fitted on {len(rows)} of {len(self.y)} rows"] if few else []
        return self.x[rows], self.y[rows], notes


def _linear(task: _Task) -> Result:
    """Fits ordinary least squares."""
    from sklearn.linear_model import LinearRegression

    model = _standardised(LinearRegression()).fit(task.x, task.y)
    return model.predict(task.unseen), task.x.shape[1] + 1, ""


def _logarithmic(task: _Task) -> Result:
    """Fits least squares on the logarithms of all columns and of the target."""
    from sklearn.linear_model import LinearRegression

    columns = [*np.concatenate([task.x, task.unseen]).T, task.y]
    bad = [name for name, values in zip(task.names, columns, strict=True) if values.min() <= 0]
    if bad:
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        return None, None, f"not every value is positive: {bad[0]!r}{more}"
    model = _standardised(LinearRegression()).fit(np.log(task.x), np.log(task.y))
    with np.errstate(over="ignore"):
        return np.exp(model.predict(np.log(task.unseen))), task.x.shape[1] + 1, ""


def _network(task: _Task) -> Result:
    """Fits a network of two hidden layers, with early stopping on a tenth of its rows."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    x, y, notes = task.some(NETWORK_ROWS)
    epochs = int(np.clip(NETWORK_WORK // len(x), 100, 2000))
    network = MLPRegressor(
        hidden_layer_sizes=(16, 16),
        learning_rate_init=5e-3,
        max_iter=epochs,
        early_stopping=True,
        validation_fraction=max(0.1, 2 / len(x)),
        n_iter_no_change=50,
        tol=1e-7,
        random_state=task.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Scikit-learn would continue after Ctrl-C, with a warning.
        warnings.filterwarnings("error", "Training interrupted by user")
        try:
            model = _standardised(network).fit(x, y)
        except UserWarning as error:
            raise KeyboardInterrupt from error
    fitted: Any = model.regressor_[-1]
    notes += [f"stopped after {epochs} epochs"] if fitted.n_iter_ == epochs else []
    parameters = sum(part.size for part in (*fitted.coefs_, *fitted.intercepts_))
    return model.predict(task.unseen), parameters, "; ".join(notes)


def _trees(task: _Task) -> Result:
    """Fits gradient-boosted trees."""
    from sklearn import ensemble
    from sklearn.preprocessing import FunctionTransformer

    x, y, notes = task.some(TREE_ROWS)
    small = len(x) < SMALL
    if small:
        trees = ensemble.GradientBoostingRegressor(n_estimators=300, random_state=task.seed)
    else:
        trees = ensemble.HistGradientBoostingRegressor(random_state=task.seed)
    # Some of them use float32, which a held-out value may overflow.
    within = FunctionTransformer(np.clip, kw_args={"a_min": -1e30, "a_max": 1e30})
    model = _standardised(trees, within).fit(x, y)
    fitted: Any = model.regressor_[-1]
    if small:
        leaves = sum(int(tree.get_n_leaves()) for tree in fitted.estimators_.ravel())
    else:
        leaves = fitted.n_iter_ * fitted.max_leaf_nodes
    return model.predict(task.unseen), leaves, "; ".join(notes)


def _standardised(model: Any, *before: Any) -> Any:
    """Makes a pipeline that standardises inputs and target by the rows it is fitted on."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    inputs = make_pipeline(StandardScaler(), *before, model)
    return TransformedTargetRegressor(inputs, transformer=StandardScaler())


def _largest(values: np.ndarray) -> np.ndarray:
    """Returns the largest magnitude in each column; 1 for a column of zeros."""
    size = np.abs(values).max(axis=0)
    return np.where(size > 0, size, 1.0)
