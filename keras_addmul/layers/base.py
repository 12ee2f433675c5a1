"""Base of the layers: input checks, weights from their descriptions, a complete config."""

from typing import Any, NoReturn

from keras_addmul.annotations import Config, Identifier, Shape
from keras_addmul.keras_types import Layer
from keras_addmul.layers.checks import check_float_input
from keras_addmul.layers.identifiers import KINDS, get_object, or_default, serialize_object

__all__ = ["BaseLayer", "FullPrecision"]


class FullPrecision:
    """Mixin that refuses quantization and LoRA and says why. Inherit from it first."""

    name: str

    def quantize(self, mode: Any = None, type_check: bool = True, config: Any = None) -> NoReturn:
        """Always raises, so that `model.quantize` skips the layer.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            f"Layer {self.name!r} ({type(self).__name__}) cannot be quantized: weights "
            "of a few bits would change what it computes. `model.quantize` passes over it and "
            f"quantizes the layers of Keras that can be. Received: mode={mode!r}"
        )

    @property
    def enable_lora(self) -> NoReturn:
        """Not available: a low-rank update needs a layer that is linear in its weights.

        Raises:
            AttributeError: Always, so that `hasattr(layer, "enable_lora")` is False.
        """
        raise AttributeError(
            f"Layer {self.name!r} ({type(self).__name__}) has no LoRA, which needs a layer that is "
            "linear in its weights. Expected a `keras.layers.Dense`, `EinsumDense` or `Embedding`; "
            "train the weights of this layer themselves, or freeze them with "
            f"`layer.trainable = False`. Received: {type(self).__name__}"
        )


class BaseLayer(FullPrecision, Layer):
    """Base of the layers: checks inputs, creates weights and writes the config.

    A subclass describes its weights with `describe` in `__init__`, creates them with `create`
    in `build`, and calls `check` first in `call`. The descriptions become part of its config.

    Args:
        **kwargs: Base layer arguments, such as `name` and `dtype`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._described: list[str] = []
        self.supports_masking: bool = True

    def describe(
        self,
        name: str,
        initializer: Identifier,
        regularizer: Identifier = None,
        constraint: Identifier = None,
        default_initializer: Identifier = None,
        default_constraint: Identifier = None,
        arguments: tuple[str, ...] = KINDS,
    ) -> None:
        """Sets the initializer, regularizer and constraint of the weights called `name`.

        Args:
            name: Name of the weights.
            initializer: An initializer of this package or of Keras: object, name or config.
            regularizer: A regularizer, in the same forms, or None.
            constraint: A constraint, in the same forms, or None.
            default_initializer: Meaning of the initializer `"default"`; None if the argument
                has no such value.
            default_constraint: Meaning of the constraint `"default"`, or None.
            arguments: Which of the three are arguments of the layer.

        Raises:
            ValueError: If a name is unknown; the message lists the known ones.
        """
        given = (initializer, regularizer, constraint)
        defaults = (default_initializer, None, default_constraint)
        for kind, value, default in zip(KINDS, given, defaults, strict=True):
            argument = f"{name}_{kind}"
            value = or_default(value, default)
            setattr(self, argument, get_object(kind, value, argument, default is not None))
            if kind in arguments:
                self._described.append(argument)

    def create(
        self,
        name: str,
        shape: Shape,
        like: str | None = None,
        autocast: bool = True,
        trainable: bool = True,
        dtype: str | None = None,
    ) -> Any:
        """Creates weights from their description.

        Args:
            name: Name of the weights.
            shape: Their shape.
            like: Name of the description to use, if not `name`.
            autocast: Whether mixed precision casts them to half precision.
            trainable: Whether they are trainable.
            dtype: Their dtype; the layer's by default.

        Returns:
            The weights, a `keras.Variable`.
        """
        described = like or name
        initializer = getattr(self, f"{described}_initializer")
        if described != name:
            # An initializer repeats its numbers at each call; a clone draws new ones.
            initializer = getattr(initializer, "clone", lambda: initializer)()
        return self.add_weight(
            name=name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=getattr(self, f"{described}_regularizer"),
            constraint=getattr(self, f"{described}_constraint"),
            autocast=autocast,
            trainable=trainable,
        )

    def check(self, inputs: Any) -> Any:
        """Returns the inputs if they are dense tensors of floats.

        Raises:
            TypeError: If the inputs are sparse, ragged or not floats.
        """
        check_float_input(self, inputs)
        return inputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Returns shape and dtype of the output; raises where `call` would."""
        self.check(args[0] if args else next(iter(kwargs.values())))
        return super().compute_output_spec(*args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Returns the shape of the output, which is that of the input."""
        return tuple(input_shape)

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            **{argument: serialize_object(self, argument) for argument in self._described},
        }
