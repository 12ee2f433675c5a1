"""Asks a SavedModel for a period. Run as a script, in a process that knows neither us nor Keras.

Its arguments are the directory, the semi-major axis in metres and the central
mass in kilograms; it prints the period in seconds.
"""

import sys


def run(path, axis, mass):
    """Prints the period that the SavedModel at `path` predicts."""
    for name in ("keras", "keras_addmul"):
        sys.modules[name] = None  # from here on, importing it fails
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    print(float(loaded.serve(tf.constant([[float(axis), float(mass)]]))[0, 0]))


if __name__ == "__main__":
    run(*sys.argv[1:])
