"""Graceful stop: new connections are accepted during the drain delay, and requests in flight finish."""

from __future__ import annotations

import os
import pty
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from support.commands import SCRIPTS, clean_environment
from support.documents import CREDENTIALS, PIPELINES
from support.process import READY, launched, run, started
from support.upstream import PATIENCE, Upstream
from support.versions import write_version
from support.wire import wait_until_refused

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM handlers")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_connections_are_accepted_during_the_delay_and_closed_after_a_response(
    tmp_path: Path, workers: str
) -> None:
    file = write_version(tmp_path / "versions.yaml", 0)
    options = ("--port", "rest=0", "--workers", workers, "--drain-delay", "0.5")
    with launched(file, *options) as process:
        process.wait_for_line(READY)
        url = urlsplit(process.url("rest"))
        connection = HTTPConnection(str(url.hostname), url.port, timeout=PATIENCE)
        connection.request("GET", "/version")
        kept = connection.getresponse()
        kept.read()
        assert kept.headers["connection"] is None
        began = time.monotonic()
        process.signal(signal.SIGTERM)
        process.wait_for(lambda lines: "new connections are accepted for another 0.5 s" in lines[-1], "delay")
        for _ in range(5):  # connections of their own
            answer = httpx.get(f"{process.url('rest')}/version", timeout=PATIENCE)
            assert answer.json()["first"] == "0"
        connection.request("GET", "/version")
        last = connection.getresponse()
        assert last.read()
        wait_until_refused(process.url("rest"))
        assert process.wait() == 0
        assert time.monotonic() - began >= 0.5


def test_a_response_during_the_delay_closes_its_connection(tmp_path: Path) -> None:
    file = write_version(tmp_path / "versions.yaml", 0)
    with launched(file, "--port", "rest=0", "--drain-delay", "30") as process:
        process.wait_for_line(READY)
        process.signal(signal.SIGTERM)
        process.wait_for(lambda lines: "new connections are accepted" in lines[-1], "delay")
        assert httpx.get(f"{process.url('rest')}/version").headers["connection"] == "close"
        process.signal(signal.SIGKILL)


def test_requests_that_take_longer_than_the_drain_are_ended(upstream: Upstream) -> None:
    base_uri = f"pipelines-track={upstream.url}/v1"
    options = ("--base-uri", base_uri, "--drain", "0.2")
    with (
        started(PIPELINES, *options, environment=CREDENTIALS) as process,
        ThreadPoolExecutor() as callers,
        upstream.held(),
    ):
        url = f"{process.url('rest')}/v1/track"
        waiting = callers.submit(httpx.post, url, json={}, timeout=PATIENCE)
        upstream.wait_for(1)
        process.signal(signal.SIGTERM)
        assert waiting.result(PATIENCE).status_code == 503
        assert process.wait() == 0
        assert "stopping after 1 pending requests are answered, within 0.2 s" in process.text


def test_a_connection_that_is_waiting_when_the_process_stops_is_served(tmp_path: Path) -> None:
    """Its request arrives after the signal."""
    file = write_version(tmp_path / "versions.yaml", 0)
    with launched(file, "--port", "rest=0") as process:
        process.wait_for_line(READY)
        url = urlsplit(process.url("rest"))
        with socket.create_connection((str(url.hostname), url.port), PATIENCE) as connection:
            process.signal(signal.SIGTERM)
            connection.sendall(b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert process.wait() == 0


def test_the_process_ends_with_its_terminal(tmp_path: Path) -> None:
    """SIGHUP reloads, except when it says that the terminal is gone."""
    file = write_version(tmp_path / "versions.yaml", 0)
    command = str(SCRIPTS / "naftiko-run")
    pid, terminal = pty.fork()
    if not pid:
        os.environ.update(clean_environment({}))
        os.execv(command, [command, str(file), "--port", "rest=0"])  # noqa: S606 - the command under test
    shown = b""
    while READY.encode() not in shown:
        shown += os.read(terminal, 65536)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--drain", "soon"), "--drain: `soon` is not a time"),
        (("--drain-delay", "-1"), "--drain-delay: `-1` is not a time"),
    ],
)
def test_invalid_times_are_refused(arguments: tuple[str, ...], message: str) -> None:
    ended = run(PIPELINES, "--sandbox", *arguments)
    assert (ended.returncode, message in ended.stderr) == (2, True), ended.stderr
