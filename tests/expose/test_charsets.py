"""JSON in another charset than UTF-8 is decoded by its charset, in requests and in responses."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from naftiko_run import Settings
from support.documents import written
from support.mcp_client import call_tool, text_of
from support.server import Served, serving
from support.upstream import Answer, Upstream
from support.wire import problem

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: up
    baseUri: ORIGIN
    resources:
    - {path: /x, operations: [{name: get, method: GET}, {name: add, method: POST}]}
  exposes:
  - type: rest
    namespace: r
    resources:
    - {path: /x, operations: [{method: GET, call: up.get}, {method: POST, call: up.add}]}
    - path: /mapped
      operations:
      - {method: GET, call: up.get, outputParameters: [{name: s, type: string, mapping: $.s}]}
  - {type: mcp, namespace: m, tools: [{name: get, description: Get, call: up.get}]}
"""
CHARSETS = ["iso-8859-1", "utf-16", "utf-16-le", "utf-8", "UTF-8"]


@pytest.fixture(scope="module")
def served(shared_upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    document = written(tmp_path_factory.mktemp("charsets"), DOCUMENT.replace("ORIGIN", shared_upstream.url))
    with serving(document, settings=Settings(environment={})) as served:
        yield served


@pytest.mark.parametrize("padding", ["", "x" * 400_000])
@pytest.mark.parametrize(
    ("charset", "text"), [*((each, "z\u00fcrich") for each in CHARSETS), ("shift_jis", "\u6771\u4eac")]
)
def test_a_response_is_decoded_by_its_charset(
    served: Served, upstream: Upstream, charset: str, text: str, padding: str
) -> None:
    content = f'{{"s":"{text}","pad":"{padding}"}}'.encode(charset)
    upstream.answers(Answer(200, content, (("content-type", f"application/json; charset={charset}"),)))
    assert httpx.get(f"{served.url('rest')}/mapped").json() == text
    passed = httpx.get(f"{served.url('rest')}/x")
    assert (passed.content, passed.headers["content-type"]) == (
        content,
        f"application/json; charset={charset}",
    )
    result = call_tool(served.url("mcp"), "get")
    assert result.structured_content == {"s": text, "pad": padding}
    assert f'"s":"{text}"' in text_of(result)


def test_a_response_of_an_unknown_charset_is_read_as_utf8(served: Served, upstream: Upstream) -> None:
    content = '{"s":"\u00fc"}'.encode()
    upstream.answers(Answer(200, content, (("content-type", "application/json; charset=unheard-of"),)))
    assert call_tool(served.url("mcp"), "get").structured_content == {"s": "\u00fc"}


@pytest.mark.parametrize("size", [1, 200_000])
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize(
    ("media_type", "sent_type"),
    [
        ("application/json", "application/json"),
        ("application/merge-patch+json", "application/merge-patch+json"),
    ],
)
def test_a_request_body_is_sent_in_utf8(
    served: Served, upstream: Upstream, *, media_type: str, sent_type: str, charset: str, size: int
) -> None:
    text = json.dumps({"a": "\u00e9" * size}, ensure_ascii=False)
    headers = {"content-type": f"{media_type}; charset={charset}"}
    answer = httpx.post(f"{served.url('rest')}/x", content=text.encode(charset), headers=headers)
    assert answer.status_code == 200, answer.text
    assert upstream.only.body == text.encode()
    essence, _, parameters = upstream.only.header("content-type").partition(";")
    assert essence == sent_type
    assert parameters.strip().lower() in ("", "charset=utf-8")


def test_a_request_body_of_an_unknown_charset_is_refused(served: Served, upstream: Upstream) -> None:
    headers = {"content-type": "application/json; charset=unheard-of"}
    document = problem(httpx.post(f"{served.url('rest')}/x", content=b"{}", headers=headers), 415)
    assert "unknown charset `unheard-of`" in document["detail"]
    assert not upstream.received
