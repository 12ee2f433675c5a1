"""The commands of `keras-addmul`: one module each, with its arguments and what it runs.

Nothing here imports TensorFlow or Keras before the arguments have been checked.
"""

__all__: list[str] = []


def __dir__() -> list[str]:
    return __all__
