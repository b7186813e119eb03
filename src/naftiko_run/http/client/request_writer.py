"""Writing requests to a connection: the head, and a streamed body."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final

from naftiko_run.header_values import encode_header_value
from naftiko_run.http.client.connection import Broken, Connection
from naftiko_run.http.client.encodings import accepted_encodings
from naftiko_run.http.client.errors import NOT_AS_LONG
from naftiko_run.http.messages import OutgoingRequest
from naftiko_run.version import USER_AGENT

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_VALUE = re.compile(r"[^\x00-\x20\x7f](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?").fullmatch
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods that send `Content-Length: 0` for no body (RFC 9110, 8.6)."""

_HOST, _ACCEPT, _ENCODING, _CONNECTION, _AGENT, _LENGTH, _TRANSFER = (1 << bit for bit in range(7))
_MARKS: Final = {
    "host": _HOST,
    "accept": _ACCEPT,
    "accept-encoding": _ENCODING,
    "connection": _CONNECTION,
    "user-agent": _AGENT,
    "content-length": _LENGTH,
    "transfer-encoding": _TRANSFER,
}
_DEFAULTS: Final = {
    _ACCEPT: "Accept: */*\r\n",
    _ENCODING: f"Accept-Encoding: {accepted_encodings()}\r\n",
    _CONNECTION: "Connection: keep-alive\r\n",
    _AGENT: f"User-Agent: {USER_AGENT}\r\n",
}
_MISSING: Final = tuple(
    "".join(line for mark, line in _DEFAULTS.items() if not given & mark)
    for given in range((_ACCEPT | _ENCODING | _CONNECTION | _AGENT | _HOST) + 1)
)
"""The default headers to add, by the marks of the headers that are present."""

_MAX_NAMES: Final = 4096
_names: dict[str, tuple[str, int]] = {}
"""Valid header names: the start of their lines, and their marks."""
_methods: set[str] = set()


class InvalidRequest(Exception):
    """A request that is not valid in HTTP; the message omits the value, which may be a credential."""


def write_request_head(request: OutgoingRequest, authority: str, target: str) -> tuple[bytes, int | None]:
    """Return the request line and headers of a request.

    Args:
        request: The request.
        authority: The Host header.
        target: Path and query, percent-encoded.

    Returns:
        The bytes before the body, and the length of the body; None for chunked transfer coding.

    Raises:
        InvalidRequest: The method, a name or a value is not valid in HTTP, or the length of the body differs from the
            Content-Length header.
    """
    method = request.method
    if method not in _methods:
        _learn_method(method)
    fixed = request.fixed
    if fixed is None or (request.headers is not fixed.pairs and request.headers != fixed.pairs):
        lines, given, declared = _write(request.headers)
    else:
        if fixed.written is None:
            fixed.written = _write(fixed.pairs)
        lines, given, declared = fixed.written
    length, framing = _framing(request, declared)
    host = "" if given & _HOST else f"Host: {authority}\r\n"
    try:
        return encode_header_value(f"{method} {target} HTTP/1.1\r\n{host}{lines}{framing}\r\n"), length
    except UnicodeEncodeError:  # a lone surrogate
        raise InvalidRequest from None


def _write(headers: Iterable[tuple[str, str]]) -> tuple[str, int, str | None]:
    """Return the lines of the headers and of missing default headers, the marks, and the declared length."""
    lines = []
    given = 0
    declared = None
    for name, value in headers:
        beginning, mark = _names.get(name) or _learn_name(name)
        if not (value.isascii() and value.isprintable() and value.strip() == value) and not _VALUE(value):
            raise InvalidRequest
        given |= mark
        if mark < _LENGTH:
            lines.append(f"{beginning}{value}\r\n")
        elif mark == _LENGTH:  # the framing headers are written by ``_framing``
            declared = value
    missing = _MISSING[given & (_LENGTH - 1)]
    return f"{missing}{''.join(lines)}", given, declared


def _framing(request: OutgoingRequest, declared: str | None) -> tuple[int | None, str]:
    """Return the length of the body and its framing header."""
    length = len(request.body) if request.body else 0
    if declared is None:
        if request.chunks is not None:
            return None, "Transfer-Encoding: chunked\r\n"
        if not length and request.method not in _WITH_LENGTH:
            return 0, ""
    elif not (declared.isascii() and declared.isdecimal()):
        raise InvalidRequest
    elif request.chunks is not None:
        length = int(declared)
    elif int(declared) != length:
        raise InvalidRequest
    return length, f"Content-Length: {length}\r\n"


def _learn_name(name: str) -> tuple[str, int]:
    known = _checked(name, _TOKEN) + ": ", _MARKS.get(name.lower(), 0)
    if len(_names) < _MAX_NAMES:
        _names[name] = known
    return known


def _learn_method(method: str) -> None:
    _checked(method, _TOKEN)
    if len(_methods) < _MAX_NAMES:
        _methods.add(method)


def _checked(text: str, fits: Callable[[str], object]) -> str:
    if not fits(text):
        raise InvalidRequest
    return text


async def send_chunks(connection: Connection, chunks: AsyncIterator[bytes], length: int | None) -> None:
    """Send a streamed body; an error aborts the connection's exchange, which raises it.

    Args:
        connection: The connection, over which the head of the request was sent.
        chunks: The body.
        length: The declared Content-Length; None for chunked transfer coding.
    """
    sent = 0
    try:
        async for chunk in chunks:
            sent += len(chunk)
            if length is None:
                if chunk:
                    await connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            elif sent <= length:
                await connection.send(chunk)
            else:
                break
        if length is None:
            await connection.send(b"0\r\n\r\n")
        elif sent != length:
            connection.fail(Broken(NOT_AS_LONG))
        connection.end_sending()
    except Exception as fault:  # noqa: BLE001 - the caller's iterator can raise anything
        connection.fail(fault)
