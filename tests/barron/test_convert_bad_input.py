"""What a conversion refuses, and in which words."""

import re

import keras
import numpy as np
import pytest
from keras import layers

from keras_addmul.barron import convert_activation
from tests.barron.models import chain


def recurrent():
    return keras.Sequential([keras.Input((4, 3)), layers.LSTM(3)])


def softmax_only():
    return chain(layers.Dense(3, "softmax"))


def impostor():
    def tanh(x):
        return 2.0 * keras.ops.tanh(x)

    return tanh


BAD = [
    (lambda: convert_activation("m.keras"), TypeError, "`model` must be a Keras model"),
    (lambda: convert_activation(keras.Sequential([layers.Dense(2)])), ValueError, "must be built"),
    (lambda: convert_activation(softmax_only()), ValueError, "softmax joins all features"),
    (
        lambda: convert_activation(chain(layers.Dense(3, "relu")), degree=2),
        ValueError,
        "relu does not embed into RePU of degree 2",
    ),
    (
        lambda: convert_activation(chain(layers.Dense(3, "relu")), degree=1),
        ValueError,
        "relu is a RePU of degree 1 already",
    ),
    (
        lambda: convert_activation(chain(layers.Dense(3, "elu")), degree=3),
        ValueError,
        "elu does not embed into RePU of degree 3.*The largest degree for it is 2",
    ),
    (
        lambda: convert_activation(chain(layers.Dense(3, "tanh")), layers=["nope"]),
        ValueError,
        "`layers` must hold names of layers: .*Received: 'nope'",
    ),
    (
        lambda: convert_activation(
            chain(layers.Dense(3, "tanh"), layers.Dense(3, "softmax", name="end")), layers="end"
        ),
        ValueError,
        "'end' cannot be converted.*softmax",
    ),
    (
        lambda: convert_activation(chain(layers.Dense(3, lambda x: x * x))),
        ValueError,
        "<lambda> is none of the known functions",
    ),
    (
        lambda: convert_activation(chain(layers.Dense(3, impostor()))),
        ValueError,
        "tanh is none of the known functions, whatever it is called",
    ),
    (lambda: convert_activation(recurrent()), ValueError, "inside a recurrence"),
]
for argument, value, message in (
    ("to", "relu", "`to` must be 'repu'. Received: 'relu'"),
    ("degree", 0, "`degree` must be an integer from 1 to 8. Received: 0"),
    ("degree", 9, "`degree` must be an integer from 1 to 8. Received: 9"),
    ("degree", 1.5, "`degree` must be an integer from 1 to 8. Received: 1.5"),
    ("degree", True, "`degree` must be an integer from 1 to 8. Received: True"),
    ("order", 0, "`degree` must be an integer from 1 to 8. Received: 0"),
    ("tolerance", -1.0, "`tolerance` must be a number above 0. Received: -1.0"),
    ("tolerance", "small", "`tolerance` must be a number above 0. Received: 'small'"),
    ("method", "magic", "`method` must be 'spline' or 'quadrature'. Received: 'magic'"),
    ("outside", "nan", "`outside` must be 'clip' or 'extrapolate'. Received: 'nan'"),
    ("ranges", "all", "`ranges` must be 'domain' or 'data'. Received: 'all'"),
    ("ranges", "data", "`data` is needed"),
    ("domain", (1, -1), "with low <= high. Received: (1, -1)"),
    ("domain", 3.0, "`domain` must be a pair"),
    ("domain", {"z": (0, 1)}, "must have a pair for each of"),
    ("domain", {"z": (0, 1)}, "Received: ['z']"),
    ("domain", (list(range(500)), 1.0), "..."),
    ("data", np.zeros((4, 5)), "`data` must hold rows of shapes [(3,)]"),
    ("data", np.zeros((0, 3)), "`data` must hold rows of shapes"),
    ("data", [[1.0, 2.0]] * 512, "as many for each input. Received: ['list']"),
    ("data", np.full((4, 3), np.nan), "`data` must hold finite numbers"),
    ("data", {"z": np.zeros((4, 3))}, "`data` must have an array for each of"),
    ("latency_rows", 1.5, "`latency_rows` must be None or a number of rows. Received: 1.5"),
    ("layers", 3, "`layers` must hold names of layers"),
):
    BAD.append(
        (
            lambda argument=argument, value=value: convert_activation(
                chain(layers.Dense(3, "tanh")), **{argument: value}
            ),
            ValueError,
            re.escape(message),
        )
    )


@pytest.mark.parametrize(("call", "kind", "message"), BAD)
def test_bad_arguments(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_subclassed_model_is_refused():
    class Mine(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(TypeError, match="must be a sequential or a functional model"):
        convert_activation(Mine())
