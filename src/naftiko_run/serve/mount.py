"""The adapters that share one address and port, or one ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from naftiko_run.capability import Capability, Feature
from naftiko_run.consume import DEFAULT_LIMITS, Limits, shared_connections
from naftiko_run.errors import RouteClash
from naftiko_run.expose import (
    Adapter,
    Block,
    Clash,
    Combining,
    ExposeSettings,
    HostGuard,
    Router,
    at_free_path,
    find_exposer,
    prefixed,
    without_clashes,
)
from naftiko_run.expose.authentication import guarded
from naftiko_run.secret import Secret
from naftiko_run.serve.addresses import Addressing

HttpServer = Literal["naftiko", "uvicorn"]


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How capabilities are served.

    Attributes:
        addressing: Where.
        max_body: The largest request body taken, in bytes.
        allowed_hosts: Host names that clients may use besides the address.
        drain: How many seconds requests in flight may take to finish after a signal.
        state_key: See ``ExposeSettings``.
        stdio: Serve one adapter on stdin and stdout, whatever its document says, and nothing on a port.
        adapter: The namespace of that adapter, where there are several; see ``stdio_adapter``.
        max_result: See ``ExposeSettings``.
        lazy_tools: See ``ExposeSettings``; adapters that share a port are searched together too.
        limits: The most connections to upstreams, of each process.
        workers: How many processes share the ports; the first one only loads and watches where there are several.
        prefix_routes: Serve the routes of each REST adapter below its namespace.
        refuses_clashes: Refuse to serve, rather than leave out what two adapters of one port ask for.
        http_server: What speaks HTTP with clients: our own protocol, or uvicorn's.
    """

    addressing: Addressing = field(default_factory=Addressing)
    max_body: int = ExposeSettings().max_body
    allowed_hosts: tuple[str, ...] = ()
    drain: int = 30
    state_key: Secret | None = None
    stdio: bool = False
    adapter: str = ""
    max_result: int | None = None
    lazy_tools: bool = False
    workers: int = 1
    limits: Limits = DEFAULT_LIMITS
    prefix_routes: bool = False
    refuses_clashes: bool = False
    http_server: HttpServer = "naftiko"

    @property
    def of_adapters(self) -> ExposeSettings:
        """What of it adapters need to know."""
        return ExposeSettings(
            self.max_body, self.state_key, self.max_result, self.lazy_tools, keeps_sessions=self.workers == 1
        )


@dataclass(frozen=True, slots=True)
class Mount:
    """Adapters that share a router.

    Attributes:
        router: Routes requests to them.
        adapters: The adapters.
        clashes: What is left out, because two adapters ask for the same requests.
    """

    router: Router
    adapters: tuple[Adapter, ...]
    clashes: tuple[Clash, ...]


def build_mount(blocks: Sequence[Block], guard: HostGuard, settings: ServeSettings) -> Mount:
    """Make the adapters of blocks, and what routes requests to them.

    Args:
        blocks: In the order in which they were named; of each type, an exposer is installed.
        guard: Checks the host names that clients use.
        settings: How they are served.

    Raises:
        RouteClash: Two adapters ask for the same requests, and that is refused.
    """
    adapters: list[Adapter] = []
    by_type: dict[str, list[Block]] = {}
    for exposes, capability in blocks:
        exposer = find_exposer(exposes.type)
        assert exposer is not None
        adapter = exposer.expose(exposes, capability, settings.of_adapters)
        adapter = prefixed(adapter) if settings.prefix_routes else adapter
        adapters.append(guarded(at_free_path(adapter, adapters), exposes))
        by_type.setdefault(exposes.type, []).append((exposes, capability))
    for kind, sharing in by_type.items():
        adapters += _combined(kind, sharing, settings)
    kept, clashes = without_clashes(adapters)
    if clashes and settings.refuses_clashes:
        raise RouteClash(clashes[0].message, hint=clashes[0].hint)
    return Mount(Router(kept, guard), tuple(kept), tuple(clashes))


@asynccontextmanager
async def running_adapters(
    capabilities: Iterable[Capability], adapters: Iterable[Adapter], limits: Limits
) -> AsyncIterator[None]:
    """Run what adapters need while the context is entered.

    Args:
        capabilities: Those of the adapters; closed in the end.
        adapters: What is served.
        limits: The most connections to upstreams.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(shared_connections(limits))
        for capability in capabilities:
            stack.push_async_callback(capability.aclose)
        for adapter in adapters:
            if adapter.running is not None:
                await stack.enter_async_context(adapter.running())
        yield


def end_streams(adapters: Iterable[Adapter]) -> None:
    """End the responses that would go on by themselves."""
    for adapter in adapters:
        if adapter.end_streams is not None:
            adapter.end_streams()


def _combined(kind: str, sharing: Sequence[Block], settings: ServeSettings) -> list[Adapter]:
    """Return one more adapter of what several blocks offer, where their exposer makes one.

    It has no authentication of its own, so blocks with authentication are not part of it.
    """
    exposer = find_exposer(kind)
    open_ones = [each for each in sharing if each[0].authentication is None]
    if len(open_ones) < 2 or not isinstance(exposer, Combining):
        return []
    combined = exposer.combine(open_ones, settings.of_adapters)
    reason = "it has authentication, so that its tools are found at its own URL only"
    guarded_ones = [each.name for each, _ in sharing if each.authentication is not None]
    left_out = tuple(Feature(name, "adapter", reason=reason) for name in guarded_ones)
    return [replace(combined, features=left_out)] if combined else []
