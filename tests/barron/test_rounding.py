"""What floating point loses: computed layers against exact ones, and the roundings counted."""

import itertools
from contextlib import nullcontext

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_addmul import activations
from keras_addmul.barron.functions.bank import bank_of
from keras_addmul.barron.models.activation_rules import activated, lost_in_function
from keras_addmul.barron.models.bounds import Bounds, Unproved, smallest, unit_roundoff
from keras_addmul.barron.models.linear_rules import AFFINE
from keras_addmul.barron.models.merge_rules import merge
from keras_addmul.barron.models.passage import Passage, Unknown
from keras_addmul.barron.models.recognition import KNOWN, known_activations, recognise
from keras_addmul.barron.models.shape_rules import SHAPES
from keras_addmul.barron.models.targets import Target
from keras_addmul.layers import NoisyActivation, RePU, RePUBank

FORMATS = ["bfloat16", "float16", "float32"]


def as_stored(values, dtype):
    """Numbers as a dtype holds them."""
    return np.asarray(keras.ops.cast(keras.ops.cast(values, dtype), "float64"))


def points(values, dtype):
    """Bounds of one exactly known number each."""
    stored = as_stored(values, dtype)
    return Bounds.of_box(stored, stored, dtype)


def computed(layer, x, dtype):
    return np.asarray(keras.ops.cast(layer(keras.ops.cast(x, dtype)), "float64"))


def rounding_count(after, magnitude, dtype):
    """How many roundings of a magnitude a rule counted."""
    share = after.rounding / magnitude
    return share / (1 + share) / unit_roundoff(dtype)


# A layer, the shape of its input, and how many roundings one term may meet.
COUNTED = [
    (layers.Dense(2), (5,), 5 + 3),
    (layers.Conv1D(2, 3), (6, 2), 3 * 2 + 3),
    (layers.Conv2D(1, (2, 3)), (2, 3, 2), 2 * 3 * 2 + 3),
    (layers.Conv2D(2, 1, groups=2), (1, 1, 4), 2 + 3),
    (layers.EinsumDense("ab,bc->ac", 2), (5,), 5 * 2 + 3),
    (layers.DepthwiseConv1D(3), (3, 2), 3 * 2 + 3),
    (layers.SeparableConv1D(2, 3), (3, 2), 3 * 2 + 2 * 2 + 3),
    (layers.Rescaling(1.5, 0.25), (3,), 2),
    (layers.Normalization(mean=0.5, variance=4.0), (3,), 4),
    (layers.AveragePooling1D(3, strides=1), (5, 2), 3 + 1),
    (layers.AveragePooling2D((2, 3)), (4, 6, 1), 6 + 1),
    (layers.GlobalAveragePooling1D(), (7, 2), 7 + 1),
    (layers.GlobalAveragePooling2D(), (2, 3, 2), 6 + 1),
]


@pytest.mark.parametrize(("layer", "shape", "count"), COUNTED)
def test_every_rounding_of_a_layer_is_counted(layer, shape, count, rng):
    for dtype in ("float32", "bfloat16"):
        copy = type(layer).from_config({**layer.get_config(), "dtype": dtype})
        copy.build((None, *shape))
        ones = points(np.ones((1, *shape)), dtype)
        for w in copy.weights:
            w.assign(keras.ops.ones_like(w) if w.name != "bias" else keras.ops.zeros_like(w))
        after = (AFFINE.get(type(layer)) or SHAPES[type(layer)])(copy, ones)
        magnitude = np.abs(after.low).max()
        if isinstance(layer, layers.Normalization):
            magnitude = 0.75  # 1 / 2 + 0.5 / 2
        elif isinstance(layer, layers.Rescaling):
            magnitude = 1.75
        # Beside them what underflow and double precision lose, which is next to nothing.
        np.testing.assert_allclose(rounding_count(after, magnitude, dtype).max(), count, rtol=1e-4)


@pytest.mark.parametrize(
    ("layer", "count", "values"),
    [
        (layers.Add(), 2, (1.0, 1.0, 1.0)),
        (layers.Subtract(), 1, (1.0, -1.0)),
        (layers.Multiply(), 1, (2.0, 3.0)),
        (layers.Maximum(), 0, (1.0, 2.0)),
        (layers.Concatenate(), 0, (1.0, 2.0)),
    ],
)
def test_every_rounding_of_a_merging_layer_is_counted(layer, count, values):
    after = merge(layer, [points(np.full((1, 1), v), "float32") for v in values])
    np.testing.assert_allclose(
        rounding_count(after, np.abs(after.low), "float32"), count, rtol=1e-5, atol=1e-6
    )


def test_an_average_rounds_its_sum_and_its_quotient():
    after = merge(layers.Average(), [points(np.ones((1, 1)), "float32")] * 3)
    np.testing.assert_allclose(rounding_count(after, 1.0, "float32"), 2 + 2, rtol=1e-5)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Dense(3), (6,)),
        (layers.Conv1D(2, 3), (5, 2)),
        (layers.SeparableConv1D(2, 3), (5, 2)),
        (layers.BatchNormalization(), (4,)),
        (layers.Rescaling(0.3, 0.7), (4,)),
        (layers.Normalization(mean=0.3, variance=1.7), (4,)),
        (layers.AveragePooling1D(3, strides=1), (5, 2)),
        (layers.GlobalAveragePooling1D(), (7, 2)),
    ],
)
def test_computed_layers_lose_no_more_than_is_counted_and_not_much_less(layer, shape, dtype, rng):
    name = {"float16": "mixed_float16", "bfloat16": "mixed_bfloat16"}.get(dtype, dtype)
    copy = type(layer).from_config({**layer.get_config(), "dtype": name})
    exact = type(layer).from_config({**layer.get_config(), "dtype": "float64"})
    for one in (copy, exact):
        one.build((None, *shape))
    weights = [as_stored(np.abs(rng.normal(size=w.shape)) + 0.5, "float32") for w in copy.weights]
    copy.set_weights(weights)
    exact.set_weights(weights)
    x = rng.normal(size=(200, *shape)) * 10.0 ** rng.integers(-3, 1, (200, *shape))
    x = as_stored(x, dtype)
    rule, worst = AFFINE.get(type(layer)) or SHAPES[type(layer)], 0.0
    lost = np.abs(computed(copy, x, dtype) - np.asarray(exact(x)))
    for row, of_row in zip(x[:40], lost[:40], strict=True):
        after = rule(copy, points(row[None], dtype))
        assert np.all(of_row <= after.rounding[0])
        worst = max(worst, float(np.max(of_row / after.rounding[0])))
    assert worst > 0.04


def test_a_cast_is_counted_where_digits_are_lost_and_only_there(rng):
    x = rng.normal(size=(1, 50))
    bounds = Bounds.of_box(x, x, "float32")
    assert not bounds.cast("float64").rounding.any()
    for dtype in ("float16", "bfloat16"):
        after = bounds.cast(dtype)
        lost = np.abs(as_stored(x, dtype) - x)
        assert np.all(lost <= after.rounding)
        assert lost.max() > 0.3 * after.rounding[0, np.argmax(lost)]
        assert not after.cast("float32").rounding.max() > after.rounding.max()
    # float16 cannot hold what bfloat16 holds, nor the other way round.
    assert Bounds.of_box(x, x, "bfloat16").cast("float16").rounding.all()
    assert Bounds.of_box(x, x, "float16").cast("bfloat16").rounding.all()
    ids = Bounds.of_box(np.zeros((1, 1)), np.full((1, 1), 2.0**11), "int32")
    assert not ids.cast("float16").rounding.any()
    assert Bounds.of_box(ids.low, 4 * ids.high, "int32").cast("float16").rounding.all()


@pytest.mark.parametrize(
    ("make", "arguments"),
    [(layers.Dense, (1,)), (layers.Conv1D, (1, 1)), (layers.DepthwiseConv1D, (1,))],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.parametrize("number", [0, 1], ids=["kernel", "bias"])
def test_weights_that_a_dtype_cannot_hold_are_refused(make, arguments, number):
    """However small the inputs are."""
    layer = make(*arguments, dtype="mixed_float16")
    layer.build((None, 4, 3))
    layer.weights[number].assign(np.full(layer.weights[number].shape, 7e4))
    x = Bounds.of_box(np.zeros((1, 4, 3)), np.full((1, 4, 3), 1e-6), "float16")
    with pytest.raises(Unproved, match="numbers up to 7e.04 may overflow float16"):
        AFFINE[make](layer, x)


def test_differences_that_a_dtype_cannot_hold_are_refused():
    """Of inputs and the mean that is taken from them."""
    layer = layers.Normalization(mean=[3e4] * 3, variance=[1e9] * 3, dtype="mixed_float16")
    layer.build((None, 3))
    small, large = (
        Bounds.of_box(np.zeros((1, 3)), np.full((1, 3), high), "float16") for high in (1.0, 4e4)
    )
    AFFINE[layers.Normalization](layer, small)
    with pytest.raises(Unproved, match="may overflow float16"):
        AFFINE[layers.Normalization](layer, large)


@pytest.mark.parametrize(("high", "refused"), [(3e4, False), (4e4, True)])
def test_what_a_softmax_subtracts_must_fit_its_dtype(high, refused):
    """Of two numbers that may have either sign."""
    x = Bounds.of_box(np.full((1, 3), -high), np.full((1, 3), high), "float16")
    layer = layers.Softmax(dtype="float16")
    with pytest.raises(Unproved, match="overflow float16") if refused else nullcontext():
        activated(layer, x, "float16")


def test_what_a_dtype_cannot_hold_or_count_is_refused():
    x = Bounds.of_box(np.zeros((1, 1)), np.full((1, 1), 7e4), "float32")
    with pytest.raises(Unproved, match="numbers up to 7e.04 may overflow float16"):
        x.cast("float16")
    with pytest.raises(Unproved, match="no digit that is certain"):
        x.computed(1.0, 200, "bfloat16")
    with pytest.raises(Unproved, match="how float8_e4m3fn rounds is not known"):
        x.cast("float8_e4m3fn")


def test_bounds_are_widened_by_more_than_double_precision_loses(rng):
    # A sum of 1000 numbers, exactly and in doubles.
    import math

    kernel = rng.normal(size=(1000, 1))
    layer = layers.Dense(1, use_bias=False, dtype="float64")
    layer.build((None, 1000))
    layer.kernel.assign(kernel)
    x = rng.normal(size=(1, 1000))
    after = AFFINE[layers.Dense](layer, Bounds.of_box(x, x, "float64"))
    products = [float(a) * float(b) for a, b in zip(x[0], kernel[:, 0], strict=True)]
    truth = math.fsum(products)
    margin = 2.0**-52 * float(np.abs(products).sum())
    assert after.low[0, 0] + 500 * margin <= truth <= after.high[0, 0] - 500 * margin
    assert after.high - after.low < 3000 * margin


def everything_convertible():
    for name in known_activations():
        if name != "repu":
            yield name, layers.Activation(activations.get(name), dtype="float32")
    yield "repu", RePU(2)
    yield "repu 3", RePU(3)
    for base, kind in itertools.product(
        ("hard_tanh", "hard_sigmoid", "tanh", "sigmoid"), ("NAN", "NAH", "NANI", "NANIL")
    ):
        yield f"{kind} {base}", NoisyActivation(base, kind=kind)
    yield "bank", RePUBank(9, 2, -2.0, 3.0)
    yield "bank of degree 1", RePUBank(5, 1, 0.1, 0.7, outside="extrapolate", left=1)


@pytest.mark.parametrize("dtype", [*FORMATS, "float64"])
def test_every_activation_as_computed_is_within_its_rounding_bound(dtype):
    z = np.concatenate([np.linspace(-9, 9, 361), np.geomspace(1e-9, 1, 40), [-1e-9, -1e-4, 1e-4]])
    z = as_stored(z, dtype)[:, None]
    for name, like in everything_convertible():
        layer = type(like).from_config({**like.get_config(), "dtype": dtype})
        if isinstance(like, layers.Activation):
            layer = layers.Activation(like.activation, dtype=dtype)
        layer.build((None, 1))
        function = recognise(layer)
        assert isinstance(function, KNOWN), (name, function)
        graph = _Alone(layer)
        targets = {id(layer): Target(layer, function)}
        (after,) = Passage(graph, targets).run([Bounds.of_box(z.T, z.T, dtype)])
        assert not isinstance(after, Unknown), (name, after)
        least, most = after.low[0] - after.rounding[0], after.high[0] + after.rounding[0]
        for mode in (False, True) if name in ("tanh", "gelu", "elu") else (False,):
            run = tf.function(layer, jit_compile=True) if mode else layer
            y = np.asarray(keras.ops.cast(run(keras.ops.cast(z, dtype)), "float64"))[:, 0]
            assert np.all(np.isfinite(y)), name
            wrong = (y < least) | (y > most)
            assert not wrong.any(), (name, mode, z[wrong], y[wrong] - function(z[wrong, 0]))


class _Alone:
    """The graph of one layer."""

    def __init__(self, layer):
        self.layer = layer

    def run(self, inputs, rule):
        return [rule(self.layer, *inputs)]


@pytest.mark.parametrize("dtype", FORMATS)
def test_known_functions_as_computed_are_within_their_rounding_bounds(dtype):
    z = as_stored(np.concatenate([np.linspace(-7, 7, 281), [1e-6, -1e-6]]), dtype)[None]
    some = ("selu", "mish", "hard_sigmoid", "leaky_relu", "hard_tanh", "relu6", "hard_silu")
    for function in [getattr(keras.activations, name) for name in some]:
        after = activated(function, Bounds.of_box(z, z, dtype), dtype)
        y = computed(function, z, dtype)
        exact = np.asarray(function(keras.ops.cast(z, "float64")))
        assert np.all(np.abs(y - exact) <= after.rounding), function


@pytest.mark.parametrize("dtype", ["mixed_float16", "float32"])
def test_softmax_as_computed_is_within_its_rounding_bound(dtype, rng):
    layer = layers.Softmax(dtype=dtype)
    inner = layer.compute_dtype
    x = as_stored(rng.normal(size=(300, 4)) * 10.0 ** rng.integers(-1, 2, (300, 1)), inner)
    after = activated(layer, Bounds.of_box(x[:, None], x[:, None], inner), inner)
    y = computed(layer, x, inner)
    exact = np.exp(x - x.max(-1, keepdims=True))
    exact /= exact.sum(-1, keepdims=True)
    assert np.all(np.abs(y - exact) <= after.rounding[:, 0])


def test_smallest_numbers_are_what_underflow_loses():
    assert smallest("float16") == np.finfo(np.float16).smallest_subnormal
    assert smallest("float32") == np.finfo(np.float32).tiny
    for dtype in ("float16", "float32", "float64"):
        assert unit_roundoff(dtype) == np.finfo(dtype).eps / 2


@pytest.mark.parametrize("s", [1, 2, 3])
@pytest.mark.parametrize("dtype", FORMATS)
def test_a_bank_as_computed_is_within_what_it_loses(dtype, s, rng):
    layer = RePUBank(12, s, -2.0, 2.0, dtype=dtype)
    layer.build((None, 1))
    layer.coefficients.assign(layer.coefficients + rng.normal(size=12))
    bank = bank_of(layer)
    z = as_stored(np.linspace(-3, 3, 301), dtype)
    (after,) = Passage(_Alone(layer), {id(layer): Target(layer, recognise(layer))}).run(
        [Bounds.of_box(z[None], z[None], dtype)]
    )
    lost = np.abs(computed(layer, z[:, None], dtype)[:, 0] - bank(z))
    assert np.all(lost <= after.rounding[0])
    assert np.max(lost / after.rounding[0]) > 0.01


def test_bounds_say_how_far_apart_and_how_large_four_values_may_be():
    # Exact and computed, in the original and in the converted model.
    bounds = Bounds(*(np.array([[v]]) for v in (-3.0, 1.0, 0.25, 0.125)), "float64")
    assert bounds.apart == 0.25 + 2 * 0.125
    assert bounds.size == 3.0 + 0.25 + 0.125
    low, high = bounds.wide
    assert -3.375 - 1e-14 < low < -3.375
    assert 1.375 < high < 1.375 + 1e-14
    doubled = bounds.each(lambda v: 2 * v)
    assert [float(v[0, 0]) for v in doubled.arrays] == [-6.0, 2.0, 0.5, 0.25]
    assert doubled.dtype == "float64"


def test_what_is_lost_is_added_to_what_was_lost_before():
    bounds = Bounds(*(np.array([[v]]) for v in (-3.0, 1.0, 0.25, 0.125)), "float32")
    after = bounds.computed(np.array([[4.0]]), 10, "float32", underflow=0.0)
    share = 10 * 2.0**-24
    np.testing.assert_allclose(after.rounding, 0.125 + 4 * share / (1 - share), rtol=1e-12)
    np.testing.assert_allclose(after.error, 0.25, rtol=1e-12)
    margin = 14 * 2.0**-52
    assert after.error > 0.25 * (1 + 0.9 * margin)
    assert after.low < -3 - 0.9 * margin * 4
    assert after.high > 1 + 0.9 * margin * 4
    lost = bounds.computed(np.zeros((1, 1)), 10, "float16").rounding - bounds.rounding
    np.testing.assert_allclose(lost, 10 * 2.0**-24, rtol=1e-6)
    cast = Bounds.of_box([[1.0]], [[1.0]], "float32").cast("float16").rounding
    np.testing.assert_allclose(cast, 2.0**-11 + 2.0**-24, rtol=1e-12)


def test_a_function_loses_sixteen_roundings_of_its_value_and_of_its_argument():
    unit = 2.0**-24
    lost = lost_in_function(keras.activations.tanh, 0.5, 2.0, 3.0, "float32")
    np.testing.assert_allclose(lost, unit * (16 * (0.5 + 2.0 * 3.0) + 2), rtol=1e-9)
    lost = lost_in_function(keras.activations.gelu, 0.5, 2.0, 3.0, "float64")
    np.testing.assert_allclose(lost, unit * (16 * (0.5 + 2.0 * 3.0) + 2), rtol=1e-9)
    noisy = lost_in_function(NoisyActivation(kind="NANI"), 0.5, 2.0, 3.0, "float32")
    np.testing.assert_allclose(noisy, unit * (16 * (0.5 + 2.0 * 3.0) + 16), rtol=1e-9)
    with pytest.raises(Unproved, match="overflow float16"):
        lost_in_function(keras.activations.exponential, 4e4, 1.0, 1.0, "float16")
