"""Runs under another backend in a process of its own: writes what it makes of each layer.

    KERAS_BACKEND=jax python -m tests.backends.layers_job folder

`test_layers_under_jax.py` starts it, and holds the results against TensorFlow's. Of each
model `folder/<case>.keras` with its inputs `folder/<case>.npz` it writes the results to
`folder/<case>.answers.npz`, or how it failed to `folder/<case>.error.txt`.
"""

import sys
import traceback
from pathlib import Path

import keras
import numpy as np

import keras_addmul  # noqa: F401  registers the layers


def infer(model, x):
    """What the model answers; JAX compiles it as one function, which is faster."""
    if keras.backend.backend() != "jax":
        return model(x)
    import jax

    weights, state = model.trainable_variables, model.non_trainable_variables
    function = jax.jit(lambda w, s, x: model.stateless_call(w, s, x, training=False)[0])
    return function([w.value for w in weights], [s.value for s in state], x)


def results_of(path):
    """A model's answer, its step of training, and whether it comes back from a file."""
    model = keras.saving.load_model(path)
    with np.load(path.with_suffix(".npz")) as stored:
        inputs = [stored[key] for key in stored.files]
    x = inputs if isinstance(model.input, list) else inputs[0]
    results = {"inference": infer(model, x)}
    before = [keras.ops.convert_to_numpy(w) for w in model.trainable_variables]
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    results["loss"] = model.train_on_batch(x, np.zeros(results["inference"].shape, "float32"))
    for i, (weight, old) in enumerate(zip(model.trainable_variables, before, strict=True)):
        results[f"step{i}"] = keras.ops.convert_to_numpy(weight) - old
    saved = path.parent / "saved" / path.name
    model.save(saved)
    pairs = zip(model.weights, keras.saving.load_model(saved).weights, strict=True)
    same = [np.array_equal(*map(keras.ops.convert_to_numpy, pair)) for pair in pairs]
    results["comes back"] = np.array(all(same))
    return {key: keras.ops.convert_to_numpy(value) for key, value in results.items()}


def main(folder):
    (folder / "saved").mkdir(exist_ok=True)
    for path in sorted(folder.glob("*.keras")):
        try:
            np.savez(path.with_suffix(".answers.npz"), **results_of(path))
        except Exception:
            path.with_suffix(".error.txt").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
