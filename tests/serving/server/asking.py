"""Asks the application of the server without a socket."""

import asyncio
import json

NEVER = object()  # a part of a body that does not arrive


def asked(app, method, path, body=b"", headers=()):
    """Returns the status, the headers and the body of an answer.

    The body is bytes, or a list of parts as they arrive.
    """
    return asyncio.run(_asked(app, method, path, body, headers))


async def _asked(app, method, path, body, headers):
    parts = [body] if isinstance(body, bytes) else list(body)
    sent = []

    async def receive():
        if parts and parts[0] is NEVER:
            await asyncio.sleep(60)
        if not parts:
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(errors="replace"),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in dict(headers).items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8501),
    }
    await app(scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    told = {key.decode().lower(): value.decode() for key, value in start["headers"]}
    content = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    return start["status"], told, content


def posted(app, path, content, **headers):
    """Posts an object, and returns the status, the headers and the parsed answer."""
    body = content if isinstance(content, (bytes, list)) else json.dumps(content).encode()
    status, told, answer = asked(app, "POST", path, body, headers)
    return status, told, json.loads(answer)


def got(app, path, **headers):
    """Gets a path, and returns the status and the parsed answer."""
    status, _, answer = asked(app, "GET", path, headers=headers)
    return status, json.loads(answer)
