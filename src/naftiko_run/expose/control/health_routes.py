"""Health routes: whether the process runs, and whether its adapters can handle requests."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from naftiko_run.expose.control.json_responses import json_response
from naftiko_run.expose.control.operations import AdapterState, Operations
from naftiko_run.expose.health import DEGRADED, UP, is_ready


def describe_adapter(adapter: AdapterState) -> dict[str, Any]:
    """Return the JSON representation of an adapter's state; without members that have no value."""
    data = {
        "type": adapter.type,
        "namespace": adapter.namespace,
        "port": adapter.port,
        "state": adapter.state,
        "missing": [*adapter.missing],
    }
    return {key: value for key, value in data.items() if value not in ("", None, [])}


class HealthRoutes:
    """The health routes.

    Args:
        operations: The running process.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def live(self, _: Request) -> Response:
        """Return that the process runs."""
        return json_response({"status": UP})

    async def ready(self, _: Request) -> Response:
        """Return whether every adapter can handle requests; 503 otherwise."""
        is_up = is_ready(self._operations)
        document = {
            "status": UP if is_up else DEGRADED,
            "adapters": [describe_adapter(each) for each in self._operations.adapters()],
        }
        return json_response(document, 200 if is_up else 503)
