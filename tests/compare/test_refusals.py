"""Arguments and data of a comparison that are refused before anything is trained."""

import keras
import numpy as np
import pytest

from keras_addmul.compare import compare, judge
from tests.compare import arms_for_tests as arms
from tests.compare.arms_for_tests import X, Y

OPTIONS = {"seeds": 6, "epochs": 2, "workers": 0, "verbose": 0}


@pytest.mark.parametrize(
    ("models", "options", "error", "message"),
    [
        ({"a": arms.dense}, {}, ValueError, r"`models` must be a dictionary of at least two.*'a'"),
        ({"a": 1, "b": 2}, {}, TypeError, "`models` must hold functions.*Received: int as 'a'"),
        ({"a": arms.dense, "b": lambda: 0}, {"workers": 1}, ValueError, "top level of a module"),
        ({"a": arms.dense, "b": dict}, {}, TypeError, "`fit` and `predict`.*dict from 'b'"),
        (None, {"seeds": 0}, ValueError, "`seeds` must be a positive integer"),
        (None, {"seeds": [1, 1]}, ValueError, r"`seeds` must be .*Received: \[1, 1\]"),
        (None, {"epochs": 0}, ValueError, "`epochs`"),
        (None, {"budget": "money"}, ValueError, "`budget`"),
        (None, {"held_out": 1.0}, ValueError, "`held_out` must be between 0 and 1"),
        (None, {"folds": 1}, ValueError, "`folds` must be at least 2"),
        (None, {"folds": 97}, ValueError, "`folds` .* at most the number of rows, 96"),
        (None, {"seeds": [0.5, 1.5]}, ValueError, r"different integers.*Received: \[0.5, 1.5\]"),
        (None, {"seeds": [2**32]}, ValueError, r"`seeds` must hold integers below 2\*\*32"),
        (None, {"workers": -1}, ValueError, "`workers` must be a number of processes"),
        (None, {"executor": "dask"}, TypeError, "`executor` must be an executor"),
        (None, {"jit": "no"}, ValueError, "`jit` must be True or False. Received: 'no'"),
        (None, {"optimizer": "nonsense"}, ValueError, "`optimizer` must be .*'nonsense'"),
        (
            None,
            {"metric": lambda y, z: y, "higher_is_better": False},
            ValueError,
            "`metric` must be .* from its config",
        ),
        ({1: arms.dense, "1": arms.tanh}, {}, ValueError, "names that differ as text.*1, '1'"),
        ({"a": keras.layers.Dense(1), "b": arms.tanh}, {}, TypeError, "Received: Dense as 'a'"),
        ({"a": arms.dense, "b": arms.wide}, {}, ValueError, r"of shape \(rows, 2\).*'b'"),
        (None, {"metric": "nonsense"}, ValueError, "`metric` must be .*'nonsense'"),
        (None, {"loss": "nonsense"}, ValueError, "nonsense"),
        (None, {"loss": "sparse_categorical_crossentropy"}, ValueError, "outputs the loss can"),
    ],
)
def test_wrong_arguments_are_refused_before_any_training(models, options, error, message):
    models = models or {"a": arms.dense, "b": arms.tanh}
    with pytest.raises(error, match=message):
        compare(models, (X, Y), **{**OPTIONS, **options})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (X, "`data` must be a pair"),
        ((X, Y[:5]), "with as many rows"),
        ((X, np.where(Y > 1.0, np.nan, Y)), "finite.*nan or inf in y"),
        ((X.astype(str), Y), "arrays of numbers"),
        (([[1.0], [1.0, 2.0]] * 8, Y), "arrays of numbers. Received: x, with"),
        ((X.astype("float64") * 1e300, Y), "numbers that float32 holds.*larger ones in x"),
    ],
)
def test_wrong_data_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        compare({"a": arms.dense, "b": arms.tanh}, data, **OPTIONS)


def test_first_and_last_class_are_tried_before_any_training():
    models = {"a": arms.classifier, "b": arms.classifier}
    with pytest.raises(ValueError, match="outputs the loss can compare"):
        compare(models, (X, np.arange(96) % 3), loss="sparse_categorical_crossentropy", **OPTIONS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 5}, "`alpha` must be between 0 and 1. Received: 5"),
        ({"margin": -1}, "`margin` must be a number of at least 0"),
        ({"failed": {"a": [False] * 6}}, "`failed` must hold one truth for each score"),
        ({"scores": {"a": ["x"] * 6, "b": [1.0] * 6}}, "`scores` must hold a number .* as 'a'"),
    ],
)
def test_wrong_arguments_of_judge_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        judge(**{"scores": {"a": [1.0] * 6, "b": [2.0] * 6}, **options})
