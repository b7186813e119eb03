"""Base URIs: a value of a variable is parsed like one in the document, and a missing one is reported with a fix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consume.calling import authenticated, call
from consume.recording import sent, tool
from naftiko_run import Settings, load
from naftiko_run.errors import DocumentError, MissingBinding, Unsupported
from support.documents import written
from support.upstream import Upstream


@pytest.mark.parametrize(
    ("template", "value", "url"),
    [
        ("{{BASE}}", "https://h.example/api", "https://h.example/api/things"),
        ("{{BASE}}", "https://h.example/api/", "https://h.example/api/things"),
        ("{{BASE}}", "HTTPS://h.example/Api", "https://h.example/Api/things"),
        ("{{BASE}}", "  https://h.example/api \n", "https://h.example/api/things"),
        ("{{BASE}}", "h.example", "https://h.example/things"),
        ("{{BASE}}", "//h.example/api", "https://h.example/api/things"),
        ("{{BASE}}", "h.example:8443/api/", "https://h.example:8443/api/things"),
        ("{{BASE}}", "https://h.example/my api", "https://h.example/my%20api/things"),
        ("{{BASE}}", "https://h.example/my%20api", "https://h.example/my%20api/things"),
        ("{{BASE}}", "https://h.example/api?key=a+b&v=1#top", "https://h.example/api/things?key=a%20b&v=1"),
        ("{{BASE}}", "https://h.example?key=a", "https://h.example/things?key=a"),
        ("{{BASE}}/v1", "https://h.example/api/?key=a", "https://h.example/api/v1/things?key=a"),
        ("https://{{BASE}}/v1", "http://h.example/", "http://h.example/v1/things"),
        ("https://{{BASE}}", "//h.example/api", "https://h.example/api/things"),
        ("https://{{BASE}}/v1", "h.example/api", "https://h.example/api/v1/things"),
        ("https://h.example/{{BASE}}", "/api/", "https://h.example/api/things"),
        ("https://h.example/{{BASE}}/v1", "a/b", "https://h.example/a/b/v1/things"),
        ("https://h.example/{{BASE}}", "a?b#c", "https://h.example/a%3Fb%23c/things"),
        ("https://me:{{BASE}}@h.example", "p@s/s w", "https://me:p%40s%2Fs%20w@h.example/things"),
        ("{{BASE}}", "https://me:pw@h.example/api", "https://me:pw@h.example/api/things"),
        ("{{BASE}}", "http://[::1]:8080/api", "http://[::1]:8080/api/things"),
    ],
)
def test_a_value_is_split_like_a_base_uri_of_a_document(template: str, value: str, url: str) -> None:
    assert sent(tool({}, baseUri=template, environment={"BASE": value})).url == url


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://h.example/graphql", "https://h.example/graphql"),
        ("https://h.example/graphql/", "https://h.example/graphql/"),
        ("https://h.example/graphql/?v=1", "https://h.example/graphql/?v=1"),
    ],
)
def test_the_slash_of_a_value_is_kept_by_an_operation_without_a_path(value: str, url: str) -> None:
    assert sent(tool({}, path="", baseUri="{{BASE}}", environment={"BASE": value})).url == url


def test_an_input_of_the_operation_wins_over_the_query_of_a_value() -> None:
    operation = {"inputParameters": [{"in": "query", "name": "v", "value": "2"}]}
    environment = {"BASE": "https://h.example?v=1&k=a"}
    assert sent(tool(operation, baseUri="{{BASE}}", environment=environment)).url == (
        "https://h.example/things?k=a&v=2"
    )


@given(
    st.text(st.characters(codec="ascii", exclude_characters=" \t\r\n/?#%"), min_size=1, max_size=10),
    st.sampled_from(["", " ", "\n", "\r\n", "\t \n"]),
)
def test_the_end_of_a_value_is_never_sent(segment: str, end: str) -> None:
    plain = sent(tool({}, baseUri="{{BASE}}", environment={"BASE": f"https://h.example/{segment}"}))
    ended = sent(tool({}, baseUri="{{BASE}}", environment={"BASE": f"https://h.example/{segment}{end}"}))
    assert plain.url == ended.url
    assert plain.url.startswith("https://h.example/")
    assert plain.url.endswith("/things")


TOKEN = {"type": "bearer", "token": "{{env.API_TOKEN}}"}


@pytest.mark.parametrize("value", ["t0k\n", " t0k", "t0k \r\n"])
def test_a_credential_is_sent_without_what_is_around_it_and_the_variable_is_named(
    tmp_path: Path, upstream: Upstream, value: str
) -> None:
    capability = authenticated(tmp_path, upstream.url, TOKEN, environment={"API_TOKEN": value})
    call(capability)
    assert upstream.only.header("authorization") == "Bearer t0k"
    (found,) = [each for each in capability.diagnostics if each.code == "trimmed-value"]
    assert "API_TOKEN" in found.message
    assert "t0k" not in str(found)
    assert found.alters_service


def test_a_value_of_a_file_is_reported_with_its_key_and_location(tmp_path: Path, upstream: Upstream) -> None:
    (tmp_path / "secrets.json").write_text('{"api-token": "t0k\\n"}')
    document = written(
        tmp_path,
        f"""\
naftiko: 1.0.0-alpha2
binds: [{{namespace: s, location: 'file:///./secrets.json', keys: {{TOKEN: api-token}}}}]
capability:
  consumes:
  - namespace: api
    baseUri: {upstream.url}
    authentication: {{type: bearer, token: '{{{{TOKEN}}}}'}}
    resources: [{{path: /things, operations: [{{name: op, method: GET}}]}}]
  exposes: [{{type: mcp, namespace: m, tools: [{{name: t, call: api.op}}]}}]
""",
    )
    capability = load(document, Settings(environment={}))
    call(capability)
    assert upstream.only.header("authorization") == "Bearer t0k"
    (found,) = [each for each in capability.diagnostics if each.code == "trimmed-value"]
    assert "`api-token` in file:///./secrets.json" in found.message
    assert found.line == 2


def test_the_warning_about_a_trimmed_variable_points_to_its_binding(
    tmp_path: Path, upstream: Upstream
) -> None:
    document = written(
        tmp_path,
        f"""\
naftiko: 1.0.0-alpha2
binds:
- namespace: env
  keys:
    OTHER: OTHER
    TOKEN: API_TOKEN
capability:
  consumes:
  - namespace: api
    baseUri: {upstream.url}
    authentication: {{type: bearer, token: '{{{{TOKEN}}}}'}}
    resources: [{{path: /things, operations: [{{name: op, method: GET}}]}}]
  exposes: [{{type: mcp, namespace: m, tools: [{{name: t, call: api.op}}]}}]
""",
    )
    capability = load(document, Settings(environment={"API_TOKEN": " t0k"}))
    (found,) = [each for each in capability.diagnostics if each.code == "trimmed-value"]
    assert found.line == 6


def test_a_token_written_as_a_block_has_no_line_break(tmp_path: Path, upstream: Upstream) -> None:
    block = {"type": "bearer", "token": "{{env.API_TOKEN}}\n"}
    capability = authenticated(tmp_path, upstream.url, block, environment={"API_TOKEN": "t0k"})
    call(capability)
    assert upstream.only.header("authorization") == "Bearer t0k"


def test_a_value_of_nothing_but_spaces_is_missing(tmp_path: Path, upstream: Upstream) -> None:
    capability = authenticated(tmp_path, upstream.url, TOKEN, environment={"API_TOKEN": " \n"})
    with pytest.raises(MissingBinding):
        call(capability)
    assert not upstream.received


def of_base_uri(folder: Path, base_uri: str, settings: Mapping[str, str] | None = None) -> Settings:
    written(
        folder,
        f"""\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: api
    {f"baseUri: '{base_uri}'" if base_uri is not None else ""}
    resources: [{{path: /things, operations: [{{name: op, method: GET}}]}}]
  exposes: [{{type: mcp, namespace: m, tools: [{{name: t, call: api.op}}]}}]
""",
        "document.yaml",
    )
    return Settings(settings or {}, environment={})


@pytest.mark.parametrize("base_uri", ["", "tcp://h:1", "https://my host/v1"])
def test_an_invalid_base_uri_names_the_option_that_sets_one(
    tmp_path: Path, upstream: Upstream, base_uri: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        load(tmp_path / "document.yaml", of_base_uri(tmp_path, base_uri))
    assert "--base-uri api=URL" in str(refused.value)
    call(load(tmp_path / "document.yaml", of_base_uri(tmp_path, base_uri, {"api": upstream.url})))
    assert upstream.only.target == "/things"


@pytest.mark.parametrize(
    "base_uri", ["", "tcp://h:1", "https://[region].example.com/v1", "https://h:[port]/v1"]
)
def test_an_invalid_base_uri_is_shown_in_the_sandbox(tmp_path: Path, base_uri: str) -> None:
    of_base_uri(tmp_path, base_uri)
    capability = load(tmp_path / "document.yaml", Settings(sandbox=True, environment={}))
    assert b"wouldSend" in call(capability).content


@pytest.mark.parametrize("value", ["", " \n"])
@pytest.mark.parametrize("base_uri", ["{{env.BASE}}", "https://{{env.BASE}}/v1"])
def test_an_address_whose_variable_is_set_to_an_empty_value_is_missing(
    tmp_path: Path, upstream: Upstream, base_uri: str, value: str
) -> None:
    of_base_uri(tmp_path, base_uri)
    environment = {"BASE": value}
    with pytest.raises(MissingBinding, match="BASE"):
        call(load(tmp_path / "document.yaml", Settings(environment=environment)))
    call(load(tmp_path / "document.yaml", Settings({"api": upstream.url}, environment=environment)))
    assert upstream.only.target == "/things"


@pytest.mark.parametrize("value", ["", "tcp://h:1"])
def test_an_invalid_address_of_a_variable_is_shown_in_the_sandbox(tmp_path: Path, value: str) -> None:
    of_base_uri(tmp_path, "{{env.BASE}}")
    capability = load(tmp_path / "document.yaml", Settings(sandbox=True, environment={"BASE": value}))
    assert b"wouldSend" in call(capability).content


def test_an_invalid_address_of_a_variable_names_the_option_that_sets_one(tmp_path: Path) -> None:
    of_base_uri(tmp_path, "{{env.BASE}}")
    with pytest.raises(DocumentError) as refused:
        load(tmp_path / "document.yaml", Settings(environment={"BASE": "tcp://h:1"}))
    assert "--base-uri api=URL" in str(refused.value)


@pytest.mark.parametrize(
    ("base_uri", "placeholder", "bound"),
    [
        ("https://[region].api.com", "[region]", "region"),
        ("https://[your-domain]/v1", "[your-domain]", "your-domain"),
        ("https://[my region].api.com", "[my region]", "my_region"),
        ("https://<tenant>.api.com", "<tenant>", "tenant"),
        ("https://api.com/[tenant]/v1", "[tenant]", "tenant"),
        ("https://api.com:[port]/v1", "[port]", "port"),
        ("https://[::1]:<port>", "<port>", "port"),
        ("https://$HOST/v1", "$HOST", "HOST"),
        ("https://$host", "$host", "host"),
        ("https://api.$REGION.example.com", "$REGION", "REGION"),
        ("https://api.com:$PORT/v1", "$PORT", "PORT"),
        ("https://api.com/$TENANT_ID/v1", "$TENANT_ID", "TENANT_ID"),
    ],
)
def test_a_placeholder_in_a_base_uri_is_named_as_what_it_is(
    tmp_path: Path, upstream: Upstream, *, base_uri: str, placeholder: str, bound: str
) -> None:
    capability = load(tmp_path / "document.yaml", of_base_uri(tmp_path, base_uri))
    (found,) = [each for each in capability.diagnostics if each.code == "cannot-be-called"]
    kind = {
        "[": "placeholder in square brackets",
        "<": "placeholder in angle brackets",
        "$": "shell-style variable",
    }
    assert f"the {kind[placeholder[0]]} `{placeholder}`" in found.message
    assert f"write `{{{{{bound}}}}}` and bind `{bound}` under `binds`" in found.message
    assert "--base-uri api=https://" in found.message
    assert found.line == 5
    with pytest.raises(Unsupported) as refused:
        call(capability)
    assert placeholder in str(refused.value)
    call(load(tmp_path / "document.yaml", of_base_uri(tmp_path, base_uri, {"api": upstream.url})))
    assert upstream.only.target == "/things"


@pytest.mark.parametrize(
    ("base_uri", "words"),
    [
        ("[BASE_URL]", "the placeholder in square brackets `[BASE_URL]`"),
        ("<BASE_URL>/v1", "the placeholder in angle brackets `<BASE_URL>`"),
        ("$BASE_URL", "the shell-style variable `$BASE_URL`"),
        ("$BASE_URL:8080/v1", "the shell-style variable `$BASE_URL`"),
    ],
)
def test_a_placeholder_for_a_whole_base_uri_is_named_as_what_it_is(
    tmp_path: Path, upstream: Upstream, base_uri: str, words: str
) -> None:
    with pytest.raises(DocumentError) as refused:
        load(tmp_path / "document.yaml", of_base_uri(tmp_path, base_uri))
    assert words in str(refused.value)
    assert "write `{{BASE_URL}}` and bind `BASE_URL` under `binds`" in str(refused.value)
    assert "--base-uri api=URL" in str(refused.value)
    call(load(tmp_path / "document.yaml", of_base_uri(tmp_path, base_uri, {"api": upstream.url})))
    assert upstream.only.target == "/things"


@pytest.mark.parametrize(
    "base_uri", ["https://h/$metadata", "https://me:$ECRET@h/", "https://h/$$FOO", "https://h/a$"]
)
def test_a_dollar_sign_that_is_data_is_no_placeholder(tmp_path: Path, base_uri: str) -> None:
    capability = load(tmp_path / "document.yaml", of_base_uri(tmp_path, base_uri))
    assert "cannot-be-called" not in [each.code for each in capability.diagnostics]


@pytest.mark.parametrize(
    "base_uri", ["http://[::1]:9", "http://[2001:db8::7]/v1", "https://{{env.H}}/[{{env.I}}]"]
)
def test_an_address_in_brackets_is_no_placeholder(tmp_path: Path, base_uri: str) -> None:
    capability = load(tmp_path / "document.yaml", of_base_uri(tmp_path, base_uri))
    assert "cannot-be-called" not in [each.code for each in capability.diagnostics]
