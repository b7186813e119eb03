"""The request as it goes over the wire: request line and headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from naftiko_run.consume.exchange import OutgoingRequest
from naftiko_run.version import USER_AGENT

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_VALUE = re.compile(r"[^\x00-\x20\x7f](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?").fullmatch
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say that they have no body (RFC 9110, 8.6)."""

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
    _ENCODING: "Accept-Encoding: gzip, deflate\r\n",
    _CONNECTION: "Connection: keep-alive\r\n",
    _AGENT: f"User-Agent: {USER_AGENT}\r\n",
}
_MISSING: Final = tuple(
    "".join(line for mark, line in _DEFAULTS.items() if not given & mark)
    for given in range((_ACCEPT | _ENCODING | _CONNECTION | _AGENT | _HOST) + 1)
)
"""The headers that are added, by the marks of those that are there."""

_MOST_NAMES: Final = 4096
_names: dict[str, tuple[str, int]] = {}
"""What is known of header names: how their lines begin, and their marks."""
_methods: set[str] = set()


class Unsendable(Exception):
    """A request that HTTP cannot carry; what exactly is wrong is not said: it may be a credential."""


def write_head(request: OutgoingRequest, authority: str, target: str) -> tuple[bytes, int | None]:
    """Write the request line and headers of a request.

    Args:
        request: What is sent.
        authority: The Host header.
        target: Path and query, percent-encoded.

    Returns:
        The bytes before the body, and the length that the body will have; None where it goes in chunks.

    Raises:
        Unsendable: A method, name or value is not one that HTTP can carry, or the body has not the length
            that a header says.
    """
    method = request.method
    if method not in _methods:
        _learn_method(method)
    lines = []
    given = 0
    declared = None
    for name, value in request.headers:
        beginning, mark = _names.get(name) or _learn_name(name)
        if not (value.isascii() and value.isprintable() and value.strip() == value) and not _VALUE(value):
            raise Unsendable
        if mark:
            given |= mark
            if mark >= _LENGTH:  # what says where the body ends is ours
                declared = value if mark == _LENGTH else declared
                continue
        lines.append(f"{beginning}{value}\r\n")
    length, framing = _framing(request, declared)
    host = "" if given & _HOST else f"Host: {authority}\r\n"
    missing = _MISSING[given & (_LENGTH - 1)]
    text = f"{method} {target} HTTP/1.1\r\n{host}{missing}{''.join(lines)}{framing}\r\n"
    try:
        return text.encode(), length
    except UnicodeEncodeError:  # half a surrogate pair
        raise Unsendable from None


def _framing(request: OutgoingRequest, declared: str | None) -> tuple[int | None, str]:
    """Give the length of the body and the header that says so."""
    if declared is not None and not (declared.isascii() and declared.isdecimal()):
        raise Unsendable
    if request.chunks is not None:
        if declared is None:
            return None, "Transfer-Encoding: chunked\r\n"
        return int(declared), f"Content-Length: {declared}\r\n"
    length = len(request.body) if request.body else 0
    if declared is not None and int(declared) != length:
        raise Unsendable
    if length or declared is not None or request.method in _WITH_LENGTH:
        return length, f"Content-Length: {length}\r\n"
    return 0, ""


def _learn_name(name: str) -> tuple[str, int]:
    known = _checked(name, _TOKEN) + ": ", _MARKS.get(name.lower(), 0)
    if len(_names) < _MOST_NAMES:
        _names[name] = known
    return known


def _learn_method(method: str) -> None:
    _checked(method, _TOKEN)
    if len(_methods) < _MOST_NAMES:
        _methods.add(method)


def _checked(text: str, fits: Callable[[str], object]) -> str:
    if not fits(text):
        raise Unsendable
    return text
