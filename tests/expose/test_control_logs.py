"""The log routes of the control adapter."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from expose.control_documents import EVERYTHING, SHOP, write_document
from naftiko_run import Settings, load
from naftiko_run.serve import Addressing, ServeSettings, running
from naftiko_run.telemetry.logs import log_level, set_log_level
from support.server import ANY_PORT, serving

SET = Settings(environment={"SHOP_TOKEN": "t-1234567"})


@pytest.fixture(autouse=True)
def _level_as_before() -> Iterator[None]:
    before = logging.getLogger("naftiko_run").level
    yield
    logging.getLogger("naftiko_run").setLevel(before)


@contextmanager
def reading(url: str) -> Iterator[Iterator[str]]:
    """Open a log stream, and wait until it has begun."""
    with httpx.stream("GET", url, timeout=20) as response:
        assert response.headers["content-type"] == "text/event-stream"
        lines = response.iter_lines()
        assert next(lines).startswith(": ")
        yield lines


def test_the_level_is_shown_and_changed(tmp_path: Path) -> None:
    set_log_level("info")
    with serving(write_document(tmp_path, SHOP + EVERYTHING), settings=SET) as served:
        url = f"{served.origin('control')}/logs"
        assert httpx.get(url).json()["level"] == "info"
        changed = httpx.put(url, json={"level": "DEBUG"})
        assert (changed.status_code, changed.json()["level"]) == (200, "debug")
        assert log_level() == "debug"
        refused = [
            httpx.put(url, content=content)
            for content in (
                b"",
                b"[]",
                b"{}",
                b'{"level": "loud"}',
                b'{"level": 3}',
                b'{"level": "info", "x": 1}',
            )
        ]
    assert {each.status_code for each in refused} == {400}
    assert all(list(each.json()) == ["error"] for each in refused)
    assert log_level() == "debug"


def test_the_level_cannot_be_changed_if_the_document_says_so(tmp_path: Path) -> None:
    block = "    management: {logs: {level-control: false}}\n"
    with serving(write_document(tmp_path, SHOP + block), settings=SET) as served:
        url = f"{served.origin('control')}/logs"
        assert httpx.get(url).status_code == 200
        assert httpx.put(url, json={"level": "debug"}).status_code == 405


def test_records_are_streamed_until_the_client_leaves(tmp_path: Path) -> None:
    set_log_level("info")
    with serving(write_document(tmp_path, SHOP + EVERYTHING), settings=SET) as served:
        url = f"{served.origin('control')}/logs/stream"
        for number in range(3):  # the maximum is one stream: each ends with its client
            with reading(url) as lines:
                logging.getLogger("naftiko_run.test").warning("record %d", number)
                line = next(each for each in lines if each)
                assert line.startswith("data: ")
                assert json.loads(line.removeprefix("data: "))["event"] == f"record {number}"
            while httpx.head(url).status_code == 429:  # the server has not noticed yet
                pass


def test_there_are_no_more_streams_than_the_document_allows(tmp_path: Path) -> None:
    with serving(write_document(tmp_path, SHOP + EVERYTHING), settings=SET) as served:
        url = f"{served.origin('control')}/logs/stream"
        with reading(url):
            response = httpx.get(url)
    assert response.status_code == 429
    assert "max-subscribers" in response.json()["error"]


def test_a_stream_ends_when_the_server_drains(tmp_path: Path) -> None:
    capability = load(write_document(tmp_path, SHOP + EVERYTHING), SET)
    settings = ServeSettings(Addressing("", ANY_PORT), drain=20)
    ended = threading.Event()
    with start_blocking_portal() as portal:
        with portal.wrap_async_context_manager(running([capability], settings)) as service:
            origin = next(each.origin for each in service.sites if each.adapters[0].type == "control")
            begun = threading.Event()

            def read() -> None:
                with reading(f"{origin}/logs/stream") as lines:
                    begun.set()
                    assert list(filter(None, lines)) == []
                ended.set()

            reader = threading.Thread(target=read)
            reader.start()
            assert begun.wait(20)
        reader.join(20)
    assert ended.is_set()
