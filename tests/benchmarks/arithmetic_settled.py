"""One `AddMulDense` unit on the single-module arithmetic task: one start, and settling.

    KERAS_BACKEND=jax python -m tests.benchmarks.arithmetic_settled [--operation OP] [--seeds N]

A run is one start from the layer's own initializers, with columns and target over their typical
sizes, and it is not told the operation. The orders are pulled to their ends after the first
third. What is done beyond that differs from row to row:

- `pulled`: nothing;
- `held`: after two thirds each order goes to its nearer end, with the parities of a product, and
  stays there for the rest of the training, as in `callbacks.SettleOrders`;
- `kept`: at that moment coefficients and exponents become those that change the unit's answers
  least;
- `fitted`: after the training they become those of the least squares to the targets, which a
  settled unit has in closed form or nearly so.

All runs of an operation train side by side through the real layer, under JAX.
"""

import argparse
import functools
import time

import jax
import jax.numpy as jnp
import keras
import numpy as np

from keras_addmul import special
from keras_addmul.layers import AddMulDense
from keras_addmul.layers.regularizers import OrdersToEnds
from tests.benchmarks import arithmetic_task as task
from tests.benchmarks.arithmetic_training import initial_weights
from tests.benchmarks.run import save

NAME = "arithmetic_settled"
BATCH, CHUNK, RATE, PULL = 128, 100, 0.01, 0.1
ARMS = ("pulled", "held", "kept", "fitted")
# Newton's steps of a product towards given answers; a sum needs one.
NEWTON = 8


def train(operation, seeds, steps):
    """The layer, and a dictionary of the weights of all models at the end of each arm."""
    layer = AddMulDense(1, use_bias=False, order_regularizer=OrdersToEnds(PULL))
    layer.build((None, 2))
    x = task.validation_inputs(seeds, 2000).numpy()
    sizes, y = _sizes(operation, x), task.target(operation, x).numpy()
    inputs, wanted = x.astype(float) / sizes[0], y.astype(float) / sizes[1][..., 0]
    advance = _advance(layer, operation, seeds, steps, sizes, wanted.var(axis=1))
    weights = [jnp.asarray(w) for w in initial_weights(layer, seeds)]
    zeros = [jnp.zeros_like(w) for w in weights]
    settle = 2 * steps // 3
    state = advance((weights, zeros, zeros), 0, settle, False)
    results = {"pulled": advance(state, settle, steps, False)[0]}
    held = settled(state[0])
    answers = np.asarray(predict(layer, state[0], inputs.astype("float32")), float)
    kept = nearest(held, inputs, answers)
    for name, start in (("held", held), ("kept", kept)):
        results[name] = advance((start, *state[1:]), settle, steps, True)[0]
    results["fitted"] = nearest(results["kept"], inputs, wanted)
    return layer, sizes, results


def predict(layer, weights, x):
    """Every model's output of shape `(models, size)`, through the layer itself."""
    return jax.vmap(lambda w, x: layer.stateless_call(w, [], x)[0][:, 0])(weights, x)


def settled(weights):
    """Orders at their nearer end, with the parities of the exponents, rounded, of products."""
    kernel, order, parity = (np.asarray(w) for w in weights)
    end = np.round(order)
    whole = np.asarray(special.parity_of(kernel))
    return [jnp.asarray(w) for w in (kernel, end, np.where(end[..., None] == 1.0, whole, parity))]


def nearest(weights, x, y):
    """The coefficients or exponents of settled units whose answers are nearest to `y`."""
    kernel, order, parity = (np.asarray(w, float) for w in weights)
    w, product = kernel[..., 0], order == 1.0
    log = np.log(np.maximum(np.abs(x), 1e-7))
    sign = np.prod(np.where(x < 0.0, 1.0 - 2.0 * parity[:, None, :, 0], 1.0), axis=-1)
    for _ in range(NEWTON):
        power = sign * np.exp(np.clip(np.einsum("mri,mi->mr", log, w), -30.0, 30.0))
        answer = np.where(product, power, np.einsum("mri,mi->mr", x, w))
        slopes = np.where(product[..., None], power[..., None] * log, x)
        square = np.einsum("mri,mrj->mij", slopes, slopes)
        square += 1e-14 * np.trace(square, axis1=1, axis2=2)[:, None, None] * np.eye(2)
        step = np.linalg.solve(square, np.einsum("mri,mr->mi", slopes, y - answer)[..., None])
        w = w + np.clip(step[..., 0], -1.0, 1.0)
    return [jnp.asarray(v, "float32") for v in (w[..., None], order, parity)]


def _sizes(operation, x):
    """The geometric means of columns and targets of all models."""
    y = task.target(operation, x).numpy()[..., None]
    return [np.exp(np.mean(np.log(np.abs(v)), axis=1, keepdims=True)) for v in (x, y)]


def _advance(layer, operation, seeds, steps, sizes, variance):
    """A function that trains the models from one step to another."""

    def loss(weights, x, y, step):
        pull = jnp.clip((step / steps - 0.3) / 0.2, 0.0, 1.0)
        pulls = jax.vmap(layer.order.regularizer)(weights[1])
        errors = jnp.mean((predict(layer, weights, x) - y) ** 2, axis=1) / variance
        return jnp.sum(errors + pull * pulls)

    @functools.partial(jax.jit, static_argnames="hold")
    def some(state, xs, ys, first, hold):
        def one(carry, given):
            x, y, step = given
            before, mean, square = carry
            gradients = jax.grad(loss)(before, x, y, step)
            rate = RATE * 0.5 * (1.0 + jnp.cos(np.pi * jnp.maximum(2.0 * step / steps - 1.0, 0.0)))
            update = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradients)
            power = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, gradients)
            slow, fast = 1.0 - 0.9 ** (step + 1.0), 1.0 - 0.999 ** (step + 1.0)
            kernel, *others = (
                w - rate * (m / slow) / (jnp.sqrt(s / fast) + 1e-8)
                for w, m, s in zip(before, update, power, strict=True)
            )
            others = before[1:] if hold else [jnp.clip(w, 0.0, 1.0) for w in others]
            return ([kernel, *others], update, power), None

        when = first + jnp.arange(CHUNK, dtype="float32")
        return jax.lax.scan(one, state, (xs, ys, when))[0]

    def advance(state, first, last, hold):
        for at in range(first, last, CHUNK):
            draws = [task.sample(seeds, at + i, BATCH).numpy() for i in range(CHUNK)]
            xs = np.stack(draws)
            ys = np.asarray(task.target(operation, xs)) / sizes[1][..., 0]
            state = some(state, xs / sizes[0].astype("float32"), ys.astype("float32"), at, hold)
        return state

    return advance


def run(operation, seeds, steps):
    """One row an arm."""
    started = time.perf_counter()
    layer, sizes, results = train(operation, seeds, steps)
    x = task.extrapolation_inputs(seeds).numpy()
    wanted = np.asarray(task.target(operation, x))
    rows = []
    for arm in ARMS:
        inputs = (x / sizes[0]).astype("float32")
        y = np.asarray(predict(layer, results[arm], inputs), float) * sizes[1][..., 0]
        errors = np.mean((y - wanted) ** 2, axis=1)
        won = errors < task.thresholds(operation, seeds)
        near = errors < 1e-4 * np.mean(wanted**2, axis=1)
        rows.append(
            {
                "operation": operation,
                "unit": f"AddMulDense, one start, {arm}",
                "successes": int(won.sum()),
                "within_1_percent": int(near.sum()),
                "runs": len(won),
                "interval": task.wilson(int(won.sum()), len(won)),
                "by_range": " ".join(map(str, won.reshape(-1, seeds).sum(axis=1))),
                "steps": steps,
                "seconds": round(time.perf_counter() - started, 1),
            }
        )
        print(rows[-1], flush=True)
    return rows


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operation", choices=tuple(task.OPERATIONS))
    parser.add_argument("--seeds", type=int, default=25)
    parser.add_argument("--steps", type=int, default=3000)
    options = parser.parse_args(arguments)
    if keras.backend.backend() != "jax":
        parser.error("it needs KERAS_BACKEND=jax")
    operations = [options.operation] if options.operation else list(task.OPERATIONS)
    rows = [r for o in operations for r in run(o, options.seeds, options.steps)]
    if not options.operation:
        print("written to", save(NAME, rows))


if __name__ == "__main__":
    main()
