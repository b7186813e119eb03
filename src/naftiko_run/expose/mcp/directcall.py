"""``tools/call`` answered without the SDK's session machine, where a call needs nothing of it.

That is the common case, and costs a tenth of what the SDK takes for it. Whatever is unusual, and whatever must be
refused, is left to the SDK, whose answers to the rest are the same in every member.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

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
from naftiko_run.expose.mcp.accept import takes_json
from naftiko_run.expose.mcp.messages import Received
from naftiko_run.expose.mcp.results import MOST_LEVELS, Begun
from naftiko_run.expose.response import send_response
from naftiko_run.invoke import Outcome, run_in_decode_pool

_METHOD: Final = "tools/call"
_NUMBER_OF_MEMBERS: Final = 4
_IDS: Final = frozenset((int, str))
_ARGUMENTS: Final = frozenset((dict, type(None)))
_PARAMS: Final = frozenset(("name", "arguments", "_meta"))
_NEEDS_MORE: Final = frozenset(("progressToken", LOG_LEVEL_META_KEY, "traceparent"))
"""Members of ``_meta`` of which the SDK makes something."""
_LONGEST_META: Final = 4096
_UNNAMED_VERSION: Final = DEFAULT_NEGOTIATED_VERSION.encode()
_VERSIONS: Final = {each.encode(): each for each in KNOWN_PROTOCOL_VERSIONS}
_HEADERS: Final = frozenset(
    (b"accept", b"content-type", b"mcp-protocol-version", b"mcp-method", b"mcp-name", b"mcp-session-id")
)
_plain: dict[str, dict[str, Any]] = {}
"""By protocol version, the envelope that was found to be plain last; the next one is most likely equal to it."""
_METHOD_TOLD: Final = _METHOD.encode()
_USUAL_ACCEPT: Final = b"application/json, text/event-stream"
"""What the protocol has clients say, as the SDKs write it."""
_ANSWER: Final = ((b"content-type", b"application/json"),)


async def _never(_: Mapping[str, Any]) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class DirectTool:
    """A tool whose calls need nothing but their arguments.

    Attributes:
        invoke: Calls it with arguments.
        result: Gives the result of what that gave, for a protocol version.
        failure: Gives the result of what either raised, or the error of what is nobody's fault but ours.
        known: The arguments that are used; None where any other may be, too.
        takes_others: Whether others make up the body, unless there is an argument ``body``.
        can_be_read: Whether arguments that were refused can be read in another way.
        header: Its name as clients write it in ``Mcp-Name``.
    """

    invoke: Callable[[Mapping[str, Any]], Awaitable[Outcome]]
    result: Callable[[Outcome, str], Begun]
    failure: Callable[[Exception, str], Begun | MCPError]
    known: frozenset[str] | None = None
    takes_others: bool = False
    can_be_read: Callable[[Mapping[str, Any]], Awaitable[bool]] = _never
    header: bytes = b""

    def named(self, name: str) -> DirectTool:
        """Give it under a name."""
        return replace(self, header=encode_header_value(name).encode())


class DirectCalls:
    """Answers calls of one adapter's tools.

    Args:
        tools: By name; calls of others are left to the SDK.
        server_info: What results of 2026-07-28 say about the server.
    """

    def __init__(self, tools: Mapping[str, DirectTool], server_info: Mapping[str, Any]) -> None:
        self._tools = tools
        stamp = {"resultType": "complete", "_meta": {SERVER_INFO_META_KEY: server_info}}
        stamped = b",%b}" % _json.dumps(stamp)[1:]
        self._ends = {
            version: stamped if version in MODERN_PROTOCOL_VERSIONS else b"}}"
            for version in KNOWN_PROTOCOL_VERSIONS
        }

    async def answer(
        self,
        headers: Mapping[bytes, bytes],
        received: Received,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> bool:
        """Answer a request, or leave it to the SDK and give False.

        Args:
            headers: What ``headers_of`` gives.
            received: Its body.
            scope: The request.
            receive: Its ASGI channel.
            send: Its ASGI channel.
        """
        message = received.message
        params = _params_of_call(message, received.content)
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
            and (not tool.takes_others or "body" in arguments)
        ):
            return False
        number = message["id"]
        written = b"%d" % number if type(number) is int else _json.dumps(number)
        result: Begun | MCPError
        try:
            outcome = await cancel_on_disconnect(scope, receive, tool.invoke(arguments))
            if outcome.is_long:
                result = await run_in_decode_pool(lambda: tool.result(outcome, version))
            else:
                result = tool.result(outcome, version)
        except Disconnected:
            return True
        except InvalidInput as fault:
            # Nothing was called: the first check refuses what can be read.
            if await tool.can_be_read(arguments):
                return False
            result = tool.failure(fault, version)
        except Exception as fault:  # noqa: BLE001 - the last door: nothing internal leaves it
            result = tool.failure(fault, version)
        if isinstance(result, MCPError):
            error = _json.dumps(result.error.model_dump(mode="json", exclude_none=True))
            answer = b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (written, error)
        else:
            answer = b"".join(
                (b'{"jsonrpc":"2.0","id":', written, b',"result":', *result, self._ends[version])
            )
        await send_response(scope, send, 200, _ANSWER, answer)
        return True


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Give a request's headers; none at all where one that matters here is there twice."""
    headers = headers_by_name(scope)
    if len(headers) < len(scope["headers"]):
        names = [name for name, _ in scope["headers"] if name in _HEADERS]
        return headers if len(names) == len(set(names)) else {}
    return headers


def _params_of_call(message: Mapping[str, Any], content: bytes) -> dict[str, Any] | None:
    """Give the parameters of a request to call a tool, with nothing in it but what every call has; else None."""
    try:
        params: dict[str, Any] = message["params"]
        if (
            message["method"] != _METHOD
            or len(message) != _NUMBER_OF_MEMBERS
            or type(message["id"]) not in _IDS
            or type(params) is not dict
            or type(params["name"]) is not str
            or not _PARAMS.issuperset(params)
            or type(params.get("arguments")) not in _ARGUMENTS
        ):
            return None
    except KeyError:
        return None
    # Parsers of the SDK have limits of their own; it does not see the arguments of a long message.
    if (
        len(content) <= _json.LARGE_TEXT
        and _json.may_exceed_depth(content, MOST_LEVELS)
        and _json.dumps_with_max_depth(params, MOST_LEVELS + 1) is None
    ):
        return None
    return params


def _version(headers: Mapping[bytes, bytes], params: Mapping[str, Any], tool: DirectTool) -> str | None:
    """Give the protocol version of a call that is in order and asks for nothing but its result; else None."""
    told = headers.get
    version = _VERSIONS.get(told(b"mcp-protocol-version", _UNNAMED_VERSION))
    accept = told(b"accept")
    if (
        version is None
        or not told(b"content-type", b"").startswith(b"application/json")
        or not (accept == _USUAL_ACCEPT or takes_json(accept))
        or b"mcp-session-id" in headers
    ):
        return None
    if version in MODERN_PROTOCOL_VERSIONS:
        is_told = told(b"mcp-name") == tool.header and told(b"mcp-method") == _METHOD_TOLD
        return version if is_told and _is_plain(params.get("_meta"), version) else None
    return version if "_meta" not in params or _is_plain(params["_meta"], version) else None


def _is_plain(meta: Any, version: str) -> bool:
    """Whether an envelope is in order, and asks for nothing."""
    if not isinstance(meta, dict):
        return False
    if meta == _plain.get(version):
        return True
    written = _json.dumps(meta)
    return len(written) <= _LONGEST_META and _is_written_plain(written, version)


@lru_cache(maxsize=256)
def _is_written_plain(written: bytes, version: str) -> bool:
    """Look into an envelope, which is the same in all requests of a client that asks for nothing."""
    meta = _json.loads(written)
    if not _NEEDS_MORE.isdisjoint(meta) or meta.get(PROTOCOL_VERSION_META_KEY, version) != version:
        return False
    try:
        validate_client_request(_METHOD, version, {"name": "", "_meta": meta})
    except ValidationError:
        return False
    if _is_of_texts(meta):
        _plain[version] = meta
    return True


def _is_of_texts(value: Any) -> bool:
    """Whether nothing is equal to a value but what has the same JSON: Python has numbers equal to ``true``."""
    if isinstance(value, dict):
        return all(_is_of_texts(each) for each in value.values())
    return isinstance(value, str)
