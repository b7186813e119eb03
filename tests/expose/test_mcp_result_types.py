"""Responses that are not JSON as results: text, images, audio or embedded resources by media type and bytes."""

from __future__ import annotations

from base64 import b64decode, b64encode

import mcp_types as types
import pytest

from support.mcp_client import ERAS, call_tool, text_of
from support.server import Served
from support.upstream import Answer, Upstream

PNG = b"\x89PNG\r\n\x1a\n\x00\x00"
MODES = pytest.mark.parametrize("mode", ERAS)
BODY = {"body": {"event": "x"}}


def called(pipelines: Served, upstream: Upstream, mode: str, body: bytes, kind: str) -> types.CallToolResult:
    upstream.answers(Answer(200, body, (("content-type", kind),) if kind else ()))
    result = call_tool(pipelines.url("mcp"), "track-event", BODY, mode)
    assert not result.is_error
    return result


@MODES
@pytest.mark.parametrize(
    "case",
    [
        (b"plain", "text/plain", "plain"),
        (b"plain", "", "plain"),
        (b"<a/>", "application/xml", "<a/>"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        ("é".encode("latin-1"), "text/plain; charset=latin-1", "é"),
        (b"a\xff", "text/plain", "a\N{REPLACEMENT CHARACTER}"),
        (b"a\xff", "application/json", "a\N{REPLACEMENT CHARACTER}"),
        (b"text", "application/octet-stream", "text"),
        (b'{ "a" : [ 1 , 2 ] }\n', "application/json", '{"a":[1,2]}'),
        (b'{ "a" : 1 }', "text/plain", '{"a":1}'),
    ],
)
def test_text_is_text_and_json_is_compact(
    pipelines: Served, upstream: Upstream, mode: str, case: tuple[bytes, str, str]
) -> None:
    body, kind, text = case
    assert text_of(called(pipelines, upstream, mode, body, kind)) == text


@MODES
@pytest.mark.parametrize(
    ("kind", "block"), [("image/png", types.ImageContent), ("audio/mpeg; rate=1", types.AudioContent)]
)
def test_images_and_audio_become_content_blocks_of_their_type(
    pipelines: Served, upstream: Upstream, mode: str, kind: str, block: type[types.ImageContent]
) -> None:
    (content,) = called(pipelines, upstream, mode, PNG, kind).content
    assert isinstance(content, block)
    assert (content.data, content.mime_type) == (b64encode(PNG).decode(), kind.partition(";")[0])


@MODES
@pytest.mark.parametrize("kind", ["application/pdf", "application/octet-stream", "video/mp4", ""])
def test_other_bytes_are_an_embedded_resource(
    pipelines: Served, upstream: Upstream, mode: str, kind: str
) -> None:
    (content,) = called(pipelines, upstream, mode, PNG, kind).content
    assert isinstance(content, types.EmbeddedResource)
    assert isinstance(content.resource, types.BlobResourceContents)
    assert b64decode(content.resource.blob) == PNG


def test_json_in_an_error_is_compact_too(pipelines: Served, upstream: Upstream) -> None:
    upstream.answers_json({"why": ["gone", 1]}, 410)
    text = text_of(call_tool(pipelines.url("mcp"), "track-event", BODY))
    assert text == 'The upstream responded with 410 Gone:\n{"why":["gone",1]}'
