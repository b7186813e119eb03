"""Response bodies: decoded, and kept in memory whole up to a limit; longer ones stream where the request allows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from naftiko_run.http.client.encodings import CodingError, ContentDecoder, check_encodings
from naftiko_run.http.client.errors import too_large, unreachable
from naftiko_run.http.messages import OutgoingRequest, StreamedResponse, UpstreamResponse

_TURN: Final = 512 * 1024
"""How many bytes are decoded before others have their turn in the event loop."""

_PATIENCE: Final = 0.05
"""How many seconds an answer that does not say its length may take before it is passed on as it comes."""

_EVENTS: Final = frozenset(
    (
        *("text/event-stream", "multipart/x-mixed-replace", "application/x-ndjson", "application/ndjson"),
        *("application/jsonl", "application/x-jsonlines", "application/json-seq", "application/stream+json"),
    )
)
"""Types of answers that come in pieces of which each is wanted as soon as it is there."""

Headers = tuple[tuple[str, str], ...]


async def buffer_or_stream(
    request: OutgoingRequest,
    status: int,
    headers: Headers,
    chunks: AsyncIterator[bytes],
    close: Callable[[], Awaitable[None]],
) -> UpstreamResponse:
    """Return a response whole, or as a stream where it is longer than the threshold of the request.

    Args:
        request: What was sent.
        status: The answer's.
        headers: The answer's.
        chunks: Its body, content encodings undone.
        close: Gives the connection back; called here unless the answer streams.

    Raises:
        ResponseTooLarge: The answer is larger than the request takes; a stream of it raises the same.
    """
    declared = _declared(request, status, headers)
    allowed = request.max_answer if status < 300 else None
    if allowed is not None:
        if declared > allowed:
            await close()
            raise too_large(request, allowed)
        chunks = _limited(request, chunks, allowed)
    limit = request.kept_limit(status)
    streams_beyond = None if request.stream_threshold is None else min(request.stream_threshold, limit)
    threshold = limit if streams_beyond is None else streams_beyond
    pieces = _Pieces(chunks, _patience(headers) if request.stream_threshold is not None else None)
    kept = bytearray()
    is_long = declared > threshold
    try:
        while not is_long:
            try:
                chunk = await pieces.next()
            except TimeoutError:
                break
            if chunk is None:
                await close()
                return UpstreamResponse(status, headers, bytes(kept), url=request.url)
            kept += chunk
            is_long = len(kept) > threshold
    except BaseException:
        await pieces.cancel()
        await close()
        raise
    if streams_beyond is None:
        await close()
        raise too_large(request, limit)
    rest, closing = pieces.rest(bytes(kept)), pieces.closing(close)
    return StreamedResponse(status, headers, b"", rest, closing, url=request.url)


async def decoded(
    request: OutgoingRequest, chunks: AsyncIterator[bytes], encoding: str
) -> AsyncIterator[bytes]:
    """Yield a body with its content codings undone; other tasks run in between.

    Args:
        request: What was sent.
        chunks: The body as it comes off the wire.
        encoding: The values of its Content-Encoding headers, joined by commas; empty for none.

    Raises:
        UpstreamUnreachable: The body is corrupt, cut off, or in a coding that cannot be decoded.
        ResponseTooLarge: It is larger than the request keeps, before it is decoded, and cannot stream.
    """
    if not encoding:
        async for chunk in chunks:
            yield chunk
        return
    limit = None if request.stream_threshold is not None else request.kept_limit(200)
    received = 0
    decoder = ContentDecoder(encoding)
    try:
        async for chunk in chunks:
            received += len(chunk)
            if limit is not None and received > limit:
                raise too_large(request, limit)
            for piece in decoder.decode(chunk):
                if piece:
                    yield piece
                if decoder.work > _TURN:
                    decoder.work = 0
                    await asyncio.sleep(0)
        decoder.finish()
    except CodingError as fault:
        raise unreachable(request, str(fault)) from None


async def without_codings(request: OutgoingRequest, response: UpstreamResponse) -> UpstreamResponse:
    """Return a streamed response with its content codings undone.

    Raises:
        UpstreamUnreachable: It is in a coding that cannot be decoded.
    """
    encoding = ",".join(value for name, value in response.headers if name == "content-encoding")
    if not encoding or not isinstance(response, StreamedResponse):
        return response
    if request.method == "HEAD" or response.status in (204, 304):
        return response
    try:
        check_encodings(encoding)
    except CodingError as fault:
        await response.aclose()
        raise unreachable(request, str(fault)) from None
    request = request.copy(stream_threshold=0)  # nothing of it is kept
    changed = ("content-encoding", "content-length")
    return response.copy(
        headers=tuple(header for header in response.headers if header[0] not in changed),
        chunks=decoded(request, response.chunks, encoding),
    )


def _declared(request: OutgoingRequest, status: int, headers: Headers) -> int:
    """Return the declared length of a response; 0 where none is declared, or there is no body."""
    declared = next((value for name, value in headers if name == "content-length"), "")
    if request.method == "HEAD" or status in (204, 304) or not declared.isdecimal():
        return 0
    return int(declared)


async def _limited(
    request: OutgoingRequest, chunks: AsyncIterator[bytes], limit: int
) -> AsyncIterator[bytes]:
    taken = 0
    async for chunk in chunks:
        taken += len(chunk)
        if taken > limit:
            raise too_large(request, limit)
        yield chunk


def _patience(headers: Headers) -> float | None:
    """Return how many seconds an answer may take before it is passed on as it comes.

    None for an answer that says its length: it comes as fast as it can.
    """
    said = dict(headers)
    if "content-length" in said:
        return None
    media_type = said.get("content-type", "").partition(";")[0].strip().lower()
    return 0.0 if media_type in _EVENTS else _PATIENCE


class _Pieces:
    """The pieces of a body that may take its time.

    Args:
        chunks: The body.
        patience: How many seconds all pieces are waited for; None for as long as it takes.
    """

    def __init__(self, chunks: AsyncIterator[bytes], patience: float | None) -> None:
        self._chunks = chunks
        self._until = None if patience is None else asyncio.get_running_loop().time() + patience
        self._coming: asyncio.Future[bytes | None] | None = None

    async def next(self) -> bytes | None:
        """Return the next piece; None at the end.

        Raises:
            TimeoutError: It takes its time, and is the first of ``rest``.
        """
        if self._until is None:
            return await anext(self._chunks, None)
        coming = self._coming = asyncio.ensure_future(self._one())
        await asyncio.wait({coming}, timeout=max(0.0, self._until - asyncio.get_running_loop().time()))
        if not coming.done():
            raise TimeoutError
        self._coming = None
        return coming.result()

    async def rest(self, first: bytes) -> AsyncIterator[bytes]:
        """Yield what is given, and then the pieces that have not been taken."""
        if first:
            yield first
        if self._coming is not None:
            piece = await self._coming
            self._coming = None
            if piece is None:
                return
            yield piece
        async for chunk in self._chunks:
            yield chunk

    async def cancel(self) -> None:
        """Wait no more for the piece that takes its time."""
        coming, self._coming = self._coming, None
        if coming is not None and not coming.done():
            coming.cancel()
            await asyncio.wait({coming})

    def closing(self, close: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Return what closes the response, and waits for nothing more of it."""

        async def closed() -> None:
            await self.cancel()
            await close()

        return closed

    async def _one(self) -> bytes | None:
        return await anext(self._chunks, None)
