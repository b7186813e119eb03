"""Notifications to MCP clients during a flow, and the format of the response."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import mcp_types as types
import pytest
from mcp.client.client import Client

from naftiko_run import Settings
from support.mcp_client import ERAS, run_async, with_client
from support.server import Served, serving
from support.upstream import Upstream

MODES = pytest.mark.parametrize("mode", ERAS)
BOTH = "application/json, text/event-stream"

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    resources:
    - {{path: /one, operations: [{{name: one, method: GET}}]}}
    - {{path: /two, operations: [{{name: two, method: GET}}]}}
  exposes:
  - type: mcp
    namespace: m
    tools: &tools
    - name: flow
      description: Two steps
      steps: [{{type: call, name: first, call: api.one}}, {{type: call, name: second, call: api.two}}]
  - type: mcp
    namespace: asking
    port: 9191
    tools:
    - name: flow
      description: Two steps
      steps: [{{type: call, name: first, call: api.one}}, {{type: call, name: second, call: api.two}}]
    - {{name: ask, description: Asks, x-asks: [{{name: a, model: b}}], x-content: [{{text: c}}]}}
"""


@pytest.fixture
def urls(tmp_path: Path, upstream: Upstream) -> Iterator[dict[str, str]]:
    upstream.answers_json({"ok": True})
    file = tmp_path / "m.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    with serving(file, settings=Settings()) as served:
        yield named(served)


def named(served: Served) -> dict[str, str]:
    """Return the URL of each adapter by its namespace."""
    return {each.namespace: site.url_of(each) for site in served.sites for each in site.adapters}


@MODES
@pytest.mark.parametrize("namespace", ["m", "asking"])
def test_each_step_is_reported_as_progress(urls: dict[str, str], namespace: str, mode: str) -> None:
    told: list[tuple[float, float | None]] = []

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        assert message
        told.append((progress, total))

    async def call(client: Client) -> types.CallToolResult:
        return await client.call_tool("flow", {}, progress_callback=progressed)

    assert not with_client(urls[namespace], mode, call).is_error
    assert told == [(0, 2), (1, 2), (2, 2)]


def logged(url: str, mode: str, level: types.LoggingLevel | None) -> list[str]:
    """Call the flow and return its log messages."""
    messages: list[str] = []

    async def take(params: types.LoggingMessageNotificationParams) -> None:
        assert params.level == "info"
        messages.append(str(params.data))

    async def session() -> None:
        options: dict[str, Any] = {"log_level": level} if mode == "auto" else {}
        async with Client(url, mode=mode, logging_callback=take, **options) as client:
            if level and mode == "legacy":
                await client.session.send_request(
                    types.SetLevelRequest(params=types.SetLevelRequestParams(level=level)), types.EmptyResult
                )
            await client.call_tool("flow", {})

    run_async(session)
    return messages


@MODES
def test_each_step_is_logged_if_the_client_requests_it(urls: dict[str, str], mode: str) -> None:
    messages = logged(urls["asking"], mode, "info")
    assert messages == [
        "flow: 2 steps",
        "flow: `first` is done, 1 of 2",
        "flow: `second` is done, 2 of 2",
    ]


@MODES
@pytest.mark.parametrize("level", [None, "error"])
def test_nothing_is_logged_for_others(
    urls: dict[str, str], mode: str, level: types.LoggingLevel | None
) -> None:
    assert not logged(urls["asking"], mode, level)


def answered(url: str, accept: str, **meta: Any) -> httpx.Response:
    """Call the flow over plain HTTP, as a client of 2025-11-25."""
    params = {"name": "flow", "arguments": {}, **({"_meta": meta} if meta else {})}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"accept": accept, "mcp-protocol-version": "2025-11-25"}
    return httpx.post(url, json=body, headers=headers)


def test_a_response_without_notifications_is_json(urls: dict[str, str]) -> None:
    assert answered(urls["m"], BOTH).headers["content-type"] == "application/json"


def test_a_response_with_progress_is_an_event_stream(urls: dict[str, str]) -> None:
    answer = answered(urls["m"], BOTH, progressToken="p")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("notifications/progress") == 3


def test_a_client_that_accepts_only_json_gets_json(urls: dict[str, str]) -> None:
    answer = answered(urls["m"], "application/json", progressToken="p")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["result"]["content"]
