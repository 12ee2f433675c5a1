"""From a table to a formula: what is found, what is claimed, what is handed back."""

import keras
import numpy as np
import pytest
import sympy

from keras_addmul.discover import discover
from keras_addmul.discover.search import candidates


def quietly(x, y=None, **kwargs):
    return discover(x, y, **{"verbose": 0, "baselines": False, **kwargs})


def table(columns, rows=400, low=1.0, high=5.0):
    return np.random.default_rng(1).uniform(low, high, (rows, columns))


LAWS = {
    "a**2*b/2": 2,
    "sqrt(a*b/c)": 3,
    "2*pi*a/(b*c)": 3,
    "a*b + c": 3,
    "a*(b - c)": 3,
    "a/(a + b)": 2,
    "sqrt(a**2 + b**2)": 2,
    "3*a - b/4 + 7": 2,
}


@pytest.mark.parametrize("law", LAWS)
def test_a_law_without_noise_is_found_to_the_last_constant_and_claimed(law):
    names = list("abc"[: LAWS[law]])
    x = table(len(names))
    truth = sympy.sympify(law)
    y = sympy.lambdify(sympy.symbols(names), truth, "numpy")(*x.T)
    found = quietly(x, y, names=names)
    positive = {s: sympy.Symbol(s.name, positive=True) for s in truth.free_symbols}
    told = found.formula.expression
    assert sympy.simplify((told - truth).xreplace(positive)) == 0, told
    assert found.formula.exact
    assert found.formula.error < 1e-9
    np.testing.assert_allclose(found.formula(x), y, rtol=1e-9)


@pytest.mark.parametrize("noise", [1e-3, 1e-2])
def test_noise_changes_the_claim_but_not_the_law(noise, rng):
    x = table(3, 800)
    clean = x[:, 0] * x[:, 1] ** 2 / x[:, 2] + x[:, 2]
    y = clean + noise * clean.std() * rng.normal(size=len(x))
    found = quietly(x, y, names=["a", "b", "c"])
    a, b, c = sympy.symbols("a b c")
    ratio = sympy.simplify(found.formula.expression / (a * b**2 / c + c))
    assert float(abs(ratio.subs({a: 1.3, b: 2.1, c: 0.7}) - 1)) < 10 * noise
    assert not found.formula.exact
    assert found.formula.r2 > 0.999
    assert found.r2_interval[0] <= found.formula.r2 <= found.r2_interval[1]


def test_what_is_no_law_of_the_family_is_not_claimed():
    x = table(2)
    found = quietly(x, np.sin(3 * x[:, 0]) + x[:, 1] ** 1.7, time_limit=5.0)
    assert not found.formula.exact
    assert found.formula.error > 1e-3


def test_pure_noise_gives_no_better_than_its_mean(rng):
    found = quietly(table(2), 10 + rng.normal(size=400), time_limit=5.0)
    assert not found.formula.exact
    assert not found.formula.expression.free_symbols


def test_units_that_span_thirty_decades():
    x = table(3) * [1e-24, 1e15, 1e6]
    y = 6.6743e-11 * x[:, 0] * x[:, 1] / x[:, 2] ** 2
    found = quietly(x, y, names=["m", "M", "r"])
    m, big, r = sympy.symbols("m M r")
    constant = found.formula.expression / (m * big / r**2)
    assert not constant.free_symbols
    assert abs(float(constant) / 6.6743e-11 - 1) < 1e-9
    np.testing.assert_allclose(found.model(x.astype("float32"))[:, 0], y, rtol=1e-5)


def test_targets_over_six_decades_with_relative_errors():
    random = np.random.default_rng(3)
    x = 10 ** random.uniform(-2, 2, (300, 2))
    y = 2.5 * x[:, 0] ** 1.5 / x[:, 1] * np.exp(0.01 * random.normal(size=300))
    found = quietly(x, y, names=["a", "b"])
    a, b = sympy.symbols("a b", positive=True)
    told = found.formula.expression.subs({"a": a, "b": b})
    assert not sympy.simplify(told / (a**1.5 / b)).free_symbols


def test_columns_of_both_signs_and_zeros():
    x = table(3, 600, -2.0, 2.0)
    x[:5, 0] = 0.0
    for law in ("a*b", "a**2 - b*c", "a*b*c + 2"):
        y = sympy.lambdify(sympy.symbols("a b c"), sympy.sympify(law), "numpy")(*x.T)
        found = quietly(x, y, names=["a", "b", "c"])
        assert sympy.expand(found.formula.expression - sympy.sympify(law)) == 0
        assert found.formula.exact


def test_a_column_among_many_is_found_and_the_others_are_named():
    x = table(14, 800)
    found = quietly(x, x[:, 3] * x[:, 11], time_limit=60.0)
    assert str(found.formula.expression) == "x12*x4"
    assert any("most relevant columns" in note for note in found.table.notes)


def test_front_is_no_list_of_also_rans(rng):
    x = table(3)
    found = quietly(x, x[:, 0] * (x[:, 1] - x[:, 2]) + 0.01 * rng.normal(size=400))
    complexity = [f.complexity for f in found.front]
    error = [f.error for f in found.front]
    assert complexity == sorted(set(complexity))
    assert error == sorted(error, reverse=True)
    assert found.formula in found.front


def test_held_out_rows_are_not_learned_from():
    x = table(2)
    y = x[:, 0] * x[:, 1]
    first = quietly(x, y)
    y[first.held_out] = 0.0
    again = quietly(x, y)
    assert again.formula.expression == first.formula.expression
    assert again.formula.error > 1.0
    assert not again.formula.exact
    assert not set(first.train) & set(first.held_out)
    assert len(first.train) + len(first.held_out) == 400


def test_same_seed_same_answer():
    x = table(3, 100)
    y = x[:, 0] / x[:, 1] + 0.1 * x[:, 2] + 0.01 * np.random.default_rng(5).normal(size=100)
    one, other = (quietly(x, y, seed=4) for _ in range(2))
    assert one.formula.expression == other.formula.expression
    assert [f.text for f in one.front] == [f.text for f in other.front]


def test_interrupted_search_gives_what_it_has(monkeypatch):
    calls, train = [], candidates._train

    def interrupted(structure, *args):
        calls.append(structure.name)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return train(structure, *args)

    monkeypatch.setattr(candidates, "_train", interrupted)
    x = table(2)
    found = quietly(x, np.exp(x[:, 0]) + x[:, 1])
    assert len(calls) == 3
    assert np.isfinite(found.formula.error)


def test_model_is_a_keras_model_that_saves_and_trains_on(tmp_path):
    x = table(2)
    y = x[:, 0] ** 2 / (x[:, 0] + x[:, 1])
    found = quietly(x, y)
    x32 = x.astype("float32")
    told = found.model(x32)
    np.testing.assert_allclose(told[:, 0], y, rtol=2e-5)
    found.model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(x32), told)
    found.model.compile("sgd", "mse", run_eagerly=True)
    history = found.model.fit(x32, 1.01 * y.astype("float32"), batch_size=400, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_rows_outside_the_data_are_known():
    found = quietly(table(2), table(2).prod(axis=1))
    np.testing.assert_array_equal(found.outside([[2.0, 3.0], [2.0, 9.0]]), [False, True])


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"held_out": 0.0}, "`held_out` must be a share between 0 and 1. Received: 0.0"),
        ({"held_out": 2}, "`held_out` must be a share between 0 and 1. Received: 2"),
        ({"time_limit": 0}, "`time_limit` must be a number of seconds above 0. Received: 0"),
    ],
)
def test_bad_arguments_are_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        quietly(table(2), table(2)[:, 0], **kwargs)
