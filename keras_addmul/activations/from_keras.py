"""Records of Keras's own functions, which are used unchanged."""

import math

from keras import activations as of_keras
from keras import ops

from keras_addmul.activations.registry import describe

__all__: list[str] = []

_INF = float("inf")
_SURVEY = "https://arxiv.org/abs/1811.03378"
_KERAS = "https://keras.io/api/layers/activations/"

# Sigmoids and similar functions.
describe(
    of_keras.sigmoid,
    formula="1 / (1 + exp(-x))",
    range=(0.0, 1.0),
    smoothness=_INF,
    monotone=True,
    left=(0.0, 0.0),
    right=(0.0, 1.0),
    at_zero=0.5,
    lipschitz=0.25,
    aliases=("logistic",),
    twins=(ops.sigmoid,),
    source=_SURVEY,
)
describe(
    of_keras.tanh,
    formula="tanh(x)",
    range=(-1.0, 1.0),
    smoothness=_INF,
    monotone=True,
    left=(0.0, -1.0),
    right=(0.0, 1.0),
    lipschitz=1.0,
    twins=(ops.tanh,),
    source=_SURVEY,
)
describe(
    of_keras.hard_tanh,
    formula="min(1, max(-1, x))",
    range=(-1.0, 1.0),
    smoothness=0,
    knots=(-1.0, 1.0),
    monotone=True,
    straight=True,
    left=(0.0, -1.0),
    right=(0.0, 1.0),
    lipschitz=1.0,
    twins=(ops.hard_tanh,),
    source=_SURVEY,
)
describe(
    of_keras.softsign,
    formula="x / (1 + abs(x))",
    range=(-1.0, 1.0),
    smoothness=1,
    knots=(0.0,),
    monotone=True,
    left=(0.0, -1.0),
    right=(0.0, 1.0),
    lipschitz=1.0,
    twins=(ops.softsign,),
    source=_SURVEY,
)
describe(
    of_keras.sparse_sigmoid,
    formula="min(1, max(0, (x + 1) / 2))",
    range=(0.0, 1.0),
    smoothness=0,
    knots=(-1.0, 1.0),
    monotone=True,
    straight=True,
    left=(0.0, 0.0),
    right=(0.0, 1.0),
    at_zero=0.5,
    lipschitz=0.5,
    note="the survey's hard sigmoid",
    twins=(ops.sparse_sigmoid,),
    source=_KERAS,
)
describe(
    of_keras.softmax,
    formula="exp(x_i) / sum_j exp(x_j)",
    range=(0.0, 1.0),
    smoothness=_INF,
    monotone=False,
    left=(0.0, 0.0),
    right=(0.0, 1.0),
    lipschitz=0.5,
    elementwise=False,
    note="each output rises in its own input and falls in the others",
    twins=(ops.softmax,),
    source=_SURVEY,
)

# Rectifiers.
describe(
    of_keras.linear,
    formula="x",
    range=(-_INF, _INF),
    smoothness=_INF,
    monotone=True,
    straight=True,
    left=(1.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    aliases=("identity",),
    source=_KERAS,
)
describe(
    of_keras.relu,
    formula="max(0, x)",
    range=(0.0, _INF),
    smoothness=0,
    knots=(0.0,),
    monotone=True,
    straight=True,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    twins=(ops.relu,),
    source=_SURVEY,
)
describe(
    of_keras.relu6,
    formula="min(6, max(0, x))",
    range=(0.0, 6.0),
    smoothness=0,
    knots=(0.0, 6.0),
    monotone=True,
    straight=True,
    left=(0.0, 0.0),
    right=(0.0, 6.0),
    lipschitz=1.0,
    twins=(ops.relu6,),
    source=_KERAS,
)
describe(
    of_keras.softplus,
    formula="log(1 + exp(x))",
    range=(0.0, _INF),
    smoothness=_INF,
    monotone=True,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    at_zero=math.log(2.0),
    lipschitz=1.0,
    twins=(ops.softplus,),
    source=_SURVEY,
)
describe(
    of_keras.sparse_plus,
    formula="0 if x <= -1 else x if x >= 1 else (x + 1)**2 / 4",
    range=(0.0, _INF),
    smoothness=1,
    knots=(-1.0, 1.0),
    monotone=True,
    left=(0.0, 0.0),
    right=(1.0, 0.0),
    at_zero=0.25,
    lipschitz=1.0,
    twins=(ops.sparse_plus,),
    source=_KERAS,
)

# Other functions with the name of one in this package: `get` does not find them by name.
describe(
    of_keras.hard_sigmoid,
    name="keras.activations.hard_sigmoid",
    formula="min(1, max(0, x / 6 + 1 / 2))",
    range=(0.0, 1.0),
    smoothness=0,
    knots=(-3.0, 3.0),
    monotone=True,
    straight=True,
    left=(0.0, 0.0),
    right=(0.0, 1.0),
    at_zero=0.5,
    lipschitz=1 / 6,
    twins=(ops.hard_sigmoid,),
    listed=False,
    source=_KERAS,
)
describe(
    of_keras.leaky_relu,
    name="keras.activations.leaky_relu",
    formula="x if x > 0 else negative_slope * x",
    range=(-_INF, _INF),
    smoothness=0,
    knots=(0.0,),
    monotone=True,
    straight=True,
    left=(0.2, 0.0),
    right=(1.0, 0.0),
    lipschitz=1.0,
    twins=(ops.leaky_relu,),
    listed=False,
    source=_KERAS,
)
