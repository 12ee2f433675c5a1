"""Keras layers that learn which operation they perform.

- `layers`: the layers.
- `activations`: functions by name, and the catalogue of what is known of each.
- `special`: the functions of tensors under them.
- `callbacks`: schedules over a training.
- `conversion`: noisy activations into a trained model, and out again.
- `barron`: RePU units, path norms, and changing the activation of a trained model.
- `restarts`: training one small model from many starts at once.
- `discover`: from a table to a formula.
- `serving`: exports a model, and checks what was exported.
- `demo`: a neuron that finds Kepler's third law in measured data.

All but the first three are imported when they are first used.
"""

import importlib

from keras_addmul import activations, layers, special

__version__ = "0.1.0"

__all__ = [
    "activations",
    "barron",
    "callbacks",
    "conversion",
    "demo",
    "discover",
    "layers",
    "restarts",
    "serving",
    "special",
]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"keras_addmul.{name}")
    raise AttributeError(f"module 'keras_addmul' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
