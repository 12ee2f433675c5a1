"""Runs under another backend in a process of its own: writes what it makes of each layer.

    KERAS_BACKEND=jax python -m tests.backends.layers_job folder

`test_layers.py` starts it, and holds the results against TensorFlow's. For each model
`folder/<case>.keras`, with its inputs in `folder/<case>.npz`, this writes
`folder/<case>.answers.npz`, or `folder/<case>.error.txt` where it fails.
"""

import sys
import traceback
from pathlib import Path

import keras
import numpy as np

import keras_addmul  # noqa: F401  its layers


def forward(model, training):
    """The model as one function of its inputs; under JAX it is compiled."""
    if keras.backend.backend() != "jax":
        return lambda x: model(x, training=training)
    import jax

    values = [[v.value for v in group] for group in (model.trainable_variables, state(model))]

    def function(x):
        return model.stateless_call(*values, x, training=training)[0]

    return jax.jit(function)


def state(model):
    return model.non_trainable_variables


def answers(path):
    """What a model answers, before a step of training, after it, and saved and reloaded."""
    model = keras.saving.load_model(path)
    with np.load(path.with_suffix(".npz")) as stored:
        inputs = [stored[key] for key in stored.files]
    x = inputs if isinstance(model.input, list) else inputs[0]
    results = {"inference": forward(model, False)(x)}
    before = [keras.ops.convert_to_numpy(w) for w in model.trainable_variables]
    target = np.zeros(results["inference"].shape, "float32")
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    results["loss"] = model.train_on_batch(x, target)
    for i, (weight, old) in enumerate(zip(model.trainable_variables, before, strict=True)):
        results[f"step{i}"] = keras.ops.convert_to_numpy(weight) - old
    saved = path.with_suffix(".again.keras")
    model.save(saved)
    again = keras.saving.load_model(saved)
    results["saved"] = np.array(
        [
            np.array_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))
            for a, b in zip(model.variables, again.variables, strict=True)
        ]
    )
    return {key: np.asarray(keras.ops.convert_to_numpy(value)) for key, value in results.items()}


def main(folder):
    for path in sorted(Path(folder).glob("*.keras")):
        if path.name.endswith(".again.keras"):
            continue
        try:
            np.savez(path.with_suffix(".answers.npz"), **answers(path))
        except Exception:
            path.with_suffix(".error.txt").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(*sys.argv[1:])
