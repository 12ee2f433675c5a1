"""Builds a small Keras model that computes a formula."""

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_addmul.discover.search.scaled_rows import Scaled
from keras_addmul.discover.search.snapping import Fit

if TYPE_CHECKING:
    import keras

    from keras_addmul import layers

__all__ = ["network_of"]


def network_of(fit: Fit, scaled: Scaled, chosen: np.ndarray, columns: int) -> "keras.Model":
    """Builds the Keras model that computes a formula from the unscaled columns.

    `Rescaling` brings the columns to numbers near one. An `AddMulDense` of order 1 computes the
    products (its kernel holds the exponents), one of order 0 the sums (coefficients), and, if
    the formula has a power, another of order 1 the result. Like any model it can be trained
    further, saved and exported.

    Args:
        fit: The `Fit` of the formula.
        scaled: The `Scaled` rows that it was fitted on.
        chosen: Indices of the columns in `scaled` among those of the table.
        columns: Number of columns of the table.

    Returns:
        A model from `(batch, columns)` to `(batch, 1)`.
    """
    import keras  # here, so that a search begins, and a report is written, without TensorFlow

    stack = fit.stack
    exponents, coefficients, powers = stack.split(fit.parameters)
    constant = ~np.any(exponents != 0, axis=1)
    x = keras.Input((columns,), name="columns")
    if any(feature.transformation for feature in scaled.features):
        used = np.flatnonzero(exponents.any(axis=0))
        y = _transformed(x, scaled, chosen, used)
        exponents, places, columns = exponents[:, used], np.arange(len(used)), len(used)
    else:
        units = np.ones(columns)
        units[chosen] = 1 / scaled.x_scale
        y = keras.layers.Rescaling(units.tolist(), name="units")(x)
        places = chosen
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
        kernel_of_all[places] = exponents[~constant].T
        products.kernel.assign(kernel_of_all)
        products.parity.assign(_parity(kernel_of_all))
        sums.kernel.assign(kernel[~constant])
    if sums.bias is not None:
        sums.bias.assign(kernel[constant].sum(axis=0))
    if len(powers) > 1 or powers[0] != 1:
        power = _operation(1.0, 1, "powers", use_bias=False)
        y = power(y)
        power.kernel.assign(powers[:, None])
        power.parity.assign(_parity(powers[:, None]))
    added = float(scaled.offset + scaled.y_scale * stack.added(fit.parameters))
    y = keras.layers.Rescaling(float(scaled.y_scale), added, name="target")(y)
    return keras.Model(x, y, name="formula")


def _transformed(x: Any, scaled: Scaled, chosen: np.ndarray, used: np.ndarray) -> Any:
    """Returns the features that a formula uses, near one, of a tensor of the columns."""
    import keras

    parts = []
    for j in used.tolist():
        feature = scaled.features[j]
        column = int(chosen[feature.column])
        parts.append(feature.tensor(x[:, column : column + 1], float(scaled.x_scale[j])))
    return keras.layers.Concatenate(name="features")(parts)


def _operation(order: float, units: int, name: str, **kwargs: Any) -> "layers.AddMulDense":
    import keras

    from keras_addmul import layers

    start = keras.initializers.Constant(order)
    return layers.AddMulDense(units, order_initializer=start, name=name, **kwargs)


def _parity(exponents: np.ndarray) -> np.ndarray:
    """The parity with which the sign of a negative number turns with its exponent."""
    return 0.5 - 0.5 * np.cos(np.pi * exponents)
