"""Trains one model with many seeds at once, in one program of JAX, so that a seed costs little.

The rules are those of `keras_addmul.compare`: a seed draws the split, the batches and the initial
weights; layers that an arm shares with the baseline start with equal weights; every arm has as
many steps. Each arm trains at the learning rate that suits it: the one of `RATES` with the lowest
mean score over seeds that are used for nothing else. Needs `KERAS_BACKEND=jax`.
"""

import dataclasses
import os
import time

import jax
import jax.numpy as jnp
import keras
import numpy as np

from keras_addmul.compare import rows_of_data
from keras_addmul.compare.starting_alike import start_alike

RATES = (0.001, 0.003, 0.01, 0.03)
SEEDS, PILOTS, BATCH, HELD_OUT = 12, 3, 32, 0.25


def start_with_one_thread():
    """Starts XLA, which makes a thread for each core that it sees, where it sees one.

    Such small operations are done before they are handed over to another thread.
    """
    os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    if hasattr(os, "sched_setaffinity"):
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cores)})
        jax.devices()
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), cores)


@dataclasses.dataclass
class Scores:
    """What came of the training of one arm.

    Attributes:
        scores: The score on the held-out rows by seed, None where it is not finite.
        failed: Whether the run ended in nan, or with no lower loss than it began with.
        rate: The learning rate that was chosen.
        parameters: Number of trainable numbers.
        seconds: Seconds of a step of all seeds, without the compilation.
    """

    scores: list
    failed: list
    rate: float
    parameters: int
    seconds: float


def train(build, baseline, x, y, classes, scale, steps):
    """Returns the `Scores` of one arm on one table.

    Args:
        build: Function without arguments that returns a fresh model.
        baseline: The same for the model that it starts like.
        x: All inputs.
        y: All targets.
        classes: Number of classes, or 0 where the target is a number.
        scale: How inputs are scaled.
        steps: Number of steps.
    """
    model = build()
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    one = _program(model, optimizer, classes)
    run = jax.jit(jax.vmap(one))

    def scored(seeds, rates):
        rows = [rows_of_seed(x, y, seed, scale) for seed in seeds]
        starts = [_start(build, baseline, seed, optimizer) for seed in seeds]
        order = np.stack([_order(len(rows[0][0]), seed, steps) for seed in seeds])
        began = time.perf_counter()
        found = run(
            jax.tree.map(lambda *v: jnp.stack(v), *starts),
            [jnp.stack(part) for part in zip(*rows, strict=True)],
            jnp.asarray(order),
            jnp.asarray(rates, "float32"),
            jnp.asarray(seeds, "int32"),
        )
        score, before, after = (np.asarray(v, float) for v in found)
        bad = ~np.isfinite(score) | ~np.isfinite(after) | ~(after < before)
        return score, bad, time.perf_counter() - began

    pilots = [10_000 + i for i in range(PILOTS)] * len(RATES)
    score, bad, _ = scored(pilots, np.repeat(RATES, PILOTS))
    ranked = np.where(bad, np.inf, score).reshape(len(RATES), PILOTS)
    # Where every rate fails sometimes, the one that fails least.
    rate = RATES[min(range(len(RATES)), key=lambda i: _rank(ranked[i]))]
    score, bad, seconds = scored(range(SEEDS), np.full(SEEDS, rate))
    return Scores(
        [float(f"{v:.5g}") if np.isfinite(v) else None for v in score],
        bad.tolist(),
        rate,
        sum(int(np.prod(v.shape)) for v in model.trainable_variables),
        seconds / steps,
    )


def _rank(scores):
    fine = scores[np.isfinite(scores)]
    return len(scores) - len(fine), float(fine.mean()) if len(fine) else 0.0


def rows_of_seed(x, y, seed, scale):
    """Returns inputs and targets of the training rows and of those that are held out."""
    settings = {"held_out": HELD_OUT, "folds": None, "scale": scale}
    known, held_out = rows_of_data.of_seed(x, y, seed, settings)
    return (*known, *held_out)


def _order(rows, seed, steps):
    """Indices of the rows of each batch: every epoch shuffles anew."""
    rng, per_epoch = np.random.default_rng([seed, 2]), rows // BATCH
    epochs = [rng.permutation(rows)[: per_epoch * BATCH] for _ in range(-(-steps // per_epoch))]
    return np.concatenate(epochs).reshape(-1, BATCH)[:steps].astype("int32")


def _start(build, baseline, seed, optimizer):
    keras.utils.set_random_seed(seed)
    first = baseline()
    keras.utils.set_random_seed(seed)
    model = build()
    start_alike(model, first)
    weights = model.trainable_variables, model.non_trainable_variables
    values = ([variable.value for variable in part] for part in weights)
    return (*values, [jnp.zeros_like(v.value) for v in optimizer.variables])


def _program(model, optimizer, classes):
    def loss_of(trainable, rest, x, y, training):
        answer, rest, extra = model.stateless_call(
            trainable, rest, x, training=training, return_losses=True
        )
        if classes:
            plain = jnp.mean(keras.losses.sparse_categorical_crossentropy(y, answer))
        else:
            plain = jnp.mean(jnp.square(answer - y))
        return plain + sum(extra, 0.0), (plain, rest)

    # The variable of the learning rate is one of the optimizer's.
    place = next(i for i, v in enumerate(optimizer.variables) if v is optimizer._learning_rate)

    def one(start, rows, order, rate, seed):
        trainable, rest, state = start
        state = [rate if i == place else v for i, v in enumerate(state)]
        x, y, held_x, held_y = rows
        before = loss_of(trainable, rest, x, y, False)[1][0]

        def step(carry, index):
            trainable, rest, state = carry
            (_, (_, rest)), slopes = jax.value_and_grad(loss_of, has_aux=True)(
                trainable, rest, x[index], y[index], True
            )
            trainable, state = optimizer.stateless_apply(state, slopes, trainable)
            return (trainable, rest, state), None

        (trainable, rest, state), _ = jax.lax.scan(step, (trainable, rest, state), order)
        after = loss_of(trainable, rest, x, y, False)[1][0]
        score = loss_of(trainable, rest, held_x, held_y, False)[1][0]
        return score if classes else jnp.sqrt(score), before, after

    return one
