"""``--workers N``: several processes share the ports, and one that dies is replaced."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from support.documents import CREDENTIALS, PIPELINES, written
from support.greeting import DOCUMENT, greeted
from support.mcp_client import ERAS, call_tool
from support.process import READY, Process, launched, run, started
from support.upstream import PATIENCE, Upstream
from support.wire import wait_until_refused

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

TWO = ("--workers", "2")
CALLS = 12
"""So many connections that it is next to impossible that one worker gets them all."""

OWN = (
    DOCUMENT
    + """\
    - name: count
      description: Counts
      steps:
      - {type: script, name: ten, language: javascript, location: "file:///./scripts", file: ten.js}
      - {type: script, name: more, language: python, location: "file:///./scripts", file: more.py}
      mappings: [{targetName: count, value: $.more}]
"""
)


@contextmanager
def two_workers(upstream: Upstream, *arguments: str) -> Iterator[Process]:
    """Serve the first document with two workers."""
    base_uri = f"pipelines-track={upstream.url}/v1"
    with started(PIPELINES, *TWO, "--base-uri", base_uri, *arguments, environment=CREDENTIALS) as process:
        yield process


def track(process: Process) -> httpx.Response:
    """Call the route over a connection of its own."""
    return httpx.post(f"{process.url('rest')}/v1/track", json={}, timeout=PATIENCE)


def wait_until_gone(pid: int) -> None:
    """Wait until a process has ended that is no child of ours."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(descriptor) as ended:
        has_ended, _, _ = select.select([ended], [], [], PATIENCE)
    assert has_ended


def test_start_up_is_told_once_and_every_era_is_served(upstream: Upstream) -> None:
    with two_workers(upstream) as process:
        assert len(process.children) == 2
        assert process.lines.count(READY) == 1
        assert process.lines[0].startswith("naftiko-run ")
        assert [track(process).status_code for _ in range(CALLS)] == [200] * CALLS
        for era in ERAS:
            assert not call_tool(process.url("mcp"), "track-event", {"body": {}}, era).is_error


def test_a_worker_that_dies_is_replaced_while_the_other_serves(upstream: Upstream) -> None:
    with two_workers(upstream, "--log-level", "debug") as process:
        first, second = process.children
        os.kill(first, signal.SIGKILL)
        replaced = re.compile(
            rf'"level":"warning",.*"event":"worker {first} was terminated by SIGKILL; replacing it"'
        )
        process.wait_for(lambda lines: any(map(replaced.search, lines)), "word of its end")
        process.wait_for(lambda lines: sum("has started" in line for line in lines) == 3, "new worker")
        assert len(process.children) == 2
        assert second in process.children
        assert [track(process).status_code for _ in range(CALLS)] == [200] * CALLS


def some_end_with(ending: str, lines: list[str]) -> bool:
    return any(line.endswith(ending) for line in lines)


def tell_of_starts(number: int, lines: list[str]) -> bool:
    return sum("has started" in line for line in lines) == number


def test_workers_that_die_again_and_again_are_replaced_ever_later(upstream: Upstream) -> None:
    """The waits are logged, and kept: a machine that is busy makes them longer, never shorter."""
    with two_workers(upstream, "--log-level", "debug") as process:
        victim = min(process.children)
        for number, wait in enumerate((0.0, 0.5), 1):
            others = process.children - {victim}
            began = time.monotonic()
            end(process, victim, wait)
            process.wait_for(partial(tell_of_starts, 2 + number), "its successor")
            assert time.monotonic() - began >= wait
            (victim,) = process.children - others
        end(process, victim, 1.0)


def end(process: Process, worker: int, wait: float) -> None:
    """Kill a worker, and wait until the log says how long it is until another takes its place."""
    os.kill(worker, signal.SIGKILL)
    later = f" in {wait:g} s" if wait else ""
    ending = f'worker {worker} was terminated by SIGKILL; replacing it{later}"}}'
    process.wait_for(partial(some_end_with, ending), ending)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_all_workers(upstream: Upstream, number: signal.Signals) -> None:
    with two_workers(upstream) as process, ThreadPoolExecutor(CALLS) as callers, upstream.held():
        waiting = [callers.submit(track, process) for _ in range(CALLS)]
        upstream.wait_for(CALLS)
        workers = process.children
        process.signal(number)
        wait_until_refused(process.url("rest"))
        assert process.children == workers
        upstream.release()
        assert [each.result(PATIENCE).json() for each in waiting] == [{"ok": True}] * CALLS
        assert process.wait() == 0
        assert "Traceback" not in process.text


def test_a_second_ctrl_c_ends_all_without_waiting(upstream: Upstream) -> None:
    with two_workers(upstream) as process, ThreadPoolExecutor() as callers, upstream.held():
        waiting = callers.submit(track, process)
        upstream.wait_for(1)
        workers = process.children
        process.signal(signal.SIGINT)
        wait_until_refused(process.url("rest"))
        while not process.has_ended(within=0.1):  # one that comes too soon is taken for the first
            process.signal(signal.SIGINT)
        assert process.wait() == 130
        assert isinstance(waiting.exception(PATIENCE), httpx.TransportError)
        for worker in workers:
            wait_until_gone(worker)


def test_no_worker_outlives_a_parent_that_was_killed(upstream: Upstream) -> None:
    with two_workers(upstream) as process:
        workers = process.children
        process.kill()
        for worker in workers:
            wait_until_gone(worker)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_of_workers_is_taken_for_everyone_else(upstream: Upstream, workers: str) -> None:
    with two_workers(upstream) as process:
        port = httpx.URL(process.url("rest")).port
        other = run(
            PIPELINES,
            "--sandbox",
            "--workers",
            workers,
            "--port",
            f"rest={port}",
            "--port",
            "mcp=0",
        )
        assert other.returncode == 1
        assert f"port {port} is in use" in other.stderr


def test_workers_go_on_with_conversations_and_run_scripts(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "ten.js").write_text("result = 10")
    (tmp_path / "scripts" / "more.py").write_text("result = context['ten'] + 1")
    with launched(written(tmp_path, OWN), *TWO, "--port", "mcp=0") as process:
        process.wait_for_line(READY)
        url = process.url("mcp")
        state = greeted(url)["result"]["requestState"]
        answers = {"person": {"action": "accept", "content": {"name": "Ann"}}}
        for _ in range(CALLS):
            answer = greeted(url, inputResponses=answers, requestState=state)
            assert answer["result"]["content"] == [{"type": "text", "text": "Hello Ann"}]
        for _ in range(CALLS):
            assert call_tool(url, "count", {}).structured_content == {"count": 11}
        refused = call_tool(url, "greet", {}, "legacy")
        assert refused.is_error
        assert any("`m` asks its callers" in line and "keep no sessions" in line for line in process.lines)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--workers", "0"), 2, "--workers: `0` is not a number from 1 to 1024, and not `auto`"),
        (("--workers", "many"), 2, "--workers: `many` is not a number"),
        (("--workers", "2", "--stdio"), 1, "several workers cannot share one stdin"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], code: int, told: str) -> None:
    ended = run(PIPELINES, "--sandbox", *arguments)
    assert (ended.returncode, told in ended.stderr) == (code, True), ended.stderr
