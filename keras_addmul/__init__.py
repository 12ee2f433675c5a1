"""Keras layers that learn which operation they perform.

Every layer is available here, such as `keras_addmul.AddMulDense`, and
`keras_addmul.discover(x, y)` finds the formula in a table. The subpackages are:

- `layers`: the layers, their initializers, constraints and regularizers.
- `activations`: activation functions by name, and a catalogue of their properties.
- `special`: the tensor functions that the layers call.
- `barron`: RePU units, path norms, and activation replacement in a trained model.
- `callbacks`: schedules that run during training.
- `compare`: says whether one model is better than another, at what cost, and how sure that is.
- `conversion`: turns a trained model into a noisy one and back.
- `discover`: finds the formula in a table.
- `read`: says what the units of a model became; `keras_addmul.read(model)`.
- `restarts`: trains one small model from many starting points at once.
- `serving`: exports a model as a SavedModel, checks it, serves it and converts it.
- `demo`: trains one neuron that finds Kepler's third law in measured data.

Importing the package registers every class of this package that a `.keras` file may contain,
so that `keras.saving.load_model` finds it. `compare`, `discover`, `read`, `restarts`,
`conversion`, `serving` and `demo` are imported on first use.
"""

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "activations",
    "barron",
    "callbacks",
    "compare",
    "conversion",
    "demo",
    "discover",
    "layers",
    "read",
    "restarts",
    "serving",
    "special",
]


def _starts_our_command() -> bool:
    """Tells whether this process is `keras-addmul ...` or `python -m keras_addmul ...`.

    The command answers `--help` and wrong arguments before it imports Keras.
    """
    if not sys.argv:
        return False
    if sys.argv[0] == "-m":  # its value while Python imports the package, before __main__
        before_arguments = sys.orig_argv[-len(sys.argv)]
        return before_arguments.removeprefix("-m") == __name__
    return Path(sys.argv[0]).name in ("keras-addmul", "keras-addmul.exe", "keras-addmul-script.py")


if TYPE_CHECKING or not _starts_our_command():
    from keras_addmul import activations, barron, callbacks, layers, special
    from keras_addmul.layers import *  # noqa: F403

    __all__ += layers.__all__
    # These stay with the layers: `layers.regularizers`.
    __all__.remove("constraints")
    __all__.remove("initializers")
    __all__.remove("regularizers")
    del constraints, initializers, regularizers  # noqa: F821

if TYPE_CHECKING:
    from keras_addmul import compare, conversion, demo, restarts, serving
    from keras_addmul import discover as _discover
    from keras_addmul import read as _read

    discover: _discover._CallablePackage
    read: _read._CallablePackage


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
