"""Trains the models of one published unit at once, each through the real layer."""

import keras
import numpy as np
import tensorflow as tf

from tests.benchmarks import arithmetic_task as task

BATCH, LOG_EVERY = 128, 1000


def train(peer, operation, iterations, seeds, watch=iter):
    """Returns validation, extrapolation and sparsity errors, each `(logs, models)`."""
    layer = peer.make()
    layer.build((None, 2))
    starts = [initial_weights(layer, seeds, attempt) for attempt in range(1 + 9 * peer.restarts)]
    weights = [tf.constant(w) for w in starts[0]]
    state = (weights, [tf.zeros_like(w) for w in weights], [tf.zeros_like(w) for w in weights])
    measure = _measure(peer, layer, operation, seeds)
    train_some = _train_some(peer, layer, operation, seeds)
    restarts = Restarts(len(weights[0]))
    logs = []
    for first in watch(range(0, iterations + 1, LOG_EVERY)):
        logs.append([v.numpy() for v in measure(state[0])])
        if first == iterations:
            break
        when = restarts.times(first, logs[-1][0]) if peer.restarts else restarts.never
        again = [
            np.stack([starts[a][i][m] for m, a in enumerate(restarts.attempts)])
            for i in range(len(weights))
        ]
        small = tf.constant(logs[-1][0] < 1.0)
        state = train_some(state, tf.constant(first), tf.constant(when), again, small)
    return tuple(np.stack(log) for log in zip(*logs, strict=True))


def initial_weights(layer, seeds, attempt=0):
    """Weights of all models, each of shape `(ranges * seeds, ...)`; a seed's are one start."""
    drawn = []
    for seed in range(seeds):
        keras.utils.set_random_seed(1000 * attempt + seed)
        # The initializers of a fresh layer draw by the global seed.
        again = type(layer).from_config(layer.get_config())
        again.build((None, 2))
        drawn.append([w.numpy() for w in again.trainable_variables])
    return [
        np.tile(np.stack(w), (len(task.RANGES),) + w[0].ndim * (1,))
        for w in zip(*drawn, strict=True)
    ]


def predict(layer, weights, x, noise_step=None):
    """Every model's output of shape `(models, size)`, through the layer itself."""
    # The only other variable of a unit is a seed, and the noise is that of the step.
    seed = tf.stack([0, 0 if noise_step is None else noise_step])
    others = [tf.cast(seed, v.dtype) for v in layer.non_trainable_variables]
    how = {"training": noise_step is not None} if others else {}

    def one(given):
        x, *weights = given
        y, _ = layer.stateless_call(weights, others, x, **how)
        return y[:, 0]

    return tf.vectorized_map(one, (x, *weights))


def _measure(peer, layer, operation, seeds):
    inside, outside = task.validation_inputs(seeds), task.extrapolation_inputs(seeds)

    @tf.function(jit_compile=True, autograph=False)
    def measure(weights, inside, outside):
        errors = [
            task.mean_squared_error(predict(layer, weights, x), task.target(operation, x))
            for x in (inside, outside)
        ]
        return *errors, task.sparsity_error(peer.discrete(weights))

    return lambda weights: measure(weights, inside, outside)


def _train_some(peer, layer, operation, seeds):
    schedule = peer.schedule(operation)
    variables = layer.trainable_variables

    def penalty(weights, step):
        total = 0.0
        for variable, stacked in zip(variables, weights, strict=True):
            if variable.regularizer is not None:
                total += tf.vectorized_map(variable.regularizer, stacked)
        return total * schedule(tf.cast(step, tf.float32))

    def losses(weights, step, regularized):
        x = task.sample(seeds, step, BATCH)
        y = predict(layer, weights, x, noise_step=step)
        error = task.mean_squared_error(y, task.target(operation, x))
        return error + tf.where(regularized, penalty(weights, step), 0.0)

    @tf.function(jit_compile=True, autograph=False)
    def train_some(state, first, when, again, small):
        def body(step, weights, mean, square):
            regularized = tf.logical_and(small, step > 10_000) if peer.restarts else True
            with tf.GradientTape() as tape:
                tape.watch(weights)
                loss = tf.reduce_sum(losses(weights, step, regularized))
            gradients = clipped(tape.gradient(loss, weights), peer)
            weights, mean, square = adam(weights, mean, square, gradients, step, peer.rate)
            for i, variable in enumerate(variables):
                if variable.constraint is not None:
                    weights[i] = tf.convert_to_tensor(variable.constraint(weights[i]))
                if peer.restarts:
                    anew = tf.reshape(when == step, (-1,) + (1,) * (weights[i].shape.rank - 1))
                    weights[i] = tf.where(anew, again[i], weights[i])
            return step + 1, weights, mean, square

        start = (first, *state)
        return tf.while_loop(lambda *_: True, body, start, maximum_iterations=LOG_EVERY)[1:]

    return train_some


def clipped(gradients, peer):
    """The gradients of each model, bounded one by one or together."""
    if peer.clip_value is not None:
        return [tf.clip_by_value(g, -peer.clip_value, peer.clip_value) for g in gradients]
    if peer.clip_norm is not None:
        squares = [tf.reduce_sum(g * g, axis=range(1, g.shape.rank)) for g in gradients]
        scale = tf.minimum(1.0, peer.clip_norm / (tf.sqrt(tf.add_n(squares)) + 1e-6))
        return [g * tf.reshape(scale, (-1,) + (1,) * (g.shape.rank - 1)) for g in gradients]
    return gradients


def adam(weights, mean, square, gradients, step, rate):
    """One step of Adam with the bias corrected before epsilon is added."""
    mean = [0.9 * m + 0.1 * g for m, g in zip(mean, gradients, strict=True)]
    square = [0.999 * s + 0.001 * g * g for s, g in zip(square, gradients, strict=True)]
    t = tf.cast(step + 1, tf.float32)
    slow, fast = 1.0 - 0.9**t, 1.0 - 0.999**t
    weights = [
        w - rate * (m / slow) / (tf.sqrt(s / fast) + 1e-8)
        for w, m, s in zip(weights, mean, square, strict=True)
    ]
    return weights, mean, square


class Restarts:
    """iNALU's rule of when a model starts anew.

    The validation error, measured at each log, counts once an iteration. With more than
    5 000 of them since the last start, every tenth iteration asks: if those of the first
    half are on average no more than a standard deviation above those of the second half,
    and these above 1, the model starts anew.
    """

    def __init__(self, models):
        self.errors = np.zeros((models, 0))
        self.since = np.zeros(models, "int64")  # the iteration of each model's oldest error
        self.attempts = np.zeros(models, "int64")
        self.never = np.full(models, -1, "int32")

    def times(self, first, error):
        """The iteration after which each model starts anew, -1 for none, of the next 1 000."""
        self.errors = np.concatenate([self.errors, np.repeat(error[:, None], LOG_EVERY, 1)], 1)
        # Clipped far beyond any error that matters, so that squares stay finite.
        padded = np.pad(np.clip(self.errors, 0.0, 1e12), ((0, 0), (1, 0)))
        sums, squares = np.cumsum(padded, axis=1), np.cumsum(padded**2, axis=1)
        when, rows = self.never.copy(), np.arange(len(error))
        for step in range(first, first + LOG_EVERY, 10):
            count = step + 1 - self.since
            middle = self.since + count // 2
            early = (sums[rows, middle] - sums[rows, self.since]) / np.maximum(count // 2, 1)
            size = np.maximum(step + 1 - middle, 1)
            late = (sums[:, step + 1] - sums[rows, middle]) / size
            variance = (squares[:, step + 1] - squares[rows, middle]) / size - late**2
            stuck = early <= late + np.sqrt(np.maximum(variance, 0.0))
            anew = (count > 5000) & stuck & (late > 1.0) & (step > 0)
            when[anew] = step
            self.since[anew] = step + 1
            self.attempts[anew] += 1
        return when
