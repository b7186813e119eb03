"""Notifications to the client during a call: progress, if requested, and log messages."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import mcp_types as types
from mcp.server.connection import allowed_log_levels
from mcp.server.context import ServerRequestContext
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run.expose.mcp.sessions import is_info_enabled
from naftiko_run.invoke import report_progress


class CallNotifier:
    """Notifies clients of the steps of their calls.

    Args:
        logger: The logger name of the log messages.
    """

    def __init__(self, logger: str) -> None:
        self._logger = logger

    def notify(self, context: ServerRequestContext[Any, Any], name: str) -> AbstractContextManager[None]:
        """Return a context manager: while it is entered, the client is notified of each step that is invoked.

        Args:
            context: The context of the request.
            name: The name of the called tool.
        """

        async def on_step(done: int, total: int, step: str) -> None:
            message = f"{name}: `{step}` is done, {done} of {total}" if step else f"{name}: {total} steps"
            await context.session.report_progress(done, total, message)
            if _wants_log_messages(context):
                params = types.LoggingMessageNotificationParams(
                    level="info", logger=self._logger, data=message
                )
                await context.session.send_notification(
                    types.LoggingMessageNotification(params=params), related_request_id=context.request_id
                )

        return report_progress(on_step)


def _wants_log_messages(context: ServerRequestContext[Any, Any]) -> bool:
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        return "info" in allowed_log_levels(context.protocol_version, context.meta)
    return is_info_enabled(context)
