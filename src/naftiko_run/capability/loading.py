"""Load a document in its context (variables, the transport, the addresses of adapters), and compile it to a capability."""

from __future__ import annotations

import difflib
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, NoReturn

from naftiko_run import plugins
from naftiko_run.bindings import Bindings, MaskedBindings, ProviderSettings, read_environment, read_sources
from naftiko_run.capability.access import compile_access
from naftiko_run.capability.adapter_type import AdapterType, BlockParser, find_adapter_type
from naftiko_run.capability.capability import Address, Capability
from naftiko_run.capability.compile import BlockCompiler, Compiled, TemplateIndex, compile_aggregate
from naftiko_run.capability.selection import Selection
from naftiko_run.consume import (
    DEFAULT_LIMITS,
    DEFAULT_MAX_RESPONSE,
    DEFAULT_SECONDS,
    ConsumeContext,
    Limits,
    OperationRegistry,
    SandboxAddresses,
    SandboxTransport,
    http_transport,
)
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document import Document, LoadedDocument, load_document
from naftiko_run.document.model import Exposes
from naftiko_run.document.parallel import load_documents
from naftiko_run.errors import BoundVariable, DocumentError
from naftiko_run.expressions import Expression, compile_text, constant
from naftiko_run.invoke import (
    Function,
    FunctionCompiler,
    ScriptCompiler,
    ScriptDefaults,
    ScriptRefused,
)
from naftiko_run.locations import scheme_of
from naftiko_run.urls import is_loopback

_FASTEST: Final = 1
"""The compression level of the texts of documents: they are rarely read again."""

HttpClient = Literal["naftiko", "httpx"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How capabilities are loaded.

    Attributes:
        base_uris: Base URIs by consumed namespace that replace the documents'.
        sandbox: Answer every consumed call in the process, and send nothing.
        timeout: Timeout of a call in seconds where the document sets none; of a streamed response, of each chunk.
        max_response: Maximum size of a response in memory in bytes, before and after decompression.
        limits: Maximum numbers of connections to upstreams; those of ``ServeSettings`` apply while serving.
        environment: Values of ``{{env.X}}``.
        env_files: Files with more variables; None for ``.env`` in the working directory and beside the document.
        provider_timeout: Timeout in seconds for reading all bindings of a document.
        read_only: Serve only read-only operations.
        include: Globs on names; only what matches one is served; see ``Selection``.
        exclude: Globs on names; nothing that matches one is served.
        http_client: The HTTP client for upstreams: our own, or httpx.
    """

    base_uris: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False
    timeout: float = DEFAULT_SECONDS
    max_response: int = DEFAULT_MAX_RESPONSE
    limits: Limits = DEFAULT_LIMITS
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    env_files: Sequence[Path] | None = None
    provider_timeout: float = 10.0
    read_only: bool = False
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    http_client: HttpClient = "naftiko"

    def is_replaced(self, namespace: str) -> bool:
        """Return whether the base URI of a consumed namespace is overridden."""
        return self.sandbox or namespace in self.base_uris


def load(path: str | os.PathLike[str], settings: Settings | None = None) -> Capability:
    """Load a capability document and compile it.

    Args:
        path: The YAML file.
        settings: How to load it.

    Raises:
        DocumentError: Nothing in it can be run; carries every diagnostic.
    """
    settings = settings or Settings()
    return compile_capability(load_document(Path(path), settings.is_replaced), settings)


def load_all(paths: Sequence[Path], settings: Settings) -> Iterator[Capability | DocumentError]:
    """Load documents and compile them, the documents in worker processes if there are many.

    Must not be called while other threads run.

    Yields:
        The capability of each file, in order, or the error of a document in which nothing can be run.
    """
    for loaded in load_documents(paths, settings.is_replaced):
        if isinstance(loaded, DocumentError):
            yield loaded
            continue
        try:
            yield compile_capability(loaded, settings)
        except DocumentError as fault:
            yield fault


def _place_of(variable: BoundVariable, document: Document) -> Pointer:
    """Return where a document binds a variable; the root if it uses the variable without binding it."""
    for bind in reversed(document.binds):
        for name, key in bind.keys.items():
            is_bound = (name, key) == (variable.name, variable.key) if bind.location else key == variable.name
            if is_bound and bool(bind.location) == bool(variable.location):
                return (*bind.pointer, "keys", name)
    return ()


def compile_capability(loaded: LoadedDocument, settings: Settings) -> Capability:
    """Compile a loaded document.

    Raises:
        DocumentError: Nothing in it can be run; carries every diagnostic.
    """
    report = loaded.origins.report()
    report.extend(loaded.diagnostics)
    parsed = _parse_blocks(loaded.document, report)
    selection = Selection(settings.include, settings.exclude)
    document = _select(parsed, selection)
    folder = loaded.source.folder
    namespaces = [each.namespace for each in parsed.owners() if each.namespace]
    prefixes = frozenset({"rest", "tools", *namespaces})
    environment = read_variables(settings, folder, report)
    context = replace(
        build_context(document, settings, environment, prefixes, folder), place_of=report.place_of
    )
    scripts = ScriptCompiler(_script_defaults(document, environment, report), folder)
    compiler = FunctionCompiler(
        OperationRegistry(document, context), context.bindings, prefixes, scripts, report, settings.read_only
    )
    compiled = _compile(document, compiler, folder)
    addresses = resolve_addresses(document, context, environment, report)
    inbound = inbound_bindings(document, context, settings, environment)
    access = compile_access(document, inbound, report)
    for variable in {**context.bindings.trimmed, **context.addresses.trimmed, **inbound.trimmed}:
        report.warning(
            "trimmed-value",
            f"the value of {variable.shown} has spaces or line breaks around it, which were removed",
            _place_of(variable, document),
            hint="remove them where the value is set",
            alters_service=True,
        )
    refused = {pointer: each.refusal for pointer, each in access.items() if each.refusal}
    refused |= _refuse_unguarded(document, addresses, report)
    is_served = any(each.pointer not in refused for each in document.exposes)
    if not is_served or not (compiled.served or compiled.withheld or _only_guards_process(document)):
        if document is parsed:
            _refuse(document, report)
        # The document itself may be at fault, whatever is selected.
        compile_capability(loaded, replace(settings, include=(), exclude=()))
    refusals = {each.target.refusal: each.target.refused_at for each in compiled.forwards.values()}
    refusals |= {each.refusal: _refused_at(each) for each in compiled.functions.values()}
    for refusal, at in refusals.items():
        if refusal:
            report.warning("cannot-be-called", f"calls will fail: {refusal}", at, alters_service=True)
    _report_unknown_types(document, report)
    return Capability(
        file=loaded.file,
        document=document,
        diagnostics=tuple(report),
        functions=compiled.functions,
        forwards=compiled.forwards,
        folders=compiled.folders,
        prompts=compiled.prompts,
        unavailable={**compiled.unavailable, **refused},
        addresses=addresses,
        access=access,
        transport=context.transport,
        scripts=scripts,
        _text=zlib.compress(loaded.source.text.encode("utf-8", "surrogatepass"), _FASTEST),
        unmatched=frozenset(selection.unmatched),
        fingerprints=loaded.fingerprints,
    )


def _parse_blocks(document: Document, report: Report) -> Document:
    """Return a document with every adapter in the model of its type."""
    parser = BlockParser(document, report)
    parsed = [
        adapter_type.parse(exposes, parser) if (adapter_type := find_adapter_type(exposes.type)) else exposes
        for exposes in document.exposes
    ]
    return replace(document, exposes=tuple(parsed))


def _select(document: Document, selection: Selection) -> Document:
    """Return the selected part of a document; the document itself where that is all of it."""
    selected = {
        exposes.pointer: adapter_type.select(exposes, selection) if adapter_type else exposes
        for exposes, adapter_type in _derived_last(document)
    }
    if selection.is_everything:
        return document
    in_order = (selected[each.pointer] for each in document.exposes)
    return replace(document, exposes=tuple(each for each in in_order if each is not None))


def _compile(document: Document, compiler: FunctionCompiler, folder: Path) -> Compiled:
    """Compile everything that the adapters and aggregates of a document offer."""
    compiled = Compiled()
    for owner in document.owners():
        compiled.unavailable.update({each.pointer: each.reason for each in owner.unavailable})
    templates = TemplateIndex(document)
    for exposes, adapter_type in _derived_last(document):
        if adapter_type is not None:
            block_compiler = BlockCompiler(compiled, folder, compiler, templates, exposes.max_binary_size)
            adapter_type.compile(exposes, block_compiler)
    for aggregate in document.aggregates:
        compile_aggregate(aggregate, BlockCompiler(compiled, folder, compiler, templates))
    return compiled


def _derived_last(document: Document) -> list[tuple[Exposes, AdapterType | None]]:
    """Return the adapters with their types, None where it is not installed; those made of others come last."""
    adapters = [(exposes, find_adapter_type(exposes.type)) for exposes in document.exposes]
    return sorted(adapters, key=lambda each: each[1] is not None and each[1].is_derived)


def _script_defaults(document: Document, environment: Mapping[str, str], report: Report) -> ScriptDefaults:
    """Return the settings of scripts in the control adapter."""
    for exposes in document.exposes:
        management = exposes.settings.get("management")
        if exposes.type == "control" and isinstance(management, dict) and "scripting" in management:
            at = (*exposes.pointer, "management", "scripting")
            try:
                return ScriptDefaults.of(management["scripting"], environment)
            except ScriptRefused as fault:
                report.error("bad-scripting", f"{fault}; the default limits apply", at, fault.hint)
    return ScriptDefaults.of(None, environment)


def _refuse_unguarded(
    document: Document, addresses: Mapping[Pointer, Address], report: Report
) -> dict[Pointer, str]:
    """Report adapters that manage the process, and that other machines could use without authentication."""
    refused: dict[Pointer, str] = {}
    for exposes in document.exposes:
        adapter_type, address = find_adapter_type(exposes.type), addresses[exposes.pointer].text
        if adapter_type is None or not adapter_type.manages_process or exposes.authentication is not None:
            continue
        if address and not is_loopback(address):
            reason = f"it listens on `{address}`, where other machines can use it without authentication"
            report.error(
                "not-guarded",
                f"the adapter `{exposes.name}` is not served: {reason}",
                (*exposes.pointer, "address"),
                hint="add `authentication` to it, or write `address: localhost`",
            )
            refused[exposes.pointer] = reason
    return refused


def _only_guards_process(document: Document) -> bool:
    """Whether a document only has adapters that manage the process, with authentication, which ``--control`` lacks."""
    return bool(document.exposes) and all(
        (adapter_type := find_adapter_type(each.type)) is not None
        and adapter_type.manages_process
        and each.authentication is not None
        for each in document.exposes
    )


def _refused_at(function: Function) -> Pointer:
    """Return the place that makes every call of a function fail."""
    return next((each.refused_at for each in function.operations if each.refusal), function.pointer)


def _report_unknown_types(document: Document, report: Report) -> None:
    """Warn of adapters whose type is not installed."""
    known = plugins.installed(plugins.EXPOSERS)
    for exposes in document.exposes:
        if exposes.type not in known:
            close = difflib.get_close_matches(exposes.type, known, n=1)
            report.warning(
                "unknown-adapter",
                f"`{exposes.name}` is not served: the {exposes.type} adapter is not installed "
                f"(installed: {', '.join(known)})",
                exposes.pointer,
                hint=f"did you mean `type: {close[0]}`?" if close else "",
                alters_service=True,
            )


def _refuse(document: Document, report: Report) -> NoReturn:
    """Refuse a document in which nothing can be run; the reasons of single functions are reported already."""
    if not document.exposes:
        report.error(
            "nothing-exposed",
            "the capability exposes nothing",
            ("capability",),
            hint="add an adapter under `exposes`, such as `- type: rest`",
        )
    elif not report.has_errors:
        report.error(
            "nothing-exposed",
            "the capability's adapters have no operation, no tool and no skill that can be run",
            ("capability", "exposes"),
            hint="add `resources` to a rest adapter, or `tools` to an mcp adapter, each with a `call`",
        )
    raise DocumentError(list(report))


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
