"""Checks of request heads beyond those of the parser (RFC 9112), to rule out request smuggling."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Final

CHUNKED: Final = -1
"""The length of a chunked body."""

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(?:\r?\n)*(" + _TOKEN + rb") [^\s]+ HTTP/([0-9]\.[0-9])\r\n").match
_WITHOUT_VERSION = re.compile(rb"(?:\r?\n)*" + _TOKEN + rb" [^\s]+\r\n").match
_AUTHORITY = re.compile(
    rb"(?:\[[0-9A-Za-z:.%\-_~]+\]|[0-9A-Za-z\-._~%!$&'()*+,;=]+)(?::[0-9]{0,5})?"
).fullmatch
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE).fullmatch
_MAX_LENGTH_DIGITS: Final = 18
"""The maximum number of digits of a Content-Length: one more may not fit into 64 bits."""
COMMON_METHODS: Final = frozenset({b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS"})
_FOREIGN_METHODS: Final = frozenset(
    {
        *(b"DESCRIBE", b"ANNOUNCE", b"SETUP", b"PLAY", b"PAUSE", b"TEARDOWN", b"GET_PARAMETER"),
        *(b"SET_PARAMETER", b"REDIRECT", b"RECORD", b"FLUSH", b"SOURCE", b"PRI", b"CONNECT"),
    }
)
"""Methods of RTSP, ICE and HTTP/2 that the parser accepts, and CONNECT, which is for proxies only."""

Headers = list[tuple[bytes, bytes]]

_UNIQUE: Final = (b"host", b"content-length", b"transfer-encoding")

_MAX_HOSTS: Final = 256
_hosts: set[bytes] = set()
"""Valid hosts: most requests have one of a few."""


class RequestRejected(Exception):
    """A request that is not accepted.

    Attributes:
        status: HTTP status of the response.
        code: Stable identifier of the problem type.
        detail: A description of the problem.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def problem_document(status: int, code: str, detail: str) -> bytes:
    """Return the problem document (RFC 9457) for a rejected request."""
    title = HTTPStatus(status).phrase
    document = {"type": f"urn:naftiko:problem:{code}", "title": title, "status": status, "detail": detail}
    return json.dumps(document, separators=(",", ":")).encode()


def not_http(detail: str = "This is not a valid HTTP/1.1 request") -> RequestRejected:
    """Return the error for a malformed request."""
    return RequestRejected(400, "not-http", detail)


def check_request_line(head: bytes, method: bytes, target: bytes, version: str) -> None:
    """Check the request line as it was received.

    The parser also accepts HTTP/0.9 and 2.0, RTSP, ICE, and any number of spaces.

    Raises:
        RequestRejected: 400, 501 or 505.
    """
    if version == "1.1":
        end = b"HTTP/1.1\r\n"
    elif version == "1.0":
        end = b"HTTP/1.0\r\n"
    else:
        raise _wrong_version(version)
    if method in _FOREIGN_METHODS:
        raise _unknown_method()
    size = len(method) + len(target) + 2
    if not (head.startswith(end, size) or head.lstrip(b"\r\n").startswith(end, size)):
        raise not_http("The request line is not a method, a target and HTTP/1.1, with one space between them")


def check_first_line(head: bytes) -> None:
    """Check the first line of an incomplete head: an HTTP/0.9 request consists of that line only.

    Raises:
        RequestRejected: 505.
    """
    if _WITHOUT_VERSION(head):
        raise _wrong_version("0.9")


def refusal_of(head: bytes, *, is_method: bool) -> RequestRejected:
    """Return the error for a request that the parser rejects.

    Args:
        head: What was received of the request.
        is_method: Whether the parser rejected the method.
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
    """Return the path and the query of a request's target, and its authority if it has one.

    Raises:
        RequestRejected: It has none of the forms of RFC 9112, 3.2.
    """
    if target.startswith(b"/"):
        path, _, query = target.partition(b"#")[0].partition(b"?")
        return path, query, None
    if target == b"*" and method == b"OPTIONS":
        return target, b"", None
    found = _ABSOLUTE(target)
    if found is None or not _AUTHORITY(found[1]):
        raise not_http("The target of the request is neither a path nor an http URL")
    return found[2] or b"/", found[3] or b"", found[1]


def check_headers(version: str, headers: Headers, named: dict[bytes, bytes]) -> tuple[int, bool]:
    """Check the headers for the host, the framing and the expectations of a request.

    Args:
        version: HTTP version of the request.
        headers: All of its headers, in order.
        named: The headers by name.

    Returns:
        The length of the body, or ``CHUNKED``; and whether the client waits for `100 Continue`.

    Raises:
        RequestRejected: 400, 417 for an unknown expectation, or 501 for an unsupported transfer coding.
    """
    if len(named) < len(headers):
        _check_unique(headers)
    host = named.get(b"host")
    if host not in _hosts:
        _check_host(version, host)
    expects_continue = b"expect" in named and _check_expect(version, headers)
    if b"transfer-encoding" in named:
        _check_coding(version, named)
        return CHUNKED, expects_continue
    length = named.get(b"content-length")
    if length is None:
        return 0, expects_continue
    if not length.isdigit() or len(length) > _MAX_LENGTH_DIGITS:
        raise not_http("The Content-Length is not a number of bytes")
    return int(length), expects_continue


def _check_expect(version: str, headers: Headers) -> bool:
    """Return whether the client expects `100 Continue`; HTTP/1.0 has no expectations (RFC 9110, 10.1.1)."""
    if version == "1.0":
        return False
    written = b",".join([value for name, value in headers if name == b"expect"])
    expected = {each.strip(b" \t").lower() for each in written.split(b",")} - {b""}
    if not expected <= {b"100-continue"}:
        raise RequestRejected(417, "unknown-expectation", "The only supported expectation is `100-continue`")
    return bool(expected)


def _check_host(version: str, host: bytes | None) -> None:
    if host is None:
        if version == "1.1":
            raise not_http("The Host header is missing")
    elif not _AUTHORITY(host):
        raise not_http("The Host header is not a host name with an optional port")
    elif len(_hosts) < _MAX_HOSTS and len(host) < _MAX_HOSTS:
        _hosts.add(host)


def _check_unique(headers: Headers) -> None:
    names = [name for name, _ in headers]
    for name in _UNIQUE:
        if names.count(name) > 1:
            raise not_http(f"There is more than one {name.decode('ascii').title()} header")


def _check_coding(version: str, named: dict[bytes, bytes]) -> None:
    if b"content-length" in named:
        raise not_http("Content-Length and Transfer-Encoding contradict each other")
    if version == "1.0":
        raise not_http("HTTP/1.0 has no Transfer-Encoding")
    if named[b"transfer-encoding"].lower() != b"chunked":
        raise RequestRejected(501, "unsupported-coding", "The only supported Transfer-Encoding is `chunked`")


def _wrong_version(version: str) -> RequestRejected:
    return RequestRejected(
        505, "unsupported-version", f"HTTP/{version} is not supported; HTTP/1.1 and HTTP/1.0 are"
    )


def _unknown_method() -> RequestRejected:
    return RequestRejected(501, "unknown-method", "The method is not supported here")
