"""Callbacks that change noise, penalties and orders during training."""

from keras_addmul.callbacks.noise_annealing import NoiseAnnealing
from keras_addmul.callbacks.regularizer_schedule import RegularizerSchedule
from keras_addmul.callbacks.settle_orders import SettleOrders

__all__ = ["NoiseAnnealing", "RegularizerSchedule", "SettleOrders"]


def __dir__() -> list[str]:
    return __all__
