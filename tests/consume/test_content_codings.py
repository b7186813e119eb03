"""Content codings: a body that is corrupt or cut off is never taken for a whole one, and a bomb never fills memory."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from consume.transports import KINDS, Kind, answered, asking, each_kind
from naftiko_run.errors import ResponseTooLarge, UpstreamUnreachable
from naftiko_run.http.client.buffering import decoded
from naftiko_run.http.client.encodings import CodingError, ContentDecoder

TEXT = b'{"name": "a value that is long enough to be packed"}' * 20
MISCODED = r"no valid response from 127.0.0.1:\d+: its Content-Encoding does not fit what it sent"
MEGABYTE = 1_000_000


def packed_by(window: int) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        packer = zlib.compressobj(wbits=window)
        return packer.compress(data) + packer.flush()

    return pack


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", packed_by(31)),
    "deflate": ("deflate", packed_by(15)),
    "bare deflate": ("deflate", packed_by(-15)),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd),
}
each_coding = pytest.mark.parametrize(("coding", "pack"), CODINGS.values(), ids=CODINGS.keys())


def answer(coding: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def decode(coding: str, *pieces: bytes) -> bytes:
    decoder = ContentDecoder(coding)
    body = b"".join(each for piece in pieces for each in decoder.decode(piece))
    decoder.finish()
    return body


@each_kind
@each_coding
@pytest.mark.parametrize("stream_threshold", [None, 100], ids=["kept", "streamed"])
def test_a_body_that_is_cut_off_is_an_error(
    kind: Kind, coding: str, pack: Callable[[bytes], bytes], stream_threshold: int | None
) -> None:
    with pytest.raises(UpstreamUnreachable, match=MISCODED):
        answered(kind, answer(coding, pack(TEXT)[:-1]), stream_threshold=stream_threshold)


@each_kind
@each_coding
def test_a_body_that_is_corrupt_is_an_error(kind: Kind, coding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(TEXT)
    with pytest.raises(UpstreamUnreachable, match=MISCODED):
        answered(kind, answer(coding, b"{}" + packed))
    with pytest.raises(UpstreamUnreachable, match=MISCODED):
        answered(kind, answer(coding, packed + b"{}"))


@each_coding
@given(st.data())
def test_a_body_is_whole_at_its_end_and_nowhere_before(
    coding: str, pack: Callable[[bytes], bytes], data: st.DataObject
) -> None:
    packed = pack(TEXT)
    at = data.draw(st.integers(1, len(packed) - 1))
    assert decode(coding, packed[:at], packed[at:]) == TEXT
    with pytest.raises(CodingError):
        decode(coding, packed[:at])


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd"])
@given(st.data())
def test_a_checksum_catches_what_was_changed(name: str, data: st.DataObject) -> None:
    coding, pack = CODINGS[name]
    packed = bytearray(pack(TEXT))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        body = decode(coding, bytes(packed))
    except CodingError:
        return
    assert body == TEXT  # a time or a name of the header was changed


@each_kind
def test_all_members_are_decoded(kind: Kind) -> None:
    members = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    for coding, body in (
        ("gzip", members),
        ("gzip", members + bytes(512)),
        ("zstd", zstd(b"one ") + zstd(b"two")),
    ):
        assert answered(kind, answer(coding, body))[1] == b"one two"


@each_kind
@pytest.mark.parametrize("coding", ["compress", "nonsense", "gzip, nonsense", "nonsense, gzip"])
def test_a_coding_that_was_not_asked_for_is_an_error(kind: Kind, coding: str) -> None:
    with pytest.raises(UpstreamUnreachable, match="was not asked for and cannot be decoded"):
        answered(kind, answer(coding, gzip.compress(TEXT)))


@each_kind
def test_a_chain_has_at_most_five_codings(kind: Kind) -> None:
    body = TEXT
    for _ in range(5):
        body = gzip.compress(body)
    assert answered(kind, answer(", ".join(["gzip"] * 5), body))[1] == TEXT
    with pytest.raises(UpstreamUnreachable, match="more than 5 codings"):
        answered(kind, answer(", ".join(["gzip"] * 6), gzip.compress(body)))


@each_kind
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_empty_body_may_claim_any_coding(kind: Kind, method: str) -> None:
    response, body = answered(kind, answer("nonsense", b""), method)
    assert (response.status, body) == (200, b"")


def bombs() -> dict[str, tuple[str, bytes]]:
    size = 30 * MEGABYTE
    packed = gzip.compress(bytes(size))
    return {
        "gzip": ("gzip", packed),
        "gzip of gzip": ("gzip, gzip", gzip.compress(packed)),
        "br": ("br", brotli.compress(bytes(size), quality=1)),
        "zstd": ("zstd", zstd(bytes(size))),
        "members": ("gzip", gzip.compress(b"") * 20_000 + packed),
    }


BOMBS = bombs()


@pytest.mark.parametrize("kind", [KINDS["own"], KINDS["httpx"]], ids=["own", "httpx"])
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(("coding", "bomb"), BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_at_the_limit(kind: Kind, coding: str, bomb: bytes, status: int) -> None:
    said = answer(coding, bomb).replace(b"200 OK", b"%d Any" % status, 1)
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLarge, match="more than 2,500,000 bytes") as fault:
            answered(kind, said, max_kept=2_500_000)
        assert tracemalloc.get_traced_memory()[1] < 16 * MEGABYTE
    finally:
        tracemalloc.stop()
    assert fault.value.message.startswith("a.b returned a response")
    assert "x-maxResponse" in fault.value.hint
    assert "--max-response" in fault.value.hint


@each_kind
def test_what_was_received_is_bounded_before_it_is_decoded(kind: Kind) -> None:
    body = gzip.compress(b"") * 1000
    chunked = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    said = b"%b%x\r\n%b\r\n0\r\n\r\n" % (chunked, len(body), body)
    with pytest.raises(ResponseTooLarge):
        answered(kind, said, max_kept=len(body) - 1)
    assert answered(kind, said, max_kept=len(body))[1] == b""


@pytest.mark.parametrize(("coding", "bomb"), BOMBS.values(), ids=BOMBS.keys())
def test_other_tasks_run_while_a_body_is_decoded(coding: str, bomb: bytes) -> None:
    """Between two of their turns no more is decoded than is bearable, however much one piece becomes."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def received() -> AsyncIterator[bytes]:
        yield bomb

    async def run() -> int:
        others = asyncio.create_task(take_turns())
        size = most = before = 0
        async for piece in decoded(asking("http://up.example", stream_threshold=0), received(), coding):
            if turns != before:
                before, size = turns, 0
            size += len(piece)
            most = max(most, size)
        others.cancel()
        return most

    assert asyncio.run(run()) < 4 * MEGABYTE
    assert turns >= 7
