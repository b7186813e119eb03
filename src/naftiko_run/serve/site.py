"""Sites: an address and port with the adapters that share it."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from naftiko_run.capability import Capability
from naftiko_run.errors import PortUnavailable
from naftiko_run.expose import Adapter, Block, Clash, HostGuard, Router, find_exposer
from naftiko_run.expose.control import ControlExposer
from naftiko_run.expose.control.block import ControlExposes, with_every_route
from naftiko_run.serve.addresses import LOOPBACK
from naftiko_run.serve.mount import Mount, ServeSettings, build_mount

_SPREADS: Final = sys.platform == "linux"
"""Whether the kernel distributes connections over the sockets of one port."""

Address = tuple[str, int, str]
"""The host and port of a site, and for port 0 (any free port) the adapter type; ``localhost`` is ``127.0.0.1``."""

ANY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - compared; bound only where the operator or the document says so
_MAX_NAMES: Final = 5
"""How many adapters are named in a message."""


@dataclass(frozen=True, slots=True)
class Site:
    """One address and port.

    Attributes:
        address: The address that it listens on.
        host: The host of its URLs.
        adapters: The adapters on the port.
        router: Routes requests to the adapters.
        socket: The bound socket.
        clashes: Routes that are not served because they conflict with those of another adapter.
    """

    address: Address
    host: str
    adapters: tuple[Adapter, ...]
    router: Router
    socket: socket.socket = field(repr=False)
    clashes: tuple[Clash, ...] = ()

    @property
    def port(self) -> int:
        """The actual port, also if port 0 was configured."""
        port: int = self.socket.getsockname()[1]
        return port

    @property
    def origin(self) -> str:
        """``http://host:port``, with a host that a client on this machine can use."""
        return _origin(self.host, self.port)

    def serving(self, mount: Mount) -> Site:
        """Return the site with other adapters."""
        return replace(
            self, host=mount.host, adapters=mount.adapters, router=mount.router, clashes=mount.clashes
        )

    def for_worker(self) -> Site:
        """Return the site for one worker process.

        On Linux each worker listens on its own socket, and the kernel distributes connections over the workers. On
        a shared socket, one worker that is awake would accept a whole burst of connections.
        """
        if not _SPREADS:
            return self
        own = socket.socket(self.socket.family, socket.SOCK_STREAM)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        own.bind(self.socket.getsockname())
        _listen(own)
        return replace(self, socket=own)

    def url_of(self, adapter: Adapter) -> str:
        """Return the URL of an adapter for clients."""
        return self.origin + self.router.path_of(adapter)


def build_sites(capabilities: Sequence[Capability], settings: ServeSettings) -> tuple[Site, ...]:
    """Mount every adapter of every capability on its port, and bind the ports.

    An adapter that is unavailable, or whose type has no installed exposer, is skipped: loading has reported it.
    Adapters on stdin and stdout have no port; with ``settings.stdio`` no adapter has one.

    Raises:
        PortUnavailable: A port cannot be bound; the ports bound before are closed.
        RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
        ConfigurationError: An environment variable is not a valid port.
    """
    sites, faults = bind_sites(build_mounts(capabilities, settings), settings)
    if faults:
        for site in sites:
            site.socket.close()
        raise next(iter(faults.values()))
    return sites


def bind_sites(
    mounts: Mapping[Address, Mount], settings: ServeSettings
) -> tuple[tuple[Site, ...], Mapping[Address, PortUnavailable]]:
    """Bind the ports of mounts.

    Returns:
        The sites, and the errors of the ports that cannot be bound.
    """
    sites: list[Site] = []
    faults: dict[Address, PortUnavailable] = {}
    for address, each in mounts.items():
        try:
            bound = _bind(each.host, address, each.adapters, is_shared=settings.workers > 1)
        except PortUnavailable as fault:
            faults[address] = fault
        else:
            sites.append(Site(address, each.host, each.adapters, each.router, bound, each.clashes))
    return tuple(sites), faults


def adapter_names(adapters: Sequence[Adapter]) -> str:
    """Return the names of adapters with their documents, for messages."""
    names = [
        f"`{each.namespace or each.type}`"
        + (f" of {each.capability.file or each.capability.label}" if each.capability else "")
        for each in adapters
    ]
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(names[:_MAX_NAMES]) + more


def urls(capabilities: Sequence[Capability], settings: ServeSettings) -> list[tuple[Adapter, str]]:
    """Return each adapter that would be served, with its URL; bind no port.

    Raises:
        RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
        ConfigurationError: An environment variable is not a valid port.
    """
    return [
        (adapter, _origin(each.host, port) + each.router.path_of(adapter))
        for (_, port, _), each in build_mounts(capabilities, settings).items()
        for adapter in each.adapters
    ]


def build_mounts(capabilities: Sequence[Capability], settings: ServeSettings) -> dict[Address, Mount]:
    """Mount every adapter of every capability, by address and port; bind no port.

    The adapters of one port share a listener, whether they have ``127.0.0.1``, ``localhost``, no address or ``0.0.0.0``.

    Raises:
        RouteClash: Two adapters on one port have conflicting routes, and ``refuses_clashes`` is set.
        ConfigurationError: An environment variable is not a valid port.
    """
    blocks: dict[Address, list[tuple[str, Block]]] = {}
    placed = list(_placed(capabilities, settings))
    on_any = {(port, kind) for host, (_, port, kind), _ in placed if host == ANY_ADDRESS and port}
    for host, (address, port, kind), block in placed:
        is_covered = address == LOOPBACK and (port, kind) in on_any
        place = (ANY_ADDRESS if is_covered else address, port, kind)
        blocks.setdefault(place, []).append((host, block))
    mounts: dict[Address, Mount] = {}
    for place, sharing in blocks.items():
        is_any = place[0] == ANY_ADDRESS
        mounts[place] = build_mount(
            [block for _, block in sharing],
            HostGuard(place[0], settings.allowed_hosts),
            settings,
            host=ANY_ADDRESS if is_any else sharing[0][0],
            local={number for number, (host, _) in enumerate(sharing) if is_any and host != ANY_ADDRESS},
        )
    return mounts


def _placed(
    capabilities: Sequence[Capability], settings: ServeSettings
) -> Iterator[tuple[str, Address, Block]]:
    """Yield each adapter that has a port, with its host as configured, and its address."""
    has_control = False
    for capability in () if settings.stdio else capabilities:
        for exposes in capability.document.exposes:
            exposer = find_exposer(exposes.type)
            if exposer is None or exposes.is_stdio or exposes.pointer in capability.unavailable:
                continue
            if exposer.manages_process and settings.has_control:
                exposes, has_control = with_every_route(exposes), True  # noqa: PLW2901 - replaces the original
            written = capability.address_of(exposes)
            # Without authentication, an adapter that manages the process is on a loopback address: see `load`.
            is_local = exposer.manages_process and exposes.authentication is None
            host = (written or LOOPBACK) if is_local else settings.addressing.host_of(written)
            port = settings.addressing.port_of(exposes, exposer.default_port)
            # With port 0, each adapter type gets its own free port: none was configured to be shared.
            address = LOOPBACK if host.casefold() == "localhost" else host
            yield host, (address, port, "" if port else exposes.type), (exposes, capability)
    if settings.has_control and not has_control:
        control = with_every_route(ControlExposes())
        port = settings.addressing.port_of(control, ControlExposer.default_port)
        yield LOOPBACK, (LOOPBACK, port, "" if port else control.type), (control, capabilities[0])


def _origin(host: str, port: int) -> str:
    host = {ANY_ADDRESS: LOOPBACK, "::": "[::1]"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


def _bind(host: str, at: Address, adapters: Sequence[Adapter], *, is_shared: bool) -> socket.socket:
    adapter, port = adapters[0], at[1]
    owner = f"the {adapter.type} adapter `{adapter.namespace or adapter.type}`"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise PortUnavailable(
            f"`{host}`, the address of {owner}, is not an address of this machine",
            hint="choose another: --host 127.0.0.1",
        ) from None
    family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        if is_shared and _SPREADS:
            # Only after bind(), so that two unrelated servers cannot share a port.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        else:
            _listen(bound)
    except OSError as fault:
        bound.close()
        raise PortUnavailable(_reason(fault, host, port, owner), hint=_hint(fault, adapter, port)) from None
    return bound


def _listen(bound: socket.socket) -> None:
    bound.listen(2048)
    bound.setblocking(False)  # noqa: FBT003 - the standard library's form


def _reason(fault: OSError, host: str, port: int, owner: str) -> str:
    if fault.errno == errno.EADDRINUSE:
        return f"port {port} is in use, and {owner} needs it"
    if fault.errno == errno.EACCES:
        return f"port {port}, required by {owner}, needs privileges that this user does not have"
    if fault.errno == errno.EADDRNOTAVAIL:
        return f"`{host}`, the address of {owner}, is not an address of this machine"
    return f"port {port}, required by {owner}, cannot be bound: {fault.strerror}"


def _hint(fault: OSError, adapter: Adapter, port: int) -> str:
    if fault.errno == errno.EADDRNOTAVAIL:
        return "choose another: --host 127.0.0.1"
    other = port + 8000 if port < 1024 else port + 1 if port < 65535 else port - 1
    return f"choose another: --port {adapter.type}={other}"
