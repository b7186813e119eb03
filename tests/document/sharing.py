"""A document and the files that it imports from, written side by side."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.imports.resolver import MergedDocument, resolve_imports
from naftiko_run.document.load import LoadedDocument, load_document
from naftiko_run.document.source import read

REGISTRY = """\
ikanos: 1.0.0-beta5
consumes:
- namespace: registry
  type: http
  baseUri: https://registry.test
  resources:
    ships:
      path: /ships
      operations:
        list-ships: {method: GET}
"""

MAIN = "main.yaml"


def entry(namespace: str, operation: str = "get") -> str:
    """Write a ``consumes`` entry on one line."""
    return (
        f"{{namespace: {namespace}, type: http, baseUri: 'https://{namespace}.test', "
        f"resources: [{{path: /x, operations: [{{name: {operation}, method: GET}}]}}]}}"
    )


def importing(*consumes: str, calls: str = "registry.list-ships", line: str = "ikanos: 1.0.0-beta5") -> str:
    """Write a document with these ``consumes`` entries, and a tool for each call."""
    tools = "".join(f"    - {{name: {call.replace('.', '-')}, call: {call}}}\n" for call in calls.split())
    return (
        f"{line}\ncapability:\n  consumes:\n"
        + "".join(f"  - {each}\n" for each in consumes)
        + f"  exposes:\n  - type: mcp\n    namespace: tools\n    tools:\n{tools}"
    )


def put(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder; give the document's."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return folder / MAIN


def loaded(folder: Path, files: dict[str, str]) -> LoadedDocument:
    """Load a document with the files beside it."""
    return load_document(put(folder, files))


def silent(folder: Path, files: dict[str, str]) -> LoadedDocument:
    """Load a document in which nothing is to be found."""
    found = loaded(folder, files)
    assert not found.diagnostics, [str(each) for each in found.diagnostics]
    return found


def whole(folder: Path, files: dict[str, str]) -> MergedDocument:
    """Return a document's data with what it imports."""
    return resolve_imports(read(put(folder, files)))


def namespaces(document: LoadedDocument) -> list[str]:
    """Return the namespaces that a document consumes."""
    return [each.namespace for each in document.document.consumes]


def told(document: LoadedDocument, code: str, folder: Path) -> list[tuple[str, int, int]]:
    """Return where findings of a code are: the file below the folder, line and column."""
    return [
        (str(Path(each.file).relative_to(folder)), each.line, each.column)
        for each in document.diagnostics
        if each.code == code
    ]


def only(document: LoadedDocument, code: str) -> Diagnostic:
    """Return the one finding of a code."""
    (found,) = [each for each in document.diagnostics if each.code == code]
    return found
