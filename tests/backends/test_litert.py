"""LiteRT runs what the layers export: no operation that it lacks, and the same answers."""

import numpy as np
import pytest
import tensorflow as tf

from tests.layers import cases
from tests.layers.test_laws import as_list, model_of

ROWS = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
# Operations of TensorFlow that LiteRT or its smaller runtimes lack.
LACKING = {"Erf", "Erfc", "Expm1", "LowerBound", "UpperBound"}


def exported(name, index):
    """The function that a model exports: its answer at inference, for any number of rows."""
    model, x = model_of(name, cases.build(name, index)), as_list(name, ROWS)
    specs = [tf.TensorSpec((None, *v.shape[1:]), tf.float32) for v in x]

    @tf.function(input_signature=specs)
    def answer(*inputs):
        return model(list(inputs) if name in cases.MERGES else inputs[0], training=False)

    return model, answer.get_concrete_function()


@pytest.mark.parametrize(("name", "index"), cases.EVERY)
def test_no_layer_exports_an_operation_that_is_missing(name, index):
    graph = exported(name, index)[1].graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    assert not {node.op for node in nodes} & LACKING


# A spline, a power, noise with a clipped mean, and noise on the input of a soft function.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "index"),
    [("PiecewisePolynomial", 1), ("PELU", 0), ("NoisySigmoid", 0), ("NoisyActivation", 1)],
)
def test_it_answers_the_same(name, index, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    model, _ = exported(name, index)
    model.export(tmp_path / "m", verbose=False)
    converted = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "m")).convert()
    interpreter = Interpreter(model_content=converted)
    given, answered = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(given["index"], ROWS.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], ROWS)
    interpreter.invoke()
    got = interpreter.get_tensor(answered["index"])
    np.testing.assert_allclose(got, model(ROWS), rtol=1e-5, atol=1e-5)
