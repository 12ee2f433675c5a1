"""The schedule: the scale of each step, in a compiled training step too."""

import keras
import numpy as np
import pytest

from keras_addmul.callbacks import RegularizerSchedule
from keras_addmul.layers import NAU, NMU
from keras_addmul.layers.regularizers import AwayFromZero, OrdersToEnds, WeightsToSigns

X, Y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")


def model_of(*regularizers):
    layers = [NAU(2, kernel_regularizer=r) for r in regularizers]
    model = keras.Sequential([keras.Input((2,)), *layers, NMU(1)])
    # No gradient but that of the penalty moves the weights.
    model.compile(keras.optimizers.SGD(0.1), lambda y, p: 0.0 * p, jit_compile=True)
    return model


class Recorder(keras.callbacks.Callback):
    """Keeps the scale at, and the weights after, each step."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.scales, self.weights = layer, [], []

    def on_train_batch_end(self, batch, logs=None):
        self.scales.append(float(self.layer.kernel_regularizer.scale))
        self.weights.append(self.layer.kernel.numpy())


def test_scale_is_zero_then_grows_linearly_then_is_one():
    model = model_of(WeightsToSigns(0.5))
    recorder = Recorder(model.layers[0])
    callbacks = [RegularizerSchedule((2, 6)), recorder]
    model.fit(X, Y, batch_size=2, epochs=2, verbose=0, callbacks=callbacks)
    assert recorder.scales == [0.0, 0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    # A second fit goes on from the optimizer's step.
    model.fit(X[:2], Y[:2], batch_size=2, verbose=0, callbacks=callbacks)
    assert recorder.scales[-1] == 1.0


def test_a_compiled_step_sees_the_scale_change():
    model = model_of(WeightsToSigns(0.5))
    layer = model.layers[0]
    layer.kernel.assign([[0.25, 0.25], [0.25, 0.25]])
    recorder = Recorder(layer)
    schedule = RegularizerSchedule(lambda step: [0.0, 1.0, 2.0][step])
    model.fit(X[:6], Y[:6], batch_size=2, verbose=0, callbacks=[schedule, recorder])
    # The gradient is that of 0.5 * mean(w) at weights between 0 and 1/2, the rate 0.1.
    slope = 0.1 * 0.5 / 4.0
    moved = np.diff([np.full((2, 2), 0.25), *recorder.weights], axis=0)
    np.testing.assert_allclose(moved[:, 0, 0], [0.0, -slope, -2.0 * slope], atol=1e-6)


def test_every_penalty_follows_and_those_of_keras_stay():
    scheduled = [WeightsToSigns(0.1), OrdersToEnds(0.1), AwayFromZero(0.1)]
    model = model_of(*scheduled, keras.regularizers.L2(0.1))
    model.fit(X, Y, verbose=0, callbacks=[RegularizerSchedule(lambda step: 0.5)])
    assert [float(r.scale) for r in scheduled] == [0.5, 0.5, 0.5]


def test_penalties_are_what_they_were_where_nothing_schedules_them():
    weights = np.array([[-1.5, -0.75, 0.25]], "float32")
    assert float(WeightsToSigns(2.0)(weights)) == pytest.approx(2.0 * (0.5 + 0.25 + 0.25) / 3)
    assert float(AwayFromZero(2.0, 1.0)(weights)) == pytest.approx(2.0 * (0.25 + 0.75) / 3)
    assert WeightsToSigns(2.0)(weights.astype("float64")).dtype == "float64"


def test_a_model_without_such_a_penalty_is_refused():
    model = model_of(keras.regularizers.L1(0.1))
    with pytest.raises(ValueError, match="a penalty of.*Received regularizers: .*'L1'"):
        model.fit(X, Y, verbose=0, callbacks=[RegularizerSchedule((0, 1))])


def test_a_model_that_is_not_built_is_refused():
    model = keras.Sequential([NAU(1, kernel_regularizer=WeightsToSigns())])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="needs a model that is built.*`keras.Input`"):
        model.fit(X, Y, verbose=0, callbacks=[RegularizerSchedule((0, 1))])


@pytest.mark.parametrize("steps", [(3, 3), (4, 2), (1, 2, 3), 5])
def test_bad_steps_are_refused(steps):
    with pytest.raises(ValueError, match="`schedule` must be two steps, first < last"):
        RegularizerSchedule(steps)
