"""Answers over HTTP with exported models: TensorFlow Serving's REST API and Open Inference.

`python -m keras_addmul serve` starts it. It needs the extra `serve`, and neither Keras nor the
rest of this package: a SavedModel is all it loads.
"""

__all__: list[str] = []


def __dir__() -> list[str]:
    return __all__
