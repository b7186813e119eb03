"""Answers are kept whole, up to what a request keeps; longer ones stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from naftiko_run.consume.exchange import OutgoingRequest, StreamedResponse, UpstreamResponse
from naftiko_run.consume.transport.words import too_large

Headers = tuple[tuple[str, str], ...]


async def kept_or_streamed(
    request: OutgoingRequest,
    status: int,
    headers: Headers,
    chunks: AsyncIterator[bytes],
    close: Callable[[], Awaitable[None]],
) -> UpstreamResponse:
    """Give an answer whole, or as a stream where it is longer than the request keeps.

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
    limit = request.max_answer if status < 300 else None  # what failed is told whole
    most = request.most_kept
    if limit is not None:
        if declared > limit:
            await close()
            raise too_large(request, limit)
        chunks = _limited(request, chunks, limit)
    is_long = most is not None and declared > most
    kept = bytearray()
    try:
        while not is_long:
            chunk = await anext(chunks, None)
            if chunk is None:
                await close()
                return UpstreamResponse(status, headers, bytes(kept))
            kept += chunk
            is_long = most is not None and len(kept) > most
    except BaseException:
        await close()
        raise
    return StreamedResponse(status, headers, b"", _joined(bytes(kept), chunks), close)


def _declared(request: OutgoingRequest, status: int, headers: Headers) -> int:
    """Give the length that an answer says it will have; 0 where it does not say, or has no body."""
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


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk
