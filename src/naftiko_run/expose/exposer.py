"""The seam to every protocol: an exposer turns one ``exposes`` block into an adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

from naftiko_run import plugins
from naftiko_run.capability import AdapterType, Capability, Feature
from naftiko_run.document.model import Exposes
from naftiko_run.expressions import ANY_VALUE, PathTemplate, Selector
from naftiko_run.secret import Secret

DEFAULT_MAX_BODY: Final = 10 * 1024 * 1024
BELOW: Final = "/**"
"""Ends the shape of a path below which everything is answered."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
StdioServer = Callable[[asyncio.Event, float], Awaitable[bool]]
"""Serves one client on stdin and stdout until stdin ends or the event is set; requests in flight then have that many
seconds to finish. Returns whether the client has sent anything."""


@dataclass(frozen=True, slots=True)
class ExposeSettings:
    """What adapters need to know beyond their block.

    Attributes:
        max_body: The largest request body taken, in bytes.
        state_key: Seals what travels with clients between two requests; None for a key of each adapter's own.
        max_result: The longest result given to a model, in bytes; what is longer is cut. None for no limit.
        lazy_tools: Tell MCP clients how to find tools, instead of telling them of every tool.
        keeps_sessions: Whether one process gets all requests, so that it can keep something between two of them.
    """

    max_body: int = DEFAULT_MAX_BODY
    state_key: Secret | None = None
    max_result: int | None = None
    lazy_tools: bool = False
    keeps_sessions: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path of a port, and who answers it.

    Attributes:
        path: The path; its variables' values are in ``scope["path_params"]``.
        app: Answers; raw ASGI.
        method: The one method answered; None for all.
        is_prefix: Whether all paths below are answered too: the segments that follow take the place of a
            last variable named ``path``. What answers a path exactly comes before.
        is_alias: A second path to something: where another asks for it, it is nobody's.
        selectors: What a request must have besides; of several endpoints, the one with most of these answers.
        feature: The name of the feature that it belongs to; empty where that does not matter.
    """

    path: PathTemplate
    app: ASGIApp
    method: str | None = None
    is_prefix: bool = False
    is_alias: bool = False
    selectors: tuple[Selector, ...] = ()
    feature: str = ""

    @property
    def shape(self) -> str:
        """Its path with a mark for each variable, and at the end where it answers everything below."""
        shape = self.path.shape.rstrip("/") or "/"
        return shape.removesuffix(f"/{ANY_VALUE}") + BELOW if self.is_prefix else shape

    @property
    def identity(self) -> tuple[str, str | None, frozenset[Selector]]:
        """What two endpoints that answer the same requests share."""
        return self.shape, self.method, frozenset(self.selectors)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An ``exposes`` block, ready to be mounted on a port.

    Attributes:
        type: The block's type.
        namespace: Its namespace.
        capability: The capability that it belongs to; None where it combines several.
        path: Where a client finds it below the port, such as ``/mcp``; empty for all of it.
        endpoints: What it answers.
        features: What it offers, and what of it is not served.
        running: Entered while it is served; None where it needs nothing.
        end_streams: Called when serving is to stop: ends answers that would go on by themselves.
        authentication: The scheme that callers must satisfy; empty where everyone may call.
        admit: Returns for a request that its authentication lets pass, and raises ``Problem`` for any other; None
            where everyone may call.
        stdio: Serves it on stdin and stdout instead of on a port; None where that is not possible.
        note: What start-up says of it besides.
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


Block = tuple[Exposes, Capability]
"""An ``exposes`` block, and the capability that it belongs to."""


class Exposer(AdapterType, Protocol):
    """A type of adapter that can be served: see ``AdapterType`` for what it knows about its blocks.

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
            settings: What the adapter needs beyond its block.
        """
        ...


@runtime_checkable
class Combining(Protocol):
    """An exposer that can make one more adapter of several blocks."""

    def combine(self, blocks: Sequence[Block], settings: ExposeSettings) -> Adapter | None:
        """Make one adapter of all that several blocks offer, for a client that wants them together.

        Args:
            blocks: Blocks of its type that share a port, and that everyone may call.
            settings: What the adapter needs to know beyond the blocks.

        Returns:
            The adapter; None where blocks stay apart.
        """
        ...


def find_exposer(kind: str) -> Exposer | None:
    """Return the exposer of an adapter type; None where none is installed."""
    found = plugins.find(plugins.EXPOSERS, kind)
    if found is None:
        return None
    exposer: Exposer = found()
    return exposer
