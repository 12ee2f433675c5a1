"""Functions of tensors: the iterates of exp, and the operation between sum and product."""

from keras_addmul.special.abel import superexp, superlog
from keras_addmul.special.dtypes import guarded, output_bound
from keras_addmul.special.iterate import exp_iterate
from keras_addmul.special.matmul import addmul_matmul, free_matmul
from keras_addmul.special.operation import (
    addmul,
    addmul_reduce,
    from_sums,
    identity,
    inverse,
    to_sums,
)
from keras_addmul.special.signed import cos_pi, signed_exp_iterate
from keras_addmul.special.solutions import SOLUTIONS

__all__ = [
    "SOLUTIONS",
    "addmul",
    "addmul_matmul",
    "addmul_reduce",
    "cos_pi",
    "exp_iterate",
    "free_matmul",
    "from_sums",
    "guarded",
    "identity",
    "inverse",
    "output_bound",
    "signed_exp_iterate",
    "superexp",
    "superlog",
    "to_sums",
]
