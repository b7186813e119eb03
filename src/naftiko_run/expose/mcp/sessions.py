"""What is kept for the clients that have sessions: their log level, and the resources that they watch."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import mcp_types as types
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from naftiko_run.expose.mcp.resources import ResourceRegistry

_SECONDS_BETWEEN_LOOKS: Final = 1.0
_LEVEL: Final = "naftiko.level"
_WATCHES: Final = "naftiko.watches"
_LEVELS_WITH_INFO: Final = ("debug", "info")


async def set_log_level(
    context: ServerRequestContext[Any, Any], params: types.SetLevelRequestParams
) -> types.EmptyResult:
    """Answer ``logging/setLevel``."""
    _connection(context).state[_LEVEL] = params.level
    return types.EmptyResult()


def is_info_enabled(context: ServerRequestContext[Any, Any]) -> bool:
    """Whether the client has asked, in its session, for log messages at ``info``."""
    return _connection(context).state.get(_LEVEL) in _LEVELS_WITH_INFO


class Subscriptions:
    """Tells clients when a file that is a resource changes.

    Args:
        shelf: The resources.
    """

    def __init__(self, shelf: ResourceRegistry) -> None:
        self._shelf = shelf

    async def subscribe(
        self, context: ServerRequestContext[Any, Any], params: types.SubscribeRequestParams
    ) -> types.EmptyResult:
        """Answer ``resources/subscribe``.

        Raises:
            MCPError: There is no such resource, or nobody tells us when it changes.
        """
        fingerprint = await asyncio.to_thread(self._shelf.fingerprint, params.uri)
        if fingerprint is None:
            raise MCPError(
                types.INVALID_PARAMS,
                f"There is no file `{params.uri}`; only resources that are files can be watched",
                {"uri": params.uri},
            )
        connection = _connection(context)
        watches = connection.state.get(_WATCHES)
        if watches is None:
            watches = connection.state[_WATCHES] = {}
            connection.exit_stack.callback(_end, watches)
        if params.uri not in watches:
            watches[params.uri] = asyncio.create_task(self._watch(connection, params.uri, fingerprint))
        return types.EmptyResult()

    async def unsubscribe(
        self, context: ServerRequestContext[Any, Any], params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        """Answer ``resources/unsubscribe``."""
        watch = _connection(context).state.get(_WATCHES, {}).pop(params.uri, None)
        if watch is not None:
            watch.cancel()
        return types.EmptyResult()

    async def _watch(self, connection: Connection, uri: str, fingerprint: object) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            now = await asyncio.to_thread(self._shelf.fingerprint, uri)
            if now != fingerprint:
                fingerprint = now
                await connection.send_resource_updated(uri)


def _end(watches: dict[str, asyncio.Task[None]]) -> None:
    for watch in watches.values():
        watch.cancel()


def _connection(context: ServerRequestContext[Any, Any]) -> Connection:
    """Give what lasts as long as the session; the SDK hands it to handlers in no other way."""
    return context.session._connection  # noqa: SLF001
