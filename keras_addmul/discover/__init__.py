"""Finds the formula that links the columns of a table to a target.

The package is callable: `keras_addmul.discover(x, y)` calls
`keras_addmul.discover.discover(x, y)`.
"""

import inspect
import sys
import types
from typing import Any

from keras_addmul.annotations import ArrayLike
from keras_addmul.discover import finding, formula
from keras_addmul.discover.discovery import discover
from keras_addmul.discover.finding import Discovery
from keras_addmul.discover.formula import Formula

__all__ = ["Discovery", "Formula", "discover"]


class _CallablePackage(types.ModuleType):
    """Makes this package callable, as `keras_addmul.discover(x, y)`."""

    Discovery: type[finding.Discovery]
    Formula: type[formula.Formula]

    def __call__(
        self, x: ArrayLike, y: ArrayLike | None = None, **options: Any
    ) -> finding.Discovery:
        return discover(x, y, **options)


sys.modules[__name__].__class__ = _CallablePackage
__signature__: inspect.Signature = inspect.signature(discover)


def __dir__() -> list[str]:
    return __all__
