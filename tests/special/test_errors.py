"""What is refused, and with which words."""

import keras
import numpy as np
import pytest

from keras_addmul import special

X = np.array([0.5, 2.0], "float32")
FUNCTIONS = {
    "superlog": lambda x, **kw: special.superlog(x, **kw),
    "superexp": lambda x, **kw: special.superexp(x, **kw),
    "exp_iterate": lambda x, **kw: special.exp_iterate(x, 0.5, **kw),
}
FIRST = {"superlog": "x", "superexp": "y", "exp_iterate": "x"}

by_function = pytest.mark.parametrize("name", FUNCTIONS)


@by_function
@pytest.mark.parametrize("solution", ["Kneser", "", None, 3])
def test_unknown_solution_lists_the_known_ones(name, solution):
    message = f"`solution` must be one of 'kneser', 'linear'. Received: {solution!r}"
    with pytest.raises(ValueError, match=message):
        FUNCTIONS[name](X, solution=solution)


@by_function
@pytest.mark.parametrize(
    ("value", "received"),
    [
        ("abc", "Received: 'abc'|Received dtype: string"),
        (np.array(["a"]), "Received: array|Received dtype: string"),
        (True, "Received dtype: bool"),
        (np.array([True, False]), "Received dtype: bool"),
        (1j, "Received dtype: complex"),
        (np.array([1j]), "Received dtype: complex128"),
        (None, "Received: None"),
        (object(), "Received: <object"),
        ([[1.0], [1.0, 2.0]], "Received: \\[\\[1.0\\]"),
    ],
)
def test_what_holds_no_real_numbers_is_refused_by_name(name, value, received):
    with pytest.raises(TypeError, match=f"`{FIRST[name]}` must hold real numbers. ({received})"):
        FUNCTIONS[name](value)


def test_the_order_is_refused_by_its_own_name():
    with pytest.raises(TypeError, match="`n` must hold real numbers. Received dtype: complex"):
        special.exp_iterate(X, 1j)


@by_function
def test_a_symbolic_tensor_is_refused_with_advice(name):
    symbolic = keras.Input((3,))
    with pytest.raises(
        TypeError, match=f"`{FIRST[name]}` must be a tensor that holds numbers.*Exp"
    ):
        FUNCTIONS[name](symbolic)


def test_a_symbolic_order_is_refused_with_advice():
    with pytest.raises(TypeError, match="`n` must be a tensor .*`keras_addmul.layers.ExpIterate`"):
        special.exp_iterate(X, keras.Input((2,)))


def test_shapes_that_do_not_broadcast_are_refused():
    with pytest.raises(Exception, match="[Ss]hape|[Bb]roadcast|[Dd]imension"):
        special.exp_iterate(np.ones((2, 3)), np.ones((4,)))


@pytest.mark.parametrize(
    ("x", "n", "dtype"),
    [
        (2, 0.5, "float32"),
        (np.array([1, 2]), 0.5, "float32"),
        (np.float64(2.0), 0.5, "float64"),
        (np.ones(2, "float16"), 0.5, "float16"),
        (np.ones(2, "float16"), np.ones(2, "float32"), "float32"),
        (np.ones(2, "float32"), np.ones(2, "float64"), "float64"),
        ([1.0, 2.0], 1, "float32"),
    ],
)
def test_result_has_the_dtype_of_the_arguments(x, n, dtype):
    assert keras.backend.standardize_dtype(special.exp_iterate(x, n).dtype) == dtype
