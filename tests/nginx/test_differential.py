"""Where does a request end for nginx? Wherever ours sees a request, nginx sees the same one, or refuses it."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import Any

import pytest

from nginx.conftest import StartNginx
from nginx.process import Nginx
from serve.readings import Reading, check_agreement
from serve.streams import NGINX, STREAMS, Request, Stream
from support.upstream import PATIENCE
from support.wire import read_all

# A client that has sent everything ends its side: nginx goes on with what was received.
HTTP = """
large_client_header_buffers 4 64k;
server {{
    listen 127.0.0.1:@port;
    proxy_ignore_client_abort on;
    location / {{ proxy_pass http://127.0.0.1:{backend}; }}
}}
"""


class _Recording(BaseHTTPRequestHandler):
    """Records the requests that nginx passes on: each whole, with a length, over a connection of its own."""

    received: list[Request]

    def handle_one_request(self) -> None:
        """Answer whatever the method."""
        self.raw_requestline = self.rfile.readline()
        if self.parse_request():
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.received.append((self.command, self.path, body))
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def received() -> list[Request]:
    return []


@pytest.fixture(scope="module")
def nginx(start_nginx: StartNginx, received: list[Request]) -> Iterator[Nginx]:
    """nginx before something that records what it passes on."""
    handler = type("Handler", (_Recording,), {"received": received})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield start_nginx(HTTP.format(backend=server.server_address[1]))
        server.shutdown()
        thread.join(PATIENCE)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_request_does_not_end_elsewhere_than_for_nginx(
    nginx: Nginx, received: list[Request], stream: Stream
) -> None:
    received.clear()
    # nginx resets the connection where it does not read what follows a request that it refuses.
    with (
        socket.create_connection(("127.0.0.1", nginx.ports["@port"]), timeout=PATIENCE) as connection,
        suppress(ConnectionResetError, BrokenPipeError),
    ):
        connection.sendall(stream.data)
        connection.shutdown(socket.SHUT_WR)
        read_all(connection)
    check_agreement(stream, Reading(tuple(received), "closed"), NGINX)
