"""What is used of uvicorn beyond its documentation: where it moves, the upper bound in pyproject.toml is too high."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from naftiko_run.expose.disconnect import DISCONNECT
from naftiko_run.expose.exposer import Receive, Scope, Send
from naftiko_run.expose.response import RESPONSE
from naftiko_run.http.server import ClientConnection, connection, request_cycle
from support.process import ROOT


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer nothing."""


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (uvicorn.Server.startup, ["self", "sockets"]),
        (uvicorn.Server.on_tick, ["self", "counter"]),
        (uvicorn.Server.capture_signals, ["self"]),
        (HttpToolsProtocol.__init__, ["self", "config", "server_state", "app_state", "_loop"]),
        (HttpToolsProtocol.shutdown, ["self"]),
    ],
)
def test_what_is_overridden_has_the_same_parameters(
    method: Callable[..., Any], parameters: list[str]
) -> None:
    assert list(inspect.signature(method).parameters) == parameters


def test_our_connection_is_made_and_ended_like_uvicorns() -> None:
    ours, theirs = (inspect.signature(each) for each in (ClientConnection, HttpToolsProtocol))
    assert list(ours.parameters) == list(theirs.parameters)
    assert {"connection_made", "connection_lost", "shutdown"} <= set(dir(ClientConnection))


def test_the_state_of_a_server_has_what_is_read() -> None:
    state = ServerState()
    assert (state.connections, state.tasks, state.default_headers) == (set(), set(), [])


def test_a_server_has_what_is_set_and_read() -> None:
    config = uvicorn.Config(app, http=ClientConnection, lifespan="off", ws="none", log_config=None)
    server = uvicorn.Server(config)
    assert (server.started, server.should_exit) == (False, False)
    config.load()
    assert config.http_protocol_class is ClientConnection
    assert callable(config.loaded_app)
    lifespan = config.lifespan_class(config)
    assert lifespan.state == {}
    shutdown = inspect.getsource(uvicorn.Server)
    for used in ("self.servers", "server.close()", "wait_closed()", "connection.shutdown()"):
        assert used in shutdown


def test_uvicorn_has_an_upper_bound() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search(r'"uvicorn>=[\d.]+,<0\.\d+"', pyproject)


def test_our_server_announces_the_extensions_that_adapters_use() -> None:
    assert (request_cycle.RESPONSE, connection.DISCONNECT) == (RESPONSE, DISCONNECT)
