"""Responses are read the same, however they are cut into pieces on their way."""

from __future__ import annotations

import zlib
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naftiko_run.http.client.encodings import ContentDecoder
from naftiko_run.http.client.response_parser import InvalidResponseData, ResponseParser

NAMES = st.sampled_from(["X-A", "x-b", "Content-Type", "Set-Cookie"])
VALUES = st.text(st.sampled_from("ab é,;="), max_size=10).map(str.strip)
BODIES = st.binary(max_size=200) | st.sampled_from([b"\r\n", b"\r\n\r\n", b"x\r\n\r\n"])


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Write a response in one of the ways in which its body can end."""
    headers = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    lines = [f"HTTP/1.1 {draw(st.sampled_from([200, 201, 404, 500]))} Any"]
    lines += [f"{name}: {value}" for name, value in headers]
    body = draw(BODIES)
    interim = draw(
        st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 E\r\nLink: x\r\n\r\n"])
    )
    match draw(st.sampled_from(["length", "chunks", "close"])):
        case "length":
            lines.append(f"Content-Length: {len(body)}")
        case "chunks":
            lines.append("Transfer-Encoding: chunked")
            size = draw(st.integers(1, 50))
            parts = [body[at : at + size] for at in range(0, len(body), size)]
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
            body += draw(st.sampled_from([b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n"]))
        case "close":
            pass
    return interim + "\r\n".join([*lines, "", ""]).encode() + body


def told(pieces: list[bytes], reader: ResponseParser | None = None) -> Any:
    """Read a response that comes in such pieces, and say all that is told of it."""
    reader = reader or ResponseParser()
    reader.expect(bodiless=False)
    body = b""
    try:
        for piece in pieces:
            reader.feed(piece)
            body += reader.take()
    except InvalidResponseData as fault:
        return str(fault)
    was_complete = reader.is_complete
    reader.feed_end()
    return reader.head, body, was_complete, reader.is_complete, reader.keeps


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(at) if start < end]


@given(responses(), st.lists(st.integers(0, 1000), max_size=10))
def test_a_response_is_the_same_in_any_pieces(response: bytes, places: list[int]) -> None:
    whole = told([response])
    assert whole[3] is True
    assert told(cut(response, places)) == whole
    assert told([bytes([byte]) for byte in response]) == whole


def tell_each(answers: list[bytes]) -> None:
    """Read responses over one connection; each says the same as when it is the first."""
    reader = ResponseParser()
    for answer in answers:
        read = told([answer], reader)
        assert read == told([answer])
        if isinstance(read, str) or not reader.keeps:
            reader = ResponseParser()


@given(st.lists(responses(), min_size=1, max_size=3), st.lists(st.integers(0, 2), min_size=2, max_size=6))
def test_a_response_is_the_same_whatever_came_before_it(answers: list[bytes], order: list[int]) -> None:
    tell_each([answers[number % len(answers)] for number in order])


SECOND = b"HTTP/1.1 500 Other\r\nContent-Length: 0\r\n\r\n"
SWITCH = b"HTTP/1.1 101 Other\r\n\r\n"


@pytest.mark.parametrize("late", [b"\r\n", b"\r\n\r\n", b"late", b"HTTP/1.1 200 OK\r\n", SECOND, SWITCH])
@pytest.mark.parametrize("body", [b"", b"body", b"\r\n", b"\r\n\r\n"])
def test_what_comes_behind_a_response_is_no_part_of_the_next(body: bytes, late: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    for answers in ([answer + late, answer], [answer, answer + late], [answer + late, answer + late]):
        tell_each([*answers, answer])


@pytest.mark.parametrize("late", [SECOND, SWITCH, b"late"])
@pytest.mark.parametrize(
    "lines", [b"204 A\r\n", b"304 A\r\nContent-Length: 9\r\n", b"200 A\r\nContent-Length: 0\r\n"]
)
def test_a_second_response_in_one_piece_is_not_heeded(lines: bytes, late: bytes) -> None:
    reader = ResponseParser()
    answer = b"HTTP/1.1 " + lines + b"\r\n"
    reader.feed(answer + late)
    first, _, complete, _, _ = told([answer])
    assert complete
    assert (reader.head, reader.take(), reader.is_complete, reader.keeps) == (first, b"", True, False)


@pytest.mark.parametrize(("written", "seconds"), [(b"7", 7), (b"9" * 5000, 999_999_999), (b"x", 0)])
def test_how_long_a_connection_is_kept_may_be_any_number(written: bytes, seconds: int) -> None:
    found, body, *_ = told(
        [b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=" + written + b"\r\nContent-Length: 2\r\n\r\nok"]
    )
    assert (found.keeps_seconds, body) == (seconds, b"ok")


def test_a_length_beside_chunks_is_not_told() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
    found, body, *_ = told([head + b"2\r\nok\r\n0\r\n\r\n"])
    assert body == b"ok"
    assert [name for name, _ in found.headers] == ["x-a", "transfer-encoding"]


def test_a_coding_that_was_not_asked_for_is_refused_on_a_line_of_its_own() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert isinstance(told([head + b"2\r\nok\r\n0\r\n\r\n"]), str)


def test_a_response_to_head_after_one_to_get_has_no_body() -> None:
    reader = ResponseParser()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    for _ in range(2):
        reader.expect(bodiless=False)
        reader.feed(answer + b"ok")
        assert (reader.is_complete, reader.take()) == (True, b"ok")
    reader.expect(bodiless=True)
    reader.feed(answer)
    assert (reader.is_complete, reader.take(), reader.keeps) == (True, b"", True)
    reader.expect(bodiless=False)
    reader.feed(answer)
    assert not reader.is_complete


@given(st.binary(max_size=60), responses(), st.lists(st.integers(0, 1000), max_size=4))
def test_whatever_comes_is_a_response_or_told_to_be_none(
    noise: bytes, response: bytes, places: list[int]
) -> None:
    at = places[0] % len(response) if places else 0
    reading = told(cut(response[:at] + noise + response[at:], places))
    assert isinstance(reading, tuple | str)


@given(BODIES, st.sampled_from(["gzip", "deflate", "bare"]), st.lists(st.integers(0, 1000), max_size=6))
def test_a_packed_body_is_the_same_in_any_pieces(body: bytes, how: str, places: list[int]) -> None:
    packer = zlib.compressobj(wbits={"gzip": 31, "deflate": 15, "bare": -15}[how])
    packed = packer.compress(body) + packer.flush()
    decoder = ContentDecoder("gzip" if how == "gzip" else "deflate")
    assert b"".join(piece for part in cut(packed, places) for piece in decoder.decode(part)) == body
    decoder.finish()
