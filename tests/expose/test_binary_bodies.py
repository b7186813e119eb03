"""Bodies of any bytes over REST: they reach the upstream as they are, with the caller's Content-Type."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.mcp_client import call_tool
from support.server import Served, serving
from support.upstream import Upstream

DOCUMENT = """
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - type: http
    namespace: up
    baseUri: {url}
    resources:
    - path: /files/{{name}}
      operations:
      - {{name: template, method: PUT, body: {{type: binary, data: "{{{{tools.content}}}}"}}}}
    - path: /whole
      operations:
      - {{name: whole, method: POST, body: {{type: binary, data: "{{{{tools.body}}}}"}}}}
    - path: /member
      operations:
      - {{name: member, method: POST, body: {{type: octet-stream, data: {{file: "{{{{file}}}}"}}}}}}
    - path: /parameter
      operations:
      - name: parameter
        method: POST
        body: {{type: application/octet-stream}}
        inputParameters: [{{name: file, in: body, type: string}}]
    - path: /typed
      operations:
      - {{name: typed, method: POST, inputParameters: [{{name: data, in: body, type: binary}}]}}
    - path: /silent
      operations:
      - {{name: silent, method: POST, body: {{type: binary}}}}
    - path: /fixed
      operations:
      - {{name: fixed, method: POST, body: {{type: application/cbor, data: "{{{{tools.body}}}}"}}}}
  exposes:
  - type: rest
    namespace: r
    resources:
    - {{path: "/files/{{name}}", operations: [{{method: PUT, name: template, call: up.template}}]}}
    - {{path: /whole, operations: [{{method: POST, name: whole, call: up.whole}}]}}
    - {{path: /member, operations: [{{method: POST, name: member, call: up.member}}]}}
    - {{path: /parameter, operations: [{{method: POST, name: parameter, call: up.parameter}}]}}
    - {{path: /typed, operations: [{{method: POST, name: typed, call: up.typed}}]}}
    - {{path: /silent, operations: [{{method: POST, name: silent, call: up.silent}}]}}
    - {{path: /fixed, operations: [{{method: POST, name: fixed, call: up.fixed}}]}}
  - type: mcp
    namespace: m
    tools: [{{name: whole, description: d, call: up.whole}}]
"""
BYTES = bytes(range(256))


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    file: Path = tmp_path_factory.mktemp("binary") / "document.yaml"
    file.write_text(DOCUMENT.format(url=shared_upstream.url), encoding="utf-8")
    with serving(file, settings=Settings(environment={})) as served:
        yield served


def send(served: Served, path: str, content: bytes, **headers: str) -> httpx.Response:
    method = "PUT" if path.startswith("/files") else "POST"
    written = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, served.origin("rest") + path, content=content, headers=written)


PATHS = ("/files/a", "/whole", "/member", "/parameter", "/typed", "/silent")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("content", [BYTES, b" \n", b"aGVsbG8=", b'{"a": 1}', b"null"])
def test_any_bytes_go_on_with_their_type(
    served: Served, upstream: Upstream, path: str, content: bytes
) -> None:
    answer = send(served, path, content, content_type="image/png; x=1")
    assert answer.status_code == 200, answer.text
    assert upstream.only.path == path
    assert upstream.only.body == content
    assert upstream.only.header("content-type") == "image/png; x=1"


@pytest.mark.parametrize("path", PATHS)
def test_bytes_without_a_type_are_bytes(served: Served, upstream: Upstream, path: str) -> None:
    assert send(served, path, BYTES).status_code == 200
    assert upstream.only.body == BYTES
    assert upstream.only.header("content-type") == "application/octet-stream"


def test_json_is_bytes_like_any_other(served: Served, upstream: Upstream) -> None:
    send(served, "/whole", b'"aGVsbG8="', content_type="application/json")
    send(served, "/files/a", b'{"other": 1}', content_type="application/json")
    assert [each.body for each in upstream.received] == [b'"aGVsbG8="', b'{"other": 1}']
    assert {each.header("content-type") for each in upstream.received} == {"application/json"}


def test_json_may_hold_the_bytes_as_base64(served: Served, upstream: Upstream) -> None:
    body = b'{"content": "%b"}' % b64encode(BYTES)
    assert send(served, "/files/a", body, content_type="application/json").status_code == 200
    assert upstream.only.body == BYTES


def test_a_type_that_the_document_writes_stays(served: Served, upstream: Upstream) -> None:
    send(served, "/fixed", BYTES, content_type="image/png")
    assert upstream.only.body == BYTES
    assert upstream.only.header("content-type") == "application/cbor"


@pytest.mark.parametrize("media_type", ["", "text/plain", "multipart/form-data; boundary=x"])
def test_what_a_page_of_another_site_can_send_unasked_is_refused(
    served: Served, upstream: Upstream, media_type: str
) -> None:
    headers = {"content_type": media_type} if media_type else {}
    answer = send(served, "/whole", BYTES, origin=served.origin("rest"), **headers)
    assert answer.status_code == 415
    assert upstream.received == []


def test_a_tool_gives_them_as_base64(served: Served, upstream: Upstream) -> None:
    assert not call_tool(served.url("mcp"), "whole", {"body": b64encode(BYTES).decode()}).is_error
    assert upstream.only.body == BYTES
    assert upstream.only.header("content-type") == "application/octet-stream"
