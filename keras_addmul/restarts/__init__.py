"""Trains one small model from many starting points at once, and keeps the best result."""

from keras_addmul.restarts.many_starts import Fitted, fit_restarts

__all__ = ["Fitted", "fit_restarts"]


def __dir__() -> list[str]:
    return __all__
