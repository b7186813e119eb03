"""What clients are told while a call runs: progress, where they asked for it, and log messages."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import mcp_types as types
from mcp.server.connection import allowed_log_levels
from mcp.server.context import ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run.expose.mcp.sessions import wants_info
from naftiko_run.invoke import report_progress


class Notices:
    """Tells clients of the steps of their calls.

    Args:
        logger: The name under which messages are logged.
    """

    def __init__(self, logger: str) -> None:
        self._logger = logger

    def watching(self, context: ServerRequestContext[Any, Any], name: str) -> AbstractContextManager[None]:
        """Have the client told of what is invoked while the context is entered.

        Args:
            context: The request's.
            name: What is called.
        """

        async def tell(done: int, total: int, step: str) -> None:
            message = f"{name}: `{step}` is done, {done} of {total}" if step else f"{name}: {total} steps"
            await context.session.report_progress(done, total, message)
            if _wants_messages(context):
                params = types.LoggingMessageNotificationParams(
                    level="info", logger=self._logger, data=message
                )
                await context.session.send_notification(
                    types.LoggingMessageNotification(params=params), related_request_id=context.request_id
                )

        return report_progress(tell)


def _wants_messages(context: ServerRequestContext[Any, Any]) -> bool:
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return "info" in allowed_log_levels(context.protocol_version, context.meta)
    return wants_info(context)
