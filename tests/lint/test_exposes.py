"""Routes, addresses and outputs of adapters."""

from lint.marks import assert_marked, findings


def test_a_route_that_ends_with_a_slash_is_told() -> None:
    assert_marked(
        "rest-resource-path-no-trailing-slash",
        """\
ikanos: 1.0.0-beta5
capability:
  exposes:
  - type: rest
    resources:
      root: {path: /}
      ships: {path: ▶/ships/}
      crew: {path: /crew}
exposes:
- type: rest
  namespace: shared
  resources:
  - path: ▶'/v1/'
""",
    )


def test_a_query_in_the_path_of_a_route_is_told_once() -> None:
    text = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {namespace: api, baseUri: https://api.test, resources: [{path: /s, operations: [{name: g, method: GET}]}]}
  exposes:
  - type: rest
    resources:
    - path: /ships?flag={flag}
      operations: [{method: GET, call: api.g}]
    - path: ▶/crew?rank=1
"""
    assert_marked("rest-resource-path-no-query", text)
    told = [each.code for each in findings(text) if each.line == 8]
    assert told.count("unroutable-path") == 1


def test_an_adapter_at_a_name_for_examples_is_told() -> None:
    assert_marked(
        "address-not-example",
        """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - {type: rest, namespace: a, address: ▶api.example.com}
  - {type: mcp, namespace: b, address: 0.0.0.0}
  - {type: control, address: localhost, port: 1}
""",
    )


def test_two_adapters_on_one_port_that_answer_one_route_clash() -> None:
    messages = assert_marked(
        "route-clash",
        """\
ikanos: 1.0.0-beta5
capability:
  exposes:
  - type: rest
    namespace: one
    port: 8080
    resources:
      ship:
        path: /ships/{imo}
        operations:
          get: {method: GET}
  - type: rest
    namespace: two
    port: 8080
    resources:
      ship:
        path: /ships/{id}
        operations:
          ▶get: {method: get}
          put: {method: PUT}
  - type: rest
    namespace: three
    port: 8081
    resources:
      ship:
        path: /ships/{id}
        operations:
          get: {method: GET}
""",
    )
    assert messages == ["another adapter on this port serves `GET /ships/{id}` already, on line 11"]


def test_two_outputs_without_a_name_are_told_at_the_second() -> None:
    (message,) = assert_marked(
        "unnamed-outputs",
        """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: mcp
    tools:
    - name: get-ship
      outputParameters:
      - {type: string, mapping: $.name}
      - {name: flag, type: string, mapping: $.flag}
      - ▶{type: string, mapping: $.imo}
    - name: get-crew
      outputParameters:
      - {type: array, mapping: $.}
    - name: get-port
      outputParameters:
      - {name: a, type: string, mapping: $.a}
      - {name: b, type: string, mapping: $.b}
""",
    )
    assert message == (
        "`get-ship` has 2 outputs without a name: the result is the first one that is not null"
    )


def test_outputs_of_flows_and_routes_are_held_to_the_same() -> None:
    outputs = "outputParameters: [{type: string, value: a}, ▶{type: string, value: b}]"
    assert_marked(
        "unnamed-outputs",
        f"""\
ikanos: 1.0.0-beta5
capability:
  aggregates:
  - namespace: fleet
    flows:
      get: {{{outputs}}}
      named: {{outputParameters: {{a: {{type: string, value: a}}, b: {{type: string, value: b}}}}}}
  exposes:
  - type: rest
    resources:
      ship: {{path: /ship, operations: {{get: {{method: GET, {outputs}}}}}}}
""",
    )
