"""The settings of MCP clients: each has a format of its own for the servers that it uses."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from naftiko_run import _json


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """A server at a URL.

    Attributes:
        token: The name of the bearer token that callers must send; empty for none.
    """

    name: str
    url: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server that the client starts.

    Attributes:
        variables: The environment variables that it needs.
    """

    name: str
    command: str
    arguments: tuple[str, ...]
    variables: tuple[str, ...] = ()


McpServer = RemoteServer | LocalServer
Writer = Callable[[Sequence[McpServer]], str]


@dataclass(frozen=True, slots=True)
class McpClient:
    """A program that uses MCP servers.

    Attributes:
        place: The place of its settings, or what to do with them.
        write: Returns the settings for servers.
        takes_urls: Whether its settings can have servers at URLs.
    """

    place: str
    write: Writer
    takes_urls: bool = True


def _placeholder(name: str) -> str:
    return f"<{name}>"


def _write_json(key: str, url_key: str = "url", *, http: str = "") -> Writer:
    """Return a writer of JSON with an object of servers under a key.

    Args:
        key: The key.
        url_key: The key of a URL.
        http: The client's name for the type of servers at URLs; empty where it has no types.
    """

    def write(servers: Sequence[McpServer]) -> str:
        members = {each.name: _members(each, _placeholder, url_key, http) for each in servers}
        return _dumped({key: members})

    return write


def _members(server: McpServer, value: Callable[[str], str], url_key: str, http: str) -> dict[str, Any]:
    kind = {"type": http if isinstance(server, RemoteServer) else "stdio"} if http else {}
    if isinstance(server, RemoteServer):
        headers = {"headers": _headers(server, value)} if server.token else {}
        return {**kind, url_key: server.url, **headers}
    env = {"env": {name: value(name) for name in server.variables}} if server.variables else {}
    return {**kind, "command": server.command, "args": list(server.arguments), **env}


def _headers(server: RemoteServer, value: Callable[[str], str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {value(server.token)}"} if server.token else {}


def _vscode(servers: Sequence[McpServer]) -> str:
    """Return ``mcp.json``: the editor asks for credentials, and stores them."""
    asked = dict.fromkeys(name for each in servers for name in _secrets(each))
    inputs = [{"type": "promptString", "id": name, "description": name, "password": True} for name in asked]
    members = {each.name: _members(each, "${{input:{}}}".format, "url", "http") for each in servers}
    return _dumped({"inputs": inputs, "servers": members} if inputs else {"servers": members})


def _secrets(server: McpServer) -> Sequence[str]:
    if isinstance(server, LocalServer):
        return server.variables
    return [server.token] if server.token else []


def _claude_code(servers: Sequence[McpServer]) -> str:
    return "\n".join(shlex.join(["claude", "mcp", "add", *_claude_arguments(each)]) for each in servers)


def _claude_arguments(server: McpServer) -> list[str]:
    if isinstance(server, RemoteServer):
        header = ["--header", f"Authorization: Bearer {_placeholder(server.token)}"] if server.token else []
        return ["--transport", "http", server.name, server.url, *header]
    env = [part for name in server.variables for part in ("--env", f"{name}={_placeholder(name)}")]
    return ["--transport", "stdio", server.name, *env, "--", server.command, *server.arguments]


def _codex(servers: Sequence[McpServer]) -> str:
    """Return TOML; a bearer token is read from the variable of its name."""
    return "\n\n".join(f"[mcp_servers.{_toml(each.name)}]\n{_codex_lines(each)}" for each in servers)


def _codex_lines(server: McpServer) -> str:
    if isinstance(server, RemoteServer):
        token = f"\nbearer_token_env_var = {_toml(server.token)}" if server.token else ""
        return f"url = {_toml(server.url)}{token}"
    pairs = ", ".join(f"{_toml(name)} = {_toml(_placeholder(name))}" for name in server.variables)
    arguments = ", ".join(_toml(each) for each in server.arguments)
    env = f"\nenv = {{ {pairs} }}" if pairs else ""
    return f"command = {_toml(server.command)}\nargs = [{arguments}]{env}"


def _opencode(servers: Sequence[McpServer]) -> str:
    """Return ``opencode.json``, where a command and its arguments are one list."""
    return _dumped(
        {
            "$schema": "https://opencode.ai/config.json",
            "mcp": {each.name: _opencode_members(each) for each in servers},
        }
    )


def _opencode_members(server: McpServer) -> dict[str, Any]:
    if isinstance(server, RemoteServer):
        headers = _headers(server, _placeholder)
        return {"type": "remote", "url": server.url, **({"headers": headers} if headers else {})}
    variables = {name: _placeholder(name) for name in server.variables}
    command = {"type": "local", "command": [server.command, *server.arguments]}
    return {**command, **({"environment": variables} if variables else {})}


def _goose(servers: Sequence[McpServer]) -> str:
    """Return YAML, with the keys that every extension has in Goose's documentation."""
    return _yaml({"extensions": {each.name: _goose_members(each) for each in servers}})


def _goose_members(server: McpServer) -> dict[str, Any]:
    common = {"name": server.name, "enabled": True, "timeout": 300}
    if isinstance(server, RemoteServer):
        headers = _headers(server, _placeholder)
        return {"type": "streamable_http", **common, "uri": server.url, "headers": headers, "envs": {}}
    variables = {name: _placeholder(name) for name in server.variables}
    arguments = list(server.arguments)
    return {"type": "stdio", **common, "cmd": server.command, "args": arguments, "envs": variables}


def _continue(servers: Sequence[McpServer]) -> str:
    """Return a separate YAML file, with references to secrets that Continue stores."""
    members = [_continue_members(each) for each in servers]
    return _yaml({"name": servers[0].name, "version": "0.0.1", "schema": "v1", "mcpServers": members})


def _continue_members(server: McpServer) -> dict[str, Any]:
    value = "${{{{ secrets.{} }}}}".format
    if isinstance(server, RemoteServer):
        headers = _headers(server, value)
        options = {"requestOptions": {"headers": headers}} if headers else {}
        return {"name": server.name, "type": "streamable-http", "url": server.url, **options}
    return {"name": server.name, **_members(server, value, "url", "streamable-http")}


def _yaml(value: Mapping[str, Any]) -> str:
    import yaml  # imported lazily: only two clients need it

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000).rstrip("\n")


def _toml(text: str) -> str:
    """Return a text as a TOML string, which is a JSON string except for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _dumped(value: Mapping[str, Any]) -> str:
    return _json.dumps(value, indent=True).decode()


CLIENTS: Final[Mapping[str, McpClient]] = {
    "generic": McpClient("the format of most clients", _write_json("mcpServers", http="http")),
    "claude-code": McpClient("run this in a shell", _claude_code),
    "claude-desktop": McpClient("in claude_desktop_config.json", _write_json("mcpServers"), takes_urls=False),
    "cline": McpClient(
        "in cline_mcp_settings.json, which Configure MCP Servers opens",
        _write_json("mcpServers", http="streamableHttp"),
    ),
    "codex": McpClient("in ~/.codex/config.toml", _codex),
    "continue": McpClient("in a file of its own under .continue/mcpServers of a workspace", _continue),
    "copilot-cli": McpClient("in ~/.copilot/mcp-config.json", _write_json("mcpServers", http="http")),
    "cursor": McpClient("in ~/.cursor/mcp.json, or .cursor/mcp.json of a project", _write_json("mcpServers")),
    "gemini-cli": McpClient(
        "in ~/.gemini/settings.json, or .gemini/settings.json of a project",
        _write_json("mcpServers", "httpUrl"),
    ),
    "goose": McpClient("in ~/.config/goose/config.yaml", _goose),
    "jetbrains": McpClient(
        "in Settings, Tools, AI Assistant, Model Context Protocol: Add, As JSON", _write_json("mcpServers")
    ),
    "lm-studio": McpClient("in mcp.json, which Install, Edit mcp.json opens", _write_json("mcpServers")),
    "opencode": McpClient("in opencode.json of a project, or ~/.config/opencode/opencode.json", _opencode),
    "vscode": McpClient("in .vscode/mcp.json of a workspace", _vscode),
    "windsurf": McpClient("in ~/.codeium/windsurf/mcp_config.json", _write_json("mcpServers", "serverUrl")),
    "zed": McpClient("in Zed's settings.json", _write_json("context_servers")),
}
"""By their name on the command line."""
