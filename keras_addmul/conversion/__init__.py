"""Conversion of a model to another one with the same weights."""

from keras_addmul.conversion.exchanging import replace_activation, replace_dense
from keras_addmul.conversion.noising import make_noisy, monte_carlo, remove_noise

__all__ = ["make_noisy", "monte_carlo", "remove_noise", "replace_activation", "replace_dense"]


def __dir__() -> list[str]:
    return __all__
