"""One small noisy model, exported once, and the application that serves it."""

import keras
import numpy as np
import pytest

from keras_addmul.layers import NoisyTanh
from keras_addmul.serving import export
from keras_addmul.serving.server.repository import Repository
from keras_addmul.serving.server.routes import application
from keras_addmul.serving.server.service import Service
from keras_addmul.serving.server.settings import Settings
from tests.serving import models


def small(units=2):
    """A model of the inputs a and b, with noise."""
    keras.utils.set_random_seed(units)
    noisy = NoisyTanh(p_initializer="ones", alpha=1.2)
    return keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(units), noisy])


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Two models: `small`, with two versions and a label, and `pair`, of two inputs."""
    place = tmp_path_factory.mktemp("models")
    seen = np.array([[0.0, -1.0], [4.0, 1.0]])
    about = {"data": seen, "names": ["a", "b"], "units": ["m", "s"], "formula": "tanh(a + b)"}
    export(small(2), place / "small", keep=2, jit=False, **about)
    export(small(3), place / "small", keep=2, jit=True, **about)
    (place / "small" / "labels.json").write_text('{"stable": 1}')
    export(models.two_inputs(), place / "pair", jit=False)
    return place


def started(folder, **settings):
    """The service of a directory, loaded."""
    chosen = Settings(**{"max_batch": 4, **settings})
    repository = Repository(folder, chosen)
    repository.scan()
    return Service(repository, chosen)


@pytest.fixture(scope="session")
def service(folder):
    made = started(folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def app(service):
    return application(service)
