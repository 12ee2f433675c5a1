"""The certificate of a conversion: true, tight, and complete."""

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers

from keras_addmul.barron import convert_activation
from keras_addmul.barron.models.domain import boxes, random_points
from tests.barron.compared import QUICK, largest_difference
from tests.barron.models import chain, gaussian, sine

ACTIVATIONS = ["tanh", "sigmoid", "softplus", "silu", "gelu", "elu", "softsign", sine, gaussian]


@st.composite
def problems(draw):
    """A random layer, a domain, and what is asked of the conversion."""
    activation = draw(st.sampled_from(ACTIVATIONS))
    once = activation in ("elu", "softsign")
    low = draw(st.floats(-3, 2))
    return {
        "activation": activation,
        "scale": draw(st.floats(0.1, 2.0)),
        "seed": draw(st.integers(0, 999)),
        "dtype": draw(st.sampled_from(["float32", "float64"])),
        "domain": (low, low + draw(st.floats(0.01, 4))),
        "degree": 1 if once else draw(st.integers(1, 3)),
        "tolerance": 10 ** draw(st.floats(-3.5, -1)),
        "outside": draw(st.sampled_from(["clip", "extrapolate"])),
    }


@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
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
    asked = {k: problem[k] for k in ("domain", "degree", "tolerance", "outside")}
    converted, certificate = convert_activation(model, **asked, **QUICK)
    grid = [np.linspace(low, high, 4001)[:, None]]
    measured = largest_difference(model, converted, grid)[0]
    proved = certificate.layers[0].errors
    assert np.all(measured <= proved * (1 + 1e-9) + 1e-13)
    # Each neuron meets another part of the interval, so each has a bound of its own.
    assert np.all(proved <= 10 * measured + 1e-9 * problem["tolerance"])
    # The layer is the model: its outputs' bounds are those of the neurons.
    np.testing.assert_allclose(certificate.output_bounds[0], proved, rtol=1e-6, atol=1e-11)


def test_fitting_on_data_needs_fewer_units_and_is_proved_on_the_whole_domain_still(rng):
    model = chain(layers.Dense(16, sine), layers.Dense(1))
    data = rng.normal(0, 0.2, (64, 3)).astype("float32")
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


def test_a_layer_without_a_rule_leaves_the_output_unproved_and_says_so(rng):
    model = chain(
        layers.Dense(4, "tanh"),
        layers.LayerNormalization(),
        layers.Dense(4, "tanh"),
        layers.Dense(1),
    )
    with pytest.raises(ValueError, match="`data` is needed.*LayerNormalization"):
        convert_activation(model, **QUICK)
    data = rng.normal(size=(20, 3)).astype("float32")
    _converted, certificate = convert_activation(model, data=data, **QUICK)
    assert certificate.bound is None
    assert "LayerNormalization" in certificate.no_bound
    assert "LayerNormalization" in str(certificate)
    assert certificate.layers[1].pre_activations is None
    assert certificate.layers[1].error <= 1e-3
    assert certificate.measured < 0.05


def test_half_precision_is_counted():
    certificates = {}
    for policy in ("float32", "mixed_float16", "mixed_bfloat16"):
        model = chain(layers.Dense(8, "tanh", dtype=policy), layers.Dense(1, dtype=policy))
        _converted, certificates[policy] = convert_activation(model, **QUICK)
    single = certificates.pop("float32")
    for certificate in certificates.values():
        assert certificate.measured <= certificate.bound
        assert certificate.rounding_bound > 100 * single.rounding_bound


def test_latency_and_the_text_of_the_certificate(rng):
    model = chain(layers.Dense(8, "tanh", name="hidden"), layers.Dense(3, "softmax", name="out"))
    data = rng.uniform(-1, 1, (32, 3)).astype("float32")
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
