"""A tool that asks its caller for a name before it answers, and calls of it."""

from __future__ import annotations

from typing import Any

import httpx

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: mcp
    namespace: m
    tools:
    - name: greet
      description: Greets
      x-asks:
      - name: person
        user: Your name?
        answer: {type: object, properties: {name: {type: string}}, required: [name]}
      x-content: [{text: "Hello {{person.name}}"}]
"""


def greeted(url: str, **params: Any) -> dict[str, Any]:
    """Call the tool, over a connection of its own; give the whole message that it answers."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
    }
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": "greet",
    }
    params = {"name": "greet", "arguments": {}, "_meta": meta, **params}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    answer: dict[str, Any] = httpx.post(url, json=body, headers=headers).json()
    return answer
