"""JSON-RPC messages as they arrive, before the SDK reads them.

The SDK's own parser accepts NaN and infinities, which upstreams would receive as nulls; treats a request whose ``id`` is
neither a string nor an integer as a notification, which gets no response; and rejects other invalid messages with the
text of its validator, without the ``id``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mcp_types import INVALID_REQUEST, PARSE_ERROR

from naftiko_run import _json
from naftiko_run.expose.body import read_json

_ID_TYPES: Final = frozenset((int, str))
_PARAMS_TYPES: Final = frozenset((dict, type(None)))
_VERSION: Final = "2.0"
_NO_VERSION: Final = 'a JSON-RPC message has `"jsonrpc": "2.0"`'


@dataclass(frozen=True, slots=True)
class InvalidMessage:
    """Why a text is not a valid message.

    Attributes:
        code: The code of the JSON-RPC error.
        text: The message of the error.
        request_id: The ``id`` of the request; None if it has none that JSON-RPC allows.
    """

    code: int
    text: str
    request_id: str | float | None = None

    @property
    def response(self) -> bytes:
        """The JSON-RPC error response."""
        return error_response(self.code, self.text, self.request_id)


@dataclass(slots=True)
class ParsedMessage:
    """A valid message.

    Attributes:
        message: The parsed message.
        content: Its JSON.
    """

    message: dict[str, Any]
    content: bytes


async def read_message(content: bytes) -> ParsedMessage | InvalidMessage:
    """Parse a message.

    A long text is parsed off the event loop. Bytes that are not valid Unicode become U+FFFD, and an ``id`` such as
    ``1.0`` becomes the equal integer.
    """
    try:
        message, content = await read_json(content)
    except ValueError as error:
        return InvalidMessage(PARSE_ERROR, f"Parse error: {error}")
    if not isinstance(message, dict):
        text = "a JSON-RPC message is an object" + (
            "; batches are not supported" if isinstance(message, list) else ""
        )
        return InvalidMessage(INVALID_REQUEST, f"Invalid request: {text}")
    if "method" not in message:
        return _response(message, content)
    if reason := _violation(message):
        return _invalid(reason, message)
    if type(message.get("id")) in _ID_TYPES:
        return ParsedMessage(message, content)
    return _request(message, content)


def _violation(message: dict[str, Any]) -> str:
    """Return why a message with a method is invalid, apart from its ``id``; empty if it is valid."""
    if message.get("jsonrpc") != _VERSION:
        return _NO_VERSION
    if type(message["method"]) is not str:
        return "the `method` must be a string"
    return "" if type(message.get("params")) in _PARAMS_TYPES else "the `params` must be an object"


def _response(message: dict[str, Any], content: bytes) -> ParsedMessage | InvalidMessage:
    """Return a client's response to a request of the server. An error does not repeat its ``id``: it is the server's."""
    if "result" not in message and "error" not in message:
        return _invalid("the JSON-RPC message has no `method`", message)
    reason = ""
    if message.get("jsonrpc") != _VERSION:
        reason = _NO_VERSION
    elif type(message.get("id")) not in _ID_TYPES and "result" in message:
        reason = "the `id` of a response must be a string or an integer"
    elif "result" in message and not isinstance(message["result"], dict):
        reason = "the `result` of a response must be an object"
    elif "error" in message and not _is_error(message["error"]):
        reason = "the `error` of a response must have an integer `code` and a string `message`"
    if reason:
        return InvalidMessage(INVALID_REQUEST, f"Invalid request: {reason}")
    return ParsedMessage(message, content)


def _is_error(value: Any) -> bool:
    return (
        isinstance(value, dict) and type(value.get("code")) is int and isinstance(value.get("message"), str)
    )


def _invalid(reason: str, message: dict[str, Any]) -> InvalidMessage:
    return InvalidMessage(INVALID_REQUEST, f"Invalid request: {reason}", _repeatable(message.get("id")))


def _request(message: dict[str, Any], content: bytes) -> ParsedMessage | InvalidMessage:
    """Return a notification, which has no ``id``, or a request whose ``id`` is neither a string nor an integer."""
    if "id" not in message:
        return ParsedMessage(message, content)
    request_id = message["id"]
    if isinstance(request_id, float) and request_id.is_integer():
        message["id"] = int(request_id)
        return ParsedMessage(message, _json.dumps(message))
    return _invalid("the `id` of a request must be a string or an integer", message)


def _repeatable(request_id: Any) -> str | float | None:
    """Return an ``id`` that an error response can repeat, a string or a number; None for any other."""
    is_repeatable = isinstance(request_id, str | int | float) and not isinstance(request_id, bool)
    return request_id if is_repeatable else None


def error_response(code: int, message: str, request_id: Any = None) -> bytes:
    """Return a JSON-RPC error response."""
    error = {"code": code, "message": message}
    return _json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error})
