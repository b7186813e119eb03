"""``naftiko-run``: load documents, tell what was found, serve."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from naftiko_run.capability import Capability, Settings, check_base_uris, load
from naftiko_run.cli.diagnostics import print_diagnostics
from naftiko_run.cli.options import check_level, parse_base_uris, parse_ports, parse_size
from naftiko_run.cli.startup import Startup, error_console, print_fault
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.errors import ConfigurationError, DocumentError
from naftiko_run.serve import Addressing, ServeSettings, Site, serve
from naftiko_run.telemetry import configure_logs

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
BAD_DOCUMENT: Final = 65
NO_INPUT: Final = 66
BAD_CONFIGURATION: Final = 78

_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line, as typed."""

    files: tuple[Path, ...]
    sandbox: bool
    base_uris: tuple[str, ...]
    host: str
    ports: tuple[str, ...]
    strict: bool
    timeout: float
    max_body: str
    allowed_hosts: tuple[str, ...]
    log_level: str


def run_documents(options: RunOptions) -> int:
    """Serve the documents until a signal; give the exit code."""
    console = error_console()
    try:
        settings = Settings(parse_base_uris(options.base_uris), options.sandbox, options.timeout)
        addressing = Addressing(options.host, parse_ports(options.ports), dict(os.environ))
        serving = ServeSettings(addressing, parse_size(options.max_body), options.allowed_hosts)
        configure_logs(check_level(options.log_level))
    except ConfigurationError as fault:
        print_fault(console, fault)
        return USAGE
    try:
        paths = find_documents(options.files)
    except ConfigurationError as fault:
        print_fault(console, fault)
        return NO_INPUT
    capabilities, refused = _load_all(paths, settings)
    for diagnostics in refused:
        print_diagnostics(console, diagnostics)
    if not capabilities or (refused and options.strict):
        absent = all(each.code == "no-such-file" for diagnostics in refused for each in diagnostics)
        return NO_INPUT if absent else BAD_DOCUMENT
    startup = Startup(console, capabilities, sandbox=options.sandbox)
    if options.strict and any(capability.missing() for capability in capabilities):
        startup.print_missing()
        return BAD_CONFIGURATION

    def started(sites: Sequence[Site], left_out: Sequence[Diagnostic]) -> None:
        startup.print(sites, left_out)

    try:
        check_base_uris(capabilities, settings)
        _check_ports(capabilities, addressing)
        serve(capabilities, serving, started)
    except ConfigurationError as fault:
        print_fault(console, fault)
        return FAILED
    except KeyboardInterrupt:
        return OK
    return OK


def find_documents(files: Sequence[Path]) -> list[Path]:
    """Give the documents that paths name: files as they are, folders for the YAML files below them.

    Raises:
        ConfigurationError: A folder holds no document.
    """
    found: dict[Path, None] = {}
    for path in files:
        if not path.is_dir():
            found[path] = None
            continue
        inside = sorted(
            each
            for each in path.rglob("*")
            if each.suffix in _ENDINGS and each.is_file() and not each.name.startswith(".")
        )
        if not inside:
            raise ConfigurationError(
                f"{path}: there is no capability document in this folder",
                hint="put a .yaml file there; in a container, mount a folder of them: "
                "-v $PWD/capabilities:/app/capabilities:ro",
            )
        found.update(dict.fromkeys(inside))
    return list(found)


def _load_all(
    paths: Sequence[Path], settings: Settings
) -> tuple[list[Capability], list[tuple[Diagnostic, ...]]]:
    capabilities: list[Capability] = []
    refused: list[tuple[Diagnostic, ...]] = []
    for path in paths:
        try:
            capabilities.append(load(path, settings))
        except DocumentError as fault:
            refused.append(tuple(each for each in fault.diagnostics if each.is_error))
    return capabilities, refused


def _check_ports(capabilities: Sequence[Capability], addressing: Addressing) -> None:
    """Refuse a ``--port`` for an adapter that no document has."""
    blocks = [exposes for capability in capabilities for exposes in capability.document.exposes]
    known = dict.fromkeys(name for exposes in blocks for name in (exposes.type, exposes.namespace) if name)
    for name in addressing.ports:
        if name not in known:
            raise ConfigurationError(
                f"--port names `{name}`, but no adapter has that type or namespace",
                hint=f"there are: {', '.join(known)}",
            )
