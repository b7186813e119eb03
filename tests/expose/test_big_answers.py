"""Long answers over REST: passed on as they come, as fast as they are taken, and never held whole."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.mcp_client import call_tool, run_async
from support.process import started
from support.raw_server import Speak, raw_server
from support.server import Served, serving
from support.upstream import PATIENCE

MB = 1 << 20
HUGE = 200 * MB
TOLD = (f"content-length: {HUGE}",)
MOST_MEMORY = 20 * MB
PIECE = b" " * 65536
DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: "http://127.0.0.1:{port}"
    resources:
    - path: /json
      operations: [{{name: json, method: GET}}, {{name: send, method: POST}}]
    - path: /bytes
      operations: [{{name: bytes, method: GET, outputRawFormat: binary, maxBinarySize: 1MiB}}]
  exposes:
  - type: rest
    namespace: r
    resources:
    - {{path: /json, operations: [{{method: GET, call: api.json}}, {{method: POST, call: api.send}}]}}
    - {{path: /bytes, operations: [{{method: GET, call: api.bytes}}]}}
    - path: /mapped
      operations:
      - {{method: GET, call: api.json, outputParameters: [{{type: string, mapping: $.a}}]}}
  - type: mcp
    namespace: m
    tools: [{{name: json, description: Get it, call: api.json}}]
"""


def over(tmp_path: Path, speak: Speak, use: Callable[[Served], Awaitable[None]]) -> None:
    """Serve the document over an upstream that speaks raw HTTP, and use it."""

    async def session() -> None:
        async with upstream(speak) as port:
            file = tmp_path / "big.yaml"
            file.write_text(DOCUMENT.format(port=port))
            with serving(file, settings=Settings()) as served:
                await use(served)

    run_async(session)


def upstream(speak: Speak) -> AbstractAsyncContextManager[int]:
    """Listen for connections of one request each; give the port."""

    async def speak_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"POST"):
                await reader.readuntil(b"}")
            await speak(reader, writer)
            await writer.drain()

    return raw_server(speak_once)


def client(served: Served) -> httpx.AsyncClient:
    """Give a client of the REST API."""
    return httpx.AsyncClient(base_url=served.origin("rest"), timeout=PATIENCE)


def head(*lines: str) -> bytes:
    """Write the head of an answer; without a status line of its own it is 200."""
    status = () if lines[:1] and lines[0].startswith("HTTP/") else ("HTTP/1.1 200 OK",)
    return "\r\n".join([*status, *lines, "connection: close", "", ""]).encode()


def answering(*lines: str, body: bytes) -> Speak:
    """Give an upstream that answers this."""

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(*lines) + body)

    return speak


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
def test_an_answer_goes_on_while_it_comes(tmp_path: Path, method: str, status: str) -> None:
    seen = asyncio.Event()

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = ("content-type: application/json", 'etag: "v1"', "x-inner: 1", f"content-length: {2 * MB}")
        writer.write(head(f"HTTP/1.1 {status}", *lines) + b"a" * MB)
        await seen.wait()
        writer.write(b"b" * MB)

    async def use(served: Served) -> None:
        body = {"x": 1} if method == "POST" else None
        async with client(served) as rest, rest.stream(method, "/json", json=body) as answer:
            pieces = answer.aiter_raw()
            content = await anext(pieces)
            seen.set()
            content += b"".join([piece async for piece in pieces])
        assert answer.status_code == int(status[:3])
        assert content == b"a" * MB + b"b" * MB
        told = {
            name: answer.headers.get(name) for name in ("content-length", "content-type", "etag", "x-inner")
        }
        assert told == {
            "content-length": str(2 * MB),
            "content-type": "application/json",
            "etag": '"v1"',
            "x-inner": None,
        }

    over(tmp_path, speak, use)


def test_an_encoding_is_undone_and_its_length_not_told(tmp_path: Path) -> None:
    content = b"abcdefgh" * (MB // 8)
    packed = gzip.compress(content)
    speak = answering("content-encoding: gzip", f"content-length: {len(packed)}", body=packed)

    async def use(served: Served) -> None:
        async with client(served) as rest:
            answer = await rest.get("/json")
        assert answer.content == content
        assert answer.headers.get("content-length") in (None, str(len(content)))
        assert "content-encoding" not in answer.headers

    over(tmp_path, speak, use)


def test_head_is_told_the_length_and_the_upstream_is_let_go(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(f"content-length: {5 * MB}") + b"a" * MB)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        left.set()

    async def use(served: Served) -> None:
        async with client(served) as rest:
            answer = await rest.head("/json")
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["content-length"] == str(5 * MB)
            await left.wait()

    over(tmp_path, speak, use)


@pytest.mark.own_server
def test_a_client_of_http_1_0_gets_no_chunks(tmp_path: Path) -> None:
    async def use(served: Served) -> None:
        address = httpx.URL(served.origin("rest"))
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"GET /json HTTP/1.0\r\nhost: localhost\r\n\r\n")
        told = (await reader.readuntil(b"\r\n\r\n")).lower()
        content = await reader.read()
        writer.close()
        assert b"transfer-encoding" not in told
        assert content == b"a" * MB

    over(tmp_path, answering(body=b"a" * MB), use)


def test_a_client_that_leaves_ends_the_exchange_with_the_upstream(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head() + b"a" * MB)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        left.set()

    async def use(served: Served) -> None:
        async with client(served) as rest:
            async with rest.stream("GET", "/json") as answer:
                await anext(answer.aiter_raw())
            await left.wait()

    over(tmp_path, speak, use)


def test_an_upstream_that_breaks_off_breaks_the_answer_off(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def use(served: Served) -> None:
        async with client(served) as rest:
            with pytest.raises(httpx.RemoteProtocolError):
                await rest.get("/json")

    over(tmp_path, answering(f"content-length: {2 * MB}", body=b"a" * MB), use)
    assert "api.json: no response from" in caplog.text


def test_bytes_beyond_their_size_are_broken_off_where_they_did_not_tell_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def use(served: Served) -> None:
        async with client(served) as rest:
            with pytest.raises(httpx.RemoteProtocolError):
                await rest.get("/bytes")

    over(tmp_path, answering(body=b"a" * (2 * MB)), use)
    assert "api.bytes returned a response of more than 1,048,576 bytes" in caplog.text


def test_bytes_beyond_their_size_are_refused_where_they_tell_it(tmp_path: Path) -> None:
    async def use(served: Served) -> None:
        async with client(served) as rest:
            answer = await rest.get("/bytes")
        assert answer.status_code == 502
        assert answer.json()["type"] == "urn:naftiko:problem:response-too-large"

    over(tmp_path, answering(f"content-length: {2 * MB}", body=b"a" * (2 * MB)), use)


def test_what_is_mapped_and_what_a_model_gets_is_whole(tmp_path: Path) -> None:
    content = b'{"a": "' + b"x" * MB + b'"}'

    async def use(served: Served) -> None:
        async with client(served) as rest:
            assert len((await rest.get("/mapped")).json()) == MB
        result = await asyncio.to_thread(call_tool, served.url("mcp"), "json")
        assert result.structured_content == {"a": "x" * MB}

    over(tmp_path, answering("content-type: application/json", body=content), use)


async def taken_by_http_1_0(url: httpx.URL, late: asyncio.Event | None) -> int:
    """Take an answer as nginx does for its own clients; return its length."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET /json HTTP/1.0\r\nhost: localhost\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    if late is not None:
        await late.wait()
    taken = 0
    while piece := await reader.read(1 << 20):
        taken += len(piece)
    writer.close()
    return taken


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((), id="length not told", marks=pytest.mark.own_server),
        pytest.param((f"content-length: {2 * MB}",), id="length told"),
    ],
)
def test_an_answer_that_breaks_off_is_no_whole_one_to_a_client_of_http_1_0(
    tmp_path: Path, lines: tuple[str, ...]
) -> None:
    async def use(served: Served) -> None:
        with suppress(ConnectionResetError):
            assert await taken_by_http_1_0(httpx.URL(served.origin("rest")), None) < 2 * MB
            assert lines, "the end of the connection was that of the answer"

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = lines or ("transfer-encoding: chunked",)
        piece = b"a" * MB if lines else b"%x\r\n%b\r\n" % (MB, b"a" * MB)
        writer.write(head(*told) + piece)

    over(tmp_path, speak, use)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("version", "lines", "is_slow"),
    [
        pytest.param("1.1", TOLD, False, id="length told, taken at once"),
        pytest.param("1.1", TOLD, True, id="length told, taken late"),
        pytest.param("1.1", (), False, id="length not told, taken at once"),
        pytest.param("1.1", (), True, id="length not told, taken late"),
        pytest.param(
            "1.0", (), True, id="HTTP/1.0, length not told, taken late", marks=pytest.mark.own_server
        ),
    ],
)
def test_memory_does_not_grow_with_the_answer(
    tmp_path: Path, version: str, lines: tuple[str, ...], *, is_slow: bool
) -> None:
    is_warm, stalled = asyncio.Event(), asyncio.Event()

    async def speak(__: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not is_warm.is_set():
            writer.write(head("content-length: 2") + b"{}")
            is_warm.set()
            return
        writer.transport.set_write_buffer_limits(0)
        writer.write(head(*lines))
        for _ in range(HUGE // len(PIECE)):
            writer.write(PIECE)
            try:
                await asyncio.wait_for(writer.drain(), 0.25)
            except TimeoutError:  # nobody takes any more of it
                stalled.set()
                await writer.drain()
        stalled.set()

    async def session() -> None:
        async with upstream(speak) as port:
            file = tmp_path / "big.yaml"
            file.write_text(DOCUMENT.format(port=port))
            with started(file) as process:
                async with httpx.AsyncClient(base_url=process.url("rest"), timeout=PATIENCE) as rest:
                    await rest.get("/json")
                    before = process.peak_memory()
                    late = stalled if is_slow else None
                    if version == "1.0":
                        taken = await taken_by_http_1_0(rest.base_url, late)
                    else:
                        async with rest.stream("GET", "/json") as answer:
                            if late is not None:
                                await late.wait()
                            taken = 0
                            async for piece in answer.aiter_raw():
                                taken += len(piece)
                grown = process.peak_memory() - before
        assert taken == HUGE
        assert grown < MOST_MEMORY, f"{grown:,} bytes"

    run_async(session)
