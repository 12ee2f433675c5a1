"""Settled units are what they have become, and the model answers the same."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.layers import AddMulDense, AddMulSelect, settled
from keras_addmul.layers.settling import answering_settled, kinds_of_units

RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 3)).astype("float32")
X[0], X[1, 1] = 0.0, 0.0

HOW = [
    {},
    {"groups": 2},
    {"coupling": "free"},
    {"coupling": "free", "groups": 3, "use_bias": False},
    {"path": "mixture", "activation": "softmax"},
    {"path": "linear", "use_bias": False},
]
ORDERS = {"sums": [0.0], "products": [1.0], "both": [0.0, 1.0], "all kinds": [1.0, 0.3, 0.0]}


def fixed(kind, dtype="float32", **how):
    """A layer of six units with orders of a kind, between inputs and a mean over time."""
    layer = AddMulDense(6, dtype=dtype, name="mine", **how)
    layer.build((None, 3))
    layer.order.assign(np.resize(ORDERS[kind], layer.order.shape))
    if layer.coupling == "free":
        layer.order_in.assign(np.full(3, 0.0 if kind == "sums" else -1.0))
    layer.parity.assign(RNG.random((3, 6)) < 0.5)
    layer.kernel.assign(RNG.normal(size=(3, 6)))
    if layer.bias is not None:
        layer.bias.assign(RNG.normal(size=6))
    return layer


def alone(layer):
    return keras.Sequential([keras.Input((3,)), layer])


def assert_same(ours, theirs, eps=1.2e-7):
    """To rounding: exponents of size 3 times logarithms of size 16, and a few steps."""
    ours, theirs = (np.asarray(tf.cast(y, "float64")) for y in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, rtol=100 * eps, atol=30 * eps)


@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.parametrize("how", HOW, ids=str)
def test_the_copy_answers_the_same_for_either_sign_and_zero(how, kind, tmp_path):
    layer = fixed(kind, **how)
    model = alone(layer)
    kinds = set(kinds_of_units(layer))
    copies = [settled(model), settled(model, signs="bits")]
    classes = {"sums": "Dense", "products": "ProductDense"}
    if kinds == {"between"}:
        assert type(copies[0].layers[0]) is AddMulDense
    else:
        assert type(copies[0].layers[0]).__name__ == classes.get(kind, "SideBySide")
    if kind == "products":
        assert [copy.layers[0].signs for copy in copies] == ["matmul", "bits"]
    for copy in copies:
        assert copy.layers[0].name == "mine"
        assert_same(model(X), copy(X))
        assert_same(model(np.abs(X)), copy(np.abs(X)))
    copies[1].save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(X), copies[1](X))
    jitted = tf.function(copies[1], jit_compile=True)
    assert_same(jitted(tf.constant(X)), copies[1](X))


@pytest.mark.parametrize(
    ("dtype", "eps"),
    [("float16", 1e-3), ("mixed_float16", 1e-3), ("mixed_bfloat16", 8e-3), ("float64", 2.3e-16)],
)
@pytest.mark.parametrize("kind", ORDERS)
def test_in_every_dtype(dtype, eps, kind):
    layer = fixed(kind, dtype=dtype)
    layer.kernel.assign(np.round(2 * layer.kernel) / 2)
    model = alone(layer)
    x = np.where(np.abs(X) < 0.25, 0.25, X)
    copy = settled(model)
    assert copy.layers[0].dtype_policy.name == layer.dtype_policy.name
    assert all(w.dtype == layer.variable_dtype for w in copy.layers[0].weights)
    assert copy(x).dtype == model(x).dtype
    assert_same(model(x), copy(x), eps if eps < 1e-6 else eps / 4)


def test_a_unit_is_settled_only_exactly_and_with_its_parities():
    layer = fixed("both")
    layer.order.assign([0.0, 1e-6, 1.0, 1.0, 1.0 - 1e-6, 0.5])
    layer.parity.assign(np.tile([0.4, 0.0, 1.0, 0.4, 0.0, 1.0], (3, 1)))
    wanted = ["sum", "between", "product", "between", "between", "between"]
    assert kinds_of_units(layer).tolist() == wanted
    assert_same(alone(layer)(X), settled(alone(layer))(X))
    grouped = fixed("both", groups=2)
    grouped.parity.assign(np.tile([0.5, 0.0, 1.0, 1.0, 0.5, 0.0], (3, 1)))
    # The units of a group have one order, and stay together.
    assert kinds_of_units(grouped).tolist() == 3 * ["sum"] + 3 * ["between"]
    assert_same(alone(grouped)(X), settled(alone(grouped))(X))


def test_layers_in_nested_shared_and_masked_places():
    layer, select = fixed("both"), AddMulSelect(2, name="select", order_initializer="zeros")
    inner = keras.Sequential([keras.Input((None, 3)), layer], name="inner")
    tokens = keras.Input((None,), dtype="int32")
    embedding = keras.layers.Embedding(5, 3, mask_zero=True)
    a = inner(embedding(tokens))
    b = layer(embedding(tokens))
    y = keras.layers.GlobalAveragePooling1D()(select(keras.layers.Add()([a, b])))
    model = keras.Model(tokens, y)
    copy = settled(model)
    rows = np.array([[1, 2, 0, 0], [3, 4, 1, 2]])
    assert_same(model(rows), copy(rows))
    names = {type(one).__name__ for one in copy.layers}
    assert {"Embedding", "SideBySide", "Dense"} <= names
    assert not names & {"AddMulDense", "AddMulSelect"}
    assert type(copy.get_layer("inner").layers[0]).__name__ == "SideBySide"
    assert [one.name for one in copy.layers[1:]] == [one.name for one in model.layers[1:]]


def test_the_copy_trains_on_and_leaves_the_model_alone():
    layer = fixed("products")
    model = alone(layer)
    before = model.get_weights()
    copy = settled(model)
    copy.compile("adam", "mse", jit_compile=True)
    copy.fit(X, np.zeros((40, 6)), verbose=0)
    assert np.all(copy.layers[0].kernel != layer.kernel)
    np.testing.assert_array_equal(copy.layers[0].parity, layer.parity)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_vocabulary_is_copied_too():
    lookup = keras.layers.StringLookup(output_mode="multi_hot")
    lookup.adapt(["a", "b", "a"])
    given = keras.Input((1,), dtype="string")
    model = keras.Model(given, fixed("both")(keras.layers.Rescaling(1.0)(lookup(given))))
    words = tf.constant([["a"], ["b"], ["c"]])
    assert_same(model(words), settled(model)(words))


def test_layers_answer_as_settled_for_a_while():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.layer = fixed("all kinds")

        def call(self, x):
            return self.layer(x)

    model = Own()
    expected = model(X)
    with answering_settled(model) as answering:
        assert [type(one).__name__ for one in answering] == ["SideBySide"]
        assert_same(model(X), expected)
        assert "call" in vars(model.layer)
    assert "call" not in vars(model.layer)
    np.testing.assert_array_equal(model(X), expected)
    with pytest.raises(TypeError, match="`model` must be a sequential or a functional model"):
        settled(model)
    with pytest.raises(ValueError, match="`signs` must be one of 'matmul', 'bits'.*'both'"):
        settled(alone(fixed("sums")), signs="both")
