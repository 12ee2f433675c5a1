"""Functions of tensors: fractional iterates of exp, and the operation between sum and product."""

from keras_addmul.special.abel import superexp, superlog
from keras_addmul.special.complex_iterate import (
    complex_exp_iterate,
    complex_superexp,
    complex_superlog,
    schroeder,
    schroeder_inverse,
)
from keras_addmul.special.dtypes import guarded, output_bound
from keras_addmul.special.iterate import exp_iterate
from keras_addmul.special.log_to_exp import soft_exponential
from keras_addmul.special.logic_units import inalu, nac_weights, nalu
from keras_addmul.special.matmul import addmul_matmul, free_matmul
from keras_addmul.special.multiplication_units import bilinear, nmru, nmu, npu, product_unit
from keras_addmul.special.operation import (
    addmul,
    addmul_reduce,
    identity,
    inverse,
)
from keras_addmul.special.parity import parity_of
from keras_addmul.special.powers import product_of_powers
from keras_addmul.special.segments import addmul_segment
from keras_addmul.special.selection import addmul_select
from keras_addmul.special.signed import signed_exp_iterate
from keras_addmul.special.solutions import SOLUTIONS, Solution

__all__ = [
    "SOLUTIONS",
    "Solution",
    "addmul",
    "addmul_matmul",
    "addmul_reduce",
    "addmul_segment",
    "addmul_select",
    "bilinear",
    "complex_exp_iterate",
    "complex_superexp",
    "complex_superlog",
    "exp_iterate",
    "free_matmul",
    "guarded",
    "identity",
    "inalu",
    "inverse",
    "nac_weights",
    "nalu",
    "nmru",
    "nmu",
    "npu",
    "output_bound",
    "parity_of",
    "product_of_powers",
    "product_unit",
    "schroeder",
    "schroeder_inverse",
    "signed_exp_iterate",
    "soft_exponential",
    "superexp",
    "superlog",
]


def __dir__() -> list[str]:
    return __all__
