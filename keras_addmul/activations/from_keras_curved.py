"""Records of Keras's exponentials and gates, which are used unchanged."""

import math

from keras import activations as of_keras
from keras import ops

from keras_addmul.activations.extrema import (
    GELU_LEAST,
    GELU_STEEPEST,
    MISH_LEAST,
    MISH_STEEPEST,
    SELU_SCALE,
    SELU_STEEPEST,
    SILU_LEAST,
    SILU_STEEPEST,
)
from keras_addmul.activations.registry import describe

__all__: list[str] = []

_INF = float("inf")
_KERAS = "https://keras.io/api/layers/activations/"

# Exponentials.
describe(
    of_keras.exponential,
    formula="exp(x)",
    range=(0.0, _INF),
    smoothness=_INF,
    monotone=True,
    left=(0.0, 0.0),
    right=None,
    at_zero=1.0,
    lipschitz=_INF,
    aliases=("exp",),
    twins=(ops.exp,),
    source=_KERAS,
)
describe(
    of_keras.elu,
    formula="x if x > 0 else alpha * (exp(x) - 1)",
    range=(-1.0, _INF),
    smoothness=1,
    knots=(0.0,),
    monotone=True,
    left=(0.0, -1.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    note="the survey prints `alpha * exp(x) - 1`, which jumps at 0",
    twins=(ops.elu,),
    source="https://arxiv.org/abs/1511.07289",
)
describe(
    of_keras.selu,
    formula="1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (exp(x) - 1))",
    range=(-SELU_STEEPEST, _INF),
    smoothness=0,
    knots=(0.0,),
    monotone=True,
    left=(0.0, -SELU_STEEPEST),
    right=(SELU_SCALE, 0.0),
    lipschitz=SELU_STEEPEST,
    twins=(ops.selu,),
    source="https://arxiv.org/abs/1706.02515",
)
describe(
    of_keras.log_sigmoid,
    formula="-log(1 + exp(-x))",
    range=(-_INF, 0.0),
    smoothness=_INF,
    monotone=True,
    left=(1.0, 0.0),
    right=(0.0, 0.0),
    at_zero=-math.log(2.0),
    lipschitz=1.0,
    twins=(ops.log_sigmoid,),
    source=_KERAS,
)

# The input times a gate, or minus a sigmoid.
describe(
    of_keras.silu,
    formula="x / (1 + exp(-x))",
    range=(SILU_LEAST, _INF),
    smoothness=_INF,
    monotone=False,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=SILU_STEEPEST,
    twins=(ops.silu,),
    source="https://arxiv.org/abs/1702.03118",
)
describe(
    of_keras.gelu,
    formula="x * (1 + erf(x / sqrt(2))) / 2",
    range=(GELU_LEAST, _INF),
    smoothness=_INF,
    monotone=False,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=GELU_STEEPEST,
    source="https://arxiv.org/abs/1606.08415",
)
describe(
    of_keras.mish,
    formula="x * tanh(log(1 + exp(x)))",
    range=(MISH_LEAST, _INF),
    smoothness=_INF,
    monotone=False,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=MISH_STEEPEST,
    source="https://arxiv.org/abs/1908.08681",
)
describe(
    of_keras.hard_silu,
    formula="x * min(6, max(0, x + 3)) / 6",
    range=(-0.375, _INF),
    smoothness=0,
    knots=(-3.0, 3.0),
    monotone=False,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.5,
    aliases=("hard_swish",),
    twins=(ops.hard_silu,),
    source="https://arxiv.org/abs/1905.02244",
)
describe(
    of_keras.tanh_shrink,
    formula="x - tanh(x)",
    range=(-_INF, _INF),
    smoothness=_INF,
    monotone=True,
    left=(1.0, 1.0),
    right=(1.0, -1.0),
    lipschitz=1.0,
    twins=(ops.tanh_shrink,),
    source=_KERAS,
)
describe(
    of_keras.soft_shrink,
    formula="x - min(threshold, max(-threshold, x))",
    range=(-_INF, _INF),
    smoothness=0,
    knots=(-0.5, 0.5),
    monotone=True,
    straight=True,
    left=(1.0, 0.5),
    right=(1.0, -0.5),
    lipschitz=1.0,
    twins=(ops.soft_shrink,),
    source=_KERAS,
)
describe(
    of_keras.hard_shrink,
    formula="x if abs(x) > threshold else 0",
    range=(-_INF, _INF),
    smoothness=-1,
    knots=(-0.5, 0.5),
    monotone=True,
    straight=True,
    left=(1.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=_INF,
    twins=(ops.hard_shrink,),
    source=_KERAS,
)
