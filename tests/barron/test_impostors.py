"""What a layer or function is called proves nothing: all that is not known itself is refused."""

import functools

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_addmul import activations
from keras_addmul.barron import convert_activation
from keras_addmul.barron.models.bounds import Bounds
from keras_addmul.barron.models.comparing import Comparison, refuse_if_wrong
from keras_addmul.barron.models.passage import Passage, Unknown
from keras_addmul.barron.models.recognition import KNOWN, known_activations, recognise
from keras_addmul.barron.models.targets import targets_of
from keras_addmul.layers import NoisyTanh, RePU, RePUBank
from keras_addmul.layers.graph import Graph, require_graph
from tests.barron.compared import QUICK
from tests.barron.models import chain


def named(name, function):
    function.__name__ = function.__qualname__ = name
    return function


class Twisted:
    """What a subclass does that its name hides: its outputs are ten times too large."""

    def call(self, inputs):
        return 10.0 * super().call(inputs)


def twisted(kind):
    """A class of the same name, as a subclass."""
    return type(kind.__name__, (Twisted, kind), {})


def bound_of(model, low=-1.0, high=1.0):
    """The first output's bounds, or why there are none."""
    boxes = []
    for t in model.inputs:
        ends = (np.full((1, *t.shape[1:]), end) for end in (low, high))
        boxes.append(Bounds.of_box(*ends, t.dtype))
    targets, _ = targets_of(model, 1e-3)
    return Passage(Graph(model), targets).run(boxes)[0]


def between(*these, inputs=3):
    return chain(layers.Dense(3), *these, layers.Dense(2), inputs=inputs)


def dense(**changes):
    layer = layers.Dense(3)
    layer.build((None, 3))
    for name, value in changes.items():
        setattr(layer, name, value)
    return layer


def with_lora():
    layer = layers.Dense(3)
    layer.build((None, 3))
    layer.enable_lora(2)
    return layer


def quantized():
    layer = layers.Dense(3)
    layer.build((None, 3))
    layer.quantize("int8")
    return layer


FUNCTIONS = {
    "leaky_relu of slope 5": named("leaky_relu", lambda x: ops.maximum(x, 5.0 * x)),
    "tanh doubled": named("tanh", lambda x: 2.0 * ops.tanh(x)),
    "linear tripled": named("linear", lambda x: 3.0 * x),
    "relu of tens": named("relu", lambda x: 10.0 * ops.relu(x)),
    "softmax times ten": named("softmax", lambda x: 10.0 * ops.softmax(x)),
    "partial": functools.partial(keras.activations.leaky_relu, negative_slope=4.0),
    "lambda": lambda x: x,
    "log_softmax": keras.activations.log_softmax,
    "threshold": keras.activations.threshold,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_is_not_known_itself_has_no_bound(name):
    found = bound_of(between(layers.Dense(3, FUNCTIONS[name])))
    assert isinstance(found, Unknown)
    assert "Dense" in found.why
    assert isinstance(bound_of(between(layers.Activation(FUNCTIONS[name]))), Unknown)
    assert not isinstance(recognise(layers.Activation(FUNCTIONS[name])), KNOWN)


LAYERS = {
    "subclass of Dense": lambda: twisted(layers.Dense)(3),
    "subclass of Flatten": lambda: twisted(layers.Flatten)(),
    "subclass of BatchNormalization": lambda: twisted(layers.BatchNormalization)(),
    "subclass of Dropout": lambda: twisted(layers.Dropout)(0.5),
    "subclass of ReLU": lambda: twisted(layers.ReLU)(),
    "subclass of Activation": lambda: twisted(layers.Activation)("tanh"),
    "subclass of RePU": lambda: twisted(RePU)(2),
    "subclass of RePUBank": lambda: twisted(RePUBank)(8),
    "subclass of NoisyTanh": lambda: twisted(NoisyTanh)(),
    "a call of its own": lambda: dense(call=lambda x: 10.0 * x),
    "LoRA": with_lora,
    "quantized": quantized,
    "Lambda": lambda: layers.Lambda(lambda x: 10.0 * x),
    "a rectifier with a threshold": lambda: layers.ReLU(threshold=0.5),
    "PReLU": lambda: layers.PReLU(),
    "ELU of another alpha": lambda: layers.ELU(alpha=3.0),
    "softmax over the batch": lambda: layers.Softmax(axis=0),
    "layer normalization": lambda: layers.LayerNormalization(),
    "inverted normalization": lambda: layers.Normalization(mean=0.0, variance=4.0, invert=True),
    "an activation that is an unknown layer": lambda: layers.Dense(3, layers.PReLU()),
    "spectral normalization": lambda: layers.SpectralNormalization(layers.Dense(3)),
    "learned power": lambda: RePU(2, learned=True),
    "autocast switched off": lambda: layers.Dense(3, autocast=False),
    "a subclassed model": lambda: twisted(keras.Sequential)([layers.Dense(3)]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_that_is_not_known_itself_has_no_bound(name):
    assert isinstance(bound_of(between(LAYERS[name]())), Unknown)


def joined(*how, count=2):
    tensors = [keras.Input((3,)) for _ in range(count)]
    return keras.Model(tensors, how[0](tensors))


def sequence(*between):
    x = keras.Input((4,), dtype="int32")
    y = layers.Embedding(5, 3, mask_zero=True)(x)
    for layer in between:
        y = layer(y)
    return keras.Model(x, y)


def called_in_training():
    x = keras.Input((3,))
    return keras.Model(x, layers.Dropout(0.5)(layers.Dense(3)(x), training=True))


def inner_called_in_training():
    x = keras.Input((3,))
    inner = keras.Sequential([keras.Input((3,)), layers.Dropout(0.5)])
    return keras.Model(x, inner(x, training=True))


def masked():
    x, m = keras.Input((3, 2)), keras.Input((3,), dtype="bool")
    return keras.Model([x, m], layers.GlobalAveragePooling1D()(x, mask=m))


MODELS = {
    "subclass of Add": lambda: joined(twisted(layers.Add)()),
    "subclass of Concatenate": lambda: joined(twisted(layers.Concatenate)()),
    "concatenation of rows": lambda: joined(layers.Concatenate(axis=0)),
    "a product of matrices": lambda: joined(lambda t: ops.matmul(t[0], ops.transpose(t[1]))),
    "a quotient": lambda: joined(lambda t: t[0] / t[1]),
    "an unknown operation": lambda: joined(lambda t: ops.tanh(t[0]) + t[1]),
    "a constant for each row": lambda: joined(lambda t: t[0] + np.ones((2, 3), "float32")),
    "a dot product": lambda: joined(layers.Dot(axes=1)),
    "a mask from an embedding": lambda: sequence(layers.GlobalAveragePooling1D()),
    "a mask that is given": masked,
    "training": called_in_training,
    "training of an inner model": inner_called_in_training,
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_with_an_unknown_join_mask_or_mode_has_no_bound(name):
    model = MODELS[name]()
    found = bound_of(model, *((0, 4) if "embedding" in name else (-1, 1)))
    assert isinstance(found, Unknown)
    assert found.why


def test_a_domain_beyond_the_table_of_an_embedding_has_no_bound():
    x = keras.Input((4,), dtype="int32")
    model = keras.Model(x, layers.Embedding(5, 3)(x))
    assert isinstance(bound_of(model, 0, 4), Bounds)
    assert "the domain reaches from 0 to 5" in bound_of(model, 0, 5).why
    assert "from -1 to 4" in bound_of(model, -1, 4).why


def test_integers_that_a_half_precision_cannot_hold_are_rounded():
    x = keras.Input((2,), dtype="int32")
    for kind in (layers.Rescaling(0.5), layers.BatchNormalization(), layers.Dense(2)):
        layer = type(kind).from_config({**kind.get_config(), "dtype": "mixed_float16"})
        model = keras.Model(x, layer(x))
        few, many = (bound_of(model, 0, most).rounding.max() for most in (2**11, 2**12))
        assert many - 2 * few > 0.3, layer


def test_namesakes_are_told_apart_by_what_they_are():
    # Slope 1/6 in Keras, 1/2 here.
    slopes = {}
    for function in (keras.activations.hard_sigmoid, activations.get("hard_sigmoid")):
        model = chain(layers.Activation("tanh"), layers.Activation(function), inputs=1)
        _, certificate = convert_activation(model, domain=(-2, 2), **QUICK)
        assert certificate.measured <= certificate.bound
        slopes[function] = certificate.output_bound
    first, second = slopes.values()
    assert 2.9 < second / first < 3.1


def test_every_known_activation_is_recognised_by_what_it_is_and_is_that_function(rng):
    z = rng.normal(size=200) * 3
    for name in known_activations():
        if name == "repu":
            continue
        layer = layers.Activation(activations.get(name), dtype="float64")
        function = recognise(layer)
        assert isinstance(function, KNOWN), name
        np.testing.assert_allclose(function(z), np.asarray(layer(z[:, None]))[:, 0], rtol=1e-6)
    assert {f.name for f in map(recognise, map(layers.Activation, ("swish", "silu")))} == {"silu"}


def test_a_functional_model_with_a_call_of_its_own_is_refused():
    x = keras.Input((3,))
    model = twisted(keras.Model)(x, layers.Dense(2, "tanh")(x))
    with pytest.raises(TypeError, match="what a subclassed one does in its `call`"):
        require_graph(model)
    # One that only trains in its own way is like any other.
    own = type("Own", (keras.Model,), {"train_step": lambda self, data: {}})(
        x, layers.Dense(2, "tanh")(x)
    )
    require_graph(own)


def test_outputs_that_differ_by_more_than_was_proved_are_an_error():
    for difference in (1.01, np.nan, np.inf):
        differences = [np.zeros(2), np.array([0.5, difference])]
        found = Comparison(difference, "rows", [], differences)
        with pytest.raises(RuntimeError, match="where 1 was proved"):
            refuse_if_wrong(found, [np.ones(2), np.ones(2)])
        refuse_if_wrong(found, None)
    refuse_if_wrong(Comparison(1.0, "rows", [], [np.ones(2)]), [np.ones(2)])


def test_a_conversion_whose_proof_is_wrong_raises(monkeypatch):
    from keras_addmul.barron import converting

    def too_small(outputs):
        bounds = right(outputs)
        return bounds | {"output_bounds": [0.5 * b for b in bounds["output_bounds"]]}

    right = converting._output_bounds
    monkeypatch.setattr(converting, "_output_bounds", too_small)
    model = chain(layers.Dense(1, "tanh"), inputs=1)
    with pytest.raises(RuntimeError, match="The certificate is wrong"):
        convert_activation(model, domain=(-3, 3), **QUICK)
