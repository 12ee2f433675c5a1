"""Starts: what an initializer draws is drawn anew, and nothing else moves."""

import math
import random

import keras
import numpy as np
import pytest

from keras_addmul.layers import AddMulDense, AddMulSelect
from keras_addmul.layers.initializers import NearEnds, ParityUniform
from keras_addmul.restarts.starts import draw_starts, first_of
from tests.layers import cases

COUNT = 8


def model_of(name, index):
    x = keras.Input((3,))
    return keras.Model(x, cases.build(name, index)(cases.inputs_for(name, x)))


def by_path(model, values):
    return {v.path: value for v, value in zip(model.variables, values, strict=True)}


@pytest.fixture
def asked(monkeypatch):
    """The initializers that layers ask for, by the identity of the weight."""
    kept, add = {}, keras.Layer.add_weight

    def add_weight(layer, *args, **kwargs):
        weight = add(layer, *args, **kwargs)
        kept[id(weight)] = weight, keras.initializers.get(kwargs.get("initializer"))
        return weight

    monkeypatch.setattr(keras.Layer, "add_weight", add_weight)
    return kept


@pytest.mark.parametrize(("name", "index"), cases.EVERY)
def test_every_layer_starts_anew_wherever_its_initializers_draw(name, index, asked):
    if not cases.build(name, index).trainable:
        return
    model = model_of(name, index)
    before = [v.numpy() for v in model.variables]
    drawn, again, other = (draw_starts(model, COUNT, seed) for seed in (3, 3, 4))
    for variable, values, same, others, was in zip(
        model.variables, drawn, again, other, before, strict=True
    ):
        assert values.shape == (COUNT, *variable.shape)
        assert values.dtype == variable.dtype
        assert not variable.trainable or np.isfinite(values.astype("float64")).all()
        np.testing.assert_array_equal(values, same)
        np.testing.assert_array_equal(variable.numpy(), was)
        initializer = asked[id(variable)][1] if id(variable) in asked else None
        # Of more than three inputs no sign counts at the start.
        none = isinstance(initializer, ParityUniform) and math.prod(variable.shape[:-1]) > 3
        if variable.trainable and "seed" in getattr(initializer, "get_config", dict)() and not none:
            different = len(np.unique(values.reshape(COUNT, -1), axis=0))
            # Orders near an end have two values, and small layers few orders.
            assert different == COUNT or (different > 1 and isinstance(initializer, NearEnds))
            assert not np.array_equal(values, others)
        else:
            np.testing.assert_array_equal(values, np.broadcast_to(was, values.shape))


@keras.saving.register_keras_serializable(package="tests")
class Twice(keras.initializers.Initializer):
    """An initializer whose seed is inside another one."""

    def __init__(self, inner):
        self.inner = keras.initializers.get(inner)

    def __call__(self, shape, dtype=None):
        return 2.0 * self.inner(shape, dtype)

    def get_config(self):
        return {"inner": keras.initializers.serialize(self.inner)}


@keras.saving.register_keras_serializable(package="tests")
class Hidden(keras.initializers.Initializer):
    """An initializer without a configuration, which draws."""

    def __call__(self, shape, dtype=None):
        return keras.random.normal(shape, dtype=dtype)


class Scale(keras.Layer):
    """A user's layer: weights that are named as they please, one of them without a name."""

    def __init__(self, start="normal", **kwargs):
        super().__init__(**kwargs)
        self.start = keras.initializers.get(start)

    def build(self, input_shape):
        self.a = self.add_weight((input_shape[-1],), self.start, name="w")
        self.b = self.add_weight((input_shape[-1],), name="w", initializer="normal")
        self.c = self.add_weight(shape=(1,), initializer="ones", trainable=False)

    def call(self, x):
        return self.a * x + self.b + self.c

    def get_config(self):
        return {**super().get_config(), "start": keras.initializers.serialize(self.start)}


class Lazy(keras.Layer):
    """Layers inside a list and a dictionary, which are built when they are called."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = [keras.layers.Dense(3, kernel_initializer="orthogonal")]
        self.more = {"last": Scale(keras.initializers.RandomNormal(seed=1))}

    def call(self, x):
        return self.more["last"](self.inner[0](x))


class Subclassed(keras.Model):
    """Weights of its own, made before it is built, beside those of its layers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(2)
        self.gain = self.add_weight(shape=(2,), initializer="normal", name="gain")

    def call(self, x):
        return self.gain * self.dense(x)


@keras.saving.register_keras_serializable(package="tests")
def normal(shape, dtype=None):
    """An initializer that is a function, and draws from Keras's global generator."""
    return keras.random.normal(shape, dtype=dtype)


def sequential(*layers, shape=(3,)):
    return keras.Sequential([keras.Input(shape), *layers])


def subclassed():
    model = Subclassed()
    model(np.zeros((1, 3), "float32"))
    return model


def shared():
    x, dense = keras.Input((3,)), keras.layers.Dense(3)
    return keras.Model(x, dense(dense(x)))


L = keras.layers
MODELS = {
    "nested": lambda: sequential(sequential(L.Dense(3)), sequential(sequential(L.Dense(1)))),
    "shared": shared,
    "normalized": lambda: sequential(L.Dense(2), L.BatchNormalization(), L.Dropout(0.5)),
    "seeded": lambda: sequential(L.Dense(2, kernel_initializer=keras.initializers.HeNormal(5))),
    "recurrent": lambda: sequential(L.LSTM(2), shape=(4, 3)),
    "wrapped": lambda: sequential(
        L.Bidirectional(L.GRU(2, return_sequences=True)),
        L.TimeDistributed(L.Dense(2)),
        L.RNN([L.SimpleRNNCell(2), L.LSTMCell(2)]),
        shape=(4, 3),
    ),
    "embedded": lambda: sequential(L.Embedding(5, 2), shape=(4,)),
    "user's": lambda: sequential(Scale(), Lazy()),
    "user's initializers": lambda: sequential(
        Scale(Twice(keras.initializers.RandomUniform(-1, 1, seed=1))), Scale(Hidden())
    ),
    "function": lambda: sequential(Scale(normal)),
    "subclassed": subclassed,
}


@pytest.mark.parametrize("kind", MODELS)
def test_any_model_starts_anew(kind):
    model = MODELS[kind]()
    constant = ("bias", "gamma", "beta", "recurrent_bias")
    drawn, again = (draw_starts(model, COUNT, seed=3) for _ in range(2))
    seen = 0
    for variable, values, same in zip(model.variables, drawn, again, strict=True):
        np.testing.assert_array_equal(values, same)
        stays = not variable.trainable or variable.name in constant
        different = len(np.unique(values.reshape(COUNT, -1), axis=0))
        assert different == (1 if stays else COUNT), variable.path
        seen += not stays
        if not variable.trainable:
            np.testing.assert_array_equal(values[0], variable.numpy())
    assert seen > 0


def test_weights_start_as_their_initializer_says_wherever_training_has_left_them():
    model = sequential(L.Dense(64, kernel_initializer="he_normal", bias_initializer="ones"))
    model.set_weights([np.full((3, 64), 7.0), np.full(64, 7.0)])
    kernel, bias = draw_starts(model, 20, seed=0)
    assert abs(kernel.std() / np.sqrt(2 / 3) - 1) < 0.03  # 3840 numbers
    assert abs(kernel.mean()) < 0.05
    np.testing.assert_array_equal(bias, np.ones((20, 64)))


def test_weights_that_are_not_trained_stay_as_they_are():
    model = sequential(L.Dense(2), L.Dense(2))
    model.layers[0].trainable = False
    before = [v.numpy() for v in model.variables]
    drawn = draw_starts(model, COUNT, seed=0)
    for values, was in list(zip(drawn, before, strict=True))[:2]:
        np.testing.assert_array_equal(values, np.broadcast_to(was, values.shape))
    assert len(np.unique(drawn[2].reshape(COUNT, -1), axis=0)) == COUNT


class Direct(keras.Layer):
    def build(self, input_shape):
        self.w = keras.Variable(np.ones(input_shape[-1]), name="w")

    def call(self, x):
        return self.w * x


class Demanding(keras.Layer):
    def __init__(self, unserializable, **kwargs):
        super().__init__(**kwargs)
        self.w = self.add_weight(shape=(3,), initializer="normal", name="w")

    def call(self, x):
        return self.w * x


def zeros(shape, dtype=None):
    """An initializer that is called like one of Keras's, and is another one."""
    return keras.random.normal(shape, dtype=dtype)


class Renamed(keras.layers.Dense):
    """A layer whose configuration makes another layer."""

    def get_config(self):
        return {**super().get_config(), "name": self.name + "'"}


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (lambda: L.Dense(2, name="mine", kernel_initializer=zeros), "it cannot be made again"),
        (lambda: Renamed(2, name="mine"), "it has another one"),
        (lambda: Direct(name="mine"), "made again, it does not add them by `add_weight`"),
        (lambda: Demanding(object(), name="mine"), "it cannot be made again: "),
    ],
)
def test_weights_whose_initializer_cannot_be_known_are_refused(layer, why):
    with pytest.raises(ValueError, match="of layer 'mine' are not known") as caught:
        draw_starts(sequential(layer()), 2, seed=0)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 500
    assert "Pass as `model` a function of no argument that builds the model" in str(caught.value)


def following():
    """The next numbers of the global generators whose state can be read."""
    return random.random(), np.random.random()  # noqa: NPY002


@pytest.mark.parametrize("how", ["initializers", "a function", "build"])
def test_the_global_generators_neither_decide_nor_are_moved(how):
    results = []
    for seed in (1, 2):
        model = MODELS["function" if how == "a function" else "seeded"]()
        keras.utils.set_random_seed(seed)
        expected = following()
        keras.utils.set_random_seed(seed)
        build = MODELS["function"] if how == "build" else None
        model = build() if build else model
        keras.utils.set_random_seed(seed)
        results.append(draw_starts(model, COUNT, 5, build))
        assert following() == expected
        results.append(float(keras.random.normal(())))
    for one, other in zip(results[0], results[2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert results[1] != results[3]


def test_a_function_that_builds_gives_every_restart_its_own_start():
    model = MODELS["subclassed"]()
    one, again, other = (draw_starts(model, COUNT, s, MODELS["subclassed"]) for s in (0, 0, 1))
    for variable, values, same, others in zip(model.variables, one, again, other, strict=True):
        np.testing.assert_array_equal(values, same)
        if variable.trainable and variable.name != "bias":
            assert len(np.unique(values.reshape(COUNT, -1), axis=0)) == COUNT
            assert not np.array_equal(values, others)


def test_a_function_that_builds_something_else_each_time_is_refused():
    units = iter([2, 2, 3])
    with pytest.raises(ValueError, match=r"same weights at each call. Received: .*\(3, 3\)"):
        draw_starts(sequential(L.Dense(2)), 3, 0, lambda: sequential(L.Dense(next(units))))


def test_starts_that_are_given_come_first():
    model = sequential(AddMulSelect(1))
    kernel, order = model.variables
    given = {kernel.path: np.full((COUNT, 3, 1), 0.25)}
    calls = []

    def starts(model, count, seed):
        calls.append((model, count, seed))
        return given

    found = draw_starts(model, COUNT, 3, starts=starts)
    assert calls == [(model, COUNT, 3)]
    np.testing.assert_array_equal(found[0], given[kernel.path])
    assert len(np.unique(found[1])) == 2
    for value, message in (
        ({"k": 1.0}, r"by the paths of weights, \[.*Received: 'k'"),
        ({order.path: np.ones((COUNT, 2))}, rf"shape \({COUNT}, 1\) for .*shape \({COUNT}, 2\)"),
    ):
        with pytest.raises(ValueError, match=message):
            draw_starts(model, COUNT, 3, starts=lambda *_, value=value: value)


def test_a_layer_that_knows_the_kinds_of_start_covers_them():
    model = sequential(AddMulSelect(1), shape=(2,))
    kernel, order = draw_starts(model, 8, seed=0)
    kinds = np.concatenate([np.sign(kernel[..., 0]), np.round(order)], axis=1)
    assert len(np.unique(kinds, axis=0)) == 8
    # An initializer of another kind is not overruled.
    model = sequential(AddMulSelect(1, order_initializer="zeros"), AddMulDense(1), shape=(2,))
    assert not draw_starts(model, 8, seed=0)[1].any()


def test_the_first_model_of_a_function_depends_on_the_seed_alone():
    def build():
        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])

    def first(before, seed):
        keras.utils.set_random_seed(before)
        return first_of(build, seed).get_weights()[0]

    np.testing.assert_array_equal(first(1, 0), first(2, 0))
    assert np.any(first(1, 0) != first(1, 1))
