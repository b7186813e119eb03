"""Bindings that are declared and not used, or written without braces."""

from lint.marks import assert_marked


def test_a_variable_that_nothing_uses_is_told_at_its_key() -> None:
    assert_marked(
        "unused-binding",
        """\
naftiko: 1.0.0-alpha2
info: {label: x, description: 'needs STRAY'}
binds:
- namespace: env
  keys:
    TOKEN: TOKEN
    ▶STRAY: STRAY
    HOST: HOST
    REGION: REGION
    INPUT: INPUT
    BODY: BODY
- {namespace: listed, keys: [PIN, ▶NIP]}
capability:
  binds:
  - {namespace: vault, location: 'file:///x', keys: {KEY: key, ▶LOCK: lock}}
  consumes:
  - namespace: api
    baseUri: https://{HOST}.${REGION}.test
    authentication: {type: bearer, token: '{{env.TOKEN}}'}
    resources:
    - path: /x
      operations:
      - name: get
        method: GET
        inputParameters: [{name: INPUT, in: environment}, {name: k, in: query, value: '{{vault.KEY}}'}]
        body: 'a {{#BODY}}b{{/BODY}} {{vault.TOKEN}}'
  exposes:
  - type: mcp
    tools: [{name: get, call: api.get, with: {pin: env.PIN}}]
""",
    )


def test_unused_variables_of_documents_that_import_or_are_imported_are_not_told() -> None:
    assert_marked("unused-binding", "ikanos: 1.0.0-beta5\nbinds: [{namespace: env, keys: {A: a}}]\n")
    assert_marked(
        "unused-binding",
        """\
naftiko: 1.0.0-alpha2
binds: [{namespace: env, keys: {A: a}}]
capability: {consumes: [{location: ./x.yaml, import: x}]}
""",
    )


def test_a_variable_without_braces_is_told() -> None:
    messages = assert_marked(
        "unbraced-variable",
        """\
ikanos: 1.0.0-beta5
binds: [{namespace: env, keys: {API_VERSION: v}}]
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    authentication: {type: bearer, token: ▶API_TOKEN}
    inputParameters:
      version: {in: header, value: ▶"API_VERSION"}
      kind: {in: header, value: "SOME_KIND"}
""",
    )
    assert messages[0] == "`API_TOKEN` has no braces: it is literal text, not a variable"
