"""Capability documents in Kubernetes resources: ``kind: Capability``, whose ``spec`` is a document or names a ConfigMap.

The text of the document stays where it is in its file, and everything around it is replaced by spaces: parsing it yields
the positions in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import yaml

from naftiko_run.diagnostics import Position, Report
from naftiko_run.errors import DocumentError, SharedDocument

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # without libyaml, PyYAML has only the latter

_KIND: Final = re.compile(r"^kind:", re.MULTILINE)
_VERSION: Final = re.compile(r"^apiVersion:", re.MULTILINE)
_NOT_BREAK: Final = re.compile(r"[^\n\r\x85\u2028\u2029]")
_DOCUMENT_START: Final = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*---(?=[ \t\r]*\n)")
"""The ``---`` at the start of a document, which must not be indented as the text of a ConfigMap is."""

_GROUP: Final = "naftiko.io/"
_DEFAULT_KEY: Final = "capability.yaml"
_ENDINGS: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class EmbeddedDocument:
    """A document in a resource.

    Attributes:
        text: The text of its file, with spaces instead of everything around the document.
        file: The file as the user named it.
    """

    text: str
    file: str


def find_embedded(text: str, path: Path, max_bytes: int) -> EmbeddedDocument | None:
    """Return the document in the Capability of a file; None if the file contains no resources that can have one.

    Args:
        text: The content of the file.
        path: The file; a ConfigMap that it names is in this file, or in another one of its folder.
        max_bytes: The maximum size of a file in which the ConfigMap is looked for.

    Raises:
        SharedDocument: The file contains only other resources.
        DocumentError: There is more than one Capability, or the document cannot be found.
        yaml.YAMLError: The file is not YAML.
    """
    resources = _resources(text, str(path))
    capabilities = [each for each in resources if each.is_capability]
    if not capabilities:
        if resources and all(each.is_other for each in resources):
            raise _shared(resources)
        return None
    if len(capabilities) > 1:
        second = capabilities[1]
        raise second.error(
            "several-documents",
            "the file contains more than one Capability",
            second.node,
            "keep one Capability per file, with its ConfigMap if it has one",
        )
    capability = capabilities[0]
    reference = _value(capability.spec, "specRef")
    if reference is None:
        return EmbeddedDocument(_only(text, capability.spec), str(path))
    beside = _beside(path, max_bytes)
    return _referenced(capability, reference, chain(resources, beside))


@dataclass(frozen=True, slots=True)
class _Resource:
    """One resource of a file."""

    node: Any
    text: str
    file: str

    @property
    def kind(self) -> str:
        return _text(self.node, "kind")

    @property
    def is_capability(self) -> bool:
        return self.kind == "Capability" and _text(self.node, "apiVersion").startswith(_GROUP)

    @property
    def is_other(self) -> bool:
        """Whether it is a resource of Kubernetes, or of another operator."""
        version = _text(self.node, "apiVersion")
        is_document = _value(self.node, "capability") is not None
        return bool(self.kind and version) and not version.startswith(_GROUP) and not is_document

    @property
    def name(self) -> str:
        return _text(_value(self.node, "metadata"), "name")

    @property
    def namespace(self) -> str:
        return _text(_value(self.node, "metadata"), "namespace")

    @property
    def spec(self) -> Any:
        """The node of ``spec``.

        Raises:
            DocumentError: It is no mapping.
        """
        spec = _value(self.node, "spec")
        if not isinstance(spec, yaml.MappingNode):
            raise self.error(
                "no-capability",
                "the Capability has no `spec`",
                self.node if spec is None else spec,
                "write the document under `spec`, or name its ConfigMap with `specRef: {configMap: NAME}`",
            )
        return spec

    def error(self, code: str, message: str, node: Any, hint: str) -> DocumentError:
        """Return an error at a node of its file."""
        mark = node.start_mark
        report = Report(self.file, lambda _: Position(mark.line + 1, mark.column + 1))
        report.error(code, message, hint=hint)
        return DocumentError(list(report))


def _referenced(capability: _Resource, reference: Any, resources: Iterable[_Resource]) -> EmbeddedDocument:
    """Return the document in the ConfigMap that a Capability names."""
    name, key = _text(reference, "configMap"), _text(reference, "key") or _DEFAULT_KEY
    if not name:
        raise capability.error(
            "no-config-map", "`specRef` names no ConfigMap", reference, "write `specRef: {configMap: NAME}`"
        )
    found = next((each for each in resources if _is_named(each, name, capability)), None)
    if found is None:
        raise capability.error(
            "no-config-map",
            f"there is no ConfigMap `{name}` in this file, or in another YAML file of its folder",
            reference,
            "save the ConfigMap beside the Capability, or correct the name",
        )
    data = _value(found.node, "data")
    value = _value(data, key)
    if value is None:
        keys = ", ".join(f"`{each.value}`" for each, _ in _pairs(data)) or "nothing"
        raise capability.error(
            "no-config-map",
            f"the ConfigMap `{name}` of {found.file} has no `{key}`; it has {keys}",
            reference,
            "write its key: `specRef: {configMap: NAME, key: KEY}`",
        )
    if not isinstance(value, yaml.ScalarNode) or value.style != "|":
        raise found.error(
            "no-config-map",
            f"the document under `{key}` is not written as a block of text",
            value,
            f"write `{key}: |`, and the document indented below it",
        )
    text = _only(found.text, value)
    at = text.index("|")
    before, block = text[:at], text[at:]
    header, _, rest = block.partition("\n")
    start = _DOCUMENT_START.match(rest)
    skipped = start.end() if start else 0
    return EmbeddedDocument(
        f"{before}{_spaces(header)}\n{_spaces(rest[:skipped])}{rest[skipped:]}", found.file
    )


def _is_named(resource: _Resource, name: str, capability: _Resource) -> bool:
    """Whether a resource is the ConfigMap of a name in the namespace of a Capability."""
    namespaces = {each for each in (resource.namespace, capability.namespace) if each}
    return resource.kind == "ConfigMap" and resource.name == name and len(namespaces) < 2


def _beside(path: Path, max_bytes: int) -> Iterator[_Resource]:
    """Yield the resources of the other YAML files in the folder of a file, as far as these can be read."""
    for each in _other_files(path):
        try:
            if each.is_file() and each.stat().st_size <= max_bytes:
                yield from _resources(each.read_text(encoding="utf-8-sig"), str(each))
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue


def _other_files(path: Path) -> list[Path]:
    try:
        files = sorted(path.parent.iterdir())
    except OSError:  # a folder without read permission
        return []
    return [
        each for each in files if each.suffix in _ENDINGS and each != path and not each.name.startswith(".")
    ]


def _resources(text: str, file: str) -> list[_Resource]:
    """Return the resources in a text; none where it has no line ``kind:``.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    if not (_KIND.search(text) and _VERSION.search(text)):
        return []
    nodes = yaml.compose_all(text, Loader=_Loader)
    return [_Resource(node, text, file) for node in nodes if isinstance(node, yaml.MappingNode)]


def _value(node: Any, key: str) -> Any:
    """Return the node of a key; None where there is none."""
    return next((value for each, value in _pairs(node) if each.value == key), None)


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    """Return the nodes of the keys and values of a mapping; none where the node is no mapping."""
    return node.value if isinstance(node, yaml.MappingNode) else []


def _text(node: Any, key: str) -> str:
    """Return the text of a key; empty where there is none."""
    value = _value(node, key)
    return value.value if isinstance(value, yaml.ScalarNode) else ""


def _only(text: str, node: Any) -> str:
    """Return a text with spaces instead of everything around a node, and with all of its lines."""
    start, end = node.start_mark.index, node.end_mark.index
    return f"{_spaces(text[:start])}{text[start:end]}{_spaces(text[end:])}"


def _spaces(text: str) -> str:
    return _NOT_BREAK.sub(" ", text)


def _shared(resources: list[_Resource]) -> SharedDocument:
    report = Report(resources[0].file, lambda _: Position(1, 1))
    kinds = " and ".join(dict.fromkeys(each.kind for each in resources))
    report.info(
        "shared-document",
        f"nothing to serve: the file only contains {kinds} of Kubernetes",
        hint="serve a document, or a Capability with its document in `spec`",
    )
    return SharedDocument(list(report))
