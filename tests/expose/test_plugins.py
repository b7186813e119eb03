"""A third-party adapter: the exposer that the documentation shows, installed and served."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from support.commands import clean_environment, ended
from support.documents import written
from support.plugins import installed_from_the_documentation
from support.process import COMMAND, READY, launched, run
from support.upstream import Upstream
from support.wire import problem

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Weather}
binds:
- {namespace: env, keys: {WEATHER_KEY: WEATHER_KEY}}
capability:
  consumes:
  - type: http
    namespace: weather
    baseUri: UPSTREAM
    resources:
    - path: /cities
      operations: [{name: list-cities, method: GET}]
    - path: /forecast
      inputParameters: [{name: days, in: query}]
      operations: [{name: forecast, method: GET}]
  - type: http
    namespace: locked
    baseUri: UPSTREAM
    authentication: {type: bearer, token: '{{WEATHER_KEY}}'}
    resources: [{path: /locked, operations: [{name: get, method: POST}]}]
"""
MORE = """\
  - {name: locked, call: locked.get}
  - {name: gone, call: weather.gone}
"""
GONE = "it calls `weather.gone`, but `weather` has no operation `gone`"


@pytest.fixture
def document(tmp_path: Path, upstream: Upstream) -> Path:
    """Return a document whose only adapter is the documented one."""
    exposes = installed_from_the_documentation("A protocol", tmp_path)
    lines = "".join(f"  {line}\n" for line in (exposes + MORE).splitlines())
    return written(tmp_path, DOCUMENT.replace("UPSTREAM", upstream.url) + lines)


def installed(document: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(document.parent), "COLUMNS": "200"}


def naftiko_list(document: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ended("naftiko", "list", document, *arguments, environment=installed(document))


def test_it_serves_a_document_that_has_no_other_adapter(document: Path, upstream: Upstream) -> None:
    upstream.answers_json(["Oslo"])
    with launched(document, "--port", "lines=0", environment=installed(document)) as process:
        process.wait_for_line(READY)
        url = process.url("lines")
        assert httpx.get(f"{url}/cities").text == '["Oslo"]\n'
        assert upstream.only.target == "/cities"
        assert problem(httpx.get(f"{url}/towns"), 404)


def test_its_inputs_are_validated_and_have_their_types(document: Path, upstream: Upstream) -> None:
    upstream.answers_json([])
    with launched(document, "--port", "lines=0", environment=installed(document)) as process:
        process.wait_for_line(READY)
        url = process.url("lines")
        assert problem(httpx.get(f"{url}/forecast?days=few"), 400)
        assert upstream.received == []
        assert httpx.get(f"{url}/forecast?days=3").status_code == 200
        assert upstream.only.target == "/forecast?days=3"


def test_start_up_lists_what_it_serves_and_what_is_missing(document: Path, upstream: Upstream) -> None:
    with launched(document, "--port", "lines=0", environment=installed(document)) as process:
        process.wait_for_line(READY)
        lines = process.lines
    assert f"line cities -> weather.list-cities  GET {upstream.url}/cities" in lines
    assert f"line gone not served: {GONE}" in lines
    assert "missing WEATHER_KEY  needed by locked.get" in lines


def test_list_has_its_functions_with_their_inputs(document: Path) -> None:
    done = naftiko_list(document)
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "lines plain  default port" in lines
    assert lines[lines.index("forecast  -> weather.forecast") + 1] == "days  integer"
    assert f"gone  not served: {GONE}" in lines
    assert "nothing exposed calls it" not in done.stdout
    (data,) = json.loads(naftiko_list(document, "--json").stdout)
    assert [each["name"] for each in data["exposes"][0]["units"]] == ["cities", "forecast", "locked", "gone"]
    assert data["exposes"][0]["units"][2]["missing"] == ["WEATHER_KEY"]


def test_validate_shows_where_a_function_is_wrong(document: Path) -> None:
    done = ended("naftiko", "validate", document, environment=installed(document))
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if "error[" in line]
    number = 1 + document.read_text().splitlines().index("    - {name: gone, call: weather.gone}")
    assert line.startswith(f"{document}:{number}:26: error[unknown-operation] `gone` is not served: {GONE}")


@pytest.mark.parametrize(
    ("options", "served"),
    [
        (["--include", "plain.c*"], {"cities"}),
        (["--exclude", "cities", "--exclude", "gone"], {"forecast", "locked"}),
        (["--read-only", "--exclude", "gone"], {"cities", "forecast"}),
    ],
)
def test_filters_apply_to_it(document: Path, options: list[str], served: set[str]) -> None:
    with launched(
        document, "--port", "lines=0", *options, "--sandbox", environment=installed(document)
    ) as process:
        process.wait_for_line(READY)
        listed = [line for line in process.lines if line.startswith("line ")]
        assert {line.split()[1] for line in listed if "not served" not in line} == served
        url = process.url("lines")
        for name in ("cities", "forecast", "locked"):
            assert httpx.get(f"{url}/{name}").status_code == (200 if name in served else 404)


def test_what_is_not_selected_leaves_nothing_to_serve(document: Path) -> None:
    done = run(document, "--include", "nothing-like-it", environment=installed(document))
    assert done.returncode == 2
    assert "--include and --exclude leave nothing to serve" in done.stderr


def test_what_is_not_served_for_a_filter_asks_for_no_credentials(document: Path) -> None:
    document.write_text(document.read_text().replace("    - {name: gone, call: weather.gone}\n", ""))
    options = ("--strict", "--port", "lines=0")
    assert run(document, *options, environment=installed(document)).returncode == 78
    with launched(document, *options, "--exclude", "locked", environment=installed(document)) as process:
        process.wait_for_line(READY)


@pytest.mark.parametrize("is_option", [True, False], ids=["option", "document"])
def test_it_is_served_on_stdin_and_stdout(document: Path, upstream: Upstream, *, is_option: bool) -> None:
    upstream.answers_json(["Oslo"])
    if not is_option:
        text = document.read_text()
        document.write_text(text.replace("  - type: lines\n", "  - type: lines\n    transport: stdio\n"))
    said = "cities\nforecast days=few\nnothing\n"
    done = subprocess.run(
        [COMMAND, document, *(["--stdio"] if is_option else [])],
        input=said,
        env=clean_environment(installed(document)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown, refused, unknown = done.stdout.splitlines()
    assert shown == '["Oslo"]'
    assert refused.startswith("error: ")
    assert "days" in refused
    assert unknown == "error: there is no line `nothing`"
    assert "lines on stdin and stdout  plain" in done.stderr.splitlines()


def test_mcp_config_offers_it_to_no_client(document: Path) -> None:
    done = ended("naftiko", "mcp-config", document, "--stdio", environment=installed(document))
    assert done.returncode == 1
    assert "there is no MCP adapter" in done.stderr


def test_a_block_asks_for_stdio_where_its_type_has_none(document: Path) -> None:
    module = document.parent / "naftiko_lines.py"
    module.write_text(module.read_text().replace("def for_stdio", "def never"))
    text = document.read_text()
    document.write_text(text.replace("  - type: lines\n", "  - type: lines\n    transport: stdio\n"))
    done = run(document, environment=installed(document))
    assert done.returncode == 1
    assert "`plain` has `transport: stdio`, but lines adapters have no stdio transport" in done.stderr
