"""``naftiko-run``: load documents, print their diagnostics, and serve them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from rich.console import Console

from naftiko_run.capability import Capability, HttpClient, Settings, load_all
from naftiko_run.cli import bootstrap
from naftiko_run.cli.console import error_console, print_fault, print_warning
from naftiko_run.cli.diagnostics import print_diagnostics, print_refusal
from naftiko_run.cli.documents import EMPTY, NO_INPUT, NoDocuments, documents_at, local_path
from naftiko_run.cli.options import (
    USAGE,
    UsageFault,
    check_level,
    parse_base_uris,
    parse_control_port,
    parse_count,
    parse_ports,
    parse_seconds,
    parse_size_option,
    parse_workers,
    read_state_key,
)
from naftiko_run.cli.reload import Documents
from naftiko_run.cli.startup import Startup
from naftiko_run.consume import Limits, connection_counts
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.remote import NOT_FETCHED
from naftiko_run.errors import ConfigurationError, DocumentError, SharedDocument
from naftiko_run.serve import Addressing, HttpServer, Reloading, ServeSettings, serve
from naftiko_run.telemetry import LogFormat, Telemetry, build_telemetry, configure_logs

OK: Final = 0
FAILED: Final = 1
BAD_DOCUMENT: Final = 65
BAD_CONFIGURATION: Final = 78
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The command line, as typed."""

    files: tuple[str, ...]
    sandbox: bool
    base_uris: tuple[str, ...]
    host: str
    ports: tuple[str, ...]
    env_files: tuple[Path, ...] | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    read_only: bool
    strict: bool
    timeout: str
    max_connections: str
    max_connections_per_origin: str
    max_body: str
    max_result: str
    max_response: str
    tools: str
    allowed_hosts: tuple[str, ...]
    log_level: str
    log_format: LogFormat
    access_log: bool
    stdio: bool
    adapter: str
    workers: str
    reload: bool
    drain: str
    drain_delay: str
    prefix_routes: bool
    control: str | None
    verbose: bool
    http_server: HttpServer
    http_client: HttpClient


class CredentialsMissing(ConfigurationError):
    """Variables are not set, and ``--strict`` refuses to start."""


class StartRefused(Exception):
    """The documents cannot be served; the errors are printed already."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


def run_documents(options: RunOptions) -> int:
    """Serve the documents until a signal; return the exit code."""
    console = error_console()
    try:
        _run(options, console)
    except StartRefused as fault:
        return fault.exit_code
    except ConfigurationError as fault:
        print_fault(console, fault)
        return _exit_code(fault)
    except KeyboardInterrupt:
        return INTERRUPTED
    return OK


def _run(options: RunOptions, console: Console) -> None:
    level = check_level(options.log_level)
    configure_logs(level, options.log_format)
    limits = Limits(
        parse_count(options.max_connections_per_origin, "--max-connections-per-origin"),
        parse_count(options.max_connections, "--max-connections"),
    )
    settings = Settings(
        parse_base_uris(options.base_uris),
        options.sandbox,
        parse_seconds(options.timeout, "--timeout"),
        parse_size_option(options.max_response, "--max-response"),
        limits,
        env_files=options.env_files,
        read_only=options.read_only,
        include=options.include,
        exclude=options.exclude,
        http_client=options.http_client,
    )
    ports = parse_ports(options.ports)
    if options.control:
        ports.setdefault("control", parse_control_port(options.control))
    addressing = Addressing(options.host, ports, dict(os.environ))
    serving = ServeSettings(
        addressing,
        parse_size_option(options.max_body, "--max-body"),
        options.allowed_hosts,
        parse_seconds(options.drain, "--drain", is_zero_allowed=True),
        parse_seconds(options.drain_delay, "--drain-delay", is_zero_allowed=True),
        state_key=read_state_key(os.environ),
        stdio=options.stdio,
        adapter=options.adapter,
        max_result=parse_size_option(options.max_result, "--max-result") if options.max_result else None,
        lazy_tools=options.tools == "lazy",
        workers=parse_workers(options.workers),
        limits=limits,
        prefix_routes=options.prefix_routes,
        refuses_clashes=options.strict,
        skips_unavailable=not options.strict,
        http_server=options.http_server,
        has_control=options.control is not None,
    )
    loaded_at = time.time_ns()
    with redirect_stdout(sys.stderr):  # stdout may belong to a client: plugins must not write to it
        capabilities = _load_all(options.files, settings, console, strict=options.strict)
    _check_options(options, settings, serving, capabilities)
    startup = Startup(console, capabilities, sandbox=options.sandbox, verbose=options.verbose)
    if options.strict and any(capability.missing() for capability in capabilities):
        startup.print_missing()
        raise CredentialsMissing(
            "--strict: not started, because variables are not set",
            hint="set them, or omit --strict to start without the operations that need them",
        )
    telemetry = _telemetry(
        capabilities, level, is_access_logged=options.access_log, has_control=serving.has_control
    )
    serving = replace(serving, telemetry=telemetry)
    documents = Documents(options.files, settings, _check_selection, console, strict=options.strict)
    documents.mark_printed(capabilities)
    reloading = Reloading(
        documents.load, documents.report, documents.watched if options.reload else None, loaded_at
    )
    serve(capabilities, serving, startup.print, bootstrap.finish_loading, reloading)


def _telemetry(
    capabilities: Sequence[Capability], level: str, *, is_access_logged: bool, has_control: bool
) -> Telemetry:
    """Return what records requests.

    Args:
        capabilities: The capabilities that are served.
        level: The log level.
        is_access_logged: Whether each request is logged, at level info.
        has_control: Whether a control adapter is served even if no document has one.

    Raises:
        ConfigurationError: See ``build_telemetry``.
    """
    controls = [
        exposes
        for capability in capabilities
        for exposes in capability.document.exposes
        if exposes.type == "control"
    ]
    telemetry = build_telemetry(
        os.environ,
        [exposes.settings.get("observability") for exposes in controls],
        is_access_logged=is_access_logged and level in ("debug", "info"),
        has_control=has_control or bool(controls),
        is_needed=level == "debug",
    )
    if telemetry.metrics is not None:
        telemetry.metrics.capabilities = len(capabilities)
        telemetry.metrics.connections = connection_counts
    return telemetry


def _exit_code(fault: ConfigurationError) -> int:
    codes = {UsageFault: USAGE, NoDocuments: NO_INPUT, CredentialsMissing: BAD_CONFIGURATION}
    return codes.get(type(fault), FAILED)


def _find_all(files: Sequence[str], console: Console) -> tuple[list[Path], list[Diagnostic]]:
    """Return the documents at paths, each once, and the errors of folders and URLs, which are printed."""
    paths: dict[Path, None] = {}
    faults: list[Diagnostic] = []
    for named in files:
        try:
            paths.update(dict.fromkeys(documents_at(local_path(named, console))))
        except NoDocuments as fault:
            print_fault(console, fault)
            faults.append(fault.diagnostic)
        except DocumentError as fault:
            print_refusal(console, fault)
            faults += fault.diagnostics
    return list(paths), faults


def _load_all(
    files: Sequence[str], settings: Settings, console: Console, *, strict: bool
) -> list[Capability]:
    """Load the documents that can be served, and print the errors of the others.

    Raises:
        StartRefused: A file does not exist, a folder has no document, or nothing can be served; with ``strict``,
            something cannot.
    """
    capabilities: list[Capability] = []
    shared: list[SharedDocument] = []
    paths, refused = _find_all(files, console)
    skipped = 0
    for each in load_all(paths, settings):
        if isinstance(each, Capability):
            capabilities.append(each)
        elif isinstance(each, SharedDocument):
            shared.append(each)
        else:
            print_refusal(console, each)
            refused += [found for found in each.diagnostics if found.is_error]
            skipped += 1
    if any(each.code in ("no-such-file", EMPTY, NOT_FETCHED) for each in refused):
        raise StartRefused(NO_INPUT)
    if strict:
        found = [each for capability in capabilities for each in capability.diagnostics]
        not_served = [each for each in found if each.is_error or each.code == "not-runnable"]
        print_diagnostics(console, not_served)
        refused += not_served
        if refused:
            Startup(console, capabilities, sandbox=settings.sandbox).print_missing()
    elif skipped and capabilities:
        documents = "1 document" if skipped == 1 else f"{skipped} documents"
        verb = "is" if skipped == 1 else "are"
        print_warning(console, f"{documents} that cannot be served {verb} skipped; --strict refuses to start")
    if not capabilities:
        for fault in shared:
            print_refusal(console, fault)
    if not capabilities or (refused and strict):
        raise StartRefused(BAD_DOCUMENT)
    return capabilities


def _check_options(
    options: RunOptions, settings: Settings, serving: ServeSettings, capabilities: Sequence[Capability]
) -> None:
    """Refuse options that contradict what was loaded."""
    if options.adapter and not options.stdio:
        _check_stdio(capabilities)
    _check_base_uris(capabilities, settings)
    if not (options.include or options.exclude):  # with these, an adapter may not be served
        _check_ports(capabilities, serving.addressing, has_control=serving.has_control)
    _check_selection(capabilities)


def _check_stdio(capabilities: Sequence[Capability]) -> None:
    """Refuse ``--adapter`` where no adapter is served on stdin and stdout."""
    if not any(exposes.is_stdio for capability in capabilities for exposes in capability.document.exposes):
        raise UsageFault(
            "--adapter selects the adapter on stdin and stdout, but none is served there",
            hint="add --stdio, or omit --adapter",
        )


def _check_base_uris(capabilities: Sequence[Capability], settings: Settings) -> None:
    """Refuse a ``--base-uri`` for a namespace that no document consumes."""
    known = [consumes.namespace for capability in capabilities for consumes in capability.document.consumes]
    for namespace in settings.base_uris:
        if namespace not in known:
            close = get_close_matches(namespace, known, n=1)
            raise UsageFault(
                f"--base-uri names `{namespace}`, but nothing is consumed under that namespace",
                hint=f"did you mean `{close[0]}`?" if close else f"consumed: {', '.join(known)}",
            )


def _check_selection(capabilities: Sequence[Capability]) -> None:
    """Refuse ``--include`` and ``--exclude`` that together leave nothing."""
    if not any(capability.document.exposes for capability in capabilities):
        raise UsageFault(
            "--include and --exclude leave nothing to serve",
            hint="`naftiko list FILE` lists the names; quote globs, or the shell expands them",
        )


def _check_ports(capabilities: Sequence[Capability], addressing: Addressing, *, has_control: bool) -> None:
    """Refuse a ``--port`` for an adapter that no document has."""
    blocks = [exposes for capability in capabilities for exposes in capability.document.exposes]
    known = dict.fromkeys(name for exposes in blocks for name in (exposes.type, exposes.namespace) if name)
    if has_control:
        known["control"] = None
    for name in addressing.ports:
        if name not in known:
            raise UsageFault(
                f"--port names `{name}`, but no adapter has that type or namespace",
                hint=f"there are: {', '.join(known)}",
            )
