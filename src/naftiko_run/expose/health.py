"""Health routes on the ports of all adapters: for probes, without authentication, and without any details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from naftiko_run import _json
from naftiko_run.expose.control.operations import Operations
from naftiko_run.expose.exposer import ASGIApp, Receive, Scope, Send
from naftiko_run.expose.response import respond

LIVE_PATH: Final = "/health/live"
READY_PATH: Final = "/health/ready"
UP: Final = "UP"
DEGRADED: Final = "DEGRADED"


def is_ready(operations: Operations) -> bool:
    """Return whether the process can handle requests to all its adapters."""
    return not operations.is_draining and all(each.is_ready for each in operations.adapters())


def health_apps(operations: Operations) -> Mapping[str, ASGIApp]:
    """Return the apps of the health routes, by path.

    Args:
        operations: The running process.
    """

    async def live(scope: Scope, _: Receive, send: Send) -> None:
        await _respond(scope, send, is_up=True)

    async def ready(scope: Scope, _: Receive, send: Send) -> None:
        await _respond(scope, send, is_up=is_ready(operations))

    return {LIVE_PATH: live, READY_PATH: ready}


async def _respond(scope: Scope, send: Send, *, is_up: bool) -> None:
    document = {"status": UP if is_up else DEGRADED}
    await respond(
        scope,
        send,
        200 if is_up else 503,
        _json.dumps(document),
        "application/json",
        headers=(("cache-control", "no-store"),),
    )
