"""Normalize documents of every spec line, with their non-standard forms, to the canonical model.

``normalize`` is the entry point. Each non-standard form is reported as a
diagnostic; the packages above see the canonical form only.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from naftiko_run.diagnostics import Report
from naftiko_run.document.model import AggregateFunction, Document, Exposes
from naftiko_run.document.normalize.binds import brace_bare_names, correct_braces, normalize_binds
from naftiko_run.document.normalize.call_resolver import CallResolver, CandidateOperation
from naftiko_run.document.normalize.consumes import normalize_consumes
from naftiko_run.document.normalize.exposes import normalize_exposes, read_function
from naftiko_run.document.normalize.functions import FunctionReader, normalize_aggregates
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.undeclared_variables import warn_of_undeclared
from naftiko_run.spec.document import SECTIONS, VERSIONS
from naftiko_run.spec.table import INFO_LABEL

__all__ = ["normalize", "normalize_functions"]


def normalize(
    data: Any,
    report: Report,
    not_imported: Mapping[str, Mapping[str, str]],
    is_replaced: Callable[[str], bool],
) -> dict[str, Any] | None:
    """Return the canonical form of a parsed document.

    Args:
        data: Plain data, as ``MergedDocument.data``.
        report: Receives the diagnostics.
        not_imported: By section, namespaces that could not be imported, and why.
        is_replaced: Whether the base URI of a consumed namespace is overridden.

    Returns:
        The input of ``Document``, or None without a capability; the report
        then contains the reason.
    """
    if not isinstance(data, dict):
        kind = {list: "a list", str: "text", type(None): "empty"}.get(type(data), f"a {type(data).__name__}")
        report.error(
            "not-a-mapping",
            f"a capability document is a mapping; this one is {kind}",
            hint="begin with `naftiko: 1.0.0-alpha2`, `info:` and `capability:`",
        )
        return None
    root = Reader(data, (), report)
    capability = _capability(root)
    if capability is None:
        return None
    binds = normalize_binds(root, capability)
    consumes, faults = normalize_consumes(capability, not_imported.get("consumes", {}), is_replaced)
    correct_braces(consumes, binds, report)
    if not not_imported.get("binds"):  # otherwise the missing import may declare them
        warn_of_undeclared(root, capability, binds)
    silent = Reader(capability.data, capability.at, Report(""))  # normalize_exposes reports wrong values
    adapters = [each.text("namespace") or each.key for each in silent.members("exposes")]
    function_reader = FunctionReader(
        CallResolver.of(consumes, faults, adapters), not_imported=not_imported.get("aggregates", {})
    )
    canonical: dict[str, Any] = {
        "pointer": (),
        "spec": _spec(root),
        "info": _info(root),
        "binds": binds,
        "consumes": consumes,
        "aggregates": normalize_aggregates(capability, function_reader),
        "exposes": normalize_exposes(capability, function_reader),
    }
    brace_bare_names(canonical["binds"], consumes, canonical["exposes"], report)
    return canonical


def normalize_functions(
    exposes: Exposes, key: str, document: Document, report: Report
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the canonical forms of the functions under a key of a plugin's adapter, and of those that cannot work.

    Args:
        exposes: The adapter, with its keys as written.
        key: The key of a list, or of a mapping by name.
        document: The document, with the operations and aggregate functions that they call.
        report: Receives the diagnostics.
    """
    operations = {
        consumes.namespace: [
            CandidateOperation(consumes.namespace, each.name, each.name, each.method, resource.path)
            for resource in consumes.resources
            for each in resource.operations
        ]
        for consumes in document.consumes
    }
    written_out = TypeAdapter(AggregateFunction)
    aggregated = {
        f"{aggregate.namespace}.{function.name}": written_out.dump_python(function, by_alias=True)
        for aggregate in document.aggregates
        for function in aggregate.functions
    }
    function_reader = FunctionReader(CallResolver(operations, {}), aggregated)
    functions: list[dict[str, Any]] = []
    unavailable: list[dict[str, Any]] = []
    for function in Reader(exposes.settings, exposes.pointer, report).members(key):
        name = function.text("name") or function.key or function.text("ref").rpartition(".")[2]
        if not name:
            report.warning("nameless-function", "the function has no `name`; it is not served", function.at)
            continue
        canonical = read_function(
            function, function_reader, name, unavailable, partial(function_reader.read, function, name)
        )
        if canonical is not None:
            functions.append(canonical)
    return functions, unavailable


def _capability(root: Reader) -> Reader | None:
    written = root.data.get("capability")
    if isinstance(written, dict):
        return Reader(written, ("capability",), root.report)
    if "capability" in root.data:
        root.report.error(
            "no-capability",
            "`capability` must be a mapping with `consumes` and `exposes`",
            ("capability",),
            hint="indent `consumes:` and `exposes:` under `capability:`",
        )
    elif any(section in root.data for section in SECTIONS):
        section = next(section for section in SECTIONS if section in root.data)
        root.report.error(
            "no-capability",
            f"the document has no `capability`, and its `{section}` defines nothing for others to import",
            hint="put `consumes` and `exposes` under a root key `capability:`",
        )
    else:
        found = ", ".join(f"`{key}`" for key in list(root.data)[:6])
        close = difflib.get_close_matches("capability", root.data, n=1, cutoff=0.8)
        root.report.error(
            "no-capability",
            f"the document has no `capability`; it has {found or 'nothing'}",
            tuple(close),
            hint=f"`{close[0]}`: did you mean `capability`?"
            if close
            else "put `consumes` and `exposes` under a root key `capability:`",
        )
    return None


def _spec(root: Reader) -> str:
    for line, versions in VERSIONS.items():
        if line not in root.data:
            continue
        version = root.text(line)
        if version not in versions:
            root.report.warning(
                "unknown-version",
                f"unknown version `{line}: {version}`; it is read as {versions[0]}",
                (line,),
                hint=f"known: {', '.join(versions)}",
            )
        elif version == "1.0.0-alpha1":
            root.report.warning(
                "older-version",
                f"`{line}: {version}` is read as {versions[0]}; there are no known differences",
                (line,),
                hint=f"write `{line}: {versions[0]}`",
            )
        return f"{line} {version}"
    root.report.warning(
        "missing-version",
        "the document does not declare its specification version; it is read as naftiko 1.0.0-alpha2",
        hint="begin with `naftiko: 1.0.0-alpha2`",
    )
    return ""


def _info(root: Reader) -> dict[str, Any]:
    info = root.mapping("info") or Reader({}, ("info",), root.report)
    tags = info.data.get("tags")
    return {
        "pointer": info.at,
        "label": info.text(*INFO_LABEL) or root.text("name"),
        "description": info.text("description") or root.text("description"),
        "version": info.text("version"),
        "tags": tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
    }
