"""What the layers share: dense floats come in, weights are described, the config is complete."""

from typing import TYPE_CHECKING, Any, NoReturn

import keras

from keras_addmul.annotations import Config, Identifier, Shape
from keras_addmul.layers.checks import check_float_input
from keras_addmul.layers.identifiers import KINDS, get_object, or_default, serialize_object

__all__ = ["BaseLayer"]

if TYPE_CHECKING:  # Keras carries no types

    class _Layer:
        name: str
        compute_dtype: str

        def __init__(self, **kwargs: Any) -> None: ...
        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
        def __getattr__(self, name: str) -> Any: ...
        def add_weight(self, **kwargs: Any) -> Any: ...
        def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any: ...
        def get_config(self) -> Config: ...
        def save_own_variables(self, store: Any) -> None: ...
        def load_own_variables(self, store: Any) -> None: ...

else:
    _Layer = keras.layers.Layer


class BaseLayer(_Layer):
    """Takes dense tensors of floats, and keeps how each weight starts, is penalised and projected.

    A subclass names its weights with `describe` in `__init__`, creates them with `create` in
    `build`, and calls `check` first in `call`. What it describes goes into its config.

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
        """Keeps how the weights called `name` start, are penalised and are projected.

        Args:
            name: Name of the weights.
            initializer: What `keras.initializers.get` takes, or the name of one of ours.
            regularizer: Likewise, or None.
            constraint: Likewise, or None.
            default_initializer: What the initializer `"default"` stands for; None where the
                argument has no such value.
            default_constraint: The same for the constraint.
            arguments: Which of the three are arguments of the layer.

        Raises:
            ValueError: A name is unknown; the message lists the known ones.
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
        """Returns new weights as described, or as those called `like` are.

        Args:
            name: Name of the weights.
            shape: Their shape.
            like: Under which name they were described, if not their own.
            autocast: Whether mixed precision hands them out in half precision.
            trainable: Whether they are trained.
            dtype: Their dtype; by default the layer's.
        """
        described = like or name
        initializer = getattr(self, f"{described}_initializer")
        if described != name:
            # An initializer draws the same numbers each time; its clone draws others.
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
            TypeError: The inputs are sparse, ragged, or not floats.
        """
        check_float_input(self, inputs)
        return inputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Returns shape and dtype of the output; refuses what `call` would refuse."""
        self.check(args[0] if args else next(iter(kwargs.values())))
        return super().compute_output_spec(*args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """Returns the shape of the output, the same as that of the input."""
        return tuple(input_shape)

    def quantize(self, mode: Any = None, type_check: bool = True, config: Any = None) -> NoReturn:
        """Refuses to quantize the layer; `model.quantize` passes over it.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            f"Layer {self.name!r} ({type(self).__name__}) cannot be quantized: orders and "
            "exponents of a few bits would change the operation. `model.quantize` passes over it "
            f"and quantizes the layers of Keras that can be. Received: mode={mode!r}"
        )

    @property
    def enable_lora(self) -> NoReturn:
        """Is not there: a low-rank update needs a layer that is linear in its weights.

        Raises:
            AttributeError: Always, so that `hasattr(layer, "enable_lora")` is False.
        """
        raise AttributeError(
            f"Layer {self.name!r} ({type(self).__name__}) has no LoRA, which needs a layer that is "
            "linear in its weights. Expected a `keras.layers.Dense`, `EinsumDense` or `Embedding`; "
            "train the weights of this layer themselves, or freeze them with "
            f"`layer.trainable = False`. Received: {type(self).__name__}"
        )

    def get_config(self) -> Config:
        """Returns the arguments of the constructor."""
        return {
            **super().get_config(),
            **{argument: serialize_object(self, argument) for argument in self._described},
        }
