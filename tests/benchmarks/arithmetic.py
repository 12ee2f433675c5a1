"""One layer class for all four operations on the single-module arithmetic task, beside its peers.

    python -m tests.benchmarks.arithmetic [--operation OP] [--seeds N] [--unstructured]
    python -m tests.benchmarks.arithmetic --single [--seeds N]

Ours is `fit_restarts` on an `AddMulSelect(1)` with one set of hyper-parameters, which
are not told the operation. A run is 16 restarts, trained side by side on the same
batches; its iterations are the steps of each. The best is chosen by the validation
loss inside the range of the training. A run counts as solved by training where the
weights are right before the polish, and by polish where they are right after it.

`--single` measures what the restarts are worth: one start, drawn from the layer's own
initializers, the same optimizer, penalties and steps, no polish.
"""

import argparse
import functools
import time

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.layers import AddMulSelect
from keras_addmul.layers.initializers import NearEnds, SelectUniform
from keras_addmul.layers.regularizers import OrdersToEnds, WeightsToSigns
from keras_addmul.restarts import fit_restarts
from keras_addmul.restarts.program import Program
from tests.benchmarks import arithmetic_peers
from tests.benchmarks import arithmetic_task as task
from tests.benchmarks.run import save

NAME = "arithmetic"
TITLE = "single-module arithmetic task: successes of 225 runs (9 ranges, 25 seeds)"

RESTARTS, STEPS, EVERY, BATCH = 16, 3000, 100, 128
LOGS = STEPS // EVERY + 2


def make_model(inputs=2):
    """The model of every run."""
    layer = AddMulSelect(
        1,
        kernel_regularizer=WeightsToSigns(0.1),
        order_regularizer=OrdersToEnds(0.1),
    )
    return keras.Sequential([keras.Input((inputs,)), layer])


@functools.cache
def _tools():
    """The model, and a program that measures the whole history of a run at once."""
    model = make_model()
    return model, Program(model, keras.optimizers.SGD(0.0), keras.losses.MeanSquaredError(), LOGS)


def run_ours(operation, seeds=25, watch=iter, starts=None, restarts=RESTARTS, **how):
    """Trains and judges all runs of one operation; two summaries, of training and of polish.

    Args:
        operation: Name of the operation.
        seeds: Number of seeds in each range.
        watch: Wraps the iterable of runs, to show how far it is.
        starts: As for `fit_restarts`.
        restarts: As for `fit_restarts`.
        **how: Further arguments of `fit_restarts`.
    """
    start = time.perf_counter()
    model, judge = _tools()
    inside = task.validation_inputs(seeds).numpy()
    outside = task.extrapolation_inputs(seeds).numpy()
    logs = []
    for at in watch(range(len(task.RANGES) * seeds)):
        data = _with_target(operation, inside[at])
        found = fit_restarts(
            model,
            lambda step, rows, at=at: _fresh_rows(operation, at, step, rows, seeds),
            validation_data=data,
            restarts=restarts,
            steps=STEPS,
            batch_size=BATCH,
            every=EVERY,
            starts=starts,
            seed=at % seeds,
            verbose=0,
            **how,
        )
        logs.append(_judged(judge, found, _with_target(operation, outside[at])))
    seconds = time.perf_counter() - start
    return tuple(_summary(operation, rows, seconds) for rows in zip(*logs, strict=True))


def unstructured(model, restarts, seed):
    """Starts drawn one by one from the layer's own initializers, covering nothing on purpose."""
    layer = model.layers[-1]
    seeds = np.random.default_rng(seed).integers(2**31, size=(2, restarts)).tolist()
    kernels = [SelectUniform(seed=s)(layer.kernel.shape).numpy() for s in seeds[0]]
    orders = [NearEnds(seed=s)(layer.order.shape).numpy() for s in seeds[1]]
    return {layer.kernel.path: np.stack(kernels), layer.order.path: np.stack(orders)}


def run_single(seeds=25, operations=tuple(task.OPERATIONS)):
    """One row an operation: a single start by training alone."""
    rows = []
    how = {"starts": unstructured, "restarts": 1, "draws": 1, "polish": False}
    for operation in operations:
        trained, _ = run_ours(operation, seeds, functools.partial(_progress, operation), **how)
        rows.append(_row("AddMulSelect, a single start", operation, trained))
        print(rows[-1], flush=True)
    return rows


def _fresh_rows(operation, at, step, rows, seeds):
    x = _draw(tf.constant(at), tf.constant(step), rows, seeds).numpy()
    return _with_target(operation, x)


@tf.function(jit_compile=True)
def _draw(at, step, rows, seeds):
    return task.sample(seeds, step, rows)[at]


def _with_target(operation, x):
    return x, task.target(operation, x).numpy()[:, None]


def _judged(judge, found, outside):
    """What `task.summary` needs: of the history of the training, and of the end with polish."""
    history = [h["weights"] for h in found.history]
    last = [found.model.get_weights()]
    padded = history + last * (LOGS - len(history))
    errors = judge.measure([np.stack(w) for w in zip(*padded, strict=True)], outside)
    sparsity = [float(task.sparsity_error(w[0][None])[0]) for w in padded]
    validation = [h["loss"] for h in found.history]
    count = len(history)
    steps = np.arange(LOGS) * EVERY
    trained = [steps, validation, errors[:count], sparsity[:count]]
    polished = [steps, [*validation[:-1], found.loss], [*errors[: count - 1], errors[-1]]]
    return trained, [*polished, [*sparsity[: count - 1], sparsity[-1]]]


def _summary(operation, rows, seconds):
    """Of runs of unequal length: where one ended, its last weights are kept."""

    def together(index):
        return np.array([list(r[index]) + [r[index][-1]] * (LOGS - len(r[index])) for r in rows]).T

    validation, errors, sparsity = (together(i) for i in (1, 2, 3))
    result = task.summary(operation, rows[0][0], validation, errors, sparsity)
    return {**result, "seconds": round(seconds, 1)}


def run(seeds=25, operations=tuple(task.OPERATIONS)):
    """Rows of ours, by training alone and with the polish, and of the peers that were run."""
    rows = []
    for operation in operations:
        trained, polished = run_ours(operation, seeds, functools.partial(_progress, operation))
        rows.append(_row("AddMulSelect, training alone", operation, trained))
        rows.append(_row("AddMulSelect, with polish", operation, polished))
        for name, learned in arithmetic_peers.PEERS.items():
            if operation in learned:
                rows.append(_row(name, operation, arithmetic_peers.run_peer(name, operation)))
    return rows


def _row(name, operation, result):
    return {
        "operation": operation,
        "unit": name,
        "successes": result["successes"],
        "runs": result["runs"],
        "interval": result["interval"],
        "iteration_of_first_success": result["first_success"],
        "sparsity_error": result["sparsity"],
        "by_range": " ".join(map(str, result["by_range"])),
        "seconds": result["seconds"],
    }


def _progress(operation, runs):
    from rich.console import Console
    from rich.progress import track

    return track(runs, description=f"AddMulSelect {operation}", console=Console(stderr=True))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--operation", choices=tuple(task.OPERATIONS))
    parser.add_argument("--seeds", type=int, default=25)
    parser.add_argument("--unstructured", action="store_true", help="random starts alone")
    parser.add_argument("--single", action="store_true", help="one start, and no polish")
    options = parser.parse_args(arguments)
    operations = [options.operation] if options.operation else list(task.OPERATIONS)
    if options.single:
        rows = run_single(options.seeds, operations)
        print("written to", save("arithmetic_single", rows))
        return
    for operation in operations:
        watch = functools.partial(_progress, operation)
        starts = unstructured if options.unstructured else None
        results = run_ours(operation, options.seeds, watch, starts)
        for name, result in zip(("training alone", "with polish"), results, strict=True):
            print(operation, name, result, flush=True)


if __name__ == "__main__":
    main()
