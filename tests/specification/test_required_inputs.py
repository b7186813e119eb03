"""Inputs of tools that do not say whether they are required: the specification's default, or what authors mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from naftiko_run import Settings, load
from naftiko_run.document.source import parse
from naftiko_run.document.strict import check_strict
from support.documents import written

STRICT = """\
ikanos: 1.0.0-beta5
info: {display: Ships, description: Everything about ships}
capability:
  consumes:
  - type: http
    namespace: registry
    baseUri: https://registry.test
    resources:
      ships:
        path: /ships
        operations:
          list-ships:
            method: GET
            inputParameters:
              flag: {in: query}
              page: {in: query}
  aggregates:
  - display: Fleet
    namespace: fleet
    flows:
      find:
        description: Finds ships
        inputParameters:
          flag: {type: string, description: Of which country}
        call: registry.list-ships
  exposes:
  - type: mcp
    namespace: tools
    port: 9090
    tools:
      list-ships:
        description: Lists ships
        inputParameters:
          flag: {type: string, description: Of which country}
          page: {type: integer, description: Which page, required: false}
        call: registry.list-ships
      find: {ref: fleet.find}
"""
LOOSE = STRICT.replace("display: Ships, ", "display: Ships, personas: [captain], ")


def required(folder: Path, text: str) -> dict[str, list[str]]:
    capability = load(written(folder, text), Settings(environment={}))
    return {
        name: [each.name for each in capability.function(f"tools.{name}").inputs if each.required]
        for name in ("list-ships", "find")
    }


def test_a_document_that_follows_the_schema_means_its_default(tmp_path: Path) -> None:
    assert not check_strict(parse(STRICT).data)
    assert required(tmp_path, STRICT) == {"list-ships": ["flag"], "find": ["flag"]}


@pytest.mark.parametrize(
    "text",
    [
        LOOSE,
        STRICT.replace("1.0.0-beta5", "1.0.0-alpha3"),
        STRICT.replace("ikanos: 1.0.0-beta5", "naftiko: 1.0.0-alpha2"),
    ],
)
def test_any_other_document_means_what_the_consumed_parameter_says(tmp_path: Path, text: str) -> None:
    assert check_strict(parse(text).data)
    assert required(tmp_path, text) == {"list-ships": [], "find": []}
