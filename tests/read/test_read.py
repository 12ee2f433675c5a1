"""A reading says what a network became, and how much it costs to believe it."""

import keras
import numpy as np
import pytest
import sympy
from rich.console import Console

import keras_addmul
from keras_addmul.layers import AddMul, AddMulDense, AddMulSelect, ExpIterate

X = np.random.default_rng(0).uniform(0.5, 2.0, (64, 3)).astype("float32")
SIGNED = X * np.array([1.0, -1.0, 1.0], "float32")


def laws(**how):
    """A product, a sum, something between, and a product whose second input is negative."""
    layer = AddMulDense(4, name="laws", **how)
    model = keras.Sequential([keras.Input((3,)), layer])
    layer.order.assign([0.98, 0.01, 0.4, 1.0])
    layer.kernel.assign([[1.5, 2.0, 1.0, 1.0], [-1.0, 0.0, 1.0, 3.0], [0.0, -1.0, 0.0, 0.0]])
    layer.parity.assign([[1.0] * 4, [1.0, 0.0, 0.5, 0.0], [0.0] * 4])
    layer.bias.assign([0.0, 0.5, 0.0, 0.0])
    return model


def test_units_are_read_by_name():
    reading = keras_addmul.read(laws(), SIGNED, names=["a", "b", "c"])
    assert [unit.kind for unit in reading.units] == ["product", "sum", "between", "product"]
    assert [unit.settled for unit in reading.units] == [True, True, False, True]
    texts = [unit.text for unit in reading.units]
    assert texts[:2] == ["a^1.5 / b", "2 a - c + 0.5"]
    assert texts[2] == "order 0.4 from a + b to a b"
    assert texts[3] == "a |b|^3"
    assert reading.units[0].weights == pytest.approx((1.5, -1.0, 0.0))
    assert reading.settled == 0.75


def test_what_the_answer_costs_is_measured_and_the_model_is_left_alone():
    model = laws()
    before = model.get_weights()
    reading = keras_addmul.read(model, SIGNED)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    y, z = model.predict(SIGNED, verbose=0), reading.snapped.predict(SIGNED, verbose=0)
    moved = np.sqrt(np.mean((z - y) ** 2, axis=0)) / np.std(y, axis=0)
    assert reading.moved == pytest.approx(moved.max(), rel=1e-4)
    assert reading.moved_settled == pytest.approx(moved[[0, 1, 3]].max(), rel=1e-4)
    assert set(reading.snapped.layers[0].order.numpy().tolist()) == {0.0, 1.0}
    assert keras_addmul.read(model).moved is None
    # A reading is of the weights that it was made of.
    model.layers[0].kernel.assign(np.zeros((3, 4)))
    np.testing.assert_array_equal(reading.snapped.predict(SIGNED, verbose=0), z)
    assert reading.expression(1) == sympy.sympify("2*x1 - x3 + 1/2")


def test_parities_that_data_never_tell_follow_the_exponent():
    model = laws()
    model.layers[0].parity.assign(np.full((3, 4), 0.45))
    snapped = keras_addmul.read(model, X).snapped.layers[0]
    np.testing.assert_array_equal(snapped.parity[:, 3], [1.0, 1.0, 0.0])
    told = keras_addmul.read(model, SIGNED).snapped.layers[0]
    np.testing.assert_array_equal(told.parity[:, 3], [1.0, 0.0, 0.0])
    kinds = [[u.kind for u in keras_addmul.read(model, x).units] for x in (X, SIGNED)]
    assert kinds == [["product", "sum", "between", "product"], ["between", "sum"] + 2 * ["between"]]


def test_exponents_are_rounded_where_asked():
    model = laws()
    model.layers[0].kernel.assign([[1.52, 2.1, 1.1, 0.9]] * 3)
    snapped = keras_addmul.read(model, X, exponents=0.5).snapped.layers[0]
    np.testing.assert_allclose(snapped.kernel[0], [1.5, 2.1, 1.1, 1.0], rtol=1e-6)


def test_a_network_is_one_expression():
    x = keras.Input((3,))
    sums = AddMulDense(2, name="sums")
    product = AddMulDense(1, name="product", use_bias=False)
    model = keras.Model(x, product(keras.layers.Dropout(0.1)(sums(x))))
    for layer, order, kernel in (
        (sums, 0.0, [[1.0, 0.0], [1.0, 0.0], [0.0, 2.0]]),
        (product, 1.0, [[1.0], [-2.0]]),
    ):
        layer.order.assign(np.full(layer.order.shape, order))
        layer.kernel.assign(kernel)
        layer.parity.assign(np.asarray(kernel) % 2.0)
    reading = keras_addmul.read(model, X, names=["a", "b", "c"])
    a, b, c = sympy.symbols("a b c")
    assert sympy.simplify(reading.expression() - (a + b) / (4 * c**2)) == 0
    assert reading.units[2].text == "sums_1 / sums_2^2"
    value = reading.expression().subs(dict(zip((a, b, c), X[0].tolist(), strict=True)))
    assert float(value) == pytest.approx(float(model(X[:1])[0, 0]), rel=1e-5)
    assert reading.others == (("dropout", "Dropout"),) or reading.others[0][1] == "Dropout"


@pytest.mark.parametrize("path", ["kneser", "mixture"])
def test_formulas_of_every_layer_have_the_value_of_the_model(path):
    """With every order at an end; in nested models, and for either sign."""

    def at(order):
        return keras.initializers.Constant(order)

    keras.utils.set_random_seed(1)
    x = keras.Input((2,))
    free = AddMulDense(2, coupling="free", order_initializer=at(0.0), activation="tanh")
    logs = AddMulDense(2, coupling="free", order_initializer=at(1.0))
    tied = AddMulDense(2, path=path, order_initializer=at(1.0), parity_initializer="ones")
    inner = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(0.5, 1.0), free])
    z = AddMul(order_initializer=at(1.0))([inner(x), tied(x)])
    z = keras.layers.Concatenate()([z, ExpIterate(order_initializer=at(1.0))(x), logs(x)])
    z = AddMulSelect(2, order_initializer=at(1.0))(keras.layers.Dense(2, "softplus")(z))
    model = keras.Model(x, AddMul(order_initializer=at(0.0))([z, keras.layers.Dense(2)(x)]))
    logs.order_in.assign([-1.0, -1.0])
    logs.parity.assign(np.ones((2, 2)))
    rows = np.array([[0.7, -1.2], [1.3, 0.4], [-0.3, 0.8]], "float32")
    reading = keras_addmul.read(model, rows)
    for output in range(2):
        formula = reading.expression(output, digits=9)
        for row, y in zip(rows, model.predict(rows, verbose=0), strict=True):
            value = formula.subs({f"x{i + 1}": float(v) for i, v in enumerate(row)})
            assert float(value) == pytest.approx(float(y[output]), rel=2e-4, abs=2e-4)


def test_a_unit_between_the_ends_is_written_by_its_definition():
    expression = keras_addmul.read(laws(), X).expression(2)
    assert "exp_iterate" in str(expression)
    model = laws(path="mixture")
    mixture = keras_addmul.read(model, X).expression(2, digits=8)
    value = mixture.subs({f"x{i + 1}": float(v) for i, v in enumerate(X[0])})
    assert float(value) == pytest.approx(float(model(X[:1])[0, 2]), rel=1e-5)


def test_layers_without_a_kernel_are_read_too():
    model = keras.Sequential([keras.Input((3,)), ExpIterate(name="e")])
    model.layers[0].order.assign([-1.0, 0.02, 0.5])
    units = keras_addmul.read(model, names=["a", "b", "c"]).units
    assert [u.kind for u in units] == ["log", "identity", "between"]
    assert [u.text for u in units] == ["log|a|", "b", "exp^[0.5](c)"]
    x = [keras.Input((2,), name="p"), keras.Input((2,), name="q")]
    merge = AddMul(name="m")
    model = keras.Model(x, merge(x))
    merge.order.assign([0.0, 1.0])
    units = keras_addmul.read(model, names=list("abcd")).units
    assert [u.text for u in units] == ["a + c", "b * d"]
    select = AddMulSelect(2, name="s")
    model = keras.Sequential([keras.Input((2,)), select])
    select.order.assign([1.0, 0.0])
    select.kernel.assign([[1.0, 1.0], [-1.0, -1.0]])
    assert [u.text for u in keras_addmul.read(model).units] == ["x1 * 1/x2", "x1 - x2"]


def test_it_is_shown_as_text_as_a_table_and_in_a_notebook():
    reading = keras_addmul.read(laws(), SIGNED, names=["a", "<b>", "c"])
    text = str(reading)
    assert "3 of 4 units are settled: 2 product, 1 sum." in text
    assert f"{reading.moved:.2%}" in text
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(reading)
    shown = console.export_text()
    for unit in reading.units:
        assert unit.text in text
        assert unit.text in shown
    assert "a^1.5 / &lt;b&gt;" in reading._repr_html_()


def test_models_of_ones_own_class_are_read_without_names():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.layer = AddMulDense(1, order_initializer="zeros")

        def call(self, x):
            return self.layer(x)

    model = Own()
    model(X)
    reading = keras_addmul.read(model, X)
    assert reading.units[0].inputs == ("x1", "x2", "x3")
    assert reading.moved == 0.0
    with pytest.raises(TypeError, match="a sequential or a functional model"):
        reading.expression()


def test_bad_input_is_refused():
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    late = keras.Sequential([AddMulDense(2)])
    for given, how, error, message in (
        ("model.keras", {}, TypeError, "`model` must be a Keras model.*load it first"),
        (plain, {}, ValueError, "a layer that learns orders.*Received: 'sequential"),
        (late, {}, ValueError, "`model` must be built.*`keras.Input`"),
        (laws(), {"names": ["a", "b"]}, ValueError, r"`names`.*3 columns.*\['a', 'b'\]"),
        (laws(), {"tolerance": -1}, ValueError, "`tolerance` must be.*Received: -1"),
        (laws(), {"exponents": 0}, ValueError, "`exponents` must be.*Received: 0"),
    ):
        with pytest.raises(error, match=message):
            keras_addmul.read(given, **how)
    with pytest.raises(ValueError, match="`output` must be from 0 to 3. Received: 4"):
        keras_addmul.read(laws()).expression(4)
    layers = [keras.layers.LayerNormalization(), AddMulDense(1)]
    odd = keras.Sequential([keras.Input((2,)), *layers])
    with pytest.raises(ValueError, match="has no formula here: LayerNormalization"):
        keras_addmul.read(odd).expression()
    wide = keras.Sequential([keras.Input((100,)), AddMulDense(100)])
    with pytest.raises(ValueError, match="at most 2000 weights.*20200"):
        keras_addmul.read(wide).expression()
