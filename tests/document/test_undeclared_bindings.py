"""Variables that are used and that no bind declares: told at load, once, where they first stand."""

from lint.marks import assert_marked, findings
from naftiko_run.diagnostics import Severity
from naftiko_run.document.load import load_text
from naftiko_run.lint import Level


def test_variables_that_only_a_bind_can_give_are_told_where_none_declares_them() -> None:
    messages = assert_marked(
        "undeclared-binding",
        """\
naftiko: 1.0.0-alpha2
binds:
- {namespace: env, keys: {TOKEN: TOKEN, HOST: HOST}}
- {namespace: vault, location: 'file:///secrets.yaml', keys: {PIN: pin}}
capability:
  consumes:
  - namespace: api
    baseUri: ▶'https://{{region}}.{{HOST}}.test'
    authentication: {type: basic, username: ▶'{{env.USER}}', password: '{{TOKEN}}'}
    resources:
    - path: /ships/{imo}
      operations:
      - name: get
        method: POST
        inputParameters:
        - {name: imo, in: path}
        - {name: X-Pin, in: header, value: '{{vault.PIN}}'}
        - {name: X-Key, in: header, value: ▶'{{API_KEY}}'}
        - {name: X-Wrong, in: header, value: ▶'{{vault.TOKEN}}'}
        - {name: X-Again, in: header, value: '{{API_KEY}}'}
        body: {type: json, data: {name: '{{tools.name}}', CAPS: '{{CAPS}}', zone: ▶'{{env.ZONE}}'}}
  exposes:
  - type: rest
    namespace: rest
    address: ▶'{{ADDRESS}}'
    authentication: {type: bearer, token: '{{HOST}}'}
    resources:
    - path: /ships/{imo}
      operations:
      - {method: GET, call: api.get, with: {imo: rest.imo, name: ▶env.NAME}}
""",
    )
    assert messages[0] == "`region` is not declared in `binds`"
    assert "the bind `vault` has no key `TOKEN`" in messages


def test_what_a_bind_with_a_location_declares_is_not_in_the_environment() -> None:
    messages = assert_marked(
        "undeclared-binding",
        """\
ikanos: 1.0.0-beta5
binds:
- {namespace: vault, location: 'file:///secrets.yaml', keys: {TOKEN: token}}
capability:
  consumes:
  - {namespace: a, baseUri: https://a.test, authentication: {type: bearer, token: ▶'{{env.TOKEN}}'}}
  - {namespace: b, baseUri: https://b.test, authentication: {type: bearer, token: '{{vault.TOKEN}}'}}
  - {namespace: c, baseUri: https://c.test, authentication: {type: bearer, token: '{{TOKEN}}'}}
""",
    )
    assert messages == ["`env.TOKEN` is not declared in `binds`"]


def test_the_hint_of_a_likely_slip_is_the_name_that_was_meant() -> None:
    text = """\
naftiko: 1.0.0-alpha2
binds: [{namespace: env, keys: {SHIP_TOKEN: SHIP_TOKEN}}]
capability:
  consumes:
  - {namespace: a, baseUri: https://a.test, authentication: {type: bearer, token: '{{SHIP_TOKNE}}'}}
  - {namespace: b, baseUri: 'https://{{siteName}}.test'}
"""
    slip, other = [each.hint for each in findings(text) if each.code == "undeclared-binding"]
    assert slip == "did you mean `SHIP_TOKEN`?"
    assert other == (
        "write `{{SITE_NAME}}`, and add `SITE_NAME: SITE_NAME` under `keys` of a bind with `namespace: env`"
    )


def test_a_variable_of_a_base_uri_in_single_braces_is_told_once() -> None:
    found = findings(
        "naftiko: 1.0.0-alpha2\ncapability:\n  consumes:\n  - {namespace: a, baseUri: 'https://{zone}.test'}\n"
    )
    assert [each.code for each in found if each.pointer.endswith("baseUri")] == ["base-uri-variable"]


def test_what_may_be_declared_in_another_file_is_not_told() -> None:
    importing = """\
ikanos: 1.0.0-beta5
capability:
  binds: [{from: ./binds.yml, import: vault}]
  consumes:
  - {namespace: a, baseUri: https://a.test, authentication: {type: bearer, token: '{{TOKEN}}'}}
"""
    assert_marked("undeclared-binding", importing)


def test_a_key_that_authentication_puts_into_the_base_uri_is_no_binding() -> None:
    assert_marked(
        "undeclared-binding",
        """\
naftiko: 1.0.0-alpha2
binds: [{namespace: env, keys: {BOT: BOT}}]
capability:
  consumes:
  - namespace: bot
    baseUri: https://bot.test/bot{{token}}
    authentication: {type: apikey, key: token, placement: path, value: '{{BOT}}'}
""",
    )


def test_loading_tells_it_and_no_level_tells_it_twice() -> None:
    text = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    authentication: {type: basic, username: '{{USER}}', password: '{{env.USER}}{{env.PASS}}'}
    resources: [{path: /a, operations: [{name: get, method: GET}]}]
  exposes:
  - {type: mcp, namespace: m, tools: [{name: get, call: api.get}]}
"""
    loaded = [(each.severity, each.line, each.message) for each in load_text(text).diagnostics]
    assert loaded == [
        (Severity.WARNING, 6, "`USER` is not declared in `binds`"),
        (Severity.WARNING, 6, "`env.PASS` is not declared in `binds`"),
    ]
    for level in Level:
        assert [each.code for each in findings(text, level)].count("undeclared-binding") == 2
