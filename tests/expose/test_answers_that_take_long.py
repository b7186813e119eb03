"""Answers that take long to decode: whoever else asks is answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Event

import httpx
import pytest

from naftiko_run import Settings
from naftiko_run.consume import run_in_decode_pool
from support.documents import written
from support.server import Served, serving
from support.upstream import PATIENCE, Answer, Received, Upstream

ROWS = 40_000
THREADS = 2
OTHERS = 20
"""So many that it would be decoded long before the last, were it decoded between them."""


@dataclass(frozen=True)
class Long:
    """A long answer, and an operation that reads it."""

    format: str
    content: bytes
    rows: int = ROWS


LONG = [
    Long("csv", b"a,b,c\n" + b"1,2,3\n" * (5 * ROWS), 5 * ROWS),
    Long("html", b"<table><tr><th>a</th></tr>" + b"<tr><td>1</td></tr>" * ROWS + b"</table>"),
    Long("json", b"[" + b'{"a": 1},' * ROWS + b"{}]", ROWS + 1),
    Long("markdown", b"|a|\n|-|\n" + b"|1|\n" * (ROWS // 10), ROWS // 10),
    Long("xml", b"<rows>" + b"<row><a>1</a></row>" * ROWS + b"</rows>"),
    Long("yaml", b"- a: 1\n" * ROWS),
]
PLACES = {"html": "$.tables[0]", "markdown": "$.tables[0]", "xml": "$.row"}

DOCUMENT = """\
naftiko: 1.0.0-alpha2
capability:
  consumes:
  - namespace: up
    baseUri: https://up.example
    resources:
    - path: /short
      operations: [{{name: short, method: GET}}]
    - path: /long
      operations: [{{name: long, method: GET, outputRawFormat: {format}}}]
  exposes:
  - type: rest
    namespace: up-rest
    resources:
    - path: /short
      operations: [{{name: short, method: GET, call: up.short}}]
    - path: /long
      operations:
      - name: long
        method: GET
        call: up.long
        outputParameters: [{{name: count, type: number, mapping: '{place}.length'}}, {rows}]
    - path: /steps
      operations:
      - name: steps
        method: GET
        steps: [{{name: read, type: call, call: up.long}}]
        mappings: [{{targetName: count, value: '$.read{inner}.length'}}]
        outputParameters: [{{name: count, type: number}}]
"""
SHAPED = "{{name: rows, type: array, mapping: '{place}', items: {{type: object, properties: {{a: {{mapping: $.a}}}}}}}}"


def document(folder: Path, format_: str) -> Path:
    place = PLACES.get(format_, "$")
    return written(
        folder,
        DOCUMENT.format(
            format=format_,
            place=place,
            inner=place.removeprefix("$"),
            rows=SHAPED.format(place=place),
        ),
    )


@pytest.fixture(params=LONG, ids=lambda each: str(each.format))
def long(request: pytest.FixtureRequest) -> Long:
    return request.param  # type: ignore[no-any-return]  # pytest does not know


@pytest.fixture
def served(long: Long, upstream: Upstream, tmp_path: Path) -> Iterator[Served]:
    def answer(received: Received) -> Answer:
        return Answer(body=long.content, headers=()) if received.path == "/long" else Answer()

    upstream.answers(answer)
    settings = Settings(base_uris={"up": upstream.url})
    with serving(document(tmp_path, long.format), settings=settings) as up:
        yield up


@contextmanager
def threads_at_work() -> Iterator[None]:
    """Keep the threads busy that long answers are decoded in: what they are given next waits."""
    begun, over = Barrier(THREADS + 1), Event()

    def work() -> None:
        begun.wait(PATIENCE)
        over.wait(PATIENCE)

    with ThreadPoolExecutor(THREADS) as aside:
        working = [aside.submit(asyncio.run, run_in_decode_pool(work)) for _ in range(THREADS)]
        begun.wait(PATIENCE)
        try:
            yield
        finally:
            over.set()
        for each in working:
            each.result()


@pytest.mark.parametrize("path", ["/long", "/steps"])
def test_others_are_answered_while_it_is_still_to_be_decoded(
    path: str, long: Long, served: Served, upstream: Upstream
) -> None:
    origin = served.origin("rest")
    with ThreadPoolExecutor(1) as aside, httpx.Client(base_url=origin, timeout=PATIENCE) as client:
        with threads_at_work():
            asked = aside.submit(httpx.get, origin + path, timeout=PATIENCE)
            upstream.wait_for(1)
            for _ in range(OTHERS):
                assert client.get("/short").json() == {"ok": True}
            assert not asked.done()
        assert asked.result().json()["count"] == long.rows
