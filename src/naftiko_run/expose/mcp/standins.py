"""Stand-ins for what is too large for the SDK, which parses, checks and writes messages on the event loop.

The SDK is given a message without its arguments, and a result that is only a mark. The arguments wait in the request's
scope until the handler takes them; the result waits there, as JSON, until the response is sent.
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
from naftiko_run.expose.mcp.messages import Refused
from naftiko_run.invoke import run_in_decode_pool

_ARGUMENTS: Final = "naftiko.mcp.arguments"
_RESULT: Final = "naftiko.mcp.result"
_METHODS: Final = frozenset(("tools/call", "prompts/get"))
_MAX_HEADER_VALUE: Final = 1024 * 1024
"""How much of a text is compared with a header, which no server takes of this length."""
_MARKED: Final = re.compile(rb'"contents?":\[[^\]]*"naftiko:[0-9a-f]{32}"[^\]]*\]')
"""The list in a result that holds nothing but a mark."""

_Params = TypeVar("_Params", bound=BaseModel)
_Result = TypeVar("_Result")
_Handler = Callable[[ServerRequestContext[Any, Any], _Params], Awaitable[_Result]]


def without_arguments(
    scope: Scope, message: Mapping[str, Any], schema_of: Callable[[str], Any] | None
) -> bytes | Refused:
    """Return a long message as the SDK is given it; ``taking_arguments`` gives the handler the rest.

    Args:
        scope: The request.
        message: What its body says.
        schema_of: Returns the input schema of a tool: the SDK compares headers with arguments that it names.
    """
    params = message.get("params")
    if message.get("method") in _METHODS and isinstance(params, dict):
        arguments = params.get("arguments")
        if isinstance(arguments, dict):
            scope[_ARGUMENTS] = arguments
            name = params.get("name")
            schema = schema_of(name) if schema_of and isinstance(name, str) else None
            told = _told_in_headers(arguments, schema) if schema else {}
            message = {**message, "params": {**params, "arguments": told}}
    if is_large(message):
        text = "Invalid request: it is too large; only the arguments of tools and prompts may have so many members"
        request_id = message.get("id")
        return Refused(types.INVALID_REQUEST, text, request_id if isinstance(request_id, str | int) else None)
    return _json.dumps(message)


def _told_in_headers(arguments: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """Return the arguments that clients repeat in headers, and nothing else."""
    told: dict[str, Any] = {}
    for path in x_mcp_header_map(schema):
        value: Any = arguments
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            value = value[:_MAX_HEADER_VALUE]
        if isinstance(value, str | int | float):
            place = told
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = value
    return told


def taking_arguments(handler: _Handler[_Params, _Result]) -> _Handler[_Params, _Result]:
    """Return a handler that is given the arguments that the SDK has not seen."""

    @wraps(handler)
    async def handled(context: ServerRequestContext[Any, Any], params: _Params) -> _Result:
        scope = _scope(context)
        if scope is not None and _ARGUMENTS in scope:
            params = params.model_copy(update={"arguments": scope.pop(_ARGUMENTS)})
        return await handler(context, params)

    return handled


def keeping_result(handler: _Handler[_Params, _Result]) -> _Handler[_Params, _Result]:
    """Return a handler whose large results the SDK does not write; ``with_results`` sends them."""

    @wraps(handler)
    async def handled(context: ServerRequestContext[Any, Any], params: _Params) -> _Result:
        result = await handler(context, params)
        scope = _scope(context)
        if scope is None:
            return result
        mark = f"naftiko:{token_hex(16)}"
        if isinstance(result, types.CallToolResult) and _is_long(result.content):
            scope[_RESULT] = await run_in_decode_pool(
                lambda: _written("content", result.content, result.structured_content)
            )
            block = types.TextContent(text=mark)
            return result.model_copy(update={"content": [block], "structured_content": None})
        if isinstance(result, types.ReadResourceResult) and _is_long(result.contents):
            scope[_RESULT] = await run_in_decode_pool(lambda: _written("contents", result.contents))
            contents = types.TextResourceContents(uri="naftiko:", text=mark)
            return result.model_copy(update={"contents": [contents]})
        return result

    return handled


def _scope(context: ServerRequestContext[Any, Any]) -> Scope | None:
    """Return the scope of an HTTP request; None for a message that came over stdio."""
    scope: Scope | None = getattr(context.request, "scope", None)
    return scope


def _is_long(parts: Sequence[BaseModel]) -> bool:
    return sum(map(_length, parts)) > _json.LARGE_TEXT


def _length(part: BaseModel) -> int:
    """Return how long the text or the data is in a content block, or in a resource's contents."""
    holder = part.resource if isinstance(part, types.EmbeddedResource) else part
    texts = (getattr(holder, name, None) for name in ("text", "data", "blob"))
    return sum(len(each) for each in texts if isinstance(each, str))


def _written(name: str, parts: Sequence[BaseModel], structured: Any = None) -> bytes:
    """Return the JSON of the members of a result that hold what is large, without braces."""
    members = {name: [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in parts]}
    if structured is not None:
        members["structuredContent"] = structured
    return _json.dumps_incrementally(members)[1:-1]


def with_results(scope: Scope, send: Send) -> Send:
    """Return what sends the SDK's response to a request with the result in place of its mark."""
    held: Message | None = None

    async def sent(message: Message) -> None:
        nonlocal held
        if _RESULT not in scope:
            await send(message)
        elif message["type"] == "http.response.start":
            held = message  # its Content-Length is the mark's
        else:
            if found := _MARKED.search(message.get("body", b"")):
                pieces = message["body"][: found.start()], scope.pop(_RESULT), message["body"][found.end() :]
                message = {**message, "body": b"".join(pieces)}
            if held is not None:
                await send(_of_length(held, len(message.get("body", b""))))
                held = None
            await send(message)

    return sent


def _of_length(start: Message, length: int) -> Message:
    """Return the start of a response with the length of its body, where it names one."""
    headers = [
        (name, b"%d" % length if name.lower() == b"content-length" else value)
        for name, value in start["headers"]
    ]
    return {**start, "headers": headers}
