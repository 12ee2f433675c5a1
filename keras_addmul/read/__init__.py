"""Says what the units of a model became.

The package is callable: `keras_addmul.read(model)` calls `keras_addmul.read.read(model)`.
"""

import inspect
import sys
import types
from typing import Any

import keras

from keras_addmul.read import network, unit_records
from keras_addmul.read.network import Reading, read
from keras_addmul.read.unit_records import Unit

__all__ = ["Reading", "Unit", "read"]


class _CallablePackage(types.ModuleType):
    """Makes this package callable, as `keras_addmul.read(model)`."""

    Reading: type[network.Reading]
    Unit: type[unit_records.Unit]

    def __call__(self, model: keras.Model, x: Any = None, **options: Any) -> network.Reading:
        return read(model, x, **options)


sys.modules[__name__].__class__ = _CallablePackage
__signature__: inspect.Signature = inspect.signature(read)


def __dir__() -> list[str]:
    return __all__
