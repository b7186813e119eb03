"""The media type of answers that are bytes, wherever the document says it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from naftiko_run import Settings
from support.server import Served, serving
from support.upstream import Answer, Upstream

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
DOCUMENT = """
ikanos: 1.0.0-beta5
capability:
  consumes:
  - type: http
    namespace: api
    baseUri: {url}
    resources:
      bytes: {{path: /bytes, operations: {{plain: {{method: GET, outputRawFormat: binary}}, typed: {{method: GET, outputRawFormat: binary, outputMediaType: image/of-the-operation}}}}}}
  aggregates:
  - {{namespace: a, display: A, flows: {{f: {{description: d, outputMediaType: image/of-the-flow, call: api.typed}}}}}}
  exposes:
  - type: rest
    namespace: r
    resources:
      a: {{path: /upstream, operations: {{a: {{method: GET, call: api.plain}}}}}}
      b: {{path: /operation, operations: {{b: {{method: GET, call: api.typed}}}}}}
      c: {{path: /flow, operations: {{c: {{method: GET, ref: a.f}}}}}}
      d: {{path: /short, operations: {{d: {{method: GET, call: api.typed, responseBinary: {{mediaType: image/of-the-short-form, status: 201, description: d}}}}}}}}
      e: {{path: /long, operations: {{e: {{method: GET, call: api.typed, responses: {{'404': {{description: None}}, '200': {{description: One, content: {{image/of-the-long-form: {{binary: true}}}}}}}}}}}}}}
"""


@pytest.fixture
def served(tmp_path: Path, upstream: Upstream) -> Iterator[Served]:
    upstream.answers(Answer(200, PNG, (("content-type", "image/of-the-upstream"),)))
    file = tmp_path / "bytes.yaml"
    file.write_text(DOCUMENT.format(url=upstream.url))
    with serving(file, settings=Settings()) as served:
        yield served


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/upstream", "image/of-the-upstream"),
        ("/operation", "image/of-the-operation"),
        ("/flow", "image/of-the-flow"),
        ("/short", "image/of-the-short-form"),
        ("/long", "image/of-the-long-form"),
    ],
)
def test_bytes_have_the_type_that_is_nearest_to_the_caller(
    served: Served, path: str, media_type: str
) -> None:
    answer = httpx.get(served.origin("rest") + path)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, media_type, PNG)
