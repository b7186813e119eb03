"""The app in memory: with and without a lifespan, of some or all adapters."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import naftiko_run
from asgi.conftest import CALL, HEADERS
from naftiko_run import Capability
from naftiko_run.errors import ConfigurationError, ResponseAborted
from naftiko_run.expose import Adapter, Endpoint, HostGuard, Router
from naftiko_run.expose.exposer import Message
from naftiko_run.expressions import parse_path
from naftiko_run.serve import Application, ServeSettings
from naftiko_run.serve import asgi as function
from naftiko_run.serve.mount import Mount
from support.asgi_client import answering, client_of, get
from support.upstream import PATIENCE, Answer, Upstream
from support.wire import problem


@pytest.mark.parametrize("has_lifespan", [True, False])
def test_the_test_client_of_starlette_calls_every_adapter(
    capability: Capability, *, has_lifespan: bool
) -> None:
    client = TestClient(naftiko_run.asgi(capability))
    if has_lifespan:
        client.__enter__()
    try:
        assert client.get("/items").json() == {"ok": True}
        assert client.post("/items", json={"name": "cup"}).json() == {"ok": True}
        assert client.get("/all/items").json() == {"ok": True}
        called = client.post("/shop-mcp/mcp", json=CALL, headers=HEADERS).json()
        assert called["result"]["structuredContent"] == {"ok": True}
        listed = client.post(
            "/shop-mcp/mcp", json={**CALL, "method": "tools/list", "params": {}}, headers=HEADERS
        )
        assert [each["name"] for each in listed.json()["result"]["tools"]] == ["list-items"]
        assert client.get("/skills").json()["count"] == 1
        assert client.get("/nothing").headers["content-type"] == "application/problem+json"
    finally:
        if has_lifespan:
            client.__exit__(None, None, None)


def test_the_transport_of_httpx_needs_no_lifespan(capability: Capability, upstream: Upstream) -> None:
    app = naftiko_run.asgi(capability)

    async def session() -> None:
        async with client_of(app) as client:
            answers = await asyncio.gather(*(client.get(f"/items/{each}") for each in range(5)))
            assert [each.json() for each in answers] == [{"ok": True}] * 5
            called = await client.post("/shop-mcp/mcp", json=CALL, headers=HEADERS)
            assert called.json()["result"]["structuredContent"] == {"ok": True}

    asyncio.run(session())
    assert len(upstream.received) == 6


def test_an_app_moves_to_another_event_loop(capability: Capability) -> None:
    app = naftiko_run.asgi(capability)
    assert [get(app, "/items").status_code for _ in range(2)] == [200, 200]


def test_head_has_the_headers_of_get_and_no_body(capability: Capability) -> None:
    app = naftiko_run.asgi(capability)

    async def session() -> httpx.Response:
        async with client_of(app) as client:
            return await client.head("/items")

    answer = asyncio.run(session())
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_response_of_any_size_is_whole(capability: Capability, upstream: Upstream, size: int) -> None:
    upstream.answers(Answer(body=json.dumps("x" * size).encode()))
    answer = get(naftiko_run.asgi(capability), "/items")
    assert answer.json() == "x" * size


def test_a_response_that_the_upstream_breaks_off_is_not_taken_for_a_whole_one(
    capability: Capability, upstream: Upstream
) -> None:
    upstream.answers(Answer(body=b"x" * 3_000_000, cut_after=2_000_000))
    with pytest.raises(ResponseAborted):
        get(naftiko_run.asgi(capability), "/all/items")


def test_a_client_that_disconnects_cancels_the_call(capability: Capability, upstream: Upstream) -> None:
    app = naftiko_run.asgi(capability)

    async def session() -> None:
        sent: list[Message] = []
        called = asyncio.Event()
        messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await called.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/items",
            "raw_path": b"/items",
            "query_string": b"",
            "headers": [(b"host", b"a")],
        }
        answering = asyncio.create_task(app(scope, receive, send))
        await asyncio.to_thread(upstream.wait_for, 1)
        called.set()
        async with asyncio.timeout(PATIENCE):
            await answering
        assert not sent

    with upstream.held():
        asyncio.run(session())


def test_one_adapter_is_chosen_by_namespace_or_type(capability: Capability) -> None:
    by_namespace = naftiko_run.asgi(capability, adapter="shop-mcp")
    assert [each.namespace for each in by_namespace.adapters] == ["shop-mcp"]
    problem(get(by_namespace, "/items"), 404)
    by_type = naftiko_run.asgi(capability, adapter="mcp")
    assert [each.namespace for each in by_type.adapters] == ["shop-mcp", "staff-mcp"]


def test_an_adapter_that_is_not_there_is_a_configuration_error(capability: Capability) -> None:
    with pytest.raises(ConfigurationError, match="no adapter has the namespace or type `shop`") as raised:
        naftiko_run.asgi(capability, adapter="shop")
    assert "`shop-rest` (rest)" in raised.value.hint


def test_a_path_is_loaded(document: Path) -> None:
    assert get(naftiko_run.asgi(document), "/items").status_code == 200


def test_the_name_is_a_function_whether_or_not_the_module_is_imported(document: Path) -> None:
    program = (
        "import importlib, naftiko_run; "
        "assert naftiko_run.asgi(PATH).adapters; "
        "module = importlib.import_module('naftiko_run.asgi'); "
        "assert naftiko_run.asgi(PATH).adapters; "
        "assert module.app.adapters"
    ).replace("PATH", repr(str(document)))
    environment = os.environ | {"NAFTIKO_DOCUMENTS": str(document)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    as_function: Any = importlib.import_module("naftiko_run.asgi")
    assert inspect.signature(as_function) == inspect.signature(function)


def test_the_app_of_the_environment_needs_documents() -> None:
    module = importlib.import_module("naftiko_run.asgi")
    with pytest.raises(ConfigurationError, match="NAFTIKO_DOCUMENTS is not set"):
        _ = module.app


@asynccontextmanager
async def broken() -> AsyncIterator[None]:
    raise OSError("there are no keys")
    yield


def test_a_start_that_fails_is_reported_to_the_server() -> None:
    adapter = Adapter("broken", "b", None, "", (), (), running=broken)
    router = Router([adapter], HostGuard("0.0.0.0"))  # noqa: S104 - nothing is bound
    app = Application([], Mount(router, (adapter,), ()), ServeSettings())
    with pytest.raises(OSError, match="there are no keys"), TestClient(app):
        pass
    with pytest.raises(OSError, match="there are no keys"):
        get(app, "/")


def test_what_an_app_needs_runs_from_startup_to_shutdown() -> None:
    events: list[str] = []

    @asynccontextmanager
    async def needed() -> AsyncIterator[None]:
        events.append("started")
        yield
        events.append("stopped")

    endpoint = Endpoint(parse_path("/x"), answering("x"))
    adapter = Adapter("some", "s", None, "", (endpoint,), (), running=needed)
    router = Router([adapter], HostGuard("0.0.0.0"))  # noqa: S104 - nothing is bound
    app = Application([], Mount(router, (adapter,), ()), ServeSettings())
    with TestClient(app) as client:
        assert events == ["started"]
        assert client.get("/x").text == "x"
    assert events == ["started", "stopped"]


def test_a_websocket_is_refused(capability: Capability) -> None:
    client = TestClient(naftiko_run.asgi(capability))
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/items"):
        pass
