"""Serialization of response heads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch

_LENGTH, _CONNECTION, _FRAMING = range(1, 4)
_MARKS: Final = {b"content-length": _LENGTH, b"connection": _CONNECTION, b"transfer-encoding": _FRAMING}
_MAX_NAMES: Final = 1024
_names: dict[bytes, tuple[bytes, int]] = {}
"""Valid header names: the start of their lines, and their marks."""


class InvalidResponse(ValueError):
    """A status or header that is not valid in HTTP."""


def write_response_head(
    status: int, headers: Iterable[tuple[bytes, bytes]]
) -> tuple[bytes, int | None, bool]:
    """Return the status line and headers of a response, without the final empty line.

    Args:
        status: HTTP status.
        headers: Names and values.

    Returns:
        The bytes, the Content-Length (None if there is none), and whether the connection is to be closed.

    Raises:
        InvalidResponse: The status, a name or a value is not valid in HTTP.
    """
    line = _STATUS_LINES.get(status)
    if line is None:
        raise InvalidResponse(f"{status} is not a valid response status")
    parts = [line]
    lines = 1
    length = None
    closes = False
    for name, value in headers:
        beginning, mark = _names.get(name) or _learn(name)
        if mark:
            if mark == _LENGTH:
                if status == 204:  # which has no body (RFC 9110, 8.6)
                    continue
                length = int(value)
            else:  # the server controls framing and keep-alive
                closes = closes or (mark == _CONNECTION and b"close" in value.lower())
                continue
        parts += beginning, value, b"\r\n"
        lines += 1
    head = b"".join(parts)
    if head.count(b"\r") != lines or head.count(b"\n") != lines or 0 in head:
        raise InvalidResponse("a header value contains a line break or a null byte")
    return head, length, closes


def _status_line(status: int) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES: Final = {status: _status_line(status) for status in range(200, 600)}


def _learn(name: bytes) -> tuple[bytes, int]:
    if not _TOKEN(name):
        raise InvalidResponse("a header has an invalid name")
    lower = name.lower()
    known = lower + b": ", _MARKS.get(lower, 0)
    if len(_names) < _MAX_NAMES:
        _names[name] = known
    return known
