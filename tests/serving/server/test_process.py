"""The command as a process: real clients, a switch under load, signals, and a restart."""

import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import numpy as np
import pytest

from keras_addmul.serving import export, rollback
from tests.processes import python
from tests.serving import models

pytestmark = pytest.mark.slow

ROW = [[0.5, 0.25, 1.0]]


class Server:
    """The command, started on a port of its own."""

    def __init__(self, folder, port):
        command = [sys.executable, "-m", "keras_addmul", "serve", str(folder)]
        command += ["--port", str(port), "--poll", "0.1", "--max-batch", "8"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.address = f"http://127.0.0.1:{port}"
        self.lines = []
        while not (self.lines and "/v2/" in self.lines[-1] and "curl" in self.lines[-1]):
            self.lines.append(self.process.stdout.readline())
            assert self.lines[-1], self.process.communicate()

    def get(self, path):
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return json.load(answer)

    def predict(self):
        body = json.dumps({"instances": ROW}).encode()
        with urllib.request.urlopen(
            f"{self.address}/v1/models/m:predict", body, timeout=10
        ) as answer:
            return json.load(answer)["predictions"]

    def newest(self):
        return self.get("/v1/models/m")["model_version_status"][0]["version"]

    def wait_for(self, version):
        end = time.monotonic() + 30
        while self.newest() != version and time.monotonic() < end:
            time.sleep(0.05)
        assert self.newest() == version


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The directory of a model, and the port of a server."""
    folder = tmp_path_factory.mktemp("served")
    export(models.dense(), folder / "m", keep=9)
    return folder, free_port()


@pytest.fixture(scope="module")
def server(served):
    one = Server(*served)
    yield one
    if one.process.poll() is None:
        one.process.kill()
        one.process.communicate()


def test_the_two_lines_that_it_prints_answer(server):
    curls = [line for line in server.lines if line.startswith("curl")]
    assert len(curls) == 2
    keys = []
    for line in curls:
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
        keys.append(set(json.loads(done.stdout)))
    assert keys == [{"predictions"}, {"model_name", "model_version", "outputs"}]


def test_only_this_machine_is_listened_to(server):
    assert server.lines[0] == f"listening at {server.address}\n"
    port = server.address.rpartition(":")[2]
    done = python("-m", "keras_addmul", "serve", ".", "--port", port)
    assert done.returncode == 2
    assert "must be a free address of this machine" in done.stderr


def test_triton_s_client_understands_it(server):
    http = pytest.importorskip("tritonclient.http")
    client = http.InferenceServerClient(server.address.removeprefix("http://"))
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("m")
    (told,) = client.get_model_metadata("m")["inputs"]
    for as_bytes in (False, True):
        entry = http.InferInput(told["name"], [1, 3], told["datatype"])
        entry.set_data_from_numpy(np.array(ROW, "float32"), binary_data=as_bytes)
        wanted = [http.InferRequestedOutput("output_0", binary_data=as_bytes)]
        answer = client.infer("m", [entry], outputs=wanted).as_numpy("output_0")
        np.testing.assert_allclose(answer, server.predict(), rtol=1e-6)
    client.close()


def test_no_request_fails_while_versions_switch_break_and_return(served, server):
    folder, _ = served
    stop, failures, counts = [], [], []

    def client():
        asked = 0
        while not stop:
            try:
                server.predict()
            except (OSError, urllib.error.URLError) as error:
                failures.append(error)
            asked += 1
        counts.append(asked)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(client)
        try:
            export(models.dense(), folder / "m", keep=9)
            server.wait_for("2")
            broken = folder / "m" / "3"
            broken.mkdir()
            (broken / "saved_model.pb").write_bytes(b"broken")
            server.wait_for("3")
            states = server.get("/v1/models/m")["model_version_status"]
            assert [state["state"] for state in states[:2]] == ["END", "AVAILABLE"]
            rollback(folder / "m")
            rollback(folder / "m")
            server.wait_for("1")
        finally:
            stop.append(True)
    assert not failures
    assert sum(counts) > 50


def test_killed_and_started_again_it_answers_the_same(served, server):
    before = server.predict()
    server.process.send_signal(signal.SIGKILL)
    server.process.communicate()
    again = Server(*served)
    server.process, server.lines = again.process, again.lines
    np.testing.assert_allclose(server.predict(), before, rtol=1e-6)


def test_sigterm_ends_readiness_answers_what_is_asked_and_exits_with_0(server):
    cut, answered = [], []

    def client():
        for _ in range(100_000):
            try:
                server.predict()
                answered.append(1)
            except urllib.error.URLError as error:
                if isinstance(error.reason, ConnectionRefusedError):
                    return
                cut.append(error)
                return
            except OSError as error:
                cut.append(error)
                return

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(client)
        time.sleep(0.3)
        start = time.monotonic()
        os.kill(server.process.pid, signal.SIGTERM)
        _, err = server.process.communicate(timeout=20)
        seconds = time.monotonic() - start
    assert server.process.returncode == 0, err
    assert seconds < 5
    assert len(answered) > 10
    # A connection that the system accepted, and the server never saw, is reset.
    assert all(isinstance(getattr(e, "reason", e), ConnectionResetError) for e in cut), cut
    assert "Traceback" not in err
