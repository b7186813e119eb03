"""Checks that start threads, run in a forked subprocess so that no thread remains in this process."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Final, NoReturn

from naftiko_run.invoke.scripting.program import ScriptRefused

_HAS_FORK: Final = hasattr(os, "fork")


def can_fork() -> bool:
    """Return whether this process can fork safely: it has no other Python threads, which a fork would lack."""
    return _HAS_FORK and threading.active_count() == 1


def run_in_subprocess(check: Callable[[], None]) -> None:
    """Run a check in a forked subprocess.

    Raises:
        ScriptRefused: The check raised it.
        RuntimeError: The subprocess crashed.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        _check(check, writer)
    os.close(writer)
    with os.fdopen(reader) as results:
        text = results.read()
    os.waitpid(pid, 0)
    if not text:
        raise RuntimeError("a script could not be checked: the subprocess crashed")
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
        with os.fdopen(writer, "w") as results:
            json.dump(refused, results)
    finally:
        os._exit(0)
