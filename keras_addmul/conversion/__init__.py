"""Conversion of a model to another one with the same weights."""

from keras_addmul.conversion.noising import make_noisy, monte_carlo, remove_noise

__all__ = ["make_noisy", "monte_carlo", "remove_noise"]


def __dir__() -> list[str]:
    return __all__
