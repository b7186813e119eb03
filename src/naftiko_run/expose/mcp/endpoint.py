"""MCP over streamable HTTP: the door before the SDK's session-less transport."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import INVALID_REQUEST, PARSE_ERROR

from naftiko_run import jsontext
from naftiko_run.expose.body import Disconnected, header, read_body
from naftiko_run.expose.exposer import ExposeSettings, Message, Receive, Scope, Send
from naftiko_run.expose.problems import Problem, respond


class McpEndpoint:
    """Answers MCP requests of every protocol era, without sessions.

    Args:
        server: The SDK's server, with its handlers.
        settings: Limits.
    """

    def __init__(self, server: Server[Any], settings: ExposeSettings) -> None:
        self._server = server
        self._settings = settings
        self._manager: StreamableHTTPSessionManager | None = None

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
        fault = _fault(content)
        if fault is not None:
            await respond(send, 400, fault, "application/json")
            return
        if not header(scope, b"accept"):
            # Without the header a client takes anything (RFC 9110, 12.5.1); the SDK would refuse it.
            scope["headers"] = [*scope["headers"], (b"accept", b"*/*")]
        assert self._manager is not None
        await self._manager.handle_request(scope, _again(content, receive), send)


def _fault(content: bytes) -> bytes | None:
    """Give the JSON-RPC error of a body that is none of its messages; None where it is one.

    The SDK's own parser takes NaN and infinities, which would go on to upstreams as nulls.
    """
    try:
        message = jsontext.loads(content)
    except ValueError as fault:
        return _error(PARSE_ERROR, f"Parse error: {fault}")
    if not isinstance(message, dict):
        return _error(
            INVALID_REQUEST, "Invalid request: a JSON-RPC message is an object; batches are not taken"
        )
    if not any(member in message for member in ("method", "result", "error")):
        return _error(INVALID_REQUEST, "Invalid request: the JSON-RPC message has no `method`")
    return None


def _error(code: int, message: str) -> bytes:
    return jsontext.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}})


def _again(content: bytes, receive: Receive) -> Receive:
    """Give the channel of a request whose body was read from another: the body first, then what follows."""
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
