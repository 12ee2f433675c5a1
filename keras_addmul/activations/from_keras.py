"""Rows for the functions that Keras has: they are used as they are."""

from keras import activations as of_keras

from keras_addmul.activations.registry import describe

__all__ = []

_INF = float("inf")
_SURVEY = "https://arxiv.org/abs/1811.03378"
_KERAS = "https://keras.io/api/layers/activations/"

# Steps.
describe(
    of_keras.sigmoid,
    formula="1 / (1 + exp(-x))",
    range=(0.0, 1.0),
    smoothness=_INF,
    monotone=True,
    saturates="both",
    lipschitz=0.25,
    aliases=("logistic",),
    source=_SURVEY,
)
describe(
    of_keras.tanh,
    formula="tanh(x)",
    range=(-1.0, 1.0),
    smoothness=_INF,
    monotone=True,
    saturates="both",
    lipschitz=1.0,
    source=_SURVEY,
)
describe(
    of_keras.hard_tanh,
    formula="min(1, max(-1, x))",
    range=(-1.0, 1.0),
    smoothness=0,
    knots=(-1.0, 1.0),
    monotone=True,
    saturates="both",
    lipschitz=1.0,
    source=_SURVEY,
)
describe(
    of_keras.softsign,
    formula="x / (1 + abs(x))",
    range=(-1.0, 1.0),
    smoothness=1,
    knots=(0.0,),
    monotone=True,
    saturates="both",
    lipschitz=1.0,
    source=_SURVEY,
)
describe(
    of_keras.sparse_sigmoid,
    formula="min(1, max(0, (x + 1) / 2))",
    range=(0.0, 1.0),
    smoothness=0,
    knots=(-1.0, 1.0),
    monotone=True,
    saturates="both",
    lipschitz=0.5,
    note="the survey's hard sigmoid",
    source=_KERAS,
)
describe(
    of_keras.softmax,
    formula="exp(x_i) / sum_j exp(x_j)",
    range=(0.0, 1.0),
    smoothness=_INF,
    monotone=False,
    saturates="both",
    lipschitz=0.5,
    elementwise=False,
    note="each output rises in its own input and falls in the others",
    source=_SURVEY,
)

# Rectifiers.
describe(
    of_keras.linear,
    formula="x",
    range=(-_INF, _INF),
    smoothness=_INF,
    monotone=True,
    saturates="none",
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
    saturates="left",
    lipschitz=1.0,
    source=_SURVEY,
)
describe(
    of_keras.relu6,
    formula="min(6, max(0, x))",
    range=(0.0, 6.0),
    smoothness=0,
    knots=(0.0, 6.0),
    monotone=True,
    saturates="both",
    lipschitz=1.0,
    source=_KERAS,
)
describe(
    of_keras.softplus,
    formula="log(1 + exp(x))",
    range=(0.0, _INF),
    smoothness=_INF,
    monotone=True,
    saturates="left",
    lipschitz=1.0,
    source=_SURVEY,
)
describe(
    of_keras.sparse_plus,
    formula="0 if x <= -1 else x if x >= 1 else (x + 1)**2 / 4",
    range=(0.0, _INF),
    smoothness=1,
    knots=(-1.0, 1.0),
    monotone=True,
    saturates="left",
    lipschitz=1.0,
    source=_KERAS,
)

# Exponentials.
describe(
    of_keras.exponential,
    formula="exp(x)",
    range=(0.0, _INF),
    smoothness=_INF,
    monotone=True,
    saturates="left",
    lipschitz=_INF,
    aliases=("exp",),
    source=_KERAS,
)
describe(
    of_keras.elu,
    formula="x if x > 0 else alpha * (exp(x) - 1)",
    range=(-1.0, _INF),
    smoothness=1,
    knots=(0.0,),
    monotone=True,
    saturates="left",
    lipschitz=1.0,
    note="the survey prints `alpha * exp(x) - 1`, which jumps at 0",
    source="https://arxiv.org/abs/1511.07289",
)
describe(
    of_keras.selu,
    formula="1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (exp(x) - 1))",
    range=(-1.7580993408473766, _INF),
    smoothness=0,
    knots=(0.0,),
    monotone=True,
    saturates="left",
    lipschitz=1.7580993408473766,
    source="https://arxiv.org/abs/1706.02515",
)
describe(
    of_keras.log_sigmoid,
    formula="-log(1 + exp(-x))",
    range=(-_INF, 0.0),
    smoothness=_INF,
    monotone=True,
    saturates="right",
    lipschitz=1.0,
    source=_KERAS,
)

# The input times a gate, or less a step.
describe(
    of_keras.silu,
    formula="x / (1 + exp(-x))",
    range=(-0.27846454276107380, _INF),
    smoothness=_INF,
    monotone=False,
    saturates="left",
    lipschitz=1.0998393201288669,
    source="https://arxiv.org/abs/1702.03118",
)
describe(
    of_keras.gelu,
    formula="x * (1 + erf(x / sqrt(2))) / 2",
    range=(-0.16997120747990366, _INF),
    smoothness=_INF,
    monotone=False,
    saturates="left",
    lipschitz=1.1289041451851548,
    source="https://arxiv.org/abs/1606.08415",
)
describe(
    of_keras.mish,
    formula="x * tanh(log(1 + exp(x)))",
    range=(-0.30884341301725040, _INF),
    smoothness=_INF,
    monotone=False,
    saturates="left",
    lipschitz=1.0884981612517279,
    source="https://arxiv.org/abs/1908.08681",
)
describe(
    of_keras.hard_silu,
    formula="x * min(6, max(0, x + 3)) / 6",
    range=(-0.375, _INF),
    smoothness=0,
    knots=(-3.0, 3.0),
    monotone=False,
    saturates="left",
    lipschitz=1.5,
    aliases=("hard_swish",),
    source="https://arxiv.org/abs/1905.02244",
)
describe(
    of_keras.tanh_shrink,
    formula="x - tanh(x)",
    range=(-_INF, _INF),
    smoothness=_INF,
    monotone=True,
    saturates="none",
    lipschitz=1.0,
    source=_KERAS,
)
describe(
    of_keras.soft_shrink,
    formula="x - min(threshold, max(-threshold, x))",
    range=(-_INF, _INF),
    smoothness=0,
    knots=(-0.5, 0.5),
    monotone=True,
    saturates="none",
    lipschitz=1.0,
    source=_KERAS,
)
describe(
    of_keras.hard_shrink,
    formula="x if abs(x) > threshold else 0",
    range=(-_INF, _INF),
    smoothness=-1,
    knots=(-0.5, 0.5),
    monotone=True,
    saturates="none",
    lipschitz=_INF,
    source=_KERAS,
)
