"""Path variables that nobody declares."""

from lint.marks import assert_marked, findings


def test_a_variable_of_a_consumed_path_that_operations_do_not_declare_is_told_with_them() -> None:
    (message,) = assert_marked(
        "undeclared-path-variable",
        """\
naftiko: 1.0.0-alpha2
binds:
- {namespace: env, keys: {TENANT: TENANT}}
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    resources:
    - path: ▶/{{TENANT}}/ships/{imo}
      operations:
      - {name: get-ship, method: GET}
      - {name: drop-ship, method: DELETE}
      - {name: put-ship, method: PUT, inputParameters: [{name: imo, in: path}]}
""",
    )
    assert message == "the path variable `imo` is not an input parameter of `get-ship`, `drop-ship`"


def test_a_variable_is_declared_by_the_operation_its_resource_or_its_api_in_any_spelling() -> None:
    assert_marked(
        "undeclared-path-variable",
        """\
ikanos: 1.0.0-beta5
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    inputParameters:
      tenant: {in: path}
    resources:
      ship:
        path: /{tenant}/{fleet-id}/ships/{imo}?by={name}
        inputParameters:
          fleetId: {in: path}
        operations:
          get: {method: GET, inputParameters: {imo: {in: path}}}
      crew:
        path: ▶/crew/{id}
        operations:
          get: {method: GET}
          one: {method: GET, path: ▶'/{member}', inputParameters: {id: {in: path}}}
""",
    )


def test_a_variable_of_a_route_that_its_steps_or_values_use_is_not_told() -> None:
    messages = assert_marked(
        "undeclared-path-variable",
        """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: rest
    namespace: fleet
    resources:
    - path: ▶/v1/{stray}/{id}/{flag}/{imo}
      inputParameters: [{name: imo, in: path}]
      operations:
      - method: GET
        inputParameters: [{name: flag, in: path}]
        steps: [{name: a, type: call, call: api.get, with: {imo: 'IMO-{{id}}'}}]
    - path: /v2/{ship}
      operations:
      - {method: GET, steps: [{name: a, type: call, call: api.get, with: {imo: fleet.ship}}]}
      - {method: PUT, outputParameters: [{name: ship, type: string, value: '{{ship}}'}]}
      - {method: DELETE, ref: fleet.get-ship}
""",
    )
    (message,) = messages
    assert message == (
        "the path variable `stray` is not an input parameter of `GET /v1/{stray}/{id}/{flag}/{imo}`, "
        "and nothing uses it"
    )


def test_a_variable_that_what_is_called_does_not_know_is_told_once() -> None:
    found = findings(
        """\
ikanos: 1.0.0-beta5
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    resources: {ships: {path: /ships, operations: {list: {method: GET}}}}
  exposes:
  - type: rest
    resources: {ships: {path: '/ships/{page}', operations: {list: {method: GET, call: api.list}}}}
"""
    )
    assert [each.code for each in found if "page" in each.message and "description" not in each.code] == [
        "unknown-argument"
    ]
