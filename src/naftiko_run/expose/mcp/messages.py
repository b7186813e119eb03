"""JSON-RPC messages as they come off the wire, before the SDK sees them.

The SDK's own parser takes NaN and infinities, which would go on to upstreams as nulls, takes a request whose ``id`` is
neither a string nor an integer for a notification, which nobody answers, and refuses what else is no JSON-RPC in the
words of its validator, without the ``id``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mcp_types import INVALID_REQUEST, PARSE_ERROR

from naftiko_run import _json
from naftiko_run.expose.body import read_json

_IDS: Final = frozenset((int, str))
_PARAMS: Final = frozenset((dict, type(None)))
_VERSION: Final = "2.0"
_NO_VERSION: Final = 'a JSON-RPC message has `"jsonrpc": "2.0"`'


@dataclass(frozen=True, slots=True)
class Refused:
    """What is wrong with a text that is no message.

    Attributes:
        code: Of the JSON-RPC error that answers it.
        text: For people.
        request_id: The request's; None where it has none that JSON-RPC knows.
    """

    code: int
    text: str
    request_id: str | float | None = None

    @property
    def answer(self) -> bytes:
        """The JSON-RPC error that answers it."""
        return error(self.code, self.text, self.request_id)


@dataclass(slots=True)
class Received:
    """A message.

    Attributes:
        message: What it says.
        content: Its JSON.
    """

    message: dict[str, Any]
    content: bytes


async def read_message(content: bytes) -> Received | Refused:
    """Return the message in a text, or the error that answers one without.

    A long text is parsed beside the event loop; what is not Unicode in it becomes U+FFFD.
    An ``id`` such as ``1.0`` is the integer that it is equal to.
    """
    try:
        message, content = await read_json(content)
    except ValueError as fault:
        return Refused(PARSE_ERROR, f"Parse error: {fault}")
    if not isinstance(message, dict):
        text = "a JSON-RPC message is an object" + (
            "; batches are not taken" if isinstance(message, list) else ""
        )
        return Refused(INVALID_REQUEST, f"Invalid request: {text}")
    if "method" not in message:
        return _response(message, content)
    if wrong := _fault(message):
        return _invalid(wrong, message)
    return Received(message, content) if type(message.get("id")) in _IDS else _request(message, content)


def _fault(message: dict[str, Any]) -> str:
    """Return what is wrong with a message that has a method, its ``id`` aside; empty for nothing."""
    if message.get("jsonrpc") != _VERSION:
        return _NO_VERSION
    if type(message["method"]) is not str:
        return "the `method` must be a string"
    return "" if type(message.get("params")) in _PARAMS else "the `params` must be an object"


def _response(message: dict[str, Any], content: bytes) -> Received | Refused:
    """Return a client's response to a request of the server. No error repeats its ``id``, which is the server's."""
    if "result" not in message and "error" not in message:
        return _invalid("the JSON-RPC message has no `method`", message)
    fault = ""
    if message.get("jsonrpc") != _VERSION:
        fault = _NO_VERSION
    elif type(message.get("id")) not in _IDS and "result" in message:
        fault = "the `id` of a response must be a string or an integer"
    elif "result" in message and not isinstance(message["result"], dict):
        fault = "the `result` of a response must be an object"
    elif "error" in message and not _is_error(message["error"]):
        fault = "the `error` of a response must have an integer `code` and a string `message`"
    return Refused(INVALID_REQUEST, f"Invalid request: {fault}") if fault else Received(message, content)


def _is_error(value: Any) -> bool:
    return (
        isinstance(value, dict) and type(value.get("code")) is int and isinstance(value.get("message"), str)
    )


def _invalid(fault: str, message: dict[str, Any]) -> Refused:
    return Refused(INVALID_REQUEST, f"Invalid request: {fault}", _known(message.get("id")))


def _request(message: dict[str, Any], content: bytes) -> Received | Refused:
    """Return a notification, which has no ``id``, or a request whose ``id`` is not a usual one."""
    if "id" not in message:
        return Received(message, content)
    request_id = message["id"]
    if isinstance(request_id, float) and request_id.is_integer():
        message["id"] = int(request_id)
        return Received(message, _json.dumps(message))
    return _invalid("the `id` of a request must be a string or an integer", message)


def _known(request_id: Any) -> str | float | None:
    """Return an ``id`` that an error can repeat: text, or a number."""
    is_known = isinstance(request_id, str | int | float) and not isinstance(request_id, bool)
    return request_id if is_known else None


def error(code: int, message: str, request_id: Any = None) -> bytes:
    """Return a JSON-RPC error."""
    answer = {"code": code, "message": message}
    return _json.dumps({"jsonrpc": "2.0", "id": request_id, "error": answer})
