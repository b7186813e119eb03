"""ConnectionRegistry come about: the name's addresses, the quickest of them, and TLS."""

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
"""Seconds that an address is ahead of the next (RFC 8305, 8)."""

Address = tuple[socket.AddressFamily, Any]


async def connect(
    origin: Origin, tls: ssl.SSLContext | None, on_gone: Callable[[Connection], None], deadline: float
) -> Connection:
    """Connect to an origin.

    Args:
        origin: Which.
        tls: What TLS is spoken with, if it is; None for who trusts as usual and shows no certificate.
        on_gone: Called once, when the connection cannot be used any more.
        deadline: When to give up, in the event loop's time; before that, after ``CONNECT_SECONDS``.

    Raises:
        TimeoutError: It took too long.
        OSError: No address answers, there is none, or TLS fails.
        FileNotFoundError: There is no such file of authorities.
    """
    loop = asyncio.get_running_loop()
    context = (tls or default_context()) if origin.is_secure else None
    if context:
        context.set_alpn_protocols(["http/1.1"])
    async with asyncio.timeout_at(min(deadline, loop.time() + CONNECT_SECONDS)):
        reached = await _first_reached(await _addresses(origin))
        connection = Connection(loop, on_gone)
        try:
            await loop.create_connection(  # which closes the socket where it fails
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
    """Return the addresses of an origin, those of both families in turn."""
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


async def _first_reached(addresses: list[Address]) -> socket.socket:
    """Connect to the addresses, each a little after the one before, until one answers (RFC 8305)."""
    if len(addresses) == 1:
        return await _reached(addresses[0])
    untried = deque(addresses)
    attempts: set[asyncio.Task[socket.socket]] = set()
    fault: BaseException | None = None
    try:
        while untried or attempts:
            if untried:
                attempts.add(asyncio.create_task(_reached(untried.popleft())))
            done, attempts = await asyncio.wait(
                attempts, timeout=HEAD_START if untried else None, return_when=asyncio.FIRST_COMPLETED
            )
            winner, fault = _of_the_done(done, fault)
            if winner is not None:
                return winner
    finally:
        await _give_up(attempts)
    assert fault is not None
    raise fault


def _of_the_done(
    done: Iterable[asyncio.Task[socket.socket]], fault: BaseException | None
) -> tuple[socket.socket | None, BaseException | None]:
    """Return the first socket of the attempts that ended, and close any other; or the first fault."""
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


async def _give_up(attempts: set[asyncio.Task[socket.socket]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for reached in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(reached, socket.socket):
            reached.close()


async def _reached(address: Address) -> socket.socket:
    family, where = address
    reached = socket.socket(family, socket.SOCK_STREAM)
    try:
        reached.setblocking(False)  # noqa: FBT003  # the one argument that it has
        await asyncio.get_running_loop().sock_connect(reached, where)
    except BaseException:
        reached.close()
        raise
    return reached
