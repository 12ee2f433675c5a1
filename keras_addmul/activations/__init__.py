"""Activations: functions of one tensor, found by name, with a record of facts for each.

- `get` returns an activation by name, from this package or from Keras; `serialize` inverts it.
- `catalogue` lists formula, range, smoothness, Lipschitz constant and more for each.
- `record_of` returns these facts for a given function, identified by the object, not by name.
- Each function takes its parameters as arguments. Functions that Keras has are Keras's own.
"""

from keras.activations import (
    elu,
    exponential,
    gelu,
    hard_shrink,
    hard_silu,
    hard_tanh,
    linear,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    tanh,
    tanh_shrink,
)

from keras_addmul.activations import from_keras, from_keras_curved  # noqa: F401  their rows
from keras_addmul.activations.by_name import get, serialize
from keras_addmul.activations.combining import crelu, maxout
from keras_addmul.activations.expectation import noisy_mean
from keras_addmul.activations.exponentials import (
    celu,
    elish,
    hard_elish,
    isrlu,
    pelu,
    soft_exponential,
)
from keras_addmul.activations.gated import lisht, snake, swish
from keras_addmul.activations.noisy_family import noisy
from keras_addmul.activations.rational_function import STARTS as RATIONAL_STARTS
from keras_addmul.activations.rational_function import rational
from keras_addmul.activations.rectified_power import repu
from keras_addmul.activations.rectifiers import apl, leaky_relu, prelu, rrelu, srelu
from keras_addmul.activations.registry import Activation, catalogue, record_of
from keras_addmul.activations.sigmoids import dsilu, hard_sigmoid, isru, tangent_sigmoid
from keras_addmul.activations.waves import gaussian, sin

__all__ = [
    "RATIONAL_STARTS",
    "Activation",
    "apl",
    "catalogue",
    "celu",
    "crelu",
    "dsilu",
    "elish",
    "elu",
    "exponential",
    "gaussian",
    "gelu",
    "get",
    "hard_elish",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "isrlu",
    "isru",
    "leaky_relu",
    "linear",
    "lisht",
    "log_sigmoid",
    "maxout",
    "mish",
    "noisy",
    "noisy_mean",
    "pelu",
    "prelu",
    "rational",
    "record_of",
    "relu",
    "relu6",
    "repu",
    "rrelu",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "sin",
    "snake",
    "soft_exponential",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "srelu",
    "swish",
    "tangent_sigmoid",
    "tanh",
    "tanh_shrink",
]


def __dir__() -> list[str]:
    return __all__
