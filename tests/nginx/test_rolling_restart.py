"""Two replicas behind nginx are restarted one after the other under load: no request is lost."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from threading import Event

import pytest

from nginx.conftest import StartNginx
from nginx.process import Nginx
from support.ports import free_ports
from support.process import READY, Process, launched
from support.upstream import PATIENCE
from support.versions import write_version

CALLERS = 4
RESTARTS = 3
# With `max_fails=0` nginx does not remember that a replica refused connections: otherwise it would avoid a replica that is
# back already while the other one restarts, and find none. Outside of a test, wait longer than `fail_timeout` instead.
HTTP = """
upstream replicas {{
    server 127.0.0.1:{ports[0]} max_fails=0;
    server 127.0.0.1:{ports[1]} max_fails=0;
    {keepalive}
}}
server {{
    listen 127.0.0.1:@port;
    location / {{
        proxy_pass http://replicas;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host 127.0.0.1;
        proxy_next_upstream error timeout;
    }}
}}
"""


def call_until(nginx: Nginx, method: str, is_over: Event) -> int:
    """Send requests, and return how many were answered by a replica."""
    connection = HTTPConnection("127.0.0.1", nginx.ports["@port"], timeout=PATIENCE)
    number = 0
    while not is_over.is_set():
        connection.request(method, "/version")
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, (response.status, body)
        assert json.loads(body)["first"] == "0"
        number += 1
    connection.close()
    return number


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("keepalive", ["", "keepalive 16;"], ids=["connection per request", "keep-alive"])
def test_a_rolling_restart_loses_no_request(
    start_nginx: StartNginx, tmp_path: Path, keepalive: str, method: str
) -> None:
    """nginx does not send a POST again, so that each has to be answered where it arrives."""
    ports = free_ports(2)
    nginx = start_nginx(HTTP.format(ports=ports, keepalive=keepalive))
    file = write_version(tmp_path / "versions.yaml", 0)
    with ExitStack() as stack, ThreadPoolExecutor(CALLERS) as callers:

        def start(port: int) -> Process:
            options = ("--port", f"rest={port}", "--drain-delay", "0.2")
            process = stack.enter_context(launched(file, *options))
            process.wait_for_line(READY)
            return process

        replicas = [start(port) for port in ports]
        is_over = Event()
        stack.callback(is_over.set)
        calls = [callers.submit(call_until, nginx, method, is_over) for _ in range(CALLERS)]
        for _ in range(RESTARTS):
            for index, port in enumerate(ports):
                replicas[index].signal(signal.SIGTERM)
                assert replicas[index].wait() == 0
                replicas[index] = start(port)
        is_over.set()
        assert all(each.result(PATIENCE) for each in calls)
