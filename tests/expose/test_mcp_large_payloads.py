"""Large arguments and results on the SDK path: the SDK sees placeholders, and other requests are not delayed."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from naftiko_run import Settings
from support.documents import written
from support.mcp_client import ERAS, with_client
from support.server import Served, serving
from support.upstream import JSON, PATIENCE, Answer, Upstream

if not hasattr(time, "pthread_getcpuclockid"):  # pragma: no cover
    pytest.skip("this system does not measure threads", allow_module_level=True)

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: api
    baseUri: https://api.example
    resources:
    - path: /raw
      operations:
      - {name: get, method: GET}
      - name: send
        method: POST
        inputParameters: [{name: body, in: body, type: object}, {name: q, in: query}]
  exposes:
  - type: mcp
    namespace: m
    tools:
    - {name: get, description: Get, call: api.get}
    - name: mapped
      description: Get
      call: api.get
      outputParameters: [{type: object, properties: {rows: {type: array, mapping: $.rows, items: {type: object}}}}]
    - {name: send, description: Send, call: api.send}
    - name: told
      description: Send
      call: api.send
      x-inputSchema:
        type: object
        properties:
          body: {type: object}
          q: {type: string, x-mcp-header: Q}
    resources:
    - {name: rows, uri: 'data://rows', description: Rows, call: api.get}
    prompts:
    - name: greet
      description: Greet
      arguments: [{name: a, description: A}]
      template: [{role: user, content: 'It has {{a}}'}]
"""
ROWS = b'{"rows":[' + b'{"a":[1,{"b":null}],"c":"ccc"},' * 100_000 + b"{}]}"
BOTH = {"accept": "application/json, text/event-stream"}


@dataclass(frozen=True)
class Loop:
    """A running server and the thread of its event loop."""

    served: Served
    thread: threading.Thread

    def cpu(self, do: Callable[[], object]) -> float:
        """Return the CPU seconds of the event loop during a call."""
        assert self.thread.ident is not None
        clock = time.pthread_getcpuclockid(self.thread.ident)
        begun = time.clock_gettime(clock)
        do()
        return time.clock_gettime(clock) - begun


@pytest.fixture(scope="module")
def loop(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    document = written(tmp_path_factory.mktemp("long"), DOCUMENT)
    before = {*threading.enumerate()}
    with serving(document, settings=Settings({"api": shared_upstream.url}, environment={})) as served:
        (thread,) = {*threading.enumerate()} - before
        yield Loop(served, thread)


@pytest.fixture
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def posted(loop: Loop, method: str, params: bytes, **headers: str) -> httpx.Response:
    message = b'{"jsonrpc":"2.0","id":1,"method":"%b","params":%b}' % (method.encode(), params)
    return httpx.post(
        loop.served.url("mcp"), content=message, headers=dict(JSON) | BOTH | headers, timeout=PATIENCE
    )


def called(loop: Loop, tool: str, arguments: bytes, more: bytes = b"", **headers: str) -> dict[str, Any]:
    """Call a tool and return the response, which may be the last event of an event stream."""
    params = b'{"name":"%b","arguments":%b%b}' % (tool.encode(), arguments, more)
    answer = posted(loop, "tools/call", params, **headers)
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines()]
    response: dict[str, Any] = json.loads(next(line for line in reversed(lines) if line[:1] == "{"))
    return response


TOKEN = b',"_meta":{"progressToken":1}'
THROUGH_SDK = [(b',"unknown":1', b""), (b"", TOKEN)]


def limit() -> float:
    """Return the CPU seconds of parsing the long text once, which is less than any other operation on it.

    With the stock protocols it is four times as much: they take as long as one only to pass the bytes on.
    """
    begun = time.thread_time()
    json.loads(ROWS)
    is_stock = "NAFTIKO_HTTP_SERVER" in os.environ or "NAFTIKO_HTTP_CLIENT" in os.environ
    return (4 if is_stock else 1) * (time.thread_time() - begun)


@pytest.mark.usefixtures("_no_collection")
@pytest.mark.parametrize(("unknown", "more"), THROUGH_SDK)
def test_long_arguments_are_handled_off_the_event_loop(
    loop: Loop, upstream: Upstream, unknown: bytes, more: bytes
) -> None:
    took = loop.cpu(lambda: called(loop, "send", b'{"body":%b%b}' % (ROWS, unknown), more))
    assert took < limit()
    assert upstream.only.body == ROWS


@pytest.mark.usefixtures("_no_collection")
@pytest.mark.parametrize("tool", ["get", "mapped"])
@pytest.mark.parametrize(("unknown", "more"), THROUGH_SDK)
def test_a_long_result_is_handled_off_the_event_loop(
    loop: Loop, upstream: Upstream, tool: str, unknown: bytes, more: bytes
) -> None:
    upstream.answers(Answer(body=ROWS))
    responses: list[dict[str, Any]] = []
    arguments = b'{"unknown":1}' if unknown else b"{}"
    took = loop.cpu(lambda: responses.append(called(loop, tool, arguments, more)))
    assert took < limit()
    result = responses[0]["result"]
    assert result["isError"] is False
    assert result["structuredContent"] == json.loads(ROWS)
    assert json.loads(result["content"][0]["text"]) == json.loads(ROWS)
    assert len(result["content"]) == (2 if unknown else 1)


@pytest.mark.parametrize("mode", ERAS)
def test_the_official_client_receives_a_complete_long_result(
    loop: Loop, upstream: Upstream, mode: str
) -> None:
    rows = (
        b'{"rows":[' + b'{"a":[1,{"b":null}],"c":"ccc"},' * 10_000 + b"{}]}"
    )  # the client accepts events up to 1 MiB
    upstream.answers(Answer(body=rows))

    async def use(client: Any) -> Any:
        async def ignored(*_: object) -> None: ...

        streamed = await client.call_tool("get", {"unknown": 1}, progress_callback=ignored)
        return streamed, await client.read_resource("data://rows")

    result, read = with_client(loop.served.url("mcp"), mode, use)
    assert result.structured_content == json.loads(rows)
    assert json.loads(result.content[0].text) == json.loads(rows)
    assert "Unknown argument `unknown` was ignored" in result.content[1].text
    assert read.contents[0].text == rows.decode()
    assert read.contents[0].uri == "data://rows"


@pytest.mark.parametrize("header", ["there", "elsewhere"])
def test_a_header_is_still_compared_with_its_argument(loop: Loop, upstream: Upstream, header: str) -> None:
    meta = (
        b',"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
        b'"io.modelcontextprotocol/clientCapabilities":{}}'
    )
    headers = {
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "told",
        "mcp-param-q": header,
    }
    response = called(loop, "told", b'{"q":"there","body":%b}' % ROWS, meta, **headers)
    assert ("result" in response) == (header == "there"), str(response)[:300]
    assert len(upstream.received) == (header == "there")


def test_a_prompt_gets_its_long_arguments(loop: Loop) -> None:
    text = "x" * 400_000
    answer = posted(loop, "prompts/get", b'{"name":"greet","arguments":{"a":"%b"}}' % text.encode())
    assert answer.json()["result"]["messages"][0]["content"]["text"] == f"It has {text}"


@pytest.mark.usefixtures("_no_collection")
def test_other_long_messages_are_rejected(loop: Loop) -> None:
    refused: list[httpx.Response] = []
    took = loop.cpu(lambda: refused.append(posted(loop, "ping", b'{"a":%b}' % ROWS)))
    assert took < limit()
    assert refused[0].status_code == 400
    assert refused[0].json() == {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {
            "code": -32600,
            "message": "Invalid request: it is too large; only the arguments of tools and prompts may have so many "
            "members",
        },
    }
