"""From a table to a formula: search, snapping, read-out."""

from keras_addmul.discover.discovery import Discovery, discover
from keras_addmul.discover.formula import Formula

__all__ = ["Discovery", "Formula", "discover"]
