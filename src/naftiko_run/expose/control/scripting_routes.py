"""Routes about script steps: their settings and statistics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from naftiko_run.capability import Capability
from naftiko_run.expose.control.json_responses import BadRequest, json_response, read_object
from naftiko_run.expose.control.operations import Operations
from naftiko_run.invoke import ScriptRefused


class ScriptingRoutes:
    """Routes about the script steps of one document, or of all.

    Args:
        operations: The running process.
        file: The file of the document; empty for all documents.
        max_body: The maximum size of a request body, in bytes.
    """

    def __init__(self, operations: Operations, file: str, max_body: int) -> None:
        self._operations = operations
        self._file = file
        self._max_body = max_body
        self._changing = asyncio.Lock()

    async def show(self, _: Request) -> Response:
        """Return the settings, and what the script steps have done so far."""
        return json_response(_describe(self._capabilities()))

    async def change(self, request: Request) -> Response:
        """Change settings: all of them, or none if one cannot be changed."""
        changes = await read_object(request, self._max_body)
        async with self._changing:
            capabilities = self._capabilities()
            try:
                prepared = [await asyncio.to_thread(each.scripts.prepare, changes) for each in capabilities]
            except ScriptRefused as fault:
                raise BadRequest(f"{fault}; {fault.hint}" if fault.hint else str(fault)) from None
            for apply in prepared:
                apply()
        return json_response(_describe(capabilities))

    def _capabilities(self) -> list[Capability]:
        served = self._operations.capabilities()
        return [each for each in served if each.file == self._file or not self._file]


def _describe(capabilities: Sequence[Capability]) -> dict[str, Any]:
    scripts = [each.scripts for each in capabilities]
    executions = sum(each.stats.executions for each in scripts)
    seconds = sum(each.stats.seconds for each in scripts)
    ended = [each.stats.last_execution for each in scripts if each.stats.last_execution is not None]
    stats: dict[str, Any] = {
        "totalExecutions": executions,
        "totalErrors": sum(each.stats.errors for each in scripts),
        "averageDurationMs": round(1000 * seconds / executions, 2) if executions else 0.0,
    }
    if ended:
        moment = datetime.fromtimestamp(max(ended), UTC)
        stats["lastExecutionAt"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    settings = scripts[0].defaults.as_block() if scripts else {}
    return {**settings, "stats": stats}
