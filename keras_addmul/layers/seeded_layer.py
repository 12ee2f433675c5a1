"""Base of the layers that draw random numbers."""

from typing import Any

import keras

from keras_addmul.activations import noise
from keras_addmul.annotations import Config, Tensor
from keras_addmul.layers.base import BaseLayer

__all__ = ["SeededLayer"]


class SeededLayer(BaseLayer):
    """Base of the layers that draw random numbers in training.

    The same seed gives the same numbers in eager mode, in graphs and under XLA. Each replica
    of a `tf.distribute` strategy draws its own. The position in
    the random sequence is saved with the weights, so that resumed training draws the numbers
    it would have drawn without the interruption.

    Args:
        seed: Integer, or None for a seed drawn by Python's `random`.
        draws: Whether this layer draws at all. If not, it has no state to save.
        **kwargs: Base layer arguments, such as `name` and `dtype`.

    Raises:
        ValueError: If the seed is neither an integer nor None.
    """

    def __init__(self, seed: int | None = None, draws: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise ValueError(f"Argument `seed` must be an integer or None. Received: {seed!r}")
        self.seed: int | None = seed
        self.seed_generator: Any = keras.random.SeedGenerator(seed) if draws else None

    def next_seed(self) -> Tensor:
        """Returns a fresh seed, two `int32`, for the next draw."""
        return noise.next_seed(self.seed_generator)

    def uniform(self, shape: Any, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Returns new `float32` numbers, uniform between two bounds.

        Args:
            shape: Shape; its entries may be tensors.
            low: The lower bound.
            high: The upper bound.
        """
        return low + (high - low) * noise.uniform(shape, self.next_seed())

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        if self.seed_generator is not None:
            store["noise"] = keras.ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store: Any) -> None:
        weights = {key: store[key] for key in store.keys() if key != "noise"}  # noqa: SIM118
        super().load_own_variables(weights)
        if self.seed_generator is not None and "noise" in store.keys():  # noqa: SIM118
            self.seed_generator.state.assign(store["noise"])

    def get_config(self) -> Config:
        return {**super().get_config(), "seed": self.seed}
