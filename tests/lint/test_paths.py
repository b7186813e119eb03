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


def test_a_variable_of_a_route_that_is_declared_or_used_is_not_told() -> None:
    assert_marked(
        "undeclared-path-variable",
        """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    resources:
    - path: /ships/{imo}
      operations:
      - {name: get, method: GET, inputParameters: [{name: imo, in: path}]}
    - path: /ships
      operations:
      - {name: list, method: GET, inputParameters: [{name: flag, in: query}]}
  exposes:
  - type: rest
    namespace: fleet
    resources:
    - path: ▶/v1/{stray}/{id}/{flag}/{imo}
      operations:
      - {method: GET, call: api.get, with: {imo: rest.id}, inputParameters: [{name: flag, in: path}]}
    - path: /v2/{imo}
      operations:
      - {method: GET, call: api.get}
    - path: /v3/{ship}
      operations:
      - {method: GET, call: api.get, with: {imo: 'IMO-{{ship}}'}}
      - {method: PUT, call: api.get, with: {imo: fleet.ship}}
      - {method: DELETE, call: api.get, with: {imo: ship}}
      - {method: POST, steps: [{name: a, type: call, call: api.get, with: {imo: '{{ship}}'}}]}
      - {method: PATCH, ref: fleet.get-ship}
      - {method: HEAD, call: elsewhere.get}
""",
    )


def test_a_route_whose_variable_goes_nowhere_is_named() -> None:
    messages = [
        each.message
        for each in findings(
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
        if each.code == "undeclared-path-variable"
    ]
    assert messages == [
        "the path variable `page` is not an input parameter of `GET /ships/{page}`, and nothing uses it"
    ]
