"""The default TLS context."""

from __future__ import annotations

import os
import ssl
from functools import lru_cache
from pathlib import Path


def default_context() -> ssl.SSLContext:
    """Return a TLS context with the same certificate authorities as httpx: certifi's, or those of the environment.

    It is cached and shared: loading the authorities takes time and memory.

    Raises:
        FileNotFoundError: The CA file does not exist.
        ssl.SSLError: The CA file contains no certificate.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not (file or folder):
        import certifi

        file = certifi.where()
    if file:
        return _context(file, None, Path(file).stat().st_mtime)
    return _context(None, folder, 0)


@lru_cache(maxsize=4)
def _context(file: str | None, folder: str | None, _changed: float) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=file, capath=folder)
