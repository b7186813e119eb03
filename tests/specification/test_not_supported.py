"""What is not supported is told with its place and never passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_run import Settings, load
from support.server import serving

DOCUMENT = """
ikanos: 1.0.0-beta5
binds:
- {namespace: env, keys: {TOKEN: TOKEN}}
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
  - type: control  # unknown-adapter
    port: 9400
    address: 127.0.0.1
    authentication: {type: bearer, token: '{{TOKEN}}'}
    management: {health: true, info: true, reload: true, validate: true, logs: {level-control: true, stream: true, max-subscribers: 2}}
    observability:
      enabled: true
      metrics: {local: {enabled: true}}
      traces: {sampling: 0.5, propagation: b3, local: {enabled: true, buffer-size: 10}}
      exporters: {otlp: {endpoint: 'http://collector.example:4317'}}
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


def test_nothing_listens_for_a_control_adapter(document: Path) -> None:
    with serving(document, settings=Settings(environment={})) as served:
        assert [each.type for site in served.sites for each in site.adapters] == ["mcp"]
