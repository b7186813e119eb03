"""Bytes beyond ASCII in header values are passed on as they are, in both directions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from naftiko_run import Settings
from support.documents import written
from support.mcp_client import call_tool
from support.server import Served, serving
from support.upstream import Answer, Upstream
from support.wire import problem, send_raw

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: up
    baseUri: ORIGIN
    resources:
    - path: /me
      operations:
      - name: me
        method: GET
        inputParameters:
        - {name: session, in: cookie}
        - {name: X-Name, in: header}
        - {name: X-Names, in: header, type: array}
        - {name: X-Code, in: header, pattern: '^[a-z]*$'}
      - {name: find, method: GET, inputParameters: [{name: who, in: query}]}
      - {name: add, method: POST, inputParameters: [{name: who, in: body}]}
  exposes:
  - type: rest
    namespace: r
    resources:
    - path: /me
      operations:
      - {method: GET, call: up.me}
      - {method: POST, call: up.add, inputParameters: [{name: X-Name, in: header}], with: {who: '{{X-Name}}'}}
    - path: /find
      operations:
      - {method: GET, call: up.find, inputParameters: [{name: X-Name, in: header}], with: {who: '{{X-Name}}'}}
    - {path: '/all/{path}', forward: {targetNamespace: up, trustedHeaders: [X-Name, Cookie]}}
  - {type: mcp, namespace: m, tools: [{name: me, description: Me, call: up.me}]}
"""
VALUES = [b"\xe9", b"\xc3\xa9", b"\xff\x80", b"a\xe9\xc3\xa9", "caf\u00e9 \u20ac".encode()]


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("bytes"), DOCUMENT.replace("ORIGIN", shared_upstream.url))
    with serving(document, settings=Settings(environment={})) as served:
        yield served


def request(target: bytes, method: bytes = b"GET", **headers: bytes) -> bytes:
    lines = [b"%b: %b\r\n" % (name.replace("_", "-").encode(), value) for name, value in headers.items()]
    return b"%b %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%b\r\n" % (
        method,
        target,
        b"".join(lines),
    )


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("target", [b"/me", b"/all/me"])
def test_header_and_cookie_bytes_are_sent_as_received(
    served: Served, upstream: Upstream, target: bytes, value: bytes
) -> None:
    sent = request(target, X_Name=value, Cookie=b"session=" + value, X_Names=b"a, " + value)
    assert send_raw(served.url("rest"), sent).status_code == 200
    received = upstream.only
    assert received.header("x-name").encode("latin-1") == value
    assert received.header("cookie").encode("latin-1") == b"session=" + value
    if target == b"/me":
        assert received.header("x-names").encode("latin-1") == b"a, " + value


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("target", [b"/me", b"/all/me"])
def test_header_bytes_of_a_response_are_returned_as_received(
    served: Served, upstream: Upstream, target: bytes, value: bytes
) -> None:
    names = ("content-disposition", "etag", "x-request-id")
    text = value.decode("latin-1")
    headers = [*((name, f'"{text}.txt"') for name in names), ("location", f"/files/{text}")]
    upstream.answers(Answer(201, b"{}", (("content-type", f"application/json; a={text}"), *headers)))
    answer = send_raw(served.url("rest"), request(target))
    found = {name.lower(): it for name, it in answer.headers.raw}
    for name in names:
        assert found[name.encode()] == b'"%b.txt"' % value
    assert found[b"location"].endswith(b"/files/" + value)
    assert found[b"content-type"] == b"application/json; a=" + value


def test_a_client_of_mcp_reads_a_location_that_is_not_utf8(served: Served, upstream: Upstream) -> None:
    upstream.answers(Answer(201, b"{}", (("location", "/files/\xe9"),)))
    result = call_tool(served.url("mcp"), "me")
    texts = [block.text for block in result.content if block.type == "text"]
    assert texts[-1].endswith("/files/\ufffd")


def test_bytes_that_are_not_utf8_keep_their_value_in_a_query(served: Served, upstream: Upstream) -> None:
    assert send_raw(served.url("rest"), request(b"/find", X_Name=b"a\xe9")).status_code == 200
    assert upstream.only.target == "/me?who=a%E9"


def test_bytes_that_are_not_utf8_are_replaced_in_json(served: Served, upstream: Upstream) -> None:
    sent = request(b"/me", b"POST", X_Name=b"a\xe9", Content_Length=b"0")
    assert send_raw(served.url("rest"), sent).status_code == 200
    assert upstream.only.json == {"who": "a\ufffd"}


def test_bytes_that_are_not_utf8_do_not_match_a_pattern(served: Served, upstream: Upstream) -> None:
    refused = problem(send_raw(served.url("rest"), request(b"/me", X_Code=b"a\xe9")), 400)
    assert "UTF-8" in refused["violations"][0]["message"]
    assert not upstream.received
