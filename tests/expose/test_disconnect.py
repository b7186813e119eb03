"""Clients that go away: what was done for them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.disconnect import DISCONNECT, cancel_on_disconnect, stop_receiving
from naftiko_run.expose.exposer import Message, Scope
from support.disconnecting import Leaving
from support.mcp_client import run_async
from support.raw_server import raw_server
from support.server import serving
from support.upstream import PATIENCE

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: "http://127.0.0.1:{port}"
    resources:
    - {{path: /slow, operations: [{{name: slow, method: GET}}, {{name: send, method: POST}}]}}
    - {{path: /next, operations: [{{name: next, method: GET}}]}}
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /flow
      operations:
      - method: GET
        steps:
        - {{type: call, name: first, call: api.slow}}
        - {{type: call, name: then, call: api.next, with: {{x: $.first.x}}}}
        mappings: [{{targetName: x, value: $.then.x}}]
    - {{path: /call, operations: [{{method: GET, call: api.slow}}, {{method: POST, call: api.send}}]}}
    - {{path: "/all/{{path}}", forward: {{targetNamespace: api}}}}
"""


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/call"),
        ("POST", "/call"),
        ("GET", "/flow"),
        ("GET", "/all/slow"),
        ("POST", "/all/slow"),
    ],
)
def test_the_call_to_the_upstream_ends_and_no_other_follows(tmp_path: Path, method: str, path: str) -> None:
    asked: list[bytes] = []
    arrived, ended = asyncio.Event(), asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n"))
        head = await reader.readuntil(b"\r\n\r\n")
        if b"content-length" in head.lower():
            await reader.readuntil(b"}")
        arrived.set()
        assert await reader.read() == b""
        ended.set()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def leave(client: httpx.AsyncClient) -> None:
        body = {"x": 1} if method == "POST" else None
        asking = asyncio.create_task(client.request(method, path, json=body))
        await arrived.wait()
        asking.cancel()
        await ended.wait()

    over(tmp_path, speak, leave)
    assert [line.split()[1] for line in asked] == [b"/slow"]


def test_who_has_left_before_is_not_worked_for() -> None:
    began = False

    async def work() -> None:
        nonlocal began
        await asyncio.Event().wait()
        began = True

    async def session() -> None:
        async with asyncio.timeout(PATIENCE):
            await cancel_on_disconnect(scope_of(Leaving(is_disconnected=True)), never, work())

    with pytest.raises(Disconnected):
        asyncio.run(session())
    assert not began


def test_work_that_ends_as_the_client_leaves_leaves_nothing_behind() -> None:
    client = Leaving()

    async def work() -> str:
        return "done"

    async def session() -> str:
        return await cancel_on_disconnect(scope_of(client), never, work())

    assert asyncio.run(session()) == "done"
    assert client.on_disconnect is None


def test_work_that_is_ended_from_elsewhere_is_not_said_to_have_no_client() -> None:
    client, ended = Leaving(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            client.leave()
            ended.set()

    async def session() -> None:
        working = asyncio.ensure_future(cancel_on_disconnect(scope_of(client), never, work()))
        await asyncio.sleep(0)
        working.cancel()
        await ended.wait()
        with pytest.raises(asyncio.CancelledError):
            await working

    asyncio.run(asyncio.wait_for(session(), PATIENCE))


def scope_of(client: Leaving) -> Scope:
    """Return the scope of a request to a server that calls back."""
    return {"type": "http", "extensions": {DISCONNECT: client}}


async def never() -> Message:
    raise AssertionError("the server calls back: there is nothing to receive")


@pytest.mark.parametrize("body", [[], [b"unread", b"body"]])
def test_a_server_without_a_callback_is_asked_for_the_disconnect(body: list[bytes]) -> None:
    messages: list[Message] = [{"type": "http.request", "body": each, "more_body": True} for each in body]
    started = asyncio.Event()

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await started.wait()
        return {"type": "http.disconnect"}

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    async def session() -> None:
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(Disconnected):
                await cancel_on_disconnect({"type": "http"}, receive, work())
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(session())


def test_a_server_without_a_callback_has_one_receive_for_each_request() -> None:
    received = 0

    async def receive() -> Message:
        nonlocal received
        received += 1
        await asyncio.Event().wait()
        raise AssertionError

    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    async def session() -> None:
        scope: Scope = {"type": "http"}
        for _ in range(3):
            assert await cancel_on_disconnect(scope, receive, work()) == "done"
        assert received == 1
        stop_receiving(scope)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(session())


def over(
    tmp_path: Path,
    speak: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    use: Callable[[httpx.AsyncClient], Awaitable[None]],
) -> None:
    """Serve the document over an upstream that speaks raw HTTP, and use it."""

    async def session() -> None:
        async with raw_server(speak) as port:
            file = tmp_path / "flow.yaml"
            file.write_text(DOCUMENT.format(port=port))
            with serving(file, settings=Settings()) as served:
                async with httpx.AsyncClient(base_url=served.origin("rest"), timeout=PATIENCE) as client:
                    await use(client)

    run_async(session)
