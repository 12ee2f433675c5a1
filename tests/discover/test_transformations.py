"""Transformations of columns: the same in NumPy, sympy and Keras, and found where they are."""

import keras
import numpy as np
import pytest
import sympy

from keras_addmul.discover import Formula, discover
from keras_addmul.discover.formula import expression_of
from keras_addmul.discover.search.candidates import search
from keras_addmul.discover.search.choosing import likeliest
from keras_addmul.discover.search.constants import constants_of
from keras_addmul.discover.search.estimating import values
from keras_addmul.discover.search.features import Feature, values_of, with_transformation
from keras_addmul.discover.search.further_structures import shifted, small
from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.simple_exponents import settled
from keras_addmul.discover.transformations.known import TRANSFORMATIONS, asked

COLUMNS = {
    "positive": np.linspace(0.3, 40.0, 30),
    "share": np.linspace(0.0, 0.95, 30),
    "signed": np.linspace(-2.0, 3.1, 30),
    "years": np.linspace(1950.0, 1980.0, 30),
    "negative": np.linspace(-9.0, -1.0, 30),
}


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_numpy_sympy_and_keras_agree_wherever_a_column_allows_it(name):
    one, seen = TRANSFORMATIONS[name], 0
    symbol = sympy.Symbol("x")
    for column in COLUMNS.values():
        x = column[:, None]
        for feature in with_transformation(x, one)[1:]:
            seen += 1
            values = feature.values(x)
            assert np.isfinite(values).all()
            exponent = 0.5 if feature.rate else 2.0
            written = sympy.lambdify(symbol, feature.power(symbol, exponent), "numpy")
            np.testing.assert_allclose(written(column), values**exponent, rtol=1e-9)
            scale = float(np.exp(np.log(np.abs(values) + 1e-300).mean()))
            tensor = feature.tensor(keras.ops.convert_to_tensor(x), scale)
            told = keras.ops.convert_to_numpy(tensor)[:, 0]
            np.testing.assert_allclose(told, values / scale, rtol=2e-4, atol=1e-6)
    assert seen, name


def test_only_what_is_asked_for_and_known_is_tried():
    assert asked(()) == []
    assert [one.name for one in asked(["cos", "log"])] == ["log", "cos"]
    for wrong in (["sinh"], "sin"):
        with pytest.raises(ValueError, match="`functions` must be a sequence of names among"):
            discover(np.ones((9, 1)), np.ones(9), functions=wrong, verbose=0)


def test_rows_of_features_are_scaled_like_those_of_columns(rng):
    x = rng.uniform(0.1, 0.9, (20, 2))
    features = with_transformation(x, TRANSFORMATIONS["1 - x"])
    assert features == (Feature(0), Feature(1), *features[2:])
    scaled = Scaled.of(x, x[:, 0]).with_features(x, features)
    assert len(features) == scaled.inputs.logs.shape[1] == 4
    again = scaled.again(x, x[:, 0])
    np.testing.assert_array_equal(again.inputs.logs, scaled.inputs.logs)
    np.testing.assert_allclose(np.exp(scaled.inputs.logs) * scaled.x_scale, values_of(features, x))


def _noisy(y, share):
    return y * (1 + share * np.random.default_rng(0).normal(size=len(y)))


def _arrhenius(noise):
    t = np.linspace(300, 600, 40)
    return {"T": t}, _noisy(3e8 * np.exp(-9000 / t), noise), {"rate of 1/T": -9000}


def _clausius_clapeyron(noise):
    t = np.linspace(270, 370, 30)
    y = 101325 * np.exp(-4889.3 * (1 / t - 1 / 373.15))
    return {"T": t}, _noisy(y, noise), {"rate of 1/T": -4889.3}


def _logistic(noise):
    t = np.linspace(0, 20, 60)
    return {"t": t}, _noisy(100 / (1 + 49 * np.exp(-t / 2)), noise), {}


def _planck(noise):
    x = np.linspace(0.2, 10, 100)
    return {"x": x}, _noisy(x**3 / (np.exp(x) - 1), noise), {}


def _magnitude(noise):
    u, v = np.random.default_rng(9).normal(size=(2, 200))
    return {"u": u, "v": v}, _noisy(2 * np.abs(u) ** 1.5 * v, noise), {}


def _ergun(noise):
    r = np.random.default_rng(7)
    mu, v = r.uniform(1e-5, 1e-3, 120), r.uniform(0.05, 2, 120)
    e, d, rho = r.uniform(0.3, 0.6, 120), r.uniform(1e-3, 1e-2, 120), r.uniform(1, 1000, 120)
    y = 150 * mu * (1 - e) ** 2 * v / (e**3 * d**2) + 1.75 * rho * (1 - e) * v**2 / (e**3 * d)
    return {"mu": mu, "v": v, "e": e, "d": d, "rho": rho}, _noisy(y, noise), {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "kind", "noise"),
    [
        (_arrhenius, "exp(1/x)", 0.0),
        (_clausius_clapeyron, "exp(1/x)", 0.02),
        (_logistic, "exp", 0.0),
        (_logistic, "exp", 0.02),
        (_planck, "exp", 0.0),
        (_planck, "exp", 0.02),
        (_ergun, "1 - x", 0.0),
    ],
)
def test_laws_of_engineers_are_likeliest_with_their_transformation(make, kind, noise):
    columns, y, numbers = make(noise)
    x = np.stack(list(columns.values()), axis=1)
    features = with_transformation(x, TRANSFORMATIONS[kind])
    scaled = Scaled.of(x, y).with_features(x, features)
    rates = scaled.inputs.rate if TRANSFORMATIONS[kind].exponent else None
    found = search(scaled, structures=small(len(features), len(y), rates))
    best = likeliest(found, scaled)[0]
    law = make(0.0)[1]
    told = values(best.fit, scaled) * scaled.y_scale
    assert np.sqrt(np.mean((told - law) ** 2) / np.mean(law**2)) < (noise / 2 or 1e-9)
    simple = settled(best, scaled)
    for place in np.flatnonzero(best.fit.free[: best.fit.stack.terms * len(features)]).tolist():
        feature = features[place % len(features)]
        for name, value in numbers.items():
            if feature.label(name.split("/")[-1]) == name:
                error = 3 * best.error(place) / feature.unit + 1e-6 * abs(value)
                assert abs(best.fit.parameters[place] / feature.unit - value) < error
    written = expression_of(
        simple.fit.stack,
        simple.fit.parameters,
        constants_of(simple, scaled),
        list(columns),
        features=features,
    )
    formula = Formula(written, tuple(columns), "y", "", 0.0, 1.0, False, 0.0)
    again = formula(x)
    np.testing.assert_allclose(again, told, rtol=max(noise, 1e-9), atol=noise * np.abs(y).max())


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_fitted_powers_of_shifted_columns_are_found_with_and_without_a_constant(noise):
    h = np.linspace(0.6, 4, 60)
    s = np.random.default_rng(3).uniform(1, 9, 60)
    for x, law, plus, power in (
        (np.stack([h, s], axis=1), 5 * np.sqrt(s) * (h - 0.4) ** 1.7, 0.0, 1.7),
        (h[:, None], 90 - 6 * (h - 0.3) ** 1.4, 90.0, 1.4),
    ):
        if plus and noise:
            continue
        y = law + noise * law.std() * np.random.default_rng(0).normal(size=60)
        scaled = Scaled.of(x, y)
        best = likeliest(search(scaled, structures=shifted(x.shape[1], 60)), scaled)[0]
        stack, parameters = best.fit.stack, best.fit.parameters
        place = stack.first_power + 1
        assert abs(parameters[place] - power) <= 3 * best.error(place) + 1e-6
        assert stack.added(parameters) * scaled.y_scale == pytest.approx(plus, rel=1e-6)
        off = values(best.fit, scaled) * scaled.y_scale - law
        assert np.sqrt(np.mean(off**2)) < (0.5 * noise or 1e-9) * law.std()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "functions"), [(_arrhenius, ["exp", "exp(1/x)"]), (_magnitude, ["abs"])]
)
def test_a_search_finds_them_and_prints_and_models_what_it_fitted(make, functions):
    columns, y, numbers = make(0.02)
    x = np.stack(list(columns.values()), axis=1)
    options = {"functions": functions, "verbose": 0, "baselines": False}
    found = discover(x, y, names=list(columns), target="y", **options)
    f, law = found.formula, make(0.0)[1]
    assert np.sqrt(np.mean((f(x) - law) ** 2) / np.mean(law**2)) < 0.012, f.text
    said = {m.name: m for m in f.measured}
    for name, value in numbers.items():
        assert said[name].low <= value <= said[name].high
    # The printed digits are as close to the rows as the formula as fitted.
    printed = sympy.lambdify([sympy.Symbol(name) for name in columns], f.shown, "numpy")
    lost = np.sqrt(np.mean((printed(*x.T) - f(x)) ** 2) / np.mean(law**2))
    assert lost < 0.005
    told = keras.ops.convert_to_numpy(found.model(x.astype("float32")))[:, 0]
    np.testing.assert_allclose(told, f(x), rtol=2e-3, atol=1e-5 * np.abs(y).max())


@pytest.mark.slow
def test_sines_are_found_on_request(tmp_path):
    x = np.random.default_rng(2).uniform(0, 6, (150, 2))
    y = 3 + 2 * x[:, 1] * np.sin(x[:, 0])
    found = discover(x, y, names=["a", "b"], functions=["sin"], verbose=0, baselines=False)
    assert found.formula.text == "y = 2*b*sin(a) + 3"
    found.model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(x.astype("float32"))[:, 0], y, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_a_search_finds_a_fitted_power_of_a_sum_and_models_it():
    x = np.linspace(3, 12, 80)[:, None]
    y = 2 * (x[:, 0] - 1.5) ** 1.37 + 5
    found = discover(x, y, names=["x"], functions=["power"], verbose=0, baselines=False)
    assert found.formula.text == "y = 2*(x - 3/2)**1.37 + 5"
    assert found.formula.exact
    said = {m.name: m.value for m in found.formula.measured}
    assert said["power of the sum"] == pytest.approx(1.37)
    told = keras.ops.convert_to_numpy(found.model(x.astype("float32")))[:, 0]
    np.testing.assert_allclose(told, y, rtol=1e-4)
