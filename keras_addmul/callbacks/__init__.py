"""Callbacks that change noise and regularization during training."""

from keras_addmul.callbacks.noise_annealing import NoiseAnnealing
from keras_addmul.callbacks.regularizer_schedule import RegularizerSchedule

__all__ = ["NoiseAnnealing", "RegularizerSchedule"]


def __dir__() -> list[str]:
    return __all__
