"""Reading a request's body, within the limit."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from naftiko_run import _json
from naftiko_run._json_incremental import count_containers
from naftiko_run.expose.exposer import Receive, Scope
from naftiko_run.expose.problems import Problem
from naftiko_run.invoke import run_in_decode_pool

_log = logging.getLogger(__name__)

MAX_CONTAINERS: Final = 1_000_000
"""How many objects and lists one body may hold."""
_PARSED_AT_ONCE: Final = 64 * 1024
"""Longer bodies are parsed in a thread; below it, switching costs more."""

HEADERS: Final = sys.intern("naftiko.headers")
"""The key of a scope under which ``headers_by_name`` keeps them."""

_HOP_BY_HOP: Final = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade"),
    }
)


class Disconnected(Exception):
    """The client went away before its request was whole."""


def headers_by_name(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request by their lower-case names; of several with one name, the last."""
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
    """Return whether a request header is for this server only (RFC 9110, 7.6.1), by its lower-case name."""
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
    """Read the value of a header: bytes that are not UTF-8 are read as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Read the whole body.

    Args:
        scope: The request.
        receive: Its ASGI channel.
        limit: The most bytes to take.

    Raises:
        Problem: 413, the body is over the limit.
        Disconnected: The client went away.
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


async def read_json(content: bytes) -> tuple[Any, bytes]:
    """Parse a body; a long one beside the event loop.

    Returns:
        The value, and the text that it was read from: with U+FFFD where the body was not Unicode.

    Raises:
        ValueError: It is not JSON, or is nested too deeply.
    """
    if len(content) <= _PARSED_AT_ONCE:
        value, text = _json.loads_repaired(content)
    else:
        value, text = await run_in_decode_pool(lambda: _parsed(content))
    if text is not content:
        _log.warning("the body of a request holds text that is not Unicode; U+FFFD replaces it")
    return value, text


def _parsed(content: bytes) -> tuple[Any, bytes]:
    """Parse a long body.

    Raises:
        ValueError: It is not JSON, or has so many parts that letting go of them would hold up others.
    """
    most = content.count(b"[") + content.count(b"{")  # some of them may be in strings
    if most > MAX_CONTAINERS and count_containers(content) > MAX_CONTAINERS:
        raise ValueError(f"it holds more than {MAX_CONTAINERS:,} objects and lists")
    return _json.loads_repaired(content)


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "body-too-large",
        f"The body is larger than {limit:,} bytes, the most that this server takes",
        hint="the server's --max-body raises the limit",
    )
