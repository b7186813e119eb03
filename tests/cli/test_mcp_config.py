"""`naftiko mcp-config`: settings that each client can read, with no credential in them."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from naftiko_run.cli.mcp_clients import CLIENTS
from naftiko_run.cli.mcp_config import ConfigOptions, show_mcp_config
from support.commands import ended
from support.process import COMMAND, ROOT

DOCUMENT = """\
ikanos: 1.0.0-beta5
info: {label: Harbour}
binds:
- {namespace: env, keys: {API_KEY: API_KEY, CALLERS: CALLERS}}
capability:
  consumes:
  - namespace: api
    type: http
    baseUri: https://harbour.example
    authentication: {type: bearer, token: '{{API_KEY}}'}
    resources: {ships: {path: /ships, operations: {list-ships: {method: GET}}}}
  exposes:
  - type: mcp
    namespace: harbour-tools
    port: 9123
    authentication: {type: bearer, token: '{{CALLERS}}'}
    tools: {ships: {description: All ships, call: api.list-ships}}
"""
SECOND = """\
  - type: mcp
    namespace: pier
    transport: stdio
    tools: {ships: {description: All ships, call: api.list-ships}}
"""
REST_ONLY = DOCUMENT.partition("  exposes:")[0] + (
    "  exposes:\n  - type: rest\n    namespace: harbour-rest\n    resources:\n"
    "      ships: {path: /ships, operations: {ships: {method: GET, call: api.list-ships}}}\n"
)
CONTAINERS = {
    "generic": "mcpServers",
    "claude-desktop": "mcpServers",
    "cline": "mcpServers",
    "copilot-cli": "mcpServers",
    "cursor": "mcpServers",
    "gemini-cli": "mcpServers",
    "jetbrains": "mcpServers",
    "lm-studio": "mcpServers",
    "vscode": "servers",
    "windsurf": "mcpServers",
    "zed": "context_servers",
}
URL_KEYS = {"gemini-cli": "httpUrl", "windsurf": "serverUrl"}
TYPES = {"generic": "http", "cline": "streamableHttp", "copilot-cli": "http", "vscode": "http"}
URL = "http://127.0.0.1:9123/mcp"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "secret-one")
    monkeypatch.setenv("CALLERS", "secret-two")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return written(tmp_path, DOCUMENT)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "harbour with space.yaml"
    file.write_text(text)
    return file


def shown(
    capsys: pytest.CaptureFixture[str],
    file: Path,
    client: str,
    *,
    stdio: bool = False,
    ports: tuple[str, ...] = (),
) -> str:
    assert show_mcp_config(ConfigOptions((str(file),), client, stdio, "", ports, None)) == 0
    told = capsys.readouterr()
    assert not re.search("secret-(one|two)", told.out + told.err)
    assert CLIENTS[client].place in told.err
    return told.out


def launched(file: Path, *more: str) -> dict[str, Any]:
    return {"command": str(COMMAND), "args": [str(file), "--stdio", *more]}


@pytest.mark.parametrize("client", sorted(CONTAINERS.keys() - {"claude-desktop"}))
def test_a_url_with_a_place_for_the_token(
    capsys: pytest.CaptureFixture[str], document: Path, client: str
) -> None:
    told = json.loads(shown(capsys, document, client))
    server = told[CONTAINERS[client]]["harbour-tools"]
    assert server[URL_KEYS.get(client, "url")] == URL
    assert server.get("type") == TYPES.get(client)
    token = "${input:HARBOUR_TOOLS_TOKEN}" if client == "vscode" else "<HARBOUR_TOOLS_TOKEN>"
    assert server["headers"] == {"Authorization": f"Bearer {token}"}
    if client == "vscode":
        assert [each["id"] for each in told["inputs"]] == ["HARBOUR_TOOLS_TOKEN"]


@pytest.mark.parametrize("client", sorted(CONTAINERS))
def test_a_command_with_places_for_the_variables(
    capsys: pytest.CaptureFixture[str], document: Path, client: str
) -> None:
    told = json.loads(shown(capsys, document, client, stdio=True))
    server = told[CONTAINERS[client]]["harbour-tools"]
    value = "${input:API_KEY}" if client == "vscode" else "<API_KEY>"
    assert server.pop("type", "stdio") == "stdio"
    assert server == {**launched(document), "env": {"API_KEY": value}}


def test_claude_desktop_starts_the_server_itself_for_it_takes_no_urls(
    capsys: pytest.CaptureFixture[str], document: Path
) -> None:
    told = json.loads(shown(capsys, document, "claude-desktop"))
    assert told["mcpServers"]["harbour-tools"]["command"] == str(COMMAND)


def test_codex_reads_toml(capsys: pytest.CaptureFixture[str], document: Path) -> None:
    remote = tomllib.loads(shown(capsys, document, "codex"))
    expected = {"url": URL, "bearer_token_env_var": "HARBOUR_TOOLS_TOKEN"}
    assert remote == {"mcp_servers": {"harbour-tools": expected}}
    local = tomllib.loads(shown(capsys, document, "codex", stdio=True))
    assert local["mcp_servers"]["harbour-tools"] == {**launched(document), "env": {"API_KEY": "<API_KEY>"}}


def test_opencode_reads_a_command_as_one_list(capsys: pytest.CaptureFixture[str], document: Path) -> None:
    remote = json.loads(shown(capsys, document, "opencode"))["mcp"]["harbour-tools"]
    headers = {"Authorization": "Bearer <HARBOUR_TOOLS_TOKEN>"}
    assert remote == {"type": "remote", "url": URL, "headers": headers}
    local = json.loads(shown(capsys, document, "opencode", stdio=True))["mcp"]["harbour-tools"]
    command = [str(COMMAND), str(document), "--stdio"]
    assert local == {"type": "local", "command": command, "environment": {"API_KEY": "<API_KEY>"}}


def test_goose_reads_yaml(capsys: pytest.CaptureFixture[str], document: Path) -> None:
    common = {"name": "harbour-tools", "enabled": True, "timeout": 300}
    remote = yaml.safe_load(shown(capsys, document, "goose"))["extensions"]["harbour-tools"]
    headers = {"Authorization": "Bearer <HARBOUR_TOOLS_TOKEN>"}
    assert remote == {**common, "type": "streamable_http", "uri": URL, "headers": headers, "envs": {}}
    local = yaml.safe_load(shown(capsys, document, "goose", stdio=True))["extensions"]["harbour-tools"]
    command = {"cmd": str(COMMAND), "args": [str(document), "--stdio"]}
    assert local == {**common, "type": "stdio", **command, "envs": {"API_KEY": "<API_KEY>"}}


def test_continue_reads_yaml_and_keeps_secrets_itself(
    capsys: pytest.CaptureFixture[str], document: Path
) -> None:
    told = yaml.safe_load(shown(capsys, document, "continue"))
    headers = {"Authorization": "Bearer ${{ secrets.HARBOUR_TOOLS_TOKEN }}"}
    server = {"name": "harbour-tools", "type": "streamable-http", "url": URL}
    assert told == {
        "name": "harbour-tools",
        "version": "0.0.1",
        "schema": "v1",
        "mcpServers": [{**server, "requestOptions": {"headers": headers}}],
    }
    (local,) = yaml.safe_load(shown(capsys, document, "continue", stdio=True))["mcpServers"]
    env = {"API_KEY": "${{ secrets.API_KEY }}"}
    assert local == {"name": "harbour-tools", "type": "stdio", **launched(document), "env": env}


def test_claude_code_is_told_in_a_shell(capsys: pytest.CaptureFixture[str], document: Path) -> None:
    add = ["claude", "mcp", "add", "--transport"]
    header = ["--header", "Authorization: Bearer <HARBOUR_TOOLS_TOKEN>"]
    remote = shlex.split(shown(capsys, document, "claude-code"))
    assert remote == [*add, "http", "harbour-tools", URL, *header]
    local = shlex.split(shown(capsys, document, "claude-code", stdio=True))
    env = ["--env", "API_KEY=<API_KEY>"]
    assert local == [*add, "stdio", "harbour-tools", *env, "--", str(COMMAND), str(document), "--stdio"]


def test_ports_are_said_as_for_serving(capsys: pytest.CaptureFixture[str], document: Path) -> None:
    told = json.loads(shown(capsys, document, "generic", ports=("mcp=9999",)))
    assert told["mcpServers"]["harbour-tools"]["url"] == "http://127.0.0.1:9999/mcp"


def test_an_adapter_on_stdio_is_started_and_the_others_have_urls(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = written(tmp_path, DOCUMENT + SECOND)
    servers = json.loads(shown(capsys, file, "cursor"))["mcpServers"]
    assert servers["harbour-tools"]["url"] == URL
    assert servers["pier"]["args"] == [str(file), "--stdio", "--adapter", "pier"]


def test_operations_are_tools_over_stdio_only(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, REST_ONLY)
    servers = json.loads(shown(capsys, file, "cursor", stdio=True))["mcpServers"]
    assert servers["harbour-rest"]["args"] == [str(file), "--stdio"]
    assert (
        show_mcp_config(ConfigOptions((str(file),), "cursor", stdio=False, host="", ports=(), env_files=None))
        == 1
    )
    assert "--stdio serves the operations of a REST adapter as tools" in capsys.readouterr().err


def test_a_variable_beside_the_document_needs_no_place(
    capsys: pytest.CaptureFixture[str], document: Path
) -> None:
    (document.parent / ".env").write_text("API_KEY=secret-three\n")
    servers = json.loads(shown(capsys, document, "cursor", stdio=True))["mcpServers"]
    assert servers == {"harbour-tools": launched(document)}


def test_the_command_prints_settings_and_says_where_they_go(tmp_path: Path) -> None:
    done = ended("naftiko", "mcp-config", "capabilities/pipelines-track.yaml", cwd=ROOT)
    assert done.returncode == 0
    servers = json.loads(done.stdout)["mcpServers"]
    assert servers == {"pipelines-track-mcp": {"type": "http", "url": "http://127.0.0.1:9090/mcp"}}
    others = re.search(r"--client (.*)", done.stderr)
    assert others is not None
    assert {*others[1].split(", "), "generic"} == CLIENTS.keys()
    absent = ended("naftiko", "mcp-config", tmp_path / "absent.yaml")
    assert absent.returncode == 66
