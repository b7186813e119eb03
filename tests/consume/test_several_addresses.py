"""Names of several addresses (RFC 8305): one that refuses or hangs does not keep a client from the next."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import uvloop

from consume.transports import asking, head_of, speaking, whole
from naftiko_run.consume import HttpTransport
from naftiko_run.errors import UpstreamTimeout, UpstreamUnreachable
from naftiko_run.http.client import connecting
from naftiko_run.http.client.origin import Origin
from support.upstream import PATIENCE

NAME = "several.example"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Found = list[tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]]


class SelectorLoop(asyncio.SelectorEventLoop):
    """asyncio's loop, with a resolver that knows one name.

    Attributes:
        found: What it finds for it.
    """

    found: Found

    async def getaddrinfo(self, host: Any, *more: Any, **named: Any) -> Any:
        return self.found if host == NAME else await super().getaddrinfo(host, *more, **named)


class UvLoop(uvloop.Loop):
    """uvloop's, with the same."""

    found: Found

    async def getaddrinfo(self, host: Any, *more: Any, **named: Any) -> Any:
        return self.found if host == NAME else await super().getaddrinfo(host, *more, **named)


each_loop = pytest.mark.parametrize("loop", [SelectorLoop, UvLoop], ids=["asyncio", "uvloop"])
Loop = Callable[[], Any]


def address(where: tuple[str, int], family: socket.AddressFamily = socket.AF_INET) -> Found:
    return [(family, socket.SOCK_STREAM, 6, "", where)]


def get(loop: Loop, addresses: Callable[[int], Found], timeout: float = PATIENCE) -> bytes:
    """Send a request to an upstream under its name; the addresses of that are made of its port."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(ANSWER)

    async def session() -> bytes:
        transport = HttpTransport(timeout)
        try:
            async with speaking(speak) as url:
                port = int(url.rpartition(":")[2].partition("/")[0])
                running: Any = asyncio.get_running_loop()
                running.found = addresses(port)
                return await whole(await transport.send(asking(url.replace("127.0.0.1", NAME))))
        finally:
            await transport.aclose()

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(session())


@contextmanager
def hanging() -> Iterator[tuple[str, int]]:
    """Give an address that takes no connection, and does not refuse it either: its backlog is full."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = []
        try:
            for _ in range(4):
                each = socket.socket()
                each.setblocking(False)  # noqa: FBT003  # the one argument that it has
                each.connect_ex(full.getsockname())
                waiting.append(each)
            yield full.getsockname()
        finally:
            for each in waiting:
                each.close()


@contextmanager
def refusing() -> Iterator[tuple[str, int]]:
    """Give an address on which nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()


@each_loop
def test_the_next_is_tried_while_the_first_hangs(loop: Loop) -> None:
    with hanging() as first:
        # Tried one after the other, the first would use up all the time that there is.
        assert get(loop, lambda port: address(first) + address(("127.0.0.1", port)), 5.0) == b"ok"


@each_loop
def test_the_next_is_tried_where_the_first_refuses(loop: Loop) -> None:
    with refusing() as first:
        assert get(loop, lambda port: address(first) + address(("127.0.0.1", port))) == b"ok"


@each_loop
def test_both_families_are_tried_in_turn(loop: Loop) -> None:
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6")
    with refusing() as nobody:
        _, port_of_nobody = nobody
        first = address(("::1", port_of_nobody, 0, 0), socket.AF_INET6)  # type: ignore[arg-type]
        assert get(loop, lambda port: first * 3 + address(("127.0.0.1", port))) == b"ok"


def test_the_other_family_is_the_second_to_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    six, four = (socket.AF_INET6, socket.AF_INET)
    families = [six, six, six, four, four]
    found = [(family, socket.SOCK_STREAM, 0, "", (str(number),)) for number, family in enumerate(families)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    ordered = asyncio.run(connecting._addresses(Origin(is_secure=False, host="h", port=80, authority="h")))
    assert [each for _, (each,) in ordered] == ["0", "3", "1", "4", "2"]


@each_loop
def test_where_all_refuse_that_is_told(loop: Loop) -> None:
    with (
        refusing() as first,
        refusing() as second,
        pytest.raises(UpstreamUnreachable, match=r"cannot connect$"),
    ):
        get(loop, lambda _: address(first) + address(second))


@each_loop
def test_where_all_hang_that_is_told(loop: Loop) -> None:
    with hanging() as first, hanging() as second, pytest.raises(UpstreamTimeout, match="accept a connection"):
        get(loop, lambda _: address(first) + address(second), 0.6)


@each_loop
def test_attempts_that_lost_leave_no_socket_and_no_task_behind(loop: Loop) -> None:
    async def session(*hosts: tuple[str, int]) -> None:
        addresses = [(socket.AF_INET, each) for each in hosts]
        tasks, open_before = asyncio.all_tasks(), open_sockets()
        with await connecting._connect_any(addresses) as reached:
            assert reached.getpeername() == hosts[-1]
            assert open_sockets() == open_before | {reached.fileno()}
            assert asyncio.all_tasks() == tasks

    with (
        hanging() as hung,
        socket.create_server(("127.0.0.1", 0)) as listening,
        asyncio.Runner(loop_factory=loop) as runner,
    ):
        runner.run(session(hung, hung, listening.getsockname()))


@each_loop
def test_an_attempt_that_came_second_is_closed(loop: Loop) -> None:
    async def session() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            attempt = asyncio.ensure_future(
                connecting._connect_one((socket.AF_INET, listening.getsockname()))
            )
            await asyncio.wait({attempt})
            await connecting._cancel({attempt})
            assert attempt.result().fileno() == -1

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(session())


def open_sockets() -> set[int]:
    """Return the descriptors of this process that are sockets."""
    found = set()
    for number in range(3, 1024):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            continue
        if stat.S_ISSOCK(mode):
            found.add(number)
    return found
