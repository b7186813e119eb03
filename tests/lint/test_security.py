"""Text that browsers would run, authentication that is not checked, and oauth2."""

from lint.marks import assert_marked


def test_script_tags_in_prose_are_told_and_in_data_are_not() -> None:
    messages = assert_marked(
        "no-script-tags-in-markdown",
        """\
naftiko: 1.0.0-alpha2
info: {label: ▶'<Script src=x>', description: '<scripture>'}
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    resources:
    - path: /x
      description: ▶|
        Ships.
        <script>alert(1)</script>
      operations:
      - {name: x, method: POST, body: {type: json, data: {description: '<script>'}}}
  exposes:
  - type: mcp
    tools:
    - {name: x, call: api.x, description: Fine, with: {label: '<script>'}}
""",
    )
    assert messages[0] == "this `label` contains `<script`, which a page that renders it may run"


def test_eval_in_prose_is_told() -> None:
    assert_marked(
        "no-eval-in-markdown",
        """\
ikanos: 1.0.0-beta5
info: {display: Fleet, description: ▶'Runs eval (x)'}
capability:
  exposes:
  - type: skill
    port: 3003
    skills:
      ops: {description: 'A retrieval(x)', tools: {x: {description: x, instruction: ▶"eval('x')"}}}
""",
    )


def test_authentication_over_stdio_is_told() -> None:
    assert_marked(
        "mcp-auth-stdio-conflict",
        """\
naftiko: 1.0.0-alpha2
capability:
  exposes:
  - type: mcp
    namespace: a
    transport: stdio
    ▶authentication: {type: bearer, token: '{{TOKEN}}'}
  - {type: mcp, namespace: b, transport: http, authentication: {type: bearer, token: '{{TOKEN}}'}}
  - {type: mcp, namespace: c, transport: stdio}
""",
    )


OAUTH2 = """\
ikanos: 1.0.0-beta5
capability:
  exposes:
  - type: mcp
    namespace: a
    authentication:
      type: oauth2
      authorizationServerUri: %shttp://as.test
      resource: %shttp://mcp.test
      scopes: [read]
  - type: rest
    namespace: b
    %sauthentication: {type: oauth2, authorizationServerUri: https://as.test, resource: 'https://x.test'}
  - type: control
    port: 9
    authentication: {type: oauth2, authorizationServerUri: '{{AS}}', resource: '{{ME}}', scopes: [ops]}
"""


def test_an_authorization_server_without_https_is_told() -> None:
    assert_marked("oauth2-https-authserver", OAUTH2 % ("▶", "", ""))


def test_a_resource_without_https_is_told() -> None:
    assert_marked("oauth2-resource-https", OAUTH2 % ("", "▶", ""))


def test_an_oauth2_that_asks_for_no_scope_is_told() -> None:
    assert_marked("oauth2-scopes-defined", OAUTH2 % ("", "", "▶"))
