"""``--timeout`` and ``x-timeout``: how long a call of an upstream may take, whatever is called and whoever calls."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from naftiko_run import Settings
from naftiko_run.document.load import load_document
from support.documents import written
from support.mcp_client import call_tool, text_of
from support.process import run
from support.raw_server import raw_server
from support.server import Served, serving
from support.upstream import PATIENCE
from support.wire import problem

USUAL, ENTRY, RESOURCE, OPERATION = 0.8, 0.6, 0.4, 0.2
DRIP = 0.02
"""Seconds between two pieces: no pause is long, and yet the answer takes its time."""
DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: usual
    baseUri: https://api.example
    resources:
    - path: /drip
      operations: [{name: get, method: GET}, {name: send, method: POST}]
  - namespace: api
    baseUri: https://api.example
    x-timeout: 0.6
    resources:
    - path: /drip
      x-timeout: '0.4'
      operations:
      - {name: own, method: GET, x-timeout: 0.2}
      - {name: of-resource, method: GET}
    - path: /drip/
      operations: [{name: of-entry, method: GET}]
  - namespace: tokens
    baseUri: https://api.example
    x-timeout: 0.2
    authentication:
      {type: oauth2, tokenEndpoint: 'https://tokens.example/drip', clientId: a, clientSecret: b}
    resources:
    - path: /ok
      operations: [{name: get, method: GET}]
  - namespace: digest
    baseUri: https://api.example
    x-timeout: 0.6
    authentication: {type: digest, username: a, password: b}
    resources:
    - path: /challenge
      operations: [{name: get, method: GET}]
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /usual
      operations: [{method: GET, call: usual.get, outputParameters: &mapped [{type: string, mapping: $.a}]}]
    - {path: /own, operations: [{method: GET, call: api.own, outputParameters: *mapped}]}
    - {path: /of-resource, operations: [{method: GET, call: api.of-resource, outputParameters: *mapped}]}
    - {path: /of-entry, operations: [{method: GET, call: api.of-entry, outputParameters: *mapped}]}
    - {path: /passed-on, operations: [{method: GET, call: usual.get}]}
    - {path: /steps, operations: [{method: GET, steps: [{name: one, type: call, call: api.own}]}]}
    - {path: /tokens, operations: [{method: GET, call: tokens.get}]}
    - {path: /digest, operations: [{method: GET, call: digest.get}]}
    - {path: "/all/{path}", forward: {targetNamespace: usual}}
  - type: mcp
    namespace: m
    tools: [{name: own, description: Get it, call: api.own}]
"""


class Dripping:
    """An upstream that gives one byte every so often, and never comes to an end.

    Attributes:
        url: Where it listens.
        ended: Set once a connection was closed on it.
    """

    def __init__(self) -> None:
        self.url = ""
        self.ended = threading.Event()
        self._nonces = 0

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"/challenge" in head:
                    await self._challenge(writer)
                    continue
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
                while True:
                    writer.write(b" ")
                    await writer.drain()
                    await _pause(DRIP)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.ended.set()
        finally:
            writer.transport.abort()

    async def _challenge(self, writer: asyncio.StreamWriter) -> None:
        """Take most of the time of a call to ask for other credentials."""
        self._nonces += 1
        await _pause(ENTRY * 0.7)
        writer.write(
            b'HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Digest realm="r", qop="auth", nonce="%d"\r\n'
            b"content-length: 0\r\n\r\n" % self._nonces
        )


async def _pause(seconds: float) -> None:
    """Let time pass, which is the subject here."""
    await asyncio.wait({asyncio.get_running_loop().create_future()}, timeout=seconds)


@contextmanager
def dripping() -> Iterator[Dripping]:
    upstream = Dripping()

    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(raw_server(upstream.speak)) as port,
    ):
        upstream.url = f"http://127.0.0.1:{port}"
        yield upstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[Dripping]:
    with dripping() as found:
        yield found


@pytest.fixture(scope="module")
def served(upstream: Dripping, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(
        tmp_path_factory.mktemp("timeouts"),
        DOCUMENT.replace("https://tokens.example", upstream.url),
    )
    urls = dict.fromkeys(("usual", "api", "tokens", "digest"), upstream.url)
    with serving(document, settings=Settings(urls, timeout=USUAL, environment={})) as up:
        yield up


@pytest.mark.parametrize(
    ("path", "limit", "operation"),
    [
        ("/usual", USUAL, "usual.get"),
        ("/of-entry", ENTRY, "api.of-entry"),
        ("/of-resource", RESOURCE, "api.of-resource"),
        ("/own", OPERATION, "api.own"),
        ("/steps", OPERATION, "api.own"),
        ("/tokens", OPERATION, "tokens"),
        ("/digest", ENTRY, "digest.get"),
    ],
)
def test_the_nearest_limit_holds_for_the_whole_call(
    served: Served, path: str, limit: float, operation: str
) -> None:
    answer = httpx.get(served.origin("rest") + path, timeout=PATIENCE)
    found = problem(answer, 504)
    assert found["type"] == "urn:naftiko:problem:upstream-timeout"
    assert operation in found["detail"]
    assert re.search(rf"did not (respond|accept a connection) within {limit:g} s", found["detail"])
    assert "--timeout" in found["hint"]
    assert "x-timeout" in found["hint"]


def test_a_model_is_told_the_same(served: Served) -> None:
    result = call_tool(served.url("mcp"), "own", {})
    assert result.is_error
    assert "did not respond within 0.2 s" in text_of(result)


@pytest.mark.parametrize("path", ["/all/drip", "/passed-on"])
def test_what_streams_goes_on_as_long_as_its_upstream(served: Served, path: str) -> None:
    with httpx.stream("GET", served.origin("rest") + path, timeout=PATIENCE) as answer:
        pieces = answer.iter_raw()
        for _ in range(int(USUAL * 2 / DRIP)):
            assert next(pieces)


def test_an_upstream_is_let_go(served: Served, upstream: Dripping) -> None:
    upstream.ended.clear()
    httpx.get(f"{served.origin('rest')}/own", timeout=PATIENCE)
    assert upstream.ended.wait(PATIENCE)


@pytest.mark.parametrize("value", ["soon", "0", "-1", ".inf", "[1]"])
@pytest.mark.parametrize("place", ["x-timeout: 0.6", "x-timeout: '0.4'", "x-timeout: 0.2"])
def test_a_bad_time_is_told_with_its_place(tmp_path: Path, value: str, place: str) -> None:
    document = written(tmp_path, DOCUMENT.replace(place, f"x-timeout: {value}", 1))
    found = [each for each in load_document(document).diagnostics if each.code in ("bad-time", "wrong-type")]
    assert len(found) == 1
    line = document.read_text().splitlines()[found[0].line - 1]
    assert f"x-timeout: {value}" in line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--timeout", "soon"), "--timeout: `soon` is not a time"),
        (("--max-connections", "0"), "--max-connections: `0` is not a number from 1 to 1,000,000"),
        (("--max-connections-per-origin", "all"), "--max-connections-per-origin: `all` is not a number"),
    ],
)
def test_a_bad_option_is_told(tmp_path: Path, arguments: tuple[str, str], told: str) -> None:
    done = run(written(tmp_path, DOCUMENT), *arguments)
    assert done.returncode == 2
    assert told in done.stderr
