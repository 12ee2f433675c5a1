"""Random numbers that are identical in eager mode, in graphs and under XLA.

TensorFlow's random floats depend on how they are compiled, and under XLA on a CPU they are
25 times slower. Its random integers have neither problem, so the bits come from TensorFlow's
Philox generator and become floats here. On other backends the bits come from `keras.random`.
No other file of the package draws noise.
"""

from typing import Any

import keras
from keras import ops

from keras_addmul.annotations import Tensor

__all__ = ["half_normal", "next_seed", "normal", "uniform"]

# Odd, so that no two replicas share a key; 2^32 over the golden ratio.
_REPLICA_STRIDE = -1640531527


def next_seed(generator: keras.random.SeedGenerator) -> Tensor:
    """Returns the next seed of a `keras.random.SeedGenerator`: two `int32`.

    Each replica of a `tf.distribute` strategy gets its own seed; Keras's generator alone
    gives all replicas the same one.

    Args:
        generator: The generator, whose state advances.

    Returns:
        Two `int32`.

    Example:

    >>> import keras
    >>> from keras_addmul.activations.noise import next_seed
    >>> generator = keras.random.SeedGenerator(5)
    >>> next_seed(generator).numpy(), next_seed(generator).numpy()
    (array([5, 0], dtype=int32), array([5, 1], dtype=int32))
    """
    seed = ops.cast(generator.next(), "int32")
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            replica = tf.cast(context.replica_id_in_sync_group, tf.int32)
            seed += tf.stack([replica * _REPLICA_STRIDE, 0])
    return seed


def uniform(shape: Any, seed: Tensor) -> Tensor:
    """Returns uniform `float32` numbers in (0, 1), on an equally spaced grid without 0 and 1.

    Args:
        shape: Shape; a tensor, or a sequence whose entries may be tensors.
        seed: Two `int32`; the same seed gives the same numbers, bit for bit.

    Returns:
        Tensor of that shape.

    Example:

    >>> import keras
    >>> from keras_addmul.activations.noise import uniform
    >>> u = uniform((1000,), keras.ops.array([3, 4]))
    >>> 0.0 < float(keras.ops.min(u)) < 0.01, 0.99 < float(keras.ops.max(u)) < 1.0
    (True, True)
    """
    # 23 bits: with one more, the largest number would round to 1.
    return (_whole_numbers(shape, seed) + 0.5) * 2.0**-23


def normal(shape: Any, seed: Tensor) -> Tensor:
    """Returns `float32` normal numbers of mean 0 and variance 1, at most 5.2 in magnitude.

    Args:
        shape: Shape, as for `uniform`.
        seed: Two `int32`, as for `uniform`.

    Returns:
        Tensor of that shape.

    Example:

    >>> import keras
    >>> from keras_addmul.activations.noise import normal
    >>> z = normal((10000,), keras.ops.array([3, 4]))
    >>> abs(float(keras.ops.mean(z))) < 0.03, abs(float(keras.ops.std(z)) - 1.0) < 0.03
    (True, True)
    """
    # Exact: these are the odd multiples of 2^-23 in (-1, 1).
    signed = _whole_numbers(shape, seed) * 2.0**-22 + (2.0**-23 - 1.0)
    return 2.0**0.5 * ops.erfinv(signed)


def half_normal(shape: Any, seed: Tensor) -> Tensor:
    """Returns the magnitudes of `normal` numbers, whose mean is `sqrt(2 / pi)`.

    Args:
        shape: Shape, as for `uniform`.
        seed: Two `int32`, as for `uniform`.

    Returns:
        Tensor of that shape.

    Example:

    >>> import keras
    >>> from keras_addmul.activations.noise import half_normal
    >>> float(keras.ops.min(half_normal((100,), keras.ops.array([3, 4])))) >= 0.0
    True
    """
    return ops.abs(normal(shape, seed))


def _whole_numbers(shape: Any, seed: Tensor) -> Tensor:
    """Integers from 0 to 2^23 - 1, as floats, which represent them exactly."""
    if keras.backend.backend() != "tensorflow":
        drawn = keras.random.randint(shape, 0, 2**23, dtype="int32", seed=_Given(seed))
        return ops.cast(drawn, "float32")
    import tensorflow as tf

    whole: Any = {"minval": None, "maxval": None, "dtype": tf.uint32}  # all 32 bits
    bits = tf.random.stateless_uniform(shape, seed, **whole, alg="philox")
    # The shift leaves the sign bit clear, and signed integers convert faster.
    return tf.cast(
        tf.bitcast(tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32)), tf.int32), tf.float32
    )


class _Given(keras.random.SeedGenerator):
    """Passes `keras.random` a seed that is a tensor, which it would otherwise refuse."""

    def __init__(self, seed: Tensor) -> None:
        # PyTorch gets only the sum of the two, yet seeds 1, 2 and steps 2, 1 must differ.
        mixed = ops.multiply(seed, ops.array([_REPLICA_STRIDE, 1], dtype="int32"))
        self._seed = ops.cast(mixed, "uint32") if keras.backend.backend() == "jax" else mixed

    def next(self, ordered: bool = True) -> Tensor:
        return self._seed
