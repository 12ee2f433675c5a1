"""The layers, and the initializers, regularizers and constraints of their weights.

`layers/README.md` beside the package is the gallery of the layers.
"""

from keras_addmul.layers import constraints, initializers, regularizers
from keras_addmul.layers.addmul import AddMul
from keras_addmul.layers.addmul_conv1d import AddMulConv1D
from keras_addmul.layers.addmul_conv2d import AddMulConv2D
from keras_addmul.layers.addmul_conv3d import AddMulConv3D
from keras_addmul.layers.addmul_dense import AddMulDense
from keras_addmul.layers.addmul_pooling1d import AddMulPooling1D
from keras_addmul.layers.addmul_pooling2d import AddMulPooling2D
from keras_addmul.layers.addmul_reduce import AddMulReduce
from keras_addmul.layers.addmul_select import AddMulSelect
from keras_addmul.layers.apl import APL
from keras_addmul.layers.bilinear import Bilinear
from keras_addmul.layers.complex_addmul_dense import ComplexAddMulDense
from keras_addmul.layers.crelu import CReLU
from keras_addmul.layers.depthwise_addmul_conv2d import DepthwiseAddMulConv2D
from keras_addmul.layers.exp_iterate import ExpIterate
from keras_addmul.layers.geometric_scale import GeometricScale
from keras_addmul.layers.global_addmul_pooling1d import GlobalAddMulPooling1D
from keras_addmul.layers.global_addmul_pooling2d import GlobalAddMulPooling2D
from keras_addmul.layers.graph_addmul_aggregation import GraphAddMulAggregation
from keras_addmul.layers.inalu import INALU
from keras_addmul.layers.isrlu import ISRLU
from keras_addmul.layers.isru import ISRU
from keras_addmul.layers.maxout import Maxout
from keras_addmul.layers.nalu import NALU
from keras_addmul.layers.nau import NAU
from keras_addmul.layers.nmru import NMRU
from keras_addmul.layers.nmu import NMU
from keras_addmul.layers.noisy_activation import NoisyActivation
from keras_addmul.layers.noisy_gru import NoisyGRU
from keras_addmul.layers.noisy_lstm import NoisyLSTM
from keras_addmul.layers.noisy_sigmoid import NoisySigmoid
from keras_addmul.layers.noisy_tanh import NoisyTanh
from keras_addmul.layers.pelu import PELU
from keras_addmul.layers.piecewise_polynomial import PiecewisePolynomial
from keras_addmul.layers.product_dense import ProductDense
from keras_addmul.layers.product_unit import ProductUnit
from keras_addmul.layers.rational import Rational
from keras_addmul.layers.real_npu import RealNPU
from keras_addmul.layers.repu import RePU
from keras_addmul.layers.repu_bank import RePUBank
from keras_addmul.layers.rrelu import RReLU
from keras_addmul.layers.settling import settled
from keras_addmul.layers.side_by_side import SideBySide
from keras_addmul.layers.snake import Snake
from keras_addmul.layers.soft_exponential import SoftExponential
from keras_addmul.layers.srelu import SReLU
from keras_addmul.layers.swish import Swish

__all__ = [
    "APL",
    "INALU",
    "ISRLU",
    "ISRU",
    "NALU",
    "NAU",
    "NMRU",
    "NMU",
    "PELU",
    "AddMul",
    "AddMulConv1D",
    "AddMulConv2D",
    "AddMulConv3D",
    "AddMulDense",
    "AddMulPooling1D",
    "AddMulPooling2D",
    "AddMulReduce",
    "AddMulSelect",
    "Bilinear",
    "CReLU",
    "ComplexAddMulDense",
    "DepthwiseAddMulConv2D",
    "ExpIterate",
    "GeometricScale",
    "GlobalAddMulPooling1D",
    "GlobalAddMulPooling2D",
    "GraphAddMulAggregation",
    "Maxout",
    "NoisyActivation",
    "NoisyGRU",
    "NoisyLSTM",
    "NoisySigmoid",
    "NoisyTanh",
    "PiecewisePolynomial",
    "ProductDense",
    "ProductUnit",
    "RReLU",
    "Rational",
    "RePU",
    "RePUBank",
    "RealNPU",
    "SReLU",
    "SideBySide",
    "Snake",
    "SoftExponential",
    "Swish",
    "constraints",
    "initializers",
    "regularizers",
    "settled",
]


def __dir__() -> list[str]:
    return __all__
