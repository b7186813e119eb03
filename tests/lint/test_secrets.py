"""Credentials in a document: told, and shown by nothing."""

from pathlib import Path

import pytest

from lint.marks import assert_marked, findings
from naftiko_run.diagnostics import Diagnostic
from naftiko_run.document.source import parse
from naftiko_run.lint import Level, lint

SECRET = "s3cr3t-of-the-fleet"


def secrets(text: str) -> list[Diagnostic]:
    return [each for each in findings(text) if each.code == "secret-literal"]


def shown(found: Diagnostic) -> str:
    return f"{found.message} {found.hint} {found.excerpt}"


@pytest.mark.parametrize(
    "block",
    [
        "type: bearer, token: ▶{}",
        "type: basic, username: ada, password: ▶'{}'",
        'type: digest, username: ada, password: ▶"{}"',
        "type: apikey, key: X-Key, value: ▶{}, placement: header",
        "type: apikey, header: X-Key, key: ▶{}",
        "type: apikey, in: query, name: q, key: ▶{}",
        "type: apikey, headers: {{X-Api-Key: ▶{}, X-Org: fleet-of-seven-ships}}",
        "type: query, parameters: [{{name: key, value: ▶{}}}, {{name: v, value: '2026-01-01'}}]",
        "type: aws-sig-v4, accessKeyId: id, secretKey: ▶{}",
        "type: oauth2, authorizationServerUri: https://a.test, clientSecret: ▶{}",
    ],
)
@pytest.mark.parametrize("line", ["naftiko: 1.0.0-alpha2", "ikanos: 1.0.0-beta5"])
def test_a_literal_in_an_authentication_is_told_and_masked(line: str, block: str) -> None:
    text = f"""\
{line}
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    authentication: {{{block.format(SECRET)}}}
  exposes:
  - {{type: mcp, namespace: tools, authentication: {{type: bearer, token: '{{{{TOKEN}}}}'}}}}
"""
    assert_marked("secret-literal", text)
    (found,) = secrets(text)
    assert SECRET not in shown(found)
    assert found.excerpt.endswith("***")
    assert "authentication: {type" in found.excerpt


@pytest.mark.parametrize(
    "block",
    [
        "{{bearer: {{token: ▶{}}}}}",
        "{{bearer: ▶{}}}",
        "▶{}",
        "▶Bearer {}",
        "[{{type: bearer, token: ▶{}}}]",
        "{{token: ▶{}}}",
    ],
)
def test_a_literal_in_an_authentication_of_another_shape_is_told_and_masked(block: str) -> None:
    text = f"""\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    authentication: {block.format(SECRET)}
    resources: [{{operations: [{{name: a}}]}}]
  exposes:
  - {{type: mcp, namespace: tools, tools: [{{name: a, call: api.a}}]}}
"""
    assert_marked("secret-literal", text)
    assert SECRET not in " ".join(shown(each) for each in findings(text))


@pytest.mark.parametrize(
    "block",
    [
        "{type: bearer, token: '{{TOKEN}}'}",
        "{type: basic, username: literal-user, password: ''}",
        "{type: apikey, key: X-Api-Key, value: 'Token {{TOKEN}}'}",
        "{type: bearer, token: API_TOKEN}",
        "{type: bearer, token: env.API_TOKEN}",
        "{type: oauth2, authorizationServerUri: https://a.test, tokenEndpoint: https://a.test/t, scopes: [a]}",
    ],
)
def test_what_is_left_to_a_variable_is_no_secret(block: str) -> None:
    assert not secrets(
        f"naftiko: 1.0.0-alpha2\ncapability:\n  consumes:\n  - {{namespace: a, authentication: {block}}}\n"
    )


def test_a_literal_under_a_credentials_name_is_told_wherever_it_is_sent_from() -> None:
    text = f"""\
naftiko: 1.0.0-alpha2
binds: [{{namespace: env, keys: {{API_TOKEN: the-key-in-the-vault}}}}]
capability:
  consumes:
  - namespace: api
    baseUri: https://api.test
    resources:
    - path: /x
      operations:
      - name: post
        method: POST
        inputParameters:
        - name: X-Api-Key
          in: header
          value: ▶{SECRET}
        - name: Authorization
          in: header
          value: ▶Bearer {SECRET}
        - {{name: page_token, in: query, value: short}}
        - {{name: token_type, in: query, value: a-long-literal-text}}
        body:
          type: json
          data:
            client_secret: ▶{SECRET}
            password: '{{{{tools.password}}}}'
            nested: [{{apiKey: ▶{SECRET}}}]
        outputParameters:
        - {{name: access_token, type: string, value: $.access_token}}
  exposes:
  - type: mcp
    namespace: tools
    tools:
    - name: post
      call: api.post
      inputParameters: [{{name: accesstoken, type: string}}]
      with: {{api_key: ▶{SECRET}, token: tools.token, password: $.step.password, secret: accesstoken}}
"""
    assert_marked("secret-literal", text)
    assert not any(SECRET in shown(each) for each in findings(text, Level.STRICT))


def test_a_credential_in_an_address_is_told() -> None:
    text = f"""\
ikanos: 1.0.0-beta5
capability:
  consumes:
  - namespace: api
    baseUri: ▶https://ada:{SECRET}@api.test
    resources:
      x: {{path: ▶'/x?key={SECRET}&page=longer-than-eight'}}
  - namespace: bound
    baseUri: https://ada:{{{{PASSWORD}}}}@api.test
"""
    assert_marked("secret-literal", text)
    assert not any(SECRET in shown(each) for each in findings(text))


@pytest.mark.parametrize(
    ("shape", "what"),
    [
        ("gh" + "p_" + "a1B2" * 9, "a GitHub token"),
        ("gl" + "pat-" + "a1B2" * 5, "a GitLab token"),
        ("xox" + "b-1234567890-abc", "a Slack token"),
        ("AK" + "IA" + "ABCDEFGHIJKLMNOP", "an AWS access key"),
        ("AI" + "za" + "a1B2C" * 7, "a Google API key"),
        ("sk" + "_live_" + "a1B2" * 6, "a Stripe key"),
        ("sk" + "-ant-" + "a1B2" * 6, "an API key"),
        ("ey" + "Jhbgciojiu." + "eyJzdWIiOiIx." + "c2lnbmF0dXJl", "a signed token (JWT)"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "a private key"),
    ],
)
def test_what_has_the_form_of_a_known_credential_is_told_anywhere(shape: str, what: str) -> None:
    text = f"naftiko: 1.0.0-alpha2\ninfo:\n  description: ▶'call it with {shape}'\ncapability: {{}}\n"
    (message,) = assert_marked("secret-literal", text)
    assert message == f"{what} is written in the document"
    assert not any(shape in shown(each) for each in findings(text))


@pytest.mark.parametrize("level", list(Level))
def test_no_finding_of_another_rule_shows_a_credential_either(level: Level) -> None:
    found = lint(
        parse(f"""\
naftiko: 1.0.0-alpha2
x-shared: &token {SECRET}
capability:
  consumes:
  - namespace: api
    baseUri: tcp://ada:{SECRET}@api.test
    authentication: {{type: bearer, token: *token, realm: x, passwd: {SECRET}}}
  exposes:
  - type: rest
    resources:
    - path: /x
      operations:
      - {{method: GET, call: api.x, call-token: {SECRET}}}
"""),
        level,
    )
    assert found
    assert not [each for each in found if SECRET in shown(each)]


@pytest.mark.parametrize("length", [20, 45, 60, 200])
def test_a_message_that_cuts_a_long_value_short_does_not_show_the_start_of_a_credential(length: int) -> None:
    secret = ("Qx7" * length)[:length]
    found = lint(
        parse(f"""\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - {{type: http, namespace: api, baseUri: 'https://ada:{secret}@api.test/{{x}}', resources: []}}
"""),
        Level.STRICT,
    )
    assert any("https://ada:***" in each.message for each in found)
    assert not [each for each in found if "Qx7Q" in shown(each)]


def test_a_secret_of_a_few_letters_is_masked_and_spoils_no_other_word() -> None:
    text = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: binds
    baseUri: https://api.test
    authentication: {type: bearer, token: ▶ship}
  exposes:
  - type: mcp
    tools: [{name: ships, call: binds.ships}]
"""
    assert_marked("secret-literal", text)
    assert any("binds.ships" in each.message for each in findings(text))


@pytest.mark.parametrize(
    "text",
    [f'token: "{SECRET}\n', f"a: b\npassword: {SECRET}: x\n", f"  api-key = {SECRET}\n : :\n"],
)
def test_a_line_that_is_no_yaml_does_not_show_its_credential(tmp_path: Path, text: str) -> None:
    file = tmp_path / "doc.yaml"
    file.write_text(text, encoding="utf-8")
    (found,) = lint(file)
    assert found.code == "yaml-syntax"
    assert SECRET not in shown(found)
