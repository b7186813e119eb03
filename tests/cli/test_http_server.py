"""``--http-server``: uvicorn's own HTTP protocol in the place of ours."""

from __future__ import annotations

import httpx

from support.documents import PIPELINES
from support.process import run, started
from support.wire import send_raw


def test_uvicorn_speaks_http_where_it_is_asked_to() -> None:
    for server, refusal in (("naftiko", 505), ("uvicorn", 400)):
        with started(PIPELINES, "--sandbox", "--http-server", server) as process:
            url = process.url("rest")
            assert httpx.post(f"{url}/v1/track", json={"userId": "4"}).status_code == 200
            # Nothing in ASGI shows who speaks HTTP: how each refuses HTTP/2.0 does.
            assert _refusal(url) == refusal


def test_the_environment_chooses_too() -> None:
    environment = {"NAFTIKO_HTTP_SERVER": "uvicorn"}
    with started(PIPELINES, "--sandbox", environment=environment) as process:
        assert _refusal(process.url("rest")) == 400


def test_another_server_is_refused() -> None:
    assert run(PIPELINES, "--http-server", "gunicorn").returncode == 2


def _refusal(url: str) -> int:
    return send_raw(url, b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n").status_code
