"""Work whose threads must not stay: done in a fork of this process, which ends with it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Final, NoReturn

from naftiko_run.invoke.scripting.program import ScriptRefused

_FORKS: Final = hasattr(os, "fork")


def can_fork() -> bool:
    """Whether this process can fork: no thread of Python's is there that the fork would lack."""
    return _FORKS and threading.active_count() == 1


def run_in_subprocess(check: Callable[[], None]) -> None:
    """Run a check in a fork.

    Raises:
        ScriptRefused: The check raised it.
        RuntimeError: It broke down.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        _check(check, writer)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    os.waitpid(pid, 0)
    if not text:
        raise RuntimeError("a script could not be checked: the process that did it broke down")
    refused = json.loads(text)
    if refused:
        raise ScriptRefused(*refused)


def _check(check: Callable[[], None], writer: int) -> NoReturn:
    try:
        refused: tuple[str, ...] = ()
        try:
            check()
        except ScriptRefused as fault:
            refused = (str(fault), fault.hint)
        with os.fdopen(writer, "w") as telling:
            json.dump(refused, telling)
    finally:
        os._exit(0)
