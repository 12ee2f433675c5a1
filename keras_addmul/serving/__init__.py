"""Exports a model as a SavedModel, checks it without Keras, serves it, and converts it.

Example:
    >>> import keras, numpy as np, tempfile
    >>> from keras_addmul import serving
    >>> model = keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(1)])
    >>> x = np.ones((3, 2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = serving.export(model, f"{folder}/model")
    ...     serving.check(path, x, model.predict(x, verbose=0)).ok
    True
"""

from keras_addmul.serving.agreement import MismatchError, Report, check
from keras_addmul.serving.describing import metadata
from keras_addmul.serving.kserve_model import KServeModel
from keras_addmul.serving.other_runtimes import Converted, convert
from keras_addmul.serving.saved_model import export
from keras_addmul.serving.version_folders import rollback

__all__ = [
    "Converted",
    "KServeModel",
    "MismatchError",
    "Report",
    "check",
    "convert",
    "export",
    "metadata",
    "rollback",
]


def __dir__() -> list[str]:
    return __all__
