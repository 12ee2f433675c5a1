"""Whatever a client sends, it is told what was expected: a 4xx, never a 500, never a hang."""

import json
import random

import numpy as np
import pytest

from keras_addmul.serving.server.routes import application
from keras_addmul.serving.server.service import Service
from keras_addmul.serving.server.settings import Settings
from tests.serving.server.asking import NEVER, asked, posted

V1, V2 = "/v1/models/small:predict", "/v2/models/small/infer"


def told(app, path, content, status=400, **headers):
    received, _, answer = posted(app, path, content, **headers)
    assert received == status, answer
    assert set(answer) == {"error"}
    return answer["error"]


# The body of :predict, and what the message must hold.
WRONG_V1 = [
    (b"{", "must be JSON"),
    (b'{"instances": [[NaN, 1]]}', "must be JSON"),
    (b"\xff", "must be JSON"),
    (b"[" * 5000, "must be JSON"),
    (b"", "must be JSON"),
    (b"[]", "must be an object"),
    ({}, 'either "instances" .* or "inputs"'),
    ({"instances": [[1, 2]], "inputs": [[1, 2]]}, "either"),
    ({"instances": [[1, 2]], "extra": 1}, "Received: .*extra"),
    ({"instances": []}, "at least one row"),
    ({"instances": {"x": 1}}, "list of at least one row"),
    ({"instances": [[1, 2], [3]]}, r"'x' must be float32 of shape \(any, 2\).*not equally long"),
    ({"instances": [[1, 2, 3]]}, r"Received: shape \(1, 3\)"),
    ({"instances": [1, 2]}, "lists of depth 1"),
    ({"instances": [[[1, 2]]]}, "Received: a list"),
    ({"instances": [["1", 2]]}, "Received: a string"),
    ({"instances": [[None, 2]]}, "Received: null"),
    ({"instances": [[True, 2]]}, "Received: a boolean"),
    ({"instances": [[1e39, 2]]}, r"1e\+39 at \[0, 0\], which is not finite in this dtype"),
    ({"instances": [[10**400, 2]]}, "out of range|JSON"),
    ({"instances": [{"y": [1, 2]}]}, r"keys \['x'\]. Received: \['y'\]"),
    ({"instances": [{"x": [1, 2]}, [1, 2]]}, "something else"),
    ({"inputs": {"y": [[1, 2]]}}, r"keys \['x'\]. Received: \['y'\]"),
    ({"inputs": "x"}, "Received: a string|something else"),
    ({"instances": [[1, 2]], "signature_name": "predict"}, "one of .*serving_default"),
    ({"instances": [[1, 2]], "signature_name": ["serve"]}, "one of"),
    ({"instances": [[1, 2]], "signature_name": "sample"}, '"inputs" .columns'),
    ({"inputs": {"x": [[1, 2]], "seed": [1.5, 2]}, "signature_name": "sample"}, "no whole number"),
    ({"inputs": {"x": [[1, 2]], "seed": [2**40, 2]}, "signature_name": "sample"}, "out of range"),
]

GOOD = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}
WRONG_V2 = [
    ({}, 'list "inputs"'),
    ({"inputs": []}, r"\['x'\] must be given"),
    ({"inputs": [3]}, "one of the names"),
    ({"inputs": [GOOD, GOOD]}, "once"),
    ({"inputs": [{**GOOD, "name": "y"}]}, r"one of the names \['x'\].*Received: 'y'"),
    ({"inputs": [{**GOOD, "datatype": "FP64"}]}, "datatype FP32. Received: 'FP64'"),
    ({"inputs": [{**GOOD, "shape": [2]}]}, "say its shape"),
    ({"inputs": [{**GOOD, "shape": [-1, 2]}]}, "say its shape"),
    ({"inputs": [{**GOOD, "shape": "1x2"}]}, "say its shape"),
    ({"inputs": [{**GOOD, "shape": [2**30, 2**30]}]}, "as many values"),
    ({"inputs": [{**GOOD, "shape": [2, 1]}]}, r"Received: shape \(2, 1\)"),
    ({"inputs": [{**GOOD, "data": None}]}, "Received: null"),
    ({"inputs": [{**GOOD, "data": [1, 2, 3]}]}, "as many values. Received: 3"),
    ({"inputs": [{**GOOD, "data": [1, "a"]}]}, "Received: a string"),
    ({"inputs": [GOOD], "parameters": 3}, '"parameters" must be an object'),
    ({"inputs": [GOOD], "parameters": {"signature_name": "no"}}, "signature_name must be one of"),
    ({"inputs": [GOOD], "outputs": [{"name": "y"}]}, r"among \['output_0'\]. Received: 'y'"),
    ({"inputs": [GOOD], "outputs": 3}, "Outputs must be among"),
    ({"inputs": [{**GOOD, "parameters": {"binary_data_size": 8}}]}, "at most the 0 bytes"),
    ({"inputs": [{**GOOD, "parameters": {"binary_data_size": "8"}}]}, "at most the 0 bytes"),
]


@pytest.mark.parametrize(("content", "message"), WRONG_V1)
def test_wrong_rows_and_columns_are_told_what_was_expected(app, content, message):
    assert_found(message, told(app, V1, content))


@pytest.mark.parametrize(("content", "message"), WRONG_V2)
def test_wrong_tensors_are_told_what_was_expected(app, content, message):
    assert_found(message, told(app, V2, content))


def assert_found(pattern, text):
    with pytest.raises(ValueError, match=pattern):
        raise ValueError(text)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_bytes_are_checked_like_numbers(app, value):
    entry = {**GOOD, "parameters": {"binary_data_size": 8}}
    head = json.dumps({"inputs": [entry]}).encode()
    length = {"Inference-Header-Content-Length": str(len(head))}
    body = head + np.array([value, 1], "float32").tobytes()
    assert "not finite" in told(app, V2, body, **length)
    assert "at most the 7 bytes" in told(app, V2, body[:-1], **length)
    fine = head + np.ones(2, "float32").tobytes()
    assert "1 are left" in told(app, V2, fine + b"x", **length)
    assert "must be the length" in told(app, V2, b"{}", **{**length, next(iter(length)): "99"})


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "/v1/models/none:predict", 404, r"one of \['pair', 'small'\]. Received: 'none'"),
        ("POST", "/v1/models/small/versions/9:predict", 404, r"one of \[1, 2\]. Received: 9"),
        ("POST", "/v1/models/small/versions/x:predict", 404, r"one of \[1, 2\]. Received: x"),
        ("POST", "/v1/models/small/labels/x:predict", 404, r"one of \['stable'\]. Received: 'x'"),
        ("POST", "/v1/models/small:classify", 400, "must be :predict. Received: 'classify'"),
        ("GET", "/v1/models/none", 404, "one of"),
        ("GET", "/v2/models/none", 404, "one of"),
        ("POST", "/v2/models/small/versions/9/infer", 404, "one of"),
        ("GET", "/v2/models/small/versions/" + "9" * 5000, 404, "one of"),
        ("GET", "/nothing", 404, "/docs lists"),
        ("DELETE", "/v2", 405, "does not answer DELETE"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(app, method, path, status, message):
    received, _, answer = asked(app, method, path, b"{}")
    assert received == status
    assert_found(message, json.loads(answer)["error"])


def limited(service, **settings):
    """The application of the same models, with other limits."""
    return application(Service(service.repository, Settings(**{"max_batch": 4, **settings})))


def test_limits_on_bytes_rows_time_and_numbers_of_requests(service):
    rows = {"instances": [[1, 2]] * 9}
    app = limited(service, max_body=50)
    assert "at most 50 bytes" in told(app, V1, rows, 413)
    assert "at most 50 bytes" in told(app, V1, [b"x" * 30] * 2, 413)
    announced = {"Content-Length": "51"}
    assert "at most 50 bytes" in told(app, V1, [NEVER], 413, **announced)
    assert "at most 8 rows" in told(limited(service, max_rows=8), V1, rows, 413)
    slow = limited(service, body_seconds=0.05)
    assert "within 0.05 seconds" in told(slow, V1, [b"{", NEVER], 408)
    busy = limited(service, concurrency=0)
    status, headers, answer = posted(busy, V1, rows)
    assert (status, headers["retry-after"]) == (503, "1")
    assert "at most" in answer["error"]
    assert told(limited(service), V1, [b"{"], 400) is not None
    coded = {"Content-Encoding": "gzip"}
    assert "must not be compressed" in told(limited(service), V1, rows, 415, **coded)


def test_a_token_is_asked_for_by_all_but_pages_and_probes(service):
    app, rows = limited(service, token="secret"), {"instances": [[1, 2]]}
    assert "Authorization" in told(app, V1, rows, 401)
    assert told(app, V1, rows, 401, Authorization="Bearer wrong")
    assert posted(app, V1, rows, Authorization="Bearer secret")[0] == 200
    for path, status in (("/", 200), ("/v2/health/ready", 200), ("/metrics", 401), ("/v2", 401)):
        assert asked(app, "GET", path)[0] == status


def mutated(rng, value):
    """Changes something in a request."""
    odd = [None, True, "x", -1, 1e300, [], {}, [[]], 2**70, "serve", {"b64": "!"}, [1, [2]]]
    if rng.random() < 0.3 or not isinstance(value, (dict, list)) or not value:
        return rng.choice(odd)
    if isinstance(value, dict):
        key = rng.choice(sorted(value))
        if rng.random() < 0.2:
            return {k: v for k, v in value.items() if k != key}
        return {**value, rng.choice([key, "extra"]): mutated(rng, value[key])}
    place = rng.randrange(len(value))
    return [*value[:place], mutated(rng, value[place]), *value[place + rng.randrange(2) :]]


def test_thousand_changed_requests_are_answered_or_told_why_not(app):
    rng = random.Random(0)
    entry = {**GOOD, "parameters": {"binary_data_size": 8}}
    seeds = [
        (V1, {"instances": [[1, 2]], "signature_name": "serve"}),
        (V1, {"inputs": {"x": [[1, 2]], "seed": [1, 2]}, "signature_name": "sample"}),
        ("/v1/models/pair:predict", {"instances": [{"speed": [1] * 3, "mass": [1] * 4}]}),
        (V2, {"inputs": [GOOD], "outputs": [{"name": "output_0"}], "id": "1"}),
        (V2, {"inputs": [entry], "parameters": {"binary_data_output": True}}),
    ]
    statuses = set()
    for _ in range(1000):
        path, content = rng.choice(seeds)
        for _ in range(rng.randrange(1, 3)):
            content = mutated(rng, content)
        body = json.dumps(content).encode()
        if rng.random() < 0.2:
            cut = rng.randrange(len(body))
            body = body[:cut] + rng.randbytes(rng.randrange(9)) + body[cut + 1 :]
        headers = {}
        if rng.random() < 0.2:
            length = rng.choice([len(body), rng.randrange(len(body) + 2), "x", -1, 10**30])
            headers["Inference-Header-Content-Length"] = str(length)
        status, _, answer = asked(app, "POST", path, body, headers)
        assert status in (200, 400, 404), (status, path, body, answer)
        assert status == 200 or json.loads(answer)["error"]
        statuses.add(status)
    assert statuses >= {200, 400}
