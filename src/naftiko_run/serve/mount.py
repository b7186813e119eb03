"""The adapters that share one address and port, or one ASGI app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from naftiko_run.capability import Capability, Feature
from naftiko_run.consume import DEFAULT_LIMITS, Limits, shared_connections
from naftiko_run.errors import RouteClash
from naftiko_run.expose import (
    Adapter,
    ASGIApp,
    Block,
    Clash,
    Combining,
    ExposeSettings,
    HostGuard,
    Router,
    at_free_path,
    find_exposer,
    local_only,
    prefixed,
    without_clashes,
)
from naftiko_run.expose.authentication import guarded
from naftiko_run.expose.control.operations import Operations
from naftiko_run.expose.exposer import BELOW
from naftiko_run.expose.health import health_apps
from naftiko_run.expose.index_page import INDEX_PATH, IndexPage
from naftiko_run.expose.tracing import TracedRouter, traced_adapter
from naftiko_run.secret import Secret
from naftiko_run.serve.addresses import Addressing
from naftiko_run.telemetry import Telemetry

HttpServer = Literal["naftiko", "uvicorn"]


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How capabilities are served.

    Attributes:
        addressing: The addresses to listen on.
        max_body: The maximum size of a request body, in bytes.
        allowed_hosts: Host names that are accepted in addition to the address.
        drain: How many seconds requests in flight may take to finish when the process stops, or is reloaded.
        drain_delay: How many seconds connections are still accepted after a signal to stop.
        state_key: See ``ExposeSettings``.
        stdio: Whether to serve one adapter on stdin and stdout, whatever its document declares, and none on a port.
        adapter: The namespace of that adapter, if there are several; see ``stdio_adapter``.
        max_result: See ``ExposeSettings``.
        lazy_tools: See ``ExposeSettings``; adapters that share a port also share one tool search.
        limits: The maximum number of connections to upstreams, for each process.
        workers: How many processes share the ports; with several, the parent only loads and supervises.
        prefix_routes: Whether to serve the routes of each REST adapter below its namespace.
        refuses_clashes: Whether conflicting routes on one port are an error; otherwise the later one is not served.
        skips_unavailable: Whether adapters whose port cannot be bound, or that cannot have stdin and stdout, are
            skipped as long as others are served; otherwise that is an error.
        http_server: The HTTP protocol implementation: our own or uvicorn's.
        telemetry: What is recorded of requests; None for nothing.
        has_control: Whether to serve a control adapter with every route: those of the documents, or else one on a
            loopback address.
        operations: The running process; set by ``running`` and ``serve``.
        is_reloadable: See ``ExposeSettings``.
    """

    addressing: Addressing = field(default_factory=Addressing)
    max_body: int = ExposeSettings().max_body
    allowed_hosts: tuple[str, ...] = ()
    drain: float = 30
    drain_delay: float = 0
    state_key: Secret | None = None
    stdio: bool = False
    adapter: str = ""
    max_result: int | None = None
    lazy_tools: bool = False
    workers: int = 1
    limits: Limits = DEFAULT_LIMITS
    prefix_routes: bool = False
    refuses_clashes: bool = False
    skips_unavailable: bool = False
    http_server: HttpServer = "naftiko"
    telemetry: Telemetry | None = None
    has_control: bool = False
    operations: Operations | None = None
    is_reloadable: bool = False

    @property
    def of_adapters(self) -> ExposeSettings:
        """The settings that adapters use."""
        return ExposeSettings(
            self.max_body,
            self.state_key,
            self.max_result,
            self.lazy_tools,
            keeps_sessions=self.workers == 1,
            is_reloadable=self.is_reloadable,
            operations=self.operations,
            telemetry=self.telemetry if self.telemetry is not None and self.telemetry.is_on else None,
        )


@dataclass(frozen=True, slots=True)
class Mount:
    """Adapters that share a router.

    Attributes:
        router: Routes requests to the adapters.
        adapters: The adapters.
        clashes: Routes that are not served because they conflict with those of another adapter.
        host: The host of their URLs; empty in an embedded app.
    """

    router: Router
    adapters: tuple[Adapter, ...]
    clashes: tuple[Clash, ...]
    host: str = ""


def build_mount(
    blocks: Sequence[Block],
    guard: HostGuard,
    settings: ServeSettings,
    *,
    host: str = "",
    local: Collection[int] = (),
) -> Mount:
    """Build the adapters of blocks, and the router of their requests.

    Args:
        blocks: The blocks to serve, in order; an exposer of each type must be installed.
        guard: Checks the Host header of requests.
        settings: How they are served.
        host: The host of their URLs; empty in an embedded app.
        local: The indexes of blocks that only clients on this machine can use.

    Raises:
        RouteClash: Two adapters have conflicting routes, and ``refuses_clashes`` is set.
    """
    adapters: list[Adapter] = []
    by_type: dict[str, list[Block]] = {}
    is_only_control = True
    for number, (exposes, capability) in enumerate(blocks):
        exposer = find_exposer(exposes.type)
        assert exposer is not None
        adapter = exposer.expose(exposes, capability, settings.of_adapters)
        if settings.prefix_routes and not exposer.manages_process:
            adapter = prefixed(adapter)
        is_only_control = is_only_control and exposer.manages_process
        adapter = guarded(at_free_path(adapter, adapters), exposes)
        if number in local:
            adapters.append(local_only(adapter, settings.allowed_hosts))
        else:
            adapters.append(adapter)
            by_type.setdefault(exposes.type, []).append((exposes, capability))
    for kind, sharing in by_type.items():
        adapters += _combined(kind, sharing, settings)
    if settings.telemetry is not None and settings.telemetry.is_on:
        adapters = [traced_adapter(each) for each in adapters]
    kept, clashes = without_clashes(adapters)
    if clashes and settings.refuses_clashes:
        raise RouteClash(clashes[0].message, hint=clashes[0].hint)
    pages = {} if is_only_control else _pages(kept, settings)
    telemetry = None if is_only_control else settings.telemetry
    return Mount(_router(kept, guard, pages, telemetry), tuple(kept), tuple(clashes), host)


def _router(
    adapters: Sequence[Adapter], guard: HostGuard, pages: Mapping[str, ASGIApp], telemetry: Telemetry | None
) -> Router:
    """Return the router of adapters, which traces requests if anything records traces."""
    if telemetry is None or not telemetry.is_on:
        return Router(adapters, guard, pages)
    return TracedRouter(adapters, guard, telemetry, pages)


@asynccontextmanager
async def running_adapters(
    capabilities: Iterable[Capability], adapters: Iterable[Adapter], limits: Limits
) -> AsyncIterator[None]:
    """Run the adapters' background tasks while the context is entered.

    Args:
        capabilities: The capabilities of the adapters; closed on exit.
        adapters: The adapters to run.
        limits: The maximum number of connections to upstreams.
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
    """End the streamed responses that have no end of their own."""
    for adapter in adapters:
        if adapter.end_streams is not None:
            adapter.end_streams()


def _pages(adapters: Sequence[Adapter], settings: ServeSettings) -> Mapping[str, ASGIApp]:
    """Return the health routes and the index page of a port, by path; none in an embedded app.

    There is an index page if an adapter has routes without a common path, unless one of them is ``/``.
    """
    if settings.operations is None:
        return {}
    pages = health_apps(settings.operations)
    shapes = {endpoint.shape for adapter in adapters for endpoint in adapter.endpoints}
    if any(not each.path for each in adapters) and shapes.isdisjoint((INDEX_PATH, INDEX_PATH + BELOW, BELOW)):
        pages = {**pages, INDEX_PATH: IndexPage(adapters)}
    return pages


def _combined(kind: str, sharing: Sequence[Block], settings: ServeSettings) -> list[Adapter]:
    """Return an adapter that combines several blocks, if their exposer supports it.

    It has no authentication of its own, so it excludes blocks with authentication.
    """
    exposer = find_exposer(kind)
    open_ones = [each for each in sharing if each[0].authentication is None]
    if len(open_ones) < 2 or not isinstance(exposer, Combining):
        return []
    combined = exposer.combine(open_ones, settings.of_adapters)
    reason = "it has authentication, so that its tools are found at its own URL only"
    guarded_ones = [each.name for each, _ in sharing if each.authentication is not None]
    excluded = tuple(Feature(name, "adapter", reason=reason) for name in guarded_ones)
    return [replace(combined, features=excluded)] if combined else []
