"""The published units on the single-module arithmetic task, by their published rules.

    python -m tests.benchmarks.arithmetic_peers [NAME ...] [--operation OP] [--fresh]

225 models, 25 seeds in 9 ranges, train at once, each through a real layer of ours. The
settings are those of Mistry, Farrahi & Hare (`arithmetic_task`), and for NMRU and sNMU
those of the papers they are from. Results are kept as they come, in `results/peers/`.
"""

import argparse
import dataclasses
import functools
import json
import pathlib
import time
from collections.abc import Callable

import keras
import tensorflow as tf

from keras_addmul import special
from keras_addmul.layers import INALU, NALU, NAU, NMRU, NMU, ProductUnit, RealNPU
from keras_addmul.layers.regularizers import AwayFromZero, WeightsToSigns
from tests.benchmarks import arithmetic_task as task
from tests.benchmarks import arithmetic_training as training

RESULTS = pathlib.Path(__file__).resolve().parent / "results" / "peers"


def ramp(step):
    """From 0 to 1 between iterations 20 000 and 35 000."""
    return tf.clip_by_value((step - 20_000.0) / 15_000.0, 0.0, 1.0)


def staircase(first, last):
    """Ten times as much every 10 000 iterations, from `first` to `last`."""
    return lambda step: tf.minimum(first * 10.0 ** tf.floor(step / 10_000.0), last)


def always(step):
    """1 at any step."""
    return tf.ones_like(step)


def kernel_of(weights):
    """The first weights, which are the ones to become -1, 0 and 1."""
    return weights[0]


def nac_kernels(weights):
    """The weights of NALU's and iNALU's paths, side by side."""
    pairs = zip(weights[0:-1:2], weights[1::2], strict=True)
    return tf.concat([special.nac_weights(w, m) for w, m in pairs], axis=1)


@dataclasses.dataclass(frozen=True)
class Peer:
    """A unit and how it is trained.

    Attributes:
        make: Returns a fresh layer for an operation.
        operations: What it is meant to learn.
        rate: Learning rate of Adam.
        schedule: From the operation to a function of the step: what its layer's
            regularizers are multiplied by.
        discrete: From all weights to those that should become -1, 0 and 1.
        clip_value, clip_norm: Bounds of each gradient, and of a model's together.
        restarts: Whether a model starts anew when it is stuck, iNALU's rule, and is
            regularized only once its validation error is below 1.
    """

    make: Callable
    operations: tuple
    rate: float = 1e-3
    schedule: Callable = lambda operation: ramp
    discrete: Callable = kernel_of
    clip_value: float | None = None
    clip_norm: float | None = None
    restarts: bool = False


def _npu(imaginary):
    l1 = keras.regularizers.L1(1.0)
    make = functools.partial(
        RealNPU, 1, imaginary, kernel_regularizer=l1, gate_regularizer=l1, gate_constraint=None
    )
    ends = {"mul": (1e-7, 1e-5), "div": (1e-9, 1e-7)}
    return Peer(make, ("mul", "div"), 5e-3, lambda operation: staircase(*ends[operation]))


def _signs(layer, strength, **kwargs):
    return functools.partial(layer, 1, kernel_regularizer=WeightsToSigns(strength), **kwargs)


ALL = tuple(task.OPERATIONS)

UNITS = {
    "NAU": Peer(_signs(NAU, 0.01), ("add", "sub")),
    "NMU": Peer(_signs(NMU, 10.0), ("mul",)),
    "sNMU": Peer(_signs(NMU, 10.0, noise=(1.0, 5.0)), ("mul",)),
    "NMRU": Peer(_signs(NMRU, 10.0), ("div",), rate=1e-2, clip_norm=1.0),
    "RealNPU": _npu(imaginary=False),
    "NPU": _npu(imaginary=True),
    "iNALU": Peer(
        functools.partial(INALU, 1, regularizer=AwayFromZero(0.05)),
        ALL,
        schedule=lambda operation: always,
        discrete=nac_kernels,
        clip_value=0.1,
        restarts=True,
    ),
    "NALU": Peer(functools.partial(NALU, 1), ALL, discrete=nac_kernels),
    # No paper trains it on this task; the rate is that of the power units.
    "ProductUnit": Peer(functools.partial(ProductUnit, 1), ("mul", "div"), 5e-3),
}

# What each is run on.
PEERS = {name: unit.operations for name, unit in UNITS.items()}


def run_peer(name, operation, iterations=50_000, seeds=25, fresh=False):
    """Trains and judges all models of one peer on one operation.

    Args:
        name: Of `PEERS`.
        operation: Of `PEERS[name]`.
        iterations: Steps of training.
        seeds: Number of seeds in each range.
        fresh: Whether to run again what has a result already.

    Returns:
        Dictionary: the `summary` of the task, and `seconds`.
    """
    kept = RESULTS / f"{name}_{operation}_{iterations}_{seeds}.json"
    if kept.exists() and not fresh:
        return json.loads(kept.read_text())
    start = time.perf_counter()
    watch = functools.partial(_progress, title=f"{name} {operation}")
    logs = training.train(UNITS[name], operation, iterations, seeds, watch)
    steps = range(0, iterations + 1, training.LOG_EVERY)
    result = task.summary(operation, steps, *logs)
    result["seconds"] = round(time.perf_counter() - start, 1)
    RESULTS.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"name": name, "operation": operation, **result}, indent=2) + "\n")
    return json.loads(kept.read_text())


def _progress(steps, title):
    """Goes through the steps behind a bar with the time left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield from progress.track(steps, description=title)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PEERS)}; all")
    parser.add_argument("--operation", choices=ALL)
    parser.add_argument("--iterations", type=int, default=50_000)
    parser.add_argument("--seeds", type=int, default=25)
    parser.add_argument("--fresh", action="store_true", help="run again what has a result")
    options = parser.parse_args(arguments)
    for name in options.names or PEERS:
        for operation in PEERS[name]:
            if options.operation in (None, operation):
                print(run_peer(name, operation, options.iterations, options.seeds, options.fresh))


if __name__ == "__main__":
    main()
