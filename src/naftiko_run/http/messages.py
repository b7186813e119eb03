"""The request that goes out and the response that comes back; the interface of every transport."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, Final, Protocol, Self, TypeVar, dataclass_transform

from naftiko_run.errors import InvalidInput, Violation

MAX_BUFFERED_BODY: Final = 10 * 1024 * 1024
"""How large a body may be that streams, where it has to be kept all the same."""

MAX_CONTENT_TYPES: Final = 16
"""How many content types the headers of an operation are kept with."""


DEFAULT_MAX_RESPONSE: Final = 64 * 1024 * 1024
"""How many bytes of a response are kept in memory, where nothing else is set."""

DEFAULT_SECONDS: Final = 30.0
"""How many seconds a call may take where nothing else is said; of a stream, each pause in it."""


Headers = tuple[tuple[str, str], ...]
"""Names and values, in order."""

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def message(cls: type[T]) -> type[T]:
    """Make a class a slotted dataclass that is immutable for the type checker.

    Freezing it at run time as well would triple the time that making a message takes.
    """
    return dataclass(slots=True)(cls)


class FixedHeaders:
    """All headers of many requests: a transport reads them once, not for each.

    Args:
        pairs: Names and values.

    Attributes:
        pairs: The same, for all requests one tuple.
        written: What a transport has made of them, for itself; None before it did.
    """

    __slots__ = ("_typed", "pairs", "written")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs: Headers = (*pairs,)
        self.written: tuple[str, int, str | None] | None = None
        self._typed: dict[str, FixedHeaders] = {}

    def with_type(self, content_type: str) -> FixedHeaders:
        """Return these headers, with a Content-Type added where they have none."""
        typed = self._typed.get(content_type)
        if typed is None:
            has_type = any(name.lower() == "content-type" for name, _ in self.pairs)
            typed = self if has_type else FixedHeaders((*self.pairs, ("Content-Type", content_type)))
            # A boundary of multipart is that of one request, and callers can choose any type.
            if len(self._typed) < MAX_CONTENT_TYPES and not content_type.startswith("multipart/"):
                self._typed[content_type] = typed
        return typed


@message
class OutgoingRequest:
    """One HTTP request to an upstream.

    Attributes:
        operation: ``namespace.name`` of the consumed operation, for errors and logs.
        method: In capitals.
        url: Absolute, percent-encoded.
        headers: Names and values, in order.
        body: None for no body.
        chunks: A body in pieces as they come, in place of ``body``; None for none.
        tls: Holds the client certificate that the connection shows; None where it shows none.
        max_answer: The largest answer taken, in bytes, where ``stream`` is not asked for; None for any.
        timeout: How many seconds the call may take, until its answer is whole; of an answer that streams,
            until its headers are there, and then each pause. None for what the transport usually allows.
        deadline: When ``timeout`` is over, in the event loop's time, where the call has begun already: what
            else is sent for it does not extend it. 0 for ``timeout`` seconds from when it is sent.
        stream_threshold: An answer longer than so many bytes comes from ``send`` as a ``StreamedResponse``, its
            content encodings undone, its first bytes not lost; None: always read whole.
        max_kept: How many bytes of an answer are kept in memory, before and after it is decoded; a longer one
            that cannot stream is refused.
        fixed: What ``headers`` were when the request was made, where others have the same; None for none.
        stream: Return the response as soon as its headers are there: a ``StreamedResponse`` whose body comes as it
            was sent, content encodings and all.
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
        """Whether it can be sent a second time: a body that streams is gone after the first."""
        return self.chunks is None

    def kept_limit(self, status: int) -> int:
        """Return how many bytes of an answer with a status are kept: what is allowed for one that succeeded wins."""
        return self.max_answer if self.max_answer is not None and status < 300 else self.max_kept

    def copy(self, **changes: Any) -> Self:
        """Return a request with some attributes changed."""
        copied = type(self)(*_attributes(self))  # a fifth of the time of ``replace``
        for name, value in changes.items():
            setattr(copied, name, value)
        return copied

    def with_headers(self, *added: tuple[str, str]) -> Self:
        """Return a request with more headers."""
        return self.copy(headers=(*self.headers, *added))

    async def buffered(self) -> Self:
        """Return a request whose body was read whole, for those who must see it or may have to send it again.

        Raises:
            InvalidInput: It is too large to be kept.
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
        """Whether there is a header of this lower-case name."""
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
        body: Whole, content encodings undone.
        url: Of the request that it answers; may hold credentials.
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    url: str = field(default="", repr=False, kw_only=True)

    def header(self, name: str) -> str:
        """Return the first header of this lower-case name; empty where there is none."""
        for key, value in self.headers:
            if key == name:
                return value
        return ""

    def copy(self, **changes: Any) -> Self:
        """Return a response with some attributes changed."""
        return replace(self, **changes)

    async def aclose(self) -> None:
        """Release the connection; nothing to do where the body was read whole."""


@message
class StreamedResponse(UpstreamResponse):
    """One HTTP response of an upstream whose body is still to come.

    Attributes:
        chunks: The body as it comes: off the wire, content encodings and all, where ``stream`` was asked for
            it; with its content encodings undone where ``send`` gives it. May raise ``UpstreamUnreachable``,
            ``UpstreamTimeout``, ``ClientTooSlow`` and, from ``send``, ``ResponseTooLarge``.
        close: Gives the connection back; to be called once, read to the end or not.
    """

    chunks: AsyncIterator[bytes] = field(repr=False)
    close: Callable[[], Awaitable[None]] = field(repr=False)

    async def aclose(self) -> None:
        """Release the connection."""
        await self.close()


Send = Callable[[OutgoingRequest], Awaitable[UpstreamResponse]]
"""Sends a request and gives the response."""


class Transport(Protocol):
    """Carries requests to upstreams.

    A transport that wraps another one adds to what that one does: it may send a request several times, or a changed
    copy of it, or none.
    """

    async def send(self, request: OutgoingRequest) -> UpstreamResponse:
        """Send a request, and return the response: whole, unless the request allows or asks for a stream of it.

        Raises:
            UpstreamUnreachable: No connection, TLS failure, or a broken response.
            UpstreamTimeout: The time limit passed.
            NoConnection: None became free in time, or none can be opened.
            ResponseTooLarge: The answer is larger than the request takes.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
