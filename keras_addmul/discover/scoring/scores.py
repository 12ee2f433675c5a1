"""Scores of predictions: R^2, its bootstrap interval, and the relative error."""

import numpy as np

from keras_addmul.annotations import ArrayLike

__all__ = ["beats_the_mean", "outlying_rows", "r2", "r2_interval", "relative_error", "robust_r2"]

RESAMPLES = 2000
FEWEST = 8  # rows of an interval, and of a test
BY_CHANCE = 0.05  # the largest share of tables without a law that pass that test
GROUPS = 2000  # a resample draws at most so many; see `_sums`


def r2(y: ArrayLike, prediction: ArrayLike) -> float:
    """Returns R^2, the explained share of the variance of `y`; 1 for perfect predictions.

    It is -inf if a prediction is nan or infinite. For a constant `y` it is 1 if all
    predictions are right, and 0 otherwise.

    Args:
        y: Array of shape `(rows,)`.
        prediction: Array of shape `(rows,)`.

    Returns:
        R^2, at most 1.

    Example:
    >>> from keras_addmul.discover.scoring import scores
    >>> scores.r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    y, residual = _scaled(y, prediction)
    if not np.isfinite(residual).all():
        return -np.inf
    return float(_r2(np.sum(residual**2), np.sum((y - y.mean()) ** 2)))


def relative_error(y: ArrayLike, prediction: ArrayLike) -> float:
    """Returns the root mean square of the residuals, divided by that of `y`.

    It is inf if a prediction is nan or infinite, or if `y` is zero and the predictions are not.

    Example:
    >>> from keras_addmul.discover.scoring import scores
    >>> scores.relative_error([3.0, 4.0], [3.0, 9.0])
    1.0
    """
    y, residual = _scaled(y, prediction)
    if not np.isfinite(residual).all():
        return np.inf
    with np.errstate(over="ignore"):
        error, size = np.sqrt(np.mean(residual**2)), np.sqrt(np.mean(y**2))
    return float(error / size) if size > 0 else float(np.inf if error > 0 else 0.0)


def robust_r2(y: ArrayLike, prediction: ArrayLike) -> float:
    """Returns R^2 with medians in the place of means, which a few outliers do not move.

    It is 1 minus the square of the median residual over the median distance of the targets from
    their median; -inf if half of the predictions are not finite, or the targets hardly vary.

    Example:
    >>> from keras_addmul.discover.scoring import scores
    >>> y, told = [1.0, 2.0, 3.0, 4.0, 900.0], [1.1, 2.1, 3.1, 4.1, 5.1]
    >>> round(scores.robust_r2(y, told), 3), round(scores.r2(y, told), 3)
    (0.99, -0.243)
    """
    y, residual = _scaled(y, prediction)
    spread = float(np.median(np.abs(y - np.median(y))))
    size = float(np.median(np.where(np.isfinite(residual), np.abs(residual), np.inf)))
    if size == 0:
        return 1.0
    return 1 - (size / spread) ** 2 if spread > 0 and np.isfinite(size) else -np.inf


def outlying_rows(y: ArrayLike, prediction: ArrayLike) -> np.ndarray:
    """Returns the rows whose residuals rule R^2: few, far out, and with half of all squares.

    Args:
        y: Array of shape `(rows,)`.
        prediction: Array of shape `(rows,)`.

    Returns:
        Indices of the rows; none if there are no such.

    Example:
    >>> import numpy as np
    >>> from keras_addmul.discover.scoring import scores
    >>> y = np.arange(20.0)
    >>> scores.outlying_rows(y, y + 0.1 * np.sin(y) + 9.0 * (y == 4))
    array([4])
    """
    _, residual = _scaled(y, prediction)
    square = np.where(np.isfinite(residual), residual, np.inf) ** 2
    # Nine times the spread that most residuals have, if they are normal.
    far = np.flatnonzero(square > (9 * 1.4826) ** 2 * np.median(square))
    few = 0 < len(far) <= 0.1 * len(square)
    total = float(square.sum())
    rules = few and (not np.isfinite(total) or square[far].sum() > 0.5 * total)
    return far if rules else far[:0]


def r2_interval(
    y: ArrayLike, prediction: ArrayLike, seed: int = 0, confidence: float = 0.95
) -> tuple[float, float]:
    """Returns a bootstrap interval of `r2`: percentiles of R^2 over resamples of the rows.

    Args:
        y: Array of shape `(rows,)`.
        prediction: Array of shape `(rows,)`.
        seed: Seed of the resamples.
        confidence: Share of the resamples inside the interval.

    Returns:
        Pair `(low, high)`; a pair of nan for fewer than eight rows, of which resamples tell
        nothing, or if a prediction is not finite.

    Example:
    >>> import numpy as np
    >>> from keras_addmul.discover.scoring import scores
    >>> y = np.arange(100.0)
    >>> low, high = scores.r2_interval(y, y + np.sin(y**2))
    >>> bool(low < scores.r2(y, y + np.sin(y**2)) < high)
    True
    """
    from scipy import stats

    y, residual = _scaled(y, prediction)
    if len(y) < FEWEST or not np.isfinite(residual).all():
        return np.nan, np.nan
    rng = np.random.default_rng(seed)
    result = stats.bootstrap(
        _sums(y - y.mean(), residual, rng),
        _r2_of_sums,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=200,
        method="percentile",
        rng=rng,
    )
    drawn = result.bootstrap_distribution
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return np.nan, np.nan
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _scaled(y: ArrayLike, prediction: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Returns `y` and the residuals, divided by a unit in which no square overflows."""
    y = np.asarray(y, "float64").reshape(-1)
    prediction = np.asarray(prediction, "float64").reshape(-1)
    if y.shape != prediction.shape:
        raise ValueError(
            "`y` and `prediction` must have the same number of rows. "
            f"Received: {len(y)} and {len(prediction)}"
        )
    unit = np.abs(y).max(initial=0.0)
    unit = unit if unit > 0 else 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        return y / unit, (y - prediction) / unit


def _sums(y: np.ndarray, residual: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Returns the terms of R^2 for each row: squared residual, y, its square, and the count 1.

    Many rows are dealt at random to a few thousand groups, and the groups are resampled
    instead: sums over groups vary as sums over rows do.
    """
    parts = np.stack([residual**2, y, y**2, np.ones_like(y)])
    if len(y) > GROUPS:
        parts = parts[:, rng.permutation(len(y))]
        starts = np.linspace(0, len(y), GROUPS, endpoint=False).astype(int)
        parts = np.add.reduceat(parts, starts, axis=1)
    return tuple(parts)


def _r2_of_sums(
    residual: np.ndarray, y: np.ndarray, square: np.ndarray, count: np.ndarray, axis: int = -1
) -> np.ndarray:
    residual, y, square, count = (a.sum(axis=axis) for a in (residual, y, square, count))
    return _r2(residual, np.maximum(square - y**2 / count, 0.0))


def _r2(residual: ArrayLike, total: ArrayLike) -> np.ndarray:
    """Returns R^2 from the two sums of squares; if the target does not vary, 1 or 0."""
    flat = total <= 0
    r2 = 1 - residual / np.where(flat, 1.0, total)
    return np.where(flat, np.where(residual > 0, 0.0, 1.0), r2)


def beats_the_mean(y: ArrayLike, prediction: ArrayLike) -> bool:
    """Tells whether predictions are closer than the mean of the targets by more than chance.

    By Wilcoxon's signed-rank test of the squared residuals: a few rows do not decide, and of
    a hundred tables without any law, at most five pass. Fewer than 8 rows are taken at their word.

    Args:
        y: Targets, of shape `(rows,)`.
        prediction: Predictions that were made without knowing them, of the same shape.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.discover.scoring.scores import beats_the_mean
    >>> y = np.random.default_rng(0).normal(size=20)
    >>> beats_the_mean(y, y + 0.3 * y[::-1]), beats_the_mean(y, 0.3 * y[::-1])
    (True, False)
    """
    from scipy.stats import wilcoxon

    y, residual = _scaled(y, prediction)
    if not np.isfinite(residual).all():
        return False
    varied = (y - y.mean()) ** 2
    gain = varied - residual**2
    gain[np.abs(gain) < 1e-12 * varied.max()] = 0.0  # rounding
    if not gain.any():
        return False
    if len(gain) < FEWEST:
        return bool(gain.sum() > 0)
    return bool(wilcoxon(gain, alternative="greater").pvalue < BY_CHANCE)
