"""Load a document, and compile it to a capability."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from naftiko_run import plugins
from naftiko_run.capability.access import compile_access
from naftiko_run.capability.adapter_type import AdapterType, BlockParser, find_adapter_type
from naftiko_run.capability.capability import Capability
from naftiko_run.capability.compile import BlockCompiler, Compiled, compile_aggregate
from naftiko_run.capability.context import (
    build_context,
    inbound_bindings,
    read_variables,
    resolve_addresses,
)
from naftiko_run.capability.selection import Selection
from naftiko_run.capability.settings import Settings
from naftiko_run.capability.templates import TemplateIndex
from naftiko_run.consume import OperationRegistry
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document import Document, LoadedDocument, load_document
from naftiko_run.document.model import Exposes
from naftiko_run.errors import DocumentError
from naftiko_run.invoke import (
    Function,
    FunctionCompiler,
    ScriptCompiler,
    ScriptDefaults,
    ScriptRefused,
)


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
    context = build_context(document, settings, environment, prefixes, folder)
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
            hint="remove them where the value is set",
            alters_service=True,
        )
    refused = {pointer: each.refusal for pointer, each in access.items() if each.refusal}
    is_served = any(each.pointer not in refused for each in document.exposes)
    if not is_served or not (compiled.served or compiled.withheld):
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
        file=loaded.source.file,
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
