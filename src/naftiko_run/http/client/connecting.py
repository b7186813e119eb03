"""Opening connections: name resolution, Happy Eyeballs (RFC 8305), and TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any, Final

from naftiko_run.http.client.connection import Connection
from naftiko_run.http.client.errors import CONNECT_SECONDS
from naftiko_run.http.client.origin import Origin
from naftiko_run.http.client.tls import default_context

HEAD_START: Final = 0.25
"""Seconds between the connection attempts to two addresses (RFC 8305, 8)."""

Address = tuple[socket.AddressFamily, Any]


async def connect(
    origin: Origin, tls: ssl.SSLContext | None, on_gone: Callable[[Connection], None], deadline: float
) -> Connection:
    """Connect to an origin.

    Args:
        origin: The origin to connect to.
        tls: The TLS context for HTTPS; None for the default one, without a client certificate.
        on_gone: Called once, when the connection becomes unusable.
        deadline: When to give up, in the event loop's time; before that, after ``CONNECT_SECONDS``.

    Raises:
        TimeoutError: The deadline passed.
        OSError: Name resolution failed, no address is reachable, or TLS failed.
        FileNotFoundError: The CA file does not exist.
    """
    loop = asyncio.get_running_loop()
    context = (tls or default_context()) if origin.is_secure else None
    if context:
        context.set_alpn_protocols(["http/1.1"])
    async with asyncio.timeout_at(min(deadline, loop.time() + CONNECT_SECONDS)):
        reached = await _connect_any(await _addresses(origin))
        connection = Connection(loop, on_gone)
        try:
            await loop.create_connection(  # closes the socket if it fails
                lambda: connection,
                sock=reached,
                ssl=context,
                server_hostname=origin.host if context else None,
            )
        except BaseException:
            connection.abort()
            raise
    return connection


async def _addresses(origin: Origin) -> list[Address]:
    """Return the addresses of an origin, alternating between the two address families."""
    try:
        found = socket.getaddrinfo(
            origin.host, origin.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except socket.gaierror:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    first = found[0][0]
    same = [(family, address) for family, *_, address in found if family == first]
    other = [(family, address) for family, *_, address in found if family != first]
    return [each for pair in zip_longest(same, other) for each in pair if each is not None]


async def _connect_any(addresses: list[Address]) -> socket.socket:
    """Connect to the addresses with staggered attempts until one succeeds (RFC 8305)."""
    if len(addresses) == 1:
        return await _connect_one(addresses[0])
    untried = deque(addresses)
    attempts: set[asyncio.Task[socket.socket]] = set()
    fault: BaseException | None = None
    try:
        while untried or attempts:
            if untried:
                attempts.add(asyncio.create_task(_connect_one(untried.popleft())))
            done, attempts = await asyncio.wait(
                attempts, timeout=HEAD_START if untried else None, return_when=asyncio.FIRST_COMPLETED
            )
            winner, fault = _first_result(done, fault)
            if winner is not None:
                return winner
    finally:
        await _cancel(attempts)
    assert fault is not None
    raise fault


def _first_result(
    done: Iterable[asyncio.Task[socket.socket]], fault: BaseException | None
) -> tuple[socket.socket | None, BaseException | None]:
    """Return the first socket of the completed attempts and close any other; or the first error."""
    winner = None
    for attempt in done:
        failed = attempt.exception()
        if failed is not None:
            fault = fault or failed
        elif winner is None:
            winner = attempt.result()
        else:
            attempt.result().close()
    return winner, fault


async def _cancel(attempts: set[asyncio.Task[socket.socket]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for reached in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(reached, socket.socket):
            reached.close()


async def _connect_one(address: Address) -> socket.socket:
    family, where = address
    reached = socket.socket(family, socket.SOCK_STREAM)
    try:
        reached.setblocking(False)  # noqa: FBT003 - the standard library's form
        await asyncio.get_running_loop().sock_connect(reached, where)
    except BaseException:
        reached.close()
        raise
    return reached
