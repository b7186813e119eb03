"""MCP over streamable HTTP: the door before the SDK's transports."""

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
from naftiko_run.expose.mcp.accept import takes_events, takes_json
from naftiko_run.expose.mcp.directcall import DirectCalls, headers_of
from naftiko_run.expose.mcp.eventstream import as_event
from naftiko_run.expose.mcp.messages import Refused, error, read_message
from naftiko_run.expose.mcp.standins import with_results, without_arguments
from naftiko_run.expose.problems import Problem
from naftiko_run.expose.response import respond


class McpEndpoint:
    """Answers MCP requests of every protocol era.

    Args:
        server: The SDK's server, with its handlers.
        settings: Limits.
        direct: Answers what needs nothing of the SDK; None where the SDK answers everything.
        keeps_sessions: Whether clients up to 2025-11-25 get sessions, without which they cannot be asked
            for anything. Where there are none, any replica answers any request.
    """

    def __init__(
        self,
        server: Server[Any],
        settings: ExposeSettings,
        *,
        direct: DirectCalls | None = None,
        keeps_sessions: bool = False,
    ) -> None:
        self._server = server
        self._direct = direct
        self._settings = settings
        self._keeps_sessions = keeps_sessions
        self._plain: StreamableHTTPSessionManager | None = None
        self._streaming: StreamableHTTPSessionManager | None = None
        self._standing: set[CancelScope] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the SDK's transports; may be entered again after it was left."""
        most = self._settings.max_body
        plain = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, max_request_body_size=most
        )
        streaming = StreamableHTTPSessionManager(
            self._server, stateless=not self._keeps_sessions, max_request_body_size=most
        )
        async with AsyncExitStack() as stack:
            for manager in (plain, streaming):
                await stack.enter_async_context(manager.run())
            self._plain, self._streaming = plain, streaming
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            if self._in_session(scope):
                assert self._streaming is not None
                await self._stand(self._streaming, scope, receive, send)
                return
            raise Problem(
                405,
                "method-not-allowed",
                "This MCP server keeps no session and no stream: every request is a POST",
                headers=(("allow", "POST"),),
            )
        headers = headers_of(scope)
        if headers.get(b"content-type") != b"application/json":
            _check_type(scope)
        try:
            content = await read_body(scope, receive, self._settings.max_body)
        except Disconnected:
            return
        received = await read_message(content)
        if isinstance(received, Refused):
            await respond(scope, send, 400, received.answer, "application/json")
            return
        message, content = received.message, received.content
        if self._direct is not None and await self._direct.answer(headers, received, scope, receive, send):
            return
        await self._answer_with_sdk(scope, receive, send, message, content)

    async def _answer_with_sdk(
        self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any], content: bytes
    ) -> None:
        """Answer a request in the SDK's words, as far as it is one that the SDK should see."""
        # White space around a value is no part of it (RFC 9110, 5.5), but the HTTP parser leaves some.
        scope["headers"] = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        if not _agrees(scope, message):
            fault = "mcp-protocol-version header does not match the request envelope's protocol version"
            await respond(
                scope, send, 400, error(HEADER_MISMATCH, fault, message.get("id")), "application/json"
            )
            return
        if _settle_accept(scope):
            send = as_event(send)
        if len(content) > _json.LARGE_TEXT:
            shortened = without_arguments(scope, message, self._server.get_tool_input_schema)
            if isinstance(shortened, Refused):
                await respond(scope, send, 400, shortened.answer, "application/json")
                return
            content = shortened
        await self._pass_on(scope, receive, with_results(scope, send), message, content)

    async def _pass_on(
        self, scope: Scope, receive: Receive, send: Send, message: dict[str, Any], content: bytes
    ) -> None:
        """Pass a request on to the transport that answers it."""
        assert self._plain is not None
        assert self._streaming is not None
        replay = _again(content, receive)
        if self._in_session(scope):
            await _within_session(self._streaming, message, scope, replay, send)
        elif self._is_streamed(scope, message):
            await self._streaming.handle_request(scope, replay, send)
        else:
            # Of a client that leaves the SDK takes note only where it streams.
            async with create_task_group() as group:
                group.start_soon(_leave, receive, group.cancel_scope)
                await self._plain.handle_request(scope, replay, send)
                group.cancel_scope.cancel()

    def end_streams(self) -> None:
        """End the streams that sessions hold open for what may happen."""
        for standing in self._standing:
            standing.cancel()

    async def _stand(
        self, manager: StreamableHTTPSessionManager, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a session's request that may go on for as long as the session."""
        is_open = False

        async def report_progress(message: Message) -> None:
            nonlocal is_open
            await send(message)
            is_open = message["type"] == "http.response.start" or message.get("more_body", False)

        with CancelScope() as standing:
            self._standing.add(standing)
            try:
                await manager.handle_request(scope, receive, report_progress)
            finally:
                self._standing.discard(standing)
        if standing.cancelled_caught and is_open:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _in_session(self, scope: Scope) -> bool:
        return self._keeps_sessions and bool(header(scope, b"mcp-session-id"))

    def _is_streamed(self, scope: Scope, message: dict[str, Any]) -> bool:
        """Whether there may be a stream of events: the client takes one, and something may happen to tell of."""
        if "text/event-stream" not in header(scope, b"accept"):
            return False
        meta = _meta(message)
        if "progressToken" in meta or LOG_LEVEL_META_KEY in meta:
            return True
        return self._keeps_sessions and message.get("method") == "initialize"


def _settle_accept(scope: Scope) -> bool:
    """Write a request's ``Accept`` as the SDK reads it; return whether only a stream of events is accepted.

    Raises:
        Problem: Neither that nor JSON is.
    """
    accept = b", ".join([value for name, value in scope["headers"] if name == b"accept"]).strip(b", \t")
    has_json, has_events = takes_json(accept), takes_events(accept)
    if not (has_json or has_events):
        raise Problem(
            406,
            "not-acceptable",
            "The client accepts neither JSON nor a stream of events",
            hint="send `Accept: application/json, text/event-stream`",
        )
    if not has_json:
        accept = b"application/json, text/event-stream"
    elif not has_events:
        accept = b"application/json"
    _replace_header(scope, b"accept", accept or b"*/*")
    return not has_json


def _replace_header(scope: Scope, name: bytes, value: bytes) -> None:
    scope["headers"] = [*(each for each in scope["headers"] if each[0] != name), (name, value)]


def _check_type(scope: Scope) -> None:
    """Check what a body is said to be, and write it as the SDK reads it.

    Raises:
        Problem: It is no JSON.
    """
    media_type = header(scope, b"content-type").partition(";")[0].strip()
    if media_type.lower() == "text/json":
        _replace_header(scope, b"content-type", b"application/json")
    elif media_type.lower() != "application/json":
        raise Problem(
            415,
            "unsupported-media-type",
            f"The body is {media_type or 'of no Content-Type'}; MCP takes JSON",
            hint="send it with `Content-Type: application/json`",
        )


def _meta(message: dict[str, Any]) -> dict[str, Any]:
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta if isinstance(meta, dict) else {}


def _agrees(scope: Scope, message: dict[str, Any]) -> bool:
    """Whether a request names one protocol version, as far as it names any.

    The SDK asks for that where the header names one that has the rule, and takes the header's word otherwise.
    """
    told = header(scope, b"mcp-protocol-version")
    return not told or _meta(message).get(PROTOCOL_VERSION_META_KEY, told) == told


async def _within_session(
    manager: StreamableHTTPSessionManager, message: dict[str, Any], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a session's request. A client that leaves cancels it: nobody could be given the answer later."""
    is_over = False

    async def report_progress(said: Message) -> None:
        nonlocal is_over
        await send(said)
        is_over = said["type"] == "http.response.body" and not said.get("more_body", False)

    async def unheard(said: Message) -> None:
        """Take what is said to a client that has gone."""

    await manager.handle_request(scope, receive, report_progress)
    if not is_over and "method" in message and "id" in message:
        params = {"requestId": message["id"], "reason": "the client has left"}
        notice = _json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
        await manager.handle_request(scope, _again(notice, receive), unheard)


async def _leave(receive: Receive, standing: CancelScope) -> None:
    """End what is done for a client when it goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass
    standing.cancel()


def _again(content: bytes, receive: Receive) -> Receive:
    """Give the channel of a request whose body was read from another: the body first, then what follows."""
    messages: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
