"""The domain of each input, what data stands for, and what every option changes."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_addmul.barron import convert_activation
from keras_addmul.barron.models.domain import boxes, inside, random_points, representable
from keras_addmul.layers import RePUBank
from tests.barron.compared import QUICK
from tests.barron.models import chain, two_inputs


def three_inputs():
    """Inputs of three shapes that meet an activation each, with weights that are known."""
    inputs = [keras.Input((1,), name="a"), keras.Input((2,), name="b"), keras.Input((1,), name="c")]
    dense = [layers.Dense(1, "tanh", use_bias=False, name=f"for_{t.name}") for t in inputs]
    model = keras.Model(inputs, [d(t) for d, t in zip(dense, inputs, strict=True)])
    for layer in dense:
        layer.kernel.assign(keras.ops.ones_like(layer.kernel))
    return model


def met(certificate):
    return {one.layer: one.pre_activations for one in certificate.layers}


@pytest.mark.parametrize(
    "domain",
    [
        [(-1, 1), ([-2, 0], [0, 3]), (4, 5)],
        [np.array([-1.0, 1.0]), np.array([[-2.0, 0.0], [0.0, 3.0]]), np.array([4.0, 5.0])],
        {"c": (4, 5), "a": (-1, 1), "b": ([-2, 0], [0, 3])},
    ],
)
def test_each_input_has_its_own_domain(domain):
    _, certificate = convert_activation(three_inputs(), domain=domain, **QUICK)
    found = met(certificate)
    np.testing.assert_allclose(found["for_a"], (-1, 1), atol=1e-6)
    np.testing.assert_allclose(found["for_b"], (-2, 3), atol=1e-6)
    np.testing.assert_allclose(found["for_c"], (4, 5), atol=1e-6)
    assert certificate.domain_from == "argument"
    np.testing.assert_array_equal(certificate.domain[1][0], [-2, 0])
    np.testing.assert_array_equal(certificate.domain[1][1], [0, 3])
    assert "[-1, 1], [-2, 3], [4, 5] (as given)" in str(certificate)


def test_one_pair_stands_for_all_inputs_and_a_list_of_one_for_one():
    _, certificate = convert_activation(three_inputs(), domain=(0.5, 2.0), **QUICK)
    np.testing.assert_allclose(met(certificate)["for_b"], (1, 4), atol=1e-6)
    _, certificate = convert_activation(chain(layers.Dense(1, "tanh")), domain=[(-3, 2)], **QUICK)
    assert [float(np.min(low)) for low, _ in certificate.domain] == [-3]


def test_without_a_domain_the_data_make_one_and_without_data_the_default_does(rng):
    model = three_inputs()
    data = [rng.uniform(-2, 3, (50, *t.shape[1:])).astype("float32") for t in model.inputs]
    _, certificate = convert_activation(model, data=data, **QUICK)
    assert certificate.domain_from == "data"
    for (low, high), a in zip(certificate.domain, data, strict=True):
        np.testing.assert_array_equal(low, a.min(axis=0))
        np.testing.assert_array_equal(high, a.max(axis=0))
    assert certificate.measured_on == "50 rows of data"
    _, by_name = convert_activation(model, data=dict(zip("abc", data, strict=True)), **QUICK)
    assert by_name.measured == certificate.measured
    _, certificate = convert_activation(model, **QUICK)
    assert certificate.domain_from == "default"
    assert all(np.all(low == -1) and np.all(high == 1) for low, high in certificate.domain)
    assert certificate.measured_on == "256 random points of the domain"


def test_the_difference_is_measured_on_those_rows_that_lie_in_the_domain():
    model = chain(layers.Dense(1, "softplus", use_bias=False), inputs=1)
    model.layers[0].kernel.assign([[1.0]])
    x = np.array([[-0.5], [0.25], [1.0], [1.5], [30.0]], "float32")
    converted, certificate = convert_activation(model, domain=(-1, 1), data=x, **QUICK)
    assert certificate.measured_on == "3 of 5 rows of data, those in the domain"
    apart = np.abs(np.asarray(converted(x)) - np.asarray(model(x)))
    assert certificate.measured == apart[:3].max()
    assert apart[4] > certificate.bound  # clipped: no proof speaks of it
    low, high = certificate.layers[0].seen
    assert (low, high) == (-0.5, 30.0)
    _, certificate = convert_activation(model, domain=(-1, 1), data=x[3:], **QUICK)
    assert certificate.measured_on == "256 random points of the domain"


def test_numbers_of_more_digits_than_the_inputs_have_lie_in_the_domain_once_cast():
    low, high = np.full((1, 1), 0.1), np.full((1, 1), 0.3)
    wide = representable((low, high), "float32")
    assert wide[0] == low
    assert wide[1] == np.float64(np.float32(0.3)) > high
    assert representable((low, high), "int32")[1] is high
    rows = np.array([[0.1], [0.3], [0.30001], [np.float32(0.3)], [0.09]])
    assert inside((low, high), rows, "float32").tolist() == [True, True, False, True, False]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_random_points_fill_the_domain_to_its_corners_and_never_leave_it(dtype):
    x = keras.Input((2, 1), dtype=dtype)
    y = layers.Embedding(9, 2)(x) if dtype == "int32" else x
    model = keras.Model(x, layers.Flatten()(y))
    (box,), _ = boxes(model, (np.array([[0.1], [2.0]]), np.array([[7.3], [4.9]])), None)
    (points,) = random_points(model, [box], 400)
    assert points.shape == (400, 2, 1)
    assert np.all(inside(box, points, dtype))
    whole = dtype == "int32"
    ends = ([1, 2], [7, 4]) if whole else ([0.1, 2.0], [7.3, 4.9])
    np.testing.assert_allclose(points.min(axis=0)[:, 0], ends[0], rtol=1e-6)
    np.testing.assert_allclose(points.max(axis=0)[:, 0], ends[1], rtol=1e-6)
    assert len(np.unique(points)) > (6 if whole else 300)
    corners = {tuple(np.round(p[:, 0], 4)) for p in points[200:]}
    assert len(corners) == 4


def test_an_integer_input_needs_an_integer_in_its_domain():
    x = keras.Input((2,), dtype="int32")
    model = keras.Model(x, layers.Dense(1, "tanh")(layers.Flatten()(layers.Embedding(9, 2)(x))))
    with pytest.raises(ValueError, match="must hold an integer for an input of dtype int32"):
        convert_activation(model, domain=(0.2, 0.8), **QUICK)
    with pytest.raises(ValueError, match="must hold an integer for an input of dtype int32"):
        convert_activation(model, domain=([0.0, 0.2], [8.0, 0.8]), **QUICK)
    _, certificate = convert_activation(model, domain=(0, 8), **QUICK)
    assert certificate.measured <= certificate.bound


def test_an_input_of_unknown_length_is_refused():
    x = keras.Input((None, 2))
    model = keras.Model(x, layers.Dense(2, "tanh")(x))
    with pytest.raises(ValueError, match="must have inputs of known shape"):
        convert_activation(model, **QUICK)


def bank_in(converted):
    return next(layer for layer in converted.layers if isinstance(layer, RePUBank))


def test_every_option_has_its_effect(rng):
    model = chain(layers.Dense(6, "tanh", name="hidden"), layers.Dense(4, "softplus", name="last"))
    base = {"domain": (-2, 2), "tolerance": 1e-2, **QUICK}
    converted, plain = convert_activation(model, **base)
    assert plain.degree == bank_in(converted).s == 2
    assert plain.tolerance == 1e-2
    assert plain.method == "spline"
    assert plain.outside == bank_in(converted).outside == "clip"
    assert plain.latency_ms is None
    assert bank_in(converted).left == 0

    for name in ("degree", "order"):
        other, certificate = convert_activation(model, **base, **{name: 3})
        assert certificate.degree == bank_in(other).s == 3
    _, finer = convert_activation(model, **base | {"tolerance": 1e-4})
    assert finer.units_added > 2 * plain.units_added
    assert finer.bound < plain.bound / 10
    _, wider = convert_activation(model, **base | {"domain": (-4, 4)})
    assert wider.layers[0].pre_activations[1] > 1.5 * plain.layers[0].pre_activations[1]
    other, certificate = convert_activation(model, **base, layers="last")
    assert [one.layer for one in certificate.layers] == ["last"]
    assert certificate.left_out == {"hidden": "not among the layers named"}
    assert other.get_layer("hidden").activation is keras.activations.tanh
    _, same = convert_activation(model, **base, layers=["last"])
    assert same.layers[0].units == certificate.layers[0].units
    _, certificate = convert_activation(model, **base, method="quadrature")
    assert certificate.units_added > 1.5 * plain.units_added
    other, certificate = convert_activation(model, **base, outside="extrapolate")
    assert bank_in(other).outside == "extrapolate"
    assert bank_in(other).left == 2
    x = rng.uniform(-0.1, 0.1, (64, 3)).astype("float32")
    whole = base | {"outside": "extrapolate"}
    _, certificate = convert_activation(model, **whole, data=x, ranges="data")
    one = certificate.layers[0]
    low, high = one.seen
    np.testing.assert_allclose(
        one.fitted, (low - 0.1 * (high - low), high + 0.1 * (high - low)), atol=1e-6
    )
    assert certificate.bound > plain.bound
    _, certificate = convert_activation(model, **base | {"latency_rows": 3})
    assert certificate.latency_batch == 3
    assert all(ms > 0 for ms in certificate.latency_ms)


def test_what_met_an_activation_is_seen_exactly(rng):
    model = two_inputs()
    data = {"a": rng.uniform(-1, 1, (700, 2)), "b": rng.uniform(-2, 1, (700, 3))}
    _, certificate = convert_activation(model, data=data, **QUICK)
    for one in certificate.layers:
        layer = model.get_layer(one.layer)
        x = data["a" if layer.kernel.shape[0] == 2 else "b"].astype("float32")
        z = x @ np.asarray(layer.kernel) + np.asarray(layer.bias)
        np.testing.assert_allclose(one.seen, (z.min(), z.max()), rtol=1e-5)
        assert one.pre_activations[0] <= one.seen[0] < one.seen[1] <= one.pre_activations[1]


def test_figures_of_the_certificate_add_up():
    model = chain(layers.Dense(6, "tanh"), layers.Dense(4, "silu"), layers.Dense(2))
    converted, certificate = convert_activation(model, **QUICK)
    banks = [layer for layer in converted.layers if isinstance(layer, RePUBank)]
    assert certificate.units_added == sum(bank.units for bank in banks)
    assert certificate.neurons == 10
    assert certificate.parameters == (model.count_params(), converted.count_params())
    assert [len(one.errors) for one in certificate.layers] == [6, 4]
    for one, bank in zip(certificate.layers, banks, strict=True):
        assert (one.bank, one.units, one.banks) == (bank.name, bank.units, 1)
        np.testing.assert_allclose(one.fitted, (bank.low, bank.high), rtol=1e-6)
        assert one.error == one.errors.max()
        assert 0.3 * one.units < one.expected_units < 1.5 * one.units
    assert certificate.bound <= certificate.output_bound + certificate.rounding_bound
    assert certificate.bound == max(b.max() for b in certificate.output_bounds)
    assert certificate.bound >= max(certificate.output_bound, certificate.rounding_bound)


def test_printed_bounds_are_rounded_up():
    from keras_addmul.barron.certificate import _upwards

    for bound in (1.2341e-3, 9.9999, 0.0, 1.0, 123456.0, 2.0000001e-7, 5e-324):
        assert float(_upwards(bound)) >= bound
        assert float(_upwards(bound)) <= 1.01 * bound + 1e-300
