"""State of client sessions (the log level and subscribed resources), and notifications to them during a call."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import Any, Final

import mcp_types as types
from mcp.server.connection import Connection, allowed_log_levels
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from naftiko_run.expose.mcp.resources import ResourceRegistry
from naftiko_run.invoke import report_progress

_POLL_INTERVAL: Final = 1.0
_LOG_LEVEL: Final = "naftiko.level"
_WATCHERS: Final = "naftiko.watches"
_LEVELS_WITH_INFO: Final = ("debug", "info")


async def set_log_level(
    context: ServerRequestContext[Any, Any], params: types.SetLevelRequestParams
) -> types.EmptyResult:
    """Handle ``logging/setLevel``."""
    connection_of(context).state[_LOG_LEVEL] = params.level
    return types.EmptyResult()


def is_info_enabled(context: ServerRequestContext[Any, Any]) -> bool:
    """Return whether the client has enabled log messages of level ``info`` in its session."""
    return connection_of(context).state.get(_LOG_LEVEL) in _LEVELS_WITH_INFO


class Subscriptions:
    """Notifies subscribed clients when the file behind a resource changes.

    Args:
        resources: The resources of the adapter.
    """

    def __init__(self, resources: ResourceRegistry) -> None:
        self._resources = resources

    async def subscribe(
        self, context: ServerRequestContext[Any, Any], params: types.SubscribeRequestParams
    ) -> types.EmptyResult:
        """Handle ``resources/subscribe``.

        Raises:
            MCPError: There is no such resource, or it is not a file.
        """
        fingerprint = await asyncio.to_thread(self._resources.fingerprint, params.uri)
        if fingerprint is None:
            raise MCPError(
                types.INVALID_PARAMS,
                f"No file `{params.uri}`: only resources that are files support subscriptions",
                {"uri": params.uri},
            )
        connection = connection_of(context)
        watchers = connection.state.get(_WATCHERS)
        if watchers is None:
            watchers = connection.state[_WATCHERS] = {}
            connection.exit_stack.callback(_cancel_all, watchers)
        if params.uri not in watchers:
            watchers[params.uri] = asyncio.create_task(self._watch(connection, params.uri, fingerprint))
        return types.EmptyResult()

    async def unsubscribe(
        self, context: ServerRequestContext[Any, Any], params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        """Handle ``resources/unsubscribe``."""
        watcher = connection_of(context).state.get(_WATCHERS, {}).pop(params.uri, None)
        if watcher is not None:
            watcher.cancel()
        return types.EmptyResult()

    async def _watch(self, connection: Connection, uri: str, fingerprint: object) -> None:
        while True:
            await asyncio.sleep(_POLL_INTERVAL)
            current = await asyncio.to_thread(self._resources.fingerprint, uri)
            if current != fingerprint:
                fingerprint = current
                await connection.send_resource_updated(uri)


def _cancel_all(watchers: dict[str, asyncio.Task[None]]) -> None:
    for watcher in watchers.values():
        watcher.cancel()


def connection_of(context: ServerRequestContext[Any, Any]) -> Connection:
    """Return the connection, which lives as long as the session; the SDK offers handlers no public access to it."""
    return context.session._connection  # noqa: SLF001


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
