"""Sites: each an address and port, and the adapters that share it."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from naftiko_run.capability import Capability
from naftiko_run.consume import DEFAULT_LIMITS, Limits
from naftiko_run.document.model import is_piped
from naftiko_run.errors import PortUnavailable, RouteClash
from naftiko_run.expose import (
    Adapter,
    Block,
    Clash,
    Combining,
    ExposeSettings,
    HostGuard,
    Router,
    Unit,
    at_free_path,
    find_exposer,
    prefixed,
    without_clashes,
)
from naftiko_run.expose.authentication import guarded
from naftiko_run.secret import Secret
from naftiko_run.serve.addresses import Addressing

_SPREADS: Final = sys.platform == "linux"
"""Whether the kernel spreads connections over the sockets of one port."""

_Place = tuple[str, int, str]
"""An address and a port; where any free port is wanted, for adapters of one type."""


@dataclass(frozen=True, slots=True)
class Site:
    """One address and port.

    Attributes:
        host: The address as asked for.
        adapters: Everything on the port.
        router: Finds who answers.
        socket: Bound.
        clashes: What is left out, because two adapters ask for the same requests.
    """

    host: str
    adapters: tuple[Adapter, ...]
    router: Router
    socket: socket.socket = field(repr=False)
    clashes: tuple[Clash, ...] = ()

    @property
    def port(self) -> int:
        """The port listened on, also where any free one was asked for."""
        port: int = self.socket.getsockname()[1]
        return port

    @property
    def origin(self) -> str:
        """``http://host:port``, with a host that a client on this machine can use."""
        return _origin(self.host, self.port)

    def in_worker(self) -> Site:
        """Give the site of one of several processes, once it has forked.

        On Linux it listens on a socket of its own: the kernel then spreads connections over the processes. On one
        that all share, whoever is awake takes all that come at once.
        """
        if not _SPREADS:
            return self
        own = socket.socket(self.socket.family, socket.SOCK_STREAM)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        own.bind(self.socket.getsockname())
        _listen(own)
        self.socket.close()
        return replace(self, socket=own)

    def url_of(self, adapter: Adapter) -> str:
        """Give the URL at which a client finds an adapter."""
        return self.origin + self.router.path_of(adapter)


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
        adapter: The namespace of that adapter, where there are several; see ``piped_adapter``.
        max_result: See ``ExposeSettings``.
        lazy_tools: See ``ExposeSettings``; adapters that share a port are searched together too.
        limits: The most connections to upstreams, of each process.
        workers: How many processes share the ports; the first one only loads and watches where there are several.
        prefix_routes: Serve the routes of each REST adapter below its namespace.
        refuses_clashes: Refuse to serve, rather than leave out what two adapters of one port ask for.
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

    @property
    def of_adapters(self) -> ExposeSettings:
        """What of it adapters need to know."""
        return ExposeSettings(
            self.max_body, self.state_key, self.max_result, self.lazy_tools, keeps_sessions=self.workers == 1
        )


def build_sites(capabilities: Sequence[Capability], settings: ServeSettings) -> tuple[Site, ...]:
    """Mount every adapter of every capability on its port, and bind the ports.

    An adapter that was left out, or that nothing installed exposes, is passed over: loading has told of it.
    Adapters on stdin and stdout have no port; with ``settings.stdio`` nothing has.

    Raises:
        PortUnavailable: A port cannot be listened on; none is left bound.
        RouteClash: Two adapters ask for the same requests on one port, and that is refused.
        ConfigurationError: A variable does not hold a port.
    """
    mounted = _mounted(capabilities, settings)
    sites: list[Site] = []
    try:
        for place, (router, adapters, clashes) in mounted.items():
            host, port, _ = place
            bound = _bind(host, port, adapters, is_shared=settings.workers > 1)
            sites.append(Site(host, tuple(adapters), router, bound, tuple(clashes)))
    except PortUnavailable:
        for site in sites:
            site.socket.close()
        raise
    return tuple(sites)


def urls(capabilities: Sequence[Capability], settings: ServeSettings) -> list[tuple[Adapter, str]]:
    """Give each adapter that would be served, with the URL at which clients would find it; nothing is bound.

    Raises:
        RouteClash: Two adapters ask for the same requests on one port, and that is refused.
        ConfigurationError: A variable does not hold a port.
    """
    return [
        (adapter, _origin(host, port) + router.path_of(adapter))
        for (host, port, _), (router, adapters, _) in _mounted(capabilities, settings).items()
        for adapter in adapters
    ]


def _mounted(
    capabilities: Sequence[Capability], settings: ServeSettings
) -> dict[_Place, tuple[Router, list[Adapter], list[Clash]]]:
    """Return by place what finds the adapters that share it, the adapters, and what is left out of them."""
    mounted: dict[_Place, list[Adapter]] = {}
    blocks: dict[tuple[_Place, str], list[Block]] = {}
    for capability in () if settings.stdio else capabilities:
        for exposes in capability.document.exposes:
            exposer = find_exposer(exposes.type)
            if exposer is None or is_piped(exposes) or exposes.pointer in capability.unavailable:
                continue
            host = settings.addressing.host_of(capability.address_of(exposes))
            port = settings.addressing.port_of(exposes, exposer.default_port)
            # Any free port is one for each type: nobody asked for a port that they share.
            place = (host, port, "" if port else exposes.type)
            sharing = mounted.setdefault(place, [])
            adapter = exposer.expose(exposes, capability, settings.of_adapters)
            adapter = prefixed(adapter) if settings.prefix_routes else adapter
            sharing.append(guarded(at_free_path(adapter, sharing), exposes))
            blocks.setdefault((place, exposes.type), []).append((exposes, capability))
    for (place, kind), shared in blocks.items():
        mounted[place] += _combined(kind, shared, settings)
    found: dict[_Place, tuple[Router, list[Adapter], list[Clash]]] = {}
    for place, adapters in mounted.items():
        kept, clashes = without_clashes(adapters)
        if clashes and settings.refuses_clashes:
            raise RouteClash(clashes[0].message, hint=clashes[0].hint)
        found[place] = Router(kept, HostGuard(place[0], settings.allowed_hosts)), kept, clashes
    return found


def _combined(kind: str, sharing: Sequence[Block], settings: ServeSettings) -> list[Adapter]:
    """Give one more adapter of what several blocks of a port offer, where their exposer makes one.

    It has no door of its own, so that blocks with authentication stay behind theirs.
    """
    exposer = find_exposer(kind)
    open_ones = [each for each in sharing if each[0].authentication is None]
    if len(open_ones) < 2 or not isinstance(exposer, Combining):
        return []
    combined = exposer.combine(open_ones, settings.of_adapters)
    reason = "it has authentication, so that its tools are found at its own URL only"
    guarded_ones = [each.namespace or each.type for each, _ in sharing if each.authentication is not None]
    left_out = tuple(Unit(name, reason=reason, kind="adapter") for name in guarded_ones)
    return [replace(combined, units=left_out)] if combined else []


def _origin(host: str, port: int) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


def _bind(host: str, port: int, adapters: Sequence[Adapter], *, is_shared: bool) -> socket.socket:
    adapter = adapters[0]
    owner = f"the {adapter.type} adapter `{adapter.namespace or adapter.type}`"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise PortUnavailable(
            f"`{host}`, the address of {owner}, is no address of this machine",
            hint="choose another: --host 127.0.0.1",
        ) from None
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        if is_shared and _SPREADS:
            # Not before: two servers that know nothing of each other must not share a port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        else:
            _listen(bound)
    except OSError as fault:
        bound.close()
        raise PortUnavailable(_reason(fault, host, port, owner), hint=_mend(fault, adapter, port)) from None
    return bound


def _listen(bound: socket.socket) -> None:
    bound.listen(2048)
    bound.setblocking(False)  # noqa: FBT003 - the standard library's form


def _reason(fault: OSError, host: str, port: int, owner: str) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"port {port} is in use, and {owner} needs it"
    if fault.errno == errno.EACCES:
        return f"port {port}, wanted by {owner}, needs more rights than this user has"
    if fault.errno == errno.EADDRNOTAVAIL:
        return f"`{host}`, the address of {owner}, is no address of this machine"
    return f"port {port}, wanted by {owner}, cannot be listened on: {fault.strerror}"


def _mend(fault: OSError, adapter: Adapter, port: int) -> str:
    if fault.errno == errno.EADDRNOTAVAIL:
        return "choose another: --host 127.0.0.1"
    other = port + 8000 if port < 1024 else port + 1 if port < 65535 else port - 1
    return f"choose another: --port {adapter.type}={other}"
