"""A bound variable's name where its value belongs: the braces were forgotten, and the value is sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from document.findings import MARK
from naftiko_run import Capability, Settings, load
from naftiko_run.document.load import load_text
from support.documents import written
from support.upstream import Received, Upstream

BINDS = """\
naftiko: 1.0.0-alpha2
binds:
- namespace: port
  keys: {PORT_TOKEN: TOKEN_OF_PORT, PORT_VERSION: VERSION_OF_PORT, version: LOWER}
"""
CONSUMES = f"""\
consumes:
- namespace: port
  type: http
  baseUri: https://port.example
  authentication:
    type: bearer
    token: PORT_TOKEN  {MARK}
  inputParameters:
  - {{name: X-Version, in: header, value: PORT_VERSION}}  {MARK}
  - {{name: X-Word, in: header, value: version}}
  - {{name: X-Other, in: header, value: PORT_TOKENS}}
  resources:
  - path: /ships
    operations:
    - {{name: list-ships, method: GET}}
    - {{name: count-ships, method: GET}}
"""
EXPOSES = """\
  exposes:
  - type: mcp
    namespace: m
    tools: [{name: t, description: Ships, call: port.list-ships}]
"""
ENVIRONMENT = {"TOKEN_OF_PORT": "t0ken", "VERSION_OF_PORT": "2026-01", "LOWER": "low"}


def whole(consumes: str = CONSUMES) -> str:
    """Return a document that consumes the port in its own text."""
    return BINDS + "capability:\n" + "".join(f"  {line}\n" for line in consumes.splitlines()) + EXPOSES


def sent(capability: Capability, upstream: Upstream) -> Received:
    """Call the tool, and give what the port received."""

    async def call() -> None:
        await capability.function("m.t").invoke({})
        await capability.aclose()

    asyncio.run(call())
    return upstream.only


def test_the_value_is_sent_where_only_the_name_stands(tmp_path: Path, upstream: Upstream) -> None:
    settings = Settings({"port": upstream.url}, environment=ENVIRONMENT)
    request = sent(load(written(tmp_path, whole()), settings), upstream)
    assert request.header("authorization") == "Bearer t0ken"
    assert request.header("x-version") == "2026-01"


def test_words_and_other_names_are_sent_as_they_stand(tmp_path: Path, upstream: Upstream) -> None:
    settings = Settings({"port": upstream.url}, environment=ENVIRONMENT)
    request = sent(load(written(tmp_path, whole()), settings), upstream)
    assert request.header("x-word") == "version"
    assert request.header("x-other") == "PORT_TOKENS"


def test_an_imported_file_may_name_what_its_importer_binds(tmp_path: Path, upstream: Upstream) -> None:
    written(tmp_path, "naftiko: 1.0.0-alpha2\n" + CONSUMES, "port.yaml")
    importing = "capability:\n  consumes: [{import: port, location: ./port.yaml}]\n"
    settings = Settings({"port": upstream.url}, environment=ENVIRONMENT)
    capability = load(written(tmp_path, BINDS + importing + EXPOSES), settings)
    assert sent(capability, upstream).header("authorization") == "Bearer t0ken"
    found = [each for each in capability.diagnostics if each.code == "bare-variable"]
    assert {Path(each.file).name for each in found} == {"port.yaml"}


def test_each_place_is_told_once_with_what_to_write() -> None:
    text = whole()
    found = [each for each in load_text(text).diagnostics if each.code == "bare-variable"]
    marked = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith(MARK)]
    assert [each.line for each in found] == marked
    assert [each.hint for each in found] == [
        "write `token: '{{PORT_TOKEN}}'`",
        "write `value: '{{PORT_VERSION}}'`",
    ]


@pytest.mark.parametrize(
    ("authentication", "header", "value"),
    [
        ("type: apikey\n    key: X-Key\n    value: PORT_TOKEN", "x-key", "t0ken"),
        ("type: apikey\n    headers: {X-Key: PORT_TOKEN}", "x-key", "t0ken"),
        (
            "type: basic\n    username: PORT_VERSION\n    password: PORT_TOKEN",
            "authorization",
            "Basic MjAyNi0wMTp0MGtlbg==",
        ),
    ],
)
def test_every_scheme_has_its_values(
    authentication: str, header: str, value: str, tmp_path: Path, upstream: Upstream
) -> None:
    text = whole(CONSUMES.replace(f"type: bearer\n    token: PORT_TOKEN  {MARK}", authentication))
    capability = load(written(tmp_path, text), Settings({"port": upstream.url}, environment=ENVIRONMENT))
    assert sent(capability, upstream).header(header) == value


def test_the_name_of_a_header_is_no_value(tmp_path: Path, upstream: Upstream) -> None:
    authentication = "type: apikey\n    key: PORT_TOKEN\n    value: '{{PORT_TOKEN}}'"
    text = whole(CONSUMES.replace(f"type: bearer\n    token: PORT_TOKEN  {MARK}", authentication))
    capability = load(written(tmp_path, text), Settings({"port": upstream.url}, environment=ENVIRONMENT))
    assert sent(capability, upstream).header("port_token") == "t0ken"
