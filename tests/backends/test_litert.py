"""LiteRT runs what the layers export: no operation that it lacks, and the same answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers import cases
from tests.layers.test_laws import as_list, model_of

ROWS = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
# Operations of TensorFlow that LiteRT or its smaller runtimes lack.
LACKING = {"Erf", "Erfc", "Expm1", "LowerBound", "UpperBound"}


def draws_at_inference(name, index):
    return cases.CASES[name][index].get("monte_carlo", False)


@pytest.mark.parametrize(("name", "index"), cases.EVERY)
def test_no_layer_exports_an_operation_that_is_missing(name, index):
    model, x = model_of(name, cases.build(name, index)), as_list(name, ROWS)
    specs = [tf.TensorSpec((None, *v.shape[1:]), tf.float32) for v in x]

    @tf.function(input_signature=specs)
    def answer(*inputs):
        return model(list(inputs) if name in cases.MERGES else inputs[0], training=False)

    graph = answer.get_concrete_function().graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    assert not {node.op for node in nodes} & LACKING


@pytest.mark.slow
def test_every_layer_answers_the_same(tmp_path):
    """All in one model: noise at inference is left out, and recurrent layers are unrolled."""
    from ai_edge_litert.interpreter import Interpreter

    keras.utils.set_random_seed(0)
    every = [case for case in cases.EVERY if not draws_at_inference(*case)]
    x, outputs = keras.Input((3,), name="x"), []
    for name, index in every:
        unrolled = {"unroll": True} if name in cases.SEQUENCES else {}
        outputs.append(cases.build(name, index, **unrolled)(cases.inputs_for(name, x)))
    model = keras.Model(x, outputs)
    model.export(tmp_path / "m", verbose=False)
    converted = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "m")).convert()
    interpreter = Interpreter(model_content=converted)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], ROWS.shape)
    got = interpreter.get_signature_runner()(x=ROWS)
    for i, (case, want) in enumerate(zip(every, model(ROWS), strict=True)):
        np.testing.assert_allclose(
            got[f"output_{i}"], want, rtol=1e-5, atol=1e-5, err_msg=str(case)
        )
