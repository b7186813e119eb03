"""Which requests our own client carries, and which are left to httpx: those that go through proxies, above all."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consume.transports import Kind, asking, each_kind, head_of, speaking, whole
from naftiko_run.http.client.origin import parse_origin, prefix_of
from naftiko_run.http.client.transport import environment_proxies

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
VARIABLES = (*NAMES, *(name.lower() for name in NAMES))
HOSTS = ("example.com", "www.example.com", "wwwexample.com", "localhost", "10.0.0.1", "10.0.0.2", "[::1]")
EXEMPT = (
    *("example.com", ".example.com", "EXAMPLE.com", "com", "localhost", "10.0.0.1", "10.0.0.0/8", "::1", "*"),
    *("http://example.com", "https://", "example.com:8080", "other.net", " localhost ", "", "*.example.com"),
)
PROXY = "http://proxy.example:3128"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without proxies."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "HTTP_PROXY": st.just(PROXY),
            "HTTPS_PROXY": st.just(PROXY),
            "ALL_PROXY": st.just(PROXY),
            "NO_PROXY": st.lists(st.sampled_from(EXEMPT), max_size=3).map(",".join),
        },
    ),
    st.sampled_from(HOSTS),
    st.sampled_from(["http", "https"]),
    st.sampled_from(["", ":8080"]),
)
def test_what_httpx_sends_through_a_proxy_is_never_sent_past_it(
    variables: dict[str, str], host: str, scheme: str, port: str
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        for name in VARIABLES:
            environment.delenv(name, raising=False)
        for name, value in variables.items():
            environment.setenv(name, value)
        url = f"{scheme}://{host}{port}/"
        client = httpx.AsyncClient(verify=False)  # noqa: S501  # nothing is sent
        goes_through = client._transport_for_url(httpx.URL(url)) is not client._transport
        origin = parse_origin(prefix_of(url))
        assert origin is not None
        if goes_through:
            assert environment_proxies()(origin)


@pytest.mark.parametrize(
    ("exempt", "host"),
    [
        ("*", "api.example.com"),
        ("example.com", "example.com"),
        ("example.com", "api.example.com"),
        (".svc.cluster.local", "api.default.svc.cluster.local"),
        ("10.0.0.1,localhost", "localhost"),
        ("10.0.0.1", "10.0.0.1"),
        ("::1", "[::1]"),
    ],
)
def test_an_exempt_host_is_reached_directly(environment: pytest.MonkeyPatch, exempt: str, host: str) -> None:
    environment.setenv("ALL_PROXY", PROXY)
    environment.setenv("NO_PROXY", exempt)
    origin = parse_origin(f"https://{host}")
    assert origin is not None
    assert not environment_proxies()(origin)


@pytest.mark.parametrize("exempt", ["", "unrelated.example"])
@each_kind
def test_requests_go_through_the_proxy_of_the_environment(
    environment: pytest.MonkeyPatch, kind: Kind, exempt: str
) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await head_of(reader))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nproxy")

    async def use() -> bytes:
        async with speaking(proxy) as address:
            environment.setenv("HTTP_PROXY", address.removesuffix("/x"))
            environment.setenv("NO_PROXY", exempt)
            transport = kind.make(10)
            try:
                return await whole(await transport.send(asking("http://upstream.example/a")))
            finally:
                await transport.aclose()

    assert asyncio.run(use()) == b"proxy"
    assert asked[0].startswith(b"GET http://upstream.example/a HTTP/1.1\r\n")
