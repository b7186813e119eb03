"""Made-up documents: as many as are wanted, as large as those of the catalogue are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.answers import EVENT
from benchmarks.calls import Call

SIZES: Final = (3, 6, 8, 12, 20, 40)
"""Operations in a document, from the smallest published ones to those that were cut at 33 KB."""
KEY: Final = "API_KEY"

_HEAD: Final = """\
naftiko: 1.0.0-alpha2
info: {{label: Made up {number}, description: A document like those of the catalogue, tags: [made, up]}}
binds:
- namespace: env
  keys: {{API_KEY: API_KEY}}
capability:
  consumes:
  - type: http
    namespace: api-{number}
    baseUri: {base}
    authentication: {{type: bearer, token: '{{{{API_KEY}}}}'}}
    resources:
"""
_CONSUMED: Final = """\
    - name: things-{each}
      path: /things-{each}/{{thing_id}}
      operations:
      - name: update-thing-{each}
        method: PUT
        description: Update a thing of kind {each}
        outputRawFormat: json
        outputParameters:
        - name: result
          type: object
          value: $.
        inputParameters:
        - name: thing_id
          in: path
          type: string
          required: true
          description: The thing's identifier.
        - name: verbose
          in: query
          type: boolean
          description: Whether to tell everything.
        body:
          type: json
          data: {{label: '{{{{tools.label}}}}', amount: '{{{{tools.amount}}}}'}}
"""
_ROUTE: Final = """\
    - path: /v1/api-{number}/things-{each}/{{thing-id}}
      name: things-{each}
      operations:
      - method: PUT
        name: update-thing-{each}
        call: api-{number}.update-thing-{each}
        with: {{thing_id: rest.thing-id, verbose: rest.verbose}}
        outputParameters:
        - {{type: object, mapping: $.}}
"""
_TOOL: Final = """\
    - name: update-thing-{each}
      description: Update a thing of kind {each}
      hints: {{readOnly: false, destructive: false, idempotent: true}}
      call: api-{number}.update-thing-{each}
      with: {{thing_id: tools.thing_id, verbose: tools.verbose, label: tools.label, amount: tools.amount}}
      outputParameters:
      - {{type: object, mapping: $.}}
"""


def document(number: int, base: str = "https://api.example.net/v1") -> str:
    """Make up a document; no two ask for the same route, and all for the same ports."""
    each = range(SIZES[number % len(SIZES)])
    rest = f"  exposes:\n  - type: rest\n    namespace: rest-{number}\n    port: 8080\n    resources:\n"
    mcp = f"  - type: mcp\n    namespace: mcp-{number}\n    port: 9090\n    tools:\n"
    return "".join(
        [
            _HEAD.format(number=number, base=base),
            *(_CONSUMED.format(each=index) for index in each),
            rest,
            *(_ROUTE.format(each=index, number=number) for index in each),
            mcp,
            *(_TOOL.format(each=index, number=number) for index in each),
        ]
    )


def call(number: int) -> Call:
    """Give a call of a document's first operation."""
    path = f"/v1/api-{number}/things-0/t-1"
    return Call("PUT", path, {"Content-Type": "application/json"}, EVENT)


def write_folder(folder: Path, count: int, base: str) -> Path:
    """Write so many documents into a new folder."""
    folder.mkdir()
    for number in range(count):
        (folder / f"made-up-{number}.yaml").write_text(document(number, base), encoding="utf-8")
    return folder
