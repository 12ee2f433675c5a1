"""What every layer owes that draws random numbers, checked over all of them."""

import ast
import json
import pathlib
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul import layers
from keras_addmul.layers.inside import layers_inside
from keras_addmul.layers.seeded_layer import SeededLayer
from tests.layers import cases

ROOT = pathlib.Path(__file__).parents[2]
# What the cases of all layers leave at its default, and draws only if asked.
MORE = {"NMU": [{"units": 2, "noise": (1.0, 5.0)}]}


def draws(layer):
    return any(inner.seed_generator is not None for inner in layers_inside(layer, SeededLayer))


def seeded():
    """Arguments of the layers that draw, with a seed and noise to be seen.

    The inputs are up to 8: noise on the input must be as large to bring them back.
    """
    for name in sorted(cases.CASES):
        for arguments in cases.CASES[name] + MORE.get(name, []):
            if draws(cases.make(name, **arguments)):
                loud = (
                    {"c": 16.0} if issubclass(getattr(layers, name), layers.NoisyActivation) else {}
                )
                yield name, {**arguments, **loud, "seed": 7}


SEEDED = list(seeded())
every_seeded = pytest.mark.parametrize(("name", "arguments"), SEEDED, ids=lambda v: str(v)[:60])


@pytest.fixture
def x(rng):
    return (4.0 * rng.normal(size=(16, 3))).astype("float32")


def built(name, arguments, x):
    keras.utils.set_random_seed(0)
    layer = cases.make(name, **arguments)
    layer.build(cases.inputs_for(name, keras.ops.convert_to_tensor(x)).shape)
    return layer


def test_all_that_draw_are_among_them():
    drawing = {"NMU", "NoisyActivation", "NoisyGRU", "NoisyLSTM", "NoisySigmoid", "NoisyTanh"}
    assert {name for name, _ in SEEDED} == {*drawing, "RReLU"}


@every_seeded
def test_the_same_seed_draws_the_same_eager_in_a_graph_and_under_xla(name, arguments, x):
    results = []
    for jit in (None, False, True):
        layer = built(name, arguments, x)
        call = lambda x, layer=layer: layer(cases.inputs_for(name, x), training=True)
        call = call if jit is None else tf.function(call, jit_compile=jit)
        results.append([call(tf.constant(x)).numpy() for _ in range(2)])
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], rtol=1e-5, atol=2e-5)
    assert np.any(results[0][0] != results[0][1])  # fresh at each step


@every_seeded
def test_another_seed_draws_other_numbers_and_inference_none(name, arguments, x):
    """With `monte_carlo`, inference draws as training does."""
    given = cases.inputs_for(name, tf.constant(x))
    one, same, other = (built(name, {**arguments, "seed": s}, x) for s in (7, 7, 8))
    drawn = one(given, training=True)
    np.testing.assert_array_equal(drawn, same(given, training=True))
    assert np.any(drawn != other(given, training=True))
    answer = one(given)
    if arguments.get("monte_carlo"):
        np.testing.assert_array_equal(answer, same(given))
        assert np.any(answer != one(given))  # fresh at each call
        assert np.any(answer != other(given))
    else:
        np.testing.assert_array_equal(answer, other(given))


def test_a_training_that_is_resumed_draws_what_it_would_have_drawn(x, tmp_path):
    """From a `.keras` file and from saved weights; all layers in one model."""
    given = keras.Input((3,))
    hidden = keras.layers.Dense(3, kernel_initializer="identity")(given)
    made = [
        cases.make(name, **arguments)(cases.inputs_for(name, hidden)) for name, arguments in SEEDED
    ]
    model = keras.Model(given, made)
    model.compile(keras.optimizers.Adam(0.01), ["mse"] * len(made), run_eagerly=True)
    targets = [np.zeros((16, *y.shape[1:]), "float32") for y in made]
    model.train_on_batch(x, targets)
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    resumed = keras.saving.load_model(tmp_path / "m.keras")
    model.train_on_batch(x, targets)
    resumed.train_on_batch(x, targets)
    for a, b in zip(resumed.variables, model.variables, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=a.path)
    drawn = model(x, training=True)
    for a, b, (name, _) in zip(resumed(x, training=True), drawn, SEEDED, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)
    model.load_weights(tmp_path / "m.weights.h5")  # and back again, noise included
    resumed.load_weights(tmp_path / "m.weights.h5")
    earlier = model(x, training=True)  # with the numbers of the second step, not of the third
    for a, b, c, (name, _) in zip(resumed(x, training=True), earlier, drawn, SEEDED, strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)
        assert np.any(b != c), name


@pytest.mark.slow
def test_each_replica_draws_numbers_of_its_own():
    """In a process of its own, where the CPU is split in two."""
    script = """
        import tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        halves = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, halves)
        import json, numpy as np
        from tests.layers import cases
        from tests.layers.test_seeded_layers import SEEDED, built
        x = (4.0 * np.random.default_rng(0).normal(size=(4, 3))).astype("float32")
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        with strategy.scope():
            made = [built(name, arguments, x) for name, arguments in SEEDED]
        def call(layers):
            return [
                layer(cases.inputs_for(name, tf.constant(x)), training=True)
                for layer, (name, _) in zip(layers, SEEDED)
            ]
        step = tf.function(lambda: strategy.run(lambda: call(made)))
        plain = lambda y: y.numpy().tolist()
        drawn = [[[plain(r) for r in y.values] for y in step()] for _ in range(2)]
        alone = call([built(name, arguments, x) for name, arguments in SEEDED])
        print(json.dumps([drawn, [plain(y) for y in alone]]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    (now, later), alone = json.loads(done.stdout.splitlines()[-1])
    for (name, _), first, second, only in zip(SEEDED, now, later, alone, strict=True):
        draws = np.array([*first, *second])
        for i in range(4):
            for j in range(i):
                assert np.any(draws[i] != draws[j]), (name, i, j)
        # The first replica draws what one alone would; a graph may round otherwise.
        np.testing.assert_allclose(first[0], only, rtol=1e-5, atol=2e-5, err_msg=name)


def test_noise_has_one_door():
    """No other function or layer touches Keras's random numbers or TensorFlow's."""
    doors = {"activations/noise.py", "layers/seeded_layer.py"}
    package = ROOT / "keras_addmul"
    folders = [package / name for name in ("special", "activations", "layers")]
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        used = {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        if used & {"keras.random", "tf.random"}:
            assert str(path.relative_to(package)) in doors, path


def test_a_layer_that_does_not_draw_has_no_state_of_noise():
    assert layers.NMU(2).seed_generator is None
    assert layers.NMU(2).variables == []


@pytest.mark.parametrize("seed", [1.5, "a", True])
def test_a_seed_that_is_no_integer_is_refused(seed):
    with pytest.raises(ValueError, match="`seed` must be an integer or None. Received: "):
        layers.NoisyTanh(seed=seed)


def test_bounds_of_uniform_numbers_are_those_that_were_asked_for():
    drawn = layers.RReLU(seed=1).uniform((10_000,), -2.0, 3.0)
    assert -2.0 < float(tf.reduce_min(drawn)) < -1.99
    assert 2.99 < float(tf.reduce_max(drawn)) < 3.0
