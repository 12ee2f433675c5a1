"""Path norms of networks: what the Barron norm is for a network that is at hand."""

import dataclasses
import math

import keras
from keras import ops

from keras_addmul.barron.models.graph import Graph, require_graph
from keras_addmul.barron.models.recognition import name_of
from keras_addmul.layers import RePU, RePUBank

__all__ = ["PathNormOf", "path_norm"]

_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_SHAPES = (
    keras.layers.Flatten,
    keras.layers.Reshape,
    keras.layers.Permute,
    keras.layers.Concatenate,
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.AveragePooling1D,
    keras.layers.AveragePooling2D,
    keras.layers.ZeroPadding1D,
    keras.layers.ZeroPadding2D,
)
_MAXIMA = (
    keras.layers.MaxPooling1D,
    keras.layers.MaxPooling2D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
)
_IDENTITIES = (
    keras.layers.Dropout,
    keras.layers.Identity,
    keras.layers.GaussianNoise,
    keras.layers.ActivityRegularization,
)

# Of a bounded activation the supremum; of a Lipschitz one the value at 0 and the slope.
_BOUNDED = dict.fromkeys(("tanh", "sigmoid", "hard_sigmoid", "hard_tanh", "softsign"), 1.0)
_BOUNDED |= dict.fromkeys(("sin", "gaussian"), 1.0) | {"relu6": 6.0}
_LIPSCHITZ = {
    "relu": (0.0, 1.0),
    "leaky_relu": (0.0, 1.0),
    "elu": (0.0, 1.0),
    "softplus": (math.log(2.0), 1.0),
    "log_sigmoid": (math.log(2.0), 1.0),
    "silu": (0.0, 1.0998393201288669),
    "gelu": (0.0, 1.1289042130407974),
}


def path_norm(model, s=None, norm=2):
    """Returns the path norm of a network, a tensor that can be differentiated.

    Of a shallow network `sum_i a_i sigma(<w_i, x> + b_i)` with `rho_i = |w_i| + |b_i|` it is
    `sum_i |a_i| phi(rho_i)`: an upper bound of the Barron norm, which is the least
    such number over all ways to write the function. `phi(rho) = rho^s` for RePU of order s,
    so that `(w, b, a) -> (l w, l b, a / l^s)` changes nothing; `phi` is the supremum of a
    bounded activation, and `|sigma(0)| + L rho` for one with Lipschitz constant L.

    For deep networks (derived here): let `n` bound the units of a layer and `c` be what
    the layer adds to them whatever the input. A linear layer makes `|W| n` and `W c + b` of
    them, an activation `phi(n + |c|)` and 0, a `RePUBank` the numbers
    `sum_j |c_j| (n + |c - t_j|)^s` and its bias. The first `n` are the norms of the rows of
    weights. By induction `n + |c|` bounds every unit for inputs of norm at most 1, so the
    result bounds the network's outputs, summed, up to their biases; each activation of order s
    is homogeneous, which makes the norm invariant as above.

    Args:
        model: A sequential or functional model, or one layer, of which it is the
            sum of `|w_i| + |b_i|` under its activation.
        s: None to weight by each activation, or the order to weight all of them by.
        norm: 2 or 1: of the weights of the first layer. It is the dual of the norm of the inputs:
            2 belongs to the unit ball, 1 to the box [-1, 1].

    Convolutions, means, maxima, sums and shape changes are known; other layers are
    refused. Biases of outputs do not count, nor does a softmax at the end.

    >>> import keras
    >>> import numpy as np
    >>> from keras_addmul.barron import path_norm
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "relu"),
    ...                           keras.layers.Dense(1)])
    >>> weights = [[[3.0], [4.0]], [1.0], [[-2.0]], [5.0]]
    >>> model.set_weights([np.array(w) for w in weights])
    >>> float(path_norm(model))
    12.0
    """
    return PathNormOf(model, s, norm)()


class PathNormOf:
    """The path norm of one model, to be computed again as its weights change."""

    def __init__(self, model, s=None, norm=2):
        if norm not in (1, 2):
            raise ValueError(f"Argument `norm` must be 1 or 2. Received: {norm!r}")
        if s is not None and (isinstance(s, (bool, str)) or not s > 0):
            raise ValueError(f"Argument `s` must be None or a number above 0. Received: {s!r}")
        if isinstance(model, keras.layers.Layer) and not isinstance(model, keras.Model):
            model = keras.Sequential([keras.Input(_input_shape(model)), model])
        require_graph(model)
        self.s, self.norm = s, norm
        self._graph = Graph(model)
        self._shapes = [tuple(n or 1 for n in t.shape[1:]) for t in model.inputs]

    def __call__(self):
        start = [
            _Paths(ops.ones((1, *s)), ops.zeros((1, *s)), self.norm == 2) for s in self._shapes
        ]
        return sum(ops.sum(p.size) for p in self._graph.run(start, self._rule))

    def _rule(self, layer, *args, **kwargs):
        x = args[0]
        kind = type(layer)
        if kind in (keras.layers.Add, keras.layers.Subtract) or kind.__name__ == "Add":
            x = list(x) if isinstance(x, (list, tuple)) else list(args)
            sign = -1.0 if kind is keras.layers.Subtract else 1.0
            offset = x[0].offset + sign * sum(p.offset for p in x[1:])
            return _Paths(sum(p.size for p in x), offset)
        if kind in _SHAPES:
            return _each(layer, x, kind)
        if kind in _IDENTITIES or kind is keras.layers.Softmax:
            return x
        if kind in _MAXIMA:
            return _Paths(layer(x.bound), ops.zeros_like(layer(x.bound)))
        if kind is RePUBank:
            return _through_bank(layer, x)
        if kind is RePU:
            return self._activated(x, None, layer.s)
        if kind is keras.layers.BatchNormalization:
            return _scaled(layer, x)
        if kind is keras.layers.Dense or kind in _CONVOLUTIONS:
            return self._activated(_linear(layer, x), name_of(layer.activation))
        if kind is keras.layers.Activation:
            return self._activated(x, name_of(layer.activation))
        if kind is keras.layers.ReLU:
            return self._activated(x, "relu")
        raise TypeError(
            f"The path norm is not defined for {kind.__name__} {layer.name!r}. It is for Dense, "
            "convolutions, pooling, Add, Concatenate, BatchNormalization, RePU and RePUBank."
        )

    def _activated(self, x, name, order=1):
        if name in ("linear", "softmax"):
            return x
        rho = x.bound
        if name == "repu":
            order = 2
        if self.s is not None or name in (None, "repu", "relu"):
            size = _power(rho, self.s or order)
        elif name in _BOUNDED:
            size = ops.full_like(rho, _BOUNDED[name])
        elif name in _LIPSCHITZ:
            at_zero, slope = _LIPSCHITZ[name]
            size = at_zero + slope * rho
        else:
            known = ", ".join(sorted([*_BOUNDED, *_LIPSCHITZ]))
            raise TypeError(
                f"The path norm needs argument `s` for activation {name!r}. Known are {known}."
            )
        return _Paths(size, ops.zeros_like(size))


@dataclasses.dataclass(frozen=True)
class _Paths:
    """How large units may be but for an offset, and the offset; whether they are the input."""

    size: object
    offset: object
    ball: bool = False

    @property
    def bound(self):
        return self.size + ops.abs(self.offset)


def _power(x, s):
    if isinstance(s, int):
        return x**s
    positive = x > 0
    return ops.where(positive, ops.where(positive, x, 1.0) ** ops.cast(s, x.dtype), 0.0)


def _linear(layer, x):
    kernel = ops.cast(layer.kernel, "float32")
    apply = ops.matmul if type(layer) is keras.layers.Dense else layer.convolution_op
    offset = apply(x.offset, kernel)
    if layer.use_bias:
        offset = offset + ops.cast(layer.bias, "float32")
    if x.ball:  # |<w, x>| <= |w| for a part of the input, too
        squares = ops.sum(ops.square(kernel), axis=tuple(range(len(kernel.shape) - 1)))
        norms = _power(squares, 0.5)
        return _Paths(ops.broadcast_to(norms, ops.shape(offset)), offset)
    return _Paths(apply(x.size, ops.abs(kernel)), offset)


def _through_bank(layer, x):
    knots, coefficients = (ops.cast(w, "float32") for w in (layer.knots, layer.coefficients))
    rho = x.size[..., None] + ops.abs(x.offset[..., None] - knots)
    size = ops.sum(ops.abs(coefficients) * rho**layer.s, axis=-1)
    return _Paths(size, ops.zeros_like(size) + ops.cast(layer.bias, "float32"))


def _scaled(layer, x):
    shape = [1] * len(x.size.shape)
    shape[layer.axis] = -1

    def shaped(w):
        return ops.reshape(ops.cast(w, "float32"), shape)

    scale = ops.rsqrt(shaped(layer.moving_variance) + layer.epsilon)
    scale = scale * shaped(layer.gamma) if layer.scale else scale
    offset = (x.offset - shaped(layer.moving_mean)) * scale
    return _Paths(x.size * ops.abs(scale), offset + (shaped(layer.beta) if layer.center else 0.0))


def _each(layer, x, kind):
    if kind is keras.layers.Concatenate:
        return _Paths(layer([p.size for p in x]), layer([p.offset for p in x]))
    keeps = kind in (keras.layers.Flatten, keras.layers.Reshape, keras.layers.Permute)
    return _Paths(layer(x.size), layer(x.offset), x.ball and keeps)


def _input_shape(layer):
    kernel = getattr(layer, "kernel", None)
    if type(layer) is not keras.layers.Dense or kernel is None:
        raise TypeError(
            "Argument `model` must be a model or a built Dense layer. "
            f"Received: {type(layer).__name__} {layer.name!r}"
        )
    return (kernel.shape[0],)
