"""One capability with every kind of adapter, in front of the upstream."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_run import Capability, Settings, load
from support.documents import written
from support.upstream import Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
info: {{label: Shop}}
capability:
  consumes:
  - type: http
    namespace: shop
    baseUri: {url}
    resources:
    - path: /items
      operations:
      - {{name: list-items, method: GET}}
      - {{name: add-item, method: POST, inputParameters: [{{name: body, in: body, type: object}}]}}
    - path: /items/{{id}}
      operations: [{{name: get-item, method: GET}}]
  exposes:
  - type: rest
    namespace: shop-rest
    resources:
    - path: /items
      operations:
      - {{method: GET, call: shop.list-items}}
      - {{method: POST, call: shop.add-item}}
    - {{path: "/items/{{id}}", operations: [{{method: GET, call: shop.get-item}}]}}
    - {{path: "/all/{{path}}", forward: {{targetNamespace: shop}}}}
  - type: mcp
    namespace: shop-mcp
    tools:
    - {{name: list-items, description: List items, call: shop.list-items}}
  - type: mcp
    namespace: staff-mcp
    authentication:
      type: oauth2
      authorizationServerUri: https://login.example
      resource: https://shop.example/staff
      scopes: []
    tools:
    - {{name: list-items, description: List items, call: shop.list-items}}
  - type: skill
    namespace: shop-skills
    skills:
    - {{name: orders, description: Order things}}
"""

HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list-items", "arguments": {}}}


@pytest.fixture
def document(upstream: Upstream, tmp_path: Path) -> Path:
    return written(tmp_path, DOCUMENT.format(url=upstream.url))


@pytest.fixture
def capability(document: Path) -> Capability:
    return load(document, Settings(environment={}))
