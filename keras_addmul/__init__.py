"""Keras layers that learn which operation they perform.

- `layers`: the layers.
- `special`: the functions of tensors under them.
- `serving`: exports a model, and checks what was exported.
- `demo`: a neuron that finds Kepler's third law in measured data.

The last two are imported when they are first used.
"""

import importlib

from keras_addmul import layers, special

__version__ = "0.1.0"

__all__ = ["demo", "layers", "serving", "special"]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module(f"keras_addmul.{name}")
    raise AttributeError(f"module 'keras_addmul' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
