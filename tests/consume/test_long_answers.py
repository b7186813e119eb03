"""Answers that are longer than is kept come as streams, with nothing of them lost."""

from __future__ import annotations

import gzip

import pytest

from consume.transports import Kind, answered, each_kind
from naftiko_run.consume import StreamedResponse
from naftiko_run.errors import ResponseTooLarge, UpstreamUnreachable

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


@each_kind
@pytest.mark.parametrize("answer", [whole(BODY), chunked(BODY), until_closed(BODY)], ids=len)
@pytest.mark.parametrize("stream_threshold", [0, 1, 1000, len(BODY) - 1])
def test_a_longer_answer_is_a_stream_of_all_of_it(kind: Kind, answer: bytes, stream_threshold: int) -> None:
    response, body = answered(kind, answer, stream_threshold=stream_threshold)
    assert isinstance(response, StreamedResponse)
    assert body == BODY


@each_kind
@pytest.mark.parametrize("answer", [whole(BODY), chunked(BODY), until_closed(BODY)], ids=len)
@pytest.mark.parametrize("stream_threshold", [None, len(BODY)])
def test_an_answer_that_is_not_longer_is_whole(
    kind: Kind, answer: bytes, stream_threshold: int | None
) -> None:
    response, _ = answered(kind, answer, stream_threshold=stream_threshold)
    assert not isinstance(response, StreamedResponse)
    assert response.body == BODY


@each_kind
def test_what_counts_is_the_length_without_its_encoding(kind: Kind) -> None:
    packed = gzip.compress(BODY)
    answer = whole(packed, b"content-encoding: gzip")
    response, body = answered(kind, answer, stream_threshold=len(packed))
    assert isinstance(response, StreamedResponse)
    assert body == BODY
    response, body = answered(kind, answer, stream_threshold=len(BODY))
    assert not isinstance(response, StreamedResponse)
    assert body == BODY


@each_kind
def test_an_answer_without_a_body_is_whole_whatever_length_it_tells(kind: Kind) -> None:
    response, body = answered(
        kind, b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n", "HEAD", stream_threshold=10
    )
    assert not isinstance(response, StreamedResponse)
    assert body == b""


@each_kind
@pytest.mark.parametrize("answer", [whole(BODY), chunked(BODY), until_closed(BODY)], ids=len)
def test_a_stream_that_grows_larger_than_is_taken_fails(kind: Kind, answer: bytes) -> None:
    with pytest.raises(ResponseTooLarge):
        answered(kind, answer, stream_threshold=100, max_answer=len(BODY) - 1)


@each_kind
def test_a_stream_that_breaks_off_says_so(kind: Kind) -> None:
    with pytest.raises(UpstreamUnreachable, match="it closed the connection"):
        answered(kind, whole(BODY)[:-1], stream_threshold=100)
