"""Configure logs: records go to stderr, at one level."""

from __future__ import annotations

import logging
import sys
from typing import Final

LEVELS: Final = ("debug", "info", "warning", "error")

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
    logging.getLogger("naftiko_run").setLevel(level.upper())
