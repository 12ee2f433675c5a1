"""The scores of other methods on the same table, to compare a formula with."""

import dataclasses
import time
import warnings
from typing import Any

import numpy as np

from keras_addmul.annotations import ArrayLike
from keras_addmul.discover.scoring import scores
from keras_addmul.discover.table.reading import Table
from keras_addmul.extras import require_extra

__all__ = ["Baseline", "compare"]

# Predictions of the held-out rows, or None; how many numbers were fitted, or None; a note.
Result = tuple[np.ndarray | None, int | None, str]

NETWORK_ROWS = 20_000  # of more rows, the network is given so many
NETWORK_WORK = 4_000_000  # rows that the network may see, each as often as there are epochs
TREE_ROWS = 100_000  # of more rows, the trees are given so many
SMALL = 2_000  # rows; below it trees grow one by one, on the values themselves


@dataclasses.dataclass(frozen=True)
class Baseline:
    """The scores of another method on the held-out rows.

    Attributes:
        name: Of the method.
        r2: R^2 on the held-out rows, or None where the method cannot be used.
        error: Root mean square of the residuals over that of the target, or None.
        parameters: How many numbers it fitted; of trees, their leaves.
        seconds: Time taken.
        note: Why it could not be used, what it was not given, or an empty string.
    """

    name: str
    r2: float | None
    error: float | None
    parameters: int | None
    seconds: float
    note: str = ""


def compare(table: Table, train: ArrayLike, held_out: ArrayLike, seed: int = 0) -> list[Baseline]:
    """Fits other methods on the training rows, and measures them on the held-out ones.

    The methods are scikit-learn's: ordinary least squares; least squares on logarithms,
    where every value is positive; a network of two hidden layers of 16 units; and
    gradient-boosted trees. Inputs and target are standardised, and none of the methods
    sees the held-out rows. Ctrl-C ends the comparison with the methods until then.

    Args:
        table: `Table`.
        train: Indices of the rows to fit on.
        held_out: Indices of the rows to measure on.
        seed: Of everything that is drawn.

    Returns:
        List of `Baseline`.

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
            # Threads that wait for each other on a busy machine cost ten times what they save.
            with threadpool_limits(1):
                prediction, parameters, note = method(table, train, held_out, seed)
        except KeyboardInterrupt:
            break
        seconds = time.perf_counter() - start
        y = table.y[held_out]
        found.append(
            Baseline(
                name,
                None if prediction is None else scores.r2(y, prediction),
                None if prediction is None else scores.relative_error(y, prediction),
                parameters,
                seconds,
                note,
            )
        )
    return found


def _linear(table: Table, train: np.ndarray, held_out: np.ndarray, seed: int) -> Result:
    """Ordinary least squares."""
    from sklearn.linear_model import LinearRegression

    model = _standardised(LinearRegression()).fit(table.x[train], table.y[train])
    return model.predict(table.x[held_out]), table.x.shape[1] + 1, ""


def _logarithmic(table: Table, train: np.ndarray, held_out: np.ndarray, seed: int) -> Result:
    """The same on the logarithms of all columns and of the target."""
    from sklearn.linear_model import LinearRegression

    used = np.concatenate([train, held_out])
    columns = [*zip(table.names, table.x[used].T, strict=True), (table.target, table.y[train])]
    bad = [name for name, values in columns if values.min() <= 0]
    if bad:
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        return None, None, f"not every value is positive: {bad[0]!r}{more}"
    model = _standardised(LinearRegression())
    model.fit(np.log(table.x[train]), np.log(table.y[train]))
    with np.errstate(over="ignore"):
        answer = np.exp(model.predict(np.log(table.x[held_out])))
    return answer, table.x.shape[1] + 1, ""


def _network(table: Table, train: np.ndarray, held_out: np.ndarray, seed: int) -> Result:
    """A network of two hidden layers, which stops when a tenth of its rows get no better."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    rows = np.random.default_rng(seed).permutation(train)[:NETWORK_ROWS]
    epochs = int(np.clip(NETWORK_WORK // len(rows), 100, 2000))
    network = MLPRegressor(
        hidden_layer_sizes=(16, 16),
        learning_rate_init=5e-3,
        max_iter=epochs,
        early_stopping=True,
        n_iter_no_change=50,
        tol=1e-7,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # Scikit-learn would go on after Ctrl-C, with a warning.
        warnings.filterwarnings("error", "Training interrupted by user")
        try:
            model = _standardised(network).fit(table.x[rows], table.y[rows])
        except UserWarning as error:
            raise KeyboardInterrupt from error
    fitted: Any = model.regressor_[-1]
    notes = _some(rows, train)
    notes += [f"stopped after {epochs} epochs"] if fitted.n_iter_ == epochs else []
    parameters = sum(part.size for part in (*fitted.coefs_, *fitted.intercepts_))
    return model.predict(table.x[held_out]), parameters, "; ".join(notes)


def _trees(table: Table, train: np.ndarray, held_out: np.ndarray, seed: int) -> Result:
    """Gradient-boosted trees."""
    from sklearn import ensemble
    from sklearn.preprocessing import FunctionTransformer

    rows = np.random.default_rng(seed).permutation(train)[:TREE_ROWS]
    small = len(rows) < SMALL
    if small:
        trees = ensemble.GradientBoostingRegressor(n_estimators=300, random_state=seed)
    else:
        trees = ensemble.HistGradientBoostingRegressor(random_state=seed)
    # Some of them take float32, in which a held-out value may be too large.
    within = FunctionTransformer(np.clip, kw_args={"a_min": -1e30, "a_max": 1e30})
    model = _standardised(trees, within).fit(table.x[rows], table.y[rows])
    fitted: Any = model.regressor_[-1]
    if small:
        leaves = sum(int(tree.get_n_leaves()) for tree in fitted.estimators_.ravel())
    else:
        leaves = fitted.n_iter_ * fitted.max_leaf_nodes
    return model.predict(table.x[held_out]), leaves, "; ".join(_some(rows, train))


def _standardised(model: Any, *more: Any) -> Any:
    """A pipeline that standardises the inputs, and the target, by the rows it is fitted on."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, StandardScaler

    # First to numbers of at most 1, whose squares neither overflow nor vanish.
    inputs = make_pipeline(MaxAbsScaler(), StandardScaler(), *more, model)
    return TransformedTargetRegressor(
        inputs, transformer=make_pipeline(MaxAbsScaler(), StandardScaler())
    )


def _some(rows: np.ndarray, train: np.ndarray) -> list[str]:
    return [f"fitted on {len(rows)} of {len(train)} rows"] if len(rows) < len(train) else []
