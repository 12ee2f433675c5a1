"""The single-module arithmetic task: `y = a op b`, learned in one range, judged in another.

[Mistry, Farrahi & Hare, 2022](https://jmlr.org/papers/v23/21-0211.html). Many models
are trained at once: model `r * seeds + s` has seed `s` in `RANGES[r]`, and sees the same
numbers however many others run beside it. Everything that draws or measures is made of
tensor operations, and may be part of one XLA program.
"""

import dataclasses

import numpy as np
import tensorflow as tf

EPSILON = 1e-5  # what the weights of a model that just succeeds are off by

OPERATIONS = {
    "add": tf.add,
    "sub": tf.subtract,
    "mul": tf.multiply,
    "div": tf.divide,
}


@dataclasses.dataclass(frozen=True)
class Range:
    """Bounds of the numbers in training, and of those a model is judged by."""

    inside: tuple
    outside: tuple
    two_sided: bool = False  # outside, each number is negated with probability 1/2

    def __str__(self):
        return f"[{self.inside[0]:g}, {self.inside[1]:g}]"


RANGES = (
    Range((-20.0, -10.0), (-40.0, -20.0)),
    Range((-2.0, -1.0), (-6.0, -2.0)),
    Range((-1.2, -1.1), (-6.1, -1.2)),
    Range((-0.2, -0.1), (-2.0, -0.2)),
    Range((-2.0, 2.0), (2.0, 6.0), two_sided=True),
    Range((0.1, 0.2), (0.2, 2.0)),
    Range((1.0, 2.0), (2.0, 6.0)),
    Range((1.1, 1.2), (1.2, 6.0)),
    Range((10.0, 20.0), (20.0, 40.0)),
)


def sample(seeds, step, size, inputs=2, outside=False):
    """Returns inputs of shape `(ranges * seeds, size, inputs)`.

    Args:
        seeds: Number of seeds: 0, 1, ...
        step: Integer or integer tensor; another step draws other numbers.
        size: Number of rows.
        inputs: Number of columns.
        outside: Whether they come from the range that models are judged in.
    """
    low, high = _bounds(seeds, outside)
    bits = _bits(seeds, step, size, inputs, outside)
    # 24 bits make a float between 0 and 1, ends excluded; the last one makes a sign.
    unit = tf.cast(tf.cast(_shift(bits, 8), tf.int32), tf.float32)
    x = low + (high - low) * ((unit + 0.5) * 2.0**-24)
    if not outside:
        return x
    odd = tf.cast(tf.cast(tf.bitwise.bitwise_and(bits, _uint(1)), tf.int32), tf.float32)
    both = np.repeat([r.two_sided for r in RANGES], seeds).astype("float32")[:, None, None]
    return x * (1.0 - 2.0 * both * odd)


def target(operation, x, columns=(0, 1)):
    """Returns `a op b` of two columns, of shape `(models, size)`."""
    return OPERATIONS[operation](x[..., columns[0]], x[..., columns[1]])


def validation_inputs(seeds, size=10_000, inputs=2):
    """The fixed points by which the best step of a run is chosen."""
    return sample(seeds, -1, size, inputs)


def extrapolation_inputs(seeds, size=10_000, inputs=2):
    """The fixed points outside the training range; no choice may depend on them."""
    return sample(seeds, -1, size, inputs, outside=True)


def mean_squared_error(predicted, wanted):
    """The error of each model, of shape `(models,)`."""
    return tf.reduce_mean(tf.square(predicted - wanted), axis=-1)


def sparsity_error(weights):
    """`max min(|w|, |1 - |w||)` of each model: how far a weight is from -1, 0 and 1."""
    size = tf.abs(weights)
    distance = tf.minimum(size, tf.abs(1.0 - size))
    return tf.reduce_max(tf.reshape(distance, (tf.shape(weights)[0], -1)), axis=1)


def threshold(operation, between):
    """The error outside of a model whose weights are off by `EPSILON`."""
    low, high = np.sort(np.abs(between.outside))
    square = (low * low + low * high + high * high) / 3.0
    if operation in ("add", "sub"):
        return EPSILON**2 * 2.0 * (square + ((low + high) / 2.0) ** 2)
    if operation == "mul":
        return (1.0 - (1.0 - EPSILON) ** 2) ** 2 * square**2
    return (1.0 - (1.0 - EPSILON) / (1.0 + EPSILON)) ** 2 * square / (low * high)


def thresholds(operation, seeds):
    """The threshold of each model, of shape `(models,)`."""
    return np.repeat([threshold(operation, r) for r in RANGES], seeds)


def summary(operation, steps, validation, extrapolation, sparsity):
    """What is reported of many runs.

    Args:
        operation: Name of the operation.
        steps: Iterations at which models were measured, of shape `(logs,)`.
        validation, extrapolation, sparsity: What was measured, `(logs, models)`. A run
            succeeds where the extrapolation error of the step of its least validation
            error is below the threshold.

    Returns:
        Dictionary: `successes`, `runs`, `interval` (Wilson, 95 %), `by_range`,
        `first_success` (the median first step below the threshold of those that
        succeed) and `sparsity` (their median at the chosen step); both None without one.
    """
    validation, extrapolation, sparsity = map(np.asarray, (validation, extrapolation, sparsity))
    models = validation.shape[1]
    best = np.argmin(np.where(np.isfinite(validation), validation, np.inf), axis=0)
    below = extrapolation < thresholds(operation, models // len(RANGES))  # False for nan
    won = below[best, np.arange(models)]
    first = np.asarray(steps)[np.argmax(below, axis=0)]
    chosen = sparsity[best, np.arange(models)]
    return {
        "successes": int(won.sum()),
        "runs": models,
        "interval": wilson(int(won.sum()), models),
        "by_range": won.reshape(len(RANGES), -1).sum(axis=1).tolist(),
        "first_success": float(np.median(first[won])) if won.any() else None,
        "sparsity": float(np.median(chosen[won])) if won.any() else None,
    }


def wilson(successes, runs):
    """The 95 % interval of a success rate, as a list of two numbers."""
    from scipy.stats import binomtest

    interval = binomtest(successes, runs).proportion_ci(method="wilson")
    return [round(float(interval.low), 4), round(float(interval.high), 4)]


def _bounds(seeds, outside):
    pairs = np.array([r.outside if outside else r.inside for r in RANGES], "float32")
    return np.repeat(pairs, seeds, axis=0)[:, :, None, None].swapaxes(0, 1)


def _bits(seeds, step, size, inputs, outside):
    """Random bits that depend on range, seed, step, row and column, and on nothing else.

    A hash of a counter: equal in every mode, and under XLA on a CPU six times as fast as
    the framework's generator.
    """
    models = np.arange(len(RANGES))[:, None] * 65_536 + np.arange(seeds)
    key = _mixed(_uint(models.reshape(-1, 1, 1) * 2 + bool(outside)))
    key = _mixed(key + _mixed(tf.cast(step, tf.uint32) + _uint(0x9E3779B9)))
    cells = tf.reshape(tf.range(size * inputs), (1, size, inputs))
    return _mixed(_mixed(tf.cast(cells, tf.uint32) + key) ^ key)


def _mixed(bits):
    """A bijection of 32 bits in which each bit depends on all."""
    bits = (bits ^ _shift(bits, 16)) * _uint(0x7FEB352D)
    bits = (bits ^ _shift(bits, 15)) * _uint(0x846CA68B)
    return bits ^ _shift(bits, 16)


def _shift(bits, by):
    return tf.bitwise.right_shift(bits, _uint(by))


def _uint(value):
    return tf.constant(np.asarray(value, "uint32"))
