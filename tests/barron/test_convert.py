"""Conversion: the certificate is true, and the new model is a model like any other."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers

from keras_addmul.barron import convert_activation
from keras_addmul.barron.domain import boxes, random_points
from keras_addmul.barron.graph import layers_of
from keras_addmul.layers import RePUBank
from tests.barron.models import MODELS, chain, gaussian, sine

QUICK = {"latency_rows": None}
RNG = np.random.default_rng(0)

ACTIVATIONS = ["tanh", "sigmoid", "softplus", "silu", "gelu", "elu", "softsign", sine, gaussian]


def outputs(model, rows):
    rows = rows if len(rows) > 1 else rows[0]
    return [np.asarray(y, float) for y in keras.tree.flatten(model(rows, training=False))]


def largest_difference(model, converted, rows):
    pairs = zip(outputs(model, rows), outputs(converted, rows), strict=True)
    return [np.abs(a - b).max(axis=0) for a, b in pairs]


@st.composite
def problems(draw):
    """A random network, a domain, and what is asked of the conversion."""
    activation = draw(st.sampled_from(ACTIVATIONS))
    name = activation if isinstance(activation, str) else activation.__name__
    once = name in ("elu", "softsign")
    low = draw(st.floats(-3, 2))
    return {
        "activation": activation,
        "depth": draw(st.integers(1, 3)),
        "scale": draw(st.floats(0.1, 2.0)),
        "seed": draw(st.integers(0, 999)),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "domain": (low, low + draw(st.floats(0.01, 4))),
        "order": 1 if once else draw(st.integers(1, 3)),
        "tolerance": 10 ** draw(st.floats(-4, -1)),
        "outside": draw(st.sampled_from(["clip", "extrapolate"])),
    }


def random_network(problem):
    keras.utils.set_random_seed(problem["seed"])
    spread = keras.initializers.RandomNormal(stddev=problem["scale"])
    hidden = [
        layers.Dense(
            4,
            problem["activation"],
            kernel_initializer=spread,
            bias_initializer=spread,
            dtype=problem["dtype"],
        )
        for _ in range(problem["depth"])
    ]
    return chain(
        *hidden,
        layers.Dense(2, dtype=problem["dtype"]),
        inputs=2,
        dtype=problem["dtype"],
        seed=problem["seed"],
    )


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(problem=problems())
def test_measured_difference_never_exceeds_the_certificate(problem):
    model = random_network(problem)
    asked = {k: problem[k] for k in ("domain", "order", "tolerance", "outside")}
    converted, certificate = convert_activation(model, **asked, **QUICK)
    low, high = problem["domain"]
    rows = low + (high - low) * np.random.default_rng(0).uniform(size=(4000, 2))
    rows[:4] = [[low, low], [low, high], [high, low], [high, high]]
    rows = [rows.astype(problem["dtype"])]
    for bound, difference in zip(
        certificate.output_bounds, largest_difference(model, converted, rows), strict=True
    ):
        assert np.all(difference <= bound)
    for layer in certificate.layers[:1]:
        assert layer.error <= problem["tolerance"]


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(problem=problems())
def test_certificate_of_a_layer_is_tight(problem):
    # One input, so that a fine grid of it is a fine grid of what meets every neuron.
    low, high = problem["domain"]
    keras.utils.set_random_seed(problem["seed"])
    spread = keras.initializers.RandomNormal(stddev=problem["scale"])
    layer = layers.Dense(
        6,
        problem["activation"],
        kernel_initializer=spread,
        bias_initializer=spread,
        dtype="float64",
    )
    model = chain(layer, inputs=1, dtype="float64", seed=problem["seed"])
    asked = {k: problem[k] for k in ("domain", "order", "tolerance", "outside")}
    converted, certificate = convert_activation(model, **asked, **QUICK)
    grid = [np.linspace(low, high, 5001)[:, None]]
    measured = largest_difference(model, converted, grid)[0]
    proved = certificate.layers[0].errors
    assert np.all(measured <= proved * (1 + 1e-9) + 1e-13)
    # Each neuron meets another part of the interval, so each has a bound of its own.
    assert np.all(proved <= 10 * measured + 1e-9 * problem["tolerance"])
    # The layer is the model: its outputs' bounds are those of the neurons.
    np.testing.assert_allclose(certificate.output_bounds[0], proved, rtol=1e-6, atol=1e-11)


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_model(name, tmp_path):
    build, order, domain, left = MODELS[name]
    model = build()
    # Not even a loss that cannot be saved stands in the way.
    model.compile(loss=[lambda y, z: keras.ops.mean(z)] * len(model.outputs))
    before = [np.array(w) for w in model.weights]
    config = json.dumps(model.get_config(), default=str)
    converted, certificate = convert_activation(
        model, order=order, tolerance=1e-3, domain=domain, **QUICK
    )
    assert all(np.array_equal(a, w) for a, w in zip(before, model.weights, strict=True))
    assert json.dumps(model.get_config(), default=str) == config
    assert set(certificate.left_out) == left
    assert all(one.error <= 1e-3 * 1.0001 for one in certificate.layers[:1])
    pairs, _ = boxes(model, domain, None)
    rows = random_points(model, pairs, 300)
    for bound, difference in zip(
        certificate.output_bounds, largest_difference(model, converted, rows), strict=True
    ):
        assert np.all(difference <= bound)
    assert certificate.measured <= certificate.bound
    json.loads(certificate.to_json())
    converted.save(tmp_path / "c.keras")
    again = keras.saving.load_model(tmp_path / "c.keras")
    for a, b in zip(outputs(converted, rows), outputs(again, rows), strict=True):
        np.testing.assert_array_equal(a, b)
    banks = [layer for layer in layers_of(converted) if isinstance(layer, RePUBank)]
    assert [bank.name for bank in banks] == [one.bank for one in certificate.layers]


def test_conversion_by_quadrature_has_a_true_certificate_and_more_units():
    model = chain(layers.Dense(4, "tanh"), layers.Dense(1))
    _, spline = convert_activation(model, order=2, **QUICK)
    _converted, plain = convert_activation(model, order=2, method="quadrature", **QUICK)
    assert plain.layers[0].units > 2 * spline.layers[0].units
    assert plain.measured <= plain.bound


def test_fitting_on_data_needs_fewer_units_and_is_proved_on_the_whole_domain_still():
    model = chain(layers.Dense(16, sine), layers.Dense(1))
    data = RNG.normal(0, 0.2, (64, 3)).astype("float32")
    domain = (-3.0, 3.0)
    _, whole = convert_activation(model, domain=domain, data=data, **QUICK)
    converted, part = convert_activation(model, domain=domain, data=data, ranges="data", **QUICK)
    assert part.layers[0].units < whole.layers[0].units
    assert part.measured < part.tolerance * 10
    assert part.bound > whole.bound
    low, high = part.layers[0].seen
    assert part.layers[0].fitted[0] < low < high < part.layers[0].fitted[1]
    rows = random_points(model, boxes(model, domain, None)[0], 2000)
    assert largest_difference(model, converted, rows)[0].max() <= part.bound


def test_extrapolation_goes_on_as_a_polynomial_and_clipping_holds():
    model = chain(layers.Dense(1, "softplus", use_bias=False), inputs=1)
    model.layers[0].kernel.assign([[1.0]])
    far = np.array([[-6.0], [-5.0], [-4.0], [4.0], [5.0], [6.0]], "float32")
    for outside, order in (("clip", 0), ("extrapolate", 2)):
        converted, _ = convert_activation(model, domain=(-2, 2), outside=outside, **QUICK)
        y = np.asarray(converted(far), float).reshape(2, 3)
        # A polynomial of degree n has vanishing differences beyond the n-th.
        assert np.abs(np.diff(y, n=1)).max() < 1e-6 or order == 2
        assert (np.abs(np.diff(y, n=2)).max() > 1e-4) == (order == 2)


def test_clipping_saturated_ends_keeps_the_interval_short():
    model = chain(layers.Dense(4, "tanh"), layers.Dense(1))
    _, certificate = convert_activation(model, domain=(-100, 100), **QUICK)
    low, high = certificate.layers[0].fitted
    assert -8 < low < high < 8
    assert certificate.layers[0].pre_activations[1] > 50
    assert certificate.layers[0].error <= 1e-3
    assert certificate.measured <= certificate.bound


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "silu", "gelu", "elu", gaussian])
def test_order_one_follows_the_line_that_the_activation_tends_to(name):
    model = chain(layers.Dense(1, name, use_bias=False, dtype="float64"), inputs=1, dtype="float64")
    model.layers[0].kernel.assign([[1.0]])
    asked = {"order": 1, "domain": (-40, 40), "outside": "extrapolate", "tolerance": 1e-3}
    converted, certificate = convert_activation(model, **asked, **QUICK)
    low, high = certificate.layers[0].fitted
    assert -12 < low < high < 12
    assert certificate.layers[0].error <= 1e-3
    # Far outside of the domain as well, but for the rounding of what is subtracted.
    far = np.array([[-1e4], [-300.0], [-39.0], [7.0], [39.0], [300.0], [1e4]])
    assert largest_difference(model, converted, [far])[0].max() <= 1e-3 + 1e-9


def test_a_layer_without_a_rule_leaves_the_output_unproved_and_says_so():
    model = chain(
        layers.Dense(4, "tanh"),
        layers.LayerNormalization(),
        layers.Dense(4, "tanh"),
        layers.Dense(1),
    )
    with pytest.raises(ValueError, match="`data` is needed.*LayerNormalization"):
        convert_activation(model, **QUICK)
    data = RNG.normal(size=(20, 3)).astype("float32")
    _converted, certificate = convert_activation(model, data=data, **QUICK)
    assert certificate.bound is None
    assert "LayerNormalization" in certificate.no_bound
    assert "LayerNormalization" in str(certificate)
    assert certificate.layers[1].pre_activations is None
    assert certificate.layers[1].error <= 1e-3
    assert certificate.measured < 0.05


def test_converting_again_lowers_the_order_of_the_bank():
    model = chain(layers.Dense(4, "tanh"), layers.Dense(1))
    cubic, _ = convert_activation(model, order=3, tolerance=1e-4, **QUICK)
    linear, certificate = convert_activation(cubic, order=1, tolerance=1e-3, **QUICK)
    assert certificate.layers[0].activation == "bank of order 3"
    assert certificate.measured <= certificate.bound
    rows = random_points(model, boxes(model, None, None)[0], 500)
    assert largest_difference(model, linear, rows)[0].max() < 5e-3


def test_half_precision_is_counted():
    for policy in ("mixed_float16", "mixed_bfloat16"):
        model = chain(layers.Dense(8, "tanh", dtype=policy), layers.Dense(1, dtype=policy))
        _converted, certificate = convert_activation(model, **QUICK)
        assert certificate.measured <= certificate.bound
        single = convert_activation(chain(layers.Dense(8, "tanh"), layers.Dense(1)), **QUICK)[1]
        assert certificate.rounding_bound > 100 * single.rounding_bound


def test_latency_and_the_text_of_the_certificate():
    model = chain(layers.Dense(8, "tanh", name="hidden"), layers.Dense(3, "softmax", name="out"))
    data = RNG.uniform(-1, 1, (32, 3)).astype("float32")
    _, certificate = convert_activation(model, data=data, latency_rows=8)
    text = str(certificate)
    assert all(ms > 0 for ms in certificate.latency_ms)
    for part in ("hidden", "tanh", "proved error", "path norm", "latency", "8 rows", "32 rows"):
        assert part in text
    assert "left as it is: out: softmax joins all features" in text
    assert certificate.path_norm[1] > certificate.path_norm[0] > 0
    assert certificate.to_dict()["layers"][0]["units"] == certificate.units_added
    assert certificate.neurons == 8
    added = certificate.parameters[1] - certificate.parameters[0]
    assert added == 2 * certificate.units_added + 1


@pytest.mark.slow
def test_converted_model_trains_exports_and_compiles(tmp_path):
    x = RNG.uniform(-1, 1, (128, 3)).astype("float32")
    y = np.sin(3 * x[:, :1]) * x[:, 1:2]
    model = chain(layers.Dense(16, "tanh"), layers.Dense(1))
    converted, _ = convert_activation(model, order=2, data=x, **QUICK)
    eager = np.asarray(converted(x))
    jitted = tf.function(converted, jit_compile=True)
    np.testing.assert_allclose(jitted(x), eager, rtol=2e-5, atol=2e-5)
    converted.export(tmp_path / "served", verbose=False)
    served = tf.saved_model.load(tmp_path / "served")
    np.testing.assert_allclose(served.serve(x), eager, rtol=2e-5, atol=2e-5)
    converted.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=True)
    before = converted.evaluate(x, y, verbose=0)
    coefficients = np.array(converted.layers[1].coefficients)
    converted.fit(x, y, epochs=20, verbose=0)
    assert converted.evaluate(x, y, verbose=0) < 0.7 * before
    assert np.any(np.array(converted.layers[1].coefficients) != coefficients)


def recurrent():
    return keras.Sequential([keras.Input((4, 3)), layers.LSTM(3)])


def softmax_only():
    return chain(layers.Dense(3, "softmax"))


BAD = [
    (lambda: convert_activation("m.keras"), TypeError, "`model` must be a Keras model"),
    (lambda: convert_activation(keras.Sequential([layers.Dense(2)])), ValueError, "must be built"),
    (lambda: convert_activation(softmax_only()), ValueError, "softmax joins all features"),
    (
        lambda: convert_activation(chain(layers.Dense(3, "relu")), order=2),
        ValueError,
        "relu does not embed into RePU of order 2",
    ),
    (
        lambda: convert_activation(chain(layers.Dense(3, "relu")), order=1),
        ValueError,
        "relu is a RePU of order 1 already",
    ),
    (
        lambda: convert_activation(chain(layers.Dense(3, "elu")), order=2),
        ValueError,
        "elu does not embed into RePU of order 2.*The largest order for it is 1",
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
        "tanh is not the function of that name",
    ),
    (lambda: convert_activation(recurrent()), ValueError, "inside a recurrence"),
]
for argument, value, message in (
    ("to", "relu", "`to` must be 'repu'. Received: 'relu'"),
    ("order", 0, "`order` must be an integer from 1 to 8. Received: 0"),
    ("order", 1.5, "`order` must be an integer from 1 to 8. Received: 1.5"),
    ("tolerance", -1.0, "`tolerance` must be a number above 0. Received: -1.0"),
    ("tolerance", "small", "`tolerance` must be a number above 0. Received: 'small'"),
    ("method", "magic", "`method` must be 'spline' or 'quadrature'. Received: 'magic'"),
    ("outside", "nan", "`outside` must be 'clip' or 'extrapolate'. Received: 'nan'"),
    ("ranges", "all", "`ranges` must be 'domain' or 'data'. Received: 'all'"),
    ("ranges", "data", "`data` is needed"),
    ("domain", (1, -1), "with low <= high. Received: (1, -1)"),
    ("domain", 3.0, "`domain` must be a pair"),
    ("domain", {"z": (0, 1)}, "must have a pair for each of"),
    ("data", np.zeros((4, 5)), "`data` must hold rows of shapes"),
):
    BAD.append(
        (
            lambda argument=argument, value=value: convert_activation(
                chain(layers.Dense(3, "tanh")), **{argument: value}
            ),
            ValueError,
            message.replace("(", r"\(").replace(")", r"\)"),
        )
    )


def impostor():
    def tanh(x):
        return 2.0 * keras.ops.tanh(x)

    return tanh


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
