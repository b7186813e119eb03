"""What is logged: each request, each upstream request, and what the process does."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import pty
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from naftiko_run.telemetry import (
    AccessLog,
    configure_logs,
    log_level,
    new_trace,
    set_log_level,
    subscribe,
)
from naftiko_run.telemetry.logs import AccessEntry, JsonFormatter, TextFormatter
from serve.test_stdio import piped
from support.documents import SHOP, SHOP_TOKEN, written
from support.mcp_client import call_tool
from support.process import FREE_PORTS, READY, Process, started
from support.upstream import Answer, Upstream

TEXT = ("--log-format", "text")


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """The configuration of ``logging``, restored afterwards."""
    root, own = logging.getLogger(), logging.getLogger("naftiko_run")
    before = (root.handlers, root.level, own.level)
    yield
    root.handlers, own.level = before[0], before[2]
    root.setLevel(before[1])
    own.setLevel(before[2])


def shop(folder: Path, upstream: Upstream) -> tuple[Path, str, str]:
    return written(folder, SHOP), "--base-uri", f"shop={upstream.url}/api"


def entries(process: Process) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.lines if line.startswith("{")]


def wait_for_entries(process: Process, count: int, event: str = "request") -> list[dict[str, Any]]:
    """Wait until so many entries of a kind are logged, and return them."""

    def found() -> list[dict[str, Any]]:
        return [each for each in entries(process) if each["event"].startswith(event)]

    process.wait_for(lambda _: len(found()) >= count, f"{count} entries `{event}`")
    return found()


def test_a_request_is_one_line_of_json_where_stderr_is_no_terminal(
    tmp_path: Path, upstream: Upstream
) -> None:
    upstream.answers_json({"message": "no"}, 503)
    with started(*shop(tmp_path, upstream), environment=SHOP_TOKEN) as process:
        response = httpx.get(f"{process.url('rest')}/items/7?q=1", headers={"x-request-id": "mine"})
        (entry,) = wait_for_entries(process, 1)
    assert response.status_code == 503
    assert entry.pop("durationMs") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry.pop("timestamp"))
    assert re.fullmatch("[0-9a-f]{32}", entry.pop("traceId"))
    del entry["pid"]
    assert entry == {
        "level": "info",
        "logger": "naftiko_run.access",
        "event": "request",
        "adapter": "rest",
        "operation": "shop-rest.get-item",
        "target": "GET /items/7",
        "status": 503,
        "upstreamCalls": 1,
        "upstreamStatuses": [503],
        "error": "503",
        "requestId": "mine",
    }


def test_a_request_is_one_aligned_line_of_text(tmp_path: Path, upstream: Upstream) -> None:
    with started(*shop(tmp_path, upstream), *TEXT, environment=SHOP_TOKEN) as process:
        httpx.get(f"{process.url('rest')}/items/7")
        call_tool(process.url("mcp"), "get-item", {"id": "7"})
        upstream.answers_json({}, 500)
        call_tool(process.url("mcp"), "get-item", {"id": "7"})
        process.wait_for(lambda lines: any("fail" in each for each in lines), "failed call")
        lines = [line for line in process.lines if re.match(r"\d\d:\d\d:\d\d ", line)]
    shown = [line for line in lines if "item" in line]
    assert re.fullmatch(r"\S+ rest  GET /items/7 +200  +\d+\.\d ms 1 call", shown[0])
    assert re.fullmatch(r"\S+ mcp   get-item +200  +\d+\.\d ms 1 call", shown[1])
    assert re.fullmatch(r"\S+ mcp   get-item +fail +\d+\.\d ms 1 call 500", shown[2])
    assert len({line.index(" ms") for line in shown}) == 1


def test_upstream_requests_are_logged_at_debug_with_the_ids_of_their_request(
    tmp_path: Path, upstream: Upstream
) -> None:
    arguments = (*shop(tmp_path, upstream), "--log-level", "debug", "--no-access-log")
    with started(*arguments, environment=SHOP_TOKEN) as process:
        problem = httpx.get(f"{process.url('rest')}/items/7").headers["x-request-id"]
        (entry,) = wait_for_entries(process, 1, "GET ")
        assert not [each for each in entries(process) if each["event"] == "request"]
    assert (entry["method"], entry["url"], entry["status"], entry["operation"]) == (
        *("GET", f"{upstream.url}/api/items/7", 200, "shop.get-item"),
    )
    assert (entry["requestId"], entry["level"]) == (problem, "debug")


def test_no_request_is_logged_without_the_access_log(tmp_path: Path, upstream: Upstream) -> None:
    with started(*shop(tmp_path, upstream), "--no-access-log", environment=SHOP_TOKEN) as process:
        response = httpx.get(f"{process.url('rest')}/items/7")
        assert "x-request-id" not in response.headers
        process.kill()
    assert not [line for line in process.lines if line.startswith("{")]


def test_secrets_appear_in_no_line(tmp_path: Path, upstream: Upstream) -> None:
    secret = SHOP_TOKEN["SHOP_TOKEN"]
    upstream.answers(lambda request: Answer(400, f'{{"echo": "{request.header("authorization")}"}}'.encode()))
    arguments = (*shop(tmp_path, upstream), "--log-level", "debug")
    with started(*arguments, environment=SHOP_TOKEN) as process:
        url = process.url("rest")
        httpx.get(
            f"{url}/items?q=x&access_token=callers-secret", headers={"authorization": "Bearer callers-own"}
        )
        httpx.post(f"{url}/items", json={"password": "callers-password"})
        call_tool(process.url("mcp"), "add-item", {"body": {"password": "callers-password"}})
        wait_for_entries(process, 3)
        text = process.text
    assert upstream.received[0].header("authorization") == f"Bearer {secret}"
    for each in (secret, "callers-secret", "callers-own", "callers-password"):
        assert each not in text


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_stderr_that_nobody_reads_breaks_no_request(
    tmp_path: Path, upstream: Upstream, log_format: str
) -> None:
    arguments = (*shop(tmp_path, upstream), *FREE_PORTS, "--log-format", log_format)
    with piped(*arguments, environment=SHOP_TOKEN) as command:
        assert command.stderr is not None
        url = ""
        while READY.encode() not in (line := command.stderr.readline()):
            url = line.decode().split()[1] if line.startswith(b"rest http") else url
        command.stderr.close()
        for _ in range(3):
            assert httpx.get(f"{url}/items/7").status_code == 200


@pytest.mark.parametrize("stream", [None, "closed"])
def test_a_missing_or_closed_stderr_is_ignored(
    stream: str | None, monkeypatch: pytest.MonkeyPatch, restored_logging: None
) -> None:
    del restored_logging
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed if stream else None)
    configure_logs("info")
    logging.getLogger("naftiko_run.somewhere").warning("nobody can read this")
    AccessLog().record(new_trace("rest.request", "id"))


def test_an_internal_error_is_logged_with_its_traceback_and_the_ids_of_the_request() -> None:
    formatter = JsonFormatter()
    try:
        json.loads("{")
    except ValueError:
        record = logging.LogRecord(
            "naftiko_run.x", logging.ERROR, "", 0, "internal error %s", ("7",), sys.exc_info()
        )
    entry = json.loads(formatter.format(record))
    assert (entry["event"], entry["level"]) == ("internal error 7", "error")
    assert "Traceback" in entry["exception"]
    text = TextFormatter(is_terminal=False, colors=False).format(record)
    assert "internal error 7" in text
    assert "Traceback" in text


def test_a_line_break_in_a_message_starts_no_line() -> None:
    record = logging.LogRecord("naftiko_run.x", logging.WARNING, "", 0, "one\ntwo \x1b[31m", (), None)
    assert len(TextFormatter(is_terminal=False, colors=False).format(record).splitlines()) == 1
    assert len(JsonFormatter().format(record).splitlines()) == 1


@pytest.mark.parametrize("columns", [80, 120])
def test_a_line_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    trace = new_trace("rest.request", "id")
    trace.adapter, trace.target, trace.status = "skill", f"DELETE /{'long/' * 40}", 200
    trace.root.duration = 29_999_900_000
    record = logging.LogRecord("naftiko_run.access", logging.INFO, "", 0, AccessEntry(trace), (), None)
    line = TextFormatter(is_terminal=True, colors=False).format(record)
    assert len(line) <= columns
    assert "…" in line


def test_auto_is_text_on_a_terminal(monkeypatch: pytest.MonkeyPatch, restored_logging: None) -> None:
    del restored_logging
    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stderr, os.fdopen(controller, "rb"):
        monkeypatch.setattr(sys, "stderr", stderr)
        configure_logs("info")
        (handler,) = logging.getLogger().handlers
        assert isinstance(handler.formatter, TextFormatter)
        configure_logs("info", "json")
        (handler,) = logging.getLogger().handlers
        assert isinstance(handler.formatter, JsonFormatter)


def test_the_level_can_be_read_and_changed(restored_logging: None) -> None:
    del restored_logging
    for level in ("debug", "info", "warning", "error"):
        set_log_level(level)
        assert log_level() == level


def test_subscribers_receive_lines_of_json_and_slow_ones_miss_some(restored_logging: None) -> None:
    del restored_logging

    async def use() -> list[str]:
        set_log_level("info")
        with subscribe() as queue:
            for number in range(2000):
                logging.getLogger("naftiko_run.x").info("event %d", number)
            await asyncio.sleep(0)
            lines = [queue.get_nowait() for _ in range(queue.qsize())]
        logging.getLogger("naftiko_run.x").info("too late")
        await asyncio.sleep(0)
        assert queue.empty()
        return lines

    lines = asyncio.run(use())
    assert len(lines) == 1000
    assert json.loads(lines[0])["event"] == "event 0"


def test_a_call_of_a_client_on_stdin_is_logged_and_traced(tmp_path: Path, upstream: Upstream) -> None:
    with piped(*shop(tmp_path, upstream), "--stdio", environment=SHOP_TOKEN) as command:
        command.initialize()
        meta = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
        command.request(1, "tools/call", name="get-item", arguments={"id": "7"}, _meta=meta)
        assert not command.answer()["result"]["isError"]
        command.stdin.close()
        command.rest()
        assert command.stderr is not None
        lines = command.stderr.read().decode().splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    (entry,) = [each for each in logged if each.get("operation") == "shop-mcp.get-item"]
    assert (entry["adapter"], entry["target"], entry["status"], entry["upstreamCalls"]) == (
        "mcp",
        "get-item",
        0,
        1,
    )
    assert entry["traceId"] == "0af7651916cd43dd8448eb211c80319c"
    assert "0af7651916cd43dd8448eb211c80319c" in upstream.only.header("traceparent")
