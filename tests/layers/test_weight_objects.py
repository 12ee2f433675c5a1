"""Initializers, regularizers and constraints: each is used, of every layer, by its own weights."""

import inspect

import keras
import numpy as np
import pytest
from keras import ops

from keras_addmul import layers
from keras_addmul.layers.identifiers import KINDS, known_names
from tests.layers.cases import CASES, NAMES, NEEDED, make, needed, shapes_for

# What makes a layer have the weights that it has on request only.
WITH_WEIGHTS = {
    "AddMulSelect": {"use_bias": True},
    "RealNPU": {"imaginary": True},
    "RePU": {"learned": True},
    "ComplexAddMulDense": {"output": "modulus", "complex_order": True},
}
# The weights that an argument rules: those of its name, unless they are told here.
RULED = {
    ("AddMulDense", "order"): ("order", "order_in"),
    ("RealNPU", "kernel"): ("kernel", "imaginary_kernel"),
    ("ComplexAddMulDense", "kernel"): ("kernel", "imaginary_kernel"),
    ("ComplexAddMulDense", "bias"): ("bias", "imaginary_bias"),
    ("INALU", "w_hat"): ("add_w_hat", "multiply_w_hat"),
    ("INALU", "m_hat"): ("add_m_hat", "multiply_m_hat"),
    ("INALU", ""): ("add_w_hat", "add_m_hat", "multiply_w_hat", "multiply_m_hat", "gate"),
}
# Arguments, and weights ruled by others of their name that they do not start.
STARTED_OTHERWISE = {
    ("RealNPU", "kernel_initializer", "imaginary_kernel"),
    ("ComplexAddMulDense", "kernel_initializer", "imaginary_kernel"),
}
X = np.linspace(0.3, 1.7, 18).reshape(6, 3).astype("float32")


def arguments_of(kind):
    """Every layer with every one of its own arguments of a kind."""
    for name in NAMES:
        for argument in inspect.signature(getattr(layers, name)).parameters:
            if argument.endswith(kind) and argument != f"activity_{kind}":
                yield name, argument


def built(name, **kwargs):
    known = {k: v for k, v in CASES[name][0].items() if k in (*NEEDED, "pieces", "seed")}
    if name == "AddMulDense":
        known["coupling"] = "free"
    layer = make(name, **{**known, **WITH_WEIGHTS.get(name, {}), **kwargs})
    layer.build(shapes_for(name))
    return layer


def ruled(layer, name, argument, kind):
    """The weights that an argument is to rule, by name."""
    short = argument.removesuffix(kind).rstrip("_")
    wanted = RULED.get((name, short), (short,))
    return {w.name: w for w in layer.weights if w.name in wanted}


@keras.saving.register_keras_serializable(package="tests")
class Halved(keras.constraints.Constraint):
    """Weights far from where any layer starts."""

    def __call__(self, weights):
        return 0.5 * weights


every_regularizer = pytest.mark.parametrize(("name", "argument"), list(arguments_of("regularizer")))


@every_regularizer
def test_a_regularizer_adds_the_loss_of_its_weights_and_of_no_others(name, argument):
    layer = built(name, **{argument: keras.regularizers.L2(0.25)})
    weights = ruled(layer, name, argument, "regularizer")
    assert weights
    for weight in layer.trainable_weights:
        weight.assign(np.full(weight.shape, 0.75, "float32"))
    expected = sum(0.25 * 0.75**2 * np.prod(w.shape) for w in weights.values())
    assert len(layer.losses) == len(weights)
    assert float(sum(layer.losses)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("name", "argument"), list(arguments_of("initializer")))
def test_an_initializer_draws_its_weights_and_no_others(name, argument):
    layer = built(name, **{argument: keras.initializers.Constant(0.6875)})
    weights = ruled(layer, name, argument, "initializer")
    for weight in layer.weights:
        other = (name, argument, weight.name) in STARTED_OTHERWISE
        started = weight.name in weights and not other
        assert np.all(weight.numpy() == 0.6875) == started, weight.name


@pytest.mark.parametrize(("name", "argument"), list(arguments_of("constraint")))
def test_a_constraint_projects_its_weights_after_a_step_and_no_others(name, argument):
    layer = built(name, **{argument: Halved()})
    weights = ruled(layer, name, argument, "constraint")
    for weight in layer.trainable_weights:
        constrained = weight.name in weights
        assert isinstance(weight.constraint, Halved) == constrained
        weight.assign(np.full(weight.shape, 0.75, "float32"))
    # A step of size nothing leaves the projection alone.
    optimizer = keras.optimizers.SGD(0.0)
    optimizer.build(layer.trainable_variables)
    optimizer.apply([ops.zeros_like(w.value) for w in layer.trainable_variables])
    for weight in weights.values():
        np.testing.assert_array_equal(weight, np.full(weight.shape, 0.375, "float32"))


@pytest.mark.parametrize(
    ("name", "low"), [("ExpIterate", -1.0), ("AddMulDense", -1.0), ("RealNPU", 0.0)]
)
def test_fit_keeps_weights_within_the_default_constraints(name, low):
    # The loss moves no parity where the orders are those of sums.
    moved = {"parity_regularizer": "l1"} if name == "AddMulDense" else {}
    layer = built(name, **moved)
    constrained = [w for w in layer.trainable_weights if w.constraint is not None]
    given = keras.Input((3,))
    model = keras.Model(given, layer(given))
    model.compile(keras.optimizers.SGD(100.0), "mse", jit_compile=True)
    model.fit(X, -1e3 * np.ones((6, model.output.shape[-1])), epochs=2, verbose=0)
    assert constrained
    for weight in constrained:
        assert weight.numpy().min() >= low
        assert np.any(np.isin(weight.numpy(), [low, 0.0, 1.0])), weight.name


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_that_a_message_lists_is_known(kind):
    for name in known_names(kind):
        layer = make("ExpIterate", **{f"order_{kind}": name})
        config = getattr(keras, f"{kind}s").serialize(getattr(layer, f"order_{kind}"))
        assert config["class_name"].lower().replace("_", "") == name.lower().replace("_", "")


@pytest.mark.parametrize(("name", "argument"), [a for kind in KINDS for a in arguments_of(kind)])
def test_what_is_unknown_is_answered_with_what_is_known(name, argument):
    kind = argument.rsplit("_", 1)[-1]
    known = needed(name)
    for wrong in ("half", [0.1, 0.2]):
        with pytest.raises(ValueError) as error:
            make(name, **known, **{argument: wrong})
        message = str(error.value)
        assert message.startswith(f"Argument `{argument}` must be ")
        assert repr(known_names(kind)[0]) in message
        assert message.endswith(f"Received: {wrong!r}")
