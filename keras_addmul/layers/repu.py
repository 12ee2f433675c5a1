"""A rectified power unit, with a fixed or a learned order."""

from typing import Any

import keras
from keras import ops

from keras_addmul import special
from keras_addmul.activations.rectified_power import repu
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import check_number, known_features
from keras_addmul.layers.constraints import Interval

__all__ = ["RePU"]


@keras.saving.register_keras_serializable(package="keras_addmul")
class RePU(BaseLayer):
    """Rectified power unit: `y = max(0, x)^s`, with a fixed or a learned order.

    Order `s = 1` is ReLU; `s = 2` is also called ReQU. Outputs are bounded so that they and
    their squares are finite in the layer's dtype.

    Args:
        s: Positive number, the order; its initial value if learned.
        learned: Whether the order is a weight.
        shared: Whether all features share a learned order.
        s_regularizer: Regularizer for a learned order, or None.
        s_constraint: Constraint on a learned order, or None. The default keeps it in
            [1/4, 4].
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid, or if the last dimension of the input is
            unknown.
        TypeError: If the input is sparse or does not hold floats.

    Weights:
        `s` of shape `(features,)`, or `()` if shared; none unless `learned=True`.

    Input shape:
        `(batch, ..., features)`

    Output shape:
        Same as the input.

    Example:

    >>> import numpy as np
    >>> from keras_addmul.layers import RePU
    >>> RePU(2)(np.array([[-1.0, 0.5, 3.0]])).numpy()
    array([[0.  , 0.25, 9.  ]], dtype=float32)

    References:
        - [Heeringa et al., 2023](https://arxiv.org/abs/2305.15839)
    """

    def __init__(
        self,
        s: float = 2,
        learned: bool = False,
        shared: bool = False,
        s_regularizer: Identifier = None,
        s_constraint: Identifier = "default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        number = check_number("s", s, 0.0)
        self.start: int | float = int(number) if number.is_integer() else number
        self.learned: bool = bool(learned)
        self.shared: bool = bool(shared)
        self.describe(
            "s",
            keras.initializers.Constant(number),
            s_regularizer,
            s_constraint,
            default_constraint=Interval(0.25, 4.0),
            arguments=("regularizer", "constraint"),
        )
        self.s: Any = self.start

    def build(self, input_shape: Shape) -> None:
        features = known_features(self, input_shape)
        if self.learned:
            self.s = self.create("s", () if self.shared else (features,), autocast=False)
        self.input_spec: Any = keras.layers.InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Tensor) -> Tensor:
        self.check(inputs)
        s = special.guarded(self.s) if self.learned else self.s
        y = repu(inputs, s, limit=special.output_bound(self.compute_dtype))
        return ops.cast(y, self.compute_dtype)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "s": self.start,
            "learned": self.learned,
            "shared": self.shared,
        }
