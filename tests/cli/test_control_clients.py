"""``naftiko health``, ``status``, ``metrics``, ``traces``, ``top``, ``logs``, ``reload`` and ``scripting``."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from expose.control_documents import EVERYTHING, SCRIPTS, SHOP, TEXT, recorded, telemetry, write_document
from naftiko_run import Settings
from naftiko_run.telemetry.logs import log_level, set_log_level
from naftiko_run.telemetry.trace import Trace
from support.commands import clean_environment, ended, start
from support.ports import free_ports
from support.server import Served, serving

SET = Settings(environment={"SHOP_TOKEN": "t-1234567"})
UNSET = Settings(environment={})
GUARD = "    authentication: {type: %s}\n"


def naftiko(served: Served, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    _, _, port = served.origin("control").rpartition(":")
    return ended("naftiko", *arguments, environment={"NAFTIKO_CONTROL_PORT": port, **environment})


@contextmanager
def shop(folder: Path, *traces: Trace, settings: Settings = SET, more: str = "") -> Iterator[Served]:
    document = write_document(folder, SHOP + EVERYTHING + more)
    with serving(document, settings=settings, telemetry=telemetry(*traces)) as served:
        yield served


@pytest.fixture(autouse=True)
def _level_as_before() -> Iterator[None]:
    before = logging.getLogger("naftiko_run").level
    yield
    logging.getLogger("naftiko_run").setLevel(before)


def test_health(tmp_path: Path) -> None:
    with shop(tmp_path) as served:
        result = naftiko(served, "health")
        data = json.loads(naftiko(served, "health", "--json").stdout)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Liveness: UP\nReadiness: UP (3/3 adapters started)\n"
    assert data["live"] == {"status": "UP"}
    assert [each["state"] for each in data["ready"]["adapters"]] == ["started"] * 3


def test_a_process_that_is_not_ready_fails_with_the_reason(tmp_path: Path) -> None:
    with shop(tmp_path, settings=UNSET) as served:
        result = naftiko(served, "health")
        as_json = naftiko(served, "health", "--json")
    assert result.returncode == 1
    first, second, third = result.stdout.splitlines()
    assert (first, second) == ("Liveness: UP", "Readiness: DEGRADED (3/3 adapters started)")
    assert third.startswith("  rest  shop-rest  port ")
    assert third.endswith("  started  missing SHOP_TOKEN")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["ready"]["status"] == "DEGRADED"


def test_nothing_listens() -> None:
    (port,) = free_ports(1)
    for command in ("health", "status", "metrics", "traces", "top", "logs", "reload", "scripting"):
        result = ended("naftiko", command, "--port", str(port))
        assert (result.returncode, result.stdout) == (69, "")
        assert result.stderr.startswith(
            f"naftiko {command}: error: no control adapter answers at http://127.0.0.1:{port} ("
        )
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("scheme", "option", "variable", "value"),
    [
        ("bearer, token: c-1234567", "--token", "NAFTIKO_CONTROL_TOKEN", "c-1234567"),
        ("basic, username: me, password: 'a:b'", "--user", "NAFTIKO_CONTROL_USER", "me:a:b"),
        ("digest, username: me, password: pw", "--user", "NAFTIKO_CONTROL_USER", "me:pw"),
    ],
)
def test_authentication(tmp_path: Path, scheme: str, option: str, variable: str, value: str) -> None:
    with shop(tmp_path, more=GUARD % scheme) as served:
        without = naftiko(served, "health")
        wrong = naftiko(served, "health", option, "me:no")
        by_option = naftiko(served, "health", option, value)
        by_variable = naftiko(served, "status", **{variable: value})
    assert without.returncode == 77
    assert "requires authentication (use --token or --user" in without.stderr
    assert wrong.returncode == 77
    assert "rejects these credentials" in wrong.stderr
    assert (by_option.returncode, by_variable.returncode) == (0, 0)


def test_the_address_is_an_option_a_variable_or_that_of_a_document(tmp_path: Path) -> None:
    with shop(tmp_path) as served:
        origin = served.origin("control")
        port = origin.rpartition(":")[2]
        found = [
            ended("naftiko", "health", "--address", origin),
            ended("naftiko", "health", "--address", "localhost", "--port", port),
            ended("naftiko", "health", environment={"IKANOS_CONTROL_PORT": port}),
            ended("naftiko", "health", environment={"NAFTIKO_CONTROL_ADDRESS": origin}),
        ]
        (tmp_path / "shop.yaml").write_text(SHOP.replace("9095", port))
        (tmp_path / "broken.yaml").write_text("[")
        found.append(ended("naftiko", "health", cwd=tmp_path))
    assert [each.returncode for each in found] == [0] * 5, [each.stderr for each in found]


@pytest.mark.parametrize(
    "arguments", [("--port", "x"), ("--address", "ftp://a"), ("--address", "a b"), ("--user", "nobody")]
)
def test_options_that_are_invalid(arguments: tuple[str, ...]) -> None:
    result = ended("naftiko", "health", *arguments)
    assert result.returncode == 2
    assert arguments[0] in result.stderr


def test_another_server_is_no_control_adapter(tmp_path: Path) -> None:
    with shop(tmp_path) as served:
        result = ended("naftiko", "status", "--address", served.origin("rest"))
    assert result.returncode == 1
    assert "does not serve GET /status (turn it on under `management`" in result.stderr


def test_status(tmp_path: Path) -> None:
    with shop(tmp_path, settings=UNSET) as served:
        result = naftiko(served, "status")
        data = json.loads(naftiko(served, "status", "--json").stdout)
    lines = result.stdout.splitlines()
    assert result.returncode == 0
    assert lines[0].startswith("engine ")
    assert " Python 3." in lines[0]
    assert lines[2] == "telemetry active"
    assert lines[3] == f"capability Shop  1.4.0  {tmp_path / 'shop.yaml'}"
    assert lines[-1] == "missing SHOP_TOKEN  needed by shop.list-orders"
    assert data["capability"]["display"] == "Shop"


def test_metrics(tmp_path: Path) -> None:
    with shop(tmp_path) as served:
        assert naftiko(served, "metrics").stdout == TEXT
        assert naftiko(served, "metrics", "--filter", "^naftiko_up$").stdout == TEXT
        assert naftiko(served, "metrics", "--filter", "down").stdout == ""
        data = json.loads(naftiko(served, "metrics", "--json").stdout)
        refused = naftiko(served, "metrics", "--filter", "(")
    assert data == [{"name": "naftiko_up", "labels": {}, "value": 1.0}]
    assert (refused.returncode, "not a regular expression" in refused.stderr) == (2, True)


def test_traces(tmp_path: Path) -> None:
    slow, quick = recorded("rest.request", 1234, error="502"), recorded("mcp.request", 2.25)
    with shop(tmp_path, slow, quick) as served:
        result = naftiko(served, "traces")
        failed = naftiko(served, "traces", "--status", "error", "--min-duration", "1000")
        data = json.loads(naftiko(served, "traces", "--limit", "1", "--json").stdout)
        refused = naftiko(served, "traces", "--limit", "x")
        none = naftiko(served, "traces", "--operation", "nothing")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [
        ["TRACE", "ID", "OPERATION", "DURATION", "STATUS", "SPANS", "TIME"],
        [quick.hex_id, "mcp", "GET", "/orders", "2.2", "ms", "OK", "2", "14:13:20"],
        [slow.hex_id, "rest", "GET", "/orders", "1.23", "s", "ERROR", "502", "2", "14:13:20"],
    ]
    assert [slow.hex_id in failed.stdout, quick.hex_id in failed.stdout] == [True, False]
    assert [each["traceId"] for each in data["traces"]] == [quick.hex_id]
    assert (refused.returncode, "`limit` is a number of 0 or more" in refused.stderr) == (1, True)
    assert (none.returncode, none.stderr) == (0, "no request matches\n")


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_of_traces_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    trace = recorded("rest.request", 1234, error="UpstreamTimeout")
    trace.target = "GET /a-path-that/is-longer-than/its-column/in-the-table"
    with shop(tmp_path, trace) as served:
        shown = naftiko(served, "traces", COLUMNS=str(columns)).stdout
    assert max(map(len, shown.splitlines())) <= columns
    assert trace.hex_id in shown
    folded = "".join(shown.split())
    assert "1.23s" in folded
    for each in ("UpstreamTimeout", "in-the-table"):
        assert set(each) <= set(folded)


def test_one_trace_is_a_tree(tmp_path: Path) -> None:
    trace = recorded("rest.request", 21, error="502")
    with shop(tmp_path, trace) as served:
        result = naftiko(served, "traces", trace.hex_id)
        data = json.loads(naftiko(served, "traces", trace.hex_id, "--json").stdout)
        lost = naftiko(served, "traces", "0123")
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        f"{trace.hex_id}  2026-09-21T14:13:20.000Z",
        "GET /orders  rest.request  21 ms  ERROR 502",
        "└── http.client.GET  3.0 ms  ERROR 502  url.full=https://shop.example/orders",
    ]
    assert len(data["spans"]) == 2
    assert (lost.returncode, "Trace not found: 0123" in lost.stderr) == (1, True)


def test_the_log_level(tmp_path: Path) -> None:
    set_log_level("info")
    with shop(tmp_path) as served:
        assert naftiko(served, "logs").stdout == "level  info\n"
        assert naftiko(served, "logs", "--level", "debug").stdout == "level  debug\n"
        assert log_level() == "debug"
        refused = naftiko(served, "logs", "--level", "loud")
    assert (refused.returncode, "write {" in refused.stderr) == (1, True)


def test_logs_are_followed_until_the_server_drains(tmp_path: Path) -> None:
    set_log_level("info")
    with shop(tmp_path) as served:
        environment = {"NAFTIKO_CONTROL_ADDRESS": served.origin("control")}
        process = start(
            "naftiko",
            "logs",
            "--follow",
            "--json",
            environment=clean_environment(environment),
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        line = b""
        while not line:  # records that are written before it has subscribed are not sent
            logging.getLogger("naftiko_run.test").warning("something happened")
            line = _line_if_there_is_one(process.stdout)
        assert json.loads(line)["event"] == "something happened"
    assert process.wait(20) == 0
    process.stdout.close()


def _line_if_there_is_one(stream: Any) -> bytes:
    import select

    readable, _, _ = select.select([stream], [], [], 0.05)
    line: bytes = stream.readline() if readable else b""
    return line


def test_reload(tmp_path: Path) -> None:
    with shop(tmp_path) as served:
        result = naftiko(served, "reload")
    assert result.returncode == 1
    assert "cannot reload its documents" in result.stderr


def test_scripting(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SCRIPTS), settings=UNSET) as served:
        shown = naftiko(served, "scripting")
        changed = naftiko(
            served, "scripting", "--set", "timeout=5000", "--set", "allowedLanguages=javascript,python"
        )
        disabled = naftiko(served, "scripting", "--set", "enabled=false", "--json")
        refused = naftiko(served, "scripting", "--set", "timeout=1", "--set", "speed=9")
        after = json.loads(naftiko(served, "scripting", "--json").stdout)
        malformed = naftiko(served, "scripting", "--set", "timeout")
    assert "enabled  true\n" in shown.stdout
    assert "totalExecutions  0\n" in shown.stdout
    assert "timeout  5000\n" in changed.stdout
    assert "allowedLanguages  javascript, python\n" in changed.stdout
    assert json.loads(disabled.stdout)["enabled"] is False
    assert (refused.returncode, "`speed` is not a script setting" in refused.stderr) == (1, True)
    assert after["timeout"] == 5000
    assert malformed.returncode == 2
