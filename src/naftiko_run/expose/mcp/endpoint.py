"""MCP over streamable HTTP: the door before the SDK's session-less transport."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from naftiko_run.expose.body import Disconnected, header, read_body
from naftiko_run.expose.exposer import ExposeSettings, Message, Receive, Scope, Send
from naftiko_run.expose.problems import Problem

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


class McpEndpoint:
    """Answers MCP requests of every protocol era, without sessions.

    Args:
        server: The SDK's server, with its handlers.
        settings: Limits, and the hosts that clients may use.
    """

    def __init__(self, server: Server[Any], settings: ExposeSettings) -> None:
        self._server = server
        self._settings = settings
        self._manager: StreamableHTTPSessionManager | None = None
        self._hosts = _allowed_hosts(settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the SDK's transport; may be entered again after it was left."""
        manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, max_request_body_size=self._settings.max_body
        )
        async with manager.run():
            self._manager = manager
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self._check_host(scope)
        if scope["method"] != "POST":
            raise Problem(
                405,
                "method-not-allowed",
                "This MCP server keeps no session and no stream: every request is a POST",
                headers=(("allow", "POST"),),
            )
        media_type = header(scope, b"content-type").partition(";")[0].strip()
        if media_type.lower() != "application/json":
            raise Problem(
                415,
                "unsupported-media-type",
                f"The body is {media_type or 'of no Content-Type'}; MCP takes JSON",
                hint="send it with `Content-Type: application/json`",
            )
        try:
            content = await read_body(scope, receive, self._settings.max_body)
        except Disconnected:
            return
        if not header(scope, b"accept"):
            # Without the header a client takes anything (RFC 9110, 12.5.1); the SDK would refuse it.
            scope["headers"] = [*scope["headers"], (b"accept", b"*/*")]
        assert self._manager is not None
        await self._manager.handle_request(scope, _again(content, receive), send)

    def _check_host(self, scope: Scope) -> None:
        """Refuse requests that a web page made through a name of its own (DNS rebinding)."""
        if self._hosts is None:
            return
        host = header(scope, b"host")
        if _name(f"//{host}") not in self._hosts:
            raise Problem(
                421,
                "unexpected-host",
                f"This server does not answer for the host `{host}`",
                hint=f"start it with --allow-host {_name(f'//{host}') or 'NAME'} if that is its name",
            )
        origin = header(scope, b"origin")
        if origin and _name(origin) not in self._hosts:
            raise Problem(
                403,
                "unexpected-origin",
                f"This server does not answer pages of `{origin}`",
                hint=f"start it with --allow-host {_name(origin) or 'NAME'} if they may use it",
            )


def _again(content: bytes, receive: Receive) -> Receive:
    """Give the channel of a request whose body was read from another: the body first, then what follows."""
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _allowed_hosts(settings: ExposeSettings) -> frozenset[str] | None:
    """Give the host names answered for; None for all.

    A server on a loopback address is private to its machine, so only names of
    that machine are expected; one on any other address has names that it
    cannot know, and checks only those that it was told.
    """
    if settings.allowed_hosts:
        return frozenset({*settings.allowed_hosts, *_LOOPBACK_NAMES, settings.address})
    return frozenset({*_LOOPBACK_NAMES, settings.address}) if _is_loopback(settings.address) else None


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _name(url: str) -> str:
    """Give the host name of a URL, without its port, in lower case."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
