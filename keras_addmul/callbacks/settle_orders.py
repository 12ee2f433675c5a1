"""A callback that ends a training on settled orders."""

from typing import Any

import keras
import numpy as np

from keras_addmul.annotations import Config
from keras_addmul.callbacks.holding import held
from keras_addmul.callbacks.order_candidates import Candidate, candidates_of, settle, variables_of
from keras_addmul.callbacks.sums_in_place import Met, met_by_layers
from keras_addmul.keras_types import Callback
from keras_addmul.layers.checks import check_number, check_positive_integer
from keras_addmul.layers.regularizers import Penalty

__all__ = ["SettleOrders"]

_ONE_BY_ONE = 16
# What a loss on trial must have fallen to, relative to the lowest one, for the trial to go on.
_STILL_FALLS = 0.95


class SettleOrders(Callback):
    """Puts orders at their ends in the last epochs of a training, where that costs nothing.

    At the end of each of the last `epochs` epochs, every order within `near` of an end is put
    there, together with the parities of the units that then multiply:

    - Orders that do not raise the loss on `data` beyond the tolerance stay there. More than
      16 are tried together first, fewer one by one. A unit that would become a sum is tried
      twice: with the coefficients that it has, and with those that change its answers least,
      by linear least squares on `data`.
    - The others stay there on trial while training goes on: what the weights had learned for
      an order of 0.95 is often wrong for 1 until they have adapted. If the loss is still higher
      when it no longer falls, or when training ends, everything is restored to what it was
      before the trial, with the state of the optimizer, and half of the group is tried.

    An order that has settled is held at its end by its constraint, in this training and in
    later ones, for as long as the model is not loaded from a file. The loss at the end is at
    most `1 + tolerance` times that before the first order settled, for each epoch in which
    some did.

    The penalties of this package do not count in the loss, so that an order that settles is
    not paid for it. `settled` holds the number of orders at their ends; after each epoch the
    logs have it as `settled_orders`. Put the callback behind those that restore weights.

    Args:
        data: What the loss is computed on: `(x, y)`, `(x, y, sample_weight)`, or a
            `tf.data.Dataset` or `keras.utils.PyDataset` of them. Validation data, or the
            training data.
        epochs: Number of last epochs in which orders settle.
        near: Largest distance of an order from the end at which it may settle, at most 1/2.
        tolerance: Largest rise of the loss, relative to the loss.
        patience: Number of epochs without a fall of the loss by 5 % after which a trial ends.
        batch_size: Batch size of the evaluation on arrays; None for Keras's default.

    Raises:
        ValueError: If an argument is invalid or, when training starts, if the model is not
            built or has no layer that learns orders.

    Example:

    >>> import keras, numpy as np
    >>> from keras_addmul.callbacks import SettleOrders
    >>> from keras_addmul.layers import AddMulDense
    >>> x = np.random.default_rng(0).uniform(0.5, 2.0, (256, 2)).astype("float32")
    >>> y = x[:, :1] * x[:, 1:]
    >>> layer = AddMulDense(1, kernel_initializer="ones",
    ...                     order_initializer=keras.initializers.Constant(0.9))
    >>> model = keras.Sequential([keras.Input((2,)), layer])
    >>> model.compile(keras.optimizers.Adam(0.01), "mse")
    >>> _ = model.fit(x, y, epochs=2, verbose=0, callbacks=[SettleOrders((x, y), epochs=2)])
    >>> layer.order.numpy()
    array([1.], dtype=float32)
    """

    def __init__(
        self,
        data: Any,
        epochs: int = 10,
        near: float = 0.25,
        tolerance: float = 0.01,
        patience: int = 2,
        batch_size: int | None = None,
    ) -> None:
        super().__init__()
        self.data: Any = _checked(data)
        self.epochs: int = check_positive_integer("epochs", epochs)
        self.near: float = check_number("near", near, 0.0)
        if self.near > 0.5:
            raise ValueError(f"Argument `near` must be at most 0.5. Received: {near!r}")
        self.tolerance: float = check_number("tolerance", tolerance, 0.0, strict=False)
        self.patience: int = check_positive_integer("patience", patience)
        self.batch_size: int | None = check_positive_integer("batch_size", batch_size, True)
        self.settled: int = 0
        self._trial: _Trial | None = None
        self._refused: dict[tuple[int, int], int] = {}

    def on_train_begin(self, logs: Any = None) -> None:
        if not self.model.built:
            raise ValueError(
                "SettleOrders needs a model that is built before it is trained: give it a "
                f"`keras.Input`, or call it once. Received: {self.model.name!r}"
            )
        variables = variables_of(self.model)
        if not variables:
            raise ValueError(
                "SettleOrders needs a model with a layer that learns orders, such as "
                f"`AddMulDense`. Received: {self.model.name!r}, which has none"
            )
        for variable in variables:
            held(variable)
        # A training step that was compiled before does not know the new constraints.
        self.model.make_train_function(force=True)
        self._trial, self._refused = None, {}
        self._count()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        last = self.params["epochs"] - 1
        if epoch > last - self.epochs:
            self._judge(end=epoch == last)
            if self._trial is None:
                self._settle(last - epoch)
            self._count()
        if logs is not None:
            logs["settled_orders"] = self.settled

    def on_train_end(self, logs: Any = None) -> None:
        self._judge(end=True)  # where training stopped during a trial
        self._count()

    def get_config(self) -> Config:
        """Returns the arguments of the constructor but the data."""
        names = ("epochs", "near", "tolerance", "patience", "batch_size")
        return {name: getattr(self, name) for name in names}

    def _settle(self, left: int) -> None:
        """Settles what costs nothing, and begins a trial with the rest if epochs are left."""
        open_ones = [
            one for one in candidates_of(self.model, self.near) if self._refused.get(one.key, 2) > 1
        ]
        if not open_ones:
            return
        limit = self._limit()
        met = self._met()
        rest = self._accept(open_ones, limit, met)
        if rest and left:
            size = min(self._refused.get(one.key, len(rest)) for one in rest)
            group = rest[:size]
            self._trial = _Trial(self.model, group, min(limit, self._limit()))
            settle(group, met, keep=True)

    def _accept(self, group: list[Candidate], limit: float, met: Any) -> list[Candidate]:
        """Settles those of a group that keep the loss within the limit; returns the others.

        A few are taken one by one: together, one that lowers the loss could hide one that
        raises it.
        """
        if len(group) == 1 or len(group) > _ONE_BY_ONE:
            before = _Trial(self.model, group, limit, weights=False)
            for keep in (False, True) if any(one.end == 0.0 for one in group) else (False,):
                settle(group, met, keep)
                if self._loss() <= limit:
                    return []
                before.undo()
            if len(group) == 1:
                return group
        rest = []
        half = len(group) // 2
        for part in (group[:half], group[half:]):
            rest += self._accept(part, min(limit, self._limit()), met) if part else []
        return rest

    def _limit(self) -> float:
        loss = self._loss()
        return loss + self.tolerance * abs(loss)

    def _judge(self, end: bool) -> None:
        """Ends a trial that succeeded, or that has had its epochs."""
        trial = self._trial
        if trial is None:
            return
        loss = self._loss()
        if loss <= trial.limit:
            self._trial = None
        elif trial.is_over(loss, self.patience) or end:
            trial.undo()
            self._trial = None
            # The size of the next group that each of them is tried in; 0 for no more.
            self._refused.update((one.key, len(trial.group) // 2) for one in trial.group)

    def _loss(self) -> float:
        """The loss on the data, without the penalties of this package."""
        penalties = {
            id(p): p
            for v in self.model.trainable_variables
            if isinstance(p := getattr(v, "regularizer", None), Penalty)
        }
        scales = [float(p.scale) for p in penalties.values()]
        for p in penalties.values():
            p.scale.assign(0.0)
        try:
            given = self.data if isinstance(self.data, tuple) else (self.data,)
            names = dict(zip(("x", "y", "sample_weight"), given, strict=False))
            found = self.model.evaluate(
                **names, batch_size=self.batch_size, verbose=0, return_dict=True
            )
        finally:
            for p, scale in zip(penalties.values(), scales, strict=True):
                p.scale.assign(scale)
        loss = float(found["loss"])
        return loss if np.isfinite(loss) else np.inf

    def _met(self) -> dict[int, Met] | None:
        """What meets the layers, or None where the model does not let us see it."""
        if isinstance(self.data, tuple):
            x = self.data[0]
            count = len(keras.tree.flatten(x)[0])
            size = self.batch_size or 1024
            rows = (
                keras.tree.map_structure(lambda t, at=at: t[at : at + size], x)
                for at in range(0, count, size)
            )
        else:
            rows = (batch[0] for batch in _batches(self.data))
        return met_by_layers(self.model, rows)

    def _count(self) -> None:
        self.settled = sum(
            int(np.sum(np.asarray(held(v).mask) > 0.5))
            for v in variables_of(self.model)
            if v.name != "parity"
        )


class _Trial:
    """Candidates on trial, and what everything was before it."""

    def __init__(self, model, group, limit, weights=True):
        self.group, self.limit = group, limit
        self.lowest, self.epochs = np.inf, 0
        orders = variables_of(model)
        self.masks = [(held(v).mask, np.asarray(held(v).mask)) for v in orders]
        if weights:
            # The count of the steps goes on: schedules depend on it.
            steps = model.optimizer.iterations
            kept = [*model.weights, *(v for v in model.optimizer.variables if v is not steps)]
        else:  # settling changes nothing but the layers themselves
            layers = {id(one.layer): one.layer for one in group}.values()
            kept = [v for layer in layers for v in layer.weights]
        self.values = [(v, np.asarray(v)) for v in kept]

    def is_over(self, loss, patience):
        """Counts the epochs since the loss fell for the last time."""
        falls = loss < _STILL_FALLS * self.lowest
        self.lowest, self.epochs = (loss, 0) if falls else (self.lowest, self.epochs + 1)
        return self.epochs >= patience

    def undo(self):
        for variable, value in [*self.values, *self.masks]:
            variable.assign(value)


def _batches(data):
    """The batches of a dataset."""
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        return (data[i] for i in range(len(data)))
    return iter(data)


def _checked(data):
    dataset = hasattr(data, "element_spec") or isinstance(data, keras.utils.PyDataset)
    pair = isinstance(data, (tuple, list)) and len(data) in (2, 3)
    if not dataset and not pair:
        raise ValueError(
            "Argument `data` must be (x, y), (x, y, sample_weight) or a dataset of them. "
            f"Received: {type(data).__name__}"
        )
    return data if dataset else tuple(data)
