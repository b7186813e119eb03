"""Reload: another version is served without a failed request, and a bad one not at all."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import httpx
import pytest

from support.documents import CREDENTIALS, PIPELINES, written
from support.process import READY, Process, launched, started
from support.upstream import PATIENCE, Upstream
from support.versions import TOOLS, write_version
from support.wire import wait_until_refused

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")

CALLERS = 4
REQUESTS = 10_000
RELOADS = 50


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_version(tmp_path / "versions.yaml", 0)


@pytest.fixture(params=["1", "2"], ids=["one process", "two workers"])
def process(file: Path, request: pytest.FixtureRequest) -> Iterator[Process]:
    if request.param != "1" and sys.platform != "linux":
        pytest.skip("looks for processes in /proc")
    with serving(file, "--workers", request.param) as process:
        yield process


@contextmanager
def serving(*arguments: str | Path) -> Iterator[Process]:
    """Serve a document on a free port."""
    with launched(*arguments, "--port", "rest=0") as process:
        process.wait_for_line(READY)
        yield process


def reloads(process: Process, word: str = "reloaded in ") -> list[str]:
    return [message for message in process.messages if message.startswith(word)]


def reload(process: Process, number: int) -> str:
    """Send SIGHUP, and wait until it has been done so often."""
    process.signal(signal.SIGHUP)
    process.wait_for(lambda _: len(reloads(process)) >= number, f"reload {number}")
    return reloads(process)[number - 1]


def version(process: Process) -> str:
    answer = httpx.get(f"{process.url('rest')}/version", timeout=PATIENCE).json()
    assert answer["first"] == answer["second"]
    return str(answer["first"])


def call_until(url: str, is_over: Event) -> list[str]:
    """Send requests over one connection at a time, and return the versions that answered."""
    connection = HTTPConnection(str(urlsplit(url).hostname), urlsplit(url).port, timeout=PATIENCE)
    versions: list[str] = []
    while len(versions) < REQUESTS / CALLERS or not is_over.is_set():
        connection.request("GET", "/version")
        response = connection.getresponse()
        assert response.status == 200
        answer = json.loads(response.read())
        assert answer["first"] == answer["second"]
        versions.append(answer["first"])
    connection.close()
    return versions


def test_no_request_fails_or_sees_half_of_two_versions(file: Path) -> None:
    with serving(file) as process, ThreadPoolExecutor(CALLERS) as callers, ExitStack() as stack:
        is_over = Event()
        stack.callback(is_over.set)
        calls = [callers.submit(call_until, process.url("rest"), is_over) for _ in range(CALLERS)]
        for number in range(1, RELOADS + 1):
            write_version(file, number)
            assert reload(process, number).endswith(f"changed {file}")
        is_over.set()
        answered = [each.result(PATIENCE * 4) for each in calls]
        assert sum(map(len, answered)) >= REQUESTS
        assert all(versions == sorted(versions, key=int) for versions in answered)
        assert len({each for versions in answered for each in versions}) > RELOADS / 2
        assert version(process) == str(RELOADS)
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        assert '"level":"error"' not in process.text


@pytest.mark.skipif(sys.platform != "linux", reason="needs a socket for each worker")
def test_no_request_fails_while_workers_are_replaced(file: Path) -> None:
    def call(url: str, is_over: Event) -> set[str]:
        versions = set()
        while not is_over.is_set():  # each over a connection of its own
            answer = httpx.get(f"{url}/version", timeout=PATIENCE)
            assert answer.status_code == 200
            assert answer.json()["first"] == answer.json()["second"]
            versions.add(answer.json()["first"])
        return versions

    with (
        serving(file, "--workers", "2") as process,
        ThreadPoolExecutor(CALLERS) as callers,
        ExitStack() as stack,
    ):
        is_over = Event()
        stack.callback(is_over.set)
        url = process.url("rest")
        calls = [
            callers.submit(each, url, is_over) for each in (call, call_until) for _ in range(CALLERS // 2)
        ]
        for number in range(1, 6):
            write_version(file, number)
            reload(process, number)
        is_over.set()
        assert all(each.result(PATIENCE * 4) for each in calls)
        assert version(process) == "5"


def test_sighup_serves_what_the_document_says_now(process: Process, file: Path) -> None:
    assert version(process) == "0"
    write_version(file, 1)
    assert version(process) == "0"
    assert reload(process, 1).endswith(f": changed {file}")
    assert version(process) == "1"
    assert reload(process, 2).endswith(": no document has changed")


def test_a_bad_edit_is_reported_and_the_old_version_is_served(process: Process, file: Path) -> None:
    file.write_text("naftiko: 1.0.0-alpha2\ncapability: [\n")
    process.signal(signal.SIGHUP)
    process.wait_for(lambda _: bool(reloads(process, "not reloaded")), "refusal")
    (refusal,) = reloads(process, "not reloaded")
    assert refusal.endswith(f"{file} has errors; still serving what was loaded before")
    assert any(line.startswith(f"{file}:3:1: error[yaml-syntax]") for line in process.lines)
    assert version(process) == "0"
    write_version(file, 2)
    reload(process, 1)
    assert version(process) == "2"


def test_an_edit_that_breaks_one_operation_is_not_served(process: Process, file: Path) -> None:
    file.write_text(file.read_text() + "      - {method: PUT, name: broken, call: nothing.at-all}\n")
    process.signal(signal.SIGHUP)
    process.wait_for(lambda _: bool(reloads(process, "not reloaded")), "refusal")
    assert version(process) == "0"


def test_a_document_that_is_gone_is_reported_and_served(process: Process, file: Path) -> None:
    file.unlink()
    process.signal(signal.SIGHUP)
    process.wait_for(lambda _: bool(reloads(process, "not reloaded")), "refusal")
    assert any(line.startswith(f"{file}: error[no-such-file]") for line in process.lines)
    assert version(process) == "0"


def test_ports_that_appear_are_opened_and_those_that_go_are_closed(process: Process, file: Path) -> None:
    write_version(file, 1, TOOLS)
    assert reload(process, 1).endswith("; opened port 0")
    write_version(file, 2)
    assert reload(process, 2).endswith("; closed port 0")
    assert version(process) == "2"


def test_a_port_that_is_taken_prevents_the_reload(file: Path, process: Process) -> None:
    taken = TOOLS.replace(
        "namespace: tools", f"namespace: tools\n    port: {urlsplit(process.url('rest')).port}"
    )
    write_version(file, 1, taken.replace("type: mcp", "type: skill").split("    tools:")[0])
    process.signal(signal.SIGHUP)
    process.wait_for(lambda _: bool(reloads(process, "not reloaded")), "refusal")
    assert version(process) == "0"


def test_a_request_in_flight_finishes_on_the_version_that_it_began_on(
    tmp_path: Path, upstream: Upstream
) -> None:
    file = written(tmp_path, PIPELINES.read_text())
    base_uri = f"pipelines-track={upstream.url}/v1"
    with (
        started(file, "--base-uri", base_uri, environment=CREDENTIALS) as process,
        ThreadPoolExecutor() as callers,
        upstream.held(),
    ):
        url = f"{process.url('rest')}/v1/track"
        waiting = callers.submit(httpx.post, url, json={}, timeout=PATIENCE)
        upstream.wait_for(1)
        file.write_text(file.read_text().replace("path: /v1/track", "path: /v1/other"))
        reload(process, 1)
        assert httpx.post(url, json={}).status_code == 404
        upstream.release()
        assert waiting.result(PATIENCE).json() == {"ok": True}


def test_what_does_not_finish_within_the_drain_is_ended(tmp_path: Path, upstream: Upstream) -> None:
    file = written(tmp_path, PIPELINES.read_text())
    base_uri = f"pipelines-track={upstream.url}/v1"
    with (
        started(file, "--base-uri", base_uri, "--drain", "0.1", environment=CREDENTIALS) as process,
        ThreadPoolExecutor() as callers,
        upstream.held(),
    ):
        url = f"{process.url('rest')}/v1/track"
        waiting = callers.submit(httpx.post, url, json={}, timeout=PATIENCE)
        upstream.wait_for(1)
        reload(process, 1)
        assert waiting.result(PATIENCE).status_code == 503
        process.wait_for(lambda _: "did not finish within 0.1 s" in process.text, "warning")


def test_closed_ports_refuse_connections(file: Path) -> None:
    write_version(file, 0, TOOLS)
    with serving(file) as process:
        url = process.url("mcp")
        write_version(file, 1)
        reload(process, 1)
        wait_until_refused(url)
        assert version(process) == "1"
