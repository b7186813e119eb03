"""Sites: each an address and port, and the adapters that share it."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from naftiko_run.capability import Capability
from naftiko_run.errors import PortUnavailable
from naftiko_run.expose import Adapter, Block, Clash, HostGuard, Router, find_exposer
from naftiko_run.serve.mount import Mount, ServeSettings, build_mount

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
        """Return the site of one of several processes, once it has forked.

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
        """Return the URL at which a client finds an adapter."""
        return self.origin + self.router.path_of(adapter)


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
        for (host, port, _), each in mounted.items():
            bound = _bind(host, port, each.adapters, is_shared=settings.workers > 1)
            sites.append(Site(host, each.adapters, each.router, bound, each.clashes))
    except PortUnavailable:
        for site in sites:
            site.socket.close()
        raise
    return tuple(sites)


def urls(capabilities: Sequence[Capability], settings: ServeSettings) -> list[tuple[Adapter, str]]:
    """Return each adapter that would be served, with the URL at which clients would find it; nothing is bound.

    Raises:
        RouteClash: Two adapters ask for the same requests on one port, and that is refused.
        ConfigurationError: A variable does not hold a port.
    """
    return [
        (adapter, _origin(host, port) + each.router.path_of(adapter))
        for (host, port, _), each in _mounted(capabilities, settings).items()
        for adapter in each.adapters
    ]


def _mounted(capabilities: Sequence[Capability], settings: ServeSettings) -> dict[_Place, Mount]:
    """Return by place the adapters that share it."""
    blocks: dict[_Place, list[Block]] = {}
    for capability in () if settings.stdio else capabilities:
        for exposes in capability.document.exposes:
            exposer = find_exposer(exposes.type)
            if exposer is None or exposes.is_stdio or exposes.pointer in capability.unavailable:
                continue
            host = settings.addressing.host_of(capability.address_of(exposes))
            port = settings.addressing.port_of(exposes, exposer.default_port)
            # Any free port is one for each type: nobody asked for a port that they share.
            place = (host, port, "" if port else exposes.type)
            blocks.setdefault(place, []).append((exposes, capability))
    return {
        place: build_mount(sharing, HostGuard(place[0], settings.allowed_hosts), settings)
        for place, sharing in blocks.items()
    }


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
