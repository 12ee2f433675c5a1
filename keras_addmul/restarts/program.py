"""Trains many sets of weights of one model in one compiled program."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_addmul.annotations import Tensor
from keras_addmul.restarts.rows import Data

__all__ = ["Loss", "Program", "Stacks", "compiled"]

# Arrays or tensors with the sets of weights along the first axis.
Stacks = Sequence[Any]

Loss = keras.losses.Loss | Callable[..., Any]


class Program:
    """Trains and evaluates many sets of weights of one model inside one XLA program.

    The sets are stacked along the first axis. The program loops over the sets in training:
    it loads each into the model's variables, takes a number of steps, and stores it back.
    Any model and any Keras optimizer will do, and Python is not in the loop.

    Args:
        model: Built Keras model.
        optimizer: Keras optimizer that nothing else uses.
        loss: Keras loss, or a function of (true, predicted).
        sets: Capacity: the number of sets of weights.
        scale: Divisor of the loss in training.

    Attributes:
        scale: Variable that holds the divisor.
        penalty: Variable that holds the factor of the regularizers' penalties.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Loss,
        sets: int,
        scale: float = 1.0,
    ) -> None:
        self.model: keras.Model = model
        self.optimizer: keras.optimizers.Optimizer = optimizer
        self.loss: Loss = loss
        self.sets: int = sets
        numbers: list[Any] = [scale, 1.0]
        self.scale: Any
        self.penalty: Any
        self.scale, self.penalty = (tf.Variable(n, False, dtype="float32") for n in numbers)
        optimizer.build(model.trainable_variables)
        self._weights = [v.value for v in model.variables]
        self._state = [v.value for v in optimizer.variables]
        self._fresh = [v.numpy() for v in self._state]
        self._advance = tf.function(self._trace_advance, jit_compile=True, autograph=False)
        self._measure = tf.function(self._trace_measure, jit_compile=True, autograph=False)

    def fresh_state(self) -> list[np.ndarray]:
        """Returns the optimizer's initial state for every set."""
        return [np.repeat(s[None], self.sets, axis=0) for s in self._fresh]

    def advance(
        self,
        weights: Stacks,
        state: Stacks,
        alive: Sequence[int] | np.ndarray,
        data: Data,
        index: np.ndarray,
        mask: Stacks | None = None,
    ) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """Trains the sets listed in `alive`, one step for each row of `index`.

        Args:
            weights: List of stacked arrays, one for each variable of the model.
            state: List of stacked arrays, one for each variable of the optimizer.
            alive: Indices of the sets to train.
            data: Pair (x, y) of arrays or nests of arrays.
            index: Integers of shape `(steps, batch)`: the rows of each step's batch.
            mask: List of stacked arrays, one for each trainable weight: 0 where an entry is
                held, 1 elsewhere; or None.

        Returns:
            New weights and state, and the mean training loss of each set (nan for the
            others).
        """
        if mask is None:
            shapes = [(self.sets, *v.shape) for v in self.model.trainable_variables]
            mask = [np.ones(shape, "float32") for shape in shapes]
        queue, count = self._padded(alive)
        return self._advance(list(weights), list(state), queue, count, data, index, mask)

    def measure(
        self, weights: Stacks, data: Data, alive: Sequence[int] | np.ndarray | None = None
    ) -> np.ndarray:
        """Returns the loss of each set on the data, without the regularizers' penalties.

        It is infinite for sets that are not in `alive`, and where the loss is nan.
        """
        queue, count = self._padded(range(self.sets) if alive is None else alive)
        return self._measure(list(weights), queue, count, data).numpy()

    def _padded(self, alive):
        queue = np.zeros(self.sets, "int32")
        queue[: len(alive)] = alive
        return tf.constant(queue), tf.constant(len(alive), tf.int32)

    def _trace_advance(self, weights, state, queue, count, data, index, mask):
        variables = self._weights + self._state

        def one(i, stacks, losses):
            at = tf.gather(queue, i)  # a slice would make XLA compile for each value
            for variable, stack in zip(variables, stacks, strict=True):
                variable.assign(tf.gather(stack, at))
            loss = self._steps(data, index, [tf.gather(m, at) for m in mask])
            stacks = [
                tf.tensor_scatter_nd_update(stack, [[at]], variable[None])
                for variable, stack in zip(variables, stacks, strict=True)
            ]
            return i + 1, stacks, tf.tensor_scatter_nd_update(losses, [[at]], loss[None])

        losses = tf.fill([self.sets], np.float32(np.nan))
        _, stacks, losses = tf.while_loop(
            lambda i, *_: i < count, one, (tf.constant(0), [*weights, *state], losses)
        )
        cut = len(self._weights)
        return stacks[:cut], stacks[cut:], losses

    def _steps(self, data, index, mask):
        """Takes one training step for each row of the index; returns the mean loss."""
        trainable = self.model.trainable_variables

        def step(i, total):
            rows = tf.gather(index, i)
            x, y = tf.nest.map_structure(lambda a: tf.gather(a, rows), data)
            with tf.GradientTape() as tape:
                loss = self._loss(y, self.model(x, training=True)) / self.scale
                penalties = [tf.cast(e, loss.dtype) for e in self.model.losses]
                objective = loss + self.penalty * tf.add_n(penalties) if penalties else loss
            gradients = tape.gradient(objective, trainable)
            known = [
                tf.zeros_like(v.value) if g is None else g * tf.cast(m, g.dtype)
                for g, v, m in zip(gradients, trainable, mask, strict=True)
            ]
            self.optimizer.apply(known, trainable)
            return i + 1, total + loss

        steps = tf.shape(index)[0]
        _, total = tf.while_loop(lambda i, _: i < steps, step, (tf.constant(0), tf.constant(0.0)))
        return total / tf.cast(steps, tf.float32)

    def _trace_measure(self, weights, queue, count, data):
        x, y = data

        def one(i, losses):
            at = tf.gather(queue, i)
            for variable, stack in zip(self._weights, weights, strict=True):
                variable.assign(tf.gather(stack, at))
            loss = self._loss(y, self.model(x, training=False))
            loss = tf.where(tf.math.is_finite(loss), loss, np.inf)
            return i + 1, tf.tensor_scatter_nd_update(losses, [[at]], loss[None])

        losses = tf.fill([self.sets], np.float32(np.inf))
        return tf.while_loop(lambda i, _: i < count, one, (tf.constant(0), losses))[1]

    def _loss(self, y, predicted):
        loss = tf.reduce_mean(self.loss(y, predicted))
        return tf.cast(loss, tf.float32)


# Compiling takes seconds, so the last few programs are kept, together with their models.
_KEPT = 8
_PROGRAMS: dict[tuple[Any, ...], tuple["Program", Any]] = {}


def compiled(
    model: keras.Model, loss: Loss, optimizer: keras.optimizers.Optimizer, sets: int
) -> Program:
    """Returns the `Program` of a model, reused from an earlier call if nothing has changed."""
    config = optimizer.get_config()
    numbers = {name: value for name, value in config.items() if name != "name"}
    # An optimizer with a nested configuration, such as a schedule, is compared by identity: name
    # and numbers would not distinguish two classes of the same name.
    nested = any(isinstance(value, dict) for value in config.values())
    kind = id(optimizer) if nested else type(optimizer)
    key = (id(model), id(loss), kind, repr(numbers), sets)
    if key not in _PROGRAMS:
        copy = type(optimizer).from_config(config)
        # The objects are kept beside it, so that no other object takes over their ids.
        _PROGRAMS[key] = Program(model, copy, loss, sets), (model, loss, optimizer)
        while len(_PROGRAMS) > _KEPT:
            del _PROGRAMS[next(iter(_PROGRAMS))]
    return _PROGRAMS[key][0]
