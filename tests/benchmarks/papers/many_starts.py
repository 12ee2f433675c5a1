"""Trains one model from many starts in one program, each start on rows of its own."""

import dataclasses
import time

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.restarts.program import Program

CHUNK = 250


@dataclasses.dataclass(frozen=True)
class Plan:
    """How every model of an experiment is trained.

    Attributes:
        steps: Steps of Adam, whose rate is held for half of them and then falls along a cosine.
        batch: Rows of a step.
        rates: Learning rates, of which each model gets the one that suits it.
        pilots: Seeds, used for nothing else, that choose the rate.
        ramp: Between which shares of the steps the pull of orders to their ends grows.
    """

    steps: int
    batch: int
    rates: tuple = (0.003, 0.01, 0.03)
    pilots: int = 2
    ramp: tuple = (0.4, 0.7)


@dataclasses.dataclass
class Found:
    """The models that came of it.

    Attributes:
        model: A model to set weights in.
        weights: Its weights for each seed.
        rate: The learning rate.
        seconds: Seconds a start, without the compilation.
    """

    model: keras.Model
    weights: list
    rate: float
    seconds: float

    def answers(self, seed, x):
        """What the model of a seed says to `x`."""
        self.model.set_weights(self.weights[seed])
        return np.asarray(self.model(x))


def train(build, rows, seeds, plan):
    """Returns the `Found` of one model.

    Args:
        build: Function without arguments that returns a fresh model.
        rows: From a seed to inputs and targets of training, and those that choose the rate.
        seeds: Number of starts.
        plan: The `Plan`.
    """
    pilots = [10_000 + i for i in range(plan.pilots)] * len(plan.rates)
    model = build()
    adam = keras.optimizers.Adam(plan.rates[0])
    program = Program(model, adam, keras.losses.MeanSquaredError(), max(seeds, len(pilots)))
    rate = plan.rates[0]
    if len(plan.rates) > 1:
        rates = np.repeat(plan.rates, plan.pilots)
        weights, _ = _advance(program, build, rows, pilots, rates, plan)
        errors = [_error(model, w, *rows(s)[2:]) for w, s in zip(weights, pilots, strict=True)]
        rate = plan.rates[int(np.argmin(np.reshape(errors, (-1, plan.pilots)).mean(axis=1)))]
    weights, seconds = _advance(program, build, rows, range(seeds), np.full(seeds, rate), plan)
    return Found(model, weights, rate, seconds / seeds)


def _error(model, weights, x, y):
    model.set_weights(weights)
    error = float(np.mean((np.asarray(model(x)) - y) ** 2))
    return np.log(error) if np.isfinite(error) else np.inf


def _advance(program, build, rows, seeds, rates, plan):
    starts, spare = [], program.sets - len(seeds)
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        starts.append(build().get_weights())
    weights = [np.stack(w) for w in zip(*starts, *starts[:1] * spare, strict=True)]
    data = [tuple(tf.constant(part) for part in rows(seed)[:2]) for seed in seeds]
    draws = [np.random.default_rng([seed, 3]) for seed in seeds]
    rates = np.concatenate([rates, np.zeros(spare)])
    state, variables = program.fresh_state(), program.optimizer.variables
    # The learning rate is one of the optimizer's variables, and so has a value for each start.
    place = next(i for i, v in enumerate(variables) if v is program.optimizer._learning_rate)
    began, first_chunk = time.perf_counter(), 0.0
    for first in range(0, plan.steps, CHUNK):
        share = first / plan.steps
        program.penalty.assign(np.interp(share, plan.ramp, (0.0, 1.0)))
        fall = 0.5 * (1.0 + np.cos(np.pi * max(2.0 * share - 1.0, 0.0)))
        for at, (x, y) in enumerate(data):
            state[place] = (rates * fall).astype("float32")
            index = draws[at].integers(len(x), size=(CHUNK, plan.batch)).astype("int32")
            weights, state, _ = program.advance(weights, state, [at], (x, y), index)
            first_chunk = first_chunk or time.perf_counter() - began
    seconds = time.perf_counter() - began - first_chunk
    weights = [np.asarray(w) for w in weights]
    return [[w[at] for w in weights] for at in range(len(seeds))], seconds
