"""Load a file or text into a validated document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from naftiko_run.diagnostics import Diagnostic, Report, Severity
from naftiko_run.document.imports.files import check_not_shared
from naftiko_run.document.imports.resolver import Origins, resolve_imports
from naftiko_run.document.model import Document, Exposes, FunctionModel, Unavailable
from naftiko_run.document.normalize import normalize, normalize_functions
from naftiko_run.document.source import TRUNCATION_MARK, SourceDocument, parse, read
from naftiko_run.errors import DocumentError

_DOCUMENT: Final = TypeAdapter(Document)
_NUMERAL = re.compile(r"[-+.\deE]+")


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document in its canonical form, with its diagnostics.

    Attributes:
        document: The canonical model.
        source: The text and its positions.
        origins: Where its parts are defined, including those that it imports.
        diagnostics: The diagnostics, in the order found.
        fingerprints: The digest of the text of each file: the document, and those that it imports from.
        file: The file that was loaded: that of ``source``, or of the Capability that names its ConfigMap.
    """

    document: Document
    source: SourceDocument
    origins: Origins
    diagnostics: tuple[Diagnostic, ...]
    fingerprints: Mapping[str, bytes]
    file: str

    @property
    def name(self) -> str:
        """The name of the document for people: its file, else its label."""
        return self.file or self.document.info.label or "<text>"


IsReplaced = Callable[[str], bool]
"""Whether the base URI of a consumed namespace is overridden, so that the document may omit it."""


def _is_never_replaced(_: str) -> bool:
    return False


def load_document(path: Path, is_replaced: IsReplaced = _is_never_replaced) -> LoadedDocument:
    """Load a document from a file; see ``load_source``.

    Raises:
        DocumentError: There is no capability in it.
    """
    return replace(load_source(read(path), is_replaced), file=str(path))


def load_text(text: str, file: str = "") -> LoadedDocument:
    """Load a document from text.

    Args:
        text: The YAML.
        file: The name to show in diagnostics.

    Raises:
        DocumentError: There is no capability in it.
    """
    return load_source(parse(text, file))


def load_source(source: SourceDocument, is_replaced: IsReplaced = _is_never_replaced) -> LoadedDocument:
    """Load a parsed document and its imports.

    Args:
        source: The document.
        is_replaced: See ``IsReplaced``.

    Raises:
        DocumentError: There is no capability in it.
    """
    whole = resolve_imports(source)
    if isinstance(whole.data, dict) and "capability" not in whole.data:
        check_not_shared(source)
    report = whole.origins.report()
    for each in whole.sources:
        report.extend(_truncation(each))
    report.extend(whole.diagnostics)
    canonical = normalize(whole.data, report, whole.faults, is_replaced)
    if canonical is None:
        raise DocumentError(list(report))
    apply_default_of_specification(canonical, source)
    canonical["info"]["version"] = _version(source) or canonical["info"]["version"]
    try:
        document = _DOCUMENT.validate_python(canonical)
    except ValidationError as fault:
        for error in fault.errors(include_url=False):
            report.error("invalid-document", error["msg"], _pointer(canonical, error["loc"]))
        raise DocumentError(list(report)) from None
    fingerprints = {each.file: blake2b(each.text.encode(), digest_size=16).digest() for each in whole.sources}
    return LoadedDocument(document, source, whole.origins, tuple(report), fingerprints, source.file)


def read_functions(
    exposes: Exposes, key: str, document: Document, report: Report
) -> tuple[tuple[FunctionModel, ...], tuple[Unavailable, ...]]:
    """Parse the functions under a key of an adapter that the document model does not have.

    Args:
        exposes: The adapter, with its ``settings`` as written.
        key: The key of a list, or of a mapping by name.
        document: The document.
        report: Receives the diagnostics.

    Returns:
        The functions, and those that cannot work, with the reasons.
    """
    functions, unavailable = normalize_functions(exposes, key, document, report)
    return (
        TypeAdapter(tuple[FunctionModel, ...]).validate_python(functions),
        TypeAdapter(tuple[Unavailable, ...]).validate_python(unavailable),
    )


def _version(source: SourceDocument) -> str:
    """Return ``info.version`` as written where YAML reads it as a number, such as ``1.10``; empty where it is text."""
    info = source.data.get("info")
    number = info.get("version") if isinstance(info, dict) else None
    written = source.written(("info", "version")) if isinstance(number, float) else ""
    return written if _NUMERAL.fullmatch(written) else ""


def _truncation(source: SourceDocument) -> Iterator[Diagnostic]:
    """Warn of a document that was truncated where it was published."""
    at = source.text.rfind(TRUNCATION_MARK)
    if at >= 0:
        yield Diagnostic(
            Severity.WARNING,
            "truncated",
            "the published document was truncated here; the rest is missing",
            source.file,
            source.text.count("\n", 0, at) + 1,
            1,
            hint="get the complete document from its author",
            alters_service=True,
        )


def _pointer(canonical: Any, location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the place in the author's document of a place in the canonical one."""
    pointer: tuple[str | int, ...] = ()
    value = canonical
    for part in location:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):  # a segment that pydantic adds, such as a union's tag
            continue
        if isinstance(value, dict) and "pointer" in value:
            pointer = value["pointer"]
    return pointer


def apply_default_of_specification(canonical: dict[str, Any], source: SourceDocument) -> None:
    """Set ``required`` where the specification's default applies: true, for the inputs of tools and flows.

    Published documents omit it and mean optional; see ``infer_inputs``. A document of the ``ikanos`` line that
    conforms to the official schema was written with that schema, and means its default.

    Args:
        canonical: The canonical document, changed in place.
        source: The document as written.
    """
    silent = [each for each in _inputs(canonical) if each["required"] is None and each["default"] is None]
    if not silent or not canonical["spec"].startswith("ikanos "):
        return
    from naftiko_run.document.strict import (
        check_strict,
    )  # imported lazily: few documents need the compiled schema

    if not check_strict(source.data):
        for each in silent:
            each["required"] = True


def _inputs(canonical: dict[str, Any]) -> Iterator[dict[str, Any]]:
    tools = [tool for each in canonical["exposes"] if each["type"] == "mcp" for tool in each["tools"]]
    functions = [function for each in canonical["aggregates"] for function in each["functions"]]
    return (parameter for function in (*tools, *functions) for parameter in function["inputParameters"])
