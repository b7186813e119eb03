"""Tags and descriptions."""

import pytest

from lint.marks import assert_marked

NAFTIKO = """\
naftiko: 1.0.0-alpha2
info: {label: Fleet, description: Ships, tags: [Fleet]}
capability:
  consumes:
  - CONSUMES{type: http, namespace: api, baseUri: https://api.test, resources: [
      {path: /a, operations: [{name: plain, method: GET}, {name: told, method: GET, description: Ships}]}]}
  - {type: http, namespace: described, baseUri: https://api.test, description: Ships}
  - {location: ./x.yml, import: elsewhere}
  exposes:
  - type: rest
    namespace: rest
    resources:
    - RESOURCE{path: /a, operations: [OPERATION{method: GET, call: api.plain}]}
    - {path: /b, description: Ships, operations: [{method: GET, call: api.told, description: Ships}]}
    - {path: /c, description: Ships, operations: [{method: GET, ref: fleet.ships}]}
  - type: mcp
    namespace: mcp
    tools:
    - TOOL{name: plain, call: api.plain}
    - {name: told-by-what-it-calls, call: api.told}
    - {name: told-elsewhere, call: elsewhere.x}
    - {name: told-by-what-it-refers-to, ref: fleet.ships}
    - {name: told, call: api.plain, description: Ships}
    - TOOL{name: mock, outputParameters: [{name: a, type: string, value: b}]}
"""

IKANOS = """\
ikanos: 1.0.0-beta5
info: {display: Fleet, description: Ships, tags: [Fleet]}
capability:
  consumes:
  - CONSUMES{type: http, namespace: api, baseUri: https://api.test}
  exposes:
  - type: rest
    namespace: rest
    resources:
      RESOURCEa: {path: /a, operations: {OPERATIONget: {method: GET}, put: {method: PUT, description: Ships}}}
      b: {path: /b, description: Ships}
  - type: mcp
    namespace: mcp
    tools: {TOOLplain: {steps: {}}, told: {description: Ships}}
"""

RULES = {
    "CONSUMES": "consumes-description",
    "RESOURCE": "rest-resource-description",
    "OPERATION": "rest-operation-description",
    "TOOL": "tool-description",
}


@pytest.mark.parametrize("place", list(RULES))
@pytest.mark.parametrize("document", [NAFTIKO, IKANOS], ids=["naftiko", "ikanos"])
def test_what_nothing_describes_is_told(document: str, place: str) -> None:
    for other in RULES:
        document = document.replace(other, "▶" if other == place else "")
    assert assert_marked(RULES[place], document)


def test_a_capability_without_tags_is_told_at_info() -> None:
    assert_marked("info-tags", "naftiko: 1.0.0-alpha2\n▶info: {label: x, description: x}\ncapability: {}\n")
    assert_marked("info-tags", "▶ikanos: 1.0.0-beta5\ncapability: {}\n")
    assert_marked("info-tags", "ikanos: 1.0.0-beta5\ninfo: {display: x, tags: [x]}\ncapability: {}\n")


def test_what_others_import_needs_no_tags() -> None:
    assert_marked("info-tags", "ikanos: 1.0.0-beta5\nbinds: [{namespace: env, keys: {A: a}}]\n")
