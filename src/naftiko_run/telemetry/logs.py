"""Log set-up: our own records to stderr, at the level asked for."""

from __future__ import annotations

import logging
import sys
from typing import Final

LEVELS: Final = ("debug", "info", "warning", "error")

_OTHERS: Final = logging.WARNING
"""The level of libraries: httpx writes whole URLs, keys in the query included, at info."""


def configure_logs(level: str) -> None:
    """Send log records to stderr.

    Args:
        level: One of ``LEVELS``; applies to our own records and to the server's errors.
    """
    handler = logging.StreamHandler(sys.stderr)
    process = "[%(process)d] " if level == "debug" else ""
    handler.setFormatter(logging.Formatter(f"%(asctime)s {process}%(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_OTHERS)
    logging.getLogger("naftiko_run").setLevel(level.upper())
