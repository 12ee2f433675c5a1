"""Base of the convolutions whose filters see all channels, or those of their group."""

from typing import Any

from keras_addmul.annotations import Config, Identifier, Shape
from keras_addmul.layers.checks import check_positive_integer
from keras_addmul.layers.convolving import Convolving

__all__ = ["DenselyConvolving"]


class DenselyConvolving(Convolving):
    """Base of the convolutions whose filters see all channels, or those of their group.

    Args:
        filters: Positive integer, number of filters.
        groups: Number of groups of channels, each with filters of its own. It divides both.
        kernel_size, strides, padding, data_format, dilation_rate: As in the convolutions of
            Keras.
        activation, use_bias, path, nodes, epsilon: As for `AddMulDense`.
        shared: Whether all filters share one order.
        kernel_initializer, bias_initializer, order_initializer, parity_initializer,
        kernel_regularizer, bias_regularizer, order_regularizer, parity_regularizer,
        kernel_constraint, bias_constraint, order_constraint, parity_constraint: Of the weights.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If an argument is invalid.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Identifier = None,
        use_bias: bool = True,
        shared: bool = False,
        path: str = "kneser",
        nodes: int | None = 6,
        kernel_initializer: Identifier = "default",
        bias_initializer: Identifier = "zeros",
        order_initializer: Identifier = "default",
        parity_initializer: Identifier = "default",
        kernel_regularizer: Identifier = None,
        bias_regularizer: Identifier = None,
        order_regularizer: Identifier = None,
        parity_regularizer: Identifier = None,
        kernel_constraint: Identifier = None,
        bias_constraint: Identifier = None,
        order_constraint: Identifier = "default",
        parity_constraint: Identifier = "default",
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            shared,
            path,
            nodes,
            kernel_initializer,
            bias_initializer,
            order_initializer,
            parity_initializer,
            kernel_regularizer,
            bias_regularizer,
            order_regularizer,
            parity_regularizer,
            kernel_constraint,
            bias_constraint,
            order_constraint,
            parity_constraint,
            epsilon,
            **kwargs,
        )
        self.filters: int = check_positive_integer("filters", filters)
        self.groups: int = check_positive_integer("groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"Argument `groups` must divide the {self.filters} filters. Received: {groups!r}"
            )

    def filters_on(self, channels: int) -> tuple[int, int]:
        """Returns the number of filters, and how many of the channels each of them sees."""
        return self.filters, channels // self.groups

    def build(self, input_shape: Shape) -> None:
        """Creates the weights, if the groups divide the channels."""
        channels = self._last(input_shape)[-1]
        if channels is not None and channels % self.groups:
            raise ValueError(
                f"Layer {self.name!r} needs a number of channels that its {self.groups} groups "
                f"divide. Received shape: {tuple(input_shape)}"
            )
        super().build(input_shape)

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {**super().get_config(), "filters": self.filters, "groups": self.groups}
