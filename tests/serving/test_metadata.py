"""What a SavedModel says about itself, its versions, and its endpoint with noise."""

import json
import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.layers import AddMulDense, NoisyLSTM, NoisyTanh
from keras_addmul.serving import check, export, metadata, rollback
from tests.serving import models


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_metadata_holds_what_was_given_and_what_the_graph_says(tmp_path):
    x = {"speed": np.array([[1.0, 2, 3], [4, 0, 3]]), "mass": np.ones((2, 4))}
    path = export(
        models.two_inputs(),
        tmp_path / "m",
        jit=False,
        data=list(x.values()),
        names={"speed": ["u", "v", "w"]},
        units={"speed": ["m/s"] * 3},
        formula="u + v",
    )
    told = metadata(path)
    assert told["features"]["speed"] == {
        "names": ["u", "v", "w"], "units": ["m/s"] * 3, "ranges": [[1, 4], [0, 2], [3, 3]],
    }  # fmt: skip
    assert told["features"]["mass"] == {"ranges": [[1, 1]] * 4}
    assert told["formula"] == "u + v"
    signatures = tf.saved_model.load(str(path)).signatures
    assert set(told["endpoints"]) == set(signatures)
    for name, entry in told["endpoints"].items():
        takes = signatures[name].structured_input_signature[1]
        assert {key: list(spec.shape) for key, spec in takes.items()} == {
            key: value["shape"] for key, value in entry["inputs"].items()
        }
        assert set(entry["outputs"]) == set(signatures[name].structured_outputs)
    assert told["versions"]["keras"] == keras.__version__


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["a"]}, "`names` must have 3 features for input 'x'. Received: 1"),
        ({"units": {"y": ["m"]}}, r"`units` must have keys among \['x'\]. Received: \['y'\]"),
        ({"data": np.full((2, 3), np.nan)}, "`data` must be finite. Received: nan or inf"),
        ({"data": np.ones((2, 4))}, "`data` must have 3 features for input 'x'. Received: 4"),
        ({"data": np.array([["a"]])}, "`data` must hold numbers for input 'x'. Received: str"),
        ({"data": [np.ones(3)] * 2}, r"`data` must be given for each .*\['x'\]. Received: 2"),
        ({"keep": 0}, "`keep` must be a positive integer or None. Received: 0"),
        ({"sample": True}, "`sample` must be False or None for a model without noisy layers"),
    ],
)
def test_what_does_not_fit_the_model_is_refused_and_nothing_is_written(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export(models.dense(), tmp_path / "m", jit=False, **options)
    assert names(tmp_path) in ([], ["m"])
    assert not list(tmp_path.rglob("*.pb"))


def test_weights_that_changed_since_the_export_are_refused_before_anything_runs(tmp_path):
    path = export(models.dense(), tmp_path / "m", jit=False)
    (file,) = (path / "variables").glob("variables.data*")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match="`path` must hold the weights that were exported"):
        check(path, models.data(), 0.0)
    (path / "metadata.json").write_text("[]")
    with pytest.raises(ValueError, match="`path` must hold a readable metadata.json"):
        check(path, models.data(), 0.0)
    (path / "metadata.json").unlink()
    assert metadata(path) == {}


def test_versions_are_numbered_kept_and_rolled_back(tmp_path):
    folder = tmp_path / "m"
    written = [export(models.dense(), folder, jit=False, keep=2) for _ in range(3)]
    assert [path.name for path in written] == ["1", "2", "3"]
    assert names(folder) == ["2", "3"]
    assert rollback(folder) == folder / "2"
    assert names(folder) == ["2", "3.withdrawn"]
    with pytest.raises(ValueError, match=r"at least two numbered versions. Received: .* \[2\]"):
        rollback(folder)
    # A number that was withdrawn does not return with another model.
    assert export(models.dense(), folder, jit=False, keep=2).name == "4"
    assert json.loads((folder / "4" / "metadata.json").read_text())["model"]


def test_versions_are_not_mixed_with_anything_else(tmp_path):
    export(models.dense(), tmp_path / "m", jit=False)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("precious")
    for folder in ("m", "other"):
        with pytest.raises(FileExistsError, match="or a directory of numbered versions"):
            export(models.dense(), tmp_path / folder, jit=False, keep=2)
    with pytest.raises(FileExistsError, match="must be a directory. Received the file"):
        export(models.dense(), tmp_path / "other" / "thesis.tex", jit=False, keep=2)
    with pytest.raises(ValueError, match="`path` must be a local directory"):
        export(models.dense(), "gs://bucket/m", jit=False, keep=2)


def noisy_model(steps):
    keras.utils.set_random_seed(0)
    noise = {"p_initializer": "ones", "alpha": 1.2}
    return keras.Sequential(
        [
            keras.Input((steps, 3), name="x"),
            keras.layers.Dense(4),
            NoisyTanh(monte_carlo=True, **noise),
            NoisyLSTM(2),
        ]
    )


def test_noise_is_that_of_the_seed_and_its_mean_is_what_serve_answers(tmp_path):
    model = noisy_model(2)
    path = export(model, tmp_path / "m", jit=False)
    loaded = tf.saved_model.load(str(path))
    x = tf.constant(10 * models.data(6, 6).reshape(6, 2, 3))
    draws = [loaded.sample(x, tf.constant([7, i])).numpy() for i in range(200)]
    np.testing.assert_array_equal(loaded.sample(x, tf.constant([7, 3])), draws[3])
    deviation = np.std(draws, axis=0)
    assert np.all(deviation > 0)
    # The mean of each unit is exact; what follows is not linear, so that some bias remains.
    assert np.all(np.abs(np.mean(draws, axis=0) - loaded.serve(x)) < 0.5 * deviation)
    np.testing.assert_array_equal(loaded.serve(x), loaded.serve(x))
    assert model.layers[1].monte_carlo
    assert "next_seed" not in vars(model.layers[1])


def test_noise_in_a_loop_of_unknown_length_has_no_seed(tmp_path):
    path = export(noisy_model(None), tmp_path / "m", jit=False)
    assert "sample" not in metadata(path)["endpoints"]
    with pytest.raises(ValueError, match="unroll"):
        export(noisy_model(None), tmp_path / "m", jit=False, sample=True)


def test_loading_warns_of_nothing_and_second_derivatives_say_that_they_are_missing(
    tmp_path, caplog
):
    model = keras.Sequential([keras.Input((3,)), AddMulDense(2)])
    path = export(model, tmp_path / "m", jit=False)
    with caplog.at_level(logging.WARNING):
        loaded = tf.saved_model.load(str(path))
    assert caplog.text == ""
    with pytest.raises(LookupError, match="holds the first derivatives of its model only"):
        second_derivative(loaded.serve, tf.constant(models.data()))


def second_derivative(function, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        slope = inner.gradient(y, x)
    return outer.gradient(slope, x)


@pytest.mark.parametrize("specialise", [True, False])
def test_settled_units_are_sums_and_products_only_if_it_is_asked_for(tmp_path, specialise):
    neuron = AddMulDense(2, order_initializer="zeros")
    model = keras.Sequential([keras.Input((3,), name="x"), neuron])
    path = export(model, tmp_path / "m", jit=False, specialise=specialise)
    loaded = tf.saved_model.load(str(path))
    operations = {
        node.op
        for function in loaded.signatures["serve"].graph.as_graph_def().library.function
        for node in function.node_def
    }
    assert ("Exp" in operations or "Log" in operations) is not specialise
    x = models.data()
    np.testing.assert_allclose(loaded.serve(x), model(x), rtol=1e-5, atol=1e-5)
