"""Outputs at any depth, over REST and over MCP: mappings, fixed values, templates, lengths, types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.mcp_client import call_tool
from support.server import Served, serving
from support.upstream import Upstream

OUTPUTS = """\
- type: object
  properties:
    fleet:
      type: object
      properties:
        ships:
          type: array
          mapping: $.data.ships
          items:
            type: object
            properties:
              number: {type: number, mapping: $.no}
              name: {type: string, mapping: $.names.full, maxLength: 5}
              kind: {type: string, value: ship}
              decks: {type: number, value: '2', const: 3}
              asked: {type: string, value: 'for {{who}}'}
              path: {type: string, value: $.no}
              crew: {type: array, mapping: $.crew, items: {type: string, mapping: $.who}}
        of: {type: string, value: '{{who}}'}
    ports:
      type: object
      mapping: $.ports
      values: {type: boolean, mapping: $.open}
    count: {type: string, mapping: $.count}
"""
ANSWER = {
    "data": {
        "ships": [
            {"no": "1", "names": {"full": "Northern Star"}, "crew": [{"who": "Ann"}, {"who": 2}]},
            {"no": "x", "names": {}, "crew": None},
        ]
    },
    "ports": {"Oslo": {"open": "true"}, "Rome": {"open": False}},
    "count": 2,
    "total": "7",
}
FIXED = {"kind": "ship", "decks": 3, "asked": "for Bo", "path": "$.no"}
SHAPED = {
    "fleet": {
        "ships": [
            {"number": 1, "name": "North", **FIXED, "crew": ["Ann", "2"]},
            {"number": "x", "name": None, **FIXED, "crew": None},
        ],
        "of": "Bo",
    },
    "ports": {"Oslo": True, "Rome": False},
    "count": "2",
}
DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    resources:
    - path: /fleet
      operations:
      - name: get
        method: GET
        outputParameters:
        - {{name: ships, type: array, value: $.data.ships}}
        - {{name: total, type: number, value: $.total}}
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /fleet
      operations:
      - method: GET
        call: api.get
        outputParameters:
{rest}
    - path: /named
      operations:
      - method: GET
        call: api.get
        outputParameters:
        - {{name: first, type: string, mapping: '$.ships[0].names.full'}}
        - {{name: total, type: number, mapping: $.total}}
        - {{name: as-text, type: string, mapping: $.count}}
    - path: /steps
      operations:
      - method: GET
        name: steps
        steps:
        - {{type: call, name: fleet, call: api.get}}
        mappings:
        - {{targetName: fleet.ships, value: $.fleet.data.ships}}
        - {{targetName: fleet.total, value: $.fleet.total}}
        outputParameters:
        - name: fleet
          type: object
          properties:
            ships: {{name: ships, type: array, items: [{{name: 'no', type: number}}]}}
            total: {{name: total, type: number}}
    - path: /last-step
      operations:
      - method: GET
        name: last-step
        steps:
        - {{type: call, name: fleet, call: api.get}}
        outputParameters:
        - {{name: total, type: number}}
        - {{name: captain, type: string}}
  - type: mcp
    namespace: m
    tools:
    - name: fleet
      description: The fleet
      call: api.get
      outputParameters:
{mcp}
"""


def indented(text: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}" for line in text.splitlines(keepends=True)).rstrip()


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    upstream.answers_json(ANSWER)
    file = tmp_path / "outputs.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url, rest=indented(OUTPUTS, 8), mcp=indented(OUTPUTS, 6)))
    with serving(file, settings=Settings()) as served:
        yield served


def test_outputs_nest_over_rest(served: Served) -> None:
    assert httpx.get(f"{served.origin('rest')}/fleet?who=Bo").json() == SHAPED


def test_outputs_nest_over_mcp(served: Served) -> None:
    structured = call_tool(served.url("mcp"), "fleet", {"who": "Bo"}).structured_content
    assert structured["answer"] == SHAPED
    assert structured["warning"].endswith("/fleet/ships/1/number must be a number or null, not text")


def test_mappings_read_what_the_consumed_operation_names(served: Served) -> None:
    expected = {"first": "Northern Star", "total": 7, "as-text": "2"}
    assert httpx.get(f"{served.origin('rest')}/named").json() == expected


def test_outputs_of_steps_nest(served: Served) -> None:
    expected = {"fleet": {"ships": [{"no": 1}, {"no": "x"}], "total": 7}}
    assert httpx.get(f"{served.origin('rest')}/steps").json() == expected


def test_outputs_without_mappings_are_members_of_what_the_last_step_gave(served: Served) -> None:
    expected = {"total": 7, "captain": None}
    assert httpx.get(f"{served.origin('rest')}/last-step").json() == expected
