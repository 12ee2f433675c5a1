"""The routes of the server, as an ASGI application."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

import keras_addmul
from keras_addmul.serving.server import open_inference, openapi, tensorflow_rest
from keras_addmul.serving.server.pages import DESCRIPTION, FRONT
from keras_addmul.serving.server.refusals import Refusal
from keras_addmul.serving.server.service import Service, json_answer, parsed

__all__ = ["application"]

_JSON_LENGTH = "Inference-Header-Content-Length"
# What anyone may ask: probes, and pages that hold nothing but a form.
_OPEN = ("/", "/docs", "/v2/health/live", "/v2/health/ready")

Handler = Callable[[Request], Awaitable[Response]]


def application(service: Service) -> Any:
    """Returns the ASGI application.

    Args:
        service: What runs the models.
    """
    handlers = _Handlers(service)
    model, v2 = "/v1/models/{name}", "/v2/models/{name}"
    paths: list[tuple[str, str, Handler]] = [
        ("/", "GET", handlers.front),
        ("/docs", "GET", handlers.docs),
        ("/openapi.json", "GET", handlers.openapi),
        ("/metrics", "GET", handlers.metrics),
        ("/v1/models", "GET", handlers.listed),
        ("/v2", "GET", handlers.about),
        ("/v2/health/live", "GET", handlers.live),
        ("/v2/health/ready", "GET", handlers.ready),
    ]
    for place in ("", "/versions/{version}", "/labels/{label}"):
        paths += [
            (f"{model}{place}:{{verb}}", "POST", handlers.predict),
            (f"{model}{place}/metadata", "GET", handlers.signature_def),
            (f"{model}{place}", "GET", handlers.status),
        ]
    for place in ("", "/versions/{version}"):
        paths += [
            (f"{v2}{place}/infer", "POST", handlers.infer),
            (f"{v2}{place}/ready", "GET", handlers.model_ready),
            (f"{v2}{place}", "GET", handlers.metadata),
        ]
    app = Starlette(
        routes=[Route(path, handler, methods=[method]) for path, method, handler in paths],
        exception_handlers={Refusal: _refused, HTTPException: _not_found, Exception: _failed},
    )
    return _guarded(app, service.settings.token)


class _Handlers:
    """One method a route."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.repository = service.repository

    async def front(self, request: Request) -> Response:
        return HTMLResponse(FRONT)

    async def docs(self, request: Request) -> Response:
        return HTMLResponse(DESCRIPTION)

    async def openapi(self, request: Request) -> Response:
        return json_answer(openapi.description(self.repository.models))

    async def metrics(self, request: Request) -> Response:
        for name, model in self.repository.models.items():
            number = model.newest.number if model.newest is not None else 0
            self.service.measures.versions.labels(name).set(number)
        return Response(self.service.measures.text(), media_type="text/plain; version=0.0.4")

    async def listed(self, request: Request) -> Response:
        return json_answer(tensorflow_rest.listed(self.repository.models))

    async def about(self, request: Request) -> Response:
        version = keras_addmul.__version__
        extensions = ["binary_tensor_data"]
        return json_answer({"name": "keras_addmul", "version": version, "extensions": extensions})

    async def live(self, request: Request) -> Response:
        return json_answer({"live": True})

    async def ready(self, request: Request) -> Response:
        ready = self.service.ready
        return json_answer({"ready": ready}, 200 if ready else 503)

    async def model_ready(self, request: Request) -> Response:
        name, found = self._asked(request)
        return json_answer({"name": name, "ready": True, "version": str(found.number)})

    async def predict(self, request: Request) -> Response:
        name = request.path_params["name"]
        with self.service.one_more(name, "v1"):
            verb = request.path_params["verb"]
            if verb != "predict":
                raise Refusal(400, f"The verb must be :predict. Received: {verb!r}")
            _, found = self._asked(request)
            body = parsed(await self.service.body(request))
            signature, arrays, by_rows = tensorflow_rest.predict_request(body, found)
            outputs, headers = await self.service.run(name, found, signature, arrays)
            content = tensorflow_rest.answer(outputs, found.endpoints[signature], by_rows)
            return json_answer(content, headers=headers)

    async def infer(self, request: Request) -> Response:
        name = request.path_params["name"]
        with self.service.one_more(name, "v2"):
            _, found = self._asked(request)
            body = await self.service.body(request)
            length = request.headers.get(_JSON_LENGTH, str(len(body)))
            if not length.isdecimal() or int(length[:18]) > len(body):
                raise Refusal(
                    400,
                    f"{_JSON_LENGTH} must be the length of the JSON, at most {len(body)}. "
                    f"Received: {length[:30]!r}",
                )
            json, binary = parsed(body[: int(length)]), body[int(length) :]
            question = open_inference.infer_request(json, binary, found)
            outputs, headers = await self.service.run(
                name, found, question.signature, question.arrays
            )
            content, tail = open_inference.answer(outputs, question, name, found)
            if not tail:
                return json_answer(content, headers=headers)
            head = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
            headers[_JSON_LENGTH] = str(len(head))
            return Response(head + tail, 200, headers, "application/octet-stream")

    async def status(self, request: Request) -> Response:
        model = self.repository.model(request.path_params["name"])
        only = None
        if set(request.path_params) != {"name"}:
            only = self._asked(request)[1].number
        return json_answer(tensorflow_rest.status(model, only))

    async def signature_def(self, request: Request) -> Response:
        return json_answer(tensorflow_rest.signature_def(*self._asked(request)))

    async def metadata(self, request: Request) -> Response:
        name, found = self._asked(request)
        return json_answer(open_inference.metadata_of(name, self.repository.model(name), found))

    def _asked(self, request: Request) -> Any:
        """Returns the name of the model of a request, and the version that it asks for."""
        given = request.path_params
        name = given["name"]
        return name, self.repository.get(name, given.get("version"), given.get("label"))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return json_answer({"error": error.message}, error.status, error.headers)


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = "There is no such address; /docs lists those that there are."
    if error.status_code == 405:
        message = f"This address does not answer {request.method}."
    return json_answer({"error": message}, error.status_code, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    return json_answer({"error": f"The server failed: {type(error).__name__}"}, 500)


def _guarded(app: Any, token: str | None) -> Any:
    """Asks for a bearer token before everything but the pages and the probes."""
    if token is None:
        return app
    wanted = f"Bearer {token}".encode()

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] not in _OPEN:
            sent = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(sent, wanted):
                answer = json_answer(
                    {"error": "The request must have the header Authorization: Bearer TOKEN."},
                    401,
                    {"WWW-Authenticate": "Bearer", "Connection": "close"},
                )
                await answer(scope, receive, send)
                return
        await app(scope, receive, send)

    return guarded
