"""The head of a response: status, headers, and what they say of the body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

Headers = tuple[tuple[str, str], ...]

_TELLING: Final = frozenset({"content-length", "transfer-encoding", "content-encoding", "keep-alive"})
_UNCOMMON: Final = frozenset({"transfer-encoding", "upgrade", "proxy-connection"})
"""Headers that change where a response ends, or what comes after it."""

_PLAIN_START = re.compile(r"HTTP/1\.1 ([2-5][0-9]{2})(?: [ -~]*)?").fullmatch
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_BODILESS: Final = (204, 304)

_MOST_NAMES: Final = 1024
_names: dict[str, str] = {}
"""Header names, in lower case: every answer has the same few."""


@dataclass(slots=True)
class Head:
    """Status and headers of a response.

    Attributes:
        status: HTTP status.
        headers: Names in lower case, and values, in order.
        keeps: Whether the upstream takes another request on the connection, as far as they say.
        keeps_seconds: For how long it says that it keeps an idle connection; 0 where it does not say.
        declared: What Content-Length says; 0 where there is none, or no body.
        encoding: What Content-Encoding says; empty where there is none.
        coding: What Transfer-Encoding says; None where there is none.
        has_length: Whether there is a Content-Length.
    """

    status: int
    headers: Headers = field(repr=False)
    keeps: bool
    keeps_seconds: int = 0
    declared: int = 0
    encoding: str = ""
    coding: str | None = None
    has_length: bool = False


def head_of(status: int, headers: Headers, *, keeps: bool, bodiless: bool) -> Head:
    """Give the head that these make.

    Args:
        status: HTTP status.
        headers: Names in lower case, and values.
        keeps: Whether the upstream takes another request, by its version and what it says of the connection.
        bodiless: The request was HEAD: the response has no body, whatever it says.
    """
    head = Head(status, headers, keeps)
    for name, value in headers:
        if name not in _TELLING:
            continue
        if name == "content-length":
            head.has_length = True
            head.declared = int(value)
        elif name == "transfer-encoding":
            head.coding = value.lower()
        elif name == "content-encoding":
            head.encoding = f"{head.encoding},{value}" if head.encoding else value
        else:
            head.keeps_seconds = _seconds(value)
    is_coded = head.coding is not None
    if is_coded and head.has_length:
        head.keeps = False  # whoever sends both may mean either
    if is_coded or bodiless or status in _BODILESS:
        head.declared = 0
    return head


def read_plain(text: bytes) -> Head | None:
    """Read the head of a response as most of them are: HTTP/1.1, ASCII, with one Content-Length.

    Args:
        text: Everything before the empty line.

    Returns:
        None where anything about it is uncommon, or wrong: its reading is left to a full parser.
    """
    if not text.isascii():
        return None
    start, *lines = text.decode("ascii").split("\r\n")
    status = _PLAIN_START(start)
    headers = _plain_headers(lines)
    if status is None or headers is None or int(status[1]) in _BODILESS:
        return None
    lengths = [value for name, value in headers if name == "content-length"]
    if len(lengths) != 1 or not lengths[0].isdecimal():
        return None
    connection = [value.lower() for name, value in headers if name == "connection"] or ["keep-alive"]
    if connection not in (["keep-alive"], ["close"]):
        return None
    return head_of(int(status[1]), headers, keeps=connection == ["keep-alive"], bodiless=False)


def _plain_headers(lines: Iterable[str]) -> Headers | None:
    headers = []
    for line in lines:
        written, colon, value = line.partition(":")
        name = _names.get(written) or _learn_name(written)
        if not (colon and name and value.isprintable()) or name in _UNCOMMON:
            return None
        headers.append((name, value.strip()))
    return tuple(headers)


def _learn_name(written: str) -> str:
    """Give a header name in lower case; empty where it is none."""
    if not _TOKEN(written):
        return ""
    name = written.lower()
    if len(_names) < _MOST_NAMES:
        _names[written] = name
    return name


def _seconds(keep_alive: str) -> int:
    """Read ``timeout=5, max=100``."""
    for part in keep_alive.split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "timeout" and value.strip().isdecimal():
            return int(value)
    return 0
