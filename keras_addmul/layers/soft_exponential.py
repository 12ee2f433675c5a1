"""A learned activation between logarithm and exponential."""

from typing import Any

import keras

from keras_addmul import special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import check_number, known_features
from keras_addmul.layers.constraints import Interval

__all__ = ["SoftExponential"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class SoftExponential(BaseLayer):
    """Soft exponential: learns a function between log and exp for each feature.

        alpha < 0:  -log(1 - alpha (x + alpha)) / alpha
        alpha = 0:  x
        alpha > 0:  (exp(alpha x) - 1) / alpha + alpha

    It is the logarithm at alpha = -1, the identity at 0 and the exponential at 1. A layer that
    takes logarithms, a `Dense` and a layer that exponentiates can together multiply.

    Args:
        shared: Whether all features share one `alpha`.
        epsilon: Floor on the argument of the logarithm.
        alpha_initializer: Initializer for `alpha`. The default, zeros, makes a new layer
            the identity.
        alpha_regularizer: Regularizer for `alpha`, or None.
        alpha_constraint: Constraint on `alpha`, or None. The default keeps it in
            [-1, 1].
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `alpha` of shape `(features,)`, or `()` if shared.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import SoftExponential
    >>> layer = SoftExponential(alpha_initializer="ones")
    >>> layer(np.array([[0.0, 1.0]], "float32")).numpy().round(4)
    array([[1.    , 2.7183]], dtype=float32)

    References:
        - [Godfrey & Gashler, 2015](https://arxiv.org/abs/1602.01321)
    """

    def __init__(
        self,
        shared: bool = False,
        epsilon: float = 1e-7,
        alpha_initializer: Identifier = "zeros",
        alpha_regularizer: Identifier = None,
        alpha_constraint: Identifier = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shared: bool = bool(shared)
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe(
            "alpha",
            alpha_initializer,
            alpha_regularizer,
            alpha_constraint,
            default_constraint=Interval(-1.0, 1.0),
        )

    def build(self, input_shape: Shape) -> None:
        features = known_features(self, input_shape)
        # Half precision would round alpha, and with it every output.
        self.alpha = self.create("alpha", () if self.shared else (features,), autocast=False)
        self.input_spec: Any = keras.layers.InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        limit = special.output_bound(self.compute_dtype)
        alpha = special.guarded(self.alpha)
        y = special.soft_exponential(inputs, alpha, self.epsilon, limit)
        return keras.ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "shared": self.shared,
            "epsilon": self.epsilon,
        }
