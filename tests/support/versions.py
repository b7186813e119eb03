"""A document of which each version answers with its number, twice."""

from __future__ import annotations

from pathlib import Path

_DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {{label: Versions, version: "{version}"}}
capability:
  exposes:
  - type: rest
    namespace: versions
    resources:
    - path: /version
      operations:
      - method: GET
        name: version
        outputParameters:
        - {{name: first, type: string, value: "{version}"}}
        - {{name: second, type: string, value: "{version}"}}
      - method: POST
        name: post-version
        outputParameters: [{{name: first, type: string, value: "{version}"}}]
{adapters}"""
TOOLS = """\
  - type: mcp
    namespace: tools
    port: 0
    tools:
    - name: version-{version}
      description: Returns the version
      outputParameters:
      - {{name: first, type: string, value: "{version}"}}
"""
ASKING = """\
    - {{name: ask, description: Asks, x-asks: [{{name: a, model: b}}], x-content: [{{text: c}}]}}
"""


def write_version(file: Path, version: int, adapters: str = "") -> Path:
    """Write a version of the document, and replace the file in one step.

    Args:
        file: The document.
        version: The number of the version.
        adapters: Further adapters, in which `{version}` is replaced.
    """
    text = _DOCUMENT.format(version=version, adapters=adapters.format(version=version))
    written = file.with_suffix(".new")
    written.write_text(text)
    return written.replace(file)
