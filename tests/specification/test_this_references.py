"""``$this.<namespace>.<param>``, and ``type: api``: words of the specification's own texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from naftiko_run import Settings
from support.documents import written
from support.mcp_client import call_tool
from support.server import Served, serving
from support.upstream import Upstream

DOCUMENT = """\
naftiko: 1.0.0-alpha2
info: {label: Fleet}
capability:
  consumes:
  - type: http
    namespace: registry
    baseUri: https://registry.example
    resources:
    - path: /ships/{imo}
      operations:
      - name: get-ship
        method: GET
        inputParameters:
        - {name: lang, in: query, value: $this.fleet.language}
        - {name: note, in: query}
        - {name: X-Of, in: header, value: 'ship {{$this.fleet.imo}}'}
      - name: replace
        method: PUT
        body:
          type: json
          data:
            ship: {imo: $this.fleet-tools.number, tags: [$this.number, 'IMO {{$this.fleet-tools.number}}']}
            note: costs $this.is, no reference
      - name: patch
        method: PATCH
        body: '{"imo": "$this.fleet-tools.number", "text": "no. {{$this.number}}", "note": "or $this.number"}'
      - name: search
        method: POST
        inputParameters:
        - {name: filter, in: body, type: object, value: {imo: $this.fleet-tools.number, all: [$this.number]}}
  exposes:
  - type: api
    namespace: fleet
    resources:
    - path: /ships/{number}
      operations:
      - method: GET
        call: registry.get-ship
        with: {imo: $this.fleet.number, note: 'of {{$this.fleet.number}}'}
  - type: mcp
    namespace: fleet-tools
    tools:
    - name: get-ship
      description: A ship
      inputParameters:
      - {name: number, type: integer, required: true, description: IMO number}
      call: registry.get-ship
      with: {imo: $this.fleet-tools.number}
    - &changing
      name: replace
      description: A ship
      inputParameters:
      - {name: number, type: integer, required: true, description: IMO number}
      call: registry.replace
      with: {imo: '1'}
    - {<<: *changing, name: patch, call: registry.patch}
    - {<<: *changing, name: search, call: registry.search}
    - name: steps
      description: A ship in steps
      inputParameters:
      - {name: number, type: integer, required: true, description: IMO number}
      steps:
      - {name: ship, type: call, call: registry.get-ship, with: {imo: $this.number, note: $this.fleet-tools.number}}
"""


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("fleet"), DOCUMENT)
    with serving(document, settings=Settings({"registry": shared_upstream.url}, environment={})) as served:
        yield served


def test_it_is_the_callers_input_over_rest(served: Served, upstream: Upstream) -> None:
    assert httpx.get(f"{served.url('rest')}/ships/9?language=de&imo=7").status_code == 200
    assert upstream.only.target == "/ships/9?lang=de&note=of%209"
    assert "$this" not in upstream.only.header("x-of")


@pytest.mark.parametrize("tool", ["get-ship", "steps"])
def test_it_is_the_callers_input_of_a_tool(served: Served, upstream: Upstream, tool: str) -> None:
    call_tool(served.url("mcp"), tool, {"number": 9})
    note = "?note=9" if tool == "steps" else ""
    assert upstream.only.target == f"/ships/9{note}"


@pytest.mark.parametrize(
    ("tool", "body"),
    [
        ("replace", {"ship": {"imo": 9, "tags": [9, "IMO 9"]}, "note": "costs $this.is, no reference"}),
        ("patch", {"imo": 9, "text": "no. 9", "note": "or $this.number"}),
        ("search", {"imo": 9, "all": [9]}),
    ],
)
def test_it_is_the_callers_input_inside_a_body(
    served: Served, upstream: Upstream, tool: str, body: dict[str, Any]
) -> None:
    result = call_tool(served.url("mcp"), tool, {"number": 9})
    assert not result.is_error, result.content
    assert upstream.only.json == body


def test_the_type_api_is_rest_with_a_warning(served: Served) -> None:
    (capability,) = served.capabilities
    found = {each.code: each for each in capability.diagnostics}
    assert found["adapter-spelling"].hint == "write `type: rest`"
    assert found["adapter-spelling"].line == 32
