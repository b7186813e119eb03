"""Configure logs: records go to stderr, at one level."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from naftiko_run import _json

LEVELS: Final = ("debug", "info", "warning", "error")

_OWN: Final = "naftiko_run"
_MAX_QUEUED: Final = 1000

_LIBRARY_LEVEL: Final = logging.WARNING
"""The level of libraries: at info, httpx logs whole URLs, including keys in the query."""


def configure_logs(level: str) -> None:
    """Send log records to stderr.

    Args:
        level: One of ``LEVELS``; the level of our own records.
    """
    handler = logging.StreamHandler(sys.stderr)
    process = "[%(process)d] " if level == "debug" else ""
    handler.setFormatter(logging.Formatter(f"%(asctime)s {process}%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_LIBRARY_LEVEL)
    set_log_level(level)


def log_level() -> str:
    """Return the level of our own records: one of ``LEVELS``."""
    return logging.getLevelName(logging.getLogger(_OWN).getEffectiveLevel()).lower()


def set_log_level(level: str) -> None:
    """Change the level of our own records.

    Args:
        level: One of ``LEVELS``.
    """
    logging.getLogger(_OWN).setLevel(level.upper())


@contextmanager
def subscribe() -> Iterator[asyncio.Queue[str]]:
    """Receive our own records while the context is entered.

    Yields:
        A queue of JSON objects; records are dropped while it is full.
    """
    handler = _QueueHandler()
    logger = logging.getLogger(_OWN)
    logger.addHandler(handler)
    try:
        yield handler.records
    finally:
        logger.removeHandler(handler)


class _QueueHandler(logging.Handler):
    """Adds records to a queue of the running event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.records: asyncio.Queue[str] = asyncio.Queue(_MAX_QUEUED)
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        """Add a record; also called in other threads."""
        line = {"level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        self._loop.call_soon_threadsafe(self._add, _json.dumps(line).decode())

    def _add(self, line: str) -> None:
        if not self.records.full():
            self.records.put_nowait(line)
