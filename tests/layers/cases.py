"""Each layer in the forms that matter, for the laws that every layer obeys."""

import keras
import numpy as np

from keras_addmul import layers

HALF = keras.initializers.Constant(0.5)
WIDE = keras.initializers.RandomUniform(-6.0, 6.0, seed=1)
BOTH = keras.initializers.RandomUniform(-0.5, 0.5, seed=4)
SUM_AND_PRODUCT = [
    {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}},
    {
        "module": "keras_addmul.layers",
        "class_name": "ProductDense",
        "config": {"units": 1},
        "registered_name": "keras_addmul>ProductDense",
    },
]

CASES = {
    "APL": [{"hinges_initializer": "ones"}],
    "CReLU": [{}],
    "ISRLU": [{}],
    "ISRU": [{}],
    "Maxout": [{"units": 2}],
    "PELU": [{}],
    "RReLU": [{"seed": 0}],
    "Rational": [{}],
    "SReLU": [{"t_left_initializer": HALF, "a_right_initializer": HALF}],
    "Snake": [{}],
    "Swish": [{}],
    "AddMul": [
        {},
        {"shared": True, "path": "linear", "order_initializer": HALF},
        {"path": "mixture", "order_initializer": HALF},
    ],
    "AddMulConv1D": [
        {"filters": 2, "kernel_size": 2, "padding": "causal", "order_initializer": HALF},
        {
            "filters": 9,
            "kernel_size": 2,
            "padding": "same",
            "groups": 3,
            "nodes": 8,
            "order_initializer": keras.initializers.RandomUniform(0, 1, seed=0),
        },
    ],
    "AddMulConv2D": [
        {
            "filters": 6,
            "kernel_size": (1, 2),
            "nodes": 4,
            "activation": "softplus",
            "order_initializer": keras.initializers.RandomUniform(0, 1, seed=0),
        },
        {"filters": 2, "kernel_size": 2, "path": "mixture", "order_initializer": HALF},
    ],
    "AddMulConv3D": [
        {"filters": 2, "kernel_size": (1, 2, 1), "shared": True, "order_initializer": HALF}
    ],
    "AddMulDense": [
        {"units": 4, "activation": "softplus"},
        {"units": 4, "groups": 2, "use_bias": False},
        {"units": 3, "coupling": "free", "order_initializer": BOTH},
        {"units": 4, "coupling": "free", "groups": 2, "order_initializer": BOTH},
        {
            "units": 9,
            "nodes": 8,
            "order_initializer": keras.initializers.RandomUniform(0, 1, seed=0),
        },
        {"units": 2, "path": "linear", "order_initializer": HALF},
        {"units": 3, "path": "mixture", "order_initializer": HALF},
    ],
    "AddMulPooling1D": [{"padding": "same", "order_initializer": HALF}],
    "AddMulPooling2D": [{"pool_size": (1, 2), "path": "linear", "order_initializer": HALF}],
    "AddMulReduce": [{"order_initializer": HALF}, {"axis": (1, -1), "shared": True}],
    "AddMulSelect": [{"units": 2, "use_bias": True, "order_initializer": HALF}],
    "Bilinear": [{"units": 2}, {"units": 3, "activation": "softplus", "use_bias": False}],
    "GeometricScale": [
        {},
        {"scale": 30.0},
        {"axis": None, "scale": 2.0, "invert": True},
    ],
    "GlobalAddMulPooling1D": [{"order_initializer": HALF}],
    "GlobalAddMulPooling2D": [{"path": "mixture", "keepdims": True, "order_initializer": HALF}],
    "GraphAddMulAggregation": [{"order_initializer": HALF}],
    "INALU": [{"units": 2}],
    "NALU": [{"units": 2}],
    "NAU": [{"units": 2}],
    "NMRU": [{"units": 2}],
    "NMU": [{"units": 2}, {"units": 2, "noise": (1.0, 5.0), "seed": 0}],
    "NoisyActivation": [
        {"p_initializer": "ones"},
        {"base": "sigmoid", "kind": "NANI"},
        {"base": "hard_sigmoid", "kind": "NAN", "clip": True, "p_initializer": "ones"},
        # Noise large enough to bring inputs back from saturation; else p has no gradient.
        {"kind": "NANIL", "p_initializer": keras.initializers.Constant(8.0), "c": 4.0},
        {"kind": "NANIS", "base": "hard_sigmoid"},
        # Noise of no size: two calls of a layer that draws at inference agree.
        {"kind": "NANI", "monte_carlo": True, "c": 0.0},
    ],
    "NoisyGRU": [{"units": 2, "return_sequences": True, "kernel_initializer": WIDE}],
    "NoisyLSTM": [{"units": 2, "return_sequences": True, "kernel_initializer": WIDE}],
    "NoisySigmoid": [{"p_initializer": "ones", "c": 4.0, "soft": True}],
    "NoisyTanh": [{"p_initializer": "ones", "shared": True, "alpha": 0.9}],
    "PiecewisePolynomial": [{"pieces": 3, "shared": False}, {"pieces": 3, "cells": 6}],
    "RePU": [{"learned": True}],
    "RePUBank": [{"units": 5, "s": 2, "outside": "extrapolate", "left": 2}],
    "ProductDense": [
        {"units": 2, "use_scale": True, "activation": "softplus"},
        {"units": 3, "signs": "bits", "use_bias": False},
        {"units": 2, "signs": None},
    ],
    "ProductUnit": [{"units": 2}],
    "RealNPU": [{"units": 2}, {"units": 2, "imaginary": True}],
    "SideBySide": [{"layers": SUM_AND_PRODUCT, "places": [3, 0, 2, 1]}],
    "SoftExponential": [{}],
    "ComplexAddMulDense": [
        {"units": 2, "activation": "softplus"},
        {
            "units": 2,
            "shared": True,
            "complex_order": True,
            "output": "modulus",
            "use_bias": False,
        },
    ],
    "DepthwiseAddMulConv2D": [
        {"kernel_size": 2, "strides": 2, "path": "linear", "use_bias": False}
    ],
    "ExpIterate": [{"order_initializer": HALF}, {"shared": True, "solution": "linear"}],
}

MERGES = {"AddMul"}

# Layers that are called on (batch, time, features).
SEQUENCES = {"NoisyGRU", "NoisyLSTM"}

# What layers on neighbourhoods are called on, from rows of three features.
EDGES = [[0, 1], [1, 0], [1, 1], [-1, 0]]


def steps(x):
    """Two steps in time."""
    return keras.ops.stack([x, 0.5 * x], axis=1)


def image(x):
    """Two by two pixels."""
    return keras.ops.stack([steps(x), steps(0.7 * x)], axis=2)


def volume(x):
    """Two images."""
    return keras.ops.stack([image(x), image(0.3 * x)], axis=3)


def graph(x):
    """Two nodes, and their edges."""
    none = keras.ops.cast(keras.ops.zeros_like(x[:, :1, None]), "int32")
    return [steps(x), none + np.array(EDGES, "int32")]


SHAPED = {
    "AddMulConv1D": steps,
    "AddMulConv2D": image,
    "AddMulConv3D": volume,
    "AddMulPooling1D": steps,
    "AddMulPooling2D": image,
    "AddMulReduce": steps,
    "DepthwiseAddMulConv2D": image,
    "GlobalAddMulPooling1D": steps,
    "GlobalAddMulPooling2D": image,
    "GraphAddMulAggregation": graph,
}

# Cases that call what others call, on other axes: the slow laws ask those.
ALIKE = {
    ("ComplexAddMulDense", 1),
    ("AddMulConv1D", 0),
    ("AddMulConv2D", 1),
    ("AddMulConv3D", 0),
    ("AddMulPooling2D", 0),
    ("AddMulReduce", 0),
    ("AddMulReduce", 1),
    ("GlobalAddMulPooling1D", 0),
    ("GlobalAddMulPooling2D", 0),
}

# Arguments that have no default.
NEEDED = ("units", "layers", "filters", "kernel_size")

# Cases with weights that act on negative numbers alone.
MIRRORED = {
    ("ISRLU", 0),
    ("RealNPU", 1),
    *(("AddMulDense", i) for i in range(7)),
    *(("ComplexAddMulDense", i) for i in range(3)),
}
MIRRORED |= {
    (name, i) for name, cases in CASES.items() if "Conv" in name for i in range(len(cases))
}

# Cases with weights that act in training alone: the mean of their noise is 0.
NOISE_ONLY = {("NoisyActivation", 2)}

# Cases whose answer at inference is not the mean of those in training. What training lowers
# is the loss with noise; the loss without may rise.
BIASED = {("NMU", 1)}

NAMES = [name for name in layers.__all__ if isinstance(getattr(layers, name), type)]

EVERY = [(name, index) for name in NAMES for index in range(len(CASES.get(name, [None])))]


def make(name, **kwargs):
    """A fresh layer."""
    return getattr(layers, name)(**kwargs)


def build(name, index, **kwargs):
    """A fresh layer of one case."""
    return make(name, **CASES[name][index], **kwargs)


def needed(name):
    """The arguments that a layer needs."""
    return {k: v for k, v in CASES[name][0].items() if k in NEEDED}


def shapes_for(name):
    """The shape that the layer is built on, or a list of them."""
    shape = (None, 2, 3) if name in SEQUENCES else (None, 3)
    if name in SHAPED:
        given = SHAPED[name](keras.KerasTensor((None, 3)))
        return [t.shape for t in given] if isinstance(given, list) else given.shape
    return [shape, shape] if name in MERGES else shape


def inputs_for(name, x):
    """What the layer is called on: `x`, or a list for a layer that merges, or two steps in time."""
    if name in SHAPED:
        return SHAPED[name](x)
    if name in SEQUENCES and len(x.shape) == 2:
        return keras.ops.stack([x, 0.5 * x], axis=1)
    return [x, x + 0.5] if name in MERGES else x
