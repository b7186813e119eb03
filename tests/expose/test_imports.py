"""A capability whose parts stand in other files serves like one in which all is written."""

from __future__ import annotations

from pathlib import Path

import httpx
from mcp.client.client import Client

from naftiko_run import Settings
from support.mcp_client import with_client
from support.server import serving
from support.upstream import Upstream

REGISTRY = """\
ikanos: 1.0.0-beta5
binds: [{namespace: secrets, location: 'file:///./secrets.yaml', keys: {REGISTRY_TOKEN: token}}]
consumes:
- namespace: registry
  type: http
  baseUri: %s/v1
  authentication: {type: bearer, token: '{{REGISTRY_TOKEN}}'}
  resources:
    ship:
      path: /ships/{{imo}}
      operations:
        get-ship: {method: GET, inputParameters: {imo: {in: path}}}
"""

REST = """\
ikanos: 1.0.0-beta5
exposes:
- type: rest
  namespace: harbour
  resources:
    ship:
      path: /ships/{imo}
      operations:
        get-ship:
          method: GET
          call: ships.get-ship
          with: {imo: harbour.imo}
"""

FLEET = """\
ikanos: 1.0.0-beta5
capability:
  consumes: [{from: ./shared/registry.yml, import: registry, as: ships}]
  exposes:
  - {from: ./shared/rest.yml, import: harbour, as: port-authority}
  - type: mcp
    namespace: fleet
    tools:
      get-ship: {description: Get a ship, call: ships.get-ship, with: {imo: fleet.imo}}
      get-boat: {description: Get a boat, call: boats.get-boat}
"""


def test_routes_and_tools_over_imports_reach_the_upstream(tmp_path: Path, upstream: Upstream) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "registry.yml").write_text(REGISTRY % upstream.url, encoding="utf-8")
    (tmp_path / "shared" / "rest.yml").write_text(REST, encoding="utf-8")
    (tmp_path / "shared" / "secrets.yaml").write_text("token: t0ken\n", encoding="utf-8")
    document = tmp_path / "fleet.yml"
    document.write_text(FLEET, encoding="utf-8")

    async def use(client: Client) -> None:
        result = await client.call_tool("get-ship", {"imo": "IMO-9"})
        assert (result.is_error, result.structured_content) == (False, {"ok": True})

    with serving(document, settings=Settings(environment={})) as served:
        answer = httpx.get(f"{served.url('rest')}/ships/IMO-7")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        with_client(served.url("mcp"), "auto", use)
    assert [(each.path, each.header("authorization")) for each in upstream.received] == [
        ("/v1/ships/IMO-7", "Bearer t0ken"),
        ("/v1/ships/IMO-9", "Bearer t0ken"),
    ]
