"""The neuron, the two networks it is compared with, and the law read off the neuron."""

import dataclasses
import math

import keras
import numpy as np

from keras_addmul.demo.splitting import Units
from keras_addmul.layers import AddMulDense

__all__ = ["CONSTANT", "Arm", "Law", "arms", "read_law", "served"]

GRAVITY: float = 6.67430e-11  # m^3 / (kg s^2), CODATA 2018
CONSTANT: float = 2 * math.pi / math.sqrt(GRAVITY)


@dataclasses.dataclass
class Arm:
    """A model in the comparison, with its loss and the form of its inputs and outputs.

    Attributes:
        name: Name of the model in tables and plots.
        model: `keras.Model` from two inputs to one output.
        loss: Name of a Keras loss.
        log_inputs: Whether the model takes the logarithms of the inputs.
        log_outputs: Whether the model predicts the logarithm of the period.
    """

    name: str
    model: keras.Model
    loss: str
    log_inputs: bool = False
    log_outputs: bool = False

    def encode(self, x: np.ndarray) -> np.ndarray:
        """Returns the inputs in the form that the model takes."""
        return np.log(x) if self.log_inputs else x

    def encode_targets(self, y: np.ndarray) -> np.ndarray:
        """Returns the targets in the form that the model predicts."""
        return np.log(y) if self.log_outputs else y

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predicts the periods, in scaled units, for a float array of shape `(bodies, 2)`."""
        y = keras.ops.convert_to_numpy(self.model(self.encode(x), training=False))
        y = y[:, 0].astype("float64")
        return np.exp(y) if self.log_outputs else y


def arms() -> list[Arm]:
    """Builds the three untrained models, the neuron first.

    The networks have the loss and the form of output that did best on the held-out
    bodies, among those that were tried. The neuron's loss, on log(1 + period),
    keeps a year from outweighing a day. Without the 1, the loss has a second minimum
    at order 1/6, and the default start leads there.
    """
    return [
        Arm("AddMulDense", _neuron(), "mean_squared_logarithmic_error"),
        Arm("Dense", _network("dense"), "mean_squared_error", False, True),
        Arm("Dense, given logarithms", _network("logs"), "mean_squared_error", True, True),
    ]


def _neuron() -> keras.Model:
    """Builds `constant * (axis (+)_n mass)`, with learned order, exponents and constant."""
    constant = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer="ones",
        kernel_constraint="non_neg",
        name="constant",
    )
    operation = AddMulDense(1, use_bias=False, name="operation")
    return keras.Sequential([keras.Input((2,), name="axis_and_mass"), operation, constant])


def _network(name: str) -> keras.Model:
    hidden, output = keras.layers.Dense(16, "tanh"), keras.layers.Dense(1)
    return keras.Sequential([keras.Input((2,), name="axis_and_mass"), hidden, output], name=name)


@dataclasses.dataclass(frozen=True)
class Law:
    """The law that the neuron learned.

    If `order` is 1, it is `period = constant * axis ** axis_exponent * mass ** mass_exponent`.

    Attributes:
        order: Operation of the neuron: 0 adds, 1 multiplies.
        axis_exponent: Exponent of the semi-major axis; 3/2 in Kepler's law.
        mass_exponent: Exponent of the central mass; -1/2 in Kepler's law.
        constant: The constant in SI units, for exponents rounded to halves, which
            determine its unit.
    """

    order: float
    axis_exponent: float
    mass_exponent: float
    constant: float


def read_law(model: keras.Model, units: Units) -> Law:
    """Reads the `Law` off a trained neuron."""
    operation = model.get_layer("operation")
    order = float(operation.order.numpy()[0])
    axis, mass = (float(w) for w in operation.kernel.numpy()[:, 0])
    scale = float(model.get_layer("constant").kernel.numpy()[0, 0])
    halves = round(2 * axis) / 2, round(2 * mass) / 2
    constant = scale * units.period / units.axis ** halves[0] / units.mass ** halves[1]
    return Law(order, axis, mass, constant)


def served(model: keras.Model, units: Units) -> keras.Model:
    """Wraps the neuron in SI units: from metres and kilograms to seconds."""
    return keras.Sequential(
        [
            keras.Input((2,), name="metres_and_kilograms"),
            keras.layers.Rescaling([1 / units.axis, 1 / units.mass]),
            *model.layers,
            keras.layers.Rescaling(units.period),
        ],
        name="period_in_seconds",
    )
