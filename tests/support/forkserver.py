"""A process that has imported the commands and run nothing; each start asked of it is a fork that runs one.

``support.commands`` starts it and asks. To ask is to send the descriptors of the command's stdin, stdout and
stderr, and of a socket to talk on: there the arguments come in and the process id and the exit code go out.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import signal
import socket
import struct
import sys
import time
from importlib import import_module
from typing import Any

INTEGER = struct.Struct("!i")
_IMPORTED = (
    "anyio._backends._asyncio",
    "anyio.streams.tls",
    "encodings.idna",
    "naftiko_run.cli.mcp_config",
    "naftiko_run.cli.run",
    "naftiko_run.cli.list",
    "naftiko_run.cli.validate",
    "naftiko_run.consume.authentication.basic",
    "naftiko_run.expose.mcp.adapter",
    "naftiko_run.expose.rest.adapter",
    "naftiko_run.document.editor_schema",
    "naftiko_run.document.strict",
    "naftiko_run.serve.stdio",
    "naftiko_run.http.server",
    "naftiko_run.serve.supervisor",
    "uvicorn.lifespan.off",
    "uvloop",
)


def _main() -> None:
    exit_code: list[int] = []
    atexit.register(_leave, exit_code)  # the first, so that it is the last to be called
    sys.path[0] = sys.argv[2]  # as for a script among the commands
    control = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from naftiko_run.cli import main, run

    for name in _IMPORTED:
        import_module(name)
    start = _next_start(control)
    _become(start)
    try:
        (run if start["command"] == "naftiko-run" else main)()
        exit_code.append(0)
    except SystemExit as ended:
        if isinstance(ended.code, int | None):
            exit_code.append(ended.code or 0)
        raise


def _leave(exit_code: list[int]) -> None:
    """End without taking apart what is imported: of a fork's memory that would make copies, which takes long."""
    if exit_code:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code[0])


def _next_start(control: socket.socket) -> dict[str, Any]:
    """Fork for every start, until none can come any more; in a fork that is to run a command, give what to run."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait for a command
    while True:
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 4)
        if not asked:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            return _forked(descriptors[:3], socket.socket(fileno=descriptors[3]))
        for each in descriptors:
            os.close(each)


def _forked(streams: list[int], line: socket.socket) -> dict[str, Any]:
    """Fork again, tell the process id, wait, and tell the exit code; in the fork, give what to run."""
    with line.makefile("rb") as asked:
        start: dict[str, Any] = json.loads(asked.readline())
    pid = os.fork()
    if pid == 0:
        line.close()
        for number, each in enumerate(streams):
            os.dup2(each, number)
            os.close(each)
        return start
    for each in streams:
        os.close(each)
    line.sendall(INTEGER.pack(pid))
    _, status = os.waitpid(pid, 0)
    line.sendall(INTEGER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(start: dict[str, Any]) -> None:
    """Make this process what a start of its own would have made of it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(start["cwd"])
    os.environ.clear()
    os.environ.update(start["environment"])
    time.tzset()
    sys.argv = [start["command"], *start["arguments"]]
    sys.stdin = io.TextIOWrapper(_opened(0, "rb"), "utf-8", "surrogateescape")
    sys.stdout = io.TextIOWrapper(_opened(1, "wb"), "utf-8", "surrogateescape", line_buffering=os.isatty(1))
    sys.stderr = io.TextIOWrapper(_opened(2, "wb"), "utf-8", "backslashreplace", line_buffering=True)


def _opened(number: int, mode: str) -> Any:
    return open(number, mode, closefd=False)


if __name__ == "__main__":
    _main()
