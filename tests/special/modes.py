"""Calls functions of tensors eagerly, as a graph, and under XLA."""

import functools

import numpy as np
import tensorflow as tf

MODES = ["eager", "graph", "xla"]


@functools.cache
def compiled(function, mode, signature):
    return tf.function(function, input_signature=signature, jit_compile=mode == "xla")


def call(mode, function, *arguments):
    """Returns `function(*arguments)`, its batch size unknown when it is compiled.

    Functions are compiled once for each rank and dtype: pass the same object again.
    """
    tensors = [tf.convert_to_tensor(a) for a in arguments]
    if mode != "eager":
        signature = tuple(
            tf.TensorSpec([None, *t.shape[1:]] if t.shape.rank else [], t.dtype) for t in tensors
        )
        function = compiled(function, mode, signature)
    return tf.nest.map_structure(np.asarray, function(*tensors))
