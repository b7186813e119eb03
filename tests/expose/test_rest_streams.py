"""Answers that take their time go through a REST operation piece by piece, and end on both sides together."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.mcp_client import run_async
from support.raw_server import Speak, raw_server
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
    - {{path: /events, operations: [{{name: events, method: GET}}]}}
  exposes:
  - type: rest
    namespace: r
    resources:
    - {{path: /events, operations: [{{method: GET, name: events, call: api.events}}]}}
    - path: /mapped
      operations:
      - {{method: GET, name: mapped, call: api.events, outputParameters: [{{type: string, mapping: $.a}}]}}
  - {{type: mcp, namespace: m, tools: [{{name: events, description: d, call: api.events}}]}}
"""
CHUNKED = b"transfer-encoding: chunked\r\n"
UNTIL_THE_END = b"connection: close\r\n"


def over(tmp_path: Path, speak: Speak, use: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Serve a document in front of an upstream that speaks raw HTTP, and use it."""

    async def speak_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await speak(reader, writer)
        await writer.drain()

    async def session() -> None:
        async with raw_server(speak_once) as port:
            file = tmp_path / "streams.yaml"
            file.write_text(DOCUMENT.format(port=port))
            with serving(file, settings=Settings()) as served:
                async with httpx.AsyncClient(base_url=served.origin("rest"), timeout=PATIENCE) as client:
                    await use(client)

    run_async(session)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.mark.parametrize(
    ("kind", "framing"),
    [
        ("text/event-stream", CHUNKED),
        ("text/event-stream; charset=utf-8", UNTIL_THE_END),
        ("application/x-ndjson", CHUNKED),
        ("application/jsonl", UNTIL_THE_END),
        ("application/json", CHUNKED),
        ("text/plain", UNTIL_THE_END),
        ("", CHUNKED),
    ],
)
def test_each_piece_comes_when_the_upstream_sends_it(tmp_path: Path, kind: str, framing: bytes) -> None:
    seen = [asyncio.Event(), asyncio.Event()]
    pieces = [b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n"]
    written = chunk if framing is CHUNKED else bytes

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        said = f"content-type: {kind}\r\n".encode() if kind else b""
        writer.write(b"HTTP/1.1 200 OK\r\n" + said + framing + b"\r\n" + written(pieces[0]))
        for event, piece in zip(seen, pieces[1:], strict=True):
            await event.wait()
            writer.write(written(piece))
        writer.write(b"0\r\n\r\n" if framing is CHUNKED else b"")

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/events") as answer:
            assert answer.headers.get("content-type", "") == kind
            received = answer.aiter_raw()
            for number, piece in enumerate(pieces):
                assert await anext(received) == piece
                if number < len(seen):
                    seen[number].set()
            assert [rest async for rest in received] == []

    over(tmp_path, speak, use)


def test_the_head_of_a_stream_of_events_comes_before_its_first_event(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" + CHUNKED + b"\r\n")
        await seen.wait()
        writer.write(chunk(b"data: 1\n\n") + b"0\r\n\r\n")

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/events") as answer:
            assert answer.status_code == 200
            seen.set()
            assert await answer.aread() == b"data: 1\n\n"

    over(tmp_path, speak, use)


def test_a_compressed_stream_goes_on_piece_by_piece_and_uncompressed(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"gzip" in head
        packer = zlib.compressobj(wbits=31)
        first = packer.compress(b"data: 1\n\n") + packer.flush(zlib.Z_SYNC_FLUSH)
        coding = b"content-encoding: gzip\r\ncontent-type: text/event-stream\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\n" + coding + CHUNKED + b"\r\n" + chunk(first))
        await seen.wait()
        writer.write(chunk(packer.compress(b"data: 2\n\n") + packer.flush()) + b"0\r\n\r\n")

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/events") as answer:
            assert "content-encoding" not in answer.headers
            received = answer.aiter_raw()
            assert await anext(received) == b"data: 1\n\n"
            seen.set()
            assert [rest async for rest in received] == [b"data: 2\n\n"]

    over(tmp_path, speak, use)


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_client_that_disconnects_ends_the_upstreams_connection_too(
    tmp_path: Path, *, has_begun: bool
) -> None:
    closed = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        first = chunk(b"data: 1\n\n") if has_begun else b""
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" + CHUNKED + b"\r\n" + first)
        assert await reader.read() == b""
        closed.set()

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/events") as answer:
            if has_begun:
                assert await anext(answer.aiter_raw()) == b"data: 1\n\n"
        await asyncio.wait_for(closed.wait(), PATIENCE)

    over(tmp_path, speak, use)


def test_a_stream_that_is_broken_off_is_no_whole_answer(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        writer.write(head + CHUNKED + b"\r\n" + chunk(b"data: 1\n\n"))
        await seen.wait()

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/events") as answer:
            received = answer.aiter_raw()
            assert await anext(received) == b"data: 1\n\n"
            seen.set()
            with pytest.raises(httpx.RemoteProtocolError):
                await anext(received)

    over(tmp_path, speak, use)


@pytest.mark.parametrize("cut", [b"5\r\nab", b"", chunk(b'{"a": 1')])
def test_an_answer_that_breaks_off_at_once_is_502(tmp_path: Path, cut: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + CHUNKED + b"\r\n" + cut)

    async def use(client: httpx.AsyncClient) -> None:
        assert (await client.get("/events")).status_code == 502

    over(tmp_path, speak, use)


def test_an_answer_in_several_packets_is_still_one_with_a_length(tmp_path: Path) -> None:
    body = b'{"a": "' + b"x" * 100_000 + b'"}'

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-type: application/json\r\n"
        writer.write(head + CHUNKED + b"\r\n")
        for piece in (body[:100], body[100:]):
            writer.write(chunk(gzip.compress(piece)))
        writer.write(b"0\r\n\r\n")

    async def use(client: httpx.AsyncClient) -> None:
        answer = await client.get("/events")
        assert answer.content == body
        assert answer.headers["content-length"] == str(len(body))

    over(tmp_path, speak, use)


def test_an_answer_that_is_mapped_is_read_whole(tmp_path: Path) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + CHUNKED + b"\r\n")
        writer.write(chunk(b'{"a":'))
        await writer.drain()
        writer.write(chunk(b'"b"}') + b"0\r\n\r\n")

    async def use(client: httpx.AsyncClient) -> None:
        assert (await client.get("/mapped")).json() == "b"

    over(tmp_path, speak, use)
