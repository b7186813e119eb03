"""The plugin interface of protocols: an exposer builds an adapter from an ``exposes`` block."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, runtime_checkable

from naftiko_run import plugins
from naftiko_run.capability import AdapterType, Capability, Feature
from naftiko_run.document.model import Exposes
from naftiko_run.expressions import ANY_VALUE, PathTemplate, Selector
from naftiko_run.secret import Secret
from naftiko_run.telemetry import Telemetry

if TYPE_CHECKING:
    from naftiko_run.expose.control.operations import Operations

DEFAULT_MAX_BODY: Final = 10 * 1024 * 1024
BELOW: Final = "/**"
"""Ends the shape of a prefix path, which matches all paths below it."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
StdioServer = Callable[[asyncio.Event, float], Awaitable[bool]]
"""Serves one client on stdin and stdout until stdin ends or the event is set; requests in flight then have the
given number of seconds to finish. Returns whether the client sent anything."""


@dataclass(frozen=True, slots=True)
class ExposeSettings:
    """Settings of adapters that are not part of their block.

    Attributes:
        max_body: The maximum size of a request body, in bytes.
        state_key: Encrypts state that clients return in a later request; None for a random key per adapter.
        max_result: The maximum size of a result for a model, in bytes; longer ones are truncated. None for no limit.
        lazy_tools: Whether MCP clients are offered a tool search instead of the list of all tools.
        keeps_sessions: Whether one process receives all requests, so that it can keep state between requests.
        telemetry: Records requests that arrive over other transports than HTTP; None to record nothing.
        operations: Shows and changes the running process; None in an embedded app.
        is_reloadable: Whether another adapter may replace it while clients are connected.
    """

    max_body: int = DEFAULT_MAX_BODY
    state_key: Secret | None = None
    max_result: int | None = None
    lazy_tools: bool = False
    keeps_sessions: bool = True
    telemetry: Telemetry | None = None
    operations: Operations | None = None
    is_reloadable: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path on a port, and the ASGI app that serves it.

    Attributes:
        path: The path; the values of its variables are in ``scope["path_params"]``.
        app: The ASGI app.
        method: The method that it serves; None for all.
        is_prefix: Whether it also serves all paths below: a last variable named ``path`` matches all remaining
            segments. An endpoint that matches the exact path takes precedence.
        is_alias: Whether this is an alternative path; an alias that several adapters declare is not served.
        selectors: Further conditions on a request; of several endpoints, the one with the most selectors is used.
        feature: The name of the feature that it belongs to; empty where it belongs to none.
        operation: ``namespace.name`` of what it serves, for telemetry; empty where the app sets it.
    """

    path: PathTemplate
    app: ASGIApp
    method: str | None = None
    is_prefix: bool = False
    is_alias: bool = False
    selectors: tuple[Selector, ...] = ()
    feature: str = ""
    operation: str = ""

    @property
    def shape(self) -> str:
        """The path with a placeholder for each variable, and ``BELOW`` at the end of a prefix."""
        shape = self.path.shape.rstrip("/") or "/"
        return shape.removesuffix(f"/{ANY_VALUE}") + BELOW if self.is_prefix else shape

    @property
    def identity(self) -> tuple[str, str | None, frozenset[Selector]]:
        """A key that is equal for endpoints that match the same requests."""
        return self.shape, self.method, frozenset(self.selectors)


class Sessions(Protocol):
    """The sessions of an adapter's clients, which live on if another adapter replaces it."""

    @property
    def streams(self) -> Collection[asyncio.Task[Any]]:
        """The tasks of requests whose responses last as long as a session."""
        ...

    def take_over(self, earlier: Sessions) -> None:
        """Continue the sessions of the adapter that is replaced, and notify its clients of the change.

        Args:
            earlier: The sessions of an adapter of the same type.
        """
        ...


@dataclass(frozen=True, slots=True)
class Adapter:
    """An ``exposes`` block, ready to be mounted on a port.

    Attributes:
        type: The block's type.
        namespace: Its namespace.
        capability: The capability that it belongs to; None where it combines several.
        path: Its path on the port, such as ``/mcp``; empty where its routes have no common path.
        endpoints: Its endpoints.
        features: Its features, including those that are not served.
        running: The context manager that is entered while it is served; None for none.
        end_streams: Called when it stops: ends long-lived responses.
        authentication: The authentication scheme; empty where requests need no authentication.
        admit: Returns if a request is authenticated, and raises ``Problem`` otherwise; None where requests need no
            authentication.
        stdio: Serves it on stdin and stdout instead of on a port; None where that is not possible.
        note: An additional note in the start-up output.
        sessions: The sessions of its clients; None where it has none that another adapter can continue.
    """

    type: str
    namespace: str
    capability: Capability | None = field(repr=False)
    path: str
    endpoints: tuple[Endpoint, ...]
    features: tuple[Feature, ...]
    running: Callable[[], AbstractAsyncContextManager[None]] | None = None
    end_streams: Callable[[], None] | None = None
    authentication: str = ""
    admit: Callable[[Scope], Awaitable[None]] | None = None
    stdio: StdioServer | None = None
    note: str = ""
    sessions: Sessions | None = field(default=None, repr=False)


Block = tuple[Exposes, Capability]
"""An ``exposes`` block, and the capability that it belongs to."""


class Exposer(AdapterType, Protocol):
    """A type of adapter that can be served; ``AdapterType`` handles its blocks at load time.

    Plugins name a subclass in the entry-point group ``naftiko_run.exposers``, under the ``type`` of its blocks.

    Attributes:
        default_port: The port of blocks that set none.
    """

    default_port: ClassVar[int]

    def expose(self, exposes: Exposes, capability: Capability, settings: ExposeSettings) -> Adapter:
        """Return the adapter of one block.

        Args:
            exposes: The block, as ``parse`` and ``select`` returned it.
            capability: The capability that it belongs to, with the functions that ``compile`` added.
            settings: The settings that are not part of the block.
        """
        ...


@runtime_checkable
class Combining(Protocol):
    """An exposer that can combine several blocks into an additional adapter."""

    def combine(self, blocks: Sequence[Block], settings: ExposeSettings) -> Adapter | None:
        """Return an adapter with the features of several blocks, for clients that use them together.

        Args:
            blocks: Blocks of its type that share a port, without authentication.
            settings: The settings that are not part of the blocks.

        Returns:
            The adapter; None where the blocks are not combined.
        """
        ...


def find_exposer(kind: str) -> Exposer | None:
    """Return the exposer of an adapter type; None where none is installed."""
    found = plugins.find(plugins.EXPOSERS, kind)
    if found is None:
        return None
    exposer: Exposer = found()
    return exposer
