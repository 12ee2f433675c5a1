"""The layers. `layers/README.md` beside the package is their gallery."""

from keras_addmul.layers.addmul import AddMul
from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.exp_iterate import ExpIterate

__all__ = ["AddMul", "AddMulDense", "ExpIterate"]
