"""Answers that are bytes: to REST as they are, to models as images, audio or blobs, and never beyond their size."""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import mcp_types as types
import pytest

from naftiko_run import Settings
from support.documents import written
from support.mcp_client import ERAS, call_tool, text_of
from support.server import Served, serving
from support.upstream import Answer, Upstream
from support.wire import problem

DOCUMENT = """\
ikanos: 1.0.0-beta5
info: {display: Pictures}
capability:
  consumes:
  - type: http
    namespace: pics
    baseUri: https://pics.example
    resources:
      pictures:
        path: /pictures
        operations:
          get: {method: GET, outputRawFormat: binary}
          typed: {method: GET, outputRawFormat: binary, outputMediaType: image/webp}
          small: {method: GET, outputRawFormat: binary, maxBinarySize: 0.5KiB}
          usual: {method: GET, outputRawFormat: binary}
          send: {method: POST, body: {type: json, data: {picture: '{{picture}}'}}}
  exposes:
  - type: rest
    namespace: pics-rest
    maxBinarySize: 1 kib
    resources:
      all:
        path: /all
        operations: {get: {method: GET, call: pics.get}}
      typed:
        path: /typed
        operations: {get: {method: GET, call: pics.typed}}
      small:
        path: /small
        operations: {get: {method: GET, call: pics.small}}
      told:
        path: /told
        operations: {get: {method: GET, call: pics.get, responseBinary: {mediaType: image/avif}}}
      listed:
        path: /listed
        operations:
          get:
            method: GET
            call: pics.get
            responses:
              '404': {content: {application/json: {schema: {}}}}
              '200': {content: {image/gif: {binary: true}}}
      mapped:
        path: /mapped
        operations:
          get:
            method: GET
            call: pics.get
            outputParameters: {name: {type: string, mapping: $.name}}
      copied:
        path: /copied
        operations:
          copy:
            method: POST
            steps:
            - {name: picture, type: call, call: pics.get}
            - {name: sent, type: call, call: pics.send, with: {picture: $.picture}}
  - type: mcp
    namespace: pics mcp
    tools:
      get: {description: Get it, call: pics.get}
      typed: {description: Get it, call: pics.typed}
      small: {description: Get it, call: pics.small}
"""
PNG = b"\x89PNG\r\n\x1a\n\xff\x00"
MIB = 1 << 20


@pytest.fixture(scope="module")
def pictures(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The pictures, in front of the upstream."""
    document = written(tmp_path_factory.mktemp("pictures"), DOCUMENT)
    settings = Settings({"pics": shared_upstream.url}, environment={})
    with serving(document, settings=settings) as served:
        yield served


def answering(upstream: Upstream, content: bytes = PNG, media_type: str = "image/png") -> None:
    """Let the upstream answer bytes."""
    upstream.answers(Answer(200, content, (("content-type", media_type),) if media_type else ()))


@pytest.mark.parametrize(
    ("route", "upstreams", "media_type"),
    [
        ("/all", "image/png", "image/png"),
        ("/all", "", "application/octet-stream"),
        ("/typed", "image/png", "image/webp"),
        ("/told", "image/png", "image/avif"),
        ("/listed", "image/png", "image/gif"),
        ("/mapped", "image/png", "image/png"),
    ],
)
def test_rest_passes_bytes_on(
    pictures: Served, upstream: Upstream, route: str, upstreams: str, media_type: str
) -> None:
    answering(upstream, media_type=upstreams)
    answer = httpx.get(pictures.url("rest") + route)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, media_type)


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize(("tool", "media_type"), [("get", "image/png"), ("typed", "image/webp")])
def test_a_model_sees_an_image(
    pictures: Served, upstream: Upstream, mode: str, tool: str, media_type: str
) -> None:
    answering(upstream, media_type="image/PNG; q=1")
    (content,) = call_tool(pictures.url("mcp"), tool, mode=mode).content
    assert content == types.ImageContent(data=b64encode(PNG).decode(), mime_type=media_type)


def test_a_model_hears_audio(pictures: Served, upstream: Upstream) -> None:
    answering(upstream, media_type="audio/wav")
    (content,) = call_tool(pictures.url("mcp"), "get").content
    assert content == types.AudioContent(data=b64encode(PNG).decode(), mime_type="audio/wav")


@pytest.mark.parametrize("media_type", ["application/pdf", "text/plain", "application/json", ""])
def test_a_model_is_given_a_blob(pictures: Served, upstream: Upstream, media_type: str) -> None:
    answering(upstream, b'{"a": 1}', media_type=media_type)
    result = call_tool(pictures.url("mcp"), "get")
    (content,) = result.content
    assert isinstance(content, types.EmbeddedResource)
    assert isinstance(content.resource, types.BlobResourceContents)
    assert content.resource.blob == b64encode(b'{"a": 1}').decode()
    assert content.resource.mime_type == (media_type or "application/octet-stream")
    assert str(content.resource.uri).startswith("naftiko://results/pics%20mcp/get/")
    assert result.structured_content is None


@pytest.mark.parametrize(
    ("route", "most"), [("/small", 512), ("/all", 1024)], ids=["the operation's", "the adapter's"]
)
@pytest.mark.parametrize("is_packed", [False, True], ids=["by its length", "by what it unpacks to"])
def test_more_than_the_size_is_refused(
    pictures: Served, upstream: Upstream, route: str, most: int, *, is_packed: bool
) -> None:
    def answer(content: bytes) -> Answer:
        headers = (("content-type", "image/png"), *((("content-encoding", "gzip"),) if is_packed else ()))
        return Answer(200, gzip.compress(content) if is_packed else content, headers)

    upstream.answers(answer(b"x" * most))
    assert httpx.get(pictures.url("rest") + route).content == b"x" * most
    upstream.answers(answer(b"x" * (most + 1)))
    found = problem(httpx.get(pictures.url("rest") + route), 502)
    assert found["type"] == "urn:naftiko:problem:response-too-large"
    assert f"more than {most:,} bytes" in found["detail"]
    assert "maxBinarySize" in found["hint"]


def test_the_usual_size_is_ten_mebibytes(pictures: Served, upstream: Upstream) -> None:
    answering(upstream, b"x" * (10 * MIB))
    (content,) = call_tool(pictures.url("mcp"), "get").content
    assert isinstance(content, types.ImageContent)
    answering(upstream, b"x" * (10 * MIB + 1))
    result = call_tool(pictures.url("mcp"), "get")
    assert result.is_error
    assert "more than 10,485,760 bytes" in text_of(result)


def test_bytes_of_a_step_are_base64(pictures: Served, upstream: Upstream) -> None:
    upstream.answers(
        lambda request: (
            Answer(200, PNG, (("content-type", "image/png"),)) if request.method == "GET" else Answer()
        )
    )
    assert httpx.post(pictures.url("rest") + "/copied").status_code == 200
    assert upstream.received[-1].json == {"picture": b64encode(PNG).decode()}


def test_an_upstreams_error_is_no_picture(pictures: Served, upstream: Upstream) -> None:
    body = {"message": "gone" * 1000}
    upstream.answers_json(body, 404)
    result = call_tool(pictures.url("mcp"), "small")
    assert result.is_error
    assert result.structured_content == {"status": 404, "body": body}


def test_the_sandbox_shows_what_would_be_sent(tmp_path: Path) -> None:
    with serving(written(tmp_path, DOCUMENT), settings=Settings(sandbox=True, environment={})) as served:
        answer = httpx.get(served.url("rest") + "/typed")
        result = call_tool(served.url("mcp"), "typed")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["sandbox"]["operation"] == "pics.typed"
    assert isinstance(result.structured_content, dict)
