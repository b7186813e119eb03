"""``--http-server`` and ``--http-client``: stock parts in the place of ours."""

from __future__ import annotations

import httpx
import pytest

from support.documents import CREDENTIALS, PIPELINES
from support.process import run, started
from support.upstream import Upstream
from support.wire import send_raw


@pytest.mark.parametrize(("server", "refusal"), [("naftiko", 505), ("uvicorn", 400)])
@pytest.mark.parametrize("is_option", [True, False])
def test_who_speaks_http_with_clients(server: str, refusal: int, *, is_option: bool) -> None:
    options, environment = _chosen("--http-server", "NAFTIKO_HTTP_SERVER", server, is_option=is_option)
    with started(PIPELINES, "--sandbox", *options, environment=environment) as process:
        url = process.url("rest")
        assert httpx.post(f"{url}/v1/track", json={"userId": "4"}).status_code == 200
        # Only what is no request shows who speaks: each refuses it in its own way.
        assert send_raw(url, b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n").status_code == refusal


@pytest.mark.parametrize(("client", "first"), [("naftiko", "accept-encoding"), ("httpx", "connection")])
@pytest.mark.parametrize("is_option", [True, False])
def test_who_speaks_http_with_upstreams(
    upstream: Upstream, client: str, first: str, *, is_option: bool
) -> None:
    options, environment = _chosen("--http-client", "NAFTIKO_HTTP_CLIENT", client, is_option=is_option)
    options = (*options, "--base-uri", f"pipelines-track={upstream.url}/v1")
    with started(PIPELINES, *options, environment=environment | CREDENTIALS) as process:
        answer = httpx.post(f"{process.url('rest')}/v1/track", json={"userId": "4"})
    assert answer.status_code == 200
    names = [name for name, _ in upstream.only.headers]
    # Only the order of what each adds shows who speaks.
    assert next(name for name in names if name in ("accept-encoding", "connection")) == first


@pytest.mark.parametrize("option", ["--http-server", "--http-client"])
def test_other_parts_are_refused(option: str) -> None:
    assert run(PIPELINES, option, "twisted").returncode == 2


def _chosen(
    option: str, variable: str, value: str, *, is_option: bool
) -> tuple[tuple[str, ...], dict[str, str]]:
    return ((option, value), {}) if is_option else ((), {variable: value})
