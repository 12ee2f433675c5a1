"""Which function has which record, and the facts that proofs rely on, over all records."""

import functools
import gc
import itertools
import math

import keras
import mpmath
import numpy as np
import pytest
from keras import ops

from keras_addmul import activations
from keras_addmul.activations import catalogue, extrema, record_of
from keras_addmul.activations.registry import ALIASES, ROWS, describe
from keras_addmul.activations.saturating import BASES, get_base
from keras_addmul.layers import NoisyActivation
from tests.activations.truth import exact, slope

NAMESAKES = [record_of(getattr(keras.activations, n)) for n in ("hard_sigmoid", "leaky_relu")]
RECORDS = [*catalogue(), *NAMESAKES]
ELEMENTWISE = [row for row in RECORDS if row.elementwise]

every_record = pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
X = np.array([-9.0, -3.5, -1.7, -0.6, -0.2, 0.0, 0.1, 0.4, 0.9, 2.2, 7.0])


def values(function, x=X):
    return np.asarray(function(ops.convert_to_tensor(x, "float64")))


@pytest.mark.parametrize("row", RECORDS, ids=lambda row: row.name)
def test_a_function_and_its_twins_have_the_record_and_the_same_values(row):
    assert record_of(row.function) is row
    for twin in row.twins:
        assert record_of(twin) is row
        np.testing.assert_allclose(values(twin), values(row.function), rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("row", RECORDS, ids=lambda row: row.name)
def test_the_same_function_in_the_operations_of_keras_is_a_twin(row):
    name = row.function.__name__
    twin = getattr(ops, name, None)
    if row.function is not getattr(keras.activations, name, None) or twin is None:
        return
    # `ops.gelu` approximates where `activations.gelu` does not.
    assert record_of(twin) is (row if np.allclose(values(twin), values(row.function)) else None)


def test_namesakes_in_keras_have_records_that_no_name_finds():
    for row in NAMESAKES:
        assert row is not record_of(activations.get(row.function.__name__))
        assert row not in catalogue()
        assert row.name not in ROWS


def impostors():
    """Callables that are called as a known function is, and are none."""

    def leaky_relu(x):
        return 5.0 * x

    def tanh(x):
        return ops.tanh(x)

    class ReLU(keras.layers.ReLU):
        def call(self, x):
            return -x

    class Equal:
        __name__ = "relu"

        def __eq__(self, other):
            return True

        def __hash__(self):
            return hash(keras.activations.relu)

        def __call__(self, x):
            return 3.0 * x

    yield from (leaky_relu, tanh, ReLU(), Equal(), Equal)
    yield lambda x: ops.tanh(x)
    yield functools.partial(keras.activations.relu, negative_slope=2.0)
    yield functools.partial(keras.activations.tanh)
    yield from (keras.layers.ReLU, np.tanh, "tanh", None, 3, keras.layers.Dense(2, "relu"))
    yield keras.activations.threshold
    yield activations.get  # a function of ours, and no activation


@pytest.mark.parametrize("impostor", [*impostors()], ids=lambda value: type(value).__name__)
def test_what_is_called_like_a_known_function_is_unknown(impostor):
    assert record_of(impostor) is None


def test_an_object_in_the_place_of_one_that_is_gone_is_unknown():
    # Identities of objects are used again once they are freed: records keep their functions.
    for _ in range(200):
        assert record_of(lambda x: x) is None
    gc.collect()
    assert all(record_of(row.function) is row for row in RECORDS)


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (keras.layers.Activation("tanh"), "tanh"),
        (keras.layers.Activation(activations.hard_sigmoid), "hard_sigmoid"),
        (keras.layers.Activation("hard_sigmoid"), "keras.activations.hard_sigmoid"),
        (keras.layers.Activation(lambda x: x), None),
        (keras.layers.ReLU(), "relu"),
        (keras.layers.ReLU(max_value=6.0), "relu6"),
        (keras.layers.ReLU(max_value=5.0), None),
        (keras.layers.ReLU(negative_slope=0.1), None),
        (keras.layers.ReLU(threshold=0.1), None),
        (keras.layers.LeakyReLU(negative_slope=0.01), "leaky_relu"),
        (keras.layers.LeakyReLU(negative_slope=0.2), "keras.activations.leaky_relu"),
        (keras.layers.LeakyReLU(), None),
        (keras.layers.ELU(), "elu"),
        (keras.layers.ELU(alpha=2.0), None),
        (keras.layers.Softmax(), "softmax"),
        (keras.layers.Softmax(axis=1), None),
        (keras.layers.PReLU(), None),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_layers_of_keras_have_the_record_of_what_they_apply(layer, name):
    row = record_of(layer)
    assert (row and row.name) == name
    if row is not None:
        x = ops.convert_to_tensor(X[None], "float32")
        np.testing.assert_allclose(layer(x), row.function(x), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("row", RECORDS, ids=lambda row: row.name)
def test_what_a_layer_saved_and_read_has_the_same_record(row):
    if not row.elementwise:
        return
    layer = keras.layers.Dense(3, activation=row.function)
    assert record_of(keras.layers.Dense.from_config(layer.get_config()).activation) is row
    assert record_of(activations.get(activations.serialize(row.function))) is row


@every_record
def test_the_value_at_zero_is_that_of_the_formula(row):
    assert row.at_zero == pytest.approx(float(exact(row, mpmath.mpf(0))), rel=1e-15, abs=1e-300)


@every_record
def test_the_lines_are_those_that_the_values_tend_to(row):
    for side, line in ((-1, row.left), (1, row.right)):
        x = [side * mpmath.mpf(v) for v in (4e7, 1e8, 1.6e8)]
        a, b, c = (exact(row, v) for v in x)
        if line is None:  # three points on no line
            assert abs(b - a - (c - b)) > 0.1, side
            continue
        wanted = [line[0] * v + line[1] for v in x]
        room = 1e-15 * abs(line[0]) + mpmath.mpf("1e-7")  # the slope is a double
        for y, w in zip((a, b, c), wanted, strict=True):
            assert abs(y - w) <= room + 1e-15 * abs(w), side
        if row.straight:
            knot = (row.knots or (0.0,))[0 if side < 0 else -1]
            for v in (mpmath.mpf(knot) + side * mpmath.mpf(d) for d in (0.01, 1.0, 100.0)):
                assert abs(exact(row, v) - line[0] * v - line[1]) <= 1e-14 * (1 + abs(v))


@every_record
def test_straight_is_said_of_functions_without_a_bend_between_knots(row):
    edges = [-8.0, *row.knots, 8.0]
    bends = []
    for low, high in itertools.pairwise(edges):
        points = [mpmath.mpf(low) + (mpmath.mpf(high) - low) * k / 7 for k in range(1, 7)]
        bends += [abs(slope(row, x, order=2)) for x in points]
    assert row.straight == (max(bends) < 1e-9)


@pytest.mark.parametrize("row", NAMESAKES, ids=lambda row: row.name)
def test_facts_of_namesakes_are_those_of_their_functions(row, rng):
    x = np.unique(np.concatenate([rng.uniform(-12, 12, 400), row.knots, X]))
    y = values(row.function, x)
    assert row.range[0] <= y.min()
    assert y.max() <= row.range[1]
    assert np.all(np.diff(y) >= 0) == row.monotone
    steep = np.max(np.abs(np.diff(y) / np.diff(x)))
    assert steep == pytest.approx(row.lipschitz, rel=1e-9)
    # TensorFlow takes the slope of leaky_relu in single precision, whatever the dtype.
    np.testing.assert_allclose(y, [float(exact(row, mpmath.mpf(v))) for v in x], rtol=3e-8)


def test_extrema_solve_their_equations():
    mp = mpmath

    def turn(f, start, order):
        at = mp.findroot(lambda t: mp.diff(f, t, order), start)
        return mp.diff(f, at, order - 1)

    def silu(x):
        return x / (1 + mp.exp(-x))

    def gelu(x):
        return x * mp.ncdf(x)

    def mish(x):
        return x * mp.tanh(mp.log1p(mp.exp(x)))

    def hard_elish(x):
        return (mp.exp(x) - 1) * (x + 1) / 2

    true = {
        "LISHT_STEEPEST": turn(lambda x: x * mp.tanh(x), 1.2, 2),
        "SILU_LEAST": turn(silu, -1.3, 1),
        "SILU_STEEPEST": turn(silu, 2.4, 2),
        "DSILU_LARGEST": turn(silu, 2.4, 2),
        "GELU_LEAST": turn(gelu, -0.75, 1),
        "GELU_STEEPEST": turn(gelu, 1.4, 2),
        "MISH_LEAST": turn(mish, -1.2, 1),
        "MISH_STEEPEST": turn(mish, 1.5, 2),
        "ELISH_LEAST": turn(lambda x: mp.expm1(x) / (1 + mp.exp(-x)), -0.9, 1),
        "HARD_ELISH_LEAST": turn(hard_elish, -0.4, 1),
        "GAUSSIAN_STEEPEST": turn(lambda x: mp.exp(-(x**2)), -0.7, 2),
        "SELU_STEEPEST": extrema.SELU_SCALE * mp.mpf("1.6732632423543772"),
    }
    for name in set(extrema.__all__) - {"SELU_SCALE"}:
        value = getattr(extrema, name)
        assert abs(value - true[name]) <= 2 * math.ulp(abs(value)), name


@pytest.mark.parametrize("base", BASES.values(), ids=lambda base: base.name)
def test_bases_of_noise_take_their_numbers_from_the_record(base):
    row = record_of(base.function)
    assert (base.name, base.slope, (base.low, base.high)) == (row.name, row.lipschitz, row.range)
    x = mpmath.mpf("0.3")
    odd = exact(row, x) + exact(row, -x) - 2 * mpmath.mpf(base.middle)
    assert abs(odd) < 1e-40
    assert float(slope(row, mpmath.mpf(0))) == pytest.approx(base.slope, rel=1e-15)


def test_bases_have_names_of_their_own_and_the_earlier_one_still_loads():
    assert set(BASES) == {"hard_tanh", "tangent_sigmoid", "tanh", "sigmoid"}
    assert get_base("hard_sigmoid") is BASES["tangent_sigmoid"]
    config = NoisyActivation("tangent_sigmoid").get_config()
    earlier = NoisyActivation.from_config({**config, "base": "hard_sigmoid"})
    assert earlier.get_config() == config
    assert all(record_of(activations.get(name)).name == name for name in BASES)


def test_a_name_or_a_function_has_one_record():
    facts = {"formula": "x", "range": (0.0, 1.0), "smoothness": 0, "monotone": True}
    facts |= {"left": None, "right": None, "lipschitz": 1.0, "source": "https://a"}
    with pytest.raises(ValueError, match="'tanh' belongs to 'tanh'. Received it for: 'mine'"):
        describe(lambda x: x, name="mine", aliases=("tanh",), **facts)
    with pytest.raises(ValueError, match="has a record already. Received: 'mine'"):
        describe(keras.activations.tanh, name="mine", listed=False, **facts)
    assert "mine" not in {*ALIASES, *ROWS}  # what is refused leaves nothing behind
