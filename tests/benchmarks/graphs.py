"""How large the graphs of stacks of layers are, and what a first training step costs."""

import pathlib
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf

from keras_addmul import tracing
from keras_addmul.layers import AddMulDense, AddMulSelect

NAME = "graphs"
TITLE = (
    "graphs of stacks of 32 units: nodes forward, and CPU seconds of the first step beside Dense"
)

# Layers: nodes of the forward graph, first step beside Dense.
GOALS = {2: (400, 2.5), 8: (700, 4.0)}
EXPORT_GOAL = 2.0

CASES = {
    "AddMulDense": lambda: AddMulDense(32),
    "AddMulDense, mixture": lambda: AddMulDense(32, path="mixture"),
    "AddMulDense, free": lambda: AddMulDense(32, coupling="free"),
}


def run():
    """One row for each depth and layer, and one for an export.

    Each first step traces anew what layers share, as the first model of a program does.
    """
    _first_step(lambda: keras.layers.Dense(32), 1)
    rows = []
    for depth, (most, slowest) in GOALS.items():
        dense = _first_step(lambda: keras.layers.Dense(32), depth)
        rows.append(_row(depth, "Dense", nodes(lambda: keras.layers.Dense(32), depth), dense, 1.0))
        for name, make in CASES.items():
            taken = _first_step(make, depth)
            row = _row(depth, name, nodes(make, depth), taken, taken / dense)
            rows.append({**row, "goal_nodes": most, "goal_ratio": slowest})
    rows.append({"depth": 1, "layer": "AddMulSelect, export", **_export(), "goal_s": EXPORT_GOAL})
    return rows


def _row(depth, name, count, seconds, ratio):
    return {
        "depth": depth,
        "layer": name,
        "nodes": count,
        "cpu_s": round(seconds, 2),
        "ratio": round(ratio, 2),
        "goal_nodes": None,
        "goal_ratio": None,
        "goal_s": None,
    }


def nodes(make, depth):
    """Nodes of the forward graph, with each function of its library counted once."""
    model = keras.Sequential([keras.Input((10,)), *(make() for _ in range(depth))])
    call = tf.function(lambda x: model(x), input_signature=[tf.TensorSpec((None, 10))])
    graph = call.get_concrete_function().graph.as_graph_def()
    return len(graph.node) + sum(len(body.node_def) for body in graph.library.function)


def _first_step(make, depth):
    """CPU seconds from a compiled model to the end of its first step."""
    layers = [make() for _ in range(depth)]
    model = keras.Sequential([keras.Input((10,)), *layers, keras.layers.Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).uniform(0.5, 2.0, (64, 10)).astype("float32")
    tracing._concrete.cache_clear()
    start = time.process_time()
    model.train_on_batch(x, x[:, :1])
    return time.process_time() - start


def _export():
    model = keras.Sequential([keras.Input((2,)), AddMulSelect(2)])
    with tempfile.TemporaryDirectory() as folder:
        tracing._concrete.cache_clear()
        start = time.process_time()
        model.export(pathlib.Path(folder) / "model", verbose=False)
        return {"cpu_s": round(time.process_time() - start, 2)}
