"""Lets the noisy layers of a model answer with their mean, or with noise from a given seed."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["answering_mean", "drawing_from", "noisy_layers"]


def noisy_layers(model: Any) -> list[Any]:
    """Returns the layers of a model that can add noise at inference.

    Args:
        model: A Keras model.

    Returns:
        List of `NoisyActivation` layers, of its subclasses too.
    """
    from keras_addmul.layers.inside import layers_inside
    from keras_addmul.layers.noisy_activation import NoisyActivation

    return layers_inside(model, NoisyActivation)


@contextlib.contextmanager
def answering_mean(model: Any) -> Iterator[None]:
    """Lets noisy layers answer with their mean, for as long as it is open.

    Args:
        model: A Keras model.
    """
    with contextlib.ExitStack() as changes:
        for layer in noisy_layers(model):
            changes.enter_context(_changed(layer, "monte_carlo", False))
        yield


@contextlib.contextmanager
def drawing_from(model: Any, seed: Any) -> Iterator[None]:
    """Lets noisy layers add noise that depends on a seed only, for as long as it is open.

    Recurrent layers are unrolled meanwhile.

    Args:
        model: A Keras model.
        seed: Two `int32`; the same seed gives the same noise, bit for bit.

    Raises:
        ValueError: In the block, if noise is drawn inside a loop of the graph: it would be the
            same in each round.
    """
    import keras

    from keras_addmul.layers.inside import layers_inside

    with contextlib.ExitStack() as changes:
        for number, layer in enumerate(noisy_layers(model)):
            changes.enter_context(_changed(layer, "monte_carlo", True))
            changes.enter_context(_changed(layer, "next_seed", _seeds(seed, number)))
        for layer in layers_inside(model, keras.layers.RNN):
            if noisy_layers(layer):
                changes.enter_context(_changed(layer, "unroll", True))
        yield


def _seeds(seed: Any, number: int) -> Callable[[], Any]:
    """Returns a function that returns another seed at each call."""
    import tensorflow as tf

    fold_in: Any = tf.random.fold_in
    own = fold_in(seed, number)
    graph = tf.compat.v1.get_default_graph()
    calls = 0

    def next_seed():
        nonlocal calls
        if tf.compat.v1.get_default_graph() is not graph:
            raise ValueError(
                "`sample` must be False for a model that draws noise inside of a loop "
                "whose length is not known. Received: sample=True"
            )
        calls += 1
        return fold_in(own, calls)

    return next_seed


@contextlib.contextmanager
def _changed(layer: Any, attribute: str, value: Any) -> Iterator[None]:
    """Sets an attribute of an object, and restores it."""
    own = vars(layer)
    before = own.get(attribute)
    had = attribute in own
    setattr(layer, attribute, value)
    try:
        yield
    finally:
        if had:
            setattr(layer, attribute, before)
        else:
            own.pop(attribute, None)
