"""The app behind middleware that knows nothing of it."""

from __future__ import annotations

import json

import pytest
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

import naftiko_run
from asgi.conftest import CALL, HEADERS
from naftiko_run import Capability
from naftiko_run.errors import ResponseAborted
from naftiko_run.expose.exposer import ASGIApp, Message, Receive, Scope, Send
from support.upstream import Answer, Upstream


@pytest.fixture
def app(capability: Capability) -> naftiko_run.Application:
    return naftiko_run.asgi(capability)


def test_cors(app: naftiko_run.Application) -> None:
    client = TestClient(CORSMiddleware(app, allow_origins=["https://page.example"], allow_methods=["POST"]))
    origin = {"origin": "https://page.example"}
    assert client.get("/items", headers=origin).headers["access-control-allow-origin"] == origin["origin"]
    asked = client.options("/items", headers={**origin, "access-control-request-method": "POST"})
    assert (asked.status_code, asked.headers["access-control-allow-methods"]) == (200, "POST")


@pytest.mark.parametrize("size", [2_000, 3_000_000])
@pytest.mark.parametrize("path", ["/items", "/all/items"])
def test_gzip(app: naftiko_run.Application, upstream: Upstream, path: str, size: int) -> None:
    upstream.answers(Answer(body=json.dumps("x" * size).encode()))
    answer = TestClient(GZipMiddleware(app)).get(path, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.json() == "x" * size


class Timing:
    """Adds a header to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-time", b"1")]
            await send(message)

        await self._app({**scope}, receive, timed)


@pytest.mark.parametrize("path", ["/items", "/all/items", "/skills", "/nothing"])
def test_pure_asgi(app: naftiko_run.Application, path: str) -> None:
    assert TestClient(Timing(app)).get(path).headers["x-time"] == "1"


class Logging(BaseHTTPMiddleware):
    """Passes every request on, as many middlewares do."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


def test_a_middleware_that_reads_responses(app: naftiko_run.Application, upstream: Upstream) -> None:
    client = TestClient(Logging(app))
    assert client.post("/items", json={"a": 1}).json() == {"ok": True}
    assert client.post("/shop-mcp/mcp", json=CALL, headers=HEADERS).status_code == 200
    upstream.answers(Answer(body=b"x" * 3_000_000, cut_after=2_000_000))
    with pytest.raises(ResponseAborted):
        client.get("/all/items")
