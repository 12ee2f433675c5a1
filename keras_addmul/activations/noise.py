"""Random numbers that are the same everywhere: eager, in a graph, and under XLA.

TensorFlow's own floats depend on how they are compiled, and are 25 times slower under
XLA on a CPU; its integers do not and are not. So the bits come from TensorFlow (the
Philox generator), and the floats are made of them here. Only this file knows
TensorFlow; under another backend, noise comes from `keras.random`.
"""

import keras
from keras import ops

__all__ = ["half_normal", "next_seed", "normal", "uniform"]

# Odd, so that no two replicas share a key; 2^32 over the golden ratio.
_REPLICA_STRIDE = -1640531527


def next_seed(generator):
    """Returns the next seed of a `keras.random.SeedGenerator`: two `int32`.

    Each replica of a `tf.distribute` strategy gets its own; Keras's generator alone
    gives all of them the same.
    """
    seed = ops.cast(generator.next(), "int32")
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            replica = tf.cast(context.replica_id_in_sync_group, tf.int32)
            seed += tf.stack([replica * _REPLICA_STRIDE, 0])
    return seed


def uniform(shape, seed):
    """Returns `float32` numbers in (0, 1), equally spaced, neither end among them.

    Args:
        shape: Shape, also a tensor.
        seed: Two `int32`; the same seed gives the same numbers, bit for bit.
    """
    if keras.backend.backend() != "tensorflow":
        return keras.random.uniform(shape, 2.0**-24, 1.0, seed=seed)
    # 23 bits: with one more, the largest number would be rounded to 1.
    return (_whole_numbers(shape, seed) + 0.5) * 2.0**-23


def normal(shape, seed):
    """Returns `float32` normal numbers of mean 0 and variance 1, at most 5.2 in size."""
    if keras.backend.backend() != "tensorflow":
        return keras.random.normal(shape, seed=seed)
    # Nothing is rounded: these are the odd multiples of 2^-23 in (-1, 1).
    signed = _whole_numbers(shape, seed) * 2.0**-22 + (2.0**-23 - 1.0)
    return 2.0**0.5 * ops.erfinv(signed)


def half_normal(shape, seed):
    """Returns magnitudes of `normal` numbers."""
    return ops.abs(normal(shape, seed))


def _whole_numbers(shape, seed):
    """Whole numbers from 0 to 2^23 - 1, as floats, which hold them exactly."""
    import tensorflow as tf

    bits = tf.random.stateless_uniform(
        shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
    )
    # The shift leaves the sign bit clear, and a signed number is converted faster.
    return tf.cast(
        tf.bitcast(tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32)), tf.int32), tf.float32
    )
