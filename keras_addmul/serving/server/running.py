"""Runs the server: from the socket to the last answer."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from keras_addmul.serving.server.openapi import example_row
from keras_addmul.serving.server.repository import Repository
from keras_addmul.serving.server.routes import application
from keras_addmul.serving.server.service import Service, json_answer
from keras_addmul.serving.server.settings import Settings

__all__ = ["bound", "run"]

# From the signal to the end of the process; the last requests get most of it.
_DRAIN = 4.0


def bound(host: str, port: int) -> socket.socket:
    """Returns a socket that is bound to an address.

    Args:
        host: Name or address of the interface.
        port: Number of the port; 0 for any that is free.

    Raises:
        OSError: If the address is in use, or is none of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol named, asyncio sends answers at once (TCP_NODELAY).
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        raise OSError(
            f"`host` and `port` must be a free address of this machine. "
            f"Received: {host}:{port} ({error.strerror or error})"
        ) from error
    return listening


def run(folder: Path, listening: socket.socket, settings: Settings) -> None:
    """Serves the models in a directory until SIGTERM or SIGINT.

    Readiness then ends, requests that are being worked on are finished, and the function returns.

    Args:
        folder: Directory, as `models_in` reads it.
        listening: The socket.
        settings: Limits and choices.

    Raises:
        KeyboardInterrupt: If SIGINT ended it, after the last answer.
    """
    logging.basicConfig(format="%(message)s")
    logging.getLogger("keras_addmul.serve").setLevel(logging.INFO)
    repository = Repository(folder, settings)
    service = Service(repository, settings)
    interrupted = asyncio.run(_serve(service, listening))
    if service.working:  # a model that does not end keeps the process from ending
        os._exit(0)
    if interrupted:
        raise KeyboardInterrupt


class _Server(uvicorn.Server):
    """uvicorn, which leaves the signals to us."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(service: Service, listening: socket.socket) -> bool:
    """Serves until a signal; returns whether that was SIGINT."""
    config = uvicorn.Config(
        application(service),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(_DRAIN),
        h11_max_incomplete_event_size=64 * 2**10,
    )
    server, signals = _Server(config), []

    def drain(number: int) -> None:
        signals.append(number)
        service.draining = True
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain, number)
    service.repository.start()
    telling = asyncio.create_task(_tell(service, listening))
    try:
        await server.serve(sockets=[listening])
    finally:
        telling.cancel()
        service.repository.stop()
        service.close()
    return signals[:1] == [signal.SIGINT]


async def _tell(service: Service, listening: socket.socket) -> None:
    """Prints, once all models are ready, two lines that ask one of them."""
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    print(f"listening at {address}", flush=True)
    while not service.repository.searched:
        await asyncio.sleep(0.05)
    models = service.repository.models
    if not models:
        print(f"no model in {service.repository.folder} yet", flush=True)
    while not (models and service.repository.ready):
        await asyncio.sleep(0.1)
    name, model = next(iter(sorted(models.items())))
    assert model.newest is not None
    row = example_row(model.newest)
    specs = model.newest.endpoints["serving_default"].inputs
    instance = next(iter(row.values())) if len(row) == 1 else row
    tensors = [
        {
            "name": key,
            "datatype": specs[key].datatype,
            "shape": [1, *(size or 1 for size in specs[key].shape[1:])],
            "data": [value],
        }
        for key, value in row.items()
    ]
    token = " -H 'Authorization: Bearer TOKEN'" if service.settings.token else ""
    print(f"ready: {', '.join(sorted(models))}. Ask it:", flush=True)
    for path, body in (
        (f"v1/models/{name}:predict", {"instances": [instance]}),
        (f"v2/models/{name}/infer", {"inputs": tensors}),
    ):
        text = bytes(json_answer(body).body).decode()
        print(f"curl{token} -d '{text}' {address}/{path}", flush=True)
