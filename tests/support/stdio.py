"""``naftiko-run`` as the official client starts a server: by a command line, with pipes at stdin and stdout.

What the client starts is a small process that hands its streams over (``support.stdio_starter``); a start of
``support.commands`` gets them, and the small process ends as that does.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from mcp.client.stdio import StdioServerParameters

from support.commands import start
from support.forkserver import INTEGER
from support.process import COMMAND
from support.upstream import PATIENCE

_STARTER: Final = Path(__file__).with_name("stdio_starter.py")


@contextmanager
def started_by_client(*arguments: str | Path) -> Iterator[StdioServerParameters]:
    """Give what the client is told to start; while the context is entered, it can be started once."""
    if not hasattr(os, "fork"):
        yield StdioServerParameters(command=str(COMMAND), args=[*map(str, arguments)])
        return
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listening:
        address = str(Path(folder, "starter"))
        listening.bind(address)
        listening.listen(1)
        listening.settimeout(PATIENCE)
        thread = threading.Thread(target=_start, args=(listening, arguments))
        thread.start()
        yield StdioServerParameters(
            command=sys.executable,
            args=["-I", "-S", str(_STARTER), address],
            env={"LANG": "C.UTF-8"},  # without it Python sets LC_CTYPE, with which nothing is forked
        )
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the command goes on without its client"


def _start(listening: socket.socket, arguments: tuple[str | Path, ...]) -> None:
    line, _ = listening.accept()
    with line:
        environment, streams, _, _ = socket.recv_fds(line, 65536, 3)
        with start(
            "naftiko-run",
            *arguments,
            environment=json.loads(environment),
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
        ) as process:
            for each in streams:
                os.close(each)
            try:
                code = process.wait(PATIENCE * 4)  # longer than the client may take
            finally:
                process.kill()
        with suppress(ConnectionError):  # a client that waits no longer has ended what it started
            line.sendall(INTEGER.pack(code))
