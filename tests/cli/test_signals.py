"""SIGTERM and Ctrl-C: requests in flight get their answers, then the process ends with 0."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.documents import CREDENTIALS, PIPELINES
from support.mcp_client import ERAS, call_tool
from support.process import Process, launched, started
from support.server import serving
from support.upstream import PATIENCE, Upstream
from support.wire import problem, wait_until_refused


@contextmanager
def busy(upstream: Upstream) -> Iterator[tuple[Process, Future[httpx.Response], Future[httpx.Response]]]:
    """Serve the first document, with one REST call and one MCP call waiting for the upstream."""

    def call_rest() -> httpx.Response:
        return httpx.post(f"{process.url('rest')}/v1/track", json={"by": "rest"}, timeout=PATIENCE)

    def call_mcp() -> httpx.Response:
        params = {"name": "track-event", "arguments": {"body": {"by": "mcp"}}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        return httpx.post(process.url("mcp"), json=message, timeout=PATIENCE)

    arguments = (PIPELINES, "--base-uri", f"pipelines-track={upstream.url}/v1")
    with (
        started(*arguments, environment=CREDENTIALS) as process,
        ThreadPoolExecutor() as callers,
        upstream.held(),
    ):
        waiting = callers.submit(call_rest), callers.submit(call_mcp)
        upstream.wait_for(2)
        yield process, *waiting


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_calls_in_flight_get_their_answers(upstream: Upstream, number: signal.Signals) -> None:
    with busy(upstream) as (process, rest, mcp):
        process.signal(number)
        wait_until_refused(process.url("rest"))
        upstream.release()
        assert rest.result(PATIENCE).json() == {"ok": True}
        assert mcp.result(PATIENCE).json()["result"]["structuredContent"] == {"ok": True}
        assert process.wait() == 0
        assert "Traceback" not in process.text


def test_a_second_ctrl_c_ends_the_process_without_waiting(upstream: Upstream) -> None:
    with busy(upstream) as (process, rest, _):
        process.signal(signal.SIGINT)
        wait_until_refused(process.url("rest"))
        while not process.has_ended(within=0.1):  # one that comes too soon is taken for the first
            process.signal(signal.SIGINT)
        assert process.wait() == 130
        assert "Traceback" not in process.text
        assert isinstance(rest.exception(PATIENCE), httpx.TransportError)
        upstream.release()


def test_signals_that_come_together_are_one(upstream: Upstream) -> None:
    with busy(upstream) as (process, rest, _):
        process.signal(signal.SIGINT)
        process.signal(signal.SIGTERM)
        process.signal(signal.SIGINT)
        wait_until_refused(process.url("rest"))
        upstream.release()
        assert rest.result(PATIENCE).status_code == 200
        assert process.wait() == 0


def test_an_idle_process_ends_at_once() -> None:
    with started(PIPELINES, "--sandbox") as process, httpx.Client() as client:
        for mode in ERAS:
            call_tool(process.url("mcp"), "track-event", {"body": {}}, mode)
        client.post(f"{process.url('rest')}/v1/track", json={})  # leaves a connection open
        process.signal(signal.SIGTERM)
        assert process.wait() == 0
        told = process.lines[process.lines.index("ready; stop with Ctrl-C") + 1 :]
        assert process.messages[-1] == "received SIGTERM; stopping"
        told.pop()
        assert all(" would send " in each or '"event":"request"' in each for each in told)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_still_loading_ends_at_once(tmp_path: Path, number: signal.Signals) -> None:
    slow = tmp_path / "slow.yaml"
    os.mkfifo(slow)
    with launched(slow) as process:
        with slow.open("wb", buffering=0) as document:  # opens once the process reads its document
            document.write(b"#")
            process.wait_until_it_waits_for(document)
            process.signal(number)
            assert process.wait() == 0
        assert process.text == ""


def test_a_connection_whose_call_outlasts_the_drain_is_closed(upstream: Upstream) -> None:
    settings = Settings({"pipelines-track": upstream.url}, environment=CREDENTIALS)
    with upstream.held():
        with serving(PIPELINES, settings=settings, drain=1) as served:
            port = httpx.URL(served.url("rest")).port
            client = socket.create_connection(("127.0.0.1", port or 0), PATIENCE)
            client.sendall(b"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
            upstream.wait_for(1)
        with client, client.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 503 Service Unavailable\r\n"
            assert b"urn:naftiko:problem:stopping" in answer.read()  # up to the end of the connection


def test_a_call_that_outlasts_the_drain_gets_a_problem(upstream: Upstream) -> None:
    settings = Settings({"pipelines-track": upstream.url}, environment=CREDENTIALS)
    with ThreadPoolExecutor() as callers, upstream.held():
        with serving(PIPELINES, settings=settings, drain=1) as served:
            url = f"{served.url('rest')}/v1/track"
            waiting = callers.submit(httpx.post, url, json={}, timeout=PATIENCE)
            upstream.wait_for(1)
        assert problem(waiting.result(PATIENCE), 503)["type"] == "urn:naftiko:problem:stopping"
