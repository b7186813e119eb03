"""Response bodies: decoded and buffered up to a limit; larger ones are streamed if the request allows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from naftiko_run.http.client.encodings import CodingError, ContentDecoder, check_encodings
from naftiko_run.http.client.errors import invalid_response, too_large
from naftiko_run.http.messages import OutgoingRequest, StreamedResponse, UpstreamResponse

_TURN: Final = 512 * 1024
"""How many bytes are decoded before control returns to the event loop."""

_BUFFER_SECONDS: Final = 0.05
"""How many seconds a response without Content-Length is buffered before it is streamed."""

_EVENT_STREAM_TYPES: Final = frozenset(
    (
        *("text/event-stream", "multipart/x-mixed-replace", "application/x-ndjson", "application/ndjson"),
        *("application/jsonl", "application/x-jsonlines", "application/json-seq", "application/stream+json"),
    )
)
"""Media types whose chunks are passed on as soon as they are received."""

Headers = tuple[tuple[str, str], ...]


async def buffer_or_stream(
    request: OutgoingRequest,
    status: int,
    headers: Headers,
    chunks: AsyncIterator[bytes],
    close: Callable[[], Awaitable[None]],
) -> UpstreamResponse:
    """Return a buffered response, or a stream if it is larger than the request's ``stream_threshold``.

    Args:
        request: The request.
        status: The status of the response.
        headers: The headers of the response.
        chunks: The body of the response, with content encodings decoded.
        close: Releases the connection; called here unless the response is streamed.

    Raises:
        ResponseTooLarge: The response is larger than the request allows; a stream raises the same while it is read.
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
    body = _Chunks(chunks, _buffer_seconds(headers) if request.stream_threshold is not None else None)
    kept = bytearray()
    is_long = declared > threshold
    try:
        while not is_long:
            try:
                chunk = await body.next()
            except TimeoutError:
                break
            if chunk is None:
                await close()
                return UpstreamResponse(status, headers, bytes(kept), url=request.url)
            kept += chunk
            is_long = len(kept) > threshold
    except BaseException:
        await body.cancel()
        await close()
        raise
    if streams_beyond is None:
        await close()
        raise too_large(request, limit)
    rest, closing = body.rest(bytes(kept)), body.closing(close)
    return StreamedResponse(status, headers, b"", rest, closing, url=request.url)


async def decoded(
    request: OutgoingRequest, chunks: AsyncIterator[bytes], encoding: str
) -> AsyncIterator[bytes]:
    """Yield the decoded body; other tasks run in between.

    Args:
        request: The request.
        chunks: The encoded body.
        encoding: The values of its Content-Encoding headers, joined by commas; empty for none.

    Raises:
        UpstreamUnreachable: The body is corrupt, truncated, or in an unsupported coding.
        ResponseTooLarge: The encoded body is larger than the request's limit, and cannot be streamed.
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
        raise invalid_response(request, str(fault)) from None


async def without_codings(request: OutgoingRequest, response: UpstreamResponse) -> UpstreamResponse:
    """Return a streamed response whose body is decoded.

    Raises:
        UpstreamUnreachable: The body is in an unsupported coding.
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
        raise invalid_response(request, str(fault)) from None
    request = request.copy(stream_threshold=0)  # the body is not buffered
    changed = ("content-encoding", "content-length")
    return response.copy(
        headers=tuple(header for header in response.headers if header[0] not in changed),
        chunks=decoded(request, response.chunks, encoding),
    )


def _declared(request: OutgoingRequest, status: int, headers: Headers) -> int:
    """Return the declared length of a response; 0 if there is none, or no body."""
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


def _buffer_seconds(headers: Headers) -> float | None:
    """Return how many seconds a response is buffered before it is streamed.

    None, for no limit, if the response has a Content-Length: such a body is expected without pauses.
    """
    named = dict(headers)
    if "content-length" in named:
        return None
    media_type = named.get("content-type", "").partition(";")[0].strip().lower()
    return 0.0 if media_type in _EVENT_STREAM_TYPES else _BUFFER_SECONDS


class _Chunks:
    """The chunks of a body, received until a deadline; the rest can be streamed.

    Args:
        chunks: The body.
        timeout: How many seconds to wait for chunks in total; None for no limit.
    """

    def __init__(self, chunks: AsyncIterator[bytes], timeout: float | None) -> None:
        self._chunks = chunks
        self._until = None if timeout is None else asyncio.get_running_loop().time() + timeout
        self._pending: asyncio.Future[bytes | None] | None = None

    async def next(self) -> bytes | None:
        """Return the next chunk; None at the end.

        Raises:
            TimeoutError: The deadline passed; the chunk will be the first of ``rest``.
        """
        if self._until is None:
            return await anext(self._chunks, None)
        pending = self._pending = asyncio.ensure_future(self._one())
        await asyncio.wait({pending}, timeout=max(0.0, self._until - asyncio.get_running_loop().time()))
        if not pending.done():
            raise TimeoutError
        self._pending = None
        return pending.result()

    async def rest(self, first: bytes) -> AsyncIterator[bytes]:
        """Yield the bytes received so far, and then the remaining chunks."""
        if first:
            yield first
        if self._pending is not None:
            piece = await self._pending
            self._pending = None
            if piece is None:
                return
            yield piece
        async for chunk in self._chunks:
            yield chunk

    async def cancel(self) -> None:
        """Cancel a pending read."""
        pending, self._pending = self._pending, None
        if pending is not None and not pending.done():
            pending.cancel()
            await asyncio.wait({pending})

    def closing(self, close: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Return a function that cancels a pending read and closes the response."""

        async def closed() -> None:
            await self.cancel()
            await close()

        return closed

    async def _one(self) -> bytes | None:
        return await anext(self._chunks, None)
