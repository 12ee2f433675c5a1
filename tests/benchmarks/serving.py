"""Requests a second over loopback, beside bare calls of the same SavedModel from threads."""

import concurrent.futures
import http.client
import json
import subprocess
import sys
import tempfile
import time

import keras
import numpy as np
import tensorflow as tf

from keras_addmul import layers, serving

NAME = "serving"
TITLE = "Serving one row a request: throughput and latency in milliseconds"

CLIENTS = (1, 8, 64)


def run(seconds=3.0):
    with tempfile.TemporaryDirectory() as folder:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((2,), name="x"), layers.AddMulDense(1)])
        path = serving.export(model, f"{folder}/models/m", keep=1)
        loaded = tf.saved_model.load(str(path))
        child, port = started(f"{folder}/models")
        try:
            rows = []
            for clients in CLIENTS:
                # In turns, so that both meet the same load of the machine.
                rows.append(measured("bare call", clients, lambda: bare(loaded), seconds))
                for protocol in ("v1", "v2"):
                    asks = lambda protocol=protocol: http_client(port, protocol)
                    rows.append(measured(f"server, {protocol}", clients, asks, seconds))
        finally:
            child.terminate()
            child.wait()
    for row in rows:
        bare_rate = next(
            r["requests_a_second"]
            for r in rows
            if r["clients"] == row["clients"] and r["what"] == "bare call"
        )
        row["share_of_bare"] = row["requests_a_second"] / bare_rate
    return rows


def started(folder):
    """Starts the server as a process, and waits until it is ready."""
    command = [sys.executable, "-m", "keras_addmul", "serve", folder, "--port", "0"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    port = int(child.stdout.readline().rpartition(":")[2])
    while "/v2/" not in child.stdout.readline():
        pass
    return child, port


def bare(loaded):
    """Returns a function that calls the SavedModel."""
    x = tf.constant([[3.0, 3.0]])
    return lambda: loaded.serve(x).numpy()


def http_client(port, protocol):
    """Returns a function that asks over a connection of its own, which it keeps."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [3.0, 3.0]}
    path, content = {
        "v1": ("/v1/models/m:predict", {"instances": [[3.0, 3.0]]}),
        "v2": ("/v2/models/m/infer", {"inputs": [tensor]}),
    }[protocol]
    body = json.dumps(content).encode()

    def ask():
        connection.request("POST", path, body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status

    return ask


def measured(what, clients, make, seconds):
    """Lets so many clients ask for so long."""

    def client(ask):
        times, end = [], time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            ask()
            times.append(time.perf_counter() - start)
        return times

    asks = [make() for _ in range(clients)]
    for ask in asks:
        ask()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        start = time.perf_counter()
        times = np.concatenate(list(pool.map(client, asks)))
        passed = time.perf_counter() - start
    p50, p95, p99 = np.percentile(1e3 * times, [50, 95, 99]).tolist()
    return {
        "what": what,
        "clients": clients,
        "requests_a_second": len(times) / passed,
        **{"p50": p50, "p95": p95, "p99": p99},
    }
