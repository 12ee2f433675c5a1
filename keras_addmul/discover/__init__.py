"""From a table to a formula: training with restarts, snapping, read-out."""

from keras_addmul.discover.discovery import Discovery, discover
from keras_addmul.discover.formula import Formula
from keras_addmul.discover.restarts import Fitted, fit_restarts

__all__ = ["Discovery", "Fitted", "Formula", "discover", "fit_restarts"]
