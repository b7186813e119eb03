"""Outgoing requests, upstream responses, and the interface of transports."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, Final, Protocol, Self, TypeVar, dataclass_transform

from naftiko_run.errors import InvalidInput, Violation

MAX_BUFFERED_BODY: Final = 10 * 1024 * 1024
"""The maximum size of a streamed body that must be buffered, in bytes."""

MAX_CONTENT_TYPES: Final = 16
"""The maximum number of content types for which ``FixedHeaders`` caches headers."""


DEFAULT_MAX_RESPONSE: Final = 64 * 1024 * 1024
"""The default maximum number of bytes of a response that are kept in memory."""

DEFAULT_SECONDS: Final = 30.0
"""The default timeout of a call in seconds; for a stream, of each pause in it."""


Headers = tuple[tuple[str, str], ...]
"""Names and values, in order."""

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def message(cls: type[T]) -> type[T]:
    """Make a class a slotted dataclass that is immutable for the type checker.

    Freezing it at run time as well would triple the time to create a message.
    """
    return dataclass(slots=True)(cls)


class FixedHeaders:
    """Headers that many requests share, so that a transport serializes them only once.

    Args:
        pairs: Names and values.

    Attributes:
        pairs: Names and values, as one tuple that all requests share.
        written: The serialized form that a transport caches here; None until then.
    """

    __slots__ = ("_typed", "pairs", "written")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs: Headers = (*pairs,)
        self.written: tuple[str, int, str | None] | None = None
        self._typed: dict[str, FixedHeaders] = {}

    def with_type(self, content_type: str) -> FixedHeaders:
        """Return these headers, with a Content-Type added if they have none."""
        typed = self._typed.get(content_type)
        if typed is None:
            has_type = any(name.lower() == "content-type" for name, _ in self.pairs)
            typed = self if has_type else FixedHeaders((*self.pairs, ("Content-Type", content_type)))
            # A multipart boundary belongs to one request, and callers can choose any type.
            if len(self._typed) < MAX_CONTENT_TYPES and not content_type.startswith("multipart/"):
                self._typed[content_type] = typed
        return typed


@message
class OutgoingRequest:
    """One HTTP request to an upstream.

    Attributes:
        operation: ``namespace.name`` of the consumed operation, for errors and logs.
        method: HTTP method in upper case.
        url: Absolute URL, percent-encoded.
        headers: Names and values, in order.
        body: The request body; None for no body.
        chunks: A streamed request body, in place of ``body``; None for none.
        tls: A TLS context with the client certificate of the connection; None for no client certificate.
        max_answer: The maximum size of a successful response in bytes, unless ``stream`` is set; None for no limit.
        timeout: The timeout in seconds until the response is complete; for a streamed response, until its headers
            are received, and then of each pause. None for the default of the transport.
        deadline: When ``timeout`` expires, in the event loop's time, for a call that has started already: further
            requests of the call do not extend it. 0 for ``timeout`` seconds from when the request is sent.
        stream_threshold: ``send`` returns a response with more bytes than this as a ``StreamedResponse``, with its
            content encodings decoded; None to always buffer the response.
        max_kept: The maximum number of bytes of a response that are kept in memory, before and after decoding; a
            larger response that cannot be streamed is rejected.
        fixed: The shared headers that ``headers`` were created from; None for none.
        stream: Whether to return the response as soon as its headers are received: a ``StreamedResponse`` whose
            body is not decoded.
    """

    operation: str
    method: str
    url: str
    headers: Headers
    body: bytes | None = field(default=None, repr=False)
    timeout: float | None = None
    max_answer: int | None = None
    stream_threshold: int | None = None
    max_kept: int = DEFAULT_MAX_RESPONSE
    fixed: FixedHeaders | None = field(default=None, repr=False)
    chunks: AsyncIterator[bytes] | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    deadline: float = 0.0
    stream: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Whether the request can be sent again: a streamed body can be sent only once."""
        return self.chunks is None

    def kept_limit(self, status: int) -> int:
        """Return the maximum number of bytes of a response to buffer; ``max_answer`` takes precedence on success."""
        return self.max_answer if self.max_answer is not None and status < 300 else self.max_kept

    def copy(self, **changes: Any) -> Self:
        """Return a copy of the request with some attributes changed."""
        copied = type(self)(*_attributes(self))  # a fifth of the time of ``replace``
        for name, value in changes.items():
            setattr(copied, name, value)
        return copied

    def with_headers(self, *added: tuple[str, str]) -> Self:
        """Return a copy of the request with additional headers."""
        return self.copy(headers=(*self.headers, *added))

    async def buffered(self) -> Self:
        """Return a copy of the request with a buffered body, so that it can be signed or sent again.

        Raises:
            InvalidInput: The body is too large to be buffered.
        """
        if self.chunks is None:
            return self
        kept = bytearray()
        async for chunk in self.chunks:
            kept += chunk
            if len(kept) > MAX_BUFFERED_BODY:
                raise InvalidInput(
                    [
                        Violation(
                            "/body",
                            f"must be at most {MAX_BUFFERED_BODY} bytes, because it is signed or sent again",
                        )
                    ]
                )
        return self.copy(body=bytes(kept), chunks=None)

    def has(self, name: str) -> bool:
        """Return whether there is a header with this lower-case name."""
        return any(key.lower() == name for key, _ in self.headers)

    def __repr__(self) -> str:
        return f"OutgoingRequest({self.operation}, {self.method})"


_attributes: Final[Callable[[OutgoingRequest], tuple[Any, ...]]] = attrgetter(
    *(each.name for each in fields(OutgoingRequest))
)


@message
class UpstreamResponse:
    """One HTTP response of an upstream.

    Attributes:
        status: HTTP status.
        headers: Names in lower case, and values, in order.
        body: The complete body, with content encodings decoded.
        url: The URL of the request; may contain credentials.
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    url: str = field(default="", repr=False, kw_only=True)

    def header(self, name: str) -> str:
        """Return the first header with this lower-case name; empty if there is none."""
        for key, value in self.headers:
            if key == name:
                return value
        return ""

    def copy(self, **changes: Any) -> Self:
        """Return a copy of the response with some attributes changed."""
        return replace(self, **changes)

    async def aclose(self) -> None:
        """Release the connection; a no-op for a buffered response."""


@message
class StreamedResponse(UpstreamResponse):
    """One HTTP response of an upstream whose body is streamed.

    Attributes:
        chunks: The chunks of the body: not decoded if the request has ``stream`` set, otherwise with content
            encodings decoded. May raise ``UpstreamUnreachable``, ``UpstreamTimeout``, ``ClientTooSlow`` and,
            without ``stream``, ``ResponseTooLarge``.
        close: Releases the connection; must be called once, whether or not the body was read to its end.
    """

    chunks: AsyncIterator[bytes] = field(repr=False)
    close: Callable[[], Awaitable[None]] = field(repr=False)

    async def aclose(self) -> None:
        """Release the connection."""
        await self.close()


Send = Callable[[OutgoingRequest], Awaitable[UpstreamResponse]]
"""Sends a request and returns the response."""


class Transport(Protocol):
    """Sends requests to upstreams.

    A transport can wrap another one to add features: it may send a request several times, send a modified copy, or
    not send it at all.
    """

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request and return the response: buffered, unless the request allows or requires a stream.

        Raises:
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The timeout expired.
            NoConnection: No connection became free in time, or none can be opened.
            ResponseTooLarge: The response is larger than the request allows.
        """
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
