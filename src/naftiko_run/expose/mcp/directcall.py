"""``tools/call`` answered without the SDK's session machine, where a call needs nothing of it.

That is the common case, and costs a tenth of what the SDK takes for it. Whatever is unusual, and whatever must be
refused, is left to the SDK, whose answers to the rest are the same in every member.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
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

from naftiko_run import jsontext
from naftiko_run.expose.body import Disconnected
from naftiko_run.expose.exposer import Scope, Send
from naftiko_run.expose.leaving import CLIENT, while_there
from naftiko_run.expose.mcp.results import MOST_LEVELS, Wire
from naftiko_run.expose.problems import respond

_METHOD: Final = "tools/call"
_MEMBERS: Final = {"jsonrpc", "id", "method", "params"}
_PARAMS: Final = {"name", "arguments", "_meta"}
_NEEDS_MORE: Final = frozenset(("progressToken", LOG_LEVEL_META_KEY, "traceparent"))
"""Members of ``_meta`` of which the SDK makes something."""
_LONGEST_META: Final = 4096
_UNNAMED_VERSION: Final = DEFAULT_NEGOTIATED_VERSION.encode()
_VERSIONS: Final = {each.encode(): each for each in KNOWN_PROTOCOL_VERSIONS}
_HEADERS: Final = frozenset(
    (b"accept", b"content-type", b"mcp-protocol-version", b"mcp-method", b"mcp-name", b"mcp-session-id")
)
_JSON: Final = (b"application/json", b"application/*", b"*/*")


@dataclass(frozen=True, slots=True)
class DirectTool:
    """A tool whose calls need nothing but their arguments.

    Attributes:
        answer: Gives the result for arguments and a protocol version; raises ``MCPError`` where something broke.
        header: Its name as clients write it in ``Mcp-Name``.
    """

    answer: Callable[[Mapping[str, Any], str], Awaitable[Wire]]
    header: bytes

    @classmethod
    def of(cls, name: str, answer: Callable[[Mapping[str, Any], str], Awaitable[Wire]]) -> DirectTool:
        """Make one for a tool's name."""
        return cls(answer, encode_header_value(name).encode())


class DirectCalls:
    """Answers calls of one adapter's tools.

    Args:
        find: Gives the tool of a name; None where the SDK must answer.
        server_info: What results of 2026-07-28 say about the server.
    """

    def __init__(self, find: Callable[[str], DirectTool | None], server_info: Mapping[str, Any]) -> None:
        self._find = find
        self._stamp = {"resultType": "complete", "_meta": {SERVER_INFO_META_KEY: server_info}}

    async def answer(self, scope: Scope, message: Mapping[str, Any], send: Send) -> bool:
        """Answer a request, or leave it to the SDK and give False.

        Args:
            scope: Its head.
            message: Its body.
            send: Where the answer goes.
        """
        tool = self._find(message["params"]["name"]) if _is_call(message) else None
        version = _version(scope, message["params"], tool) if tool else None
        if tool is None or version is None:
            return False
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            arguments = message["params"].get("arguments") or {}
            answer["result"] = await while_there(scope[CLIENT], tool.answer(arguments, version))
        except Disconnected:
            return True
        except MCPError as fault:
            answer["error"] = fault.error.model_dump(mode="json", exclude_none=True)
        else:
            if version in MODERN_PROTOCOL_VERSIONS:
                answer["result"].update(self._stamp)
        await respond(send, 200, jsontext.dumps(answer), "application/json")
        return True


def _is_call(message: Mapping[str, Any]) -> bool:
    """Whether a message is a request to call a tool, with nothing in it but what every call has."""
    if message.get("method") != _METHOD or message.keys() != _MEMBERS or message["jsonrpc"] != "2.0":
        return False
    params = message["params"]
    if type(message["id"]) not in (int, str) or not isinstance(params, dict) or not params.keys() <= _PARAMS:
        return False
    arguments = params.get("arguments")
    if not isinstance(params.get("name"), str) or not isinstance(arguments, dict | None):
        return False
    # Parsers of the SDK have limits of their own.
    return not arguments or jsontext.dumps_within(arguments, MOST_LEVELS) is not None


def _version(scope: Scope, params: Mapping[str, Any], tool: DirectTool) -> str | None:
    """Give the protocol version of a call that is in order and asks for nothing but its result; else None."""
    headers = _headers(scope)
    version = _VERSIONS.get(headers.get(b"mcp-protocol-version", _UNNAMED_VERSION))
    if version is None or b"mcp-session-id" in headers or not _is_json(headers):
        return None
    meta = params.get("_meta")
    if version in MODERN_PROTOCOL_VERSIONS:
        is_told = headers.get(b"mcp-method") == b"tools/call" and headers.get(b"mcp-name") == tool.header
        is_plain = is_told and _is_plain(meta, version)
    else:
        is_plain = "_meta" not in params or _is_plain(meta, version)
    return version if is_plain else None


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """Give the headers that matter; none at all where one of them is there twice."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _HEADERS:
            if name in headers:
                return {}
            headers[name] = value
    return headers


def _is_json(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the body is said to be JSON, and JSON is taken for an answer."""
    is_sent = headers.get(b"content-type", b"").startswith(b"application/json")
    return is_sent and _takes_json(headers.get(b"accept", b"*/*"))


@lru_cache(maxsize=64)
def _takes_json(accept: bytes) -> bool:
    return any(each.partition(b";")[0].strip().lower() in _JSON for each in accept.split(b","))


def _is_plain(meta: Any, version: str) -> bool:
    """Whether an envelope is in order, and asks for nothing."""
    if not isinstance(meta, dict) or not _NEEDS_MORE.isdisjoint(meta):
        return False
    if meta.get(PROTOCOL_VERSION_META_KEY, version) != version:
        return False
    written = jsontext.dumps(meta)
    return len(written) <= _LONGEST_META and _is_valid(written, version)


@lru_cache(maxsize=256)
def _is_valid(meta: bytes, version: str) -> bool:
    """Whether the SDK takes an envelope, which is the same in all requests of a client."""
    try:
        validate_client_request(_METHOD, version, {"name": "", "_meta": jsontext.loads(meta)})
    except ValidationError:
        return False
    return True
