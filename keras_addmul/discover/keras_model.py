"""A formula as a small Keras model of our layers."""

from typing import Any

import keras
import numpy as np

from keras_addmul import layers
from keras_addmul.discover.search.candidates import Scaled
from keras_addmul.discover.search.snapping import Fit

__all__ = ["network_of"]


def network_of(fit: Fit, scaled: Scaled, chosen: np.ndarray, columns: int) -> keras.Model:
    """A Keras model whose layers are the stack, on the columns as they come.

    `Rescaling` brings the columns to numbers near one; an `AddMulDense` of order 1 makes
    the products (its kernel holds the exponents), one of order 0 the sums (coefficients)
    and, where there is a power, another one of order 1 the result. Like any model it can be
    trained on, saved and exported.

    Args:
        fit: The `Fit`.
        scaled: The `Scaled` rows that it was trained on.
        chosen: Which columns of the table those are.
        columns: How many columns the table has.

    Returns:
        A model from (batch, columns) to (batch, 1).
    """
    stack = fit.stack
    exponents, coefficients, powers = stack.split(fit.parameters)
    constant = ~np.any(exponents != 0, axis=1)
    x = keras.Input((columns,), name="columns")
    units = np.ones(columns)
    units[chosen] = 1 / scaled.x_scale
    y = keras.layers.Rescaling(units.tolist(), name="units")(x)
    products = None
    if not constant.all():
        products = _operation(1.0, int((~constant).sum()), "products", use_bias=False)
        y = products(y)
    sums = _operation(0.0, len(stack.sums), "sums", use_bias=bool(constant.any()))
    y = sums(y)
    kernel = np.zeros((stack.terms, len(stack.sums)))
    kernel[np.arange(stack.terms), stack.owner] = coefficients
    if products is not None:
        kernel_of_all = np.zeros((columns, int((~constant).sum())))
        kernel_of_all[chosen] = exponents[~constant].T
        products.kernel.assign(kernel_of_all)
        sums.kernel.assign(kernel[~constant])
    if sums.bias is not None:
        sums.bias.assign(kernel[constant].sum(axis=0))
    if len(powers) > 1 or powers[0] != 1:
        power = _operation(1.0, 1, "powers", use_bias=False)
        y = power(y)
        power.kernel.assign(powers[:, None])
    y = keras.layers.Rescaling(float(scaled.y_scale), name="target")(y)
    return keras.Model(x, y, name="formula")


def _operation(order: float, units: int, name: str, **kwargs: Any) -> layers.AddMulDense:
    start = keras.initializers.Constant(order)
    return layers.AddMulDense(units, order_initializer=start, name=name, **kwargs)
