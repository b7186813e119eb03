"""What is not supported is told with its place and never passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_run import Settings, load

DOCUMENT = """
ikanos: 1.0.0-beta5
capability:
  consumes:
  - namespace: api
    type: grpc  # unknown-protocol
    baseUri: https://harbour.example
    resources: {tide: {path: /tide, operations: {tide: {method: GET}}}}
  exposes:
  - type: mcp
    namespace: m
    cacheScope: shared  # unknown-cache-scope
    ttlMs: soon  # wrong-type
    tools:
      about:
        description: What this is
        outputParameters:
          text: {type: string, value: A harbour}
          count: {type: number, value: '4.5'}
          berths: {type: integer, value: '{{ships}}'}
          ships:
            type: integer
            value: many  # wrong-value
      tide:
        description: The tide
        steps: {tide: {type: call, call: api.tide}}
        mappings:
        - {target: height, value: $.tide.height}
        - {target: hight, value: $.tide.height}  # unknown-target
        outputParameters: {height: {type: number}}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "harbour.yaml"
    file.write_text(DOCUMENT)
    return file


def test_each_is_told_where_it_stands(document: Path) -> None:
    lines = DOCUMENT.splitlines()
    marked = {lines[at].partition("# ")[2]: at + 1 for at in range(len(lines)) if "# " in lines[at]}
    told = {each.code: each.line for each in load(document, Settings(environment={})).diagnostics}
    assert told == marked
