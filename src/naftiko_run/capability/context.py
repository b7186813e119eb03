"""The context that a document is compiled in: variables, the transport, the addresses of adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from naftiko_run.bindings import Bindings, MaskedBindings, ProviderSettings, read_environment, read_sources
from naftiko_run.capability.capability import Address
from naftiko_run.capability.settings import Settings
from naftiko_run.consume import ConsumeContext, SandboxAddresses, SandboxTransport, http_transport
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document import Document
from naftiko_run.document.model import Exposes
from naftiko_run.errors import BoundVariable
from naftiko_run.expressions import Expression, compile_text, constant
from naftiko_run.locations import scheme_of


def read_variables(settings: Settings, folder: Path, report: Report) -> Mapping[str, str]:
    """Return the variables of the process and of its ``.env`` files."""
    environment, faults = read_environment(settings.environment, folder, settings.env_files)
    for fault in faults:
        report.warning("unreadable-env-file", f"{fault}; its variables are missing", alters_service=True)
    return environment


def build_context(
    document: Document,
    settings: Settings,
    environment: Mapping[str, str],
    prefixes: frozenset[str],
    folder: Path,
) -> ConsumeContext:
    """Return the context of consumed operations; in a sandbox every value is masked."""
    binds = document.binds
    if settings.sandbox:
        return ConsumeContext(
            MaskedBindings(binds, environment),
            SandboxAddresses(binds, environment),
            SandboxTransport(document),
            settings.base_uris,
            prefixes,
            folder,
        )
    sources = read_sources(binds, ProviderSettings(folder, environment, settings.provider_timeout))
    bindings = Bindings(binds, environment, sources)
    return ConsumeContext(
        bindings,
        bindings,
        http_transport(settings.http_client, settings.timeout, settings.limits),
        settings.base_uris,
        prefixes,
        folder,
        settings.max_response,
        settings.timeout,
    )


def inbound_bindings(
    document: Document, context: ConsumeContext, settings: Settings, environment: Mapping[str, str]
) -> Bindings:
    """Return the bindings of callers' credentials: the real values; in a sandbox, those that files contain."""
    if not (context.is_masked and any(each.authentication for each in document.exposes)):
        return context.bindings
    files = [bind for bind in document.binds if bind.location and scheme_of(bind.location) == "file"]
    reading = ProviderSettings(context.folder, environment, settings.provider_timeout)
    return Bindings(document.binds, environment, read_sources(files, reading))


def resolve_addresses(
    document: Document, context: ConsumeContext, environment: Mapping[str, str], report: Report
) -> dict[Pointer, Address]:
    """Return the addresses that adapters listen on; a sandbox reads no provider, and reports nothing as missing."""
    bindings = Bindings(document.binds, environment) if context.is_masked else context.bindings
    found = {each.pointer: _address(each, bindings, report) for each in document.exposes}
    return {at: replace(each, missing=()) for at, each in found.items()} if context.is_masked else found


def _address(exposes: Exposes, bindings: Bindings, report: Report) -> Address:
    missing: dict[BoundVariable, None] = {}

    def resolve(name: str) -> Expression:
        bound = bindings.find_or_environment(name)
        value = bound.value.reveal() if bound.value else ""
        if not value:
            missing[bound.variable] = None
        return constant(value)

    try:
        text = str(compile_text(exposes.address, resolve).evaluate({}))
    except ValueError as fault:
        report.warning(
            "bad-address",
            f"the address is ignored: {fault}",
            (*exposes.pointer, "address"),
            alters_service=True,
        )
        return Address()
    return Address("" if missing else text, tuple(missing))
