"""A file to a capability."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from naftiko_run import plugins
from naftiko_run.capability.access import compile_access
from naftiko_run.capability.capability import Capability
from naftiko_run.capability.compile import compile_units
from naftiko_run.capability.context import addresses_of, environment_of, inbound_of, surroundings_of
from naftiko_run.capability.selection import Selection
from naftiko_run.capability.settings import Settings
from naftiko_run.consume import ConsumedOperations
from naftiko_run.diagnostics import Pointer, Report
from naftiko_run.document import Document, LoadedDocument, load_document
from naftiko_run.document.model import RestExposes
from naftiko_run.errors import DocumentError
from naftiko_run.invoke import (
    Function,
    FunctionCompiler,
    ScriptCompiler,
    ScriptDefaults,
    ScriptRefused,
    Shared,
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
    selection = Selection(settings.include, settings.exclude)
    document = selection.of(loaded.document)
    report = loaded.origins.report()
    report.extend(loaded.diagnostics)
    namespaces = [each.namespace for each in loaded.document.owners() if each.namespace]
    prefixes = frozenset({"rest", "tools", *namespaces})
    environment = environment_of(settings, loaded.source.folder, report)
    surroundings = surroundings_of(document, settings, environment, prefixes, loaded.source.folder)
    operations = ConsumedOperations(document, surroundings)
    scripts = ScriptCompiler(_script_defaults(document, environment, report), loaded.source.folder)
    compiler = FunctionCompiler(
        operations, surroundings.bindings, prefixes, scripts, report, settings.read_only
    )
    units = compile_units(document, compiler, loaded.source.folder)
    addresses = addresses_of(document, surroundings, environment, report)
    inbound = inbound_of(document, surroundings, settings, environment)
    access = compile_access(document, inbound, report)
    for variable in {**surroundings.bindings.trimmed, **surroundings.addresses.trimmed, **inbound.trimmed}:
        report.warning(
            "trimmed-value",
            f"the value of {variable.shown} has spaces or line breaks around it; they are left out",
            hint="remove them where the value is set",
            alters_service=True,
        )
    refused = {pointer: each.refusal for pointer, each in access.items() if each.refusal}
    served = [each for each in document.exposes if each.pointer not in refused]
    others = {each.type for each in served} - {"rest", "mcp", "skill"}
    is_idle = not (units.exposed or units.withheld) and others.isdisjoint(plugins.installed(plugins.EXPOSERS))
    if is_idle or not served:
        if document is loaded.document:
            _refuse(document, report)
        # It is refused where that has nothing to do with what was asked for.
        compile_capability(loaded, replace(settings, include=(), exclude=()))
    refusals = {each.target.refusal: each.target.refused_at for each in units.forwards.values()}
    refusals |= {each.refusal: _refused_at(each) for each in units.functions.values()}
    for refusal, at in refusals.items():
        if refusal:
            report.warning("cannot-be-called", f"calls will fail: {refusal}", at, alters_service=True)
    _note_adapters(document, report)
    return Capability(
        file=loaded.source.file,
        document=document,
        diagnostics=tuple(report),
        functions=units.functions,
        forwards=units.forwards,
        folders=units.folders,
        prompts=units.prompts,
        unavailable={**units.unavailable, **refused},
        addresses=addresses,
        access=access,
        transport=surroundings.transport,
        # What is compiled later has no need of places in the text: they are half of what a document takes.
        compiler=replace(compiler, report=Report(loaded.source.file), shared=Shared()),
        unmatched=frozenset(selection.unmatched),
    )


def _script_defaults(document: Document, environment: Mapping[str, str], report: Report) -> ScriptDefaults:
    """Give what the control adapter says of scripts."""
    for exposes in document.exposes:
        management = exposes.settings.get("management")
        if exposes.type == "control" and isinstance(management, dict) and "scripting" in management:
            at = (*exposes.pointer, "management", "scripting")
            try:
                return ScriptDefaults.of(management["scripting"], environment)
            except ScriptRefused as fault:
                report.error("bad-scripting", f"{fault}; the usual limits hold", at, fault.hint)
    return ScriptDefaults.of(None, environment)


def _refused_at(function: Function) -> Pointer:
    """Give the place of what makes every call of a function fail."""
    return next((each.refused_at for each in function.operations if each.refusal), function.pointer)


def _note_adapters(document: Document, report: Report) -> None:
    """Tell of adapters that are left out, or that do what their author may not mean."""
    known = plugins.installed(plugins.EXPOSERS)
    for exposes in document.exposes:
        if exposes.type not in known:
            close = difflib.get_close_matches(exposes.type, known, n=1)
            report.warning(
                "unknown-adapter",
                f"the adapter `{exposes.namespace or exposes.type}` is left out: nothing installed exposes "
                f"`{exposes.type}` (installed: {', '.join(known)})",
                exposes.pointer,
                hint=f"did you mean `type: {close[0]}`?" if close else "",
                alters_service=True,
            )
        if isinstance(exposes, RestExposes) and exposes.authentication is not None:
            _note_passed_on(exposes, report)


def _note_passed_on(exposes: RestExposes, report: Report) -> None:
    """Tell of forwards that hand the credential of a caller, meant for this adapter, to somebody else."""
    for resource in exposes.resources:
        if resource.forward is not None and "authorization" in resource.forward.trusted_headers:
            report.warning(
                "credential-passed-on",
                "callers authenticate to this adapter with `Authorization`, and this forward passes that on to "
                f"`{resource.forward.target_namespace}`",
                (*resource.forward.pointer, "trustedHeaders"),
                hint="take `Authorization` out of `trustedHeaders`, unless both are meant to see it",
            )


def _refuse(document: Document, report: Report) -> NoReturn:
    """Refuse a document in which nothing can be run; units left out have said why already."""
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
