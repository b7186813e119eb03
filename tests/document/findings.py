"""Small documents and what is found in them. A line that a finding must name is marked ``# <-``."""

from __future__ import annotations

from textwrap import dedent, indent

from jsonschema_rs import Draft7Validator

from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.editor_schema import editor_schema
from naftiko_run.document.load import LoadedDocument, load_text
from naftiko_run.document.model import ConsumedOperation, Document, McpExposes, RestExposes

MARK = "# <-"
EDITOR = Draft7Validator(editor_schema())
"""Checks a document as an editor does."""

CONSUMES = """
- type: http
  namespace: api
  baseUri: https://api.example.com/v1
  resources:
    - path: /things
      operations:
        - {name: list-things, method: GET}
        - {name: add-thing, method: POST}
"""

EXPOSES = """
- type: mcp
  port: 9090
  namespace: api-mcp
  tools:
    - {name: list-things, call: api.list-things}
"""


def document(consumes: str = CONSUMES, exposes: str = EXPOSES) -> str:
    """Write a whole document around the parts that matter."""
    return (
        "naftiko: 1.0.0-alpha2\ninfo: {label: Test}\ncapability:\n  consumes:\n"
        + indent(dedent(consumes).strip(), "    ")
        + "\n  exposes:\n"
        + indent(dedent(exposes).strip(), "    ")
        + "\n"
    )


def found_in(text: str, code: str) -> Diagnostic:
    """Load a document and give its one finding of a code; where a line is marked, it is there."""
    loaded = load_text(text, "doc.yaml")
    found = [each for each in loaded.diagnostics if each.code == code]
    assert len(found) == 1, [str(each) for each in loaded.diagnostics]
    marked = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith(MARK)]
    if marked:
        assert found[0].line == marked[0], str(found[0])
    assert found[0].file == "doc.yaml"
    return found[0]


def load_silently(text: str) -> Document:
    """Load a document in which nothing is to be found, by an editor either."""
    loaded = load_text(text)
    assert not loaded.diagnostics, [str(each) for each in loaded.diagnostics]
    assert not [str(each) for each in EDITOR.iter_errors(loaded.source.data)]
    return loaded.document


def operations(loaded: LoadedDocument | Document) -> dict[str, tuple[str, ConsumedOperation]]:
    """Give, by name, every consumed operation with its whole URL."""
    whole = loaded.document if isinstance(loaded, LoadedDocument) else loaded
    return {
        operation.name: (consumes.base_uri + resource.path, operation)
        for consumes in whole.consumes
        for resource in consumes.resources
        for operation in resource.operations
    }


def routes(loaded: Document) -> list[str]:
    """Return every route of the REST adapters."""
    return [
        f"{operation.method} {resource.path}"
        for exposes in loaded.exposes
        if isinstance(exposes, RestExposes)
        for resource in exposes.resources
        for operation in resource.operations
    ]


def tools(loaded: Document) -> list[str]:
    """Return the name of every tool of the MCP adapters."""
    return [
        tool.name for exposes in loaded.exposes if isinstance(exposes, McpExposes) for tool in exposes.tools
    ]
