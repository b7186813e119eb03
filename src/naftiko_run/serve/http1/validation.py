"""What a request's head must be beyond what the parser checks (RFC 9112), so that nobody reads it differently."""

from __future__ import annotations

import re
from typing import Final

CHUNKED: Final = -1
"""The length of a body that comes in chunks."""

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(?:\r?\n)*(" + _TOKEN + rb") [^\s]+ HTTP/([0-9]\.[0-9])\r\n").match
_WITHOUT_VERSION = re.compile(rb"(?:\r?\n)*" + _TOKEN + rb" [^\s]+\r\n").match
_AUTHORITY = re.compile(
    rb"(?:\[[0-9A-Za-z:.%\-_~]+\]|[0-9A-Za-z\-._~%!$&'()*+,;=]+)(?::[0-9]{0,5})?"
).fullmatch
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE).fullmatch
_LONGEST_LENGTH: Final = 18
"""Digits of a Content-Length: one more may not fit into 64 bits."""
_FOREIGN_METHODS: Final = frozenset(
    {
        *(b"DESCRIBE", b"ANNOUNCE", b"SETUP", b"PLAY", b"PAUSE", b"TEARDOWN", b"GET_PARAMETER"),
        *(b"SET_PARAMETER", b"REDIRECT", b"RECORD", b"FLUSH", b"SOURCE", b"PRI"),
    }
)
"""Methods that the parser knows from RTSP, ICE and HTTP/2."""

MARKED: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect"})
"""The headers that say how a request is read."""

Headers = list[tuple[bytes, bytes]]


class Refused(Exception):
    """A request that is not accepted.

    Attributes:
        status: HTTP status of the answer.
        code: Stable name of the kind of problem.
        detail: What is wrong.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def not_http(detail: str = "This is no request of HTTP/1.1") -> Refused:
    """Return the refusal of what is malformed."""
    return Refused(400, "not-http", detail)


def check_request_line(head: bytes, method: bytes, target: bytes, version: str) -> None:
    """Check the request line as it was received.

    The parser also accepts HTTP/0.9 and 2.0, RTSP, ICE, and any number of spaces.

    Raises:
        Refused: 400, 501 or 505.
    """
    if version not in ("1.1", "1.0"):
        raise _wrong_version(version)
    if method in _FOREIGN_METHODS or method == b"CONNECT":
        raise _unknown_method()
    end = b"HTTP/1.1\r\n" if version == "1.1" else b"HTTP/1.0\r\n"
    if not head.startswith(end, len(method) + len(target) + 2):
        head = head.lstrip(b"\r\n")
        if not head.startswith(end, len(method) + len(target) + 2):
            raise not_http(
                "The request line is not a method, a target and HTTP/1.1, with one space between them"
            )


def check_first_line(head: bytes) -> None:
    """Check the first line of a head that is not whole: in HTTP/0.9 it is all of it, and nothing more comes.

    Raises:
        Refused: 505.
    """
    if _WITHOUT_VERSION(head):
        raise _wrong_version("0.9")


def refusal_of(head: bytes, *, is_method: bool) -> Refused:
    """Return the refusal of what the parser does not accept.

    Args:
        head: What was received of the request.
        is_method: Whether it is the method that the parser does not know.
    """
    line = _REQUEST_LINE(head)
    if line is not None:
        version = line[2].decode("ascii")
        if version not in ("1.1", "1.0"):
            return _wrong_version(version)
        if is_method or line[1] in _FOREIGN_METHODS:
            return _unknown_method()
    return not_http()


def split_target(method: bytes, target: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Return the path and the query of a request's target, and its authority where it has one.

    Raises:
        Refused: It has none of the forms of RFC 9112, 3.2.
    """
    if target.startswith(b"/"):
        if ord("#") in target:
            target = target[: target.index(b"#")]
        path, _, query = target.partition(b"?")
        return path, query, None
    if target == b"*" and method == b"OPTIONS":
        return target, b"", None
    found = _ABSOLUTE(target)
    if found is None or not _AUTHORITY(found[1]):
        raise not_http("The target of the request is neither a path nor an http URL")
    return found[2] or b"/", found[3] or b"", found[1]


def check_headers(version: str, marked: Headers) -> tuple[int, bool]:
    """Check the headers that say where a request goes and where it ends.

    Args:
        version: HTTP version of the request.
        marked: Those of its headers that are ``MARKED``, in order.

    Returns:
        The length of the body, or ``CHUNKED``; and whether the client waits for `100 Continue`.

    Raises:
        Refused: 400, or 501 for a coding that is not decoded here.
    """
    found = dict(marked)
    if len(found) < len(marked):
        _check_unique(marked)
    host = found.get(b"host")
    if host is None:
        if version == "1.1":
            raise not_http("The Host header is missing")
    elif not _AUTHORITY(host):
        raise not_http("The Host header is not a host name with an optional port")
    length, coding = found.get(b"content-length"), found.get(b"transfer-encoding")
    expects = found.get(b"expect", b"").lower() == b"100-continue"
    if coding is not None:
        _check_coding(version, coding, length)
        return CHUNKED, expects
    if length is None:
        return 0, expects
    if not length.isdigit() or len(length) > _LONGEST_LENGTH:
        raise not_http("The Content-Length is no number of bytes")
    return int(length), expects


def _check_unique(marked: Headers) -> None:
    names = [name for name, _ in marked if name != b"expect"]
    for name in names:
        if names.count(name) > 1:
            raise not_http(f"There is more than one {name.decode('ascii').title()} header")


def _check_coding(version: str, coding: bytes, length: bytes | None) -> None:
    if length is not None:
        raise not_http("Content-Length and Transfer-Encoding contradict each other")
    if version == "1.0":
        raise not_http("HTTP/1.0 has no Transfer-Encoding")
    if coding.lower() != b"chunked":
        raise Refused(501, "unsupported-coding", "The only Transfer-Encoding accepted here is `chunked`")


def _wrong_version(version: str) -> Refused:
    return Refused(505, "unsupported-version", f"HTTP/{version} is not supported; HTTP/1.1 and HTTP/1.0 are")


def _unknown_method() -> Refused:
    return Refused(501, "unknown-method", "The method is not supported here")
