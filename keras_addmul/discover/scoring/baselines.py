"""What other methods make of the same table: the figures a formula is to be compared with."""

import dataclasses
import time

import numpy as np

from keras_addmul.discover.report import scores

__all__ = ["Baseline", "compare"]

NETWORK_ROWS = 20_000  # of more, the network is given so many
TREE_ROWS = 100_000  # of more, the trees are given so many
SMALL = 2_000  # rows; below it trees grow one by one, on the values themselves


@dataclasses.dataclass(frozen=True)
class Baseline:
    """How another method did on the held-out rows.

    Attributes:
        name: Of the method.
        r2: R^2 on the held-out rows, or None where the method cannot be used.
        error: Root mean square of the residuals over that of the target, or None.
        parameters: How many numbers it fitted; of trees, their leaves.
        seconds: Time taken.
        note: What has to be said, or an empty string.
    """

    name: str
    r2: float | None
    error: float | None
    parameters: int | None
    seconds: float
    note: str = ""


def compare(table, train, held_out, seed=0):
    """Fits the other methods on the training rows and measures them on the held-out ones.

    They are ordinary least squares; least squares on logarithms, where every value is
    positive; a network of two hidden Dense layers of 16 units; and gradient-boosted
    trees. Inputs and target are standardised for the network, and none of
    the methods sees the held-out rows.

    Args:
        table: `Table`.
        train: Indices of the rows to fit on.
        held_out: Indices of the rows to measure on.
        seed: Of everything that is drawn.

    Returns:
        List of `Baseline`.

    Example:
    >>> import numpy as np
    >>> from keras_addmul.discover.report import baselines
    >>> from keras_addmul.discover.table import reading
    >>> x = np.random.default_rng(0).uniform(1, 5, (80, 2))
    >>> rows = reading.read(x, x[:, 0] ** 2 / x[:, 1])
    >>> found = baselines.compare(rows, np.arange(60), np.arange(60, 80))
    >>> [(b.name, b.parameters) for b in found[:2]]
    [('least squares', 3), ('least squares on logarithms', 3)]
    >>> found[1].error < 1e-13
    True
    """
    train, held_out = np.asarray(train), np.asarray(held_out)
    methods = {
        "least squares": _linear,
        "least squares on logarithms": _logarithmic,
        "Dense network, 2 x 16": _network,
        "gradient-boosted trees": _trees,
    }
    found = []
    for name, method in methods.items():
        start = time.perf_counter()
        prediction, parameters, note = method(table, train, held_out, seed)
        seconds = time.perf_counter() - start
        y = table.y[held_out]
        fits = prediction is not None
        found.append(
            Baseline(
                name,
                scores.r2(y, prediction) if fits else None,
                scores.relative_error(y, prediction) if fits else None,
                parameters,
                seconds,
                note,
            )
        )
    return found


def _linear(table, train, held_out, seed):
    """Prediction, number of parameters and note of ordinary least squares."""
    x, (center, scale) = _standard(table.x[train])
    y, (middle, unit) = _standard(table.y[train])
    weights = _least_squares(x, y)
    answer = _affine((table.x[held_out] - center) / scale, weights)
    return middle + unit * answer, weights.size, ""


def _logarithmic(table, train, held_out, seed):
    """The same on the logarithms of all columns and of the target."""
    used = np.concatenate([train, held_out])
    columns = [*zip(table.names, table.x[used].T, strict=True), (table.target, table.y[train])]
    bad = [name for name, values in columns if values.min() <= 0]
    if bad:
        more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
        return None, None, f"not every value is positive: {bad[0]!r}{more}"
    x, (center, scale) = _standard(np.log(table.x[train]))
    weights = _least_squares(x, np.log(table.y[train]))
    with np.errstate(over="ignore"):
        answer = np.exp(_affine((np.log(table.x[held_out]) - center) / scale, weights))
    return answer, weights.size, ""


def _network(table, train, held_out, seed):
    """The same of a network of Dense layers, by the usual recipe."""
    from keras_addmul.discover.report.network_baseline import fit_network

    rng = np.random.default_rng(seed)
    rows = rng.permutation(train)[:NETWORK_ROWS]
    x, (center, scale) = _standard(table.x[rows])
    y, (middle, unit) = _standard(table.y[rows])
    model, note = fit_network(x.astype("float32"), y.astype("float32"), seed)
    unseen = ((table.x[held_out] - center) / scale).astype("float32")
    answer = np.asarray(model(unseen, training=False))[:, 0].astype("float64")
    if len(rows) < len(train):
        note = f"fitted on {len(rows)} of {len(train)} rows{'; ' if note else ''}{note}"
    return middle + unit * answer, model.count_params(), note


def _trees(table, train, held_out, seed):
    """The same of gradient-boosted trees."""
    from sklearn import ensemble
    from threadpoolctl import threadpool_limits

    rows = np.random.default_rng(seed).permutation(train)[:TREE_ROWS]
    # Trees do not mind the scale, but scikit-learn gives some of them float32.
    scale = np.abs(table.x[train]).max(axis=0)
    scale[scale == 0] = 1.0
    x, unseen = table.x[rows] / scale, np.clip(table.x[held_out] / scale, -1e30, 1e30)
    y, (middle, unit) = _standard(table.y[rows])
    # Threads that wait for each other on a busy machine cost ten times what they save.
    with threadpool_limits(1):
        if len(rows) < SMALL:
            model = ensemble.GradientBoostingRegressor(n_estimators=300, random_state=seed)
            model.fit(x, y)
            leaves = sum(int(tree.get_n_leaves()) for tree in model.estimators_.ravel())
        else:
            model = ensemble.HistGradientBoostingRegressor(random_state=seed).fit(x, y)
            leaves = model.n_iter_ * model.max_leaf_nodes
        answer = model.predict(unseen)
    note = f"fitted on {len(rows)} of {len(train)} rows" if len(rows) < len(train) else ""
    return middle + unit * answer, leaves, note


def _standard(values):
    """Values with mean 0 and standard deviation 1 by column, and what was taken and divided."""
    unit = np.abs(values).max(axis=0)
    unit = np.where(unit > 0, unit, 1.0)
    center = (values / unit).mean(axis=0) * unit
    scale = (values / unit).std(axis=0) * unit
    scale = np.where(scale > 0, scale, 1.0)
    return (values - center) / scale, (center, scale)


def _least_squares(x, y):
    """Coefficients, the constant first."""
    return np.linalg.lstsq(np.column_stack([np.ones(len(x)), x]), y, rcond=None)[0]


def _affine(x, weights):
    return weights[0] + x @ weights[1:]
