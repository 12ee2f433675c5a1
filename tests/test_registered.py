"""`import keras_addmul` alone registers every class of the package with Keras."""

import ast
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_addmul
from keras_addmul.layers.regularizers import OrdersToEnds, Penalty
from tests.layers import cases

PACKAGE = Path(keras_addmul.__file__).parent

# What classes need that cannot be made without arguments; layers are made from their cases.
ARGUMENTS = {
    "RationalStart": ("leaky_relu", "numerator"),
    "Repeated": ([1.0, 2.0],),
    "Maxout": (2,),
}

CHILD = """
import json, sys
import keras, keras_addmul
assert "keras_addmul.demo" not in sys.modules
configs = json.load(open(sys.argv[1]))
for name, config in configs.items():
    again = keras.saving.deserialize_keras_object(config)
    again = json.loads(json.dumps(keras.saving.serialize_keras_object(again)))
    assert again == config, (name, again, config)
model = keras.saving.load_model(sys.argv[2])
x = keras.ops.ones((2, 3))
print(json.dumps([len(configs), keras.ops.convert_to_numpy(model(x)).tolist(),
                  [float(loss) for loss in model.losses]]))
"""


def registered():
    """Everything the package registers, by name, once all of its modules are imported."""
    for module in pkgutil.walk_packages(keras_addmul.__path__, "keras_addmul."):
        if "__main__" not in module.name and "_child" not in module.name:
            importlib.import_module(module.name)
    objects = keras.saving.get_custom_objects()
    return {name: v for name, v in objects.items() if name.startswith("keras_addmul>")}


def example(name, found):
    """A function as it is; of a class, an object."""
    if not isinstance(found, type):
        return found
    short = name.split(">")[1]
    if short in cases.CASES:
        return cases.build(short, 0)
    return found(*ARGUMENTS.get(short, ()))


def decorated():
    """The names of the classes and functions that a decorator in the source registers."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and any(
                "register_keras_serializable" in ast.unparse(d) for d in node.decorator_list
            ):
                yield node.name


def test_everything_registered_loads_in_a_fresh_process(tmp_path):
    found = registered()
    assert {f"keras_addmul>{name}" for name in decorated()} <= set(found)
    configs = {
        name: keras.saving.serialize_keras_object(example(name, value))
        for name, value in found.items()
    }
    (tmp_path / "configs.json").write_text(json.dumps(configs))
    model = a_model_with_every_weight_object()
    model.save(tmp_path / "m.keras")
    done = subprocess.run(
        [sys.executable, "-c", CHILD, tmp_path / "configs.json", tmp_path / "m.keras"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    count, answer, losses = json.loads(done.stdout.splitlines()[-1])
    assert count == len(found)
    np.testing.assert_allclose(answer, model(np.ones((2, 3), "float32")), rtol=1e-5)
    np.testing.assert_allclose(losses, [float(loss) for loss in model.losses], rtol=1e-5)


def a_model_with_every_weight_object():
    """A trained model; every initializer, regularizer and constraint of ours is in it."""
    layers = keras_addmul.layers
    kinds = (layers.initializers, layers.regularizers, layers.constraints)
    made = [
        [example(f">{n}", getattr(kind, n)) for n in kind.__all__ if n != "Penalty"]
        for kind in kinds
    ]
    stack = [keras.Input((3,))]
    for i in range(max(map(len, made))):
        initializer, regularizer, constraint = (kind[i % len(kind)] for kind in made)
        if inspect.signature(type(initializer)).parameters.keys() >= {"values"}:
            initializer = "ones"  # it holds as many numbers as it was given
        stack.append(
            layers.AddMulDense(
                3,
                kernel_initializer=initializer,
                order_regularizer=regularizer,
                bias_constraint=constraint,
            )
        )
    model = keras.Sequential(stack)
    model.compile("adam", "mse", metrics=[keras_addmul.barron.PathNormMetric()])
    return model


def test_submodules_of_layers_are_listed():
    for name in ("initializers", "regularizers", "constraints"):
        assert name in keras_addmul.layers.__all__
        module = getattr(keras_addmul.layers, name)
        assert all(hasattr(module, each) for each in module.__all__)


@pytest.mark.parametrize("jit", [False, True])
def test_a_model_with_a_penalty_is_exported(tmp_path, jit):
    import tensorflow as tf

    layer = keras_addmul.layers.AddMulDense(2, order_regularizer=OrdersToEnds(0.1))
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("adam", "mse", jit_compile=jit)
    x = np.ones((4, 3), "float32")
    model.fit(x, np.ones((4, 2)), verbose=0)
    path = keras_addmul.serving.export(model, tmp_path / "served", jit=jit)
    served = tf.saved_model.load(str(path))
    np.testing.assert_allclose(served.serve(x), model(x), rtol=1e-5)
    assert isinstance(layer.order_regularizer, Penalty)
