"""Sessions: only adapters that ask their clients have them, and they keep log levels and subscriptions."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from naftiko_run import Settings
from support.mcp_client import run_async
from support.process import READY, launched
from support.server import Served, serving
from support.upstream import PATIENCE

HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "a client", "version": "1"},
    },
}

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: mcp
    namespace: m
    tools:
    - {name: ask, description: Asks, x-asks: [{name: a, model: b}], x-content: [{text: c}]}
    resources:
    - {name: file, uri: "docs://file", description: A file, location: ./file.txt}
    - {name: made, uri: "docs://made", description: Made up, outputParameters: [{type: string, value: x}]}
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "file.txt").write_text("old")
    file = tmp_path / "m.yaml"
    file.write_text(DOCUMENT)
    with serving(file, settings=Settings()) as served:
        yield served


def sent(served: Served, body: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(served.url("mcp"), json=body, headers={**HEADERS, **headers})


def test_a_session_is_created_kept_and_ended(served: Served) -> None:
    session = {"mcp-session-id": sent(served, INITIALIZE).headers["mcp-session-id"]}
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    assert sent(served, ping, **session).status_code == 200
    assert httpx.delete(served.url("mcp"), headers=session).status_code == 200
    assert sent(served, ping, **session).status_code == 404


def test_an_open_session_stream_does_not_block_shutdown(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(DOCUMENT)
    with launched(file, "--port", "mcp=0") as process:
        process.wait_for_line(READY)
        url = process.url("mcp")
        session = httpx.post(url, json=INITIALIZE, headers=HEADERS).headers["mcp-session-id"]
        with httpx.stream("GET", url, headers={**HEADERS, "mcp-session-id": session}) as stream:
            assert stream.status_code == 200
            process.signal(signal.SIGTERM)
            assert stream.read() == b""
        assert process.wait() == 0
    assert "ERROR" not in process.text


def test_a_client_that_accepts_no_streams_is_served_without_a_session(served: Served) -> None:
    answer = sent(served, INITIALIZE, accept="application/json")
    assert answer.json()["result"]["protocolVersion"] == "2025-11-25"
    assert "mcp-session-id" not in answer.headers


def test_invalid_json_is_rejected_within_a_session_too(served: Served) -> None:
    session = sent(served, INITIALIZE).headers["mcp-session-id"]
    answer = httpx.post(
        served.url("mcp"), content=b'{"a": NaN}', headers={**HEADERS, "mcp-session-id": session}
    )
    assert answer.json()["error"]["code"] == types.PARSE_ERROR


def test_file_changes_are_notified_until_the_client_unsubscribes(served: Served, tmp_path: Path) -> None:
    async def session() -> list[str]:
        changed: list[str] = []
        heard = asyncio.Event()

        async def hear(message: object) -> None:
            if isinstance(message, types.ResourceUpdatedNotification):
                changed.append(message.params.uri)
                heard.set()

        async with Client(served.url("mcp"), mode="legacy", message_handler=hear) as client:
            await subscribed(client, "docs://file")
            (tmp_path / "file.txt").write_text("newer")
            await asyncio.wait_for(heard.wait(), PATIENCE)
            uri = types.UnsubscribeRequestParams(uri="docs://file")
            await client.session.send_request(types.UnsubscribeRequest(params=uri), types.EmptyResult)
        return changed

    assert run_async(session) == ["docs://file"]


async def subscribed(client: Client, uri: str) -> None:
    params = types.SubscribeRequestParams(uri=uri)
    await client.session.send_request(types.SubscribeRequest(params=params), types.EmptyResult)


@pytest.mark.parametrize("uri", ["docs://made", "docs://none"])
def test_only_files_support_subscriptions(served: Served, uri: str) -> None:
    async def session() -> types.ErrorData:
        async with Client(served.url("mcp"), mode="legacy") as client:
            with pytest.raises(MCPError) as failed:
                await subscribed(client, uri)
            return failed.value.error

    error = run_async(session)
    assert error.code == types.INVALID_PARAMS
    assert uri in error.message


def test_session_features_are_announced_only_to_clients_with_sessions(served: Served) -> None:
    async def session(mode: str) -> types.ServerCapabilities:
        async with Client(served.url("mcp"), mode=mode) as client:
            return client.server_capabilities

    earlier = run_async(lambda: session("legacy"))
    assert earlier.resources
    assert earlier.resources.subscribe
    assert earlier.logging is not None
    now = run_async(lambda: session("auto"))
    assert now.resources
    assert not now.resources.subscribe
