"""Bad arguments raise an error that names the argument, what was expected and what came."""

import keras
import numpy as np
import pytest

from keras_addmul.layers import AddMul, AddMulDense, AddMulSelect, ExpIterate
from keras_addmul.layers.constraints import Interval
from keras_addmul.layers.initializers import NearEnds, ParityUniform, SelectUniform
from keras_addmul.layers.regularizers import OrdersToEnds

BAD_ARGUMENTS = [
    (lambda: AddMulDense(0), "`units` must be a positive integer. Received: 0"),
    (lambda: AddMulDense(-3), "`units` must be a positive integer. Received: -3"),
    (lambda: AddMulDense(2.5), "`units` must be a positive integer. Received: 2.5"),
    (lambda: AddMulDense("8"), "`units` must be a positive integer. Received: '8'"),
    (lambda: AddMulDense(True), "`units` must be a positive integer. Received: True"),
    (lambda: AddMulDense(8, groups=3), "`groups` must divide the 8 units. Received: 3"),
    (lambda: AddMulDense(8, groups=0), "`groups` must be a positive integer or None. Received: 0"),
    (
        lambda: AddMulDense(8, coupling="loose"),
        "`coupling` must be one of 'tied', 'free'. Received: 'loose'",
    ),
    (
        lambda: AddMulDense(8, path="abel"),
        "`path` must be one of 'kneser', 'linear', 'mixture'. Received: 'abel'",
    ),
    (lambda: AddMulDense(8, nodes=-1), "`nodes` must be a positive integer or None. Received: -1"),
    (lambda: AddMulDense(8, nodes=1), "`nodes` must be at least 2. Received: 1"),
    (lambda: AddMulDense(8, epsilon=0.0), "`epsilon` must be a number above 0.0. Received: 0.0"),
    (lambda: AddMulDense(8, epsilon="s"), "`epsilon` must be a number above 0.0. Received: 's'"),
    (lambda: ExpIterate(solution=None), "must be one of 'kneser', 'linear'. Received: None"),
    (
        lambda: ExpIterate(epsilon=float("nan")),
        "must be a number above 0.0. Received: nan",
    ),
    (lambda: AddMulSelect(0), "`units` must be a positive integer. Received: 0"),
    (lambda: AddMulSelect(2, epsilon=-1.0), "must be a number above 0.0. Received: -1.0"),
    (lambda: SelectUniform(0.9, 0.5), "numbers with 0 <= low <= high. Received: 0.9, 0.5"),
    (lambda: ParityUniform(0.5, 1.5), "0 <= low <= high <= 1. Received: 0.5, 1.5"),
    (lambda: NearEnds(0.5), "`distance` must be a number in [0, 0.5). Received: 0.5"),
    (lambda: AddMul(path="x"), "must be one of 'kneser', 'linear', 'mixture'. Received: 'x'"),
    (
        lambda: AddMulDense(8, coupling="free", path="mixture"),
        "solution of Abel's equation, such as 'kneser', where `coupling` is 'free'. "
        "Received: 'mixture'",
    ),
    (lambda: Interval(1.0, 0.0), "`low` below `high`. Received: 1.0, 0.0"),
    (lambda: OrdersToEnds(-1.0), "`strength` must be a number of at least 0.0. Received: -1.0"),
    (
        lambda: OrdersToEnds("a lot"),
        "`strength` must be a number of at least 0.0. Received: 'a lot'",
    ),
]


@pytest.mark.parametrize(
    ("make", "message"), BAD_ARGUMENTS, ids=lambda v: getattr(v, "__name__", v)
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert message in str(error.value)


ALL = [
    lambda: AddMulDense(2),
    lambda: AddMulSelect(2),
    lambda: ExpIterate(),
    lambda: AddMulDense(2, coupling="free"),
]


@pytest.mark.parametrize("make", ALL)
def test_integers_are_refused_by_name(make):
    with pytest.raises(TypeError, match="takes floats.*int32"):
        make()(np.ones((2, 3), "int32"))


@pytest.mark.parametrize("make", ALL)
def test_strings_are_refused(make):
    with pytest.raises((TypeError, ValueError), match="string|str"):
        make()(np.array([["a", "b"]]))


@pytest.mark.parametrize("make", ALL)
def test_vectors_and_other_widths_are_refused(make):
    layer = make()
    layer(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match="expected"):
        layer(np.ones((2, 4), "float32"))
    with pytest.raises(ValueError, match="expected min_ndim=2"):
        layer(np.ones(3, "float32"))


@pytest.mark.parametrize("make", ALL)
def test_an_unknown_number_of_inputs_is_refused(make):
    with pytest.raises(ValueError, match="last dimension of its input to be known"):
        make()(keras.Input((None,)))


@pytest.mark.parametrize("order", ["half", [0.1, "b"]])
def test_orders_that_are_not_numbers_are_refused(order):
    with pytest.raises((TypeError, ValueError)):
        AddMulDense(2, order_initializer=order).build((None, 3))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.ones((2, 3), "float32"), "merges a list of tensors. Received: .2, 3."),
        ([np.ones((2, 3)), np.ones((2, 2))], "can be broadcast. Received shapes: ..2, 3., .2, 2.."),
        ([np.ones(2), np.ones(2)], "last dimension that is known.*Received shapes"),
        ([keras.Input((None,)), keras.Input((None,))], "last dimension that is known"),
    ],
    ids=["no list", "two shapes", "vectors", "unknown features"],
)
def test_what_cannot_be_merged_is_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        AddMul()(inputs)


def test_nan_in_the_data_stays_visible():
    x = np.array([[1.0, np.nan], [1.0, 2.0]], "float32")
    y = np.asarray(AddMulDense(1)(x))
    assert np.isnan(y[0, 0])
    assert np.isfinite(y[1, 0])
