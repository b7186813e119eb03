"""Placeholders for payloads that are too large for the SDK, which parses, validates and serializes on the event loop.

The SDK gets a message without its arguments and a result that is only a placeholder. The arguments wait in the ASGI scope
until the handler takes them; the result waits there, as JSON, until the response is sent.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from secrets import token_hex
from typing import Any, Final, TypeVar

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.inbound import x_mcp_header_map
from pydantic import BaseModel

from naftiko_run import _json
from naftiko_run._json_incremental import is_large
from naftiko_run.expose.exposer import Message, Scope, Send
from naftiko_run.expose.mcp.jsonrpc import InvalidMessage
from naftiko_run.invoke import run_in_decode_pool

_ARGUMENTS: Final = "naftiko.mcp.arguments"
_RESULT: Final = "naftiko.mcp.result"
_METHODS: Final = frozenset(("tools/call", "prompts/get"))
_MAX_HEADER_VALUE: Final = 1024 * 1024
"""Characters of a text that are compared with a header; no server accepts a header of this length."""
_PLACEHOLDER: Final = re.compile(rb'"contents?":\[[^\]]*"naftiko:[0-9a-f]{32}"[^\]]*\]')
"""The list of a result that contains only a placeholder."""

_Params = TypeVar("_Params", bound=BaseModel)
_Result = TypeVar("_Result")
_Handler = Callable[[ServerRequestContext[Any, Any], _Params], Awaitable[_Result]]


def detach_arguments(
    scope: Scope, message: Mapping[str, Any], schema_of: Callable[[str], Any] | None
) -> bytes | InvalidMessage:
    """Return a long message without its arguments, for the SDK; ``attach_arguments`` passes them to the handler.

    Args:
        scope: The ASGI scope of the request.
        message: The message in its body.
        schema_of: Returns the input schema of a tool: the SDK compares headers with the arguments that it names.
    """
    params = message.get("params")
    if message.get("method") in _METHODS and isinstance(params, dict):
        arguments = params.get("arguments")
        if isinstance(arguments, dict):
            scope[_ARGUMENTS] = arguments
            name = params.get("name")
            schema = schema_of(name) if schema_of and isinstance(name, str) else None
            kept = _repeated_in_headers(arguments, schema) if schema else {}
            message = {**message, "params": {**params, "arguments": kept}}
    if is_large(message):
        text = "Invalid request: it is too large; only the arguments of tools and prompts may have so many members"
        request_id = message.get("id")
        return InvalidMessage(
            types.INVALID_REQUEST, text, request_id if isinstance(request_id, str | int) else None
        )
    return _json.dumps(message)


def _repeated_in_headers(arguments: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """Return only the arguments that clients repeat in headers."""
    kept: dict[str, Any] = {}
    for path in x_mcp_header_map(schema):
        value: Any = arguments
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            value = value[:_MAX_HEADER_VALUE]
        if isinstance(value, str | int | float):
            parent = kept
            for name in path[:-1]:
                parent = parent.setdefault(name, {})
            parent[path[-1]] = value
    return kept


def attach_arguments(handler: _Handler[_Params, _Result]) -> _Handler[_Params, _Result]:
    """Return a handler that is called with the arguments that ``detach_arguments`` removed."""

    @wraps(handler)
    async def wrapper(context: ServerRequestContext[Any, Any], params: _Params) -> _Result:
        scope = _scope(context)
        if scope is not None and _ARGUMENTS in scope:
            params = params.model_copy(update={"arguments": scope.pop(_ARGUMENTS)})
        return await handler(context, params)

    return wrapper


def detach_result(handler: _Handler[_Params, _Result]) -> _Handler[_Params, _Result]:
    """Return a handler that returns a placeholder instead of a large result; ``attach_result`` sends the result."""

    @wraps(handler)
    async def wrapper(context: ServerRequestContext[Any, Any], params: _Params) -> _Result:
        result = await handler(context, params)
        scope = _scope(context)
        if scope is None:
            return result
        placeholder = f"naftiko:{token_hex(16)}"
        if isinstance(result, types.CallToolResult) and _is_long(result.content):
            scope[_RESULT] = await run_in_decode_pool(
                lambda: _serialized("content", result.content, result.structured_content)
            )
            block = types.TextContent(text=placeholder)
            return result.model_copy(update={"content": [block], "structured_content": None})
        if isinstance(result, types.ReadResourceResult) and _is_long(result.contents):
            scope[_RESULT] = await run_in_decode_pool(lambda: _serialized("contents", result.contents))
            contents = types.TextResourceContents(uri="naftiko:", text=placeholder)
            return result.model_copy(update={"contents": [contents]})
        return result

    return wrapper


def _scope(context: ServerRequestContext[Any, Any]) -> Scope | None:
    """Return the ASGI scope of an HTTP request; None for a message from stdio."""
    scope: Scope | None = getattr(context.request, "scope", None)
    return scope


def _is_long(parts: Sequence[BaseModel]) -> bool:
    return sum(map(_length, parts)) > _json.LARGE_TEXT


def _length(part: BaseModel) -> int:
    """Return the length of the text or data in a content block, or in a resource's contents."""
    holder = part.resource if isinstance(part, types.EmbeddedResource) else part
    texts = (getattr(holder, name, None) for name in ("text", "data", "blob"))
    return sum(len(each) for each in texts if isinstance(each, str))


def _serialized(name: str, parts: Sequence[BaseModel], structured: Any = None) -> bytes:
    """Return the JSON of the large members of a result, without braces."""
    members = {name: [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in parts]}
    if structured is not None:
        members["structuredContent"] = structured
    return _json.dumps_incrementally(members)[1:-1]


def attach_result(scope: Scope, send: Send) -> Send:
    """Return a ``send`` that replaces the placeholder in the SDK's response with the result."""
    held: Message | None = None

    async def send_attached(message: Message) -> None:
        nonlocal held
        if _RESULT not in scope:
            await send(message)
        elif message["type"] == "http.response.start":
            held = message  # its Content-Length is that of the placeholder
        else:
            if found := _PLACEHOLDER.search(message.get("body", b"")):
                pieces = message["body"][: found.start()], scope.pop(_RESULT), message["body"][found.end() :]
                message = {**message, "body": b"".join(pieces)}
            if held is not None:
                await send(_with_length(held, len(message.get("body", b""))))
                held = None
            await send(message)

    return send_attached


def _with_length(start: Message, length: int) -> Message:
    """Return the start of a response with the given ``Content-Length``, if it has one."""
    headers = [
        (name, b"%d" % length if name.lower() == b"content-length" else value)
        for name, value in start["headers"]
    ]
    return {**start, "headers": headers}
