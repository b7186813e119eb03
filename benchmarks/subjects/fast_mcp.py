"""FastMCP with one tool: no session, JSON answers. With ``UPSTREAM`` it calls that, else it answers a constant."""

from __future__ import annotations

import json
import os
from typing import Any

import httpx
from fastmcp import FastMCP

from benchmarks.answers import BASIC, TRACKED

UPSTREAM = os.environ.get("UPSTREAM", "")
HEADERS = {"Authorization": BASIC}
ANSWER = json.loads(TRACKED)

client = httpx.AsyncClient(
    limits=httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=None),
    timeout=30,
    trust_env=False,
)


async def constant(body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - the tool's input
    """Track an event."""
    return dict(ANSWER)


async def call(body: dict[str, Any]) -> dict[str, Any]:
    """Track an event."""
    answer = await client.post(f"{UPSTREAM}/v1/track", json=body, headers=HEADERS)
    result: dict[str, Any] = answer.raise_for_status().json()
    return result


server = FastMCP("bench")
server.tool(call if UPSTREAM else constant, name="track-event")
app = server.http_app(stateless_http=True, json_response=True)
