"""Options and the values that they refuse."""

from __future__ import annotations

import re

import httpx
import pytest

import naftiko_run
from naftiko_run.cli.options import (
    check_level,
    parse_base_uris,
    parse_count,
    parse_ports,
    parse_seconds,
    parse_size_option,
    parse_workers,
)
from naftiko_run.errors import ConfigurationError
from naftiko_run.serve.addresses import parse_port
from support.commands import ended
from support.documents import CREDENTIALS, PIPELINES
from support.ports import free_ports
from support.process import READY, launched, run
from support.upstream import Upstream
from support.wire import problem


def test_help_has_every_option_and_examples() -> None:
    result = run("--help", environment={"COLUMNS": "120"})
    assert result.returncode == 0
    assert result.stderr == ""
    for option in (
        "--sandbox",
        "--base-uri",
        "--host",
        "--port",
        "--include",
        "--exclude",
        "--read-only",
        "--strict",
        "--timeout",
        "--max-body",
        "--max-result",
        "--tools",
        "--allow-host",
        "--log-level",
        "--version",
    ):
        assert option in result.stdout
    assert "Examples:" in result.stdout
    assert "naftiko-run capabilities/pipelines-track.yaml --sandbox" in result.stdout
    assert "NAFTIKO_HOST" in result.stdout
    assert "NAFTIKO_PORT_" in result.stdout


def test_version() -> None:
    result = run("--version")
    assert (result.returncode, result.stdout) == (0, f"naftiko-run {naftiko_run.__version__}\n")


@pytest.mark.parametrize("arguments", [[], ["--no-such-option", "x.yaml"]])
def test_wrong_usage_ends_with_2_and_names_the_help(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert "Usage: naftiko-run" in result.stderr
    assert "-h" in result.stderr


def test_options_reach_the_server(upstream: Upstream) -> None:
    chosen, unused, by_variable = free_ports(3)
    arguments = (
        *(PIPELINES, "--base-uri", f"pipelines-track={upstream.url}/staging/", "--timeout", "0.3"),
        *("--max-body", "1KB", "--port", f"rest={chosen}", "--allow-host", "mcp.example"),
    )
    environment = {
        **CREDENTIALS,
        "NAFTIKO_HOST": "localhost",
        "NAFTIKO_PORT_REST": str(unused),
        "NAFTIKO_PORT_PIPELINES_TRACK_MCP": str(by_variable),
    }
    with launched(*arguments, environment=environment) as process:
        process.wait_for_line(READY)
        rest = process.url("rest")
        assert rest == f"http://localhost:{chosen}"
        assert process.url("mcp") == f"http://localhost:{by_variable}/mcp"
        assert httpx.post(f"{rest}/v1/track", json={}).status_code == 200
        assert upstream.only.target == "/staging/track"
        problem(httpx.post(f"{rest}/v1/track", json={"long": "x" * 1000}), 413)
        with upstream.held():
            problem(httpx.post(f"{rest}/v1/track", json={}), 504)
        for host, status in (("mcp.example", 405), ("other.example", 421)):
            assert httpx.get(process.url("mcp"), headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("1", 1),
        ("1048576", 1_048_576),
        ("10MiB", 10 * 1024 * 1024),
        ("500KB", 500_000),
        ("500 kb", 500_000),
        ("1.5k", 1500),
        ("2Gi", 2 * 1024**3),
        ("64b", 64),
    ],
)
def test_sizes(written: str, size: int) -> None:
    assert parse_size_option(written, "--max-body") == size


@pytest.mark.parametrize(
    "written", ["", "0", "-1", "ten", "10XB", "1e3", "KB", "0.1", "10 MiB of it", "9" * 5000]
)
def test_what_is_no_size(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--max-body"):
        parse_size_option(written, "--max-body")


@pytest.mark.parametrize("written", ["0", "-1", "1.5", "9" * 5000])
def test_what_is_no_number(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--max-connections"):
        parse_count(written, "--max-connections")
    with pytest.raises(ConfigurationError, match=r"--workers"):
        parse_workers(written)
    with pytest.raises(ConfigurationError, match=r"is not a port"):
        parse_port(written if written != "0" else "-0", "--port rest=…")


def test_times() -> None:
    assert (parse_seconds("30", "--timeout"), parse_seconds("0.5", "--timeout")) == (30, 0.5)
    assert parse_seconds("0", "--drain-delay", is_zero_allowed=True) == 0


@pytest.mark.parametrize("written", ["", "0", "-1", "soon", "nan", "inf", "5s"])
def test_what_is_no_time(written: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"--timeout: `{written}`")):
        parse_seconds(written, "--timeout")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "http://127.0.0.1",
        "=http://127.0.0.1",
        "a=",
        "a=127.0.0.1:80",
        "a=ftp://host",
        "a=http://",
        "a=http:///path",
        "a=http://host:99999",
        "a=http://host:port",
        "a=http://[::1",
    ],
)
def test_what_is_no_base_uri(written: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"--base-uri: `{written}`")):
        parse_base_uris([written])


@pytest.mark.parametrize(("end", "what"), [("?q=1", "query"), ("?q=1#part", "query"), ("#part", "fragment")])
def test_a_base_uri_with_a_query_or_fragment_is_refused_for_it(end: str, what: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"the URL of `a` has a {what}, which is not used"
    ) as refused:
        parse_base_uris([f"a=http://host/v1{end}"])
    assert refused.value.hint.startswith("write --base-uri a=http://host/v1, ")


def test_base_uris_are_given_by_namespace_the_last_one_wins() -> None:
    written = ["a=http://one", "b=https://[::1]:8443/v1", "a=http://two/x=y"]
    assert parse_base_uris(written) == {"a": "http://two/x=y", "b": "https://[::1]:8443/v1"}


@pytest.mark.parametrize(
    "written", ["8080", "=8080", "rest=", "rest=http", "rest=-1", "rest=65536", "rest=²"]
)
def test_what_is_no_port(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--port"):
        parse_ports([written])


def test_ports_are_given_by_type_or_namespace() -> None:
    assert parse_ports(["rest=8081", "my-mcp=0"]) == {"rest": 8081, "my-mcp": 0}


@pytest.mark.parametrize("written", ["loud", "", "10"])
def test_what_is_no_log_level(written: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_level(written)
    assert refused.value.hint == "write one of debug, info, warning, error"


def test_a_value_that_cannot_be_read_is_one_line_and_ends_with_2() -> None:
    result = run(PIPELINES, "--port", "8080")
    assert result.returncode == 2
    assert result.stderr == ("naftiko-run: error: --port: `8080` has no adapter (write --port rest=8080)\n")


@pytest.mark.parametrize(
    ("command", "option", "told"),
    [
        ("naftiko-run", "--tools", "'some' is not one of 'all', 'lazy'."),
        ("naftiko validate", "--level", "'some' is not one of 'runnable', 'recommended', 'strict'."),
    ],
)
def test_a_choice_that_there_is_not_is_refused_in_one_sentence(command: str, option: str, told: str) -> None:
    name, *words = command.split()
    result = ended(name, *words, PIPELINES, option, "some")
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1] == f"Error: Invalid value for '{option}': {told}"
