"""``forward``: requests passed on as they are, streaming both ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings, load
from support.server import Served, serving
from support.upstream import Answer, Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
binds: [{{namespace: env, keys: {{KEY: KEY}}}}]
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}/v1
    authentication: {{type: bearer, token: "{{{{KEY}}}}"}}
    inputParameters: [{{name: X-Version, in: header, value: "3"}}, {{name: region, in: query, value: eu}}]
    resources: [{{path: /one, operations: [{{name: one, method: GET}}]}}]
  - {{type: http, namespace: open, baseUri: {url}, resources: []}}
  - {{type: http, namespace: outer, baseUri: "{url}/outer", resources: []}}
  - {{type: http, namespace: inner, baseUri: "{url}/inner", resources: []}}
  - type: http
    namespace: keyed
    baseUri: {url}
    authentication: {{type: apikey, key: k, value: "{{{{KEY}}}}", placement: body}}
    resources: []
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /proxy/{{{{path}}}}
      forward: {{targetNamespace: api, trustedHeaders: [X-Trace, Accept, X-Version, Authorization, User-Agent]}}
    - {{path: /proxy/special, operations: [{{method: GET, call: api.one}}]}}
    - path: /open/{{path}}
      forward: {{targetNamespace: open, trustedHeaders: [Authorization, Cookie]}}
    - path: /exact
      forward: {{targetNamespace: open}}
    - path: /keyed
      forward: {{targetNamespace: keyed}}
    - {{path: "/nested/{{path}}", forward: {{targetNamespace: outer}}}}
    - {{path: "/nested/inner/{{path}}", forward: {{targetNamespace: inner}}}}
    - {{path: "/nested/i/{{path}}", forward: {{targetNamespace: inner}}}}
    - {{path: "/nested/inner/most/{{path}}", forward: {{targetNamespace: open}}}}
    - {{path: "/other/inner/{{path}}", forward: {{targetNamespace: inner}}}}
    - {{path: "/other/{{path}}", forward: {{targetNamespace: outer}}}}
    - path: /fixed/{{path}}
      inputParameters:
      - {{name: X-Tenant, in: header, value: acme}}
      - {{name: X-Key, in: header, value: '{{{{KEY}}}}'}}
      - {{name: x-version, in: header, value: "4"}}
      - {{name: Accept, in: header, value: text/csv}}
      - {{name: X-Free, in: header}}
      - {{name: lang, in: query, value: fr}}
      forward: {{targetNamespace: api, trustedHeaders: [X-Tenant, X-Key, X-Free, Accept]}}
    - path: /nowhere/{{path}}
      forward: {{targetNamespace: none}}
"""


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    file = tmp_path / "forward.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    with serving(file, settings=Settings(environment={"KEY": "k-1"})) as served:
        yield served


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PURGE"])
def test_every_method_is_passed_on(served: Served, upstream: Upstream, method: str) -> None:
    answer = httpx.request(method, f"{served.origin('rest')}/proxy/a/b")
    assert answer.status_code == 200
    assert (upstream.only.method, upstream.only.path) == (method, "/v1/a/b")


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/proxy/a/b/c?x=1&x=2&y=%20", "/v1/a/b/c?x=1&x=2&y=%20&region=eu"),
        ("/proxy/a%2Fb/%C3%A9", "/v1/a%2Fb/%C3%A9?region=eu"),
        ("/proxy/a/", "/v1/a/?region=eu"),
        ("/proxy", "/v1?region=eu"),
        ("/proxy/", "/v1/?region=eu"),
        ("/open/deep/er", "/deep/er"),
        ("/exact", "/"),
    ],
)
def test_the_path_and_the_query_stay_as_they_were_written(
    served: Served, upstream: Upstream, asked: str, sent: str
) -> None:
    httpx.get(served.origin("rest") + asked)
    assert upstream.only.target == sent


@pytest.mark.parametrize(
    "path",
    [
        "/proxy/a/%2e%2e/%2e%2e/admin",
        "/proxy/%2E%2E",
        "/proxy/a/%2e",
        "/proxy/..%2f..%2fadmin",
        "/proxy/a%2f..%5cadmin",
        "/proxy/%252e%252e%252fadmin",
        "/proxy/a/..;x/admin",
        "/open/..%2fadmin",
    ],
)
def test_a_path_that_climbs_is_refused(served: Served, upstream: Upstream, path: str) -> None:
    answer = httpx.get(served.origin("rest") + path)
    assert answer.status_code == 400
    assert answer.json()["violations"] == [
        {"pointer": "/path", "message": "cannot make a path segment `.` or `..`"}
    ]
    assert upstream.received == []


@pytest.mark.parametrize("path", ["/proxy/a%00b", "/proxy/a%09b", "/proxy/a%250db"])
def test_a_path_with_a_control_character_is_refused(served: Served, upstream: Upstream, path: str) -> None:
    answer = httpx.get(served.origin("rest") + path)
    assert answer.status_code == 400
    assert "control character" in answer.json()["violations"][0]["message"]
    assert upstream.received == []


def test_an_operation_wins_over_the_forward(served: Served, upstream: Upstream) -> None:
    httpx.get(f"{served.origin('rest')}/proxy/special")
    httpx.post(f"{served.origin('rest')}/proxy/special", content=b"x")
    assert [(each.method, each.path) for each in upstream.received] == [
        ("GET", "/v1/one"),
        ("POST", "/v1/special"),
    ]


def test_only_trusted_headers_go_and_the_documents_own_are_added(served: Served, upstream: Upstream) -> None:
    sent = {
        "X-Trace": "t",
        "X-Other": "o",
        "Authorization": "Bearer mine",
        "Cookie": "a=b",
        "Accept": "text/plain",
        "Content-Type": "text/csv",
        "X-Version": "4",
        "User-Agent": "mine",
        "Connection": "keep-alive, x-other",
    }
    httpx.post(f"{served.origin('rest')}/proxy/x", headers=sent, content=b"a,b")
    request = upstream.only
    assert request.body == b"a,b"
    assert request.header("x-trace") == "t"
    assert request.header("accept") == "text/plain"
    assert request.header("content-type") == "text/csv"
    assert request.header("authorization") == "Bearer k-1"
    assert [value for name, value in request.headers if name == "x-version"] == ["3"]
    assert [value for name, value in request.headers if name == "authorization"] == ["Bearer k-1"]
    assert request.header("user-agent") == "mine"
    assert request.header("x-other") == request.header("cookie") == ""
    assert "127.0.0.1" in request.header("host")


def test_fixed_values_of_its_resource_are_sent(served: Served, upstream: Upstream) -> None:
    given = {"X-Tenant": "mine", "X-Key": "mine", "X-Free": "mine", "Accept": "text/plain"}
    httpx.get(f"{served.origin('rest')}/fixed/a?x=1", headers=given)
    request = upstream.only
    assert request.target == "/v1/a?x=1&lang=fr&region=eu"
    sent = {name: [value for key, value in request.headers if key == name] for name, _ in request.headers}
    assert sent["x-tenant"] == ["acme"]
    assert sent["x-key"] == ["k-1"]
    assert sent["x-version"] == ["3"]
    assert sent["accept"] == ["text/csv"]
    assert sent["x-free"] == ["mine"]


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("/nested/a", "/outer/a"),
        ("/nested/inner/a", "/inner/a"),
        ("/nested/inner", "/inner"),
        ("/nested/i/a", "/inner/a"),
        ("/nested/inner/most/a", "/a"),
        ("/nested/innermost/a", "/outer/innermost/a"),
        ("/other/a", "/outer/a"),
        ("/other/inner/a", "/inner/a"),
    ],
)
def test_of_nested_forwards_the_longest_path_wins(
    served: Served, upstream: Upstream, asked: str, path: str
) -> None:
    httpx.get(served.origin("rest") + asked)
    assert upstream.only.path == path


def test_a_trusted_authorization_is_the_callers(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(headers=(("set-cookie", "c=1"), ("content-type", "text/plain"))))
    answer = httpx.get(
        f"{served.origin('rest')}/open/x", headers={"Authorization": "Bearer mine", "Cookie": "a=b"}
    )
    assert upstream.only.header("authorization") == "Bearer mine"
    assert upstream.only.header("cookie") == "a=b"
    assert answer.headers["set-cookie"] == "c=1"


@pytest.mark.parametrize("status", [200, 201, 204, 302, 404, 418, 503])
def test_the_answer_comes_back_as_it_was(served: Served, upstream: Upstream, status: int) -> None:
    headers = (
        ("content-type", "image/png"),
        ("etag", '"1"'),
        ("x-own", "1"),
        ("set-cookie", "s=1"),
        ("server", "up"),
        ("location", "/elsewhere"),
        ("www-authenticate", "Basic"),
    )
    body = b"" if status == 204 else bytes(range(256))
    upstream.answers(Answer(status, body, headers))
    answer = httpx.get(f"{served.origin('rest')}/proxy/x")
    assert (answer.status_code, answer.content) == (status, body)
    kept = ("content-type", "etag", "x-own", "www-authenticate")
    assert [answer.headers[name] for name in kept] == [
        "image/png",
        '"1"',
        "1",
        "Basic",
    ]
    assert answer.headers["location"] == f"{upstream.url}/elsewhere"
    assert "set-cookie" not in answer.headers
    assert answer.headers.get("server") != "up"


@pytest.mark.parametrize(
    ("written", "path"),
    [("next?page=2", "/v1/a/next?page=2"), ("?page=2", "/v1/a/b?page=2"), ("../c", "/v1/c"), ("/d", "/d")],
)
def test_a_relative_location_is_the_upstreams(
    served: Served, upstream: Upstream, written: str, path: str
) -> None:
    upstream.answers(Answer(303, b"", (("location", written),)))
    answer = httpx.get(f"{served.origin('rest')}/proxy/a/b?x=1")
    assert answer.headers["location"] == upstream.url + path


@pytest.mark.parametrize("written", ["https://elsewhere.example/x", "http://[", "mailto:a@b.example"])
def test_another_location_stays_as_it_was_written(served: Served, upstream: Upstream, written: str) -> None:
    upstream.answers(Answer(201, b"", (("location", written),)))
    assert httpx.get(f"{served.origin('rest')}/proxy/a").headers["location"] == written


def test_a_forward_to_nothing_says_why(served: Served) -> None:
    answer = httpx.get(f"{served.origin('rest')}/nowhere/a/b")
    assert answer.status_code == 501
    assert "nothing is consumed under `none`; known: api, open" in answer.json()["detail"]


def test_a_body_that_should_take_a_key_is_not_passed_on_without_it(
    served: Served, upstream: Upstream
) -> None:
    answer = httpx.post(f"{served.origin('rest')}/keyed", content=b"a,b")
    assert answer.status_code == 501
    assert "API key is sent in the request body" in answer.json()["detail"]
    assert upstream.received == []


def test_an_upstream_that_is_not_there_is_a_502(tmp_path: Path) -> None:
    file = tmp_path / "forward.yaml"
    file.write_text(DOCUMENT.format(url="http://127.0.0.1:1"))
    with serving(file, settings=Settings(environment={"KEY": "k-1"})) as served:
        answer = httpx.get(f"{served.origin('rest')}/proxy/x")
    assert answer.status_code == 502
    assert answer.json()["type"] == "urn:naftiko:problem:upstream-unreachable"


def test_a_missing_credential_is_a_503_that_names_it(tmp_path: Path, upstream: Upstream) -> None:
    file = tmp_path / "forward.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    with serving(file, settings=Settings(environment={})) as served:
        answer = httpx.get(f"{served.origin('rest')}/proxy/x")
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["KEY"]
    assert upstream.received == []


def test_a_broken_answer_is_broken_for_the_caller_too(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(body=b"x" * 1000, cut_after=500))
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{served.origin('rest')}/proxy/x")


@pytest.mark.parametrize(("trusted", "lines"), [("Authorization", [8]), ("X-Trace", [])])
def test_a_forward_that_hands_callers_credentials_on_is_told(
    tmp_path: Path, trusted: str, lines: list[int]
) -> None:
    file = tmp_path / "forward.yaml"
    file.write_text(
        "naftiko: 1.0.0-alpha2\ncapability:\n"
        "  consumes: [{type: http, namespace: api, baseUri: 'https://api.test', resources: []}]\n"
        "  exposes:\n  - type: rest\n    namespace: r\n    authentication: {type: bearer, token: t}\n"
        f"    resources: [{{path: '/x/{{path}}', forward: {{targetNamespace: api, trustedHeaders: [{trusted}]}}}}]\n"
    )
    found = [each for each in load(file, Settings()).diagnostics if each.code == "credential-passed-on"]
    assert [each.line for each in found] == lines
