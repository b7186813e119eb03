"""No file descriptor is left: one line a second says so, nobody is cut off, and all goes on as soon as there are some."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import time
from collections.abc import Callable

import httpx
import pytest
import uvloop

from naftiko_run.serve import listener
from naftiko_run.serve.listener import Listener
from support.descriptors import no_descriptors_left
from support.documents import CREDENTIALS, PIPELINES
from support.process import started
from support.upstream import PATIENCE

MESSAGE = "accepts no connection for"


class Taking(asyncio.Protocol):
    """Notes that a client was accepted."""

    def __init__(self, accepted: asyncio.Event) -> None:
        self._accepted = accepted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._accepted.set()
        transport.close()


class Noting(logging.Handler):
    """Sets an event for each line of the log."""

    def __init__(self, seen: asyncio.Event) -> None:
        super().__init__()
        self._seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        if MESSAGE in record.getMessage():
            self._seen.set()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_client_waits_until_there_is_a_descriptor_for_it(
    loop: Callable[[], asyncio.AbstractEventLoop],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "PAUSE_SECONDS", 0.2)

    async def session() -> None:
        accepted, told = asyncio.Event(), asyncio.Event()
        noting = Noting(told)
        logging.getLogger(listener.__name__).addHandler(noting)
        with socket.create_server(("127.0.0.1", 0), backlog=8) as listening, socket.socket() as client:
            listening.setblocking(False)  # noqa: FBT003 - the standard library's form
            client.setblocking(False)  # noqa: FBT003 - the standard library's form
            served = Listener(listening, lambda: Taking(accepted))
            try:
                with no_descriptors_left():
                    client.connect_ex(listening.getsockname())
                    for _ in range(2):
                        await asyncio.wait_for(told.wait(), PATIENCE)
                        told.clear()
                    assert not accepted.is_set()
                await asyncio.wait_for(accepted.wait(), PATIENCE)
            finally:
                logging.getLogger(listener.__name__).removeHandler(noting)
                served.close()
                await served.wait_closed()
                await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(session())
    assert "Traceback" not in caplog.text
    assert all("ulimit -n" in each.getMessage() for each in caplog.records if MESSAGE in each.getMessage())


@pytest.mark.skipif(sys.platform != "linux", reason="sets the limit of another process")
def test_a_server_that_has_none_left_says_so_once_a_second_and_recovers() -> None:
    with started(PIPELINES, "--sandbox", environment=CREDENTIALS) as process:
        url = httpx.URL(process.url("rest"))
        process.limit_descriptors(5)
        began = time.monotonic()
        clients = [socket.create_connection((url.host, url.port), PATIENCE) for _ in range(20)]
        process.wait_for(lambda lines: sum(MESSAGE in line for line in lines) >= 2, "two lines")
        for each in clients:
            each.close()
        answer = httpx.post(f"{url}/v1/track", json={}, timeout=PATIENCE)
        assert answer.status_code == 200
        assert "Traceback" not in process.text
        assert sum(MESSAGE in line for line in process.lines) <= time.monotonic() - began + 2
