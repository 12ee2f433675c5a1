"""What a well-formed request is answered, by both protocols."""

import json

import numpy as np
import pytest
import tensorflow as tf

from keras_addmul.serving.server.routes import application
from keras_addmul.serving.server.service import Service
from tests.serving.server.asking import asked, got, posted

ROWS = [[1.0, 0.5], [2.0, -0.5]]


@pytest.fixture(scope="module")
def want(folder):
    """What each version of `small` answers."""
    loaded = {n: tf.saved_model.load(str(folder / "small" / n)) for n in "12"}
    return {n: model.serve(tf.constant(ROWS)).numpy() for n, model in loaded.items()}


def assert_close(answer, wanted):
    np.testing.assert_allclose(np.array(answer), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("place", "version"), [("", "2"), ("/versions/1", "1"), ("/labels/stable", "1")]
)
def test_rows_and_columns_are_answered_by_the_version_that_is_asked(app, want, place, version):
    path = f"/v1/models/small{place}:predict"
    for name in ("serving_default", "serve"):
        by_rows = {"signature_name": name, "instances": ROWS}
        assert_close(posted(app, path, by_rows)[2]["predictions"], want[version])
    assert_close(posted(app, path, {"inputs": ROWS})[2]["outputs"], want[version])
    assert_close(posted(app, path, {"inputs": {"x": ROWS}})[2]["outputs"], want[version])
    named = {"instances": [{"x": row} for row in ROWS]}
    assert_close(posted(app, path, named)[2]["predictions"], want[version])


def test_several_inputs_are_named_in_each_row_or_in_columns(app, folder):
    speed, mass = np.ones((2, 3)), np.full((2, 4), 0.5)
    model = tf.saved_model.load(str(folder / "pair"))
    wanted = model.serve([tf.constant(speed, tf.float32), tf.constant(mass, tf.float32)])
    rows = [{"speed": s, "mass": m} for s, m in zip(speed.tolist(), mass.tolist(), strict=True)]
    status, _, answer = posted(app, "/v1/models/pair:predict", {"instances": rows})
    assert status == 200
    assert_close(answer["predictions"], wanted)
    columns = {"speed": speed.tolist(), "mass": mass.tolist()}
    assert_close(posted(app, "/v1/models/pair:predict", {"inputs": columns})[2]["outputs"], wanted)


def test_noise_is_drawn_from_the_seed_of_the_request(app):
    def sample(seed):
        inputs = {"x": [[4.0, 4.0]], "seed": seed}
        body = {"signature_name": "sample", "inputs": inputs}
        return posted(app, "/v1/models/small:predict", body)[2]["outputs"]

    assert sample([1, 2]) == sample([1, 2]) != sample([1, 3])


def test_states_and_signatures_are_those_of_tensorflow_serving(app):
    status, answer = got(app, "/v1/models/small")
    assert status == 200
    assert [entry["version"] for entry in answer["model_version_status"]] == ["2", "1"]
    assert answer["model_version_status"][0] == {
        "version": "2",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    assert len(got(app, "/v1/models/small/versions/1")[1]["model_version_status"]) == 1
    told = got(app, "/v1/models/small/labels/stable/metadata")[1]
    assert told["model_spec"] == {"name": "small", "signature_name": "", "version": "1"}
    signatures = told["metadata"]["signature_def"]["signature_def"]
    assert signatures["serving_default"]["inputs"]["x"] == {
        "dtype": "DT_FLOAT",
        "tensor_shape": {
            "dim": [{"size": "-1", "name": ""}, {"size": "2", "name": ""}],
            "unknown_rank": False,
        },
        "name": "x",
    }


def tensor(values, **changes):
    array = np.array(values, "float32")
    entry = {"name": "x", "datatype": "FP32", "shape": [*array.shape]}
    return {**entry, "data": array.tolist(), **changes}


@pytest.mark.parametrize("place", ["", "/versions/1"])
def test_open_inference_answers_the_same(app, want, place):
    path, version = f"/v2/models/small{place}/infer", place[-1:] or "2"
    for data in (ROWS, np.ravel(ROWS).tolist()):
        body = {"id": "7", "inputs": [tensor(ROWS, data=data)]}
        status, _, answer = posted(app, path, body)
        assert status == 200
        (output,) = answer.pop("outputs")
        assert answer == {"model_name": "small", "model_version": version, "id": "7"}
        assert (output["name"], output["datatype"]) == ("output_0", "FP32")
        assert_close(np.reshape(output["data"], output["shape"]), want[version])


def test_tensors_of_bytes_go_both_ways(app, want):
    array = np.array(ROWS, "float32")
    entry = tensor(ROWS, parameters={"binary_data_size": array.nbytes})
    del entry["data"]
    head = json.dumps(
        {
            "inputs": [entry],
            "outputs": [{"name": "output_0", "parameters": {"binary_data": True}}],
        }
    ).encode()
    length = {"Inference-Header-Content-Length": str(len(head))}
    status, told, answer = asked(
        app, "POST", "/v2/models/small/infer", head + array.tobytes(), length
    )
    assert status == 200
    size = int(told["inference-header-content-length"])
    (output,) = json.loads(answer[:size])["outputs"]
    assert output["parameters"]["binary_data_size"] == len(answer) - size
    assert_close(np.frombuffer(answer[size:], "float32").reshape(output["shape"]), want["2"])


def test_health_and_metadata_of_open_inference(app):
    assert got(app, "/v2/health/live") == (200, {"live": True})
    assert got(app, "/v2/health/ready") == (200, {"ready": True})
    assert got(app, "/v2/models/small/ready")[0] == 200
    assert "binary_tensor_data" in got(app, "/v2")[1]["extensions"]
    told = got(app, "/v2/models/small")[1]
    assert told["versions"] == ["1", "2"]
    assert told["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]


def test_inputs_outside_the_training_range_are_answered_and_marked(service):
    app = application(Service(service.repository, service.settings))
    for values, marked in ([[4.0, 1.0]], None), ([[4.1, -2.0]], "a, b"), ([[1.0, 2.0]], "b"):
        status, told, _ = posted(app, "/v1/models/small:predict", {"instances": values})
        assert status == 200
        assert told.get("x-outside-training-range") == marked
    status, _, figures = asked(app, "GET", "/metrics")
    assert status == 200
    assert b'outside_training_range_total{feature="b",model="small"} 2.0' in figures
    assert b'requests_total{model="small",protocol="v1",status="200"}' in figures


def test_openapi_describes_every_address_and_its_examples_are_answered(app):
    told = got(app, "/openapi.json")[1]
    for path, entry in told["paths"].items():
        filled = path.replace("{version}", "2").replace("{label}", "stable")
        if "get" in entry and not ("label" in path and "pair" in path):
            filled = filled.replace("pair/versions/2", "pair/versions/1")
            assert asked(app, "GET", filled)[0] == 200, path
        if "post" in entry and "{" not in path:
            schema = entry["post"]["requestBody"]["content"]["application/json"]["schema"]
            assert posted(app, path, schema["example"])[0] == 200, path


def test_pages_hold_nothing_from_elsewhere(app):
    for path in ("/", "/docs"):
        status, told, page = asked(app, "GET", path)
        assert (status, told["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"src=" not in page
        assert b"http" not in page.replace(b"http-equiv", b"")
