"""A body of 1 GB, passed on to a client that takes it at once, and to one that is slow."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from typing import Final

from benchmarks.answers import HUGE, SIZES, sized
from benchmarks.calls import PATIENCE, Call
from benchmarks.processes import Server
from benchmarks.starting import start
from benchmarks.subject import CREDENTIALS, Subject, WrongAnswer, naftiko_run

WAYS: Final = {"an operation": "/v1/bodies", "a forward": "/forward/bodies"}
CLIENTS: Final = ("a quick client", "a slow client")
_PIECE: Final = 1 << 20
_SLOW_PIECE: Final = 1 << 16
_SLOW_SECONDS: Final = 3.0
_SLOW_PAUSE: Final = 0.02


def passthrough(upstream: str, core: int) -> dict[str, float]:
    """Give the bytes of memory over rest at the peak, by way and client."""
    return {
        f"1 GB through {way}, {client}": _over_rest(upstream, core, path, is_slow=client == CLIENTS[1])
        for way, path in WAYS.items()
        for client in CLIENTS
    }


def _over_rest(upstream: str, core: int, path: str, *, is_slow: bool) -> int:
    small = Call("GET", f"{path}/{SIZES[0]}")
    subject = Subject(
        f"1 GB of {path}",
        "ours",
        naftiko_run("benchmarks/documents/bodies.yaml", upstream),
        small,
        bytes,
        sized(SIZES[0]),
        CREDENTIALS,
    )
    with ExitStack() as stack:
        server = start(subject, core, stack)
        rest = server.resident()
        server.forget_peak()
        if is_slow:
            _take_slowly(server, f"{path}/huge")
        else:
            _take(server, f"{path}/huge")
        return server.peak() - rest


def _take(server: Server, path: str) -> None:
    """Read all of it.

    Raises:
        WrongAnswer: It is not all there.
    """
    with _asked(server, path) as client:
        taken = 0
        while piece := client.recv(_PIECE):
            taken += len(piece)
    if taken <= HUGE:
        raise WrongAnswer(f"of {path} only {taken:,} bytes came")


def _take_slowly(server: Server, path: str) -> None:
    """Read a part of it, in small pieces, and leave."""
    with _asked(server, path) as client:
        until = time.monotonic() + _SLOW_SECONDS
        while time.monotonic() < until and client.recv(_SLOW_PIECE):
            time.sleep(_SLOW_PAUSE)


def _asked(server: Server, path: str) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SLOW_PIECE)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    return client
