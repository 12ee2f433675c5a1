"""Every rule of the certificate against what the layer does: it holds, and nothing smaller does."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_addmul.barron.models.activation_rules import activated
from keras_addmul.barron.models.bounds import Bounds
from keras_addmul.barron.models.linear_rules import AFFINE
from keras_addmul.barron.models.merge_rules import merge, merges
from keras_addmul.barron.models.shape_rules import SHAPES
from keras_addmul.layers import GeometricScale

D = "float64"


def spread(layer, shape, rng):
    """The layer, built, with weights of either sign, and variances above 0."""
    if not layer.built:
        layer.build((None, *shape))
    for w in layer.weights:
        values = rng.normal(size=w.shape)
        w.assign(np.abs(values) + 0.5 if "variance" in w.name else values)
    if isinstance(layer, layers.Normalization):
        layer.finalize_state()
    return layer


# A layer of every class that has a rule, and the shape of an input with few numbers.
LAYERS = [
    (layers.Dense(3, dtype=D), (4,)),
    (layers.Dense(2, use_bias=False, dtype=D), (2, 2)),
    (layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d", dtype=D), (2, 2)),
    (layers.Conv1D(2, 2, dtype=D), (4, 1)),
    (layers.Conv1D(2, 2, padding="causal", dilation_rate=2, dtype=D), (3, 2)),
    (layers.Conv2D(2, 2, padding="same", dtype=D), (2, 2, 1)),
    (layers.Conv3D(2, 1, strides=1, dtype=D), (2, 1, 1, 2)),
    (layers.Conv1DTranspose(2, 2, strides=2, dtype=D), (2, 2)),
    (layers.Conv2DTranspose(1, 2, dtype=D), (2, 2, 1)),
    (layers.Conv3DTranspose(1, (2, 1, 1), dtype=D), (2, 1, 1, 2)),
    (layers.DepthwiseConv1D(2, depth_multiplier=2, dtype=D), (2, 2)),
    (layers.DepthwiseConv2D(2, dtype=D), (2, 2, 1)),
    (layers.SeparableConv1D(2, 2, dtype=D), (2, 2)),
    (layers.SeparableConv2D(2, (2, 1), dtype=D), (2, 1, 2)),
    (layers.BatchNormalization(dtype=D), (3,)),
    (layers.BatchNormalization(axis=1, scale=False, center=False, dtype=D), (2, 2)),
    (layers.Rescaling(-1.5, 0.25, dtype=D), (3,)),
    (layers.Rescaling([2.0, -0.1], [0.0, 1.0], dtype=D), (2, 2)),
    (layers.Normalization(dtype=D), (3,)),
    (layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 0.04], dtype=D), (2,)),
    (GeometricScale(scale=[0.5, 3.0, 40.0], dtype=D), (3,)),
    (GeometricScale(axis=1, invert=True, dtype=D), (2, 2)),
    (layers.Identity(dtype=D), (3,)),
    (layers.Dropout(0.5, dtype=D), (3,)),
    (layers.SpatialDropout1D(0.5, dtype=D), (2, 2)),
    (layers.SpatialDropout2D(0.5, dtype=D), (1, 2, 2)),
    (layers.SpatialDropout3D(0.5, dtype=D), (1, 1, 2, 2)),
    (layers.GaussianNoise(0.5, dtype=D), (3,)),
    (layers.GaussianDropout(0.5, dtype=D), (3,)),
    (layers.AlphaDropout(0.5, dtype=D), (3,)),
    (layers.ActivityRegularization(0.1, dtype=D), (3,)),
    (layers.Flatten(dtype=D), (2, 2)),
    (layers.Reshape((4, 1), dtype=D), (2, 2)),
    (layers.Permute((2, 1), dtype=D), (2, 2)),
    (layers.RepeatVector(2, dtype=D), (3,)),
    (layers.ZeroPadding1D(1, dtype=D), (2, 2)),
    (layers.ZeroPadding2D(1, dtype=D), (2, 2, 1)),
    (layers.ZeroPadding3D(1, dtype=D), (2, 1, 1, 2)),
    (layers.Cropping1D((1, 0), dtype=D), (2, 2)),
    (layers.Cropping2D(((1, 0), (0, 0)), dtype=D), (2, 2, 1)),
    (layers.Cropping3D(((1, 0), (0, 0), (0, 0)), dtype=D), (2, 2, 1, 1)),
    (layers.UpSampling1D(2, dtype=D), (2, 2)),
    (layers.MaxPooling1D(2, strides=1, dtype=D), (4, 1)),
    (layers.MaxPooling2D(2, dtype=D), (2, 2, 1)),
    (layers.GlobalMaxPooling1D(dtype=D), (2, 2)),
    (layers.GlobalMaxPooling2D(dtype=D), (2, 1, 2)),
    (layers.GlobalMaxPooling3D(dtype=D), (2, 1, 1, 2)),
    (layers.AveragePooling1D(3, strides=1, padding="same", dtype=D), (4, 1)),
    (layers.AveragePooling2D(2, dtype=D), (2, 2, 1)),
    (layers.GlobalAveragePooling1D(dtype=D), (2, 2)),
    (layers.GlobalAveragePooling2D(keepdims=True, dtype=D), (2, 2, 1)),
    (layers.GlobalAveragePooling3D(dtype=D), (2, 1, 2, 1)),
]

MERGED = [
    (layers.Add(dtype=D), 3),
    (layers.Average(dtype=D), 3),
    (layers.Subtract(dtype=D), 2),
    (layers.Multiply(dtype=D), 2),
    (layers.Multiply(dtype=D), 3),
    (layers.Maximum(dtype=D), 3),
    (layers.Minimum(dtype=D), 3),
    (layers.Concatenate(dtype=D), 2),
]


def of_a_class(case):
    """A name that hangs on no counter of Keras."""
    return type(case).__name__ if isinstance(case, layers.Layer) else None


def random_bounds(shape, rng, error=0.0, rounding=0.0):
    """Intervals of different widths, on both sides of 0."""
    low = rng.normal(size=(1, *shape))
    high = low + rng.uniform(0.1, 1.5, low.shape)
    some = rng.uniform(0.5, 1.0, low.shape)
    return Bounds(low, high, error * some, rounding * some, D)


def corners(bounds, apart):
    """All choices of an end for each number, and of a sign for each of its deviations."""
    count = bounds.low.size
    rows = np.array(list(itertools.product([0, 1], repeat=2 * count)), float)
    share, sign = rows[:, :count], 2 * rows[:, count:] - 1
    x = bounds.low.reshape(-1) + share * (bounds.high - bounds.low).reshape(-1)
    moved = x + sign * apart.reshape(-1)
    return (v.reshape(-1, *bounds.low.shape[1:]) for v in (x, moved))


def assert_holds(after, y, moved, deviation, tight=0.999):
    """The bounds hold the values, and the deviations, and none of them could be smaller."""
    assert np.all((after.low <= y) & (y <= after.high))
    # Differences are computed in double precision here.
    assert np.all(np.abs(moved - y) <= deviation + 1e-14 * np.abs(y).max())
    if tight:
        width = (y.max(axis=0) - y.min(axis=0))[None]
        assert np.all(width >= tight * (after.high - after.low) - 1e-12)
        np.testing.assert_array_less(tight * deviation - 1e-12, np.abs(moved - y).max(0)[None])


def test_every_class_with_a_rule_is_here():
    assert {type(layer) for layer, _ in LAYERS} | {layers.Embedding} == {*AFFINE, *SHAPES}
    assert {type(layer) for layer, _ in MERGED} <= set(merges())
    operations = {kind for kind in merges() if not issubclass(kind, layers.Layer)}
    assert len(operations) == len(OPERATIONS)


@pytest.mark.parametrize("what", ["error", "rounding"])
@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=of_a_class)
def test_rule_of_a_layer_is_sharp(layer, shape, what, rng):
    spread(layer, shape, rng)
    before = random_bounds(shape, rng, **{what: 0.3})
    rule = AFFINE.get(type(layer)) or SHAPES[type(layer)]
    after = rule(layer, before)
    x, moved = corners(before, getattr(before, what))
    y, moved = (np.asarray(layer(v, training=False)) for v in (x, moved))
    # A maximum is furthest from another where one number is ahead in both: not in all corners.
    kinds = (layers.MaxPooling1D, layers.MaxPooling2D)
    kinds += (layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D)
    tight = 0.5 if type(layer) in kinds else 0.999
    assert_holds(after, y, moved, getattr(after, what), tight)


@pytest.mark.parametrize("what", ["error", "rounding"])
@pytest.mark.parametrize(("layer", "count"), MERGED)
def test_rule_of_a_merging_layer_is_sharp(layer, count, what, rng):
    before = [random_bounds((1,), rng, **{what: 0.3}) for _ in range(count)]
    _check_merge(layer, layer, before, what)


OPERATIONS = [ops.add, ops.subtract, ops.multiply, ops.maximum, ops.minimum, ops.concatenate]


@pytest.mark.parametrize("what", ["error", "rounding"])
@pytest.mark.parametrize("function", OPERATIONS, ids=lambda f: f.__name__)
def test_rule_of_an_operation_is_sharp(function, what, rng):
    if function is ops.concatenate:

        def call(values):
            return ops.concatenate(values, axis=1)
    else:

        def call(values):
            return function(*values)

    tensors = [keras.Input((1,), dtype=D) for _ in range(2)]
    operation = keras.Model(tensors, call(tensors)).operations[-1]
    before = [random_bounds((1,), rng, **{what: 0.3}) for _ in range(2)]
    _check_merge(operation, call, before, what)


def _check_merge(layer, call, before, what):
    after = merge(layer, before)
    together = Bounds(*(np.concatenate([getattr(b, n) for b in before], 1) for n in FIELDS))
    x, moved = corners(together, getattr(together, what))
    y, moved = (np.asarray(call([v[:, i : i + 1] for i in range(len(before))])) for v in (x, moved))
    # The largest of several is furthest off where it is ahead.
    loose = type(layer) in (layers.Maximum, layers.Minimum) or "imum" in type(layer).__name__
    if loose:
        assert_holds(after, y, moved, getattr(after, what), tight=0.3)
    elif layer.__class__ is layers.Multiply and len(before) == 3:
        assert_holds(after, y, moved, getattr(after, what), tight=0.8)
    else:
        # A product is furthest off where both factors are largest: at a corner of theirs.
        assert_holds(after, y, moved, getattr(after, what), tight=0.999)


FIELDS = ("low", "high", "error", "rounding")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_merging_layers_broadcast_as_keras_does(dtype, rng):
    a, b = random_bounds((2,), rng, 0.1), random_bounds((3, 2), rng, 0.1)
    for layer in (layers.Add(dtype=D), layers.Multiply(dtype=D), layers.Maximum(dtype=D)):
        after = merge(layer, [a, b])
        y = np.asarray(layer([a.low, b.high]))
        assert after.low.shape == after.error.shape == (1, 3, 2)
        assert np.all((after.low <= y) & (y <= after.high))


def test_rule_of_an_embedding_is_the_range_of_the_rows_that_it_can_look_up(rng):
    layer = spread(layers.Embedding(6, 2), (), rng)
    table = np.asarray(layer.embeddings)
    ids = Bounds.of_box(np.full((1, 3), 1.2), np.full((1, 3), 4.7), "int32")
    after = AFFINE[layers.Embedding](layer, ids)
    np.testing.assert_array_equal(after.low, np.tile(table[2:5].min(0), (1, 3, 1)))
    np.testing.assert_array_equal(after.high, np.tile(table[2:5].max(0), (1, 3, 1)))
    assert not after.apart.any()


# Functions in straight pieces, and where their steepest piece lies.
FUNCTIONS = [
    (keras.activations.relu, 1.0),
    (keras.activations.relu6, 1.0),
    (keras.activations.leaky_relu, 1.0),
    (keras.activations.hard_sigmoid, 0.0),
    (keras.activations.hard_tanh, 0.0),
    (keras.activations.linear, 0.0),
    (keras.activations.selu, -0.01),
    (keras.activations.softsign, 0.0),
    (keras.activations.mish, 1.5),
    (layers.ReLU(max_value=2.0, negative_slope=0.5, dtype=D), 1.0),
    (layers.ReLU(negative_slope=3.0, dtype=D), -1.0),
    (layers.LeakyReLU(negative_slope=0.3, dtype=D), 1.0),
    (layers.LeakyReLU(negative_slope=2.0, dtype=D), -1.0),
]


@pytest.mark.parametrize("what", ["error", "rounding"])
@pytest.mark.parametrize(
    ("function", "steep"), FUNCTIONS, ids=lambda f: getattr(f, "__name__", type(f).__name__)
)
def test_rule_of_a_function_is_sharp_where_it_is_steepest(function, steep, what):
    low, high = np.array([[steep - 0.002]]), np.array([[steep + 0.002]])
    zero = np.zeros((1, 1))
    apart = {"error": zero, "rounding": zero} | {what: zero + 1e-3}
    before = Bounds(low, high, dtype=D, **apart)
    after = activated(function, before, D)
    x = np.linspace(low[0], high[0], 101)
    y, moved = (np.asarray(function(ops.convert_to_tensor(v))) for v in (x, x + 1e-3))
    assert_holds(after, y, moved, getattr(after, what), tight=0.98)


@pytest.mark.parametrize("axis", [-1, 1])
def test_rule_of_a_softmax_holds_and_is_near(axis, rng):
    layer = layers.Softmax(axis=axis, dtype=D)
    center = rng.normal(size=(1, 2, 3)) * np.array([0.1, 1.0, 30.0])
    # Far out in favour of one, where 1 - p is all that is left of the slope.
    for middle, width, error in ((center, 0.5, 0.2), (center, 1e-3, 1e-4), (40 * center, 0.0, 1.0)):
        for what in ("error", "rounding"):
            zero = np.zeros(middle.shape)
            apart = {"error": zero, "rounding": zero} | {what: zero + error}
            before = Bounds(middle - width, middle + width, dtype=D, **apart)
            after = activated(layer, before, D)
            x = middle + width * rng.choice([-1.0, 1.0, 0.3], (4000, 2, 3))
            sign = rng.choice([-1.0, 1.0], x.shape)
            y, moved = (np.asarray(layer(v)) for v in (x, x + error * sign))
            assert_holds(after, y, moved, getattr(after, what), tight=None)
            if width == 1e-3:  # the slope is that of the middle, which some corner attains
                found = np.abs(moved - y).max(0)
                assert np.all(found >= 0.8 * getattr(after, what)[0] - 1e-12)


def test_the_rounding_of_a_product_is_that_of_the_larger_numbers_of_the_converted_model():
    numbers = {"a": (-2.0, 1.0, 0.5, 0.25), "b": (0.0, 3.0, 0.125, 0.01)}
    before = [Bounds(*(np.array([[v]]) for v in four), D) for four in numbers.values()]
    after = merge(layers.Multiply(dtype=D), before)
    ends = []
    for low, high, error, rounding in numbers.values():
        exact = [end + sign * error for end in (low, high) for sign in (-1, 1)]
        ends.append([(v, v + sign * rounding) for v in exact for sign in (-1, 1)])
    lost = [abs(x * y - u * v) for (u, x), (v, y) in itertools.product(*ends)]
    np.testing.assert_allclose(after.rounding, max(lost), rtol=1e-12)
    assert after.rounding >= max(lost)
