"""Requests that no well-behaved client sends, and what problem documents look like."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from support.upstream import PATIENCE


def send_raw(url: str, request: bytes) -> httpx.Response:
    """Send bytes as they are, and give the answer; the server must close the connection after it."""
    with connected(url) as connection:
        connection.sendall(request)
        received = read_all(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    return httpx.Response(int(first.split()[1]), headers=headers, content=body)


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def connected(url: str) -> socket.socket:
    """Open a connection to a server."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE)


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Give the problem document of a refused request, checked for what all of them have in common."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:naftiko:problem:")
    assert document["title"]
    assert document["detail"]
    assert "Traceback" not in response.text
    return document


def wait_until_refused(url: str) -> None:
    """Wait until a server takes no new connection."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            connected(url).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:  # it stopped listening while we connected
            continue
    raise AssertionError(f"{url} still takes connections")


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Listen on loopback and answer one request with bytes as they are; give the URL."""

    def answer_one() -> None:
        connection, _ = listener.accept()
        with connection:
            received = b""
            while b"\r\n\r\n" not in received:
                received += connection.recv(65536)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_one)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(PATIENCE)
