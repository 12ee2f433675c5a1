"""A training step is compiled once: no weight is a constant of what XLA compiles."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.compiled_constants import compiled_constants
from tests.layers.cases import EVERY, SEQUENCES, build, inputs_for


def step_of(layer, x):
    """The gradients of a layer on a batch of unknown size, as a graph."""
    given = tf.nest.map_structure(lambda t: tf.TensorSpec((None, *t.shape[1:]), t.dtype), x)

    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True) if layer._call_has_training_arg else layer(x)
            loss = sum(keras.ops.sum(t) for t in keras.tree.flatten(y))
        return tape.gradient(loss, [x, [v.value for v in layer.trainable_variables]])

    function = tf.function(step, input_signature=[given], autograph=False)
    return function.get_concrete_function().graph.as_graph_def()


@pytest.mark.parametrize(("name", "index"), [e for e in EVERY if e[0] not in SEQUENCES])
def test_no_weight_is_a_constant(name, index):
    layer = build(name, index)
    x = inputs_for(name, keras.ops.convert_to_tensor(np.ones((5, 3), "float32")))
    layer(x)
    assert compiled_constants(step_of(layer, x)) == {}


def test_what_is_a_constant_is_found():
    @tf.function
    def sizes(n):
        return tf.cast(tf.range(tf.cast(n[0], "int32") % 2), n.dtype)

    inner = sizes.get_concrete_function(tf.TensorSpec((2,)))

    @tf.function(input_signature=[tf.TensorSpec((2,)), tf.TensorSpec((2,))])
    def outer(n, x):
        return x + tf.reduce_sum(inner(n)), tf.reshape(n, tf.shape(x))

    found = compiled_constants(outer.get_concrete_function().graph.as_graph_def())
    assert list(found) == ["n"]
    assert "(Range)" in found["n"]
