"""Base classes of Keras as a type checker should see them: Keras carries no types."""

from typing import TYPE_CHECKING, Any

import keras

from keras_addmul.annotations import Config, Shape

__all__ = ["RNN", "Callback", "Layer", "Regularizer"]

if TYPE_CHECKING:

    class Callback:
        """`keras.callbacks.Callback`."""

        model: Any
        params: Any

        def __init__(self) -> None: ...

    class Layer:
        """`keras.layers.Layer`."""

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

    class RNN:
        """`keras.layers.RNN`."""

        activation: Any
        recurrent_activation: Any
        units: int
        unroll: bool

        def __init__(self, *args: Any, **kwargs: Any) -> None: ...
        def build(self, sequences_shape: Shape, *args: Any) -> None: ...
        def inner_loop(self, *args: Any, **kwargs: Any) -> Any: ...

    class Regularizer:
        """`keras.regularizers.Regularizer`."""

else:
    Callback = keras.callbacks.Callback
    Layer = keras.layers.Layer
    RNN = keras.layers.RNN
    Regularizer = keras.regularizers.Regularizer
