"""``naftiko mcp-config``: print the settings with which MCP clients use documents."""

from __future__ import annotations

import os
import re
import shutil
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from naftiko_run.capability import Capability, Settings, load
from naftiko_run.cli.console import error_console, print_fault
from naftiko_run.cli.diagnostics import print_refusal
from naftiko_run.cli.documents import NO_INPUT, NoDocuments, find_documents
from naftiko_run.cli.mcp_clients import CLIENTS, LocalServer, McpClient, McpServer, RemoteServer
from naftiko_run.cli.options import USAGE, UsageFault, parse_ports
from naftiko_run.cli.run import BAD_DOCUMENT, FAILED, OK
from naftiko_run.document.remote import NOT_FETCHED, shown_name
from naftiko_run.errors import ConfigurationError, DocumentError, SharedDocument
from naftiko_run.serve import Addressing, ServeSettings, is_unambiguous, port_variable, stdio_candidates, urls


@dataclass(frozen=True, slots=True)
class ConfigOptions:
    """The command line, as typed."""

    files: tuple[str, ...]
    client: str
    stdio: bool
    host: str
    ports: tuple[str, ...]
    env_files: Sequence[Path] | None
    tools: str = "all"


def show_mcp_config(options: ConfigOptions) -> int:
    """Print the settings for one client on stdout; return the exit code."""
    console = error_console()
    client = CLIENTS[options.client]
    try:
        paths = find_documents(options.files, console)
        if len(paths) > 1:
            paths = _without_skipped(paths, options, console)
        servers = _servers(paths, client, options)
    except DocumentError as fault:
        print_refusal(console, fault)
        return NO_INPUT if fault.diagnostics[0].code in ("no-such-file", NOT_FETCHED) else BAD_DOCUMENT
    except ConfigurationError as fault:
        print_fault(console, fault, "naftiko mcp-config")
        return {UsageFault: USAGE, NoDocuments: NO_INPUT}.get(type(fault), FAILED)
    print(client.write(servers))  # noqa: T201 - the command's data
    others = (
        "" if options.client != "generic" else f"; --client {', '.join(n for n in CLIENTS if n != 'generic')}"
    )
    console.print(f"{client.place}{others}", soft_wrap=True, markup=False)
    return OK


def _without_skipped(paths: Sequence[Path], options: ConfigOptions, console: Console) -> list[Path]:
    """Return the documents without those that only define parts for others, and the bad ones of folders.

    Raises:
        DocumentError: A document that the command line names cannot be served, or none can.
    """
    kept: list[Path] = []
    named = {str(Path(each)) for each in options.files}
    faults: list[DocumentError] = []
    for path in paths:
        try:
            load(path, Settings(env_files=options.env_files))
        except SharedDocument:
            continue
        except DocumentError as fault:
            if str(path) in named or shown_name(str(path)) != str(path):
                raise
            faults.append(fault)
        else:
            kept.append(path)
    if faults and not kept:
        raise faults[0]
    for each in faults:
        print_refusal(console, each)
    return kept


def _servers(paths: Sequence[Path], client: McpClient, options: ConfigOptions) -> list[McpServer]:
    """Return every server of the documents.

    Raises:
        DocumentError: A document cannot be served.
        ConfigurationError: They have none, or the port of one is not valid.
    """
    found: list[McpServer] = []
    if options.stdio or not client.takes_urls:
        found += [each for path in paths for each in _local(path, options)]
    else:
        capabilities = [load(path, Settings(env_files=options.env_files)) for path in paths]
        found += _remote(capabilities, options)
        found += [
            each
            for path, capability in zip(paths, capabilities, strict=True)
            for each in _local(path, options, _stdio_names(capability))
        ]
    if not found:
        raise ConfigurationError(
            "there is no MCP adapter", hint="--stdio serves the operations of a REST adapter as tools"
        )
    return _distinct(found)


def _distinct(servers: Sequence[McpServer]) -> list[McpServer]:
    """Return servers with unique names: those with the same one are numbered."""
    taken: dict[str, int] = {}
    found: list[McpServer] = []
    for each in servers:
        number = taken[each.name] = taken.get(each.name, 0) + 1
        found.append(each if number == 1 else replace(each, name=f"{each.name}-{number}"))
    return found


def _remote(capabilities: Sequence[Capability], options: ConfigOptions) -> Iterator[RemoteServer]:
    addressing = Addressing(options.host, parse_ports(options.ports), dict(os.environ))
    served = urls(capabilities, ServeSettings(addressing, lazy_tools=options.tools == "lazy"))
    servers = [(adapter, url) for adapter, url in served if adapter.type == "mcp"]
    combining = {urlsplit(url).netloc for adapter, url in servers if adapter.capability is None}
    for adapter, url in servers:
        if adapter.capability and not adapter.authentication and urlsplit(url).netloc in combining:
            continue  # its tools are among the combined ones
        name = _name(adapter.namespace)
        # This is also the name of a variable: some clients read the token from one.
        token = f"{port_variable(name).removeprefix('NAFTIKO_PORT_')}_TOKEN"
        yield RemoteServer(name, url, token if adapter.authentication == "bearer" else "")


def _stdio_names(capability: Capability) -> list[str]:
    return [each.name for each in capability.document.exposes if each.is_stdio]


def _local(path: Path, options: ConfigOptions, only: Sequence[str] | None = None) -> Iterator[LocalServer]:
    if only is not None and not only:
        return
    document = path.absolute()
    beside = document.parent / ".env"
    env_files = options.env_files or ([beside] if beside.is_file() else [])
    # In an empty environment, the missing variables are those that the document reads.
    capability = load(path, Settings(environment={}, env_files=env_files))
    for candidate in stdio_candidates(capability, "mcp"):
        name = candidate.exposes.name
        if only is None or name in only:
            chosen = () if is_unambiguous(candidate) else ("--adapter", name)
            files = [
                part for each in options.env_files or () for part in ("--env-file", str(each.absolute()))
            ]
            lazy = ("--tools", "lazy") if options.tools == "lazy" else ()
            arguments = (shown_name(str(document)), "--stdio", *chosen, *lazy, *files)
            yield LocalServer(_name(name), _command(), arguments, tuple(_variables(capability)))


def _variables(capability: Capability) -> Iterator[str]:
    """Return the environment variables that calls need; over stdio nothing else needs any."""
    missing = {each for function in capability.functions.values() for each in function.missing}
    missing |= {each for forward in capability.forwards.values() for each in forward.target.plan.missing}
    yield from sorted(each.name for each in missing if not each.location)


def _command() -> str:
    """Return the command for a client, which does not know about the virtual environment."""
    own = shutil.which("naftiko-run", path=sysconfig.get_path("scripts"))
    return own or shutil.which("naftiko-run") or "naftiko-run"


def _name(namespace: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", namespace) or "capability"
