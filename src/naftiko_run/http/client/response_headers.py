"""The head of a response: status, headers, and the framing of the body."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from naftiko_run.header_values import decode_header_value

_INTERPRETED: Final = frozenset(
    {"content-length", "transfer-encoding", "content-encoding", "keep-alive", "connection"}
)
_FRAMING: Final = frozenset({"content-length", "content-encoding", "transfer-encoding"})
"""Headers that are needed to read the body, even if `Connection` names them."""
_MAX_DIGITS: Final = 9
_MAX_NAMES: Final = 1024
_names: dict[bytes, str] = {}
"""Header names in lower case: most responses have the same few."""


@dataclass(slots=True)
class ResponseHeaders:
    """Status and headers of a response.

    Attributes:
        status: HTTP status.
        headers: Names in lower case, and values, in order.
        keeps_seconds: The timeout of the Keep-Alive header in seconds; 0 if there is none.
        declared: The Content-Length; 0 if there is none, or no body.
        has_length: Whether there is a Content-Length.
        encoding: The Content-Encoding; empty if there is none.
        coding: The Transfer-Encoding; None if there is none.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    keeps_seconds: int = 0
    declared: int = 0
    has_length: bool = False
    encoding: str = ""
    coding: str | None = None


def parse_headers(status: int, raw: Iterable[tuple[bytes, bytes]], *, bodiless: bool) -> ResponseHeaders:
    """Parse the headers of a response.

    Args:
        status: The status of the response.
        raw: Names and values from the parser.
        bodiless: Whether the request was HEAD: the response has no body, whatever its headers declare.
    """
    headers = tuple(
        [(_names.get(name) or _learn_name(name), decode_header_value(value).strip()) for name, value in raw]
    )
    head = ResponseHeaders(status, headers)
    for name, value in headers:
        if name not in _INTERPRETED:
            continue
        if name == "content-length":
            head.has_length = True
            head.declared = int(value)
        elif name == "transfer-encoding":
            head.coding = value.lower() if head.coding is None else f"{head.coding},{value.lower()}"
        elif name == "content-encoding":
            head.encoding = f"{head.encoding},{value}" if head.encoding else value
        elif name == "connection":
            head.headers = without_connection_options(head.headers)
        else:
            head.keeps_seconds = _seconds(value)
    if bodiless or head.coding is not None or status in (204, 304):
        head.declared = 0
    if head.coding is not None and head.has_length:  # the coding overrides the length (RFC 9112, 6.3)
        head.headers = tuple([header for header in head.headers if header[0] != "content-length"])
    return head


def without_connection_options(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return headers without those that `Connection` names, which are hop-by-hop (RFC 9110, 7.6.1)."""
    named = {
        option.strip().lower()
        for name, value in headers
        if name == "connection"
        for option in value.split(",")
    }
    named -= _FRAMING
    if named.isdisjoint(name for name, _ in headers):
        return headers
    return tuple([header for header in headers if header[0] not in named])


def _learn_name(name: bytes) -> str:
    known = name.decode("latin-1").lower()
    if len(_names) < _MAX_NAMES:
        _names[name] = known
    return known


def _seconds(keep_alive: str) -> int:
    """Parse the timeout of a Keep-Alive header, such as ``timeout=5, max=100``."""
    for part in keep_alive.split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "timeout" and value.strip().isdecimal():
            return int(value.strip()[:_MAX_DIGITS])
    return 0
