"""MCP over streamable HTTP: an ASGI app that validates requests and passes them to the fast path or to the SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from anyio import CancelScope, create_task_group
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    HEADER_MISMATCH,
    LOG_LEVEL_META_KEY,
    PROTOCOL_VERSION_META_KEY,
)

from naftiko_run import _json
from naftiko_run.expose.body import Disconnected, header, read_body
from naftiko_run.expose.exposer import ExposeSettings, Message, Receive, Scope, Send
from naftiko_run.expose.mcp.content_negotiation import accepts_event_stream, accepts_json, as_event_stream
from naftiko_run.expose.mcp.fast_path import FastPath, unique_headers
from naftiko_run.expose.mcp.jsonrpc import InvalidMessage, error_response, read_message
from naftiko_run.expose.mcp.large_payloads import attach_result, detach_arguments
from naftiko_run.expose.mcp.session_host import LISTEN, SessionHost
from naftiko_run.expose.mcp.tracing import describe_message
from naftiko_run.expose.problems import Problem
from naftiko_run.expose.response import respond
from naftiko_run.invoke import free_in_decode_pool
from naftiko_run.telemetry import SCOPE_KEY, Trace


class McpEndpoint:
    """Answers MCP requests of every protocol version.

    Args:
        server: The SDK's server, with its handlers.
        settings: The settings of the adapter, with its limits.
        sessions: The sessions of clients up to 2025-11-25, without which they cannot be asked for anything. If it keeps
            none, any replica can answer any request.
        fast_path: Answers calls that need nothing of the SDK; None if the SDK answers every request.
    """

    def __init__(
        self,
        server: Server[Any],
        settings: ExposeSettings,
        sessions: SessionHost,
        *,
        fast_path: FastPath | None = None,
    ) -> None:
        self._server = server
        self._fast_path = fast_path
        self._settings = settings
        self._sessions = sessions
        self._json_manager: StreamableHTTPSessionManager | None = None
        self._stateless_manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the SDK's transports; may be entered again after it was exited."""
        json_manager = self._manager(json_response=True)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(json_manager.run())
            if self._sessions.keeps_sessions:
                await stack.enter_async_context(self._sessions.running())
            else:
                stateless_manager = self._manager(json_response=False)
                await stack.enter_async_context(stateless_manager.run())
                self._stateless_manager = stateless_manager
            self._json_manager = json_manager
            yield

    def _manager(self, *, json_response: bool) -> StreamableHTTPSessionManager:
        """Return a manager of the SDK that keeps no sessions."""
        return StreamableHTTPSessionManager(
            self._server,
            json_response=json_response,
            stateless=True,
            max_request_body_size=self._settings.max_body,
        )

    @property
    def _stream_manager(self) -> StreamableHTTPSessionManager:
        """The manager that answers with event streams, and keeps the sessions."""
        if self._sessions.keeps_sessions:
            return self._sessions.manager
        assert self._stateless_manager is not None
        return self._stateless_manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            if self._in_session(scope):
                await self._handle_stream(self._stream_manager, scope, receive, send)
                return
            raise Problem(
                405,
                "method-not-allowed",
                "This server is stateless: send JSON-RPC by POST",
                headers=(("allow", "POST"),),
            )
        headers = unique_headers(scope)
        if headers.get(b"content-type") != b"application/json":
            _check_content_type(scope)
        try:
            content = await read_body(scope, receive, self._settings.max_body)
        except Disconnected:
            return
        parsed = await read_message(content)
        if isinstance(parsed, InvalidMessage):
            await respond(scope, send, 400, parsed.response, "application/json")
            return
        trace: Trace | None = scope.get(SCOPE_KEY)
        if trace is not None:
            describe_message(trace, parsed.message, self._settings.telemetry)
        try:
            if self._fast_path is None or not await self._fast_path.answer(
                headers, parsed, scope, receive, send
            ):
                await self._answer_with_sdk(scope, receive, send, parsed.message, parsed.content)
        finally:
            if len(content) > _json.LARGE_TEXT:
                free_in_decode_pool(parsed.message)

    async def _answer_with_sdk(
        self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any], content: bytes
    ) -> None:
        """Answer a request through the SDK, unless it is one that the SDK cannot handle well."""
        # White space around a header value is not part of it (RFC 9110, 5.5), but the HTTP parser keeps some.
        scope["headers"] = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        if not _has_consistent_version(scope, message):
            text = "mcp-protocol-version header does not match the request envelope's protocol version"
            await respond(
                scope,
                send,
                400,
                error_response(HEADER_MISMATCH, text, message.get("id")),
                "application/json",
            )
            return
        if _normalize_accept(scope):
            send = as_event_stream(send)
        if len(content) > _json.LARGE_TEXT:
            shortened = detach_arguments(scope, message, self._server.get_tool_input_schema)
            if isinstance(shortened, InvalidMessage):
                await respond(scope, send, 400, shortened.response, "application/json")
                return
            content = shortened
        await self._forward(scope, receive, attach_result(scope, send), message, content)

    async def _forward(
        self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any], content: bytes
    ) -> None:
        """Forward a request to the SDK transport that answers it."""
        assert self._json_manager is not None
        replay = _replay(content, receive)
        if self._in_session(scope):
            await _handle_in_session(self._stream_manager, message, scope, replay, send)
        elif message.get("method") == LISTEN:
            with self._sessions.listening():
                await self._stream_manager.handle_request(scope, replay, send)
        elif self._needs_stream(scope, message):
            await self._stream_manager.handle_request(scope, replay, send)
        else:
            # The SDK notices a disconnect only while it streams.
            async with create_task_group() as group:
                group.start_soon(_cancel_on_disconnect, receive, group.cancel_scope)
                await self._json_manager.handle_request(scope, replay, send)
                group.cancel_scope.cancel()

    async def _handle_stream(
        self, manager: StreamableHTTPSessionManager, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request of a session whose response may last as long as the session."""
        is_open = False

        async def tracked_send(message: Message) -> None:
            nonlocal is_open
            await send(message)
            is_open = message["type"] == "http.response.start" or message.get("more_body", False)

        with self._sessions.stream() as stream:
            await manager.handle_request(scope, receive, tracked_send)
        if stream.cancelled_caught and is_open:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _in_session(self, scope: Scope) -> bool:
        return self._sessions.keeps_sessions and bool(header(scope, b"mcp-session-id"))

    def _needs_stream(self, scope: Scope, message: dict[str, Any]) -> bool:
        """Return whether the response must be an event stream: the client accepts one and may get notifications."""
        if "text/event-stream" not in header(scope, b"accept"):
            return False
        meta = _meta(message)
        if "progressToken" in meta or LOG_LEVEL_META_KEY in meta:
            return True
        return self._sessions.keeps_sessions and message.get("method") == "initialize"


def _normalize_accept(scope: Scope) -> bool:
    """Rewrite ``Accept`` to a value that the SDK understands; return whether only an event stream is accepted.

    Raises:
        Problem: The client accepts neither JSON nor an event stream.
    """
    accept = b", ".join([value for name, value in scope["headers"] if name == b"accept"]).strip(b", \t")
    has_json, has_event_stream = accepts_json(accept), accepts_event_stream(accept)
    if not (has_json or has_event_stream):
        raise Problem(
            406,
            "not-acceptable",
            "The client accepts neither JSON nor an event stream",
            hint="send `Accept: application/json, text/event-stream`",
        )
    if not has_json:
        accept = b"application/json, text/event-stream"
    elif not has_event_stream:
        accept = b"application/json"
    _replace_header(scope, b"accept", accept or b"*/*")
    return not has_json


def _replace_header(scope: Scope, name: bytes, value: bytes) -> None:
    scope["headers"] = [*(each for each in scope["headers"] if each[0] != name), (name, value)]


def _check_content_type(scope: Scope) -> None:
    """Check that the body is JSON, and rewrite ``Content-Type`` to the value that the SDK expects.

    Raises:
        Problem: The media type is not JSON.
    """
    media_type = header(scope, b"content-type").partition(";")[0].strip()
    if media_type.lower() == "text/json":
        _replace_header(scope, b"content-type", b"application/json")
    elif media_type.lower() != "application/json":
        raise Problem(
            415,
            "unsupported-media-type",
            f"The body is {media_type}, not JSON" if media_type else "The request has no Content-Type",
            hint="send it with `Content-Type: application/json`",
        )


def _meta(message: dict[str, Any]) -> dict[str, Any]:
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta if isinstance(meta, dict) else {}


def _has_consistent_version(scope: Scope, message: dict[str, Any]) -> bool:
    """Return whether the header and the envelope, if both are present, name the same protocol version.

    The SDK checks this only if the version in the header has the rule; otherwise it uses the header.
    """
    version = header(scope, b"mcp-protocol-version")
    return not version or _meta(message).get(PROTOCOL_VERSION_META_KEY, version) == version


async def _handle_in_session(
    manager: StreamableHTTPSessionManager, message: dict[str, Any], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request of a session. A disconnect cancels it, because the response could not be delivered later."""
    is_complete = False

    async def tracked_send(event: Message) -> None:
        nonlocal is_complete
        await send(event)
        is_complete = event["type"] == "http.response.body" and not event.get("more_body", False)

    async def discard(event: Message) -> None:
        """Discard a message to a client that has disconnected."""

    await manager.handle_request(scope, receive, tracked_send)
    if not is_complete and "method" in message and "id" in message:
        params = {"requestId": message["id"], "reason": "the client has disconnected"}
        notification = _json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
        await manager.handle_request(scope, _replay(notification, receive), discard)


async def _cancel_on_disconnect(receive: Receive, cancel_scope: CancelScope) -> None:
    """Cancel the handling of a request when its client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass
    cancel_scope.cancel()


def _replay(content: bytes, receive: Receive) -> Receive:
    """Return a receive channel that yields a body that was read already, and then what another channel yields."""
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed
