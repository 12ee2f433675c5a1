"""The Dense network among the baselines."""

import time

import keras
import numpy as np

__all__ = ["fit_network"]

SECONDS = 8.0  # of computing, compilation left out; waiting for a busy machine does not count
EPOCHS = 1000
RATE = 5e-3  # of Adam at the start; it is halved when the checked loss has not fallen for a while


def fit_network(x, y, seed):
    """Trains two hidden Dense layers of 16 units by the usual recipe.

    A fifth of the rows, drawn at random, says when to halve the learning rate and when
    to stop; the weights of the best epoch are kept. Each epoch is one XLA program:
    with so small a network, `fit` would spend most of its time between the steps.

    Args:
        x: Standardised inputs, float32 array of shape `(rows, columns)`.
        y: Standardised target, float32 array of shape `(rows,)`.
        seed: Of the weights, the split and the order of the rows.

    Returns:
        The model, and a note: empty unless the time was up.
    """
    rng = np.random.default_rng(seed)
    check, rest = np.split(rng.permutation(len(x)), [max(2, len(x) // 5)])
    batch = min(len(rest), int(np.clip(len(rest) // 50, 8, 256)))
    model = _model(x.shape[1], seed)
    optimizer = keras.optimizers.Adam(RATE)
    epoch = _epoch(model, optimizer, x, y[:, None], check)
    best, weights, since = np.inf, model.get_weights(), 0
    for number in range(EPOCHS):
        order = rng.permutation(rest)[: len(rest) // batch * batch]
        loss = float(epoch(order.reshape(-1, batch).astype("int32")))
        if loss < best:
            best, weights, since = loss, model.get_weights(), 0
        else:
            since += 1
        if since and since % 15 == 0:
            optimizer.learning_rate.assign(optimizer.learning_rate * 0.5)
        if number == 0:
            start = time.process_time()
        late = time.process_time() - start > SECONDS
        if late or since > 60:
            break
    model.set_weights(weights)
    return model, f"stopped after {SECONDS:g} s of computing" if late else ""


def _model(columns, seed):
    """The untrained network. Its weights have seeds of their own, so no global one is touched."""
    draws = [keras.initializers.GlorotUniform(seed=seed + i) for i in range(3)]
    return keras.Sequential(
        [
            keras.Input((columns,)),
            keras.layers.Dense(16, "relu", kernel_initializer=draws[0]),
            keras.layers.Dense(16, "relu", kernel_initializer=draws[1]),
            keras.layers.Dense(1, kernel_initializer=draws[2]),
        ]
    )


def _epoch(model, optimizer, x, y, check):
    """A compiled function of the rows of each batch: trains on them, returns the checked loss."""
    import tensorflow as tf

    variables = model.trainable_variables
    optimizer.build(variables)
    x, y, x_check, y_check = (tf.constant(a) for a in (x, y, x[check], y[check]))

    @tf.function(jit_compile=True)
    def epoch(batches):
        for rows in batches:
            with tf.GradientTape() as tape:
                predicted = model(tf.gather(x, rows), training=True)
                loss = tf.reduce_mean((predicted - tf.gather(y, rows)) ** 2)
            optimizer.apply(tape.gradient(loss, variables), variables)
        return tf.reduce_mean((model(x_check, training=False) - y_check) ** 2)

    return epoch
