"""Certificates of random models: what is measured never exceeds what was proved."""

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from keras import layers, ops

from keras_addmul import activations
from keras_addmul.barron import convert_activation, converting
from keras_addmul.barron.functions.bank import bank_of
from keras_addmul.barron.functions.smooth import Smooth
from keras_addmul.barron.models.domain import boxes, random_points
from keras_addmul.barron.models.recognition import recognise
from keras_addmul.layers import NoisyActivation
from tests.barron.compared import QUICK, largest_difference

# Into units of any degree, and of degree 1 only.
SMOOTH = ["tanh", "sigmoid", "softplus", "silu", "gelu", "log_sigmoid", "sin", "gaussian"]
ONCE = ["elu", "softsign", "NAH", "NANIL"]
# What stays, and is bounded by its slope.
OTHER = ["linear", "relu", "leaky_relu", "hard_sigmoid", "hard_tanh", "softmax", "selu", "mish"]

KINDS = ["dense", "activation", "norm", "rescale", "pool", "conv", "flatten", "dropout"]
JOINS = [
    layers.Add,
    layers.Subtract,
    layers.Average,
    layers.Multiply,
    layers.Maximum,
    layers.Minimum,
    layers.Concatenate,
]


class Add(layers.Add):
    def call(self, inputs):
        return 10.0 * super().call(inputs)


def leaky_relu(x):
    return ops.maximum(x, 5.0 * x)


IMPOSTORS = [
    lambda: layers.Dense(3, leaky_relu),
    lambda: layers.Activation(lambda x: 2.0 * ops.tanh(x)),
    lambda: lambda y: Add()([y, y]),
    lambda: layers.LayerNormalization(),
]


def activation(name, dtype, units=3):
    if name in ("NAH", "NANIL"):
        base = "hard_tanh" if name == "NAH" else "tanh"
        return NoisyActivation(base, kind=name, units=units, dtype=dtype)
    return activations.get(name)


@st.composite
def problems(draw):
    """What makes a random model, its domain, and what is asked of the conversion."""
    degree = draw(st.integers(1, 3))
    convertible = SMOOTH + (ONCE if degree == 1 else [])
    names = st.sampled_from(convertible * 2 + OTHER)
    low = st.floats(-2, 1.5)
    return {
        "seed": draw(st.integers(0, 10_000)),
        "dtype": draw(st.sampled_from(["float32", "float64", "mixed_float16", "mixed_bfloat16"])),
        "inputs": draw(st.lists(st.sampled_from([(2,), (4, 2)]), min_size=1, max_size=2)),
        "domains": [(a, a + draw(st.floats(0.0, 2.5))) for a in (draw(low), draw(low))],
        "first": draw(st.sampled_from(convertible)),
        "steps": draw(st.lists(st.tuples(st.sampled_from(KINDS), names), max_size=2)),
        "joins": draw(st.lists(st.sampled_from(JOINS), max_size=2)),
        "operation": draw(st.booleans()),
        "impostor": draw(st.sampled_from([None, None, None, *range(len(IMPOSTORS))])),
        "asked": {
            "degree": degree,
            "tolerance": 10 ** draw(st.floats(-2.5, -1)),
            "outside": draw(st.sampled_from(["clip", "extrapolate"])),
            "method": draw(st.sampled_from(["spline", "quadrature"])),
        },
    }


def random_model(problem):
    """A functional model with a branch for each input, joins, and skip connections."""
    keras.utils.set_random_seed(problem["seed"])
    rng = np.random.default_rng(problem["seed"])
    dtype = problem["dtype"]
    given = {"dtype": "float64" if dtype == "float64" else "float32"}
    inputs = [keras.Input(shape, **given) for shape in problem["inputs"]]
    branches = []
    for x in inputs:
        first = activation(problem["first"], dtype)
        y = layers.Dense(3, first, dtype=dtype)(x)
        for kind, name in problem["steps"]:
            y = step(kind, name, y, dtype)
        if len(y.shape) > 2:
            y = layers.GlobalAveragePooling1D(dtype=dtype)(y)
        branches.append(layers.Dense(3, dtype=dtype)(y))
    y = branches[0]
    for k, join in enumerate(problem["joins"]):
        y = join(dtype=dtype)([y, branches[(k + 1) % len(branches)]])
        if join is layers.Concatenate:
            y = layers.Dense(3, dtype=dtype)(y)
    if problem["operation"]:
        y = 0.5 * y + 0.25
    if problem["impostor"] is not None:
        y = IMPOSTORS[problem["impostor"]]()(y)
    outputs = [layers.Dense(2, dtype=dtype)(y)]
    if len(branches) > 1:
        outputs.append(branches[1])
    model = keras.Model(inputs, outputs)
    for w in model.weights:
        if "variance" in w.name:
            w.assign(rng.uniform(0.3, 2.0, w.shape))
        elif "mean" in w.name or "bias" in w.name or w.name == "gamma":
            w.assign(rng.normal(size=w.shape))
        elif w.dtype != "int32":
            w.assign(w * rng.uniform(0.5, 1.5))
    return model


def step(kind, name, y, dtype):
    function = activation(name, dtype)
    if kind == "activation":
        return layers.Activation(activation(name, dtype, y.shape[-1]), dtype=dtype)(y)
    if kind == "norm":
        return layers.BatchNormalization(dtype=dtype)(y)
    if kind == "rescale":
        return layers.Rescaling(-0.7, 0.1, dtype=dtype)(y)
    if kind == "dropout":
        return layers.Dropout(0.5, dtype=dtype)(y)
    if kind == "dense" or len(y.shape) == 2:
        return layers.Dense(3, function, dtype=dtype)(y)
    if kind == "conv":
        return layers.Conv1D(3, 2, activation=function, padding="same", dtype=dtype)(y)
    if kind == "pool":
        pool = layers.MaxPooling1D if name in SMOOTH else layers.AveragePooling1D
        return pool(2, strides=1, padding="same", dtype=dtype)(y)
    return layers.Flatten(dtype=dtype)(y)


@pytest.mark.slow
@settings(
    max_examples=200,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(problem=problems())
def test_measured_differences_never_exceed_the_certificate(problem):
    model = random_model(problem)
    domain = problem["domains"][: len(model.inputs)]
    pairs, _ = boxes(model, domain, None)
    rows = random_points(model, pairs, 400)
    data = None if problem["impostor"] is None else rows
    with pytest.MonkeyPatch.context() as patch:  # no part of the proof, and a third of the time
        patch.setattr(converting, "_path_norms", lambda *models: None)
        converted, certificate = convert_activation(
            model, domain=domain, data=data, **problem["asked"], **QUICK
        )
    differences = largest_difference(model, converted, rows)
    if certificate.bound is None:
        assert certificate.no_bound
        assert problem["impostor"] is not None or "mixed" in problem["dtype"]
    else:
        assert problem["impostor"] is None
        for bound, difference in zip(certificate.output_bounds, differences, strict=True):
            assert np.all(difference <= bound)
        assert max(map(np.max, differences)) <= certificate.bound
    by_name = {layer.name: layer for layer in model.layers}
    for one in certificate.layers:
        assert one.error <= problem["asked"]["tolerance"]
        function, banks = recognise(by_name[one.layer]), bank_of(converted.get_layer(one.bank))
        z = np.linspace(*(one.pre_activations or one.fitted), 301)
        if isinstance(function, Smooth):
            assert np.max(np.abs(function(z) - banks(z))) <= problem["asked"]["tolerance"]
