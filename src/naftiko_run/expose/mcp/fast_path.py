"""The fast path of ``tools/call``: calls answered without the SDK's session machinery if they do not need it.

That is the common case, and it costs a tenth of what the SDK takes. Unusual and invalid requests go to the SDK; for all
others the response equals the SDK's in every member.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Protocol

from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import encode_header_value
from mcp_types import (
    DEFAULT_NEGOTIATED_VERSION,
    LOG_LEVEL_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
)
from mcp_types.methods import validate_client_request
from mcp_types.version import KNOWN_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from naftiko_run import _json
from naftiko_run.errors import InvalidInput
from naftiko_run.expose.body import Disconnected, headers_by_name
from naftiko_run.expose.disconnect import cancel_on_disconnect
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.mcp.content_negotiation import accepts_json
from naftiko_run.expose.mcp.jsonrpc import ParsedMessage
from naftiko_run.expose.mcp.results import MAX_DEPTH, JsonFragment
from naftiko_run.expose.mcp.tracing import describe_call
from naftiko_run.expose.response import send_response
from naftiko_run.invoke import Outcome, run_in_decode_pool
from naftiko_run.telemetry import SCOPE_KEY, Trace, mark_failed

_METHOD: Final = "tools/call"
_NUMBER_OF_MEMBERS: Final = 4
_ID_TYPES: Final = frozenset((int, str))
_ARGUMENTS_TYPES: Final = frozenset((dict, type(None)))
_PARAMS: Final = frozenset(("name", "arguments", "_meta"))
_SDK_META_KEYS: Final = frozenset(("progressToken", LOG_LEVEL_META_KEY))
"""Members of ``_meta`` that only the SDK handles."""
_TRACE_META_KEYS: Final = frozenset(("traceparent", "tracestate", "baggage"))
"""Members of ``_meta`` that differ between requests, and that the result does not depend on."""
_MAX_META_LENGTH: Final = 4096
_DEFAULT_VERSION: Final = DEFAULT_NEGOTIATED_VERSION.encode()
_VERSIONS: Final = {each.encode(): each for each in KNOWN_PROTOCOL_VERSIONS}
_HEADERS: Final = frozenset(
    (b"accept", b"content-type", b"mcp-protocol-version", b"mcp-method", b"mcp-name", b"mcp-session-id")
)
_last_plain_meta: dict[str, dict[str, Any]] = {}
"""By protocol version, the last ``_meta`` that was plain; the next one is most likely equal to it."""
_METHOD_HEADER: Final = _METHOD.encode()
_USUAL_ACCEPT: Final = b"application/json, text/event-stream"
"""The value that the protocol requires, as the SDKs write it."""
_RESPONSE_HEADERS: Final = ((b"content-type", b"application/json"),)


async def _never(_: Mapping[str, Any]) -> bool:
    return False


class Invoke(Protocol):
    """Calls a tool."""

    def __call__(self, inputs: Mapping[str, Any], *, size: int) -> Awaitable[Outcome]:
        """Call the tool; see ``Function.invoke``."""
        ...


@dataclass(frozen=True, slots=True)
class FastPathTool:
    """A tool whose calls need nothing but their arguments.

    Attributes:
        invoke: Calls it with arguments.
        result: Returns the result for an outcome and a protocol version.
        failure: Returns the result for an exception of either, or the JSON-RPC error of an internal one.
        known: The names of the arguments that are used; None if any other may be used too.
        accepts_extra: Whether other arguments form the body, unless there is an argument ``body``.
        can_coerce: Whether rejected arguments contain JSON text that can be parsed.
        header: Its name as clients write it in ``Mcp-Name``.
        operation: ``namespace.name``, for telemetry.
    """

    invoke: Invoke
    result: Callable[[Outcome, str], JsonFragment]
    failure: Callable[[Exception, str], JsonFragment | MCPError]
    known: frozenset[str] | None = None
    accepts_extra: bool = False
    can_coerce: Callable[[Mapping[str, Any]], Awaitable[bool]] = _never
    header: bytes = b""
    operation: str = ""

    def named(self, name: str) -> FastPathTool:
        """Return the tool under a name."""
        return replace(self, header=encode_header_value(name).encode())


class FastPath:
    """Answers calls of one adapter's tools.

    Args:
        tools: The tools by name; calls of others go to the SDK.
        server_info: The server information in results of 2026-07-28.
    """

    def __init__(self, tools: Mapping[str, FastPathTool], server_info: Mapping[str, Any]) -> None:
        self._tools = tools
        members = {"resultType": "complete", "_meta": {SERVER_INFO_META_KEY: server_info}}
        modern_suffix = b",%b}" % _json.dumps(members)[1:]
        self._suffixes = {
            version: modern_suffix if version in MODERN_PROTOCOL_VERSIONS else b"}}"
            for version in KNOWN_PROTOCOL_VERSIONS
        }

    async def answer(
        self,
        headers: Mapping[bytes, bytes],
        parsed: ParsedMessage,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> bool:
        """Answer a request, or return False if the SDK must answer it.

        Args:
            headers: The headers as ``unique_headers`` returns them.
            parsed: The message in the body.
            scope: The ASGI scope of the request.
            receive: Its ASGI receive channel.
            send: Its ASGI send channel.
        """
        message = parsed.message
        params = _params_of_call(message, parsed.content)
        tool = self._tools.get(params["name"]) if params else None
        if params is None or tool is None:
            return False
        version = _version(headers, params, tool)
        if version is None:
            return False
        arguments: dict[str, Any] = params.get("arguments") or {}
        if (
            tool.known is not None
            and not tool.known.issuperset(arguments)
            and (not tool.accepts_extra or "body" in arguments)
        ):
            return False
        trace: Trace | None = scope.get(SCOPE_KEY)
        if trace is not None:
            describe_call(trace, tool.operation, params["name"], version)
        request_id = message["id"]
        serialized_id = b"%d" % request_id if type(request_id) is int else _json.dumps(request_id)
        result: JsonFragment | MCPError
        try:
            outcome = await cancel_on_disconnect(
                scope, receive, tool.invoke(arguments, size=len(parsed.content))
            )
            if trace is not None and outcome.has_failed:
                trace.root.error = str(outcome.status)
            if outcome.is_long:
                result = await run_in_decode_pool(lambda: _long_result(tool, outcome, version))
            else:
                result = tool.result(outcome, version)
        except Disconnected:
            return True
        except Exception as error:  # noqa: BLE001 - outermost handler: clients get no internal details
            # Invalid arguments call nothing: they are validated first, so the SDK path can repeat the request.
            if isinstance(error, InvalidInput) and await tool.can_coerce(arguments):
                return False
            result = tool.failure(error, version)
            mark_failed(type(error).__name__)
        if isinstance(result, MCPError):
            rpc_error = _json.dumps(result.error.model_dump(mode="json", exclude_none=True))
            body = b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (serialized_id, rpc_error)
        else:
            body = b"".join(
                (b'{"jsonrpc":"2.0","id":', serialized_id, b',"result":', *result, self._suffixes[version])
            )
        await send_response(scope, send, 200, _RESPONSE_HEADERS, body)
        return True


def _long_result(tool: FastPathTool, outcome: Outcome, version: str) -> JsonFragment:
    """Return the result for a long outcome, whose value is not used again."""
    result = tool.result(outcome, version)
    outcome.free_value()
    return result


def unique_headers(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request; none at all if one that matters here is repeated."""
    headers = headers_by_name(scope)
    if len(headers) < len(scope["headers"]):
        names = [name for name, _ in scope["headers"] if name in _HEADERS]
        return headers if len(names) == len(set(names)) else {}
    return headers


def _params_of_call(message: Mapping[str, Any], content: bytes) -> dict[str, Any] | None:
    """Return the parameters of a ``tools/call`` with only the usual members; None for any other message."""
    try:
        params: dict[str, Any] = message["params"]
        if (
            message["method"] != _METHOD
            or len(message) != _NUMBER_OF_MEMBERS
            or type(message["id"]) not in _ID_TYPES
            or type(params) is not dict
            or type(params["name"]) is not str
            or not _PARAMS.issuperset(params)
            or type(params.get("arguments")) not in _ARGUMENTS_TYPES
        ):
            return None
    except KeyError:
        return None
    # The SDK's parsers have a depth limit of their own, but they never see the arguments of a long message.
    if (
        len(content) <= _json.LARGE_TEXT
        and _json.may_exceed_depth(content, MAX_DEPTH)
        and _json.dumps_with_max_depth(params, MAX_DEPTH + 1) is None
    ):
        return None
    return params


def _version(headers: Mapping[bytes, bytes], params: Mapping[str, Any], tool: FastPathTool) -> str | None:
    """Return the protocol version of a valid call that requests nothing but its result; None for any other call."""
    get = headers.get
    version = _VERSIONS.get(get(b"mcp-protocol-version", _DEFAULT_VERSION))
    accept = get(b"accept")
    if (
        version is None
        or not get(b"content-type", b"").startswith(b"application/json")
        or not (accept == _USUAL_ACCEPT or accepts_json(accept))
        or b"mcp-session-id" in headers
    ):
        return None
    if version in MODERN_PROTOCOL_VERSIONS:
        has_headers = get(b"mcp-name") == tool.header and get(b"mcp-method") == _METHOD_HEADER
        return version if has_headers and _is_plain(params.get("_meta"), version) else None
    return version if "_meta" not in params or _is_plain(params["_meta"], version) else None


def _is_plain(meta: Any, version: str) -> bool:
    """Return whether a ``_meta`` is valid and requests nothing."""
    if not isinstance(meta, dict):
        return False
    if meta == _last_plain_meta.get(version):
        return True
    if not _TRACE_META_KEYS.isdisjoint(meta):
        if not all(type(meta.get(key, "")) is str for key in _TRACE_META_KEYS):
            return False
        meta = {key: value for key, value in meta.items() if key not in _TRACE_META_KEYS}
        if meta == _last_plain_meta.get(version):
            return True
    serialized = _json.dumps(meta)
    return len(serialized) <= _MAX_META_LENGTH and _is_plain_json(serialized, version)


@lru_cache(maxsize=256)
def _is_plain_json(serialized: bytes, version: str) -> bool:
    """Validate a serialized ``_meta``, cached: it is the same in all plain requests of a client."""
    meta = _json.loads(serialized)
    if not _SDK_META_KEYS.isdisjoint(meta) or meta.get(PROTOCOL_VERSION_META_KEY, version) != version:
        return False
    try:
        validate_client_request(_METHOD, version, {"name": "", "_meta": meta})
    except ValidationError:
        return False
    if _has_only_strings(meta):
        _last_plain_meta[version] = meta
    return True


def _has_only_strings(value: Any) -> bool:
    """Return whether equality with a value implies the same JSON: in Python, ``1 == True``, but strings are safe."""
    if isinstance(value, dict):
        return all(_has_only_strings(each) for each in value.values())
    return isinstance(value, str)
