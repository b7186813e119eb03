"""Every spec line and habit, mended into the one canonical model.

``normalise`` is the only door. Each thing mended leaves a diagnostic; nothing
further down the house knows that a dialect exists.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter

from naftiko_run.diagnostics import Report
from naftiko_run.document.model import AggregateFunction, Document
from naftiko_run.document.normalize.aggregates import normalise_aggregates
from naftiko_run.document.normalize.bare_names import brace_bare_names
from naftiko_run.document.normalize.binds import normalise_binds
from naftiko_run.document.normalize.braces import mend_braces
from naftiko_run.document.normalize.call_resolver import Calls
from naftiko_run.document.normalize.consumes import normalise_consumes
from naftiko_run.document.normalize.exposes import normalise_exposes
from naftiko_run.document.normalize.functions import Callables
from naftiko_run.document.normalize.operations import Operation
from naftiko_run.document.normalize.reader import Reader
from naftiko_run.document.normalize.undeclared_variables import warn_of_undeclared
from naftiko_run.spec.document import SECTIONS, VERSIONS
from naftiko_run.spec.spellings import INFO_LABEL

__all__ = ["normalise", "normalise_unit"]


def normalise(
    data: Any,
    report: Report,
    not_imported: Mapping[str, Mapping[str, str]],
    is_replaced: Callable[[str], bool],
) -> dict[str, Any] | None:
    """Give the canonical form of a parsed document.

    Args:
        data: Plain data, as ``Whole.data``.
        report: Takes what was found and mended.
        not_imported: By section, namespaces that could not be imported, and why.
        is_replaced: Whether a consumed namespace is called elsewhere than its base URI says.

    Returns:
        What ``Document`` validates, or None where there is no capability in it;
        the report then says why.
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
    binds = normalise_binds(root, capability)
    consumes, faults = normalise_consumes(capability, not_imported.get("consumes", {}), is_replaced)
    mend_braces(consumes, binds, report)
    if not not_imported.get("binds"):  # else others may be declared where these come from
        warn_of_undeclared(root, capability, binds)
    silent = Reader(
        capability.data, capability.at, Report("")
    )  # what is wrong with adapters, their reader reports
    adapters = [each.text("namespace") or each.key for each in silent.members("exposes")]
    callables = Callables(
        Calls.of(consumes, faults, adapters), not_imported=not_imported.get("aggregates", {})
    )
    canonical: dict[str, Any] = {
        "pointer": (),
        "spec": _spec(root),
        "info": _info(root),
        "binds": binds,
        "consumes": consumes,
        "aggregates": normalise_aggregates(capability, callables),
        "exposes": normalise_exposes(capability, callables),
    }
    brace_bare_names(canonical["binds"], consumes, canonical["exposes"], report)
    return canonical


def normalise_unit(written: Mapping[str, Any], document: Document, report: Report) -> dict[str, Any]:
    """Give the canonical form of one unit over a document's consumed operations and aggregates.

    Raises:
        ValueError: It cannot work; the message says why.
    """
    operations = {
        consumes.namespace: [
            Operation(consumes.namespace, each.name, each.name, each.method, resource.path)
            for resource in consumes.resources
            for each in resource.operations
        ]
        for consumes in document.consumes
    }
    written_out = TypeAdapter(AggregateFunction)
    functions = {
        f"{aggregate.namespace}.{function.name}": written_out.dump_python(function, by_alias=True)
        for aggregate in document.aggregates
        for function in aggregate.functions
    }
    unit = Reader(dict(written), (), report)
    return Callables(Calls(operations, {}), functions).read(unit, unit.text("name"))


def _capability(root: Reader) -> Reader | None:
    written = root.data.get("capability")
    if isinstance(written, dict):
        return Reader(written, ("capability",), root.report)
    if "capability" in root.data:
        root.report.error(
            "no-capability",
            "`capability` must be a mapping with `consumes` and `exposes`",
            ("capability",),
            hint="indent `consumes:` and `exposes:` below `capability:`",
        )
    elif any(section in root.data for section in SECTIONS):
        section = next(section for section in SECTIONS if section in root.data)
        root.report.error(
            "no-capability",
            f"the document has no `capability`: its `{section}` defines nothing for others to import either",
            hint="put `consumes` and `exposes` below a root key `capability:`",
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
            else "put `consumes` and `exposes` below a root key `capability:`",
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
                f"`{line}: {version}` is no version known here; it is read as {versions[0]}",
                (line,),
                hint=f"known: {', '.join(versions)}",
            )
        elif version == "1.0.0-alpha1":
            root.report.warning(
                "older-version",
                f"`{line}: {version}` is read as {versions[0]}; no difference is known",
                (line,),
                hint=f"write `{line}: {versions[0]}`",
            )
        return f"{line} {version}"
    root.report.warning(
        "missing-version",
        "the document does not say which specification it follows; it is read as naftiko 1.0.0-alpha2",
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
