"""ASGI applications served on loopback by uvicorn."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from support.upstream import PATIENCE


@contextmanager
def serving_app(app: ASGIApp, *, certificate: Path | None = None) -> Iterator[int]:
    """Serve an application while the context is entered; give the port.

    Args:
        app: The application.
        certificate: A PEM file with private key and chain, for TLS.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="critical", lifespan="off", ssl_certfile=certificate, ssl_keyfile=certificate
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listening.close()
