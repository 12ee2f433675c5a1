"""Noisy activations with a function for each feature: converted, proved, counted."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_addmul.barron import convert_activation, path_norm, to_table
from keras_addmul.layers import NoisyActivation, NoisyTanh, RePUBank
from tests.barron.compared import QUICK, largest_difference
from tests.barron.models import chain

WIDE = keras.initializers.RandomUniform(-6.0, 6.0, seed=3)
GRID = np.linspace(-3.0, 3.0, 3001)[:, None]


def hidden(features=3, dtype="float64", seed=0, **options):
    """A layer of noisy neurons that one number feeds, so that a grid of it is one of each."""
    layer = layers.Dense(features, bias_initializer="normal", dtype=dtype)
    noisy = NoisyActivation(dtype=dtype, seed=0, **options)
    return chain(layer, noisy, inputs=1, dtype=dtype, seed=seed)


# What NoisyActivation is by default, and whatever else has an expectation that is continuous.
KINDS = [
    (1, {}),
    (1, {"p_initializer": WIDE, "base": "tangent_sigmoid", "alpha": 0.8, "c": 1.0}),
    (3, {"p_initializer": WIDE, "base": "tanh", "c": 2.0}),
    (2, {"p_initializer": WIDE, "base": "sigmoid", "alpha": 1.0, "outside": "extrapolate"}),
    (2, {"kind": "NAN", "base": "tanh"}),
    (1, {"kind": "NANIL", "p_initializer": WIDE, "c": 4.0}),
    (2, {"kind": "NANIL", "p_initializer": WIDE, "c": 4.0, "base": "tanh"}),
    (1, {"kind": "NANIL", "p_initializer": WIDE, "base": "sigmoid", "outside": "extrapolate"}),
    (2, {"kind": "NANI", "base": "sigmoid", "c": 1.0}),
    (2, {"kind": "NANI", "c": 1.0}),
]


@pytest.mark.parametrize(("order", "options"), KINDS)
def test_certificate_holds_for_each_neuron_and_is_tight(order, options):
    options = dict(options)
    outside = options.pop("outside", "clip")
    model = hidden(**options)
    asked = {"domain": (-3.0, 3.0), "tolerance": 1e-3, "outside": outside}
    converted, certificate = convert_activation(model, order=order, **asked, **QUICK)
    measured = largest_difference(model, converted, [GRID])[0]
    (proved,) = certificate.layers
    assert np.all(measured <= proved.errors * (1 + 1e-9) + 1e-13)
    # Bounds are found as finely as the tolerance needs: beyond a thousandth of it they may end.
    assert np.all(proved.errors <= 10 * measured + 1e-3 * certificate.tolerance)
    assert proved.error <= 1e-3
    np.testing.assert_allclose(certificate.output_bounds[0], proved.errors, rtol=1e-6, atol=1e-11)


def test_each_neuron_has_a_bank_of_its_own_and_all_are_counted():
    model = chain(layers.Dense(5), NoisyActivation(p_initializer=WIDE), layers.Dense(2))
    converted, certificate = convert_activation(model, order=1, domain=(-3, 3), **QUICK)
    bank, (one,) = converted.layers[1], certificate.layers
    assert isinstance(bank, RePUBank)
    assert bank.knots.shape == bank.coefficients.shape == (5, one.units)
    assert len(np.unique(np.asarray(bank.coefficients), axis=0)) == 5
    assert one.banks == 5
    assert certificate.units_added == 5 * one.units
    added = certificate.parameters[1] - certificate.parameters[0]
    # p and the scale are gone; knots, coefficients and biases came.
    assert added == 2 * certificate.units_added + 5 - (5 + 1)
    assert f"{one.units} x 5" in str(certificate)
    assert f"units added: {5 * one.units} in 5 banks, for 5 neurons" in str(certificate)
    assert float(path_norm(converted)) > 0


def test_one_bank_is_shared_where_it_does_for_every_p():
    near = keras.initializers.RandomUniform(0.999, 1.001, seed=1)
    model = chain(layers.Dense(8), NoisyActivation(p_initializer=near), layers.Dense(2))
    converted, certificate = convert_activation(model, order=1, domain=(-3, 3), **QUICK)
    assert converted.layers[1].shared
    assert certificate.units_added == certificate.layers[0].units
    assert certificate.layers[0].error <= 1e-3
    assert certificate.measured <= certificate.bound


def test_a_bank_for_each_feature_becomes_a_table_a_lower_degree_and_a_file(tmp_path):
    noisy = NoisyTanh(p_initializer=WIDE, soft=True, units=4)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5, 1)), layers.Conv1D(4, 2, activation=noisy)])
    cubic, _ = convert_activation(model, order=3, tolerance=1e-4, **QUICK)
    linear, certificate = convert_activation(cubic, order=1, tolerance=1e-3, **QUICK)
    assert certificate.layers[0].activation == "bank of degree 3"
    assert not linear.layers[1].shared
    x = np.random.default_rng(0).uniform(-1, 1, (200, 5, 1)).astype("float32")
    assert largest_difference(cubic, linear, [x])[0].max() <= certificate.bound
    assert largest_difference(model, linear, [x])[0].max() <= 1.1e-3 + 1e-6
    assert largest_difference(to_table(linear), linear, [x])[0].max() < 1e-5
    linear.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(x), linear(x))


@pytest.mark.parametrize(
    ("order", "options", "message"),
    [
        (1, {"kind": "NANIS"}, "NANIS jumps at the threshold, where its noise begins"),
        (1, {"clip": True}, "`monte_carlo` or `clip` has no expectation that is known"),
        (1, {"monte_carlo": True}, "`monte_carlo` or `clip` has no expectation"),
        (1, {"kind": "NANI", "noise": "half_normal"}, "NANI with half-normal noise on the input"),
        (2, {}, "its slope jumps where saturation begins. The largest degree for it is 1"),
        (7, {"base": "tanh"}, "its sixth derivative jumps at 0, where the noise changes its sign"),
    ],
)
def test_what_has_no_continuous_expectation_is_refused_by_name(order, options, message):
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        convert_activation(hidden(**options), order=order, **QUICK)
