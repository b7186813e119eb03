"""What is told of an exchange that failed, in the same words whatever carried it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from naftiko_run.consume.exchange import OutgoingRequest
from naftiko_run.errors import ResponseTooLarge, UpstreamTimeout, UpstreamUnreachable

DEFAULT_SECONDS: Final = 30.0
"""How long each wait may take where nothing else is said."""
CONNECT_SECONDS: Final = 10.0
"""The most that a connection may take to come about."""

BROKEN_OFF: Final = "it broke the connection off"
NOT_HTTP: Final = "what it sent is not HTTP"
TOO_MANY_HEADERS: Final = "its headers are larger than 100 KB"
NO_AUTHORITIES: Final = "SSL_CERT_FILE names no file"
NOT_AS_LONG: Final = "the body of the request is not as long as its Content-Length says"
NOT_SENT: Final = (
    # What exactly is not said: it may be a credential.
    "the request was not sent, because a header or credential is not one that HTTP can carry"
)

_ERROR_NUMBER = re.compile(r"\[Errno -?\d+\]\s*")


def timed_out(request: OutgoingRequest, seconds: float) -> UpstreamTimeout:
    """Say that a time limit passed."""
    return UpstreamTimeout(f"{request.operation}: {_host(request.url)} did not answer within {seconds:g} s")


def unreachable(request: OutgoingRequest, reason: str) -> UpstreamUnreachable:
    """Say that there is no answer, and why."""
    return UpstreamUnreachable(f"{request.operation}: no answer from {_host(request.url)}: {reason}")


def cannot_connect(cause: str) -> str:
    """Give the reason of a connection that did not come about; the cause is empty where it says no more."""
    cause = _ERROR_NUMBER.sub("", cause)
    return f"cannot connect ({cause})" if cause else "cannot connect"


def too_large(request: OutgoingRequest, limit: int) -> ResponseTooLarge:
    """Return the error of a response that is larger than its request allows."""
    hint = "allow more with `maxBinarySize` of the operation or the adapter"
    if limit != request.max_answer:
        hint = "allow more with `x-maxResponse` of the operation, or with the server's --max-response"
    return ResponseTooLarge(
        f"{request.operation} gave an answer of more than {limit:,} bytes, the most that is taken", hint=hint
    )


def _host(url: str) -> str:
    """Give a URL's host and port: the rest may hold credentials."""
    return urlsplit(url).netloc.rpartition("@")[2] or "the upstream"
