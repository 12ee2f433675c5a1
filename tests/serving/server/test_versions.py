"""Versions come, go and break while requests are answered; batches share nothing but time."""

import concurrent.futures
import shutil

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.serving import export, rollback
from keras_addmul.serving.server.loaded_model import LoadedModel
from keras_addmul.serving.server.refusals import Refusal
from keras_addmul.serving.server.routes import application
from keras_addmul.serving.server.settings import Settings
from tests.serving import models
from tests.serving.server.asking import got, posted
from tests.serving.server.conftest import started

ROW = {"instances": [[0.5, 0.25, 1.0]]}


def answer_of(app):
    status, _, answer = posted(app, "/v1/models/m:predict", ROW)
    assert status == 200, answer
    return np.array(answer["predictions"])


def test_new_broken_and_withdrawn_versions_never_leave_a_request_without_answer(tmp_path):
    path = tmp_path / "m"
    export(models.dense(), path, keep=5, jit=False)
    service = started(tmp_path, versions=1)
    app, scan = application(service), service.repository.scan
    first = answer_of(app)

    # A version that TensorFlow cannot load, and one whose weights are cut off.
    shutil.copytree(path / "1", path / "2")
    (path / "2" / "saved_model.pb").write_bytes(b"broken")
    shutil.copytree(path / "1", path / "3")
    (weights,) = (path / "3" / "variables").glob("*.data-*")
    weights.write_bytes(weights.read_bytes()[:-1])
    scan()
    np.testing.assert_array_equal(answer_of(app), first)
    states = {e["version"]: e for e in got(app, "/v1/models/m")[1]["model_version_status"]}
    assert [states[n]["state"] for n in "123"] == ["AVAILABLE", "END", "END"]
    assert "weights that were exported" in states["3"]["status"]["error_message"]
    assert service.ready

    # It is repaired: the next scan sees that it has changed.
    model = models.dense()
    model.set_weights([2 * weight for weight in model.get_weights()])
    shutil.rmtree(path / "3")
    assert export(model, path, keep=5, jit=False).name == "3"
    scan()
    second = answer_of(app)
    assert np.all(second != first)
    rollback(path)
    scan()
    np.testing.assert_array_equal(answer_of(app), first)

    # While nothing is there, what was loaded goes on; a model that is removed does not.
    for number in "12":
        (path / number).rename(path / f".{number}")
    scan()
    np.testing.assert_array_equal(answer_of(app), first)
    shutil.rmtree(path)
    scan()
    assert posted(app, "/v1/models/m:predict", ROW)[0] == 404


def test_one_savedmodel_is_version_1_and_may_be_replaced(tmp_path):
    path = export(models.dense(), tmp_path / "alone", jit=False)
    service = started(path)
    app = application(service)
    assert list(service.repository.models) == ["alone"]
    before = service.repository.get("alone")
    service.repository.scan()
    assert service.repository.get("alone") is before
    export(models.two_outputs(), path, jit=False)
    service.repository.scan()
    status, _, answer = posted(app, "/v1/models/alone:predict", ROW)
    assert status == 200
    assert set(answer["predictions"][0]) == {"first", "second"}


def test_nothing_is_promised_before_the_models_are_loaded(tmp_path):
    service = started(tmp_path)
    service.repository.searched = False
    app = application(service)
    assert got(app, "/v2/health/live")[0] == 200
    assert got(app, "/v2/health/ready")[0] == 503
    status, headers, _ = posted(app, "/v1/models/m:predict", ROW)
    assert (status, headers["retry-after"]) == (503, "1")


@pytest.fixture(scope="module")
def loaded(folder):
    model = LoadedModel(folder / "small" / "2", 2, Settings(max_batch=4))
    model.warm()
    return model


def test_requests_that_share_a_batch_get_their_own_rows(loaded, rng):
    parts = [rng.uniform(0, 2, (1 + i % 6, 2)).astype("float32") for i in range(120)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda x: loaded.run("serving_default", {"x": x}), parts))
    direct = loaded.endpoints["serve"].function
    for x, answer in zip(parts, answers, strict=True):
        wanted = direct(x=tf.constant(x))["output_0"]
        np.testing.assert_allclose(answer["output_0"], wanted, rtol=1e-5, atol=1e-6)


def test_a_row_on_which_the_model_fails_fails_alone(tmp_path):
    """Rows of -1 make this model raise; others in the same batch are answered."""

    class Checked(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 1), tf.float32, name="x")])
        def serve(self, x):
            with tf.control_dependencies([tf.debugging.assert_non_negative(x, "below zero")]):
                return {"y": 2 * x}

    module = Checked()
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.serve})
    model = LoadedModel(tmp_path / "m", 1, Settings(max_batch=8, batch_wait=0.05))
    model.warm()

    def ask(value):
        try:
            return model.run("serving_default", {"x": np.array([[value]], "float32")})["y"][0, 0]
        except Refusal as refusal:
            return refusal

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, [1.0, 2.0, -1.0, 3.0, 4.0, 5.0, 6.0, 7.0]))
    refusal = answers.pop(2)
    assert answers == [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]
    assert refusal.status == 400
    assert "below zero" in refusal.message


def test_full_queue_is_503_with_the_time_to_come_back(loaded, monkeypatch):
    def full(*tensors):
        raise tf.errors.UnavailableError(None, None, "the queue is full")

    monkeypatch.setattr(loaded.endpoints["serving_default"], "together", full)
    with pytest.raises(Refusal, match="too many requests") as caught:
        loaded.run("serving_default", {"x": np.ones((1, 2), "float32")})
    assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "1"})


def test_every_rung_is_run_before_a_version_is_ready(folder, monkeypatch):
    sizes = []
    model = LoadedModel(folder / "small" / "2", 2, Settings(max_batch=6, jit=False))
    for endpoint in model.endpoints.values():
        if endpoint.together is not None:
            endpoint.together = lambda x: sizes.append(len(x))
    model.warm()
    assert sorted(set(sizes)) == [1, 2, 4, 6]
