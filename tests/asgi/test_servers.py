"""The app under the servers that people run, from their command lines."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from asgi.conftest import CALL, HEADERS
from support.commands import SCRIPTS
from support.mcp_client import call_tool
from support.ports import free_ports
from support.upstream import Answer, Upstream

pytestmark = pytest.mark.timeout(240)

SERVERS = {
    "uvicorn": ("uvicorn", "naftiko_run.asgi:app", "--port", "PORT", "--log-level", "warning"),
    "hypercorn": ("hypercorn", "naftiko_run.asgi:app", "--bind", "127.0.0.1:PORT"),
    "granian": ("granian", "--interface", "asgi", "--port", "PORT", "naftiko_run.asgi:app"),
}

LONG = 40
"""Seconds: the servers start processes that import everything."""


@contextmanager
def server(name: str, documents: str) -> Iterator[str]:
    """Run a server; yield its URL."""
    (port,) = free_ports(1)
    command, *arguments = (each.replace("PORT", str(port)) for each in SERVERS[name])
    environment = os.environ | {"NAFTIKO_DOCUMENTS": documents}
    with subprocess.Popen([SCRIPTS / command, *arguments], env=environment) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url, process)
            yield url
        finally:
            process.terminate()
            try:
                assert process.wait(LONG) in (0, -15)
            finally:
                process.kill()


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server has ended"
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)  # a foreign process: nothing but its port tells that it is ready
        else:
            return
    raise AssertionError("the server is not ready")


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_runs_the_app_from_its_command_line(name: str, document: Path, upstream: Upstream) -> None:
    with server(name, str(document)) as url:
        with httpx.Client(base_url=url) as client:
            assert client.get("/items").json() == {"ok": True}
            assert client.head("/items").content == b""
            assert client.post("/items", json={"name": "cup"}).json() == {"ok": True}
            assert client.get("/nothing").status_code == 404
            called = client.post("/shop-mcp/mcp", json=CALL, headers=HEADERS).json()
            assert called["result"]["structuredContent"] == {"ok": True}
            assert client.get("/skills").json()["count"] == 1
            upstream.answers(Answer(body=b"x" * 3_000_000))
            assert client.get("/all/items").content == b"x" * 3_000_000
            upstream.answers(Answer(body=b"x" * 3_000_000, cut_after=2_000_000))
            with pytest.raises(httpx.TransportError):
                client.get("/all/items")
        upstream.reset()
        assert call_tool(f"{url}/shop-mcp/mcp", "list-items", {}).structured_content == {"ok": True}


def test_a_folder_of_documents_is_served(document: Path, upstream: Upstream) -> None:
    (document.parent / "shared.yaml").write_text("binds: [{namespace: env, keys: {TOKEN: TOKEN}}]\n")
    with server("uvicorn", f"{document.parent}") as url:
        assert httpx.get(f"{url}/items").json() == {"ok": True}
    assert upstream.only.path == "/items"
