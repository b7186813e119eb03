"""MCP resources whose content is what steps give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mcp.client.client import Client

from naftiko_run import Settings
from support.mcp_client import with_client
from support.server import serving
from support.upstream import Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    resources:
    - {{path: "/ships/{{imo}}", operations: [{{name: ship, method: GET, inputParameters: [{{name: imo, in: path}}]}}]}}
  exposes:
  - type: mcp
    namespace: m
    resources:
    - name: ship
      label: Ship
      uri: "harbour://ships/{{imo}}"
      description: A ship
      steps:
      - {{type: call, name: found, call: api.ship, with: {{imo: "{{{{imo}}}}"}}}}
      mappings:
      - {{targetName: ship.name, value: $.found.title}}
      - {{targetName: asked, value: "{{{{imo}}}}"}}
      outputParameters:
      - {{name: ship, type: object, properties: {{name: {{name: name, type: string}}}}}}
      - {{name: asked, type: number}}
"""


def test_a_resource_may_run_steps(tmp_path: Path, upstream: Upstream) -> None:
    upstream.answers_json({"title": "Aurora"})
    file = tmp_path / "resources.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))

    async def use(client: Client) -> Any:
        (contents,) = (await client.read_resource("harbour://ships/7")).contents
        return contents

    with serving(file, settings=Settings()) as served:
        contents = with_client(served.url("mcp"), "auto", use)
    assert contents.mime_type == "application/json"
    assert json.loads(contents.text) == {"ship": {"name": "Aurora"}, "asked": 7}
    assert upstream.only.target == "/ships/7"
