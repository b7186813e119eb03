"""JSON-RPC messages as they come off the wire, before the SDK sees them.

The SDK's own parser takes NaN and infinities, which would go on to upstreams as nulls, and takes a request whose ``id`` is
neither a string nor an integer for a notification, which nobody answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mcp_types import INVALID_REQUEST, PARSE_ERROR

from naftiko_run import jsontext
from naftiko_run.expose.body import read_json

_IDS: Final = frozenset((int, str))


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
        return Refused(
            INVALID_REQUEST, "Invalid request: a JSON-RPC message is an object; batches are not taken"
        )
    if "method" in message:
        if type(message.get("id")) in _IDS:
            return Received(message, content)
        return _request(message, content)
    if "result" in message or "error" in message:
        return Received(message, content)
    text = "Invalid request: the JSON-RPC message has no `method`"
    return Refused(INVALID_REQUEST, text, _known(message.get("id")))


def _request(message: dict[str, Any], content: bytes) -> Received | Refused:
    """Return a notification, which has no ``id``, or a request whose ``id`` is not a usual one."""
    if "id" not in message:
        return Received(message, content)
    request_id = message["id"]
    if isinstance(request_id, float) and request_id.is_integer():
        message["id"] = int(request_id)
        return Received(message, jsontext.dumps(message))
    text = "Invalid request: the `id` of a request must be a string or an integer"
    return Refused(INVALID_REQUEST, text, _known(request_id))


def _known(request_id: Any) -> str | float | None:
    """Return an ``id`` that an error can repeat: text, or a number."""
    is_known = isinstance(request_id, str | int | float) and not isinstance(request_id, bool)
    return request_id if is_known else None


def error(code: int, message: str, request_id: Any = None) -> bytes:
    """Return a JSON-RPC error."""
    answer = {"code": code, "message": message}
    return jsontext.dumps({"jsonrpc": "2.0", "id": request_id, "error": answer})
