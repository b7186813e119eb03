"""One HTTP request, as a plain client sends it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any, Final

from benchmarks.answers import EVENT

PATIENCE: Final = 60.0
_JSON: Final = {"Content-Type": "application/json"}

ERAS: Final = ("2026-07-28", "2025-11-25")
TOOL: Final = "track-event"


@dataclass(frozen=True, slots=True)
class Call:
    """A request.

    Attributes:
        method: Its method.
        path: Its path.
        headers: Its headers, beside those that every client sends.
        body: Its body.
    """

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def send(self, port: int, seconds: float = PATIENCE) -> tuple[int, bytes]:
        """Send it to a port of this machine; give the answer's status and body.

        Raises:
            OSError: Nobody answers.
            HTTPException: What answers does not speak HTTP.
        """
        connection = HTTPConnection("127.0.0.1", port, timeout=seconds)
        try:
            connection.request(self.method, self.path, self.body or None, self.headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


TRACK: Final = Call("POST", "/v1/track", _JSON, EVENT)


def post(path: str, body: bytes) -> Call:
    """Give the POST of a JSON text."""
    return Call("POST", path, _JSON, body)


def tool_call(era: str) -> Call:
    """Give the MCP call of ``track-event`` in a protocol era, without a session."""
    params: dict[str, Any] = {"name": TOOL, "arguments": {"body": json.loads(EVENT)}}
    headers = {**_JSON, "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": era}
    if era == ERAS[0]:
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": TOOL}
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": era,
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return Call("POST", "/mcp", headers, json.dumps(message, separators=(",", ":")).encode())


def tool_result(answer: bytes) -> Any:
    """Give what the answer to ``tool_call`` says, without what servers word differently.

    Raises:
        ValueError: It is no result.
    """
    message = json.loads(answer)
    result = message.get("result") if isinstance(message, dict) else None
    if not isinstance(result, dict) or result.get("isError"):
        raise ValueError(f"no result: {answer[:200]!r}")
    texts = [json.loads(each["text"]) for each in result["content"]]
    return {"texts": texts, "structured": result.get("structuredContent")}
