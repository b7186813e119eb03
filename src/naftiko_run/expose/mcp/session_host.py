"""The sessions of an adapter's clients, which outlive the adapter if another replaces it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakSet

import mcp_types as types
from anyio import CancelScope, move_on_after
from mcp.server.connection import Connection
from mcp.server.context import HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from naftiko_run.expose.exposer import ExposeSettings, Sessions
from naftiko_run.expose.lifespan import Lifespan
from naftiko_run.expose.mcp.sessions import connection_of

if TYPE_CHECKING:
    from mcp.server.models import InitializationOptions
    from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler

LISTEN: Final = "subscriptions/listen"
"""The method by which clients of 2026-07-28 ask for notifications."""
_NOTIFY_TIMEOUT: Final = 5.0
"""The timeout in seconds for a notification to one client."""


class CapabilityServer(Server[Any]):
    """A server of the SDK whose handlers can be replaced while sessions are open.

    Attributes:
        notifies: Whether clients with a session are notified when a list has changed.
    """

    notifies: bool = False

    def create_initialization_options(self, *arguments: Any, **options: Any) -> InitializationOptions:
        """Return the options of a new session; see ``Server.create_initialization_options``."""
        if not (arguments or options):
            from mcp.server.lowlevel import NotificationOptions

            arguments = (NotificationOptions(*[self.notifies] * 3),)
        return super().create_initialization_options(*arguments, **options)

    def become(self, other: CapabilityServer) -> None:
        """Answer the next requests of open sessions as another server does."""
        vars(self).update(vars(other))


@dataclass(slots=True, eq=False)
class _Clients:
    """What moves from a host to the one that takes over its sessions.

    Attributes:
        server: Answers the requests of sessions.
        manager: The SDK's manager of the sessions; None before it runs.
        connections: The connections of sessions.
        streams: The requests whose responses last as long as a session.
        listeners: The requests of ``LISTEN``.
        bus: Publishes changes to the listeners; None if there are no changes.
        listen: Answers ``LISTEN``.
    """

    server: CapabilityServer
    manager: StreamableHTTPSessionManager | None = None
    connections: WeakSet[Connection] = field(default_factory=WeakSet)
    streams: dict[asyncio.Task[Any], CancelScope] = field(default_factory=dict)
    listeners: set[asyncio.Task[Any]] = field(default_factory=set)
    bus: InMemorySubscriptionBus | None = None
    listen: ListenHandler | None = None

    def handle_listen(self, server: CapabilityServer) -> None:
        """Answer ``LISTEN`` on a server."""
        if self.listen is not None:
            server.add_request_handler(LISTEN, types.SubscriptionsListenRequestParams, self.listen)


class SessionHost:
    """Runs the sessions of one adapter, and tracks the streams that its clients keep open.

    Args:
        server: The SDK's server, with its handlers.
        settings: The settings of the adapter.
        keeps_sessions: Whether clients up to 2025-11-25 get sessions over HTTP.

    Attributes:
        clients: What another host takes over.
    """

    def __init__(
        self, server: CapabilityServer, settings: ExposeSettings, *, keeps_sessions: bool = False
    ) -> None:
        self.keeps_sessions = keeps_sessions
        self.clients = _Clients(server)
        self._max_body = settings.max_body
        self._lifespan: Lifespan | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        if settings.is_reloadable:
            from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler

            server.notifies = keeps_sessions
            server.middleware.append(self._track)
            self.clients.bus = InMemorySubscriptionBus()
            self.clients.listen = ListenHandler(self.clients.bus)
            self.clients.handle_listen(server)

    @property
    def manager(self) -> StreamableHTTPSessionManager:
        """The SDK's manager of the sessions, while they run."""
        assert self.clients.manager is not None
        return self.clients.manager

    @property
    def streams(self) -> Collection[asyncio.Task[Any]]:
        """The tasks of requests whose responses last as long as a session."""
        return {*self.clients.streams, *self.clients.listeners}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run sessions while the context is entered; if another host takes them over, they run on."""
        manager = StreamableHTTPSessionManager(self.clients.server, max_request_body_size=self._max_body)
        self.clients.manager = manager
        self._lifespan = Lifespan(manager.run)
        await self._lifespan.started()
        try:
            yield
        finally:
            await self._lifespan.stop()

    def take_over(self, earlier: Sessions) -> None:
        """Continue the sessions of another host, and notify its clients; see ``Sessions.take_over``."""
        assert isinstance(earlier, SessionHost)
        clients, server, manager = earlier.clients, self.clients.server, self.clients.manager
        clients.handle_listen(server)
        clients.server.become(server)
        if not self.keeps_sessions:
            earlier.end_sessions()
        elif earlier.keeps_sessions:
            self._lifespan = earlier.exchange(self._lifespan)
        elif manager is not None:
            manager.app = clients.server
            clients.manager = manager
        self.clients = (
            clients  # shared, because requests that the earlier adapter has begun may still open streams
        )
        task = asyncio.create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def exchange(self, lifespan: Lifespan | None) -> Lifespan | None:
        """Return the run of the sessions, and stop another one in its place."""
        own, self._lifespan = self._lifespan, lifespan
        return own

    @contextmanager
    def stream(self) -> Iterator[CancelScope]:
        """Return a context manager for a response that lasts as long as the session; ``end_sessions`` cancels it."""
        streams, task = self.clients.streams, _current_task()
        with CancelScope() as scope:
            streams[task] = scope
            try:
                yield scope
            finally:
                streams.pop(task, None)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Return a context manager for a response to ``LISTEN``; ``end_streams`` ends it."""
        listeners, task = self.clients.listeners, _current_task()
        listeners.add(task)
        try:
            yield
        finally:
            listeners.discard(task)

    def end_streams(self) -> None:
        """End the streams that clients keep open for server messages."""
        if self.clients.listen is not None:
            self.clients.listen.close()
        self.end_sessions()

    def end_sessions(self) -> None:
        """End the streams of sessions."""
        for scope in self.clients.streams.values():
            scope.cancel()

    async def _track(
        self,
        ctx: ServerRequestContext[Any, Any],
        call_next: Callable[[ServerRequestContext[Any, Any]], Awaitable[HandlerResult]],
    ) -> HandlerResult:
        """Remember the connection of a session: middleware of the server."""
        connection = connection_of(ctx)
        if connection.has_standalone_channel:
            self.clients.connections.add(connection)
        return await call_next(ctx)

    async def _notify(self) -> None:
        """Notify all clients that lists may have changed."""
        from mcp.server.subscriptions import PromptsListChanged, ResourcesListChanged, ToolsListChanged

        events = (
            ("tools", ToolsListChanged()),
            ("resources", ResourcesListChanged()),
            ("prompts", PromptsListChanged()),
        )
        clients = self.clients
        changed = [each for each in events if clients.server.get_request_handler(f"{each[0]}/list")]
        for _, event in changed:
            if clients.bus is not None:
                await clients.bus.publish(event)
        for connection in list(clients.connections):
            with move_on_after(_NOTIFY_TIMEOUT):
                for kind, _ in changed:
                    await connection.notify(f"notifications/{kind}/list_changed", None)


def _current_task() -> asyncio.Task[Any]:
    return cast("asyncio.Task[Any]", asyncio.current_task())
