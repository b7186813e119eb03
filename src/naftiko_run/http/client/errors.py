"""Errors of failed exchanges, with the same messages for every transport."""

from __future__ import annotations

import errno
import re
import socket
from typing import Final
from urllib.parse import urlsplit

from naftiko_run.errors import (
    ClientTooSlow,
    InvalidInput,
    NoConnection,
    ResponseTooLarge,
    UpstreamTimeout,
    UpstreamUnreachable,
    Violation,
)
from naftiko_run.http.client.origin import MAX_URL_LENGTH
from naftiko_run.http.messages import DEFAULT_SECONDS, OutgoingRequest

CONNECT_SECONDS: Final = 10.0
"""The maximum time to open a connection, in seconds."""

BROKEN_OFF: Final = "it closed the connection"
NOT_HTTP: Final = "its response is not valid HTTP"
TOO_MANY_HEADERS: Final = "its headers are larger than 100 KB"
NO_AUTHORITIES: Final = "SSL_CERT_FILE names no file"
NOT_AS_LONG: Final = "the body of the request is not as long as its Content-Length says"
NOT_SENT: Final = (
    # The value is not included: it may be a credential.
    "the request was not sent, because a header or credential is not one that HTTP can carry"
)
NO_URL: Final = "the request was not sent, because its URL is not valid"

_LONGER: Final = "the server's --timeout, or `x-timeout` in the document, allows more"
_RETRY_SECONDS: Final = 5

_ERROR_NUMBER = re.compile(r"\[Errno -?\d+\]\s*")


def timed_out(
    request: OutgoingRequest, *, is_silence: bool = False, authenticates: bool = False, waited: float = 0.0
) -> UpstreamTimeout:
    """Return the error of a call that timed out.

    Args:
        request: The request.
        is_silence: Whether a pause in a stream took too long, not the whole call.
        authenticates: Whether the call timed out during authentication.
        waited: How many seconds the request waited for a connection.
    """
    what = "neither sent nor received data for" if is_silence else "did not respond within"
    also = ", authentication included" if authenticates else ""
    seconds = seconds_of(request)
    if waited > seconds / 2 and not is_silence:
        also += f", of which the request waited {waited:.2g} s for a connection"
    return UpstreamTimeout(
        f"{request.operation}: {_host(request.url)} {what} {seconds:g} s{also}", hint=_LONGER
    )


def url_too_long(operation: str) -> InvalidInput:
    """Return the error of an operation whose URL is too long: only a caller's value can make it so."""
    return InvalidInput(
        [
            Violation(
                "",
                f"the URL of {operation} would be longer than {MAX_URL_LENGTH:,} characters, which "
                "is the maximum: shorten the values that travel in its path or query",
            )
        ]
    )


def no_connection_in_time(request: OutgoingRequest) -> UpstreamTimeout:
    """Return the error of a connection that could not be opened in time."""
    seconds = min(CONNECT_SECONDS, seconds_of(request))
    return UpstreamTimeout(
        f"{request.operation}: {_host(request.url)} did not accept a connection within {seconds:g} s",
        hint="" if seconds == CONNECT_SECONDS else _LONGER,
    )


def pool_full(request: OutgoingRequest, to_one: int, in_all: int) -> NoConnection:
    """Return the error of a request for which no connection became free.

    Args:
        request: The request.
        to_one: The number of connections to its origin.
        in_all: The number of connections to all origins, if that limit was reached; otherwise 0.
    """
    used = f"{to_one} in use" + (f", {in_all} to all upstreams" if in_all else "")
    option = "--max-connections" if in_all else "--max-connections-per-origin"
    return NoConnection(
        f"{request.operation}: no connection to {_host(request.url)} became free within "
        f"{seconds_of(request):g} s ({used})",
        hint=f"the server's {option} allows more",
        retry_after=_RETRY_SECONDS,
    )


def out_of_descriptors(request: OutgoingRequest) -> NoConnection:
    """Return the error of a request for which the process or the system cannot open a socket."""
    return NoConnection(
        f"{request.operation}: no connection to {_host(request.url)}: the server has no file descriptor left",
        hint="raise its limit (`ulimit -n`), or lower --max-connections",
        retry_after=_RETRY_SECONDS,
    )


def is_out_of_descriptors(fault: BaseException) -> bool:
    """Return whether a connection failed because no file descriptor is left, which the resolver does not report."""
    if isinstance(fault, socket.gaierror):
        try:
            socket.socket().close()
        except OSError as cause:
            fault = cause
    return isinstance(fault, OSError) and fault.errno in (errno.EMFILE, errno.ENFILE)


def client_too_slow(request: OutgoingRequest) -> ClientTooSlow:
    """Return the error of a stream whose client was too slow."""
    return ClientTooSlow(
        f"{request.operation}: the client was too slow, and other requests waited for its connection to "
        f"{_host(request.url)}"
    )


def seconds_of(request: OutgoingRequest) -> float:
    """Return the timeout of a request in seconds; see ``OutgoingRequest.timeout``."""
    return DEFAULT_SECONDS if request.timeout is None else request.timeout


def unreachable(request: OutgoingRequest, reason: str) -> UpstreamUnreachable:
    """Return the error of a request without a response that is HTTP, with the reason."""
    if reason in (NOT_HTTP, TOO_MANY_HEADERS):
        return invalid_response(request, reason)
    return UpstreamUnreachable(f"{request.operation}: no response from {_host(request.url)}: {reason}")


def invalid_response(request: OutgoingRequest, reason: str) -> UpstreamUnreachable:
    """Return the error of a response that cannot be read, with the reason."""
    return UpstreamUnreachable(f"{request.operation}: no valid response from {_host(request.url)}: {reason}")


def cannot_connect(cause: str) -> str:
    """Return the reason for a failed connection; an empty cause adds nothing."""
    cause = _ERROR_NUMBER.sub("", cause)
    return f"cannot connect ({cause})" if cause else "cannot connect"


def too_large(request: OutgoingRequest, limit: int) -> ResponseTooLarge:
    """Return the error of a response that is larger than its request allows."""
    hint = "allow more with `maxBinarySize` of the operation or the adapter"
    if limit != request.max_answer:
        hint = "allow more with `x-maxResponse` of the operation, or with the server's --max-response"
    return ResponseTooLarge(
        f"{request.operation} returned a response of more than {limit:,} bytes, which is the limit", hint=hint
    )


def _host(url: str) -> str:
    """Return a URL's host and port: the rest may hold credentials."""
    return urlsplit(url).netloc.rpartition("@")[2] or "the upstream"
