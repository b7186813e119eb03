"""Read and parse request headers and bodies, within limits."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from naftiko_run import _json
from naftiko_run._json_incremental import count_containers
from naftiko_run.expose.exposer import Receive, Scope
from naftiko_run.expose.problems import Problem
from naftiko_run.invoke import LARGE_INPUT, run_in_decode_pool, to_utf8

_log = logging.getLogger(__name__)

MAX_CONTAINERS: Final = 1_000_000
"""The maximum number of objects and arrays in one body."""
HEADERS: Final = sys.intern("naftiko.headers")
"""The scope key under which ``headers_by_name`` caches the headers."""

_HOP_BY_HOP: Final = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade"),
    }
)


class Disconnected(Exception):
    """The client disconnected before the response was complete."""


def headers_by_name(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request by lower-case name; the last of several with the same name."""
    try:
        found: dict[bytes, bytes] = scope[HEADERS]
    except KeyError:
        found = scope[HEADERS] = dict(scope["headers"])
    return found


def header(scope: Scope, name: bytes) -> str:
    """Return a request header by its lower-case name; empty where there is none."""
    for key, value in scope["headers"]:
        if key == name:
            return text_of(value)
    return ""


def is_hop_by_hop(scope: Scope, name: bytes) -> bool:
    """Return whether a request header, by lower-case name, is hop-by-hop (RFC 9110, section 7.6.1)."""
    if name in _HOP_BY_HOP:
        return True
    if b"connection" not in headers_by_name(scope):
        return False
    return any(
        option.strip().lower() == name
        for key, value in scope["headers"]
        if key == b"connection"
        for option in value.split(b",")
    )


def text_of(value: bytes) -> str:
    """Decode a header value: as UTF-8, or as Latin-1 where it is not valid UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Read the whole body.

    Args:
        scope: The ASGI scope of the request.
        receive: The ASGI receive callable.
        limit: The maximum size of the body, in bytes.

    Raises:
        Problem: 413, the body exceeds the limit.
        Disconnected: The client disconnected.
    """
    declared = headers_by_name(scope).get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def read_json(content: bytes, media_type: str = "") -> tuple[Any, bytes]:
    """Parse a JSON body; a long one in a thread.

    Args:
        content: The body.
        media_type: Its Content-Type, if that has another charset than UTF-8.

    Returns:
        The value, and the text that was parsed, with U+FFFD in place of text that is not Unicode.

    Raises:
        ValueError: The body is not JSON, is nested too deeply, or has too many objects and arrays.
    """
    if media_type:
        content = await _transcode(content, media_type)
    if len(content) <= LARGE_INPUT:
        value, text = _json.loads_repaired(content)
    else:
        value, text = await run_in_decode_pool(lambda: _parse_long(content))
    if text is not content:
        _log.warning("a request body contains text that is not Unicode; replaced with U+FFFD")
    return value, text


async def _transcode(content: bytes, media_type: str) -> bytes:
    try:
        if len(content) <= LARGE_INPUT:
            return to_utf8(content, media_type)
        return await run_in_decode_pool(lambda: to_utf8(content, media_type))
    except _json.InvalidUnicode as fault:
        _log.warning("a request body contains text that is not in its charset; replaced with U+FFFD")
        return fault.repaired


def _parse_long(content: bytes) -> tuple[Any, bytes]:
    """Parse a long JSON body.

    Raises:
        ValueError: The body is not JSON, or has so many containers that freeing them would block the event loop.
    """
    upper_bound = content.count(b"[") + content.count(b"{")  # includes brackets in strings
    if upper_bound > MAX_CONTAINERS and count_containers(content) > MAX_CONTAINERS:
        raise ValueError(f"it contains more than {MAX_CONTAINERS:,} objects and arrays")
    return _json.loads_repaired(content)


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "body-too-large",
        f"The body is larger than {limit:,} bytes, the maximum that this server accepts",
        hint="raise the limit with the server option --max-body",
    )
