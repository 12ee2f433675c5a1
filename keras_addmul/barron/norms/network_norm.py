"""Path norms: upper bounds of the Barron norm, computed from the weights of a network."""

import dataclasses
import functools
from typing import Any

import keras
from keras import ops

from keras_addmul.activations.rectified_power import repu
from keras_addmul.activations.registry import record_of
from keras_addmul.annotations import Tensor
from keras_addmul.barron.models.merge_rules import class_of
from keras_addmul.layers import RePU, RePUBank
from keras_addmul.layers.graph import Graph, require_graph

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
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
    keras.layers.Identity,
    keras.layers.ActivityRegularization,
)

_ACTIVATIONS = (
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.ELU,
    keras.layers.Softmax,
    RePU,
    RePUBank,
)


def path_norm(model: Any, s: float | None = None, norm: int = 2) -> Tensor:
    """Returns the path norm of a network, a differentiable upper bound of its Barron norm.

    For a shallow network `sum_i a_i sigma(<w_i, x> + b_i)` with `rho_i = |w_i| + |b_i|` it is
    `sum_i |a_i| phi(rho_i)`; the Barron norm is the least such number over all ways to write
    the function. For RePU of degree s, `phi(rho) = rho^s`, so that
    `(w, b, a) -> (l w, l b, a / l^s)` changes nothing. For a bounded activation `phi` is its
    supremum; for one with Lipschitz constant L it is `|sigma(0)| + L rho`.

    For deep networks (derived here), let `n` bound the units of a layer up to an offset `c` that
    does not depend on the input. A linear layer maps `(n, c)` to `(|W| n, W c + b)`, an activation
    to `(phi(n + |c|), 0)`, and a `RePUBank` to `sum_j |c_j| (n + |c - t_j|)^s` with its bias as
    the offset. The first `n` are the norms of the rows of weights. By induction `n + |c|` bounds
    every unit for inputs of norm at most 1, so the result bounds the sum of the outputs up to
    their biases. RePU of degree s is homogeneous, so the norm is invariant as above.

    Supported are dense layers, convolutions, pooling, sums, shape changes and batch
    normalisation. An activation unknown to `activations.record_of` needs `s`. Output biases do
    not count, nor does a final softmax.

    Args:
        model: A sequential or functional model, or a built `Dense` layer, for which it is the
            sum of `|w_i| + |b_i|` under its activation.
        s: None to weight by each activation, or one power for all activations.
        norm: Norm of the first layer's weights, dual to that of the inputs: 2 for inputs in the
            unit ball, 1 for inputs in the box [-1, 1].

    Returns:
        A scalar tensor.

    Raises:
        TypeError: If the model, a layer or an activation is not supported.
        ValueError: If an argument is out of range, or the model is not built.

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul.barron import path_norm
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "relu"),
    ...                           keras.layers.Dense(1)])
    >>> model.set_weights([np.array(w) for w in ([[3.0], [4.0]], [1.0], [[-2.0]], [5.0])])
    >>> float(path_norm(model))
    12.0
    """
    return PathNormOf(model, s, norm)()


class PathNormOf:
    """Computes the path norm of one model at each call, from its current weights.

    Args:
        model: As in `path_norm`.
        s: As in `path_norm`.
        norm: As in `path_norm`.

    Raises:
        TypeError: If the model is not supported.
        ValueError: If an argument is out of range, or the model is not built.
    """

    def __init__(self, model: Any, s: float | None = None, norm: int = 2) -> None:
        if norm not in (1, 2):
            raise ValueError(f"Argument `norm` must be 1 or 2. Received: {norm!r}")
        if s is not None and (isinstance(s, (bool, str)) or not s > 0):
            raise ValueError(f"Argument `s` must be None or a number above 0. Received: {s!r}")
        if isinstance(model, keras.layers.Layer) and not isinstance(model, keras.Model):
            model = keras.Sequential([keras.Input(_input_shape(model)), model])
        require_graph(model)
        self.s: float | None = s
        self.norm: int = norm
        self._graph = Graph(model)
        self._shapes = [tuple(n or 1 for n in t.shape[1:]) for t in model.inputs]

    def __call__(self) -> Tensor:
        start = [
            _Paths(ops.ones((1, *s)), ops.zeros((1, *s)), self.norm == 2) for s in self._shapes
        ]
        ends = self._graph.run(start, self._rule)
        return sum(ops.sum((p if p.logits is None else p.logits).size) for p in ends)

    def _rule(self, layer, *args, **kwargs):
        kind = type(layer)
        if any(v is not None and not (k == "training" and v is False) for k, v in kwargs.items()):
            raise TypeError(f"The path norm is not defined for {layer.name!r} with {kwargs}.")
        x, *others = args
        if kind in _sums():
            return _merged(layer, *(x if isinstance(x, (list, tuple)) else args))
        if others or (kind is not keras.layers.Concatenate and not isinstance(x, _Paths)):
            raise _not_defined(layer)
        if kind in _SHAPES:
            return _each(layer, x, kind)
        if kind in _IDENTITIES:
            return x
        if kind in _MAXIMA:
            largest = layer.call(x.bound)
            return _Paths(largest, ops.zeros_like(largest))
        if kind is keras.layers.BatchNormalization:
            return _scaled(layer, x)
        if kind is keras.layers.Dense or kind in _CONVOLUTIONS:
            return self._activated(layer.activation, _linear(layer, x))
        if kind in _ACTIVATIONS:
            return self._activated(layer.activation if kind is _ACTIVATIONS[0] else layer, x)
        raise _not_defined(layer)

    def _activated(self, function, x):
        """Applies an activation, recognised by identity, never by name."""
        record = record_of(function)
        if record is not None and record.function is keras.activations.linear:
            return x
        if record is not None and record.function is keras.activations.softmax:
            ones = ops.ones_like(x.size)
            return _Paths(ones, ops.zeros_like(ones), logits=x)
        if type(function) is RePUBank:
            return _through_bank(function, x)
        size = self._weight(function, record, x.bound)
        return _Paths(size, ops.zeros_like(size))

    def _weight(self, function, record, rho):
        if type(function) is RePU:
            return _power(rho, function.s if self.s is None else self.s)
        if self.s is not None and (record is None or record.elementwise):
            return _power(rho, self.s)
        if record is None or not record.elementwise:
            name = getattr(function, "__name__", type(function).__name__)
            raise TypeError(f"The path norm needs argument `s` for activation {name!r}: unknown.")
        if record.function is repu:
            return _power(rho, dict(record.parameters)["s"])
        largest = max(map(abs, record.range))
        if largest < float("inf"):
            return ops.full_like(rho, largest)
        if record.lipschitz == float("inf"):
            raise TypeError(
                f"The path norm needs argument `s` for activation {record.name!r}: it has no "
                "Lipschitz constant."
            )
        return abs(record.at_zero) + record.lipschitz * rho


def _not_defined(layer):
    return TypeError(
        f"The path norm is not defined for {type(layer).__name__} {layer.name!r}. It is for Dense, "
        "convolutions, pooling, Add, Concatenate, BatchNormalization, RePU and RePUBank."
    )


@dataclasses.dataclass(frozen=True)
class _Paths:
    """A bound of units up to an offset, and the offset.

    `ball` marks inputs in the unit ball; `logits` are the paths before a softmax.
    """

    size: Tensor
    offset: Tensor
    ball: bool = False
    logits: "_Paths | None" = None

    @property
    def bound(self):
        return self.size + ops.abs(self.offset)


@functools.cache
def _sums():
    """Returns the sign of the second term, by the exact class of a layer or an operation."""
    return {
        keras.layers.Add: 1.0,
        keras.layers.Subtract: -1.0,
        class_of(ops.add): 1.0,
        class_of(ops.subtract): -1.0,
    }


def _merged(layer, first, *others):
    """Returns the paths of a sum or a difference; a term may be a number."""
    sign, terms = _sums()[type(layer)], [first, *others]
    if not all(isinstance(p, (_Paths, int, float)) for p in terms):
        raise _not_defined(layer)
    terms = [p if isinstance(p, _Paths) else _Paths(0.0, float(p)) for p in terms]
    offset = terms[0].offset + sign * sum(p.offset for p in terms[1:])
    return _Paths(sum(p.size for p in terms), offset)


def _power(x, s):
    if isinstance(s, int):
        return x**s
    positive = x > 0
    return ops.where(positive, ops.where(positive, x, 1.0) ** ops.cast(s, x.dtype), 0.0)


def _linear(layer, x):
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise _not_defined(layer)
    kernel = ops.cast(layer.kernel, "float32")
    apply = ops.matmul if type(layer) is keras.layers.Dense else layer.convolution_op
    offset = apply(x.offset, kernel)
    if layer.use_bias:
        offset = offset + ops.cast(layer.bias, "float32")
    if x.ball:  # |<w, x>| <= |w| also for a part of the input
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
        return _Paths(layer.call([p.size for p in x]), layer.call([p.offset for p in x]))
    keeps = kind in (keras.layers.Flatten, keras.layers.Reshape, keras.layers.Permute)
    return _Paths(layer.call(x.size), layer.call(x.offset), x.ball and keeps)


def _input_shape(layer):
    kernel = getattr(layer, "kernel", None)
    if type(layer) is not keras.layers.Dense or kernel is None:
        raise TypeError(
            "Argument `model` must be a model or a built Dense layer. "
            f"Received: {type(layer).__name__} {layer.name!r}"
        )
    return (kernel.shape[0],)
