"""LiteRT runs what the layers export: no operation that it lacks, and the same answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers import cases

ROWS = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
# Operations of TensorFlow that LiteRT or its smaller runtimes lack.
LACKING = {"Erf", "Erfc", "Expm1", "LowerBound", "UpperBound"}
# Logarithms and exponentials of complex numbers need `expm1` near their fixed point.
NOT_CONVERTED = {"ComplexAddMulDense"}
# A spline, a power, noise with a clipped mean, noise on the input of a soft function, a loop.
CONVERTED = [
    ("PiecewisePolynomial", 1),
    ("PELU", 0),
    ("NoisySigmoid", 0),
    ("NoisyActivation", 1),
    ("NoisyGRU", 0),
]


def model_of(every, **unrolled):
    """Layers side by side, traced and converted once."""
    keras.utils.set_random_seed(0)
    x, outputs = keras.Input((3,), name="x"), []
    for name, index in every:
        more = unrolled if name in cases.SEQUENCES else {}
        outputs.append(cases.build(name, index, **more)(cases.inputs_for(name, x)))
    return keras.Model(x, outputs)


def test_no_layer_exports_an_operation_that_is_missing():
    model = model_of([case for case in cases.EVERY if case[0] not in NOT_CONVERTED])
    specs = [tf.TensorSpec((None, 3), tf.float32)]
    answer = tf.function(lambda x: model(x, training=False), input_signature=specs)
    graph = answer.get_concrete_function().graph.as_graph_def()
    nodes = [*graph.node, *(node for f in graph.library.function for node in f.node_def)]
    assert not [node.name for node in nodes if node.op in LACKING]  # a name begins with the layer's


@pytest.mark.slow
def test_layers_of_every_kind_answer_the_same(tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    model = model_of(CONVERTED, unroll=True)
    model.export(tmp_path / "m", verbose=False)
    converted = tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "m")).convert()
    interpreter = Interpreter(model_content=converted)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], ROWS.shape)
    got = interpreter.get_signature_runner()(x=ROWS)
    for i, (case, want) in enumerate(zip(CONVERTED, model(ROWS), strict=True)):
        np.testing.assert_allclose(
            got[f"output_{i}"], want, rtol=1e-5, atol=1e-5, err_msg=str(case)
        )
