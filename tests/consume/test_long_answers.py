"""Answers that are longer than is kept come as streams, with nothing of them lost."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import suppress

import pytest

from naftiko_run.consume import HttpxTransport, OutgoingRequest, StreamedResponse, UpstreamResponse
from naftiko_run.errors import ResponseTooLarge, UpstreamUnreachable
from support.mcp_client import run_async

BODY = bytes(range(256)) * 64


def whole(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"content-length: %d" % len(body), *headers, b"", body])


def chunked(body: bytes) -> bytes:
    pieces = b"".join(
        b"%x\r\n%s\r\n" % (len(piece), piece)
        for piece in (body[at : at + 1000] for at in range(0, len(body), 1000))
    )
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"


def until_closed(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n\r\n" + body


def answered(
    answer: bytes, method: str = "GET", *, most_kept: int | None, max_answer: int | None = None
) -> tuple[UpstreamResponse, bytes]:
    """Send one request to an upstream that answers so; give the response and its whole body."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def session() -> tuple[UpstreamResponse, bytes]:
        server = await asyncio.start_server(speak, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        transport = HttpxTransport(timeout=10)
        async with server:
            try:
                request = OutgoingRequest("a.b", method, url, [], max_answer=max_answer, most_kept=most_kept)
                response = await transport.send(request)
                body = response.body
                if isinstance(response, StreamedResponse):
                    body = b"".join([chunk async for chunk in response.chunks])
                await response.aclose()
                return response, body
            finally:
                await transport.aclose()

    return run_async(session)


@pytest.mark.parametrize("answer", [whole(BODY), chunked(BODY), until_closed(BODY)], ids=len)
@pytest.mark.parametrize("most_kept", [0, 1, 1000, len(BODY) - 1])
def test_a_longer_answer_is_a_stream_of_all_of_it(answer: bytes, most_kept: int) -> None:
    response, body = answered(answer, most_kept=most_kept)
    assert isinstance(response, StreamedResponse)
    assert body == BODY


@pytest.mark.parametrize("answer", [whole(BODY), chunked(BODY), until_closed(BODY)], ids=len)
@pytest.mark.parametrize("most_kept", [None, len(BODY)])
def test_an_answer_that_is_not_longer_is_whole(answer: bytes, most_kept: int | None) -> None:
    response, _ = answered(answer, most_kept=most_kept)
    assert not isinstance(response, StreamedResponse)
    assert response.body == BODY


def test_what_counts_is_the_length_without_its_encoding() -> None:
    packed = gzip.compress(BODY)
    answer = whole(packed, b"content-encoding: gzip")
    response, body = answered(answer, most_kept=len(packed))
    assert isinstance(response, StreamedResponse)
    assert body == BODY
    response, body = answered(answer, most_kept=len(BODY))
    assert not isinstance(response, StreamedResponse)
    assert body == BODY


def test_an_answer_without_a_body_is_whole_whatever_length_it_tells() -> None:
    response, body = answered(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n", "HEAD", most_kept=10)
    assert not isinstance(response, StreamedResponse)
    assert body == b""


@pytest.mark.parametrize("answer", [whole(BODY), chunked(BODY), until_closed(BODY)], ids=len)
def test_a_stream_that_grows_larger_than_is_taken_fails(answer: bytes) -> None:
    with pytest.raises(ResponseTooLarge):
        answered(answer, most_kept=100, max_answer=len(BODY) - 1)


def test_a_stream_that_breaks_off_says_so() -> None:
    with pytest.raises(UpstreamUnreachable, match="it broke the connection off"):
        answered(whole(BODY)[:-1], most_kept=100)
