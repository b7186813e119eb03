"""A forward's bodies stream: each piece goes on as it comes, both ways, and an end on one side ends the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
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
  consumes: [{{type: http, namespace: api, baseUri: "http://127.0.0.1:{port}", resources: []}}]
  exposes:
  - {{type: rest, namespace: r, resources: [{{path: "/{{path}}", forward: {{targetNamespace: api}}}}]}}
"""


def over(tmp_path: Path, speak: Speak, use: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Serve a forward to an upstream that speaks raw HTTP, and use it."""

    async def speak_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await speak(reader, writer)
        await writer.drain()

    async def session() -> None:
        async with raw_server(speak_once) as port:
            file = tmp_path / "forward.yaml"
            file.write_text(DOCUMENT.format(port=port))
            with serving(file, settings=Settings()) as served:
                async with httpx.AsyncClient(base_url=served.origin("rest"), timeout=PATIENCE) as client:
                    await use(client)

    run_async(session)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_an_answer_goes_on_piece_by_piece(tmp_path: Path) -> None:
    seen = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk(b"first"))
        await seen.wait()
        writer.write(chunk(b"second") + b"0\r\n\r\n")

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/x") as answer:
            pieces = answer.aiter_raw()
            assert await anext(pieces) == b"first"
            seen.set()
            assert await anext(pieces) == b"second"

    over(tmp_path, speak, use)


def test_a_body_goes_on_piece_by_piece(tmp_path: Path) -> None:
    arrived = asyncio.Event()
    received: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        received.append(await reader.readexactly(len(chunk(b"first"))))
        arrived.set()
        received.append(await reader.readuntil(b"0\r\n\r\n"))
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await arrived.wait()
        yield b"second"

    async def use(client: httpx.AsyncClient) -> None:
        assert (await client.post("/x", content=body())).status_code == 201

    over(tmp_path, speak, use)
    assert received == [chunk(b"first"), chunk(b"second") + b"0\r\n\r\n"]


def test_a_client_that_leaves_ends_the_exchange_with_the_upstream(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk(b"first"))
        assert await reader.read() == b""
        left.set()

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/x") as answer:
            assert await anext(answer.aiter_raw()) == b"first"
        await left.wait()

    over(tmp_path, speak, use)


def test_an_encoding_is_the_upstreams_own_matter(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 3\r\n\r\nabc")

    async def use(client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/x") as answer:
            assert answer.headers["content-encoding"] == "br"
            assert b"".join([piece async for piece in answer.aiter_raw()]) == b"abc"

    over(tmp_path, speak, use)
    assert b"accept-encoding: identity" in asked[0].lower()


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"])
def test_an_upstream_that_hangs_up_does_not_hang_the_caller(tmp_path: Path, first: bytes) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)

    async def use(client: httpx.AsyncClient) -> None:
        if not first:
            assert (await client.get("/x")).status_code == 502
            return
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/x")

    over(tmp_path, speak, use)
