"""Base of the convolutions whose filters learn an operation."""

from typing import Any

import keras
from keras import ops

from keras_addmul import activations, special
from keras_addmul.annotations import Config, Identifier, Shape, Tensor
from keras_addmul.layers.base import BaseLayer
from keras_addmul.layers.checks import (
    check_name,
    check_number,
    check_path,
    check_positive_integer,
)
from keras_addmul.layers.constraints import Interval
from keras_addmul.layers.initializers import AddMulUniform, ParityUniform
from keras_addmul.layers.input_sizes import warn_if_far_from_one
from keras_addmul.layers.positions import (
    channels_first,
    channels_last,
    check_data_format,
    check_sizes,
    mask_of_positions,
    windows_along,
)
from keras_addmul.special.convolution import Windows, convolved

__all__ = ["Convolving"]


class Convolving(BaseLayer):
    """Base of the convolutions: a kernel, its parity, a bias and an order for each filter.

    A subclass says how many filters there are, and how many channels each of them sees.

    Args:
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

    rank: int
    paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        # `path` itself is what Keras calls the name of a layer inside its model.
        self.path_name: str = check_path(path, kwargs)
        super().__init__(**kwargs)
        self.kernel_size: tuple[int, ...] = check_sizes("kernel_size", kernel_size, self.rank)
        self.strides: tuple[int, ...] = check_sizes("strides", strides, self.rank)
        self.padding: str = check_name("padding", padding, self.paddings)
        self.data_format: str = check_data_format(data_format)
        self.dilation_rate: tuple[int, ...] = check_sizes("dilation_rate", dilation_rate, self.rank)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Arguments `strides` and `dilation_rate` must not both be above 1, as in Keras. "
                f"Received: strides={strides!r}, dilation_rate={dilation_rate!r}"
            )
        self.activation: Any = activations.get(activation)
        self.use_bias: bool = bool(use_bias)
        self.shared: bool = bool(shared)
        self.nodes: int | None = check_positive_integer("nodes", nodes, optional=True)
        if self.nodes == 1:
            raise ValueError(f"Argument `nodes` must be at least 2. Received: {nodes!r}")
        self.epsilon: float = check_number("epsilon", epsilon, 0.0)
        self.describe(
            "kernel",
            kernel_initializer,
            kernel_regularizer,
            kernel_constraint,
            default_initializer=AddMulUniform(),
        )
        self.describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.describe(
            "order",
            order_initializer,
            order_regularizer,
            order_constraint,
            default_initializer=keras.initializers.Constant(0.25),
            default_constraint=Interval(0.0, 1.0),
        )
        self.describe(
            "parity",
            parity_initializer,
            parity_regularizer,
            parity_constraint,
            default_initializer=ParityUniform(),
            default_constraint=Interval(0.0, 1.0),
        )

    def filters_on(self, channels: int) -> tuple[int, int]:
        """Returns the number of filters, and how many of the channels each of them sees."""
        raise NotImplementedError

    def build(self, input_shape: Shape) -> None:
        """Creates the weights, if a window fits into the input."""
        channels = self._last(input_shape)[-1]
        if channels is None:
            raise ValueError(
                f"Layer {self.name!r} needs the number of channels of its input to be known. "
                f"Received shape: {tuple(input_shape)}"
            )
        filters, seen = self.filters_on(channels)
        self.compute_output_shape(input_shape)
        axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec: Any = keras.layers.InputSpec(ndim=self.rank + 2, axes={axis: channels})
        shape = (*self.kernel_size, seen, filters)
        self.kernel: Any = self.create("kernel", shape)
        self.bias: Any = self.create("bias", (filters,)) if self.use_bias else None
        # Half precision would round the order, and with it every output.
        self.order: Any = self.create("order", () if self.shared else (filters,), autocast=False)
        self.parity: Any = self.create("parity", shape, autocast=False)

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        """Returns what the filters make of each window."""
        x = channels_last(self.check(inputs), self.data_format)
        warn_if_far_from_one(self, x)
        kernel, order, parity = map(special.guarded, (self.kernel, self.order, self.parity))
        y = convolved(
            x,
            kernel,
            order,
            parity,
            self._windows,
            mask_of_positions(mask, x),
            nodes=self.nodes,
            path=self.path_name,
            epsilon=self.epsilon,
            limit=special.output_bound(self.compute_dtype),
        )
        y = ops.cast(y, self.compute_dtype)
        y = y if self.bias is None else y + special.guarded(self.bias)
        return self.activation(channels_first(y, self.data_format))

    def compute_mask(self, inputs: Tensor, mask: Any = None) -> Any:
        """Returns the mask of the positions at which the windows stand.

        Without padding a window stands nowhere: it is kept if it holds a position that is.
        """
        if mask is None:
            return None
        mask = mask_of_positions(mask, channels_last(inputs, self.data_format))
        if self.padding != "valid":
            return mask[(slice(None), *(slice(None, None, step) for step in self.strides))]
        ones = ops.ones((*self.kernel_size, 1, 1))
        return self._windows.sums(ops.cast(mask, "float32")[..., None], ones)[..., 0] > 0.5

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Returns the shape of the output."""
        batch, *lengths, channels = self._last(input_shape)
        how = (self.kernel_size, self.strides, self.padding, self.dilation_rate)
        filters, _ = self.filters_on(channels or 1)
        count = windows_along(tuple(lengths), *how)
        last = self.data_format == "channels_last"
        return (batch, *count, filters) if last else (batch, filters, *count)

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "shared": self.shared,
            "path": self.path_name,
            "nodes": self.nodes,
            "epsilon": self.epsilon,
        }

    @property
    def _windows(self):
        return Windows(self.strides, self.padding, self.dilation_rate)

    def _last(self, shape):
        """A shape of the data format with its channels at the end."""
        if self.data_format == "channels_last":
            return tuple(shape)
        return (shape[0], *shape[2:], shape[1])
