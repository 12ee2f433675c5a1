"""Answers with every SavedModel in a folder. Started as a script, in a fresh process.

Each folder in it holds `model/` and `inputs.npz`; this adds `outputs.npz`, an array
`endpoint/i` for each output of each endpoint.
"""

import sys
from pathlib import Path

import numpy as np


def run(folder):
    import tensorflow as tf

    for case in sorted(folder.iterdir()):
        with np.load(case / "inputs.npz") as stored:
            inputs = list(stored.values())
        loaded = tf.saved_model.load(str(case / "model"))
        answers = {}
        for name in ("serve", "serve_jit"):
            if hasattr(loaded, name):
                endpoint = getattr(loaded, name)
                (structure,) = endpoint.input_signature
                given = tf.nest.pack_sequence_as(structure, [tf.constant(x) for x in inputs])
                for i, y in enumerate(tf.nest.flatten(endpoint(given))):
                    answers[f"{name}/{i}"] = tf.cast(y, tf.float32).numpy()
        np.savez(case / "outputs.npz", **answers)


if __name__ == "__main__":
    # Importing any of these now raises: a SavedModel has to do without.
    for name in ("keras_addmul", "keras", "tf_keras"):
        sys.modules[name] = None
    run(Path(sys.argv[1]))
